"""The streams of the in-memory system, with their fields and the mappings they propose."""

from __future__ import annotations

from connectors.fields import FieldMapping
from connectors.mapping import Mapping
from connectors.records import ENTITIES, Stream, Target

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
        fields={**fields, "efm_id": "text", "notes": "text"},
        label=declared.label,
        default_mapping=Mapping(
            entity, tuple(FieldMapping(n, each.name) for n, each in named.items())
        ),
    )


STREAMS: tuple[Stream, ...] = tuple(_stream(entity, name) for entity, name in _PLURALS.items())


def _fields(stream: str, *left_out: str) -> dict[str, str]:
    (found,) = (each for each in STREAMS if each.name == stream)
    return {n: kind for n, kind in found.fields.items() if n not in ("id", "efm_id", *left_out)}


TARGETS: tuple[Target, ...] = (
    Target("account", "Fields of accounts", "update", "accounts", _fields("accounts")),
    Target("contact", "Fields of contacts", "update", "contacts", _fields("contacts")),
    Target(
        "note", "Notes on contacts", "upsert", "contacts",
        _fields("interactions", "contact_external_id", "account_external_id"),
        appears_in="interactions",
    ),
    Target("person", "Contacts of ours", "upsert", "", _fields("contacts"), appears_in="contacts"),
)  # fmt: skip
