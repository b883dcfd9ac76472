"""Reading one table: by its list of changes, or in windows over the time of change.

State: `{"delta": link}` at rest between lists of changes, `{"since": moment}` between windows; inside
a pass `way` (changes, catch or windows), the `link` to go on at, and `seen`, the mark of the page
before. `columns` marks which columns were read: when there are others, everything is read anew.

Source: https://learn.microsoft.com/power-apps/developer/data-platform/use-change-tracking-synchronize-data-external-systems.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connectors.cursor import Window
from connectors.errors import CursorExpired, EndlessCursor
from connectors.outside import Outside
from connectors.paging import fingerprint
from connectors.records import Page, Rejected
from connectors.systems.dataverse.api import LABELS, POINTS_TO, Api, Rows
from connectors.systems.dataverse.linking import Linking
from connectors.systems.dataverse.literals import guid, guid_in
from connectors.systems.dataverse.refusals import Absent, BadRequest, Forbidden
from connectors.systems.dataverse.shapes import Record, record_of
from connectors.systems.dataverse.tables import Table
from connectors.systems.odata.literals import moment

State = Mapping[str, Any]
CHANGES, CATCH, WINDOWS = "changes", "catch", "windows"
LONGEST_SELECT = 20_000
"""An address has at most 32,768 characters; of a table with more columns all are asked for."""
_NO_SUCH = re.compile(r"property named '(\w+)'")


@dataclass
class Sorted:
    """A page's rows by what they are."""

    records: dict[str, Record] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


class Reading:
    """One pass over a table; see `Connector.read`."""

    def __init__(
        self, api: Api, linking: Linking, table: Table, config: Mapping[str, Any], outside: Outside
    ) -> None:
        self._api, self._linking, self._table = api, linking, table
        self._outside, self._size = outside, int(config["page_size"])
        self._lag = timedelta(seconds=config["lag_seconds"])
        self._refused: set[str] = set()

    def pages(self, state: State) -> Iterator[Page]:
        """The pages after a state. Raises CursorExpired when it does not fit the table any more."""
        table, way = self._table, state.get("way")
        if state and state.get("columns") != table.mark:
            raise CursorExpired(
                f"The columns of {table.label} have changed; everything is read again, so that "
                "all records have them."
            )
        if way == WINDOWS:
            if state.get("is_tracked") is False and table.is_tracked:
                raise CursorExpired(f"{table.label} are tracked now; reading starts anew.")
            yield from self._windows(state)
        elif way == CATCH:
            yield from self._catch_up(state)
        elif table.is_tracked or "delta" in state:
            yield from self._changes(state)
        else:
            yield from self._windows(state)

    # --- the list of changes ---------------------------------------------------------------

    def _changes(self, state: State) -> Iterator[Page]:
        """Everything once, then what changed since the link of the state, deletions included."""
        is_first, link = "delta" not in state, _text(state.get("link") or state.get("delta"))
        until = Window.open(state, self._outside.now()).until if "until" in state else None
        total, seen, is_long = _count(state.get("total")), state.get("seen"), "link" in state
        is_kept = True  # a link that was just given is not too old, whatever is wrong with it
        while True:
            try:
                rows = self._asked(link) if link else self._tracked()
            except (Absent, BadRequest, Forbidden) as error:
                if not link:
                    yield from self._windows({})  # tracking needs to see all; windows do not
                    return
                if isinstance(error, Forbidden) or not is_kept:
                    raise
                raise CursorExpired(
                    f"Dataverse has dropped its list of changes of {self._table.label}."
                ) from error
            is_kept = False
            if is_first and not link:
                until, total = rows.asked_at - self._lag, self._api.count(self._table.name)
            seen = self._unseen(rows, seen)
            found = self._sorted(rows.entries)
            if rows.next is None:
                yield _page(found, self._after_changes(rows, state, until, is_long), total)
                break
            link, is_long = rows.next, True
            place: dict[str, Any] = {"way": CHANGES, "link": link, "seen": seen}
            place |= {"delta": state["delta"]} if not is_first else _began(until, total)
            yield _page(found, self._at(place), total)
        if is_first and is_long and rows.delta and self._table.modified and until:
            yield from self._catch_up(self._catching(rows.delta, until))

    def _tracked(self) -> Rows:
        return self._asked(self._table.set_name, {}, is_tracking=True)

    def _after_changes(
        self, rows: Rows, state: State, until: datetime | None, is_long: bool
    ) -> dict[str, Any]:
        """The state after the last page of a list of changes."""
        if rows.delta is None:
            # Not tracked after all: the next reading is a window, or the same list once more.
            if until is None:
                return self._at({"delta": state.get("delta")})
            return self._closed(until)
        if "delta" not in state and is_long and until and self._table.modified:
            return self._catching(rows.delta, until)
        return self._at({"delta": rows.delta})

    # --- what changed while a long first pass ran -------------------------------------------

    def _catching(self, delta: str, since: datetime) -> dict[str, Any]:
        return self._at({"way": CATCH, "delta": delta, "since": since.isoformat()})

    def _catch_up(self, state: State) -> Iterator[Page]:
        """What changed since the first pass began: its link may count from when that ended."""
        since = Window.open({**state, "until": state.get("since")}, self._outside.now()).since
        delta, link, seen = _text(state.get("delta")), _text(state.get("link")), state.get("seen")
        if since is None or not delta:
            raise CursorExpired("The stored position is damaged; reading starts anew.")
        kept = link
        while True:
            rows, is_again = self._resumed(link, since, kept)
            seen = self._unseen(rows, None if is_again else seen)
            found = self._sorted(rows.entries)
            if rows.next is None:
                yield _page(found, self._at({"delta": delta}))
                return
            link = rows.next
            yield _page(found, {**self._catching(delta, since), "link": link, "seen": seen})

    # --- windows ---------------------------------------------------------------------------

    def _windows(self, state: State) -> Iterator[Page]:
        """What changed since the last window, in the order of ids; everything at first."""
        if state.get("done") is True:
            raise CursorExpired(f"{self._table.label} can only be read whole; reading starts anew.")
        opened = Window.open(state, self._outside.now())
        since = opened.since if self._table.modified else None
        until = opened.until if "until" in state else None
        link, seen, total = _text(state.get("link")), state.get("seen"), _count(state.get("total"))
        if since is None and not link:
            total = self._api.count(self._table.name)
        kept = link
        while True:
            rows, is_again = self._resumed(link, since, kept)
            if until is None:
                until = rows.asked_at - self._lag
                until = max(until, since) if since else until
            seen = self._unseen(rows, None if is_again else seen)
            found = self._sorted(rows.entries)
            if rows.next is None:
                yield _page(found, self._closed(until), total)
                return
            link = rows.next
            counted = {} if total is None else {"total": total}
            place = {**Window(since, until).state(), "link": link, "seen": seen, **counted}
            yield _page(found, self._windowed(place), total)

    def _closed(self, until: datetime) -> dict[str, Any]:
        at_rest = {"since": until.isoformat()} if self._table.modified else {"done": True}
        return self._windowed(at_rest)

    def _windowed(self, place: State) -> dict[str, Any]:
        return self._at({"way": WINDOWS, "is_tracked": self._table.is_tracked, **place})

    def _resumed(self, link: str, since: datetime | None, kept: str) -> tuple[Rows, bool]:
        """The page at a link; from the window's beginning without one, or when it is one that was
        kept and is refused."""
        if link:
            try:
                return self._asked(link), False
            except (Absent, BadRequest, CursorExpired):
                if link != kept:
                    raise
        options = {"$orderby": self._table.key}
        if since is not None:
            since_then = moment("Edm.DateTimeOffset", since)
            options["$filter"] = f"{self._table.modified} ge {since_then}"
        return self._asked(self._table.set_name, options), bool(link)

    # --- pages -----------------------------------------------------------------------------

    def _asked(
        self, path: str, options: Mapping[str, str] | None = None, is_tracking: bool = False
    ) -> Rows:
        """The page at a link, or of the set; again without columns that are not there after all."""
        prefer = [f'odata.include-annotations="{LABELS},{POINTS_TO}"']
        prefer += [f"odata.maxpagesize={self._size}"]
        prefer += ["odata.track-changes"] if is_tracking else []
        if options is None:
            return self._api.rows(path, None, ",".join(prefer))
        while True:
            selected = [each for each in self._table.selected if each not in self._refused]
            try:
                names = ",".join(selected)
                select = {"$select": names} if len(names) <= LONGEST_SELECT else {}
                return self._api.rows(path, {**select, **options}, ",".join(prefer))
            except BadRequest as error:
                found = _NO_SUCH.search(error.message)
                name = found[1] if found else ""
                if name not in selected or name == self._table.key:
                    raise
                self._refused.add(name)

    def _at(self, place: State) -> dict[str, Any]:
        return {**place, "columns": self._table.mark}

    def _unseen(self, rows: Rows, seen: Any) -> str | None:
        """The mark of a page. Raises EndlessCursor when it is the page before once more.

        Dataverse has been seen to count pages up while its cookie stands still.
        """
        mark = fingerprint(rows.entries) if rows.entries else None
        if mark is not None and mark == seen:
            raise EndlessCursor(
                f"Dataverse hands out the same page of {self._table.label} again and again; "
                "reading was stopped."
            )
        return mark

    def _sorted(self, entries: Sequence[Any]) -> Sorted:
        found, table = Sorted(), self._table
        currencies = self._linking.currencies(table)
        for number, entry in enumerate(entries, start=1):
            row = entry if isinstance(entry, Mapping) else {}
            is_gone = _is_deleted(row)
            key = guid_in(row.get("id")) if is_gone else guid(row.get(table.key))
            if not key:
                why = "The row has no id." if row else "That is no row."
                shown = dict(row) if row else {"value": str(entry)[:1000]}
                found.rejected.append(Rejected(None, number, why, shown))
            elif is_gone:
                found.gone.append(key)
            else:
                found.records[key] = record_of(table, row, currencies)
        self._linking.complete(table, list(found.records.values()))
        found.gone = self._without_restored(found.gone)
        return found

    def _without_restored(self, keys: Sequence[str]) -> list[str]:
        """The keys whose records are not there: what was deleted may have been restored since."""
        some = list(dict.fromkeys(keys))
        if not some:
            return []
        key = self._table.key
        alive = {guid(r.get(key)) for r in self._api.having(self._table.set_name, key, some, [key])}
        return [each for each in some if each not in alive]


def _page(found: Sorted, state: State, total: int | None = None) -> Page:
    return Page(list(found.records.values()), state, found.gone, total, found.rejected)


def _began(until: datetime | None, total: int | None) -> dict[str, Any]:
    """What a first pass remembers of its beginning."""
    began = {"until": until.isoformat()} if until else {}
    return {**began, **({} if total is None else {"total": total})}


def _is_deleted(row: Mapping[str, Any]) -> bool:
    context = row.get("@odata.context")
    return isinstance(context, str) and context.endswith("/$deletedEntity")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _count(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None
