"""Reads one table: what changed since the last time, or the whole of it when it is not as it was."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row

from connectors import dates
from connectors.cursor import Window
from connectors.errors import CursorExpired, RecordError
from connectors.records import Page, Raw, Rejected, Stream, content_hash, plain
from connectors.systems.sql.columns import Table
from connectors.systems.sql.session import Session
from connectors.systems.sql.statements import MOST_COUNTED, Questions
from connectors.systems.sql.values import converter, keep, restore

_NAMELESS = 100
_STRIDE = 20
_LONGEST_KEY = 255


@dataclass(frozen=True, slots=True)
class Batch:
    """The records after a key, the key of the last (None: there are no more), and what they are:
    a hash chained over all records since the beginning."""

    records: list[Raw]
    rejected: list[Rejected]
    last: str | None
    mark: str


class Reading:
    """One reading of one table over one session."""

    def __init__(
        self, session: Session, table: Table, stream: Stream, config: Mapping[str, Any]
    ) -> None:
        self.session, self.table, self.stream = session, table, stream
        self.size = int(config["page_size"])
        self.lag = timedelta(seconds=int(config["lag_seconds"]))
        self.what = f"“{table.name}”"
        self.questions = Questions(table, session.dialect, str(config["zone"]))
        home = dates.zone(str(config["zone"]) or "UTC")
        self._names = [each.name for each in table.columns]
        self._converters = [converter(each.kind, home) for each in table.columns]

    def pages(self, state: Mapping[str, Any]) -> Iterator[Page]:
        """Pages after the state. Raises CursorExpired when it is of another way of reading."""
        if self.table.cursor is not None:
            yield from self._changes(state)
        elif "done" in state:
            yield from self._compare(state)
        else:
            yield from self._whole(state)

    def _changes(self, state: Mapping[str, Any]) -> Iterator[Page]:
        """A window over the time of change, in pages by key.

        It has no upper limit: what carries a time of the future must not be lost, and a record
        that changes while it is read is read again in the next window.
        """
        assert self.table.cursor is not None, "only called for tables with a change column"
        by = {"by": self.table.cursor.name}
        if state and state.get("by") != by["by"]:
            raise CursorExpired("Changes are told by another column now; reading starts anew.")
        window = Window.open(state, self.session.now(), overlap=self.lag)
        total = self._total() if window.since is None and window.after is None else None
        since = None if window.since is None else window.since.astimezone(UTC)
        while True:
            batch = self._batch(since, window.after, "")
            if batch.last is None:
                batch.rejected.extend(self._nameless(since))
                yield Page(batch.records, {**by, **window.closed()}, (), total, batch.rejected)
                return
            window = window.at(batch.last)
            yield Page(batch.records, {**by, **window.state()}, (), total, batch.rejected)

    def _whole(self, state: Mapping[str, Any]) -> Iterator[Page]:
        """All records by key. The last state tells what they were, by number and by hash."""
        if state and not {"after", "mark", "rows"} <= set(state):
            raise CursorExpired("The table is read in another way now; reading starts anew.")
        after, mark = _text(state.get("after")), str(state.get("mark", ""))
        rows = _number(state.get("rows", 0))
        total = self._total() if after is None else None
        while True:
            batch = self._batch(None, after, mark)
            after, mark = batch.last, batch.mark
            rows += len(batch.records) + len(batch.rejected)
            if after is None:
                batch.rejected.extend(self._nameless(None))
                end = {"done": mark, "rows": rows}
                yield Page(batch.records, end, (), total, batch.rejected)
                return
            following = {"after": after, "mark": mark, "rows": rows}
            yield Page(batch.records, following, (), total, batch.rejected)

    def _compare(self, state: Mapping[str, Any]) -> Iterator[Page]:
        """Reads the table without handing it out, and raises CursorExpired when it is no longer
        what was handed out, so that the next pass is whole and what it does not name is gone.

        Empty pages in between keep the place and tell that we are alive.
        """
        done, rows = state.get("done"), _number(state.get("rows", 0))
        at = state.get("at")
        at = at if isinstance(at, Mapping) else {}
        after, mark = _text(at.get("after")), str(at.get("mark", ""))
        if after is None and self._has_other(rows):
            raise CursorExpired("The table has more or fewer rows now; it is read as a whole.")
        for number in range(1, 10**9):
            batch = self._batch(None, after, mark)
            after, mark = batch.last, batch.mark
            if after is None:
                break
            if number % _STRIDE == 0:
                yield Page((), {"done": done, "rows": rows, "at": {"after": after, "mark": mark}})
        if mark != done:
            raise CursorExpired("The table has changed; it is read as a whole.")
        yield Page((), {"done": done, "rows": rows})

    def _batch(self, since: datetime | None, after: str | None, mark: str) -> Batch:
        count = len(self.table.key)
        key = None if after is None else restore(after, count)
        rows, has_more = self.session.page(self.questions.page(since, key), self.size, self.what)
        records: list[Raw] = []
        rejected: list[Rejected] = []
        for row in rows:
            record = self.record(row)
            reason = self._fault(record)
            if reason:
                rejected.append(Rejected(None, None, reason, plain(record)))
            else:
                records.append(record)
            if self.table.cursor is None:
                mark = hashlib.sha256(mark.encode() + content_hash(record)).hexdigest()
        last = keep(list(rows[-1])[-count:]) if rows and has_more else None
        return Batch(records, rejected, last, mark)

    def record(self, row: Row[Any]) -> dict[str, Any]:
        """A row by the names of its columns."""
        return {
            name: convert(value)
            for name, convert, value in zip(self._names, self._converters, row, strict=False)
        }

    def _fault(self, record: Raw) -> str:
        """Why a record has no identity; empty when it has."""
        try:
            length = len(self.stream.external_id(record))
        except RecordError as error:
            return error.message
        if length > _LONGEST_KEY:
            return f"The key is {length:,} characters long; the most is {_LONGEST_KEY}."
        return ""

    def _nameless(self, since: datetime | None) -> list[Rejected]:
        """The first records in whose key a part is empty: paging by key does not meet them."""
        statement = self.questions.nameless(since)
        if statement is None:
            return []
        rows, _ = self.session.page(statement, _NAMELESS, self.what)
        return [
            Rejected(None, None, self._fault(record), plain(record))
            for record in map(self.record, rows)
        ]

    def _total(self) -> int | None:
        """How many records there are, as far as that is told cheaply; for showing progress."""
        estimate = self.table.listed.rows
        if estimate > MOST_COUNTED:
            return estimate
        counted = self._counted()
        return counted if counted <= MOST_COUNTED else None

    def _has_other(self, rows: int) -> bool:
        """Whether there are certainly more or fewer records than so many."""
        if rows > MOST_COUNTED:
            return False
        return self._counted() != rows

    def _counted(self) -> int:
        (row,) = self.session.rows(self.questions.count(), self.what)
        return int(row[0])


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise CursorExpired("The stored position is damaged; reading starts anew.") from error
