"""What differs between what we would tell a system and what it was told: the items to write."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from connectors.records import Target
from efm.clock import new_id
from efm.models import WriteBack
from efm.writing import values

BATCH = 500
# An item whose record is not known there yet waits for the next look.
_ABOUT = text(
    "SELECT DISTINCT ON (p.subject) p.subject, w.external_id AS remote_id, w.document, w.seen_at"
    " FROM jsonb_to_recordset(CAST(:people AS jsonb)) AS p(subject uuid, contact_id uuid)"
    " LEFT JOIN contacts c ON c.id = p.contact_id"
    " JOIN identities i ON i.connection_id = :connection"
    " AND (i.contact_id = p.contact_id OR i.account_id = c.account_id)"
    " JOIN raw_records w ON w.connection_id = :connection AND w.stream = :stream"
    " AND w.external_id = i.external_id AND w.deleted_at IS NULL"
    " ORDER BY p.subject, (i.contact_id IS NOT NULL) DESC, i.external_id"
)
_SUBJECTS = {
    "customer": "SELECT DISTINCT contact_id AS id FROM responses WHERE state = 'complete'"
    " AND contact_id IS NOT NULL",
    "response": "SELECT id FROM responses WHERE state = 'complete' AND contact_id IS NOT NULL"
    " AND submitted_at >= :since",
    "case": "SELECT id FROM cases WHERE contact_id IS NOT NULL AND opened_at >= :since",
}
_OWN_ITEM = "SELECT FROM write_items w WHERE w.write_back_id = :rule AND w.key = CAST(s.id AS text)"
SCOPES = {
    "due": f" AND EXISTS ({_OWN_ITEM} AND w.state = 'due')",
    "new": f" AND NOT EXISTS ({_OWN_ITEM})",
    "all": "",
}
"""What a look covers: what changed since, what was never looked at, or everything."""
_DUE = {
    ("response", "customer"): "SELECT DISTINCT contact_id FROM responses WHERE id = ANY(:ids)"
    " AND contact_id IS NOT NULL",
    ("response", "response"): "SELECT id FROM responses WHERE id = ANY(:ids)"
    " AND contact_id IS NOT NULL",
    ("case", "customer"): "SELECT DISTINCT contact_id FROM cases WHERE id = ANY(:ids)"
    " AND contact_id IS NOT NULL",
    ("case", "case"): "SELECT id FROM cases WHERE id = ANY(:ids) AND contact_id IS NOT NULL",
}
_MARK = text(
    "INSERT INTO write_items (organization_id, id, write_back_id, connection_id, key, state, wanted,"
    " changed_at) SELECT efm_current_organization(), id, :rule, :connection, key, 'due', '{}', :now"
    " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, key text)"
    " ON CONFLICT (organization_id, write_back_id, key) DO UPDATE SET state = 'due',"
    " changed_at = excluded.changed_at"
)
# What was due and needs nothing: it is as it was, or there is no record to tell it yet.
_UNMARK = text(
    "UPDATE write_items SET state = 'written', wanted = accepted WHERE write_back_id = :rule"
    " AND key = ANY(:keys) AND state = 'due' AND accepted IS NOT NULL"
)
_FORGET = text(
    "DELETE FROM write_items WHERE write_back_id = :rule AND key = ANY(:keys) AND state = 'due'"
)
_PEOPLE = {
    "customer": "SELECT id AS subject, id AS contact_id FROM contacts WHERE id = ANY(:ids)",
    "response": "SELECT id AS subject, contact_id FROM responses WHERE id = ANY(:ids)"
    " AND state = 'complete' AND contact_id IS NOT NULL AND submitted_at >= :since",
    "case": "SELECT id AS subject, contact_id FROM cases WHERE id = ANY(:ids)"
    " AND contact_id IS NOT NULL AND opened_at >= :since",
}
_KNOWN = text(
    "SELECT key, remote_id, state, wanted, accepted, accepted_at FROM write_items"
    " WHERE write_back_id = :rule AND key = ANY(:keys)"
)
_KEEP = text(
    "INSERT INTO write_items AS t (organization_id, id, write_back_id, connection_id, key, remote_id,"
    " state, wanted, accepted, accepted_at, changed_at, message)"
    " SELECT efm_current_organization(), id, :rule, :connection, key, remote_id, state, wanted,"
    " accepted, CASE WHEN accepted IS NOT NULL THEN CAST(:now AS timestamptz) END, :now, message"
    " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, key text, remote_id text, state text,"
    " wanted jsonb, accepted jsonb, message text)"
    " ON CONFLICT (organization_id, write_back_id, key) DO UPDATE SET remote_id = excluded.remote_id,"
    " state = excluded.state, wanted = excluded.wanted, changed_at = excluded.changed_at, attempts = 0,"
    " message = excluded.message"
)


@dataclass(frozen=True)
class Planned:
    """One thing as it should be there. `before` is what the record says now, field by field."""

    subject: uuid.UUID
    remote_id: str
    wanted: Mapping[str, Any]
    before: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""
    state: str = "waiting"


@dataclass
class Found:
    """What a look at some subjects gave."""

    planned: list[Planned] = field(default_factory=list)
    unknown: int = 0
    unchanged: int = 0
    looked_at: Sequence[uuid.UUID] = ()


def mark(
    session: Session, rule: WriteBack, of: str, ids: Sequence[uuid.UUID], now: datetime
) -> int:
    """Something happened with these responses or cases: what the rule tells of them is due; how many."""
    subjects_of = session.execute(text(_DUE[of, rule.source]), {"ids": list(ids)}).scalars()
    rows = [{"id": str(new_id()), "key": str(each)} for each in subjects_of]
    if rows:
        given = {"rule": rule.id, "connection": rule.connection_id, "now": now}
        session.execute(_MARK, {**given, "rows": orjson.dumps(rows).decode()})
    return len(rows)


def subjects(
    session: Session, rule: WriteBack, scope: str, after: uuid.UUID | None
) -> list[uuid.UUID]:
    """A batch of what the rule speaks of, in the order of their ids; see SCOPES."""
    given: dict[str, Any] = {"after": after, "size": BATCH}
    if rule.source != "customer":
        given["since"] = rule.starts_at
    if scope != "all":
        given["rule"] = rule.id
    query = (
        f"SELECT id FROM ({_SUBJECTS[rule.source]}) s"
        f" WHERE (CAST(:after AS uuid) IS NULL OR id > :after){SCOPES[scope]}"
        " ORDER BY id LIMIT :size"
    )
    return list(session.execute(text(query), given).scalars())


def look(
    session: Session,
    rule: WriteBack,
    target: Target,
    ids: Sequence[uuid.UUID],
    public_url: str,
    *,
    with_waiting: bool = False,
) -> Found:
    """What would be written of these customers, responses or cases; nothing is stored.

    What waits already is left out, unless `with_waiting`.
    """
    found = Found(looked_at=ids)
    people = _people(session, rule, ids)
    if not people:
        return found
    told = values.read(session, rule.source, list(people), public_url)
    told = {key: each for key, each in told.items() if _is_meant(rule, each)}
    about = _about(session, rule, target, {key: people[key] for key in told})
    known = {
        row.key: row
        for row in session.execute(_KNOWN, {"rule": rule.id, "keys": [str(key) for key in told]})
    }
    for subject, said in told.items():
        record = about.get(subject)
        if record is None and target.stream:
            found.unknown += 1
            continue
        planned = _planned(rule, target, subject, said, record)
        item = known.get(str(subject))
        if with_waiting and item is not None and item.state == "waiting":
            item = None
        settled = _settled(rule, target, planned, item, record)
        if settled is None:
            found.unchanged += 1
        else:
            found.planned.append(settled)
    return found


def _people(
    session: Session, rule: WriteBack, ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, uuid.UUID]:
    """The contact of each subject."""
    given: dict[str, Any] = {"ids": list(ids)}
    if rule.source != "customer":
        given["since"] = rule.starts_at
    rows = session.execute(text(_PEOPLE[rule.source]), given)
    return {row.subject: row.contact_id for row in rows}


def _is_meant(rule: WriteBack, said: values.Values) -> bool:
    """Whether the rule's filter lets it through."""
    bands = rule.filters.get("bands")
    return not bands or said.get("nps_band") in bands


def _about(
    session: Session, rule: WriteBack, target: Target, people: Mapping[uuid.UUID, uuid.UUID]
) -> dict[uuid.UUID, Row[Any]]:
    """The record of theirs that each subject changes or is about: the person's, else the account's."""
    if not people or not target.stream:
        return {}
    rows = [{"subject": str(each), "contact_id": str(who)} for each, who in people.items()]
    given = {
        "people": orjson.dumps(rows).decode(), "connection": rule.connection_id,
        "stream": target.stream,
    }  # fmt: skip
    return {row.subject: row for row in session.execute(_ABOUT, given)}


def _planned(
    rule: WriteBack,
    target: Target,
    subject: uuid.UUID,
    said: values.Values,
    record: Row[Any] | None,
) -> Planned:
    wanted: dict[str, Any] = {}
    problem = ""
    for name, how in rule.fields.items():
        kind = target.fields.get(name)
        if kind is None:
            problem = f"“{name}” may not be written any more; map another field."
            continue
        given = how["text"] if "text" in how else said.get(how.get("value", ""))
        try:
            value = values.fit(given, kind)
        except ValueError as error:
            problem = f"“{name}” cannot take the value: {error}."
            continue
        if value is not None:  # What we do not know is left as it is there.
            wanted[name] = value
    missing = sorted(target.required - wanted.keys())
    if missing and not problem:
        problem = f"“{missing[0]}” is needed there, and there is nothing to write in it."
    before = {}
    if record is not None and target.op == "update":
        before = {name: record.document.get(name) for name in wanted if name in record.document}
    remote = "" if record is None else record.remote_id
    return Planned(subject, remote, wanted, before, problem, "refused" if problem else "waiting")


def _settled(
    rule: WriteBack,
    target: Target,
    planned: Planned,
    known: Row[Any] | None,
    record: Row[Any] | None,
) -> Planned | None:
    """The plan with its state; None when there is nothing to do."""
    is_undone = known is not None and _is_undone(target, known, record)
    is_same = known is not None and _last(known) == (planned.wanted, planned.remote_id)
    if known is not None and is_same and not (is_undone and known.state in ("due", "written")):
        return None  # It waits, was refused, was left to them, or is there as it should be.
    if planned.problem:
        return planned
    if not planned.wanted:
        return None
    if is_undone and rule.on_conflict == "theirs":
        said = "Somebody changed it there since it was written, so it was left as it is."
        return replace(planned, problem=said, state="conflict")
    if known is None and target.op == "update" and _is_so(target, planned):
        return replace(planned, state="written")
    return planned


def _last(known: Row[Any]) -> tuple[Any, str]:
    """What was wanted there last, and of which record."""
    return known.accepted if known.state == "due" else known.wanted, known.remote_id


def _is_so(target: Target, planned: Planned) -> bool:
    """Whether the record says all of it already."""
    return all(
        name in planned.before
        and not values.said_differently(planned.before[name], value, target.fields[name])
        for name, value in planned.wanted.items()
    )


def _is_undone(target: Target, known: Row[Any], record: Row[Any] | None) -> bool:
    """Whether somebody changed there what we had written, as read after we wrote it."""
    if target.op != "update" or known.accepted is None or record is None:
        return False
    if record.seen_at <= known.accepted_at:
        return False
    return any(
        name in record.document
        and values.said_differently(record.document[name], value, target.fields[name])
        for name, value in known.accepted.items()
        if name in target.fields
    )


def keep(session: Session, rule: WriteBack, found: Found, now: datetime) -> None:
    """Store what is to be written; what is there already as it should be counts as written."""
    rows = [
        {
            "id": str(new_id()), "key": str(each.subject), "remote_id": each.remote_id,
            "state": each.state, "wanted": each.wanted,
            "accepted": each.wanted if each.state == "written" else None,
            "message": each.problem or None,
        }
        for each in found.planned
    ]  # fmt: skip
    if rows:
        session.execute(
            _KEEP,
            {
                "rule": rule.id, "connection": rule.connection_id, "now": now,
                "rows": orjson.dumps(rows).decode(),
            },
        )  # fmt: skip
    left = {"rule": rule.id, "keys": [str(each) for each in found.looked_at]}
    session.execute(_UNMARK, left)
    session.execute(_FORGET, left)
