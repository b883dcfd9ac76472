"""What may be written back: fields of people's own making on customers, and records of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from connectors.records import Target
from connectors.systems.odoo.server import Field, Server
from connectors.systems.odoo.tables import TYPES

BATCH = 50
NOTE = "note"
CUSTOMERS = ("res.partner", "res.partner.company")
_WRITABLE = frozenset(
    ("char", "text", "html", "selection", "integer", "float", "monetary", "boolean", "date",
     "datetime")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Made:
    """A kind of record of ours: the fields that may be given, the one that must be, the field that
    names the customer, and the stream in which it comes back."""

    label: str
    model: str
    fields: tuple[str, ...]
    required: str
    partner: str
    appears_in: str = ""


MADE: Mapping[str, Made] = MappingProxyType(
    {
        "lead": Made(
            "Leads about customers", "crm.lead",
            ("name", "description", "priority", "type", "user_id", "team_id", "date_deadline"),
            "name", "partner_id", "crm.lead",
        ),
        "activity": Made(
            "Activities about customers", "mail.activity",
            ("summary", "note", "date_deadline", "user_id", "activity_type_id"),
            "summary", "res_id",
        ),
        "ticket": Made(
            "Helpdesk tickets of customers", "helpdesk.ticket",
            ("name", "description", "priority", "team_id", "user_id"),
            "name", "partner_id", "helpdesk.ticket",
        ),
    }
)  # fmt: skip


def offered(server: Server) -> list[Target]:
    """What this user may write here, by what Odoo says of its models."""
    if not server.may("res.partner", "read"):
        return []
    found = _updates(server)
    if server.may("mail.message", "create"):
        found.append(
            Target(
                NOTE, "Notes on customers", "upsert", "res.partner", {"body": "text"},
                frozenset({"body"}), BATCH,
                "Made once for each response in the customer's history, and changed with it.",
            )
        )  # fmt: skip
    found += [each for name in MADE if (each := _made(server, name)) is not None]
    return found


def _updates(server: Server) -> list[Target]:
    """The fields of people's own making on partners, for people and for companies."""
    fields = {
        name: TYPES[each.type]
        for name, each in sorted(server.fields("res.partner").items())
        if name.startswith("x_") and is_writable(each)
    }
    if not fields or not server.may("res.partner", "write"):
        return []
    labels = ("Fields of people", "Fields of companies")
    return [
        Target(
            name, label, "update", name, fields, batch=BATCH,
            help="Fields made for this in Odoo, such as x_nps_score.",
        )
        for name, label in zip(CUSTOMERS, labels, strict=True)
    ]  # fmt: skip


def _made(server: Server, name: str) -> Target | None:
    made = MADE[name]
    if not server.may(made.model, "create"):
        return None
    known = server.fields(made.model)
    fields = {
        each: "text" if known[each].type == "html" else TYPES[known[each].type]
        for each in (*made.fields, *(n for n in sorted(known) if n.startswith("x_")))
        if each in known and (is_writable(known[each]) or known[each].type == "many2one")
    }
    needed = (made.partner, "res_model_id") if made.partner == "res_id" else (made.partner,)
    if made.required not in fields or not all(each in known for each in needed):
        return None
    return Target(
        name, made.label, "upsert", "res.partner", fields, frozenset({made.required}), BATCH,
        "Made once for each response, and changed with it; found again by its external id.",
        made.appears_in,
    )  # fmt: skip


def is_writable(field: Field) -> bool:
    """Whether a value may be written to a field as it is."""
    return field.type in _WRITABLE and field.is_stored and not field.is_readonly
