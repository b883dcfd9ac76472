"""The streams of an environment, made of its tables' definitions, and the mappings they propose."""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingOf
from types import MappingProxyType
from typing import Any

from connectors.fields import FieldMapping
from connectors.mapping import Mapping
from connectors.records import Stream
from connectors.systems.dataverse.tables import Table

Line = tuple[Any, ...]
ENTITY_OF: MappingOf[str, str] = MappingProxyType(
    {
        "account": "account",
        "contact": "contact",
        "lead": "contact",
        "incident": "interaction",
        "phonecall": "interaction",
        "email": "interaction",
        "appointment": "interaction",
        "task": "interaction",
        "opportunity": "opportunity",
        "salesorder": "order",
        "salesorderdetail": "order_line",
        "invoice": "invoice",
        "product": "product",
    }
)
"""The tables of Sales and Customer Service that are read where the environment has them."""

_LENIENT = {"on_error": "attribute"}
_PREFIX = re.compile(r"^[a-z0-9]{2,8}_")
_CUSTOMER: tuple[Line, ...] = (
    ("_contact", "contact_external_id"),
    ("_account", "account_external_id"),
)


def _kind(word: str) -> Line:
    return ("", "kind", "constant", {"value": word})


def _money(source: str, is_needed: bool = False) -> Line:
    options = {"currency_from": "_currency", "rounding": "half_even"}
    return (source, "amount_minor", options if is_needed else {**options, **_LENIENT})


def _activity(word: str, *more: Line) -> tuple[Line, ...]:
    return (
        *_CUSTOMER,
        _kind(word),
        ("subject", "subject"),
        ("statuscodename", "outcome"),
        ("_at", "occurred_at"),
        ("_duration", "duration_seconds"),
        *more,
    )


def _channel(word: str) -> Line:
    return ("", "channel", "constant", {"value": word})


_LINES: MappingOf[str, tuple[Line, ...]] = MappingProxyType(
    {
        "account": (
            ("name", "name"),
            ("_domain", "domain", _LENIENT),
            ("_parentaccountid_value", "parent_external_id"),
        ),
        "contact": (
            ("_account", "account_external_id"),
            ("fullname", "name"),
            ("emailaddress1", "email", _LENIENT),
            ("_phone", "phone", _LENIENT),
        ),
        "lead": (
            ("_account", "account_external_id"),
            ("fullname", "name"),
            ("emailaddress1", "email", _LENIENT),
            ("_phone", "phone", _LENIENT),
        ),
        "incident": (
            *_CUSTOMER,
            _kind("support_contact"),
            ("caseorigincodename", "channel"),
            ("title", "subject"),
            ("statuscodename", "outcome"),
            ("createdon", "occurred_at"),
        ),
        "phonecall": _activity("call", _channel("phone")),
        "email": _activity("email", _channel("email")),
        "appointment": _activity("meeting"),
        "task": _activity("task"),
        "opportunity": (
            *_CUSTOMER,
            ("name", "name"),
            ("_stage", "stage"),
            ("_state", "state"),
            ("createdon", "opened_at"),
            ("_closes_on", "closes_on"),
            _money("_amount"),
        ),
        "salesorder": (
            *_CUSTOMER,
            ("ordernumber", "number"),
            ("statuscodename", "state"),
            ("_at", "ordered_at"),
            _money("totalamount"),
        ),
        "salesorderdetail": (
            ("_salesorderid_value", "order_external_id"),
            ("_productid_value", "product_external_id"),
            ("_name", "name"),
            ("quantity", "quantity"),
            _money("extendedamount"),
        ),
        "invoice": (
            *_CUSTOMER,
            ("invoicenumber", "number"),
            ("_state", "state"),
            ("createdon", "issued_on"),
            ("duedate", "due_on"),
            _money("totalamount", is_needed=True),
        ),
        "product": (("name", "name"), ("productnumber", "number"), ("_category", "category")),
    }
)


def make(table: Table, region: str = "") -> Stream:
    """The stream of a table. `region` is for phone numbers that name no country."""
    entity = ENTITY_OF.get(table.name, "interaction")
    mapping = Mapping(entity, tuple(_fields(table, region)))
    is_usable = not mapping.problems() and _is_about_somebody(table)
    deletes = "tombstones" if table.is_tracked else "none" if table.modified else "sweep"
    return Stream(
        name=table.name,
        key=(table.key,),
        entity=entity,
        cursor=table.modified or None,
        deletes=deletes,
        fields=table.fields,
        label=table.label,
        default_mapping=mapping if is_usable else None,
        more_mappings=(_revenue(table),) if "revenue" in table.columns and is_usable else (),
    )


def _fields(table: Table, region: str) -> list[FieldMapping]:
    lines = [FieldMapping(table.key, "external_id")]
    for source, target, *more in _LINES.get(table.name) or _of_custom(table):
        if source and not source.startswith("_") and source not in table.fields:
            continue
        options = dict(more[-1]) if more else {}
        if target == "phone" and region:
            options["region"] = region
        lines.append(FieldMapping(source, target, more[0] if len(more) == 2 else None, options))
    if table.modified:
        lines.append(FieldMapping(table.modified, "modified_at"))
    return lines


def _revenue(table: Table) -> Mapping:
    """The yearly revenue an account is said to have, undated; beside the account itself."""
    options = {"currency_from": "_currency", "rounding": "half_even"}
    key = {"sources": [table.key]}
    return Mapping(
        "measurement",
        (
            FieldMapping("", "external_id", "join", {**key, "suffix": ":revenue"}),
            FieldMapping("", "account_external_id", "join", key),
            FieldMapping("", "metric", "constant", {"value": "revenue"}),
            FieldMapping("_revenue", "amount_minor", None, options),
        ),
        keep_unmapped=False,
    )


def _of_custom(table: Table) -> tuple[Line, ...]:
    """A table of the organization's own is taken for something that happened to a customer."""
    lines: list[Line] = [*_CUSTOMER, _kind(_PREFIX.sub("", table.name)[:60] or table.name[:60])]
    if table.title:
        lines.append((table.title, "subject"))
    return (*lines, ("createdon", "occurred_at"))


def _is_about_somebody(table: Table) -> bool:
    """A customer, or something of one; a mapping that names none would refuse every record."""
    if table.name in ENTITY_OF or table.is_activity:
        return True
    to = {each for targets in table.points_to.values() for each in targets}
    kinds = {each.kind for each in table.columns.values()}
    return bool(to & {"account", "contact", "lead"}) or "Customer" in kinds
