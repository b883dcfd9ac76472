"""Simulations of a survey: made-up people asked for, found again, stopped; the walking itself is a job."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from efm import queue
from efm.errors import Conflict, Invalid, NotFound
from efm.feedback import authoring, revisions
from efm.models import Simulation, Survey, SurveyVersion

JOB = "survey.simulate"
USUAL, MOST = 1_000, 5_000
UNDER_WAY = ("queued", "running")
LARGEST_SEED = 999_999_999
KEPT = 10
STUCK_AFTER = timedelta(minutes=2)


def get(session: Session, survey_id: uuid.UUID, simulation_id: uuid.UUID) -> Simulation:
    """The simulation of this survey; raises NotFound for a missing one and for a stranger's alike."""
    found = session.get(Simulation, (session.info["organization_id"], simulation_id))
    if found is None or found.survey_id != survey_id:
        raise NotFound("There is no such simulation. Only the newest ones are kept.")
    return found


def newest(session: Session, survey_id: uuid.UUID) -> Sequence[Simulation]:
    """The simulations of a survey, the newest first."""
    return session.scalars(
        select(Simulation)
        .where(Simulation.survey_id == survey_id)
        .order_by(Simulation.created_at.desc(), Simulation.id.desc())
    ).all()


def request(
    session: Session,
    survey_id: uuid.UUID,
    now: datetime,
    *,
    n: int = USUAL,
    seed: int = 1,
    number: int | None = None,
    user_id: uuid.UUID | None = None,
) -> Simulation:
    """Let `n` made-up people walk, through the draft or the version of this number.

    Raises Invalid when the draft cannot be read, Conflict while others walk through the survey; those
    of whom nothing was heard for long are passed over. The oldest simulations go.
    """
    survey = revisions.locked(session, survey_id)
    before = newest(session, survey_id)
    for each in before:
        if each.state in UNDER_WAY:
            if not is_stuck(each, now):
                raise Conflict("Made-up people walk through this survey already. Stop them first.")
            cancel(each, now)
    for each in before[KEPT - 1 :]:
        session.delete(each)
    version_id = None if number is None else _version(session, survey_id, number)
    if version_id is None:
        authoring.read_draft(survey.draft)
    made = Simulation(
        survey_id=survey_id, version_id=version_id,
        draft_revision=survey.draft_revision if version_id is None else None,
        n=n, seed=seed, requested_by_id=user_id, created_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    # Walking takes all of a processor, so an organization has one at a time.
    queue.enqueue(session, JOB, lock=f"{JOB} {made.organization_id}", simulation_id=made.id)
    return made


def _version(session: Session, survey_id: uuid.UUID, number: int) -> uuid.UUID:
    found = session.scalars(
        select(SurveyVersion.id)
        .where(SurveyVersion.survey_id == survey_id)
        .where(SurveyVersion.number == number)
    ).one_or_none()
    if found is None:
        raise Invalid(
            "There is no such version.", problems={"of": "Choose the draft or a version."}
        )
    return found


def cancel(found: Simulation, now: datetime) -> None:
    """Stop it. What those who walked so far have met is still told."""
    if found.state in UNDER_WAY:
        found.state, found.finished_at = "cancelled", now


def is_stuck(found: Simulation, now: datetime) -> bool:
    """Whether nothing was heard of one that should be under way."""
    heard = found.heartbeat_at or found.created_at
    return found.state in UNDER_WAY and now - heard > STUCK_AFTER


def is_moving(found: Simulation, now: datetime) -> bool:
    """Whether something is still to come: it is under way, or what the stopped ones met is not told yet."""
    if found.state == "cancelled" and found.started_at is not None and not found.met:
        assert found.finished_at is not None
        return now - found.finished_at < STUCK_AFTER
    return found.state in UNDER_WAY


def is_outdated(survey: Survey, found: Simulation) -> bool:
    """Whether the draft was changed since."""
    return found.draft_revision is not None and found.draft_revision != survey.draft_revision
