"""The mappings that tables propose: by names, by what foreign keys point at, by some rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.entities import ENTITIES
from connectors.fields import FieldMapping
from connectors.mapping import Mapping as FieldMap
from connectors.mapping import suggest, suggest_measurements
from connectors.records import Raw, Stream
from connectors.systems.sql.catalog import Catalog
from connectors.systems.sql.columns import Table, plain
from connectors.systems.sql.guessing import guess, kind_of, words_of

_POINTS_AT = {
    "account": "account_external_id", "contact": "contact_external_id",
    "product": "product_external_id", "order": "order_external_id",
    "invoice": "invoice_external_id",
}  # fmt: skip
# Columns that name one of the staff, not the customer.
_STAFF = re.compile(
    r"creat|updat|modif|chang|assign|owner|manager|sales|staff|employee|approv|delet|author|agent"
)
_STATES: Mapping[str, Mapping[str, str]] = {
    "opportunity": {
        "open": "open new draft pending qualified qualification proposition negotiation active sent",
        "won": "won accepted ordered closed_won success sale",
        "lost": "lost rejected refused cancelled canceled cancel closed_lost dead",
    },
    "invoice": {
        "draft": "draft proforma new",
        "open": "open posted validated sent unpaid overdue partial partially_paid issued due",
        "paid": "paid settled closed in_payment complete completed",
        "void": "void voided cancel cancelled canceled deleted reversed",
    },
    "subscription": {
        "trial": "trial trialing trialling",
        "active": "active running open in_progress valid renewed",
        "paused": "paused suspended on_hold",
        "ended": "ended closed cancelled canceled cancel expired terminated churned",
    },
}
_LENIENT = ("date", "datetime", "e164", "email", "language")


def stream_of(
    table: Table, catalog: Catalog, sample: Sequence[Raw], config: Mapping[str, Any]
) -> Stream:
    """The stream of a table with its fields, what it says of deletions, and what it proposes."""
    names = [each.name for each in table.columns]
    entity, is_clear = guess(table.name, names)
    key = tuple(each.name for each in table.key)
    deletes = "sweep" if table.cursor is None else "soft" if table.has_flag else "none"
    mapping: FieldMap | None = None
    more: list[FieldMap] = []
    if is_clear:
        mapping = _if_useful(_mapping(table, entity, catalog, sample, config))
    if mapping is not None and entity in ("account", "contact"):
        more = [
            _with_defaults(each, config)
            for each in suggest_measurements(names, sample, key, entity)
        ]
    return Stream(
        name=table.name,
        key=key,
        entity=entity,
        cursor=table.cursor.name if table.cursor else None,
        deletes=deletes,
        fields={each.name: each.kind for each in table.columns},
        label=table.name,
        default_mapping=mapping,
        more_mappings=tuple(more),
    )


def _if_useful(mapping: FieldMap) -> FieldMap | None:
    """The mapping, unless it lacks more than the currency, which an admin enters, or says nothing
    but the id: a table can be called like something and hold another thing."""
    said = [each for each in mapping.fields if each.converter != "constant"]
    lacks = set(mapping.problems()) - {"amount_minor"}
    has_amount = any(each.target == "amount_minor" for each in mapping.fields)
    if lacks or len(said) < 2 or (mapping.problems() and not has_amount):
        return None
    return mapping


def is_worth_sampling(table: Table) -> bool:
    """Whether some rows are looked at: only where a mapping is going to be proposed."""
    return guess(table.name, [each.name for each in table.columns])[1]


def _mapping(
    table: Table,
    entity: str,
    catalog: Catalog,
    sample: Sequence[Raw],
    config: Mapping[str, Any],
) -> FieldMap:
    names = [each.name for each in table.columns]
    found = suggest(entity, names, sample, tuple(each.name for each in table.key))
    chosen = {each.target: each for each in found.fields}
    targets = {each.name for each in ENTITIES[entity].fields}
    _point(chosen, table, catalog, targets)
    if table.cursor is not None and "modified_at" in targets:
        chosen["modified_at"] = FieldMapping(table.cursor.name, "modified_at")
    if "name" in targets and "name" not in chosen and entity == "contact":
        joined = _full_name(names)
        chosen |= {"name": joined} if joined is not None else {}
    if entity == "interaction" and "kind" not in chosen:
        value = {"value": kind_of(table.name)}
        chosen["kind"] = FieldMapping("", "kind", "constant", value)
    if "state" in chosen and entity in _STATES:
        chosen["state"] = FieldMapping(
            chosen["state"].source, "state", "enum", {"map": _states(entity), "unknown": "empty"}
        )
    _require_types(chosen, table)
    return _with_defaults(replace(found, fields=tuple(chosen.values())), config)


def _point(
    chosen: dict[str, FieldMapping], table: Table, catalog: Catalog, targets: set[str]
) -> None:
    """Maps the columns that hold the key of a customer, product, order or invoice, by what the
    table they point at holds; a name alone does not tell a person from a company."""
    keys = {each.name for each in table.key} if len(table.key) == 1 else set()
    taken: set[str] = set()
    for column in table.columns:
        entity = _entity_behind(column.name, table, catalog)
        target = _POINTS_AT.get(entity or "")
        if target not in targets or target in taken or column.name in keys or target is None:
            continue
        if _STAFF.search(column.name.lower()):
            continue
        taken.add(target)
        for other in [n for n, each in chosen.items() if each.source == column.name]:
            del chosen[other]
        chosen[target] = FieldMapping(column.name, target)


def _entity_behind(name: str, table: Table, catalog: Catalog) -> str | None:
    """What the table holds that a column points at, by foreign key or else by its name."""
    reference = table.refers.get(name)
    if reference is not None:
        for other in catalog.tables.values():
            is_it = other.listed.name == reference.table
            if is_it and reference.schema in (None, other.listed.schema):
                own = [each.name for each in other.key]
                return _clear(other) if own == [reference.column] else None
        return None
    words = words_of(name)
    if len(words) < 2 or words[-1] not in ("id", "key", "code", "number", "no"):
        return None
    for other in catalog.tables.values():
        if len(other.key) == 1 and words_of(other.listed.name)[-1:] == words[-2:-1]:
            return _clear(other)
    return None


def _clear(table: Table) -> str | None:
    entity, is_clear = guess(table.name, [each.name for each in table.columns])
    return entity if is_clear else None


def _full_name(names: Sequence[str]) -> FieldMapping | None:
    by_name = {plain(name): name for name in names}
    first = next((by_name[n] for n in ("firstname", "givenname", "fname") if n in by_name), None)
    last = next(
        (by_name[n] for n in ("lastname", "surname", "familyname", "lname") if n in by_name), None
    )
    if first and last:
        return FieldMapping("", "name", "join", {"sources": [first, last], "separator": " "})
    return FieldMapping(first or last or "", "name") if first or last else None


def _states(entity: str) -> dict[str, str]:
    return {word: state for state, words in _STATES[entity].items() for word in words.split()}


def _require_types(chosen: dict[str, FieldMapping], table: Table) -> None:
    """Takes back what the types speak against: a number is no time, a time is no amount."""
    kinds = {each.name: each.kind for each in table.columns}
    wanted = {
        "datetime": ("date", "datetime", "text", "any"),
        "money": ("integer", "decimal", "float", "text", "any"),
        "decimal": ("integer", "decimal", "float", "boolean", "text", "any"),
    }
    wanted["date"] = wanted["datetime"]
    entity = guess(table.name, list(kinds))[0]
    for target, mapped in list(chosen.items()):
        kind = kinds.get(mapped.source)
        fitting = wanted.get(ENTITIES[entity].field(target).type)
        if kind is not None and fitting is not None and kind not in fitting:
            del chosen[target]


def _with_defaults(mapping: FieldMap, config: Mapping[str, Any]) -> FieldMap:
    """The mapping with the connection's currency, zone and country where these are asked for, and
    so that an odd value of a field that may be empty does not cost the record."""
    entity = ENTITIES[mapping.entity]
    has_currency = any(each.target == "currency" for each in mapping.fields)
    fields = []
    for each in mapping.fields:
        declared = entity.field(each.target)
        options: dict[str, Any] = {}
        if declared.type == "money" and config["currency"] and not has_currency:
            options["currency"] = config["currency"]
        elif declared.type == "datetime" and config["zone"]:
            options["zone"] = config["zone"]
        elif declared.type == "e164" and config["region"]:
            options["region"] = config["region"]
        if declared.type in _LENIENT and not declared.required and not each.converter:
            options["on_error"] = "attribute"
        fields.append(replace(each, options={**options, **each.options}))
    return replace(mapping, fields=tuple(fields))
