"""Reading one kind: by its export, whose cursor is kept for ever, or by time where it has none.

Exports hold back the last minute, tell of what was deleted, and go on for ever from where they
stopped. That of organizations goes by time, in whole seconds: a page begins with the second the one
before ended with, and where that second alone fills a page, all organizations are listed once.
Source: https://developer.zendesk.com/documentation/ticketing/managing-tickets/using-the-incremental-export-api
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from connectors.cursor import Window
from connectors.errors import CursorExpired, Transient
from connectors.records import Page, Rejected, Stream
from connectors.systems.zendesk import shapes
from connectors.systems.zendesk.api import Api, entries_of, repeated, text_of
from connectors.systems.zendesk.desk import Desk
from connectors.systems.zendesk.kinds import CURSOR, LIST, TIME, Kind
from connectors.systems.zendesk.refusals import TooRecent

HELD = timedelta(seconds=60)
"""How long exports hold back a change; ratings are read as late, for they may show late too."""
WHOLE = "list"
NEAR = 60
"""Records changed so many seconds before the end of a page may come again on the next."""


class Reading:
    """One pass over a stream; see `Connector.read`."""

    def __init__(
        self, api: Api, desk: Desk, kind: Kind, stream: Stream, config: Mapping[str, Any]
    ) -> None:
        self._api, self._desk, self._kind, self._fields = api, desk, kind, stream.fields
        self._size = int(config["page_size"])
        self._takes_agents = bool(config["takes_agents"])
        day = config["begins_on"] if kind.entity == "interaction" else ""
        self._begins = datetime.fromisoformat(f"{day}T00:00:00+00:00") if day else None
        self._total: int | None = None

    def pages(self, state: Mapping[str, Any]) -> Iterator[Page]:
        """The pages after a state."""
        if not state:
            self._total = self._api.count(self._kind.name)
        ways = {CURSOR: self._exported, TIME: self._timed, LIST: self._rated}
        yield from ways[self._kind.way](state)

    # --- exports with a cursor -------------------------------------------------------------

    def _exported(self, state: Mapping[str, Any]) -> Iterator[Page]:
        cursor = _text(state, "cursor")
        name = self._kind.name
        while True:
            begins = 0 if self._begins is None else int(self._begins.timestamp())
            asked: dict[str, Any] = {"per_page": self._size, **self._kind.params}
            asked |= {"start_time": begins} if cursor is None else {"cursor": cursor}
            try:
                said = self._api.export(f"incremental/{name}/cursor", asked)
            except TooRecent:
                return
            entries, mark = entries_of(said, name), text_of(said.get("after_cursor")) or None
            is_last = said.get("end_of_stream") is True or not entries
            if not is_last and mark is None:
                raise Transient("Zendesk says that there is more, but not where.")
            if not is_last and mark == cursor:
                raise repeated()
            mark = mark or cursor
            if entries or mark != cursor:
                _join_metrics(said, entries)
                yield self._page(entries, {} if mark is None else {"cursor": mark})
            cursor = mark
            if is_last:
                return

    # --- exports by time -------------------------------------------------------------------

    def _timed(self, state: Mapping[str, Any]) -> Iterator[Page]:
        start, seen = _second(state.get("start", 0)), _marks(state.get("seen"))
        if state.get("part") == WHOLE:
            yield from self._whole(start, _text(state, "after"))
            start, seen = start + 1, {}
        while start <= (self._api.now() - HELD).timestamp():
            asked = {"start_time": start, "per_page": self._size, **self._kind.params}
            try:
                said = self._api.export(f"incremental/{self._kind.name}", asked)
            except TooRecent:
                return
            entries, end = entries_of(said, self._kind.name), _end(said, start)
            is_last = said.get("end_of_stream") is True or not entries
            fresh = [each for each in entries if seen.get(_id(each)) != _mark(each)]
            known = seen if end == start else {}
            seen = {**known, **{_id(e): _mark(e) for e in entries if _is_near(e, end)}}
            if end == start and not is_last:
                # More than a page changed within this second, and the export does not pass it.
                yield self._page(fresh, {"start": start, "part": WHOLE})
                yield from self._whole(start, None)
                start, seen = start + 1, {}
                continue
            if fresh or end != start:
                yield self._page(fresh, {"start": end, **({"seen": seen} if seen else {})})
            start = end
            if is_last:
                return

    def _whole(self, start: int, after: str | None) -> Iterator[Page]:
        """All there are, in the order of their ids; then the export goes on a second later."""
        name = self._kind.name
        while True:
            found = self._api.page(name, name, after, {})
            after = found.after
            if after is None:
                yield self._page(found.entries, {"start": start + 1})
                return
            yield self._page(found.entries, {"start": start, "part": WHOLE, "after": after})

    # --- lists by time of making -----------------------------------------------------------

    def _rated(self, state: Mapping[str, Any]) -> Iterator[Page]:
        """Ratings made in a closed window; a changed rating is a new one with Zendesk."""
        self._desk.me()  # tells the time there
        window = Window.open(state, self._api.now(), HELD, HELD)
        since = max((each for each in (window.since, self._begins) if each), default=None)
        asked = {**self._kind.params, "end_time": int(window.until.timestamp())}
        if since is not None:
            asked["start_time"] = int(since.timestamp())
        name = self._kind.name
        while True:
            found = self._api.page(name, name, window.after, asked, self._size)
            window = window.at(found.after)
            is_last = found.after is None
            given = [e for e in found.entries if not isinstance(e, dict) or _is_given(e)]
            yield self._page(given, window.closed() if is_last else window.state())
            if is_last:
                return

    # --- pages -----------------------------------------------------------------------------

    def _page(self, entries: Sequence[Any], state: Mapping[str, Any]) -> Page:
        records, gone, rejected = sorted_out(
            entries, self._kind, self._fields, self._desk, self._takes_agents
        )
        return Page(records, state, gone, self._total, rejected)


def sorted_out(
    entries: Sequence[Any],
    kind: Kind,
    fields: Mapping[str, str],
    desk: Desk,
    takes_agents: bool,
) -> tuple[list[shapes.Record], list[str], list[Rejected]]:
    """Entries as records, as ids of what is gone, and as what is neither. Of two with one id the
    later stands."""
    alive: dict[str, shapes.Record] = {}
    gone: dict[str, None] = {}
    rejected: list[Rejected] = []
    for each in entries:
        key = _id(each).strip()
        if not key:
            shown = each if isinstance(each, dict) else {"value": str(each)[:1000]}
            rejected.append(Rejected(None, None, "The record has no id.", shown))
        elif shapes.is_gone(each, kind, takes_agents):
            alive.pop(key, None)
            gone[key] = None
        else:
            gone.pop(key, None)
            record = shapes.plain(each, kind, fields)
            alive[key] = shapes.complete(record, kind, desk.agents)
    return list(alive.values()), list(gone), rejected


def _join_metrics(said: Mapping[str, Any], entries: Sequence[Any]) -> None:
    """Puts metrics that came beside the tickets into them."""
    listed = said.get("metric_sets")
    if isinstance(listed, list):
        by_ticket = {text_of(e.get("ticket_id")): e for e in listed if isinstance(e, dict)}
        for each in entries:
            if isinstance(each, dict) and _id(each) in by_ticket:
                each.setdefault("metric_set", by_ticket[_id(each)])


def _id(entry: Any) -> str:
    return text_of(entry.get("id")) if isinstance(entry, dict) else ""


def _mark(entry: Any) -> str:
    """What tells one state of a record from another."""
    said = entry if isinstance(entry, dict) else {}
    return f"{text_of(said.get('updated_at'))} {text_of(said.get('deleted_at'))}".strip()


def _is_near(entry: Any, end: int) -> bool:
    """Whether a record changed shortly before that second, as far as it says when."""
    try:
        moment = datetime.fromisoformat(text_of(entry.get("updated_at")))
        return bool(_id(entry)) and moment.timestamp() >= end - NEAR
    except (AttributeError, ValueError, OverflowError):
        return False


def _is_given(said: Mapping[str, Any]) -> bool:
    """Whether a rating was given, and not only asked for."""
    return text_of(said.get("score")).partition("_")[0] in ("good", "bad")


def _end(said: Mapping[str, Any], start: int) -> int:
    """The second a page ended with, never before it began. Raises Transient where it is not told."""
    end = said.get("end_time")
    if end is None and (said.get("end_of_stream") is True or not said.get("count")):
        return start
    if type(end) is not int or not 0 <= end < 10**11:
        raise Transient("Zendesk did not say where its export goes on.")
    return max(start, end)


def _text(state: Mapping[str, Any], name: str) -> str | None:
    value = state.get(name)
    if value is not None and (not isinstance(value, str) or not value):
        raise CursorExpired("The stored position is damaged; reading starts anew.")
    return value


def _second(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 10**11:
        raise CursorExpired("The stored position is damaged; reading starts anew.")
    return value


def _marks(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {str(key): str(mark) for key, mark in value.items()}
