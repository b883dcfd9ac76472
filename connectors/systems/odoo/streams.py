"""The streams of a database, made of its tables, and the mappings they propose."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from typing import Any

from connectors.fields import FieldMapping
from connectors.mapping import Mapping
from connectors.records import Stream
from connectors.systems.odoo.server import Field, Server
from connectors.systems.odoo.tables import TABLES, Table

_LENIENT = {"on_error": "attribute"}
_TERMS = (
    "id:external_id _contact:contact_external_id _account:account_external_id _name:name "
    "_state:state _started_on:started_on _renews_on:renews_on? _ended_on:ended_on?"
)
_LINES: MappingOf[str, str] = {
    "res.partner.company": "id:external_id name:name _domain:domain? _parent:parent_external_id "
    "country_id.name:attributes.country industry_id.name:attributes.industry _tags:attributes.tags",
    "res.partner": "id:external_id _account:account_external_id name:name _email:email? "
    "_phone:phone? lang:language? _tags:attributes.tags",
    "crm.lead.person": "_name:name _email:email? _phone:phone? lang_code:language?",
    "crm.lead": "id:external_id _contact:contact_external_id _account:account_external_id "
    "name:name stage_id.name:stage _state:state create_date:opened_at _closes_on:closes_on?",
    "sale.order": "id:external_id _contact:contact_external_id _account:account_external_id "
    "name:number state:state date_order:ordered_at",
    "sale.order.line": "id:external_id order_id:order_external_id product_id:product_external_id "
    "_name:name product_uom_qty:quantity",
    "account.move": "id:external_id _contact:contact_external_id _account:account_external_id "
    "_number:number _state:state _on:issued_on invoice_date_due:due_on? _paid_on:paid_on?",
    "account.payment": "id:external_id _contact:contact_external_id _account:account_external_id "
    "_invoice:invoice_external_id _method:method _on:paid_at",
    "product.product": "id:external_id name:name default_code:number? categ_id.name:category?",
    "stock.move": "id:external_id product_id:product_external_id _kind:kind _quantity:quantity "
    "date:occurred_at",
    "helpdesk.ticket": "_contact:contact_external_id _account:account_external_id name:subject "
    "stage_id.name:outcome create_date:occurred_at _duration:duration_seconds?",
    "mail.message": "_contact:contact_external_id _account:account_external_id _channel:channel "
    "_subject:subject date:occurred_at _direction:attributes.direction",
    "calendar.event": "_contact:contact_external_id _account:account_external_id name:subject "
    "start:occurred_at _duration:duration_seconds?",
    "sale.subscription": _TERMS,
    "sale.subscription.contract": _TERMS,
}  # fmt: skip
_AMOUNTS: MappingOf[str, tuple[str, str]] = {
    "crm.lead": ("expected_revenue", "company_currency.name"),
    "sale.order": ("amount_total", "currency_id.name"),
    "sale.order.line": ("price_subtotal", "currency_id.name"),
    "account.move": ("_amount", "currency_id.name"),
    "account.payment": ("_amount", "currency_id.name"),
    "sale.subscription": ("recurring_monthly", "currency_id.name"),
    "sale.subscription.contract": ("recurring_monthly", "currency_id.name"),
}
_CONSTANTS: MappingOf[str, tuple[str, str]] = {
    "helpdesk.ticket": ("kind", "support_contact"), "mail.message": ("kind", "message"),
    "calendar.event": ("kind", "meeting"), "sale.subscription": ("interval", "month"),
    "sale.subscription.contract": ("interval", "month"),
}  # fmt: skip


def offered(server: Server) -> list[Table]:
    """The tables whose models are installed, in a version that has them, and may be read."""
    return [each for each in TABLES if is_offered(server, each)]


def is_offered(server: Server, table: Table) -> bool:
    """Whether this user may read the table here."""
    known = server.fields(table.model)
    is_there = bool(known) and (not table.needs or table.needs in known)
    return is_there and server.may(table.model, "read")


def make(table: Table, known: MappingOf[str, Field], region: str = "") -> Stream:
    """The stream of a table. `region` is for phone numbers without a country."""
    fields = table.fields(known)
    return Stream(
        name=table.name,
        key=("id",),
        entity=table.entity,
        cursor="write_date",
        # All ids are compared now and then; Odoo leaves no trace of what it deletes.
        deletes="sweep",
        fields=fields,
        label=table.label,
        default_mapping=Mapping(table.entity, tuple(_lines(table, fields, region))),
    )


def _lines(table: Table, fields: MappingOf[str, str], region: str) -> list[FieldMapping]:
    lines: list[FieldMapping] = []
    if not _LINES[table.name].startswith("id:"):
        # Records of several models come together here, and are told apart by the model's name.
        options: dict[str, Any] = {"sources": ["id"], "prefix": f"{table.model},"}
        lines.append(FieldMapping("id", "external_id", "join", options))
    for pair in _LINES[table.name].split():
        source, _, target = pair.partition(":")
        options = dict(_LENIENT) if target.endswith("?") else {}
        target = target.removesuffix("?")
        if target == "phone" and region:
            options["region"] = region.upper()
        if source in fields:
            lines.append(FieldMapping(source, target, None, options))
    if table.name in _CONSTANTS:
        target, word = _CONSTANTS[table.name]
        lines.append(FieldMapping("", target, "constant", {"value": word}))
    lines += _amount(table, fields)
    return [*lines, FieldMapping("write_date", "modified_at")]


def _amount(table: Table, fields: MappingOf[str, str]) -> list[FieldMapping]:
    if table.name not in _AMOUNTS:
        return []
    source, code = _AMOUNTS[table.name]
    if source not in fields and "planned_revenue" in fields:
        source = "planned_revenue"  # its name up to Odoo 13
    if source not in fields or code not in fields:
        return []
    # An invoice or payment without an amount is refused; the others are worth having.
    lenient = {} if table.entity in ("invoice", "payment") else _LENIENT
    options = {"currency_from": code, "rounding": "half_up", **lenient}
    return [FieldMapping(source, "amount_minor", None, options)]
