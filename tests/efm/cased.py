"""Responses and the cases they open, for the tests of the closed loop."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import select

from efm import clock
from efm.db.engine import TenantSession
from efm.events.registry import OutboxEvent
from efm.feedback import collect
from efm.models import Case, Contact, Event
from efm.scenarios import opening
from tests.efm.collected import Published
from tests.factories import House

ANGRY = "This is terrible. The worst service ever, I am furious and disgusted!"
URL = "http://localhost"


def respond(
    published: Published,
    nps: int = 3,
    comment: str = "",
    contact_id: uuid.UUID | None = None,
) -> uuid.UUID:
    """A complete response through the way programs take; its id."""
    answers: dict[str, Any] = {"recommend": nps}
    if comment:
        answers["comment"] = comment
    with published.house.unit() as session:
        incoming = collect.Incoming(published.survey_id, answers, contact_id=contact_id)
        outcome = collect.submit_json(session, incoming, clock.now())
        assert outcome.id is not None
        return outcome.id


def contact(house: House, name: str = "Mia Example", **values: Any) -> uuid.UUID:
    """A customer."""
    with house.unit() as session:
        made = Contact(name=name, **values)
        session.add(made)
        session.flush()
        return made.id


def events_of(house: House, kind: str = "response.submitted") -> list[OutboxEvent]:
    """What the outbox holds of one kind, as handlers get it."""
    with house.unit(read_only=True) as session:
        return [
            OutboxEvent(e.organization_id, e.id, e.kind, e.subject_id, e.payload, e.occurred_at, 0)
            for e in session.scalars(select(Event).where(Event.kind == kind).order_by(Event.id))
        ]


def open_all(house: House, now: datetime | None = None) -> list[Case]:
    """Hand every submitted response to the closed loop; the cases it opened."""
    with house.unit() as session:
        return react(session, events_of(house), now)


def react(
    session: TenantSession, events: list[OutboxEvent], now: datetime | None = None
) -> list[Case]:
    return opening.open_cases(session, events, now or clock.now(), public_url=URL)


def open_one(
    house: House, nps: int = 3, comment: str = "", contact_id: uuid.UUID | None = None
) -> Case:
    """A survey, a response to it and the case it opened."""
    response_id = respond(Published.make(house), nps, comment, contact_id)
    (case,) = (each for each in open_all(house) if each.response_id == response_id)
    return case
