"""A merge undone exactly, also after new records came; one identity made a customer of its own."""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from efm.clock import new_id
from efm.customers import identity, matches, rules, survivorship
from efm.customers.merging import fields_of
from efm.customers.references import BY_SOURCE, REFERENCES
from efm.errors import Conflict, NotFound
from efm.models import Identity, Merge

_COLUMNS = {each.name: each for found in REFERENCES.values() for each in found}
# New rows follow what they belong to: a source's record its identity, an answer its personal link, a
# case its answer, and what names no account itself its contact.
_FOLLOW = {
    "contact": (
        *(
            f"UPDATE {table} t SET contact_id = :to FROM identities i WHERE t.contact_id = :from"
            " AND i.connection_id = t.connection_id AND i.entity = 'contact'"
            " AND i.external_id = t.contact_external_id AND i.contact_id = :to"
            for table in BY_SOURCE["contact"]
        ),
        "UPDATE responses t SET contact_id = :to FROM invitations i WHERE t.contact_id = :from"
        " AND i.id = t.invitation_id AND i.contact_id = :to",
        "UPDATE cases t SET contact_id = :to FROM responses r WHERE t.contact_id = :from"
        " AND r.id = t.response_id AND r.contact_id = :to",
    ),
    "account": (
        *(
            f"UPDATE {table} t SET account_id = :to FROM identities i WHERE t.account_id = :from"
            " AND i.connection_id = t.connection_id AND i.entity = 'account'"
            " AND i.external_id = t.account_external_id AND i.account_id = :to"
            for table in BY_SOURCE["account"]
        ),
        *(
            f"UPDATE {table} t SET account_id = :to FROM contacts c WHERE t.account_id = :from"
            " AND t.account_external_id IS NULL AND c.id = t.contact_id AND c.account_id = :to"
            for table in BY_SOURCE["account"]
        ),
    ),
}
_PEOPLE_OF = text(
    "SELECT DISTINCT c.contact_id FROM identities c JOIN identities a"
    " ON a.connection_id = c.connection_id AND a.entity = 'account'"
    " AND a.external_id = c.said->>'account'"
    " WHERE c.entity = 'contact' AND a.account_id = ANY(:ids)"
)


def get(session: Session, merge_id: uuid.UUID) -> Merge:
    """The merge; raises NotFound for a missing one and for a stranger's alike."""
    found = session.get(Merge, (session.info["organization_id"], merge_id))
    if found is None:
        raise NotFound("There is no such merge.")
    return found


def undo(
    session: Session, merge_id: uuid.UUID, now: datetime, *, by: uuid.UUID | None = None
) -> Merge:
    """Make two of one again, and remember that they are not the same.

    What moved goes back, and what came since goes with whom it belongs to. Raises NotFound, and
    Conflict when it is undone already.
    """
    identity.lock(session)
    merge = get(session, merge_id)
    session.refresh(merge)
    if merge.undone_at is not None:
        raise Conflict("This was undone already.")
    entity = merge.entity
    loser: uuid.UUID = getattr(merge, f"loser_{entity}_id")
    winner: uuid.UUID = getattr(merge, f"winner_{entity}_id")
    now_at: uuid.UUID = session.execute(
        text(f"SELECT merged_into_id FROM {entity}s WHERE id = :id"), {"id": loser}
    ).scalar_one()
    for name, ids in merge.moved.items():
        _back(session, name, ids, now_at, loser)
    merge.undone_at, merge.undone_by_id = now, by
    session.flush()
    _lead_back(session, entity, loser, now)
    _settle(session, entity, now_at, loser, now)
    if now_at == winner:
        _restore(session, entity, winner, merge.kept)
    matches.remember_different(session, entity, (winner, loser), now, by=by)
    session.expire_all()
    return merge


def _back(
    session: Session, name: str, ids: list[str], held_by: uuid.UUID, owner: uuid.UUID
) -> None:
    """Rows that moved go back to their owner, where they still are with whom they went to."""
    reference = _COLUMNS[name]
    session.execute(
        text(
            f"UPDATE {reference.table} SET {reference.column} = :owner"
            f" WHERE id = ANY(CAST(:ids AS uuid[])) AND {reference.column} = :held_by"
        ),
        {"owner": owner, "ids": ids, "held_by": held_by},
    )


def _lead_back(session: Session, entity: str, loser: uuid.UUID, now: datetime) -> None:
    """The one stands for itself again, and those merged into it before lead to it."""
    session.execute(
        text(f"UPDATE {entity}s SET merged_into_id = NULL, updated_at = :now WHERE id = :id"),
        {"id": loser, "now": now},
    )
    session.execute(
        text(
            f"WITH RECURSIVE under AS (SELECT m.loser_{entity}_id AS id FROM merges m"
            f" WHERE m.winner_{entity}_id = :id AND m.undone_at IS NULL UNION"
            f" SELECT m.loser_{entity}_id FROM merges m JOIN under u ON u.id = m.winner_{entity}_id"
            " WHERE m.undone_at IS NULL)"
            f" UPDATE {entity}s SET merged_into_id = :id WHERE id IN (SELECT id FROM under)"
        ),
        {"id": loser},
    )


def _settle(session: Session, entity: str, left: uuid.UUID, back: uuid.UUID, now: datetime) -> None:
    """What came since follows its owner, and all fields are derived anew."""
    declared = rules.of(session)
    if entity == "account":
        people = session.execute(_PEOPLE_OF, {"ids": [left, back]}).scalars().all()
        survivorship.derive(session, "contact", people, declared, now)
    for statement in _FOLLOW[entity]:
        session.execute(text(statement), {"from": left, "to": back})
    survivorship.derive(session, entity, [left, back], declared, now)


def _restore(session: Session, entity: str, winner: uuid.UUID, kept: dict[str, Any]) -> None:
    """The fields of one of whom no source speaks, as they were."""
    if not kept:
        return
    names = [name for name in fields_of(entity) if name in kept]
    settings = ", ".join(f"{name} = r.{name}" for name in names)
    session.execute(
        text(
            f"UPDATE {entity}s c SET {settings} FROM jsonb_populate_record(NULL::{entity}s,"
            " CAST(:kept AS jsonb)) r WHERE c.id = :id"
        ),
        {"kept": json.dumps(kept), "id": winner},
    )


def separate(
    session: Session, identity_id: uuid.UUID, now: datetime, *, by: uuid.UUID | None = None
) -> tuple[str, uuid.UUID]:
    """Make what one source knows a customer of its own again; contact or account, and its id.

    When a merge brought it, that merge is undone. Raises NotFound, and Conflict for the only one.
    """
    identity.lock(session)
    found = session.get(Identity, (session.info["organization_id"], identity_id))
    if found is None:
        raise NotFound("There is no such record of a source.")
    session.refresh(found)
    entity = found.entity
    owner: uuid.UUID = getattr(found, f"{entity}_id")
    merged = session.execute(
        text(
            f"SELECT id, loser_{entity}_id AS loser FROM merges WHERE undone_at IS NULL"
            f" AND winner_{entity}_id IN (SELECT id FROM {entity}s WHERE id = :owner"
            " OR merged_into_id = :owner) AND moved @> CAST(:held AS jsonb)"
            " ORDER BY merged_at, id LIMIT 1"
        ),
        {"owner": owner, "held": json.dumps({f"identities.{entity}_id": [str(identity_id)]})},
    ).first()
    if merged:
        undo(session, merged.id, now, by=by)
        return entity, merged.loser
    others = session.execute(
        text(f"SELECT count(*) FROM identities WHERE {entity}_id = :owner"), {"owner": owner}
    ).scalar_one()
    if others < 2:
        raise Conflict("Only this source knows the customer, so there is nothing to separate.")
    return entity, _split(session, entity, found, owner, now, by)


def _split(
    session: Session,
    entity: str,
    found: Identity,
    owner: uuid.UUID,
    now: datetime,
    by: uuid.UUID | None,
) -> uuid.UUID:
    """A new customer of one identity, with the records by which its source named it."""
    made = new_id()
    session.execute(
        text(
            f"INSERT INTO {entity}s (organization_id, id, name)"
            " VALUES (efm_current_organization(), :id, :name)"
        ),
        {"id": made, "name": found.external_id},
    )
    setattr(found, f"{entity}_id", made)
    found.matched_by = "external_id"
    session.flush()
    _settle(session, entity, owner, made, now)
    matches.remember_different(session, entity, (owner, made), now, by=by)
    session.expire_all()
    return made
