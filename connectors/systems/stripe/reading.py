"""Reading one kind: first the whole list, newest first, then the events that tell of changes.

What is created while the list is walked goes to its front, out of sight; the events since the
walk began tell of it. Events only say which objects to look at: these are fetched as they are
now, so that neither the order of events nor the age of what they hold matters.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from connectors.cursor import Window
from connectors.errors import CursorExpired
from connectors.records import Page, Rejected
from connectors.systems.stripe.api import AnchorGone, Api, Listing
from connectors.systems.stripe.streams import Kind

LAG = timedelta(seconds=60)
"""Events can become visible late; they are read after so long."""
KEPT = timedelta(days=30) - timedelta(hours=1)
"""How long events are listed, with time to spare for reading them."""
_MOST_SILENT = 20
_MOST_CHILDREN = 50


@dataclass
class Found:
    """What one page will hold."""

    records: list[Mapping[str, Any]] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    def page(self, state: Mapping[str, Any]) -> Page:
        """The page that ends at that state."""
        return Page(self.records, state, self.deleted, rejected=self.rejected)

    def __bool__(self) -> bool:
        return bool(self.records or self.deleted or self.rejected)


class Reader:
    """Reads one kind of object under one key."""

    def __init__(self, api: Api, kind: Kind, size: int) -> None:
        self.api, self.kind, self.size = api, kind, size
        self._expand = [f"data.{each}" for each in kind.expand]
        self._seen: set[str] = set()

    def pages(self, state: Mapping[str, Any]) -> Iterator[Page]:
        """Pages after the state: the rest of the walk, if it is not done, then the events."""
        window = self._open(state)
        if window.since is None:
            closed = yield from self._walk(window, state.get("created"))
            window = self._open(closed)
            if window.since == window.until:
                return  # the walk took less than a second; the next run reads on from there
        yield from self._follow(window)

    def touched(self, event: Mapping[str, Any], found: Found) -> None:
        """Adds what an event tells of, as it is now; nothing when it is of another kind."""
        if event.get("type") not in self.kind.events:
            return
        data = event.get("data")
        told = data.get("object") if isinstance(data, dict) else None
        object_id = told.get("id") if isinstance(told, dict) else None
        if not isinstance(told, dict) or not isinstance(object_id, str) or not object_id:
            return
        if told.get("object") == self.kind.object:
            self._fetch(object_id, found)
        elif self.kind.through and told.get("object") == self.kind.through:
            self._fetch_children(object_id, found)

    def _open(self, state: Mapping[str, Any]) -> Window:
        # Within a window the clock here will do: it only tells whether the window is too old.
        is_new = state.get("until") is None
        now = self.api.clock(self.kind.path) if is_new else self.api.now()
        window = Window.open(state, now, LAG)
        if window.since is not None and window.since < now - KEPT:
            raise CursorExpired(
                "Stripe lists changes for 30 days only, and more have passed; reading starts anew."
            )
        return window

    def _walk(self, window: Window, created: Any) -> Generator[Page, None, Mapping[str, Any]]:
        """The list from the newest to the oldest; returns the state from which events are read."""
        silent, listing = 0, self._older(window.after, created)
        while True:
            found = self._chosen(listing)
            if not listing.has_more:
                yield found.page(window.closed())
                return window.closed()
            last = listing.objects[-1]
            window, created = window.at(last["id"]), last.get("created")
            silent = 0 if found else silent + 1
            if found or silent >= _MOST_SILENT:
                silent = 0
                yield found.page({**window.state(), "created": created})
            listing = self._older(window.after, created)

    def _older(self, after: str | None, created: Any) -> Listing:
        """The page of the list after that object, or, where it is gone, from its time on."""
        params = {"limit": self.size, **self.kind.params}
        if self._expand:
            params["expand[]"] = self._expand
        if after is None:
            return self.api.list(self.kind.path, params)
        try:
            return self.api.list(self.kind.path, {**params, "starting_after": after})
        except AnchorGone:
            if not isinstance(created, int):
                raise
            return self.api.list(self.kind.path, {**params, "created[lte]": created})

    def _follow(self, window: Window) -> Iterator[Page]:
        """The events of a closed window, and the objects they tell of."""
        since, until = window.since or window.until, window.until
        params = {
            "limit": self.size,
            "created[gte]": int(since.timestamp()),
            "created[lte]": int(until.timestamp()),
        }
        while True:
            more = {} if window.after is None else {"starting_after": window.after}
            listing = self.api.events(self.kind.events, {**params, **more})
            found = Found()
            for event in listing.objects:
                self.touched(event, found)
            if not listing.has_more:
                yield found.page(window.closed())
                return
            window = window.at(listing.objects[-1]["id"])
            yield found.page(window.state())

    def _fetch(self, object_id: str, found: Found) -> None:
        """One object as it is now; once per reading, for it was fetched after the window ended."""
        if object_id in self._seen:
            return
        self._seen.add(object_id)
        raw = self.api.get(self.kind.path, object_id, self.kind.expand)
        if raw is None:
            found.deleted.append(object_id)
        else:
            self._sort_in(raw, found)

    def _fetch_children(self, parent: str, found: Found) -> None:
        """The objects of a parent, such as the refunds of a charge."""
        if f"{self.kind.through} {parent}" in self._seen:
            return
        self._seen.add(f"{self.kind.through} {parent}")
        params = {"limit": 100, self.kind.through: parent, "expand[]": self._expand}
        for _ in range(_MOST_CHILDREN):
            listing = self.api.list(self.kind.path, params)
            for raw in listing.objects:
                if raw["id"] not in self._seen:
                    self._seen.add(raw["id"])
                    self._sort_in(raw, found)
            if not listing.has_more:
                return
            params["starting_after"] = listing.objects[-1]["id"]

    def _sort_in(self, raw: dict[str, Any], found: Found) -> None:
        """A record, or, where it is none (any more), its deletion."""
        record = {**raw, **self.kind.shape(raw)}
        if self.kind.keeps(record):
            found.records.append(record)
        else:
            found.deleted.append(raw["id"])

    def _chosen(self, listing: Listing) -> Found:
        """The records of a page of the list; what is none is not worth a word."""
        shaped = ({**raw, **self.kind.shape(raw)} for raw in listing.objects)
        found = Found(rejected=list(listing.rejected))
        found.records.extend(each for each in shaped if self.kind.keeps(each))
        return found
