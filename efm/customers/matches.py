"""Pairs of customers that may be one: found with their reasons, decided by people, remembered."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from efm.clock import new_id
from efm.customers import merging
from efm.customers.rows import as_json
from efm.errors import Conflict, NotFound
from efm.models import Match


def _store(entity: str, settings: str) -> Any:
    return text(
        f"INSERT INTO matches AS m (organization_id, id, entity, {entity}_id, other_{entity}_id, kind,"
        " likelihood, reasons, state, found_at, decided_at, decided_by_id)"
        f" SELECT efm_current_organization(), id, '{entity}', least(one, other),"
        " greatest(one, other), kind, likelihood, reasons, CAST(:state AS text), :now,"
        " CASE WHEN CAST(:state AS text) <> 'open' THEN CAST(:now AS timestamptz) END,"
        " CAST(:by AS uuid)"
        " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, one uuid, other uuid, kind text,"
        " likelihood float8, reasons jsonb)"
        f" ON CONFLICT (organization_id, {entity}_id, other_{entity}_id) DO UPDATE SET {settings}"
    )


# What was decided stays decided; what waits tells the newest reasons.
_PROPOSE = {
    entity: _store(
        entity,
        "kind = excluded.kind, likelihood = excluded.likelihood, reasons = excluded.reasons,"
        " found_at = excluded.found_at WHERE m.state IN ('open', 'later')",
    )
    for entity in merging.ENTITIES
}
_DECIDE = {
    entity: _store(
        entity,
        "state = excluded.state, decided_at = excluded.decided_at,"
        " decided_by_id = excluded.decided_by_id",
    )
    for entity in merging.ENTITIES
}


@dataclass(frozen=True)
class Found:
    """A pair that may be one customer; `kind` is likely or conflict."""

    one: uuid.UUID
    other: uuid.UUID
    kind: str
    likelihood: float
    reasons: Sequence[str]


def propose(session: Session, entity: str, found: Sequence[Found], now: datetime) -> None:
    """Put pairs in the queue; what people decided is not asked again."""
    rows = [
        {
            "id": new_id(), "one": each.one, "other": each.other, "kind": each.kind,
            "likelihood": round(each.likelihood, 4), "reasons": list(each.reasons),
        }
        for each in found
    ]  # fmt: skip
    if rows:
        values = {"rows": as_json(rows), "now": now, "state": "open", "by": None}
        session.execute(_PROPOSE[entity], values)


def remember_different(
    session: Session,
    entity: str,
    ids: tuple[uuid.UUID, uuid.UUID],
    now: datetime,
    *,
    by: uuid.UUID | None = None,
) -> None:
    """Two are not the same: never proposed and never merged automatically again."""
    row = {
        "id": new_id(), "one": ids[0], "other": ids[1], "kind": "conflict", "likelihood": 0.0,
        "reasons": ["somebody said they are not the same"],
    }  # fmt: skip
    values = {"rows": as_json([row]), "now": now, "state": "different", "by": by}
    session.execute(_DECIDE[entity], values)


def different(session: Session, entity: str) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """All pairs that are not the same, each as the customers they are part of now."""
    rows = session.execute(
        text(
            "SELECT coalesce(a.merged_into_id, a.id) AS one, coalesce(b.merged_into_id, b.id) AS other"
            f" FROM matches m JOIN {entity}s a ON a.id = m.{entity}_id"
            f" JOIN {entity}s b ON b.id = m.other_{entity}_id WHERE m.state = 'different'"
        )
    )
    return [(row.one, row.other) for row in rows if row.one != row.other]


def get(session: Session, match_id: uuid.UUID) -> Match:
    """The pair; raises NotFound for a missing one and for a stranger's alike."""
    found = session.get(Match, (session.info["organization_id"], match_id))
    if found is None:
        raise NotFound("There is no such pair.")
    return found


def ids_of(match: Match) -> tuple[uuid.UUID, uuid.UUID]:
    """The two customers of a pair."""
    one, other = (
        match.contact_id or match.account_id,
        match.other_contact_id or match.other_account_id,
    )
    if one is None or other is None:
        raise NotFound("There is no such pair.")
    return one, other


def accept(
    session: Session, match_id: uuid.UUID, now: datetime, *, by: uuid.UUID | None = None
) -> uuid.UUID:
    """The two are one: merge them; the id of the merge. Raises Conflict when it was decided."""
    match = get(session, match_id)
    session.refresh(match, with_for_update=True)
    if match.state == "same":
        raise Conflict("These two were merged already.")
    made = merging.merge(
        session, match.entity, ids_of(match), now, by=by, reasons=list(match.reasons)
    )
    match.state, match.decided_at, match.decided_by_id = "same", now, by
    return made


def decide(
    session: Session,
    match_id: uuid.UUID,
    state: str,
    now: datetime,
    *,
    by: uuid.UUID | None = None,
) -> None:
    """`later`, `different` or `open` again. Raises Conflict when they are merged already."""
    match = get(session, match_id)
    session.refresh(match, with_for_update=True)
    if match.state == "same":
        raise Conflict("These two were merged already. Undo the merge to separate them.")
    match.state = state
    match.decided_at = None if state == "open" else now
    match.decided_by_id = None if state == "open" else by
