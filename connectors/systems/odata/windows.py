"""Reads an entity set in windows over its change time, page by page in the order of its key.

Services differ in what they take. The ways are tried in this order, and a refusal leads on to the
next: the full filter in pages by key; the change time alone, in the pages the service makes; no
filter at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx

from connectors.cursor import Window
from connectors.errors import CursorExpired
from connectors.outside import Outside
from connectors.paging import Link, Reply, began
from connectors.records import Page
from connectors.systems.odata import literals
from connectors.systems.odata.metadata import EntitySet
from connectors.systems.odata.naming import created_of
from connectors.systems.odata.rows import Rows, rows_of
from connectors.systems.odata.service import Service, next_link

KEYSET, SERVED, WHOLE = 0, 1, 2
_REFUSED = (400, 404, 405, 410, 414, 422, 501)
_LINKS = Link(next_link)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the window: the way, the last key, or the service's link."""

    way: int
    key: tuple[str, ...] = ()
    link: str = ""

    @classmethod
    def of(cls, state: Mapping[str, Any], first: int) -> Place:
        """The place a state stands at. Raises CursorExpired when it cannot be read."""
        at, way = state.get("at") or {}, state.get("way", first)
        try:
            key = tuple(str(each) for each in at.get("key", ()))
            return cls(int(way), key, str(at.get("link", "")))
        except (AttributeError, TypeError, ValueError) as error:
            raise CursorExpired("The stored position is damaged; reading starts anew.") from error

    def document(self) -> dict[str, Any]:
        """The same as JSON."""
        at: dict[str, Any] = {"key": list(self.key)} if self.key else {}
        if self.link:
            at["link"] = self.link
        return {"way": self.way, "at": at}


class Reading:
    """One reading of one set."""

    def __init__(self, service: Service, found: EntitySet, changed: str | None, size: int) -> None:
        self.service, self.found, self.changed, self.size = service, found, changed, size
        self.first = KEYSET if _can_keyset(found) else SERVED

    def ask(self, place: Place, since: datetime | None) -> httpx.Response | None:
        """The page at the place; None when the service refuses this way or this link."""
        prefer = "" if place.way == KEYSET else f"odata.maxpagesize={self.size}"
        # The last way has no further one to go to: its refusal is the answer.
        judged = () if place.way == WHOLE and not place.link else _REFUSED
        if place.link:
            response = self.service.link(place.link, judged, prefer)
        else:
            response = self.service.page(
                self.found.name, self.options(place, since), judged, prefer
            )
        return None if response.status_code >= 400 else response

    def options(self, place: Place, since: datetime | None) -> dict[str, str]:
        """The system query options of a page that is not led to by a link."""
        options: dict[str, str] = {}
        conditions = [self.condition(since, place.way)] if since and place.way != WHOLE else []
        if place.way == KEYSET:
            if place.key:
                conditions.append(literals.after(self._parts(place.key)))
            else:
                options["$count"] = "true"
            options["$orderby"] = ",".join(self.found.key)
            options["$top"] = str(self.size)
        conditions = [each for each in conditions if each]
        if conditions:
            joined = [f"({each})" for each in conditions] if len(conditions) > 1 else conditions
            options["$filter"] = " and ".join(joined)
        if self.found.has_more:
            options["$select"] = ",".join(self.found.properties)
        return options

    def condition(self, since: datetime, way: int) -> str:
        """Changed since; entities without a change time by when they were made."""
        if not self.changed:
            return ""
        changed = self.found.properties[self.changed]
        plain = f"{self.changed} ge {literals.moment(changed.kind, since)}"
        if not changed.is_nullable or way != KEYSET:
            return plain
        created = created_of(self.found)
        if created is None or created == self.changed:
            return f"{plain} or {self.changed} eq null"
        made = literals.moment(self.found.properties[created].kind, since)
        return f"{plain} or ({self.changed} eq null and {created} ge {made})"

    def following(self, place: Place, body: Mapping[str, Any], rows: Rows) -> Place | None:
        """The place after a page, None at the end of the window."""
        onward = _LINKS.after({"link": place.link}, Reply(body))
        if place.way == KEYSET and rows.last:
            # By key nothing shifts; a link may count positions, which deletions move.
            is_full = len(body["value"]) >= self.size
            return Place(KEYSET, rows.last) if onward or is_full else None
        return None if onward is None else Place(place.way, place.key, str(onward["link"]))

    def _parts(self, key: Sequence[str]) -> list[tuple[str, str, Any]]:
        names = zip(self.found.key, key, strict=False)
        return [(name, self.found.properties[name].kind, value) for name, value in names]


def read(
    service: Service,
    outside: Outside,
    config: Mapping[str, Any],
    found: EntitySet,
    changed: str | None,
    state: Mapping[str, Any],
) -> Iterator[Page]:
    """The pages of a window (or of everything), resuming exactly after the page of the state."""
    reading = Reading(service, found, changed, config["page_size"])
    lag = timedelta(seconds=config["lag_seconds"]) if changed else timedelta(0)
    place = Place.of(state, reading.first)
    until = Window.open(state, outside.now()).until if "until" in state else None
    since = Window.open(state, outside.now()).since if changed else None
    total = None
    while True:
        asked = outside.now()
        response = reading.ask(place, since)
        if response is None:
            place = _another(place)
            continue
        if until is None:
            until = began(asked, outside.now(), service.far.http.server_time) - lag
            until = max(until, since) if since else until
        body = service.body(response)
        rows = rows_of(found, body["value"])
        if place.way == KEYSET and place.key and not place.link and "|".join(place.key) in rows.records:  # fmt: skip
            place = Place(SERVED)  # the filter over the key was not even looked at
            continue
        total = _count(body) if total is None else total
        following = reading.following(place, body, rows)
        window = Window(since, until)
        if following is None:
            end = window.closed() if changed else {"done": True}
            yield rows.page(end, total)
            return
        place = following
        yield rows.page({**window.state(), **place.document()}, total)


def try_out(service: Service, found: EntitySet, changed: str | None) -> list[str]:
    """Asks for one entity the ways reading does, and says what the service does not take."""
    notes = []
    reading = Reading(service, found, changed, 1)
    place = Place(reading.first)
    since = datetime.fromisoformat("2020-01-01T00:00:00+00:00") if changed else None
    while reading.ask(place, since) is None:
        place = _another(place)
    if place.way == WHOLE and changed and not found.is_tracked:
        notes.append(
            f"{found.name}: the service refuses to filter by “{changed}”, so everything is read "
            "each time."
        )
    return notes


def _another(place: Place) -> Place:
    """Where to go on after a refusal: without the link, or by the next way."""
    if place.link:
        return Place(place.way, place.key if place.way == KEYSET else ())
    return Place(place.way + 1)


def _can_keyset(found: EntitySet) -> bool:
    """Whether the key's types have an order that services filter by."""
    kinds = {found.properties[name].kind for name in found.key}
    ordered = {"Edm.String", "Edm.Guid", "Edm.Int64", "Edm.Int32", "Edm.Int16", "Edm.Byte",
               "Edm.SByte", "Edm.Decimal", "Edm.Date", "Edm.DateTimeOffset", "Edm.TimeOfDay"}  # fmt: skip
    return kinds <= ordered


def _count(body: Mapping[str, Any]) -> int | None:
    said = body.get("@odata.count", body.get("@count"))
    text = str(said) if isinstance(said, (int, str)) and not isinstance(said, bool) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
