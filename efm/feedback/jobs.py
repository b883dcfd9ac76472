"""The jobs of feedback: comments that exceeded their time are scored here, whole; made-up people walk."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from efm.events import outbox
from efm.events.registry import JobContext, Registry
from efm.feedback import simulating, simulations
from efm.feedback.score import SENTIMENT, Scored, in_event, sentiment_row
from efm.feedback.store import SCORE_JOB
from surveys.sentiment import is_angry, score

AT_ONCE = 20

# Rows another worker is scoring are passed over; both then find different work.
_WAITING = text("""
    SELECT s.response_id, s.question_key, a.text, r.language, r.survey_id, r.contact_id, r.channel,
        r.touchpoint
    FROM scores s
    JOIN answers a USING (organization_id, response_id, question_key)
    JOIN responses r ON r.organization_id = s.organization_id AND r.id = s.response_id
    WHERE s.organization_id = :organization AND s.state = 'pending' AND s.metric = :metric
    ORDER BY s.response_id, s.question_key LIMIT :limit FOR UPDATE OF s SKIP LOCKED
""")
_WRITE = text("""
    UPDATE scores SET state = :state, value = :value, band = :band, language = :language,
        reason = :reason, model = :model
    WHERE organization_id = :organization AND response_id = :response AND metric = :metric
      AND question_key = :question AND state = 'pending'
""")
# A day that was counted before its last comment was scored must be counted again. The survey's row
# is locked as by those who store answers: a roll-up under way is waited for, and its new day seen.
_LATE = text("""
    WITH survey AS MATERIALIZED (
        SELECT s.id, s.rolled_through_on, coalesce(s.rolled_time_zone, 'UTC') AS zone
        FROM surveys s
        WHERE s.organization_id = :organization AND s.id = :survey FOR KEY SHARE
    )
    INSERT INTO dirty_days (organization_id, survey_id, on_day)
    SELECT r.organization_id, survey.id, (r.submitted_at AT TIME ZONE survey.zone)::date
    FROM survey JOIN responses r ON r.organization_id = :organization AND r.id = :response
    WHERE (r.submitted_at AT TIME ZONE survey.zone)::date <= survey.rolled_through_on
    ON CONFLICT DO NOTHING
""")


def register(registry: Registry) -> None:
    """Declare the jobs."""
    registry.job(SCORE_JOB, score_pending)
    registry.job(simulations.JOB, simulating.run, attempts=3)


def score_pending(context: JobContext) -> None:
    """Score every waiting comment of the organization, a few a transaction."""
    while not context.is_stopping():
        with context.unit() as session:
            if not score_some(session, context.now()):
                return


def score_some(session: Session, now: datetime) -> int:
    """Score up to AT_ONCE waiting comments to their end; how many there were.

    Each response scored appends `response.scored` with what `response.submitted` could not say.
    """
    organization_id: uuid.UUID = session.info["organization_id"]
    rows = session.execute(
        _WAITING, {"organization": organization_id, "metric": SENTIMENT, "limit": AT_ONCE}
    ).all()
    for row in rows:
        found = score(row.text, language=row.language)
        written = sentiment_row(row.question_key, found)
        named: Mapping[str, Any] = {
            "organization": organization_id,
            "response": row.response_id,
            "question": row.question_key,
        }
        session.execute(_WRITE, {**written._asdict(), **named})
        session.execute(_LATE, {**named, "survey": row.survey_id})
        outbox.append(
            session,
            "response.scored",
            now,
            row.response_id,
            survey_id=str(row.survey_id),
            contact_id=None if row.contact_id is None else str(row.contact_id),
            channel=row.channel,
            touchpoint=row.touchpoint,
            **in_event(Scored((written,), is_angry(row.text, found))),
        )
    return len(rows)
