"""Which connectors are installed: those of the kit, and entry points of `efm.connectors`.

A connector that cannot be loaded is reported by name; it never keeps the others from working. A
name that is not installed is a normal state (its connection waits), told by UnknownConnector.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType

from marshmallow import Schema

from connectors.base import Connector
from connectors.errors import UnknownConnector

GROUP = "efm.connectors"
BUILT_IN: Mapping[str, str] = MappingProxyType(
    {
        "dataverse": "connectors.systems.dataverse.connector:Dataverse",
        "files": "connectors.systems.files.connector:Files",
        "hubspot": "connectors.systems.hubspot.connector:HubSpot",
        "memory": "connectors.systems.memory.connector:Memory",
        "odata": "connectors.systems.odata.connector:OData",
        "odoo": "connectors.systems.odoo.connector:Odoo",
        "rest": "connectors.systems.rest.connector:Rest",
        "salesforce": "connectors.systems.salesforce.connector:Salesforce",
        "siebel": "connectors.systems.siebel.connector:Siebel",
        "sql": "connectors.systems.sql.connector:Sql",
        "stripe": "connectors.systems.stripe.connector:Stripe",
        "tryton": "connectors.systems.tryton.connector:Tryton",
        "webhook": "connectors.systems.webhook.connector:Webhook",
        "zendesk": "connectors.systems.zendesk.connector:Zendesk",
    }
)


@dataclass(frozen=True, slots=True)
class Catalog:
    """The connectors that work, by name, and why others do not."""

    available: Mapping[str, type[Connector]]
    broken: Mapping[str, str]


def load(points: Iterable[EntryPoint]) -> Catalog:
    """The catalog of these entry points, after those of the kit itself."""
    own = [EntryPoint(name, value, GROUP) for name, value in BUILT_IN.items()]
    available: dict[str, type[Connector]] = {}
    broken: dict[str, str] = {}
    for point in [*own, *sorted(points, key=lambda each: (each.name, each.value))]:
        if BUILT_IN.get(point.name) == point.value and point.name in {*available, *broken}:
            continue  # the kit's own, once more, from the installed metadata
        if point.name in available:
            broken[f"{point.name} ({point.value})"] = "another connector already has this name"
            continue
        try:
            available[point.name] = _connector(point)
        except Exception as error:  # a plug-in may fail in any way; it is named, not fatal
            broken[point.name] = f"{type(error).__name__}: {error}"
    return Catalog(
        MappingProxyType(dict(sorted(available.items()))), MappingProxyType(dict(broken))
    )


def _connector(point: EntryPoint) -> type[Connector]:
    found = point.load()
    if not (isinstance(found, type) and issubclass(found, Connector)):
        raise TypeError(f"{point.value} is not a Connector")
    if getattr(found, "name", None) != point.name:
        raise TypeError(f"{point.value} calls itself {getattr(found, 'name', None)!r}")
    if not getattr(found, "label", ""):
        raise TypeError(f"{point.value} has no label")
    config = getattr(found, "Config", None)
    if not (isinstance(config, type) and issubclass(config, Schema)):
        raise TypeError(f"{point.value} declares no settings (Config)")
    return found


@lru_cache(maxsize=1)
def catalog() -> Catalog:
    """What is installed in this environment; read once per process."""
    return load(entry_points(group=GROUP))


def names() -> list[str]:
    """The names of the connectors that work, sorted."""
    return list(catalog().available)


def broken() -> Mapping[str, str]:
    """Connectors that are installed but do not load, with the reason."""
    return catalog().broken


def get(name: str) -> type[Connector]:
    """The connector of that name. Raises UnknownConnector with the known names."""
    found = catalog()
    if name not in found.available:
        raise UnknownConnector(name, list(found.available), found.broken.get(name))
    return found.available[name]
