"""The streams of an account: its kinds with the fields people made, and the mappings proposed."""

from __future__ import annotations

from connectors.records import Stream
from connectors.systems.zendesk import mappings
from connectors.systems.zendesk.desk import Desk
from connectors.systems.zendesk.kinds import Kind


def stream(kind: Kind, desk: Desk) -> Stream:
    """The stream of a kind."""
    made = sorted(desk.fields(kind).values(), key=lambda each: each.name)
    return Stream(
        name=kind.name,
        key=("id",),
        entity=kind.entity,
        cursor="updated_at",
        deletes=kind.deletes,
        fields={**kind.fields, **{each.name: each.type for each in made}},
        label=kind.label,
        default_mapping=mappings.of(kind),
        more_mappings=(mappings.CSAT,) if kind.name == "satisfaction_ratings" else (),
    )
