"""Reads an entity set by delta links (OData protocol 4.01, section 11.4): the link is the state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.cursor import Window
from connectors.errors import CursorExpired
from connectors.outside import Outside
from connectors.paging import Link, Reply, began
from connectors.records import Page
from connectors.systems.odata.literals import key_predicate
from connectors.systems.odata.metadata import EntitySet
from connectors.systems.odata.rows import Rows, record_of, rows_of
from connectors.systems.odata.service import Service, delta_link, next_link

_STALE = (400, 404, 410)
_LINKS = Link(next_link)


def read(
    service: Service,
    outside: Outside,
    config: Mapping[str, Any],
    found: EntitySet,
    state: Mapping[str, Any],
) -> Iterator[Page]:
    """Everything once, then what changed since the link of the state, deletions included.

    The state is `{"delta": link}`, and inside a pass `{"way": "delta", "link": ..., "until": ...}`.
    Raises CursorExpired when the service no longer takes a link.
    """
    prefer = f"odata.track-changes,odata.maxpagesize={config['page_size']}"
    link, is_first = str(state.get("link") or state.get("delta") or ""), "delta" not in state
    until = Window.open(state, outside.now()).until if "until" in state else None
    while True:
        asked = outside.now()
        if link:
            response = service.link(link, _STALE, prefer)
            if response.status_code >= 400:
                raise CursorExpired(f"{found.name}: the service has dropped its list of changes.")
        else:
            options = {"$select": ",".join(found.properties)} if found.has_more else {}
            response = service.page(found.name, options, (), prefer)
        if until is None:
            until = began(asked, outside.now(), service.far.http.server_time)
        body = service.body(response)
        rows = rows_of(found, body["value"])
        if not is_first:
            _complete(service, found, rows)
        onward, ending = _LINKS.after({"link": link}, Reply(body)), delta_link(body)
        if onward is not None:
            link = str(onward["link"])
            place: dict[str, Any] = {"way": "delta", "link": link, "until": until.isoformat()}
            if not is_first:
                place["delta"] = state["delta"]
            yield rows.page(place)
        else:
            # Without a delta link after all, the next reading is a window, or whole again.
            yield rows.page({"delta": ending} if ending else Window(None, until).closed())
            return


def _complete(service: Service, found: EntitySet, rows: Rows) -> None:
    """Asks again for entities of which a delta gives only what changed."""
    wanted = set(found.properties)
    for key, record in list(rows.records.items()):
        if wanted <= set(record):
            continue
        parts = [(n, found.properties[n].kind, record[n]) for n in found.key]
        response = service.page(found.name + key_predicate(parts), {}, (404, 410))
        if response.status_code >= 400:
            del rows.records[key]
            rows.deleted.append(key)
            continue
        body = service.far.json(response)
        if isinstance(body, Mapping):
            rows.records[key] = {**record, **record_of(found, body)}
