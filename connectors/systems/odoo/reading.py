"""Reading a table: changes since a moment, paged by the id; now and then all ids, to see what is gone.

A read has no upper bound: what changes meanwhile is read now, or by the next read, which begins a
little before this one did. Before the first pass, and then from time to time, the ids there are
walked in blocks, of which the state keeps a mark. A block whose mark has changed has lost or won
records, and every id of it that is not there (any more) is told as gone.
"""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.cursor import Window
from connectors.errors import CursorExpired, EndlessCursor, NotSupported
from connectors.records import Page
from connectors.systems.odoo.lookup import Lookup
from connectors.systems.odoo.refusals import Refused
from connectors.systems.odoo.server import Server
from connectors.systems.odoo.tables import Table
from connectors.systems.odoo.values import flat

BLOCK = 1000
IDS = 20 * BLOCK
WALK, LOST = "walk", "lost"
State = dict[str, Any]


class Reading:
    """One read of one table."""

    def __init__(self, server: Server, table: Table, config: Mapping[str, Any]) -> None:
        self._server, self._table = server, table
        self._size = int(config["page_size"])
        self._lag = timedelta(seconds=config["lag_seconds"])
        self._every = timedelta(hours=config["deletions_hours"])
        self._lookup = Lookup(server)
        self._known = server.require(table.model, table.label)
        if table.needs and table.needs not in self._known:
            raise NotSupported(f"This Odoo has no {table.label.lower()}.")
        self._fields = table.read(self._known)
        self._names = [each.name for each in self._fields]
        self._scope = table.scope(self._known.keys())
        self._narrow = table.narrow(self._known.keys())

    def pages(self, state: Mapping[str, Any]) -> Iterator[Page]:
        """Pages of the window the state stands in, or of a new one. Ends when it is read."""
        now = self._server.now()
        window = Window.open(state, now, timedelta(0), self._lag)
        marks = _marks(state)
        if not state:
            window = window.at(None, WALK)
        if window.part == WALK:
            for page in self._walked(window, marks):
                yield page
                marks = _marks(page.state)
            window = window.at(None)
        if window.part == "":
            for page in self._changed(window, marks, now):
                yield page
                marks = _marks(page.state)
            window = window.at(None, LOST)
            if not self._is_due(window, marks, now):
                return
        yield from self._walked(window, marks)

    # --- records ---------------------------------------------------------------------------

    def _changed(self, window: Window, marks: State, now: datetime) -> Iterator[Page]:
        total = self._total(window)
        is_last = False
        while not is_last:
            domain = [*self._wanted(window), ["id", ">", _place(window)]]
            found = self._server.rows(self._table.model, domain, self._names, self._size)
            ids = [int(each["id"]) for each in found]
            _require_order(ids, _place(window))
            is_last = len(found) < self._size
            if ids:
                window = window.at(str(ids[-1]))
                marks = _touched(ids, marks)
            kept = self._kept(window, ids)
            records = [flat(each, self._fields) for each in found if int(each["id"]) in kept]
            self._table.link(self._lookup, records)
            records = [each for each in records if self._table.complete(each)]
            gone: list[str] = []
            if window.since is not None:
                there = {each["id"] for each in records}
                gone = [str(each) for each in ids if each not in there]
            yield Page(records, self._after(window, marks, now, is_last), gone, total)

    def _after(self, window: Window, marks: State, now: datetime, is_last: bool) -> State:
        """The state after a page of records."""
        if not is_last:
            return {**window.state(), **marks}
        if self._is_due(window, marks, now):
            return {**window.at(None, LOST).state(), **marks}
        return {**window.closed(), **marks}

    def _kept(self, window: Window, ids: Sequence[int]) -> frozenset[int]:
        """Those of the records that belong here at the moment; the first pass asks for no others."""
        if window.since is None or not self._narrow or not ids:
            return frozenset(ids)
        domain = [["id", "in", list(ids)], *self._narrow]
        return frozenset(self._server.ids(self._table.model, domain, len(ids)))

    def _wanted(self, window: Window) -> list[Any]:
        """The records of the window: all that belong here, or all that changed."""
        if window.since is None:
            return [*self._scope, *self._narrow]
        since = window.since.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        paths = ["", *(f"{each}." for each in self._table.through if each in self._known)]
        changed: list[Any] = [[f"{path}write_date", ">=", since] for path in paths]
        # What was put there without Odoo's own means has no time of change.
        unstamped = ["&", ["write_date", "=", False], ["create_date", ">=", since]]
        return [*self._scope, *["|"] * len(changed), *changed, *unstamped]

    def _total(self, window: Window) -> int | None:
        """How many records the window has; what stands in the way of counting is told by reading."""
        try:
            return self._server.count(self._table.model, self._wanted(window))
        except Refused:
            return None

    # --- what is gone ----------------------------------------------------------------------

    def _is_due(self, window: Window, marks: State, now: datetime) -> bool:
        """Whether all ids are to be walked again after these changes."""
        if window.since is None:
            return False
        walked = _aware(marks.get("walked"))
        # The far clock is known to a moment only, and may seem to stand still between two reads.
        return walked is None or not self._every or now - walked >= self._every

    def _walked(self, window: Window, marks: State) -> Iterator[Page]:
        """All ids, in whole blocks; without an earlier walk they are only marked."""
        is_last = False
        while not is_last:
            after = _place(window)
            domain = [*self._scope, *self._narrow, ["id", ">", after]]
            ids = self._server.ids(self._table.model, domain, IDS)
            _require_order(ids, after)
            is_last = len(ids) < IDS
            if not is_last:  # the last block may go on
                ids = [each for each in ids if each // BLOCK < ids[-1] // BLOCK]
            end = None if is_last else (ids[-1] // BLOCK + 1) * BLOCK - 1
            gone, marks = _compared(ids, after, end, marks, window.part == LOST)
            if is_last:
                marks = _finished(marks, window)
                done = window.closed() if window.part == LOST else window.at(None).state()
                yield Page((), {**done, **marks}, gone)
            else:
                window = window.at(str(end), window.part)
                yield Page((), {**window.state(), **marks}, gone)


def _compared(
    ids: Sequence[int], after: int, end: int | None, marks: State, is_told: bool
) -> tuple[list[str], State]:
    """The ids up to `end` that are gone, and the marks with those of these blocks."""
    there: dict[str, list[int]] = {}
    for each in ids:
        there.setdefault(str(each // BLOCK), []).append(each)
    fresh = {name: _mark(some) for name, some in there.items()}
    old, top = marks.get("blocks") or {}, max([int(marks.get("top", 0)), *ids[-1:]])
    gone: list[str] = []
    if is_told:
        first, last = (after + 1) // BLOCK, (top if end is None else end) // BLOCK
        names = {each for each in old if first <= int(each) <= last} | fresh.keys()
        for name in sorted(names, key=int):
            if old.get(name) != fresh.get(name):
                known, start = set(there.get(name, ())), int(name) * BLOCK
                span = range(max(start, 1), min(start + BLOCK - 1, top) + 1)
                gone += [str(each) for each in span if each not in known]
    made = {**(marks.get("fresh") or {}), **fresh}
    return gone, {**marks, "fresh": made, "top": top}


def _touched(ids: Sequence[int], marks: State) -> State:
    """The marks after records were read: blocks that were not walked are known to have some."""
    blocks = {**dict.fromkeys((str(each // BLOCK) for each in ids), 0), **marks.get("blocks", {})}
    return {**marks, "blocks": blocks, "top": max(int(marks.get("top", 0)), ids[-1])}


def _finished(marks: State, window: Window) -> State:
    """The marks once a walk is at its end."""
    rest = {name: value for name, value in marks.items() if name != "fresh"}
    return {**rest, "blocks": marks.get("fresh") or {}, "walked": window.until.isoformat()}


def _mark(ids: Sequence[int]) -> int:
    return zlib.crc32(array("q", ids).tobytes())


def _marks(state: Mapping[str, Any]) -> State:
    """What a state keeps beside its window. Raises CursorExpired when it is damaged."""
    found = {n: state[n] for n in ("blocks", "fresh", "top", "walked") if n in state}
    blocks = [found.get(name, {}) for name in ("blocks", "fresh")]
    is_good = all(
        isinstance(each, Mapping)
        and all(str(n).isdigit() and type(v) is int for n, v in each.items())
        for each in blocks
    )
    if not is_good or type(found.get("top", 0)) is not int:
        raise CursorExpired("The stored position is damaged; reading starts anew.")
    _aware(found.get("walked"))
    return found


def _aware(text: Any) -> datetime | None:
    try:
        found = None if text is None else datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise CursorExpired("The stored position is damaged; reading starts anew.") from error
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)


def _require_order(ids: Sequence[int], after: int) -> None:
    """Each id must be above the one before it, or reading would never end."""
    for each in ids:
        if each <= after:
            raise EndlessCursor(
                "Odoo does not page as it was asked to; reading was stopped. "
                "Tell whoever runs the server, or what stands before it."
            )
        after = each


def _place(window: Window) -> int:
    """The last id that was read, 0 before the first."""
    if window.after is None:
        return 0
    try:
        return int(window.after)
    except ValueError as error:
        raise CursorExpired("The stored position is damaged; reading starts anew.") from error
