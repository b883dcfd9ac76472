"""What may be written back: fields people made of users and organizations, tickets of ours, notes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from connectors.records import Target
from connectors.systems.zendesk.api import BATCH
from connectors.systems.zendesk.desk import Desk, Field
from connectors.systems.zendesk.kinds import KINDS

OURS, NOTES = "tickets of ours", "notes on tickets"
TICKET: Mapping[str, str] = MappingProxyType(
    {
        "subject": "text", "description": "text", "priority": "text", "type": "text",
        "status": "text", "tags": "json", "group_id": "integer", "assignee_id": "integer",
    }
)  # fmt: skip
"""The fields every account has of those that a ticket of ours may have."""
CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "priority": ("low", "normal", "high", "urgent"),
        "type": ("question", "incident", "problem", "task"),
        "status": ("new", "open", "pending", "hold", "solved"),
    }
)
FEW = 20
"""Tickets and notes one call takes: each takes several calls there."""


def offered(desk: Desk) -> list[Target]:
    """The targets of an account."""
    found = [_updated(desk, name) for name in ("users", "organizations")]
    return [*(each for each in found if each is not None), _ours(desk), _NOTES]


def writable(desk: Desk, kind: str) -> Mapping[str, Field]:
    """The fields people made of a kind that take values, by their name in records."""
    known = desk.fields(KINDS[kind]).values()
    return {each.name: each for each in known if each.is_writable}


def advice(offers: list[Target]) -> list[str]:
    """What to do in Zendesk so that more can be written back."""
    if any(each.name == "users" for each in offers):
        return []
    return [
        "To have scores written to users, create fields for them (Admin Center, People, User "
        "fields), such as “Last NPS”."
    ]


def _updated(desk: Desk, name: str) -> Target | None:
    """The fields people made of a kind; Zendesk's own (names, addresses) are left alone."""
    fields = {n: each.type for n, each in writable(desk, name).items()}
    if not fields:
        return None
    return Target(
        name, f"Fields of {name}", "update", name, fields, batch=BATCH,
        help="Fields made for this in Zendesk, such as the last score.",
    )  # fmt: skip


def _ours(desk: Desk) -> Target:
    made = {n: each.type for n, each in writable(desk, "tickets").items()}
    return Target(
        OURS, "Tickets about users", "upsert", "users", {**TICKET, **made}, frozenset({"subject"}),
        FEW, "One ticket for each response, found again by its external id. What it says is an "
        "internal note, so the customer gets no mail.", "tickets",
    )  # fmt: skip


_NOTES = Target(
    NOTES, "Internal notes on tickets", "upsert", "tickets", {"body": "text"}, frozenset({"body"}),
    FEW, "A note that only agents see, on the ticket a response is about.",
)  # fmt: skip
