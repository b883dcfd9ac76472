"""The mappings proposed for Zendesk's records onto the canonical ones."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from types import MappingProxyType
from typing import Any

from connectors.fields import FieldMapping
from connectors.mapping import Mapping
from connectors.systems.zendesk.kinds import Kind

Line = tuple[Any, ...]
_LENIENT = {"on_error": "attribute"}
TYPES = {
    "question": "support_contact", "incident": "complaint", "problem": "complaint", "task": "task",
}  # fmt: skip
"""What a ticket's type says of it: an incident or a problem is something that went wrong."""

_LINES: MappingOf[str, tuple[Line, ...]] = MappingProxyType(
    {
        "users": (
            ("organization_id", "account_external_id"),
            ("name", "name"),
            ("email", "email", None, _LENIENT),
            ("phone", "phone", None, _LENIENT),
            ("locale", "language", None, _LENIENT),
        ),
        "organizations": (
            ("name", "name"),
            ("_domain", "domain", None, _LENIENT),
        ),
        "tickets": (
            ("requester_id", "contact_external_id"),
            ("organization_id", "account_external_id"),
            (
                "type", "kind", "enum",
                {"map": TYPES, "unknown": "keep", "default": "support_contact"},
            ),
            ("_channel", "channel"),
            ("subject", "subject"),
            ("status", "outcome"),
            ("created_at", "occurred_at"),
            ("_duration", "duration_seconds"),
            ("_owner", "attributes.owner"),
            ("_first_reply_minutes", "attributes.first_reply_minutes"),
            ("_reopens", "attributes.reopens"),
            ("_satisfaction", "attributes.satisfaction"),
        ),
        "satisfaction_ratings": (
            ("requester_id", "contact_external_id"),
            ("id", "kind", "constant", {"value": "survey"}),
            ("_subject", "subject"),
            ("_opinion", "outcome"),
            ("created_at", "occurred_at"),
        ),
    }
)  # fmt: skip

CSAT = Mapping(
    "measurement",
    (
        FieldMapping("", "external_id", "join", {"sources": ["id"], "suffix": ":csat"}),
        FieldMapping("requester_id", "contact_external_id"),
        FieldMapping("", "metric", "constant", {"value": "csat"}),
        FieldMapping("_value", "value"),
        FieldMapping("created_at", "measured_on"),
        FieldMapping("ticket_id", "attributes.ticket_id"),
        FieldMapping("updated_at", "modified_at"),
    ),
    keep_unmapped=False,
)
"""A rating as a number: 1 for good, 0 for bad, so that the mean is the share of the good."""


def of(kind: Kind) -> Mapping:
    """The mapping of a kind."""
    lines = [FieldMapping("id", "external_id")]
    for source, target, *more in _LINES[kind.name]:
        lines.append(FieldMapping(source, target, *more))
    lines.append(FieldMapping("updated_at", "modified_at"))
    return Mapping(kind.entity, tuple(lines))
