"""The streams of the in-memory system, with their fields and the mappings they propose."""

from __future__ import annotations

from connectors.fields import FieldMapping
from connectors.mapping import Mapping
from connectors.records import ENTITIES, Stream

_TYPES = {"key": "text", "lower": "text", "email": "text", "e164": "text", "language": "text"}
_TYPES |= {"money": "integer", "currency": "text"}
_PLURALS = {
    "account": "accounts",
    "contact": "contacts",
    "interaction": "interactions",
    "measurement": "measurements",
}


def _stream(entity: str, name: str) -> Stream:
    declared = ENTITIES[entity]
    source = {"external_id": "id", "amount_minor": "amount"}
    named = {source.get(each.name, each.name): each for each in declared.fields}
    types = {"amount": "decimal"}
    fields = {n: types.get(n, _TYPES.get(each.type, each.type)) for n, each in named.items()}
    return Stream(
        name=name,
        key=("id",),
        entity=entity,
        cursor="modified_at",
        deletes="tombstones",
        writes=frozenset({"upsert"}),
        fields={**fields, "efm_id": "text", "notes": "text"},
        label=declared.label,
        default_mapping=Mapping(
            entity, tuple(FieldMapping(n, each.name) for n, each in named.items())
        ),
    )


STREAMS: tuple[Stream, ...] = tuple(_stream(entity, name) for entity, name in _PLURALS.items())
