"""Two customers that are one: everything of the one moves to the other, and what moved is kept."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from efm.clock import new_id
from efm.customers import identity, rules, survivorship
from efm.customers.references import REFERENCES, Reference
from efm.customers.rows import as_json
from efm.errors import Conflict, NotFound

ENTITIES = ("contact", "account")
_PAIRS = "jsonb_to_recordset(CAST(:pairs AS jsonb)) AS p(winner uuid, loser uuid)"


@dataclass(frozen=True)
class Pair:
    """Whom to merge into whom, by which rule and why, in words."""

    winner: uuid.UUID
    loser: uuid.UUID
    rule: str
    reasons: Sequence[str] = field(default_factory=tuple)


def _move(reference: Reference) -> TextClause:
    """Moves rows of losers to their winners; where there may be one only, the first one goes."""
    table, column = reference.table, reference.column
    guard = ""
    if reference.alone_in:
        same = " AND ".join(f"o.{name} = t.{name}" for name in reference.alone_in)
        guard = (
            f" AND NOT EXISTS (SELECT 1 FROM {table} o WHERE {same} AND (o.{column} = p.winner"
            f" OR o.id < t.id AND o.{column} IN (SELECT q.loser FROM pairs q"
            " WHERE q.winner = p.winner)))"
        )
    if column == "parent_account_id":
        guard = " AND t.id <> p.winner"  # Nobody becomes one's own parent.
    return text(
        f"WITH pairs AS (SELECT * FROM {_PAIRS}), moved AS (UPDATE {table} t SET {column} = p.winner"
        f" FROM pairs p WHERE t.{column} = p.loser{guard} RETURNING p.loser, t.id)"
        " SELECT loser, array_agg(id) AS ids FROM moved GROUP BY loser"
    )


_MOVES = {
    entity: {each.name: _move(each) for each in references}
    for entity, references in REFERENCES.items()
}
_FIELDS = {
    "contact": ["account_id", "name", "email", "phone", "language", "attributes"],
    "account": ["parent_account_id", "name", "domain", "attributes"],
}
_ALIVE = {
    entity: text(f"SELECT id FROM {entity}s WHERE id = ANY(:ids) AND merged_into_id IS NULL")
    for entity in ENTITIES
}
# The winner's own fields, where no source will tell them again.
_KEPT = {
    entity: text(
        "SELECT c.id, jsonb_build_object("
        + ", ".join(f"'{name}', c.{name}" for name in _FIELDS[entity])
        + f") AS fields FROM {entity}s c WHERE c.id = ANY(:ids)"
        f" AND NOT EXISTS (SELECT 1 FROM identities i WHERE i.{entity}_id = c.id)"
    )
    for entity in ENTITIES
}
_LEAD_ON = {
    entity: text(
        f"UPDATE {entity}s c SET merged_into_id = p.winner, updated_at = :now FROM {_PAIRS}"
        " WHERE c.id = p.loser OR c.merged_into_id = p.loser"
    )
    for entity in ENTITIES
}
_UNDER_ITSELF = text(
    f"UPDATE accounts a SET parent_account_id = NULL FROM {_PAIRS}"
    " WHERE a.id = p.winner AND a.parent_account_id = p.loser"
)
_INSERT = {
    entity: text(
        f"INSERT INTO merges (organization_id, id, entity, winner_{entity}_id, loser_{entity}_id,"
        " rule, reasons, moved, kept, merged_at, merged_by_id)"
        f" SELECT efm_current_organization(), id, '{entity}', winner, loser, rule, reasons, moved,"
        " kept, :now, :by FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, winner uuid,"
        " loser uuid, rule text, reasons jsonb, moved jsonb, kept jsonb)"
    )
    for entity in ENTITIES
}
_LEFT_BEHIND = {
    entity: {
        each.name: text(
            f"UPDATE {each.table} t SET {each.column} = c.merged_into_id FROM {entity}s c"
            f" WHERE t.{each.column} = c.id AND c.merged_into_id IS NOT NULL"
            " RETURNING c.id AS loser, t.id"
        )
        for each in references
        # Where there may be one only, what could not move stays: its link leads on by itself.
        if not each.alone_in and each.table not in ("contacts", "accounts", "identities")
    }
    for entity, references in REFERENCES.items()
}
_ADD_MOVED = {
    entity: text(
        "UPDATE merges SET moved = jsonb_set(moved, ARRAY[CAST(:name AS text)],"
        " coalesce(moved->:name, '[]') || CAST(:ids AS jsonb))"
        f" WHERE loser_{entity}_id = :loser AND undone_at IS NULL"
    )
    for entity in ENTITIES
}


def merge_many(
    session: Session,
    entity: str,
    pairs: Sequence[Pair],
    now: datetime,
    *,
    by: uuid.UUID | None = None,
    declared: rules.Rules | None = None,
    is_shared: bool = False,
) -> list[uuid.UUID]:
    """Merge each loser into its winner, a statement for all; the ids of the merges.

    No winner may be a loser of the same call. Pairs of which one is merged already are left out.
    With `is_shared` another transaction may merge other customers at the same time.
    """
    identity.lock(session, is_shared=is_shared)
    wanted = list({each for pair in pairs for each in (pair.winner, pair.loser)})
    alive = set(session.execute(_ALIVE[entity], {"ids": wanted}).scalars())
    chosen = [pair for pair in pairs if pair.winner in alive and pair.loser in alive]
    if not chosen:
        return []
    winners = list({pair.winner for pair in chosen})
    kept = {row.id: row.fields for row in session.execute(_KEPT[entity], {"ids": winners})}
    told = as_json([{"winner": pair.winner, "loser": pair.loser} for pair in chosen])
    if entity == "account":
        session.execute(_UNDER_ITSELF, {"pairs": told})
    moved: dict[uuid.UUID, dict[str, list[uuid.UUID]]] = {pair.loser: {} for pair in chosen}
    for name, statement in _MOVES[entity].items():
        for row in session.execute(statement, {"pairs": told}):
            moved[row.loser][name] = row.ids
    session.execute(_LEAD_ON[entity], {"pairs": told, "now": now})
    rows = [
        {
            "id": new_id(), "winner": pair.winner, "loser": pair.loser, "rule": pair.rule,
            "reasons": list(pair.reasons), "moved": moved[pair.loser],
            "kept": kept.get(pair.winner, {}),
        }
        for pair in chosen
    ]  # fmt: skip
    session.execute(_INSERT[entity], {"rows": as_json(rows), "now": now, "by": by})
    spoken_of = [each for each in winners if each not in kept]
    survivorship.derive(session, entity, spoken_of, declared or rules.of(session), now)
    session.expire_all()
    return [row["id"] for row in rows]


def merge(
    session: Session,
    entity: str,
    ids: tuple[uuid.UUID, uuid.UUID],
    now: datetime,
    *,
    by: uuid.UUID | None = None,
    reasons: Sequence[str] = (),
) -> uuid.UUID:
    """Merge two as a person decided; the id of the merge. The one known longer stays.

    Raises NotFound for one that is not there and Conflict for one that is part of another already.
    """
    if ids[0] == ids[1]:
        raise Conflict("These are the same customer already.")
    winner, loser = _seniority(session, entity, ids)
    made = merge_many(session, entity, [Pair(winner, loser, "person", reasons)], now, by=by)
    if not made:
        raise Conflict("One of the two was merged meanwhile. Open it again to see with whom.")
    return made[0]


def _seniority(
    session: Session, entity: str, ids: tuple[uuid.UUID, uuid.UUID]
) -> tuple[uuid.UUID, uuid.UUID]:
    """The two with the one that stays first: one that sources know, then the one made first."""
    rows = session.execute(
        text(
            f"SELECT c.id FROM {entity}s c WHERE c.id = ANY(:ids) ORDER BY NOT EXISTS (SELECT 1"
            f" FROM identities i WHERE i.{entity}_id = c.id), c.created_at, c.id"
        ),
        {"ids": list(ids)},
    )
    found = list(rows.scalars())
    if len(found) != 2:
        raise NotFound(f"There is no such {entity}.")
    return found[0], found[1]


def bring_after(session: Session, entity: str) -> int:
    """Rows that reached a merged customer late go on to the one that is left; how many."""
    identity.lock(session)
    total = 0
    for name, statement in _LEFT_BEHIND[entity].items():
        by_loser: dict[uuid.UUID, list[str]] = {}
        for row in session.execute(statement):
            by_loser.setdefault(row.loser, []).append(str(row.id))
        for loser, ids in by_loser.items():
            total += len(ids)
            session.execute(
                _ADD_MOVED[entity], {"name": name, "ids": json.dumps(ids), "loser": loser}
            )
    return total


def leads_to(session: Session, entity: str, customer_id: uuid.UUID) -> uuid.UUID | None:
    """The customer a merged one is part of; None for one that stands for itself."""
    return session.execute(
        text(f"SELECT merged_into_id FROM {entity}s WHERE id = :id"), {"id": customer_id}
    ).scalar()


def fields_of(entity: str) -> Iterable[str]:
    """The columns of a customer that sources speak of."""
    return tuple(_FIELDS[entity])
