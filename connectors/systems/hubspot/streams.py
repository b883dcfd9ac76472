"""The streams of an account: its objects with their properties, and the mappings proposed."""

from __future__ import annotations

from connectors.records import Stream
from connectors.systems.hubspot import mappings
from connectors.systems.hubspot.kinds import Kind
from connectors.systems.hubspot.portal import Portal
from connectors.systems.hubspot.shapes import OWN


def stream(kind: Kind, portal: Portal) -> Stream:
    """The stream of a kind of object."""
    known = portal.fields(kind)
    fields = {**{name: known[name] for name in sorted(known) if name not in OWN}, **OWN}
    return Stream(
        name=kind.name,
        key=("id",),
        entity=kind.entity,
        cursor=kind.modified,
        deletes="tombstones" if kind.has_archive else "none",
        fields=fields,
        label=kind.label,
        default_mapping=mappings.of(kind, fields, portal.account()),
    )
