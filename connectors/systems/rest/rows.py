"""From the entries of an answer to records: flat names, keys, refusals, and types from a sample."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from connectors.records import Raw, Rejected
from connectors.systems.rest.declared import Declared

_DEEPEST = 5
_DAY = re.compile(r"\d{4}-\d\d-\d\d").fullmatch
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?"
).fullmatch


@dataclass(slots=True)
class Rows:
    """The records of one page, by key; what was deleted; what was refused."""

    records: dict[str, Raw] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


def rows_of(declared: Declared, entries: Sequence[tuple[str | None, Any]]) -> Rows:
    """The records of a page's entries. Of two with one key the later stands."""
    found = Rows()
    for number, (name, entry) in enumerate(entries, start=1):
        if not isinstance(entry, Mapping):
            reason = "The entry is no object with names and values; check “records”."
            found.rejected.append(Rejected(None, number, reason, {"entry": entry}))
            continue
        record = flat(entry)
        if name is not None:
            record["_name"] = name
        key = key_of(declared, record)
        if key is None:
            reason = f"The key “{', '.join(declared.key)}” is empty or no single value."
            found.rejected.append(Rejected(None, number, reason, record))
        elif declared.gone and _marks(record.get(declared.gone[0]), declared.gone[1]):
            found.deleted.append(key)
        else:
            found.records.pop(key, None)
            found.records[key] = record
    return found


def key_of(declared: Declared, record: dict[str, Any]) -> str | None:
    """The record's key as `Stream.external_id` forms it; None when a part cannot be one."""
    parts = []
    for name in declared.key:
        value = record.get(name)
        if (
            isinstance(value, Decimal)
            and value == value.to_integral_value()
            and value.adjusted() < 40
        ):
            value = record[name] = int(value)
        usable = isinstance(value, (str, int, Decimal)) and not isinstance(value, bool)
        text = str(value).strip() if usable else ""
        if not text:
            return None
        parts.append(text)
    return "|".join(parts)


def flat(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The same content with dotted names for what is inside objects (`author.id`).

    Lists stay as they are, and so does an object that is empty, deep, or whose dotted name the
    record already has.
    """
    record: dict[str, Any] = {}
    _flatten(entry, "", 1, record, set(entry))
    return record


def _flatten(
    entry: Mapping[str, Any], prefix: str, depth: int, into: dict[str, Any], taken: set[str]
) -> None:
    for name, value in entry.items():
        full = prefix + name
        inner = isinstance(value, dict) and value and depth < _DEEPEST
        if inner and not any(f"{full}.{each}" in taken for each in value):
            _flatten(value, f"{full}.", depth + 1, into, taken)
        else:
            into[full] = value


def _marks(value: Any, wanted: str) -> bool:
    if isinstance(value, bool):
        return str(value).lower() == wanted.lower()
    return value is not None and str(value).strip().lower() == wanted.lower()


def types_of(declared: Declared, sample: Iterable[Raw]) -> dict[str, str]:
    """Field name to type, from a sample; the key, the cursor and mapped sources are always there."""
    values: dict[str, list[Any]] = {name: [] for name in declared.key if name[:1] != "_"}
    if declared.since and declared.since.field:
        values[declared.since.field] = []
    for line in declared.mapped.fields if declared.mapped else ():
        if line.source and line.source[:1] != "_":
            values.setdefault(line.source, [])
    for record in sample:
        for name, value in record.items():
            if name[:1] != "_":
                values.setdefault(name, []).append(value)
    return {name: _type([v for v in found if v is not None]) for name, found in values.items()}


def _type(values: Sequence[Any]) -> str:
    if not values:
        return "any"
    if any(isinstance(value, (list, Mapping)) for value in values):
        return "json"
    if all(isinstance(value, str) for value in values):
        texts = [value for value in values if value]
        for kind, fits in (("date", _DAY), ("datetime", _MOMENT)):
            if texts and all(fits(text) for text in texts):
                return kind
        return "text"
    kinds = {type(value) for value in values}
    if kinds == {bool}:
        return "boolean"
    if kinds == {int}:
        return "integer"
    return "decimal" if kinds <= {int, Decimal, float} else "any"
