"""The streams of an inbound webhook: fields and a mapping proposed from an example, if there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from connectors.fields import FieldMapping
from connectors.mapping import Mapping, suggest
from connectors.records import ENTITIES, Raw, Stream

_OURS = {"_delivery": "text", "_type": "text", "_timestamp": "any"}
_WHEN = ("occurred_at", "ordered_at", "paid_at", "modified_at")


def make_stream(name: str, entity: str, key: str, example: Sequence[Raw]) -> Stream:
    """The stream of that name. Without a key each delivery is a record of its own.

    Without an example there is no mapping; the fields are those that the first deliveries show.
    """
    own = (key,) if key else ("_delivery",)
    names = list(dict.fromkeys(n for record in example for n in record if not n.startswith("_")))
    fields = {each: _type([record.get(each) for record in example]) for each in names}
    return Stream(
        name=name,
        key=own,
        entity=entity,
        fields={**fields, **({key: fields.get(key, "any")} if key else {}), **_OURS},
        label=name,
        default_mapping=_mapping(name, entity, own, names, example) if example else None,
    )


def _mapping(
    name: str, entity: str, key: tuple[str, ...], names: Sequence[str], example: Sequence[Raw]
) -> Mapping:
    """What names and values suggest, and what every delivery says: its kind and its time."""
    found = suggest(entity, [*key, *(n for n in names if n not in key)], example, key)
    known = {each.target for each in found.fields}
    wanted = {each.name for each in ENTITIES[entity].fields}
    more = []
    if "kind" in wanted - known:
        more.append(FieldMapping("", "kind", "constant", {"value": name[:60]}))
    if any(record.get("_timestamp") for record in example):
        form = {"formats": ["iso", "epoch"]}
        more += [
            FieldMapping("_timestamp", each, None, form) for each in _WHEN if each in wanted - known
        ]
    return replace(found, fields=(*found.fields, *more))


def _type(values: Sequence[Any]) -> str:
    """The type of a field by the example's values (see FIELD_TYPES)."""
    kinds = {_kind(value) for value in values if value is not None}
    return kinds.pop() if len(kinds) == 1 else "any"


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "float"
    return "json" if isinstance(value, (dict, list)) else "text"
