"""What may be written back to an account, by what it says of its properties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from connectors.records import Target
from connectors.systems.hubspot.api import BATCH
from connectors.systems.hubspot.kinds import CUSTOMERS
from connectors.systems.hubspot.portal import Portal

KEY = "efm_id"
UNIQUE = (KEY, "hs_unique_creation_key")
"""Properties that may hold our key, if their values are unique and may be written."""
_OURS = " of ours"


@dataclass(frozen=True, slots=True)
class Made:
    """A kind of record that may be made: its usual fields, and the association to a contact.

    Source of the type ids: https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associate-records/guide
    """

    label: str
    fields: tuple[str, ...]
    required: str
    to_contact: int
    needs_time: bool = False
    needs_stage: bool = False


MADE: Mapping[str, Made] = MappingProxyType(
    {
        "notes": Made(
            "Notes on contacts", ("hs_note_body", "hs_timestamp"), "hs_note_body", 202, True
        ),
        "tasks": Made(
            "Tasks about contacts",
            (
                "hs_task_subject", "hs_task_body", "hs_task_status", "hs_task_priority",
                "hs_task_type", "hs_timestamp", "hubspot_owner_id",
            ),
            "hs_task_subject", 204, True,
        ),
        "tickets": Made(
            "Tickets of contacts",
            (
                "subject", "content", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_priority",
                "hs_ticket_category", "hubspot_owner_id",
            ),
            "subject", 16, needs_stage=True,
        ),
    }
)  # fmt: skip


def kind_of(target: Target) -> str:
    """The kind of object a target writes to."""
    return target.name.removesuffix(_OURS)


def offered(portal: Portal, only: str = "") -> list[Target]:
    """The targets of an account, asked about each kind, or about one alone."""
    wanted = only.removesuffix(_OURS)
    found = [_updated(portal, name) for name in CUSTOMERS if wanted in ("", name)]
    found += [_made(portal, name) for name in MADE if wanted in ("", name)]
    return [each for each in found if each is not None and only in ("", each.name)]


def unique_of(portal: Portal, kind: str) -> str:
    """The property that holds our key; empty when the kind has none."""
    known = portal.properties(kind) or {}
    for name in UNIQUE:
        if name in known and known[name].is_unique and known[name].is_writable:
            return name
    return ""


def advice(portal: Portal, targets: list[Target]) -> list[str]:
    """What to do in HubSpot so that more can be written back."""
    names = {each.name for each in targets}
    notes = []
    if "contacts" not in names:
        notes.append(
            "To have scores written to contacts, create properties for them (Settings, "
            "Properties, Contact), such as “Last NPS”."
        )
    if not names.intersection(f"{each}{_OURS}" for each in MADE):
        notes.append(
            "To have responses written as tickets, tasks or notes, create a property for that "
            "object (Settings, Properties): a single-line text with the internal name "
            f"“{KEY}” and the rule “Require unique values for this property”."
        )
    return notes


def _updated(portal: Portal, name: str) -> Target | None:
    """The properties people made of a kind; HubSpot's own (names, addresses) are left alone."""
    if name not in portal.names:
        return None
    known = portal.properties(name) or {}
    fields = {n: p.type for n, p in known.items() if p.is_ours and n not in UNIQUE}
    if not fields:
        return None
    return Target(
        name, f"Properties of {portal.kind(name).label.lower()}", "update", name, fields,
        batch=BATCH, help="Properties made for this in HubSpot, such as the last score.",
    )  # fmt: skip


def _made(portal: Portal, name: str) -> Target | None:
    """Records of ours of a kind; None when it has no property for our key."""
    made = MADE[name]
    if "contacts" not in portal.names or not unique_of(portal, name):
        return None
    known = portal.properties(name) or {}
    fields = {
        n: p.type
        for n, p in known.items()
        if n not in UNIQUE and (p.is_ours or (p.is_writable and n in made.fields))
    }
    if made.required not in fields:
        return None
    return Target(
        f"{name}{_OURS}", made.label, "upsert", "contacts", fields, frozenset({made.required}),
        BATCH, "Made once for each response, and changed with it.",
        name if name in portal.names else "",
    )  # fmt: skip
