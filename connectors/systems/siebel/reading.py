"""Reading one component: in windows over the change time, page by page in the order of ids.

Servers that do not sort as they are asked are read by row number within the same window instead.
Children (order lines) are read from the parents that changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from connectors.cursor import Window
from connectors.errors import CursorExpired, EndlessCursor, Transient
from connectors.paging import Counted, Reply
from connectors.records import Page, Raw, Rejected, Stream
from connectors.systems.siebel import literals
from connectors.systems.siebel.described import MODIFIED, Described
from connectors.systems.siebel.refusals import Absent
from connectors.systems.siebel.server import Answer, Server, flat
from connectors.systems.siebel.streams import complete

BY_ID, BY_ROW = "id", "row"
PARENTS = 25
"""How many parents' children make a page."""
MOST_CHILDREN = 1_000
"""Pages of children of one parent."""


class Reading:
    """One pass over a stream; see `Connector.read`. `gone` is the field and the values that mean
    a record is deleted."""

    def __init__(
        self, server: Server, stream: Stream, found: Described, config: Mapping[str, Any],
        gone: tuple[str, frozenset[str]] | None = None,
    ) -> None:  # fmt: skip
        self._server, self._stream = server, stream
        self._config, self._gone = config, gone
        self._parts = found.component
        self._size = config["page_size"]
        if self._parts.child:
            self._size = min(self._size, PARENTS)
        self._rows = Counted("StartRowNum", self._size, "PageSize")

    def pages(self, state: Mapping[str, Any]) -> Iterator[Page]:
        """The pages after a state."""
        lag = timedelta(seconds=self._config["lag_seconds"])
        began = self._began(state)
        window = Window.open(state, self._server.now(), lag, lag)
        way, at, total = self._place(state)
        kept = way
        if not way:
            way, kept = self._way()
        while True:
            answer = self._ask(window, way, at, total is None)
            total = answer.total if total is None else total
            ids = [_id(each) for each in answer.entries]
            if way == BY_ID and not _follows(ids, window.after):
                # The order or the filter was not heeded, so the window is read by row instead.
                way = kept = BY_ROW
                at, window = {}, window.at(None)
                continue
            following = self._following(answer, ids, way, at, total)
            if following is None:
                yield self._page(answer, {**window.closed(), "way": kept, "full_at": began}, total)
                return
            at = following
            if way == BY_ID:
                window = window.at(ids[-1] or window.after)
            place = {**window.state(), "way": way, "at": at, "full_at": began}
            yield self._page(answer, {**place, "total": total}, total)

    # --- where -----------------------------------------------------------------------------

    def _began(self, state: Mapping[str, Any]) -> str:
        """When everything was last begun to be read. Raises CursorExpired when that is long ago."""
        now, days = self._server.now(), self._config["reread_days"]
        said = state.get("full_at")
        if not state or not isinstance(said, str):
            return now.astimezone(UTC).isoformat()
        try:
            began = datetime.fromisoformat(said)
        except ValueError as error:
            raise CursorExpired("The stored position is damaged; reading starts anew.") from error
        began = began if began.tzinfo else began.replace(tzinfo=UTC)
        if "until" not in state and days and now - began >= timedelta(days=days):
            raise CursorExpired("Siebel keeps no list of deletions, so everything is read again.")
        return said

    def _place(self, state: Mapping[str, Any]) -> tuple[str, dict[str, Any], int | None]:
        way, at, total = state.get("way", ""), state.get("at", {}), state.get("total")
        if way not in ("", BY_ID, BY_ROW) or not isinstance(at, Mapping):
            raise CursorExpired("The stored position is damaged; reading starts anew.")
        return str(way), dict(at), total if type(total) is int else None

    def _way(self) -> tuple[str, str]:
        """How this server can be paged: whether it puts ids in the order it is asked for. Also what
        to keep of that, which is nothing while too few records tell.

        Asked for the reverse order, for rows often lie in the order of their ids anyway.
        """
        asked = {"PageSize": "2", "sortspec": "Id:desc", "fields": "Id"}
        ids = [_id(each) for each in self._server.find(self._parts, asked).entries]
        if len(ids) < 2:
            return BY_ID, ""
        way = BY_ID if _is_ordered(list(reversed(ids))) else BY_ROW
        return way, way

    def _following(
        self, answer: Answer, ids: Sequence[str | None], way: str, at: Mapping[str, Any],
        total: int | None,
    ) -> dict[str, Any] | None:  # fmt: skip
        """The place after a page; None at the end.

        A short page is no end: servers may give fewer records than they are asked for, and what a
        full pass does not name is taken for deleted.
        """
        if answer.is_last or not ids:
            return None
        if way == BY_ROW:
            return self._rows.after(at, Reply(None, list(answer.entries), total=answer.total))
        if ids[-1] is None:
            raise Transient("Siebel sent a record without an id.")
        return None if total is not None and total <= len(ids) < self._size else {}

    # --- questions -------------------------------------------------------------------------

    def _ask(self, window: Window, way: str, at: Mapping[str, Any], is_first: bool) -> Answer:
        """The records of a page (of parents, where the stream is about children)."""
        conditions = []
        if window.since is not None:
            zone = self._server.times.zone
            conditions.append(literals.between(MODIFIED, window.since, window.until, zone))
        params = {"PageSize": str(self._size), "sortspec": "Id:asc"}
        if way == BY_ROW:
            params = {name: str(value) for name, value in self._rows.ask(at).params.items()}
        elif window.after is not None:
            conditions.append(_after(window.after))
        if is_first or way == BY_ROW:
            params["recordcountneeded"] = "true"
        if self._parts.child:
            params["fields"] = "Id"
        spec = literals.joined(conditions)
        return self._server.find(self._parts, {**params, "searchspec": spec} if spec else params)

    def _children(self, key: str) -> Iterator[Any]:
        """The children of one parent."""
        pager = Counted("StartRowNum", self._config["page_size"], "PageSize")
        at: dict[str, Any] | None = {}
        for _ in range(MOST_CHILDREN):
            params = {n: str(v) for n, v in pager.ask(at or {}).params.items()}
            try:
                answer = self._server.query(self._parts.children(key), params)
            except Absent:
                found = self._server.describe(self._parts, is_fresh=True)
                if found is None or found.is_sampled:
                    raise
                return  # the parent was deleted since it was listed, or has none
            yield from answer.entries
            at = (
                None if answer.is_last else pager.after(at or {}, Reply(None, list(answer.entries)))
            )
            if at is None:
                return
        raise EndlessCursor(
            f"{self._parts.name} of one record come to no end; reading was stopped."
        )

    # --- records ---------------------------------------------------------------------------

    def _page(self, answer: Answer, state: Mapping[str, Any], total: int | None) -> Page:
        records: dict[str, Raw] = {}
        deleted: list[str] = []
        rejected: list[Rejected] = []
        for number, (parent, entry) in enumerate(self._entries(answer, rejected), start=1):
            key = _id(entry)
            if key is None:
                rejected.append(_refused(entry, number))
                continue
            record = {**flat(entry), "Id": key}
            if self._is_gone(record):
                deleted.append(key)
                records.pop(key, None)
                continue
            if parent:
                record["_parent_id"] = parent
            records[key] = complete(self._stream.name, record, self._server.times)
        count = None if self._parts.child else total
        return Page(list(records.values()), state, deleted, count, rejected)

    def _entries(self, answer: Answer, rejected: list[Rejected]) -> Iterator[tuple[str, Any]]:
        """The entries of a page, each with its parent, if the stream is about children."""
        for number, entry in enumerate(answer.entries, start=1):
            if not self._parts.child:
                yield "", entry
                continue
            parent = _id(entry)
            if parent is None:
                rejected.append(_refused(entry, number))
                continue
            for child in self._children(parent):
                yield parent, child

    def _is_gone(self, record: Raw) -> bool:
        if self._gone is None:
            return False
        name, values = self._gone
        return str(record.get(name) or "").strip().casefold() in values


def _after(key: str) -> str:
    try:
        return literals.after(key)
    except ValueError as error:
        raise CursorExpired("The stored position is damaged; reading starts anew.") from error


def _id(entry: Any) -> str | None:
    found = entry.get("Id") if isinstance(entry, Mapping) else None
    text = str(found).strip() if isinstance(found, (str, int)) else ""
    return text if text and text.isprintable() and len(text) <= literals.LONGEST else None


def _refused(entry: Any, number: int) -> Rejected:
    reason = "Siebel sent an entry without an id."
    document = dict(entry) if isinstance(entry, Mapping) else {"entry": entry}
    return Rejected(None, number, reason, document)


def _follows(ids: Sequence[str | None], after: str | None) -> bool:
    known = [each for each in ids if each is not None]
    return _is_ordered([after, *known] if after is not None else known)


def _is_ordered(ids: Sequence[str | None]) -> bool:
    """Whether ids ascend: by their characters, or as databases compare words."""
    words = [each or "" for each in ids]
    plain = [re.sub(r"[^0-9a-z]", "", each.lower()) for each in words]
    return any(all(a < b for a, b in pairwise(x)) for x in (words, plain))
