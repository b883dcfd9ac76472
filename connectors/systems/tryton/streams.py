"""The streams of a database, made of its tables, and the mappings they propose.

A party is both: an account, and a contact of that account by whom surveys reach it. Tryton knows
no difference between companies and people, and everything else there belongs to a party.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from typing import Any

from connectors.fields import FieldMapping
from connectors.mapping import Mapping
from connectors.records import Stream
from connectors.systems.tryton.tables import TABLES, Table

MODELS: tuple[str, ...] = tuple(each.model for each in TABLES)
_LENIENT = {"on_error": "attribute"}
_STATES: MappingOf[str, MappingOf[str, str]] = {
    "sale_opportunity": {
        "lead": "open", "opportunity": "open", "converted": "open", "won": "won", "lost": "lost",
        "cancelled": "lost",
    },
    "account_invoice": {"posted": "open", "paid": "paid", "cancelled": "void"},
    "sale_subscription": {
        "running": "active", "closed": "ended", "cancelled": "ended", "draft": "paused",
        "quotation": "paused",
    },
}  # fmt: skip
_PLAIN: MappingOf[str, str] = {
    "sale_opportunity": "_name:name state:stage start_date:opened_at end_date:closes_on",
    "sale": "number:number state:state _ordered_at:ordered_at",
    "sale_line": "sale:order_external_id product:product_external_id _name:name quantity:quantity",
    "product": "name:name code:number _category:category",
    "sale_complaint": "type.name:subject state:outcome _occurred_at:occurred_at",
    "account_invoice": "number:number invoice_date:issued_on _due_on:due_on _paid_on:paid_on",
    "payment": "_invoice:invoice_external_id journal.name:method _paid_at:paid_at",
    "sale_subscription": "_name:name start_date:started_on _renews_on:renews_on "
    "_ended_on:ended_on _interval:interval",
    "dunning": "procedure.name:subject level.rec_name:outcome _occurred_at:occurred_at",
}
_CUSTOMERS = {"sale_complaint": "customer", "payment": "_party", "sale_line": "", "product": ""}
_AMOUNTS: MappingOf[str, tuple[str, str]] = {
    "sale_opportunity": ("amount", "currency.code"), "sale": ("total_amount", "currency.code"),
    "sale_line": ("amount", "currency.code"), "account_invoice": ("total_amount", "currency.code"),
    "payment": ("_amount", "_currency"), "sale_subscription": ("_amount", "currency.code"),
    "dunning": ("amount", "currency.code"),
}  # fmt: skip
_KINDS = {"sale_complaint": "complaint", "dunning": "dunning"}


def offered(
    fields: MappingOf[str, frozenset[str]], access: MappingOf[str, frozenset[str]]
) -> list[Table]:
    """The tables whose modules are activated and which the key's user may read."""
    return [
        each for each in TABLES if each.model in fields and "read" in access.get(each.model, ())
    ]


def make(table: Table, currency: str = "", region: str = "") -> Stream:
    """The stream of a table. `currency` and `region` are for amounts and phones that name none."""
    if table.name == "party":
        first, *others = _account(), _contact(region)
    else:
        first, *others = [Mapping(table.entity, tuple(_lines(table, currency)))]
    return Stream(
        name=table.name,
        key=("id",),
        entity=table.entity,
        cursor="write_date",
        # Tryton leaves no trace of what it deletes; what was put aside keeps its record.
        deletes="soft" if table.has_flag else "none",
        fields={**table.fields, **table.own},
        label=table.label,
        default_mapping=first,
        more_mappings=tuple(others),
    )


def _lines(table: Table, currency: str) -> list[FieldMapping]:
    name = table.name
    lines = [_identity(table)]
    for pair in _PLAIN[name].split():
        source, _, target = pair.partition(":")
        options = _LENIENT if target in ("closes_on", "due_on", "renews_on") else {}
        lines.append(FieldMapping(source, target, None, options))
    customer = _CUSTOMERS.get(name, "party")
    if customer:
        lines.append(FieldMapping(customer, "contact_external_id"))
        lines.append(FieldMapping(customer, "account_external_id"))
    if name in _KINDS:
        lines.append(FieldMapping("", "kind", "constant", {"value": _KINDS[name]}))
    if name in _STATES:
        lines.append(FieldMapping("state", "state", "enum", {"map": dict(_STATES[name])}))
    if name in _AMOUNTS:
        source, code = _AMOUNTS[name]
        more = {"currency": currency} if currency else {}
        options = {"currency_from": code, "rounding": "half_up", **more}
        # An invoice or payment without an amount is refused; the others are worth having.
        lenient = {} if table.entity in ("invoice", "payment") else _LENIENT
        lines.append(FieldMapping(source, "amount_minor", None, {**options, **lenient}))
    return [*lines, FieldMapping("_modified_at", "modified_at")]


def _identity(table: Table) -> FieldMapping:
    """The record's id; with the model's name where records of several models come together."""
    if table.entity != "interaction":
        return FieldMapping("id", "external_id")
    options: dict[str, Any] = {"sources": ["id"], "prefix": f"{table.model},"}
    return FieldMapping("id", "external_id", "join", options)


def _account() -> Mapping:
    pairs = {"id": "external_id", "name": "name", "_domain": "domain", "_city": "attributes.city",
             "_country": "attributes.country", "_modified_at": "modified_at"}  # fmt: skip
    return Mapping("account", tuple(FieldMapping(each, to) for each, to in pairs.items()))


def _contact(region: str) -> Mapping:
    phone: dict[str, Any] = {**_LENIENT, **({"region": region.upper()} if region else {})}
    pairs = {"name": "name", "code": "attributes.code", "active": "attributes.active",
             "_city": "attributes.city", "_country": "attributes.country",
             "_modified_at": "modified_at"}  # fmt: skip
    lines: Sequence[FieldMapping] = (
        FieldMapping("id", "external_id"),
        FieldMapping("id", "account_external_id"),
        FieldMapping("email", "email", None, _LENIENT),
        FieldMapping("_phone", "phone", None, phone),
        FieldMapping("lang.code", "language", None, _LENIENT),
        *(FieldMapping(each, to) for each, to in pairs.items()),
    )
    return Mapping("contact", tuple(lines), keep_unmapped=False)
