"""A customer's fields, derived from what all sources said: which word survives, and whose it is.

For each field: the sources in the declared order first, then the newest change, and what nobody
filled in never wins. Nothing else decides, so the same words always give the same customer.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from connectors.canonical import Account, Contact
from efm.customers.rules import FIELDS, Rules

_SCALARS = {"contact": ("name", "email", "phone", "language"), "account": ("name", "domain")}
_POINTS_TO = {"contact": ("account", "account_id"), "account": ("parent", "parent_account_id")}
_BARE = {
    # One of whom nothing but an id is known is called by that id.
    "contact": "CASE WHEN bool_and(said = '{}') THEN min(external_id) ELSE '' END",
    "account": "(array_agg(external_id ORDER BY at DESC, id DESC))[1]",
}


def said_by(record: Contact | Account) -> dict[str, Any]:
    """What a record says of its customer, without what it leaves open."""
    if isinstance(record, Contact):
        said: dict[str, Any] = {
            "name": record.name, "email": record.email, "phone": record.phone,
            "language": record.language, "account": record.account_external_id,
        }  # fmt: skip
    else:
        said = {
            "name": record.name, "domain": record.domain, "parent": record.parent_external_id,
        }  # fmt: skip
    said = {name: value for name, value in said.items() if value is not None}
    if record.attributes:
        said["attributes"] = dict(record.attributes)
    return said


def _order(name: str) -> str:
    """Whose word goes first on a field."""
    place = f"array_position(CAST(:first_{name} AS uuid[]), connection_id)"
    return f"{place} NULLS LAST, at DESC, id DESC"


def _said(entity: str) -> str:
    """What all identities of some customers said, and where their word on others leads."""
    word, _ = _POINTS_TO[entity]
    return (
        f"said AS (SELECT i.{entity}_id AS customer_id, i.id, i.connection_id, i.external_id, i.said,"
        " coalesce(i.modified_at, i.said_at) AS at, p.account_id AS points_to"
        " FROM identities i LEFT JOIN identities p ON p.connection_id = i.connection_id"
        f" AND p.entity = 'account' AND p.external_id = i.said->>'{word}'"
        + (" AND p.account_id <> i.account_id" if entity == "account" else "")
        + f" WHERE i.{entity}_id = ANY(:ids))"
    )


def _first(value: str, name: str, filled: str) -> str:
    return f"(array_agg({value} ORDER BY {_order(name)}) FILTER (WHERE {filled} IS NOT NULL))[1]"


def _derive(entity: str) -> TextClause:
    """Writes the fields of customers that are not as derived."""
    word, column = _POINTS_TO[entity]
    picked = {
        name: _first(f"said->>'{name}'", name, f"nullif(said->>'{name}', '')")
        for name in _SCALARS[entity]
    }
    picked["name"] = f"coalesce({picked['name']}, {_BARE[entity]})"
    picked[column] = _first("points_to", word, "points_to")
    derived = ", ".join(f"{value} AS {name}" for name, value in picked.items())
    # The last of several values of a key stays, so the order is turned round.
    worst_first = (
        "array_position(CAST(:first_attributes AS uuid[]), connection_id) DESC NULLS FIRST, at, id"
    )
    values = {name: f"d.{name}" for name in picked} | {"attributes": "coalesce(a.attributes, '{}')"}
    return text(
        f"WITH {_said(entity)}, d AS (SELECT customer_id, {derived} FROM said GROUP BY customer_id),"
        f" a AS (SELECT customer_id, jsonb_object_agg(e.key, e.value ORDER BY {worst_first})"
        " AS attributes FROM said, jsonb_each(said.said->'attributes') e GROUP BY customer_id)"
        f" UPDATE {entity}s c SET "
        + ", ".join(f"{name} = {value}" for name, value in values.items())
        + ", updated_at = :now FROM d LEFT JOIN a USING (customer_id) WHERE c.id = d.customer_id"
        + f" AND ({', '.join('c.' + name for name in values)})"
        + f" IS DISTINCT FROM ({', '.join(values.values())})"
    )


_DERIVE = {entity: _derive(entity) for entity in FIELDS}
# Whoever leads back to himself has no parent: two accounts cannot be above each other.
_CUT_CIRCLES = text(
    "WITH RECURSIVE up AS (SELECT id AS start, parent_account_id AS at, 1 AS depth FROM accounts"
    " WHERE id = ANY(:ids) AND parent_account_id IS NOT NULL UNION ALL"
    " SELECT up.start, a.parent_account_id, up.depth + 1 FROM up JOIN accounts a ON a.id = up.at"
    " WHERE a.parent_account_id IS NOT NULL AND up.at <> up.start AND up.depth < 50)"
    " UPDATE accounts SET parent_account_id = NULL WHERE id IN"
    " (SELECT start FROM up WHERE at = start)"
)


def derive(
    session: Session, entity: str, ids: Collection[uuid.UUID], rules: Rules, now: datetime
) -> int:
    """Bring customers' fields to what their sources say; how many changed.

    One of whom no source speaks keeps what it has.
    """
    if not ids:
        return 0
    values: dict[str, Any] = {"ids": list(ids), "now": now}
    values |= {f"first_{name}": rules.priority(entity, name) for name in FIELDS[entity]}
    result: Any = session.execute(_DERIVE[entity], values)
    if entity == "account" and result.rowcount:
        session.execute(_CUT_CIRCLES, {"ids": list(ids)})
    return int(result.rowcount)


@dataclass(frozen=True)
class Origin:
    """Who said what stands in a field, and when."""

    source: str
    external_id: str
    at: datetime


def _origins(entity: str) -> TextClause:
    word, _ = _POINTS_TO[entity]
    fields = {name: f"nullif(said->>'{name}', '')" for name in _SCALARS[entity]}
    fields[word] = "points_to"
    parts = " UNION ALL ".join(
        f"(SELECT '{name}' AS field, connection_id, external_id, at FROM said"
        f" WHERE {filled} IS NOT NULL ORDER BY {_order(name)} LIMIT 1)"
        for name, filled in fields.items()
    )
    return text(
        f"WITH {_said(entity)} SELECT o.field, c.name AS source, o.external_id, o.at FROM ({parts}) o"
        " JOIN connections c ON c.id = o.connection_id"
    )


_ORIGINS = {entity: _origins(entity) for entity in FIELDS}


def origins(
    session: Session, entity: str, customer_id: uuid.UUID, rules: Rules
) -> Mapping[str, Origin]:
    """By field, whose word stands there."""
    values: dict[str, Any] = {"ids": [customer_id]}
    values |= {
        f"first_{name}": rules.priority(entity, name)
        for name in FIELDS[entity]
        if name != "attributes"
    }
    rows = session.execute(_ORIGINS[entity], values)
    return {row.field: Origin(row.source, row.external_id, row.at) for row in rows}
