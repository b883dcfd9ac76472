"""Which streams a folder offers: one per file or pattern, typed and mapped from a sample."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from connectors.fields import FieldMapping
from connectors.mapping import Mapping as FieldMap
from connectors.mapping import suggest, suggest_measurements
from connectors.records import Raw, Stream
from connectors.systems.files.tables import type_of

_BY_NAME = (
    ("measurement", r"measure|metric|kpi"),
    ("interaction", r"interaction|order|purchase|transaction|invoice|ticket|case|call|visit|event"),
    ("account", r"account|compan|organi[sz]ation|firm|household"),
    ("contact", r"contact|customer|people|person|client|member|employee|user"),
)
_KINDS = (
    ("order", r"order|purchase|transaction|sales"),
    ("support_contact", r"support"),
    ("ticket", r"ticket|case"),
    ("call", r"call"),
    ("visit", r"visit"),
    ("invoice", r"invoice"),
    ("email", r"e?mail"),
)
_ID_LIKE = re.compile(r"(^|[_ -])(id|key|code|number|no|rownames|uuid|guid)$|id$|^column_1$")
_OWNER = re.compile(r"customer|client|contact|account|company|person|member|user|master")
_SCANNED = 200_000


@dataclass(frozen=True, slots=True)
class Sample:
    """The first records of a stream and its column names."""

    names: tuple[str, ...]
    records: tuple[Raw, ...]
    unique: frozenset[str] = frozenset()

    def types(self) -> dict[str, str]:
        """Column name to type."""
        return {n: type_of([record.get(n) for record in self.records]) for n in self.names}


@dataclass(frozen=True, slots=True)
class Defaults:
    """What to assume where a file does not say: currency, time zone, country of phone numbers."""

    currency: str = ""
    zone: str = ""
    region: str = ""


def id_columns(names: Sequence[str]) -> list[str]:
    """Those of the first columns whose names sound like an id."""
    return [each for each in names[:5] if _ID_LIKE.search(_spaced(each))]


def unique_columns(names: Sequence[str], records: Iterable[Raw]) -> frozenset[str]:
    """Which of the columns have a different value in each record (of the first 200,000)."""
    seen: dict[str, set[int]] = {name: set() for name in names}
    if not seen:
        return frozenset()
    number = 0
    for number, record in enumerate(islice(records, _SCANNED), start=1):
        for name, values in list(seen.items()):
            value = record.get(name)
            values.add(hash(value))
            if len(values) < number or value is None or value == "":
                del seen[name]
        if not seen:
            break
    return frozenset(seen) if number > 1 else frozenset()


def choose_key(
    sample: Sample, wanted: Sequence[str], entity: str, is_grouped: bool
) -> tuple[str, ...]:
    """The wanted columns, or the first id column that never repeats, or the row's number.

    A customer's id is no key of what happened to customers, however unique it is so far.
    """
    if wanted and list(wanted) != ["row"]:
        return tuple(wanted)
    if not wanted:
        for name in id_columns(sample.names):
            is_owner = entity in ("interaction", "measurement") and _OWNER.search(_spaced(name))
            if name in sample.unique and not is_owner:
                return (name,)
    return ("_file", "_row") if is_grouped else ("_row",)


def _spaced(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def guess_entity(name: str, names: Sequence[str]) -> str:
    """The kind of record a file holds, by its name and then by its columns."""
    header = {re.sub(r"[^a-z0-9]+", "_", each.lower()).strip("_") for each in names}
    is_metric = "metric" in header and bool(header & {"value", "amount"})
    stem = name.rsplit("/", 1)[-1].lower()
    for entity, pattern in _BY_NAME:
        if re.search(pattern, stem) and (entity != "measurement" or is_metric):
            return entity
    if is_metric:
        return "measurement"
    if header & {"email", "e_mail", "first_name", "last_name", "phone", "gender", "birth_date"}:
        return "contact"
    if header & {"date", "occurred_at", "created_at", "timestamp"} and len(header) > 2:
        return "interaction"
    return "account"


def make_stream(
    name: str,
    sample: Sample,
    key: tuple[str, ...],
    entity: str,
    defaults: Defaults,
    deletes: str,
) -> Stream:
    """The stream with its fields and the mappings it proposes."""
    mapping = suggest(entity, sample.names, sample.records, key)
    more: Sequence[FieldMap] = ()
    if entity in ("account", "contact") and key[-1] != "_row":
        more = suggest_measurements(sample.names, sample.records, key, entity)
    if entity == "interaction" and all(each.target != "kind" for each in mapping.fields):
        kind = FieldMapping("", "kind", "constant", {"value": _kind(name)})
        mapping = replace(mapping, fields=(*mapping.fields, kind))
    return Stream(
        name=name,
        key=key,
        entity=entity,
        deletes=deletes,
        fields=sample.types(),
        label=name,
        default_mapping=_with(mapping, defaults),
        more_mappings=tuple(_with(each, defaults) for each in more),
    )


def _kind(name: str) -> str:
    stem = name.rsplit("/", 1)[-1].lower()
    return next((kind for kind, pattern in _KINDS if re.search(pattern, stem)), "event")


def _with(mapping: FieldMap, defaults: Defaults) -> FieldMap:
    """The mapping with the connection's defaults in the options that ask for them."""
    has_currency = any(each.target == "currency" for each in mapping.fields)
    fields = []
    for each in mapping.fields:
        more: dict[str, Any] = {}
        if each.target == "amount_minor" and defaults.currency and not has_currency:
            more = {"currency": defaults.currency}
        elif each.target in ("occurred_at", "modified_at") and defaults.zone:
            more = {"zone": defaults.zone}
        elif each.target == "phone" and defaults.region:
            more = {"region": defaults.region}
        options: Mapping[str, Any] = {**more, **each.options}
        fields.append(replace(each, options=options))
    return replace(mapping, fields=tuple(fields))
