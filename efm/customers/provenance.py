"""Which source said what of a customer and when: whose word stands, and who says otherwise."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import text
from sqlalchemy.orm import Session

from efm.customers.rules import FIELDS, Rules

# A customer joined of more records than this shows the words of those that spoke last.
MOST = 200
# What one source says of one thing: nothing, or a value.
_Said: TypeAlias = tuple[Any, ...]
_POINTERS: Mapping[str, str] = {"contact": "account", "account": "parent"}


def _read(entity: str) -> Any:
    word = _POINTERS[entity]
    return text(
        "SELECT i.id, i.connection_id, i.external_id, i.matched_by, i.said, i.modified_at, i.said_at,"
        " c.name AS source, a.id AS points_to, a.name AS points_to_name FROM identities i"
        " JOIN connections c ON c.organization_id = i.organization_id AND c.id = i.connection_id"
        " LEFT JOIN identities p ON p.organization_id = i.organization_id"
        " AND p.connection_id = i.connection_id AND p.entity = 'account'"
        f" AND p.external_id = i.said->>'{word}'"
        " LEFT JOIN accounts a ON a.organization_id = p.organization_id AND a.id = p.account_id"
        f" WHERE i.{entity}_id = :id"
        f" ORDER BY coalesce(i.modified_at, i.said_at) DESC, i.id DESC LIMIT {MOST}"
    )


_READ = {entity: _read(entity) for entity in _POINTERS}


@dataclass(frozen=True)
class Word:
    """What one source says, and since when (its own time of change where it gives one)."""

    source: str
    external_id: str
    at: datetime
    value: Any


@dataclass(frozen=True)
class Known:
    """A field or an attribute: the word that stands, and the sources that say otherwise."""

    name: str
    stands: Word
    others: Sequence[Word]


@dataclass(frozen=True)
class Record:
    """The customer in one source: how it was found to be the same, and when it last said something."""

    identity_id: uuid.UUID
    source: str
    external_id: str
    matched_by: str
    said_at: datetime
    modified_at: datetime | None


@dataclass(frozen=True)
class Provenance:
    """All records of a customer, and by name the fields and the attributes with whose word they are."""

    records: Sequence[Record]
    fields: Mapping[str, Known]
    attributes: Mapping[str, Known]


def read(session: Session, entity: str, customer_id: uuid.UUID, rules: Rules) -> Provenance:
    """What the sources of a contact or an account say, in the order by which words survive."""
    rows = session.execute(_READ[entity], {"id": customer_id}).all()
    fields: dict[str, Known] = {}
    for name in FIELDS[entity]:
        known = None
        if name == _POINTERS[entity]:
            known = _known(name, rows, rules.priority(entity, name), _pointed(customer_id))
        elif name != "attributes":
            known = _known(name, rows, rules.priority(entity, name), _field(name))
        if known:
            fields[name] = known
    keys = sorted({key for row in rows for key in _attributes(row)})
    order = rules.priority(entity, "attributes")
    found = (_known(key, rows, order, _attribute(key)) for key in keys)
    records = [
        Record(
            row.id, row.source, row.external_id, row.matched_by, row.said_at, row.modified_at
        )
        for row in sorted(rows, key=lambda row: (row.source, row.external_id))
    ]  # fmt: skip
    return Provenance(records, fields, {known.name: known for known in found if known})


def _known(
    name: str, rows: Sequence[Any], order: Sequence[uuid.UUID], word: Callable[[Any], _Said]
) -> Known | None:
    """The first word in the declared order of sources, then the newest; the rest where it differs."""
    place = {connection: number for number, connection in enumerate(order)}
    # The rows come newest first, and sorting keeps that among sources of one place.
    ranked = sorted(rows, key=lambda row: place.get(row.connection_id, len(place)))
    words = [
        Word(row.source, row.external_id, row.modified_at or row.said_at, value)
        for row in ranked
        for value in word(row)
    ]
    if not words:
        return None
    stands = words[0]
    return Known(name, stands, [each for each in words[1:] if each.value != stands.value])


def _field(name: str) -> Callable[[Any], _Said]:
    return lambda row: (row.said[name],) if row.said.get(name) else ()


def _pointed(customer_id: uuid.UUID) -> Callable[[Any], _Said]:
    """The account a record points to, by its name; never to itself."""
    return lambda row: () if row.points_to in (None, customer_id) else (row.points_to_name,)


def _attributes(row: Any) -> Mapping[str, Any]:
    given = row.said.get("attributes")
    return given if isinstance(given, dict) else {}


def _attribute(key: str) -> Callable[[Any], _Said]:
    """Of attributes what is empty is a word too."""
    return lambda row: (_attributes(row)[key],) if key in _attributes(row) else ()
