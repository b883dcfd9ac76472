"""Reading one kind: all of it by list, then changes by search, then what was deleted.

A search is a closed window over the time of change, paged by id: each page asks for ids above the
last one, so that the wall of 10,000 results is never met. What a server does not search, or searches
without regard to the order asked for, is read by list and chosen here. Deleted records are known
only from a list of all of them, which is therefore read from time to time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.cursor import Window
from connectors.errors import CursorExpired, EndlessCursor
from connectors.records import Page, Stream
from connectors.systems.hubspot.api import Api, Listing, rank, text_of
from connectors.systems.hubspot.kinds import Kind
from connectors.systems.hubspot.linking import Linking
from connectors.systems.hubspot.refusals import Absent, BadRequest
from connectors.systems.hubspot.shapes import OWN, keeps, merged, moment

SEARCH, LIST, DELETED = "", "list", "deleted"
KEPT = timedelta(days=89)
"""How long HubSpot lists what was deleted, with a day to spare."""
MOST_SILENT = 50
"""Pages without anything on them that are passed over in a row; lists may be very long."""
LONGEST_QUERY = 6_000
"""Characters of property names an address may hold; more are sent in a body."""
_CURSOR = ("after", "cursor", "paging", "offset")


class _Disordered(Exception):
    """The search did not keep to the order or the filter."""


class Reading:
    """One pass over a stream; see `Connector.read`."""

    def __init__(
        self, api: Api, linking: Linking, kind: Kind, stream: Stream, config: Mapping[str, Any]
    ) -> None:
        self._api, self._linking, self._kind, self._config = api, linking, kind, config
        self._fields = stream.fields
        self._names = [name for name in stream.fields if name not in OWN]
        self._is_long = sum(len(name) + 3 for name in self._names) > LONGEST_QUERY
        self._size = int(config["page_size"])
        self._lag = timedelta(seconds=config["lag_seconds"])
        self._gone: str | None = None

    def pages(self, state: Mapping[str, Any]) -> Iterator[Page]:
        """The pages after a state; of those that hold nothing only some, to go on from."""
        silent, last = 0, None
        for page in self._pages(state):
            is_filled = bool(page.records or page.deleted or page.rejected)
            silent = 0 if is_filled else silent + 1
            last = page if silent % MOST_SILENT else None
            if last is None:
                yield page
        if last is not None:
            yield last

    def _pages(self, state: Mapping[str, Any]) -> Iterator[Page]:
        self._gone = _text(state.get("gone"))
        gone = _aware(self._gone)
        window = Window.open(state, self._api.now(), self._lag, self._lag)
        if gone is not None and gone < self._api.now() - KEPT:
            raise CursorExpired(
                "HubSpot lists deleted records for 90 days only, and more have passed; everything "
                "is read again."
            )
        if window.since is None and window.part == SEARCH:
            window = window.at(None, LIST)
        if window.part == SEARCH:
            try:
                yield from self._searched(window, _count(state.get("total")))
            except (_Disordered, Absent, BadRequest):
                yield from self._listed(window.at(None, LIST))
        elif window.part == LIST:
            yield from self._listed(window)
        if window.part == DELETED:
            yield from self._deleted(window, gone)
        elif self._is_due(window, gone):
            yield from self._deleted(window.at(None, DELETED), gone)

    # --- records ---------------------------------------------------------------------------

    def _searched(self, window: Window, total: int | None) -> Iterator[Page]:
        """What changed in the window, by search."""
        while True:
            self._api.require_quota()
            found = self._api.search(self._kind.name, self._question(window))
            total = found.total if window.after is None else total
            last = window.after
            for each in found.objects:
                if last is not None and rank(each["id"]) <= rank(last):
                    raise _Disordered
                last = each["id"]
            if found.after is not None and last == window.after:
                raise _Disordered  # a page of nothing but refused objects leads nowhere
            window = window.at(last)
            is_last = found.after is None
            yield self._page(found, self._after(window, is_last, total), total)
            if is_last:
                return

    def _question(self, window: Window) -> dict[str, Any]:
        """A search for a page of the window. Every value in it is a number made here, or an id."""
        since = window.since or window.until
        filters = [
            _filter(self._kind.modified, "GTE", _milliseconds(since)),
            _filter(self._kind.modified, "LTE", _milliseconds(window.until)),
        ]
        if window.after is not None:
            filters.append(_filter("hs_object_id", "GT", window.after))
        return {
            "filterGroups": [{"filters": filters}],
            "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            "properties": self._names,
            "limit": self._size,
        }

    def _listed(self, window: Window) -> Iterator[Page]:
        """All there is; of a later window, what changed in it."""
        total = self._total() if window.since is None and window.after is None else None
        while True:
            self._api.require_quota()
            found = self._list(window, is_archived=False)
            _require_progress(found, window)
            window, is_last = window.at(found.after, LIST), found.after is None
            yield self._page(found, self._after(window, is_last, None), total, window)
            if is_last:
                return

    def _total(self) -> int | None:
        """How many there are, if that can be asked."""
        try:
            body = {"filterGroups": [], "sorts": [], "properties": ["hs_object_id"], "limit": 1}
            return self._api.search(self._kind.name, body).total
        except (Absent, BadRequest):
            return None

    def _list(self, window: Window, is_archived: bool) -> Listing:
        """A page of the list after the window's mark, with all properties."""
        names = ["hs_object_id"] if self._is_long or is_archived else self._names
        kind = self._kind.name
        try:
            found = self._api.page(kind, names, window.after, self._size, is_archived)
        except BadRequest as error:
            if window.after is not None and any(word in error.message.lower() for word in _CURSOR):
                raise CursorExpired(
                    "HubSpot no longer knows where we stopped; reading starts anew."
                ) from error
            raise
        if not self._is_long or is_archived:
            return found
        whole = self._api.read(kind, [each["id"] for each in found.objects], self._names)
        return Listing(whole, found.rejected, found.after, found.total)

    def _page(
        self, found: Listing, state: Mapping[str, Any], total: int | None,
        window: Window | None = None,
    ) -> Page:  # fmt: skip
        """Records with what they are associated to; those merged into them are gone."""
        gone = [each["id"] for each in found.objects if each.get("archived") is True]
        alive = [each for each in found.objects if each.get("archived") is not True]
        if window is not None and window.since is not None:
            alive = [each for each in alive if _is_within(each, window)]
        records = self._linking.records(self._kind, alive, self._fields)
        for each in alive:
            gone += merged(each)
        kept = [each for each in records if keeps(each, self._kind)]
        return Page(kept, state, gone, total, found.rejected)

    def _after(self, window: Window, is_last: bool, total: int | None) -> dict[str, Any]:
        """The state after a page of records."""
        if not is_last:
            counted = {} if total is None else {"total": total}
            return self._state({**window.state(), **counted})
        if self._is_due(window, _aware(self._gone)):
            return self._state(window.at(None, DELETED).state())
        return self._state(window.closed())

    def _state(self, document: dict[str, Any]) -> dict[str, Any]:
        return document if self._gone is None else {**document, "gone": self._gone}

    # --- deletions -------------------------------------------------------------------------

    def _is_due(self, window: Window, gone: datetime | None) -> bool:
        """Whether deleted records are listed in this window; asked by its end, so the answer stays."""
        if not self._kind.has_archive:
            return False
        pause = timedelta(minutes=self._config["deletions_minutes"])
        return gone is None or window.until - gone >= pause

    def _deleted(self, window: Window, gone: datetime | None) -> Iterator[Page]:
        """The ids of what was deleted since that was last looked for."""
        since = None if gone is None else gone - 2 * self._lag
        while True:
            self._api.require_quota()
            try:
                found = self._list(window, is_archived=True)
            except (Absent, BadRequest) as error:
                if "not yet supported" not in error.message:
                    raise
                found = Listing((), (), None, None)  # this kind never tells what was deleted
            _require_progress(found, window)
            window = window.at(found.after, DELETED)
            ids = [each["id"] for each in found.objects if _is_gone(each, since)]
            if found.after is None:
                yield Page((), {**window.closed(), "gone": window.until.isoformat()}, ids)
                return
            yield Page((), self._state(window.state()), ids)


def _filter(name: str, operator: str, value: str) -> dict[str, str]:
    return {"propertyName": name, "operator": operator, "value": value}


def _milliseconds(moment_: datetime) -> str:
    return str(int(moment_.timestamp() * 1000))


def _is_within(said: Mapping[str, Any], window: Window) -> bool:
    changed = moment(said.get("updatedAt"))
    return changed is None or window.holds(changed)


def _is_gone(said: Mapping[str, Any], since: datetime | None) -> bool:
    """Whether it was deleted since then; one that does not say when, was."""
    at = moment(said.get("archivedAt"))
    return since is None or at is None or at >= since


def _require_progress(found: Listing, window: Window) -> None:
    if found.after is not None and found.after == window.after:
        raise EndlessCursor(
            "HubSpot hands out the same page again and again; reading was stopped. Try again "
            "later, and tell HubSpot if it goes on."
        )


def _text(value: Any) -> str | None:
    return text_of(value) or None


def _count(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _aware(text: str | None) -> datetime | None:
    if text is None:
        return None
    found = moment(text)
    if found is None:
        raise CursorExpired("The stored position is damaged; reading starts anew.")
    return found
