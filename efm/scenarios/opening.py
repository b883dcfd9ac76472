"""Opens cases for responses that ask for one: one case a response, numbered, owned, due, mailed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from efm.events import audit, outbox
from efm.events.registry import OutboxEvent
from efm.models import Case, CaseNote, Contact, Response
from efm.scenarios import letters, people
from efm.scenarios.rules import REASONS, due_at, reason_for

ACTOR = "Closed loop"


def open_cases(
    session: Session, events: Sequence[OutboxEvent], now: datetime, *, public_url: str
) -> list[Case]:
    """Open a case for each response that gives a reason and has none; returns the new ones.

    Handed the same events again, it opens nothing: a response has at most one case.
    """
    wanted: dict[uuid.UUID, str] = {}
    for event in events:
        reason = reason_for(event.payload)
        if reason is not None and event.subject_id is not None:
            wanted.setdefault(event.subject_id, reason)
    if not wanted:
        return []
    _one_at_a_time(session)
    responses = _without_case(session, wanted)
    number = session.scalar(select(func.coalesce(func.max(Case.number), 0))) or 0
    zone, rota = people.zone_of(session), people.Rota.of(session)
    opened: list[tuple[Case, people.Worker | None]] = []
    for response in responses:
        number += 1
        owner = rota.next()
        case = Case(
            number=number,
            response_id=response.id,
            contact_id=response.contact_id,
            reason=wanted[response.id],
            owner_id=owner.id if owner else None,
            opened_at=now,
            due_at=due_at(now, zone),
        )
        session.add(case)
        opened.append((case, owner))
    session.flush()
    for case, owner in opened:
        _record(session, case, owner, now)
    _tell_owners(session, opened, public_url)
    return [case for case, _ in opened]


def _one_at_a_time(session: Session) -> None:
    """Numbers are given by one transaction after the other, so that none is missing or doubled."""
    session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"),
        {"key": f"cases:{session.info['organization_id']}"},
    )


def _without_case(session: Session, wanted: Mapping[uuid.UUID, str]) -> Sequence[Response]:
    """The complete responses among these that have no case yet, in the order they came."""
    has_case = select(Case.id).where(Case.response_id == Response.id).exists()
    return session.scalars(
        select(Response)
        .where(Response.id.in_(list(wanted)), Response.state == "complete", ~has_case)
        .order_by(Response.submitted_at, Response.id)
    ).all()


def _record(session: Session, case: Case, owner: people.Worker | None, now: datetime) -> None:
    """The first line of the case's story, the audit log and the outbox."""
    given = f"Given to {owner.name}." if owner else "Nobody could be given this case."
    session.add(
        CaseNote(
            case_id=case.id,
            kind="change",
            body=f"Opened because of: {REASONS[case.reason].lower()}. {given}",
            written_at=now,
        )
    )
    audit.record(
        session, now, ACTOR, "case.opened", subject_kind="case", subject_id=case.id,
        number=case.number, reason=case.reason,
    )  # fmt: skip
    outbox.append(session, "case.opened", now, case.id, response_id=str(case.response_id))


def _tell_owners(
    session: Session, opened: Sequence[tuple[Case, people.Worker | None]], public_url: str
) -> None:
    """One mail to each owner, however many cases they were given at once."""
    given: dict[people.Worker, list[Case]] = {}
    for case, owner in opened:
        if owner is not None:
            given.setdefault(owner, []).append(case)
    if not given:
        return
    zone, organization = people.zone_of(session), people.organization_name(session)
    contacts = _contact_names(session, [case for case, _ in opened])
    for owner, cases in given.items():
        told = [
            letters.told(session, case, contacts.get(case.contact_id, ""))
            for case in cases[: letters.LISTED]
        ]
        subject, body = letters.new_cases(
            owner.name, organization, told, len(cases), zone, public_url
        )
        outbox.post(session, owner.email, subject, body)


def _contact_names(session: Session, cases: Sequence[Case]) -> dict[uuid.UUID | None, str]:
    ids = {case.contact_id for case in cases if case.contact_id is not None}
    if not ids:
        return {}
    rows = session.execute(select(Contact.id, Contact.name).where(Contact.id.in_(ids)))
    return {row.id: row.name for row in rows}
