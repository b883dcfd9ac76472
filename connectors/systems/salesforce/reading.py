"""Reading one object: a bulk job for a large first pass, pages by id otherwise, then deletions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import quote

from connectors.cursor import Window
from connectors.errors import ConfigError, CursorExpired, Transient
from connectors.records import Page, Stream
from connectors.systems.salesforce.bulk import Gone, Jobs
from connectors.systems.salesforce.described import MODIFIED
from connectors.systems.salesforce.org import Answer, Org
from connectors.systems.salesforce.refusals import BadQuestion
from connectors.systems.salesforce.soql import Question
from connectors.systems.salesforce.streams import complete

KEPT = timedelta(days=15)
"""How long Salesforce remembers what was deleted."""
VERIFIED = 400
"""How many deleted ids are looked up in one question."""
MINUTE = timedelta(minutes=1)
MOST_REFUSED = 20
_COLUMN = re.compile(r"[Nn]o such column '(\w+)'")


class Reading:
    """One pass over a stream; see `Connector.read`."""

    def __init__(
        self, org: Org, stream: Stream, config: Mapping[str, Any], sleep: Callable[[float], None]
    ) -> None:
        self._org, self._stream, self._config = org, stream, config
        self._jobs = Jobs(org, sleep)
        modified = next((m for m in MODIFIED if stream.fields.get(m) == "datetime"), "")
        self._question = Question(
            stream.name, tuple(stream.fields), modified, "IsDeleted" in stream.fields
        )

    def pages(self, state: Mapping[str, Any]) -> Iterator[Page]:
        """The pages after a state."""
        lag = timedelta(seconds=self._config["lag_seconds"])
        # A change is stamped when its transaction begins and seen when that ends, minutes later.
        window = Window.open(state, self._org.now(), lag, 2 * lag)
        if window.part == "":
            total, is_bulk = _count(state.get("total")), isinstance(state.get("job"), str)
            if window.since is None and window.after is None and not is_bulk:
                total, is_bulk = self._size(window)
            if not (is_bulk and (yield from self._in_bulk(window, state, total))):
                yield from self._by_id(window, total)
        if window.since is not None and self._stream.deletes == "tombstones":
            yield from self._deletions(window)

    # --- records ---------------------------------------------------------------------------

    def _by_id(self, window: Window, total: int | None) -> Iterator[Page]:
        size, is_last = self._config["page_size"], False
        while not is_last:
            self._org.require_quota()
            answer = self._ask(partial(self._rows, window, size))
            is_last = answer.is_done and len(answer.rows) < size
            if answer.rows:
                window = window.at(_id(answer.rows[-1]))
            elif not is_last:
                raise Transient("Salesforce sent an empty page in the middle.")
            yield self._page(answer.rows, self._after(window, is_last, total), total)

    def _rows(self, window: Window, size: int, question: Question) -> Answer:
        return self._org.ask(question.page(window, size), is_all=True)

    def _after(self, window: Window, is_last: bool, total: int | None) -> dict[str, Any]:
        """The state after a page of records."""
        if not is_last:
            counted = {} if total is None else {"total": total}
            return {**window.state(), **counted}
        if window.since is None or self._stream.deletes != "tombstones":
            return window.closed()
        return window.at(None, "deleted").state()

    def _in_bulk(
        self, window: Window, state: Mapping[str, Any], total: int | None
    ) -> Generator[Page, None, bool]:
        """Pages of a bulk job; True in the end, or False when the job cannot be had."""
        job, locator = state.get("job"), state.get("locator")
        locator = locator if isinstance(locator, str) else None
        counted = {} if total is None else {"total": total}
        for _ in range(2):
            try:
                if job is None:
                    self._org.require_quota()
                    job = self._ask(lambda q: self._jobs.open(q.whole(window)))
                    yield Page((), {**window.state(), **counted, "job": job}, total=total)
                self._jobs.wait(str(job))
                while True:
                    self._org.require_quota()
                    rows, locator = self._jobs.page(
                        str(job), locator, self._config["page_size"], self._stream.fields
                    )
                    place = {**window.state(), **counted, "job": job, "locator": locator}
                    after = self._after(window, True, None) if locator is None else place
                    yield self._page(rows, after, total)
                    if locator is None:
                        return True
            except Gone:
                job = locator = None
        return False

    def _page(
        self, rows: Sequence[Mapping[str, Any]], state: Mapping[str, Any], total: int | None
    ) -> Page:
        records, gone = [], []
        for row in rows:
            key = _id(row)
            if row.get("IsDeleted") is True:
                gone.append(key)
            else:
                plain = {n: _plain(row[n]) for n in self._stream.fields if n in row}
                records.append(complete(self._stream.name, plain))
        return Page(records, state, gone, total)

    def _size(self, window: Window) -> tuple[int | None, bool]:
        """How many records the first pass has, and whether it is better read in bulk."""
        try:
            total = self._ask(lambda q: self._org.ask(q.count(window), is_all=True)).total
        except Transient:
            return None, True  # counting takes too long: there are very many
        return total, total is not None and total > self._config["use_bulk_over"]

    def _ask(self, call: Callable[[Question], Any]) -> Any:
        """The answer to the question; again without the fields that vanished or are refused."""
        for _ in range(MOST_REFUSED):
            try:
                return call(self._question)
            except BadQuestion as error:
                self._drop_fields(error)
        return call(self._question)

    def _drop_fields(self, error: BadQuestion) -> None:
        """Goes on without the fields an error is about. Raises it when there are none."""
        now = self._org.describe(self._stream.name, is_fresh=True)
        refused = set(_COLUMN.findall(error.message))
        asked = self._question.fields
        kept = tuple(each for each in asked if each in now.fields and each not in refused)
        if kept == asked or "Id" not in kept:
            raise error
        modified = "" if now.modified in refused else now.modified
        is_marked = "IsDeleted" in now.fields and "IsDeleted" not in refused
        self._question = replace(
            self._question, fields=kept, modified=modified, is_deletion_marked=is_marked
        )

    # --- deletions -------------------------------------------------------------------------

    def _deletions(self, window: Window) -> Iterator[Page]:
        """What was deleted in the window, also what left the recycle bin before we looked."""
        if window.part != "deleted":
            window = window.at(None, "deleted")
        ids = [
            each for each in self._deleted(window) if window.after is None or each > window.after
        ]
        while True:
            self._org.require_quota()
            some, ids = ids[:VERIFIED], ids[VERIFIED:]
            gone = self._without_restored(some)
            if not ids:
                yield Page((), window.closed(), gone)
                return
            window = window.at(some[-1], "deleted")
            yield Page((), window.state(), gone)

    def _deleted(self, window: Window) -> list[str]:
        since = window.since or window.until
        try:
            said = self._org.json("GET", self._path(since, window.until))
        except ConfigError:
            if not self._question.is_deletion_marked:
                raise
            if since < self._org.now() - KEPT:
                raise CursorExpired("The last sync is too long ago to know deletions.") from None
            return []  # the marks on the records have told most of it
        found = said.get("deletedRecords") if isinstance(said, Mapping) else None
        if not isinstance(found, list):
            raise Transient("Salesforce's list of deletions cannot be read.")
        earliest = _moment(said.get("earliestDateAvailable"))
        if earliest is not None and earliest > since:
            raise CursorExpired(
                f"Salesforce remembers deletions from {earliest:%Y-%m-%d} only; everything is "
                "read again."
            )
        ids = (each.get("id") for each in found if isinstance(each, Mapping))
        return sorted({each for each in ids if isinstance(each, str) and each})

    def _path(self, since: datetime, until: datetime) -> str:
        """Seconds are ignored there, so the minutes around the window are asked for."""
        start = since.replace(second=0, microsecond=0)
        end = until.replace(second=0, microsecond=0) + MINUTE
        shown = [quote(each.astimezone(UTC).isoformat(), safe="") for each in (start, end)]
        return f"sobjects/{self._stream.name}/deleted/?start={shown[0]}&end={shown[1]}"

    def _without_restored(self, ids: Sequence[str]) -> list[str]:
        """The ids whose records are not there: what was deleted may have been restored since."""
        if not ids:
            return []
        answer: Answer = self._ask(lambda q: self._org.ask(q.alive(ids), is_all=True))
        if not answer.is_done:
            raise Transient("Salesforce held back a part of its answer.")
        alive = {_id(row) for row in answer.rows}
        return [each for each in ids if each not in alive]


def _id(row: Mapping[str, Any]) -> str:
    found = row.get("Id")
    if not isinstance(found, str) or not found:
        raise Transient("Salesforce sent a record without an id.")
    return found


def _plain(value: Any) -> Any:
    """Values as they are; what is no single value, which we never ask for, as its JSON."""
    if value is None or isinstance(value, (str, bool, int, Decimal)):
        return value
    return json.dumps(value, default=str, ensure_ascii=False)


def _count(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
