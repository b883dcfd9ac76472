"""Saving a page of a response that has begun, and completing it with the last one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Row as SqlRow
from sqlalchemy import text
from sqlalchemy.orm import Session

from efm import queue
from efm.clock import new_id
from efm.feedback import course, quotas
from efm.feedback.score import Scored, in_event, score_answers
from efm.feedback.store import SCORE_JOB, Reason
from efm.feedback.stored import answer_of
from surveys.compiled import Compiled
from surveys.logic import Context
from surveys.parts import Quota
from surveys.values import Answer

_LOCK = text("""
    SELECT state, language, contact_id, channel, touchpoint, survey_id, attributes FROM responses
    WHERE organization_id = :organization AND id = :response FOR UPDATE
""")
_STORED = text("""
    SELECT question_key, kind, number, text, choices, on_day FROM answers
    WHERE organization_id = :organization AND response_id = :response
""")
# As with a new response, whether it may be saved is decided by the statement that saves it, and the
# survey's row is locked against a roll-up under way.
_SAVE = text("""
WITH survey AS MATERIALIZED (
    SELECT s.id, s.state, s.rolled_through_on, coalesce(s.rolled_time_zone, 'UTC') AS zone
    FROM surveys s
    WHERE s.organization_id = :organization AND s.id = :survey FOR KEY SHARE
), held AS (
    UPDATE responses r SET
        page_index = CASE WHEN CAST(:is_plain AS boolean) THEN greatest(r.page_index, :page) ELSE :page END,
        ending = coalesce(CAST(:ending AS text), r.ending),
        quota = CAST(:quota AS text),
        state = CASE WHEN :completes THEN CAST(:state AS text) ELSE r.state END,
        submitted_at = CASE WHEN :completes THEN CAST(:now AS timestamptz) END
    FROM survey s, distributions d
    WHERE r.organization_id = :organization AND r.id = :response AND r.state = 'partial'
      AND s.id = r.survey_id AND s.state = 'open'
      AND d.organization_id = r.organization_id AND d.id = r.distribution_id
      AND d.closed_at IS NULL AND (d.closes_at IS NULL OR d.closes_at > :now)
      AND NOT EXISTS (
          SELECT 1 FROM invitations i
          WHERE i.organization_id = r.organization_id AND i.id = r.invitation_id
            AND (i.answered_at IS NOT NULL OR i.expires_at <= :now))
    RETURNING r.id, r.invitation_id
), removed AS (
    DELETE FROM answers a USING held
    WHERE a.organization_id = :organization AND a.response_id = held.id
      AND a.question_key = ANY(CAST(:removed AS text[]))
), answered AS (
    INSERT INTO answers (
        organization_id, response_id, question_key, kind, number, text, choices, on_day)
    SELECT :organization, held.id, a.q, a.k, a.n, a.t, a.c, a.d
    FROM held, json_to_recordset(CAST(:answers AS json))
        AS a(q text, k text, n double precision, t text, c text[], d date)
    ON CONFLICT (organization_id, response_id, question_key) DO UPDATE SET
        kind = excluded.kind, number = excluded.number, text = excluded.text,
        choices = excluded.choices, on_day = excluded.on_day
), scored AS (
    INSERT INTO scores (
        organization_id, response_id, metric, question_key, state, value, band, language, reason,
        model)
    SELECT :organization, held.id, c.m, c.q, c.s, c.v, c.b, c.l, c.w, c.o
    FROM held, json_to_recordset(CAST(:scores AS json))
        AS c(m text, q text, s text, v double precision, b text, l text, w text, o text)
), announced AS (
    INSERT INTO events (organization_id, id, kind, subject_id, payload, occurred_at)
    SELECT :organization, :event_id, 'response.submitted', held.id, CAST(:event AS jsonb), :now
    FROM held WHERE :completes AND :state = 'complete'
), invited AS (
    UPDATE invitations i SET answered_at = :now
    FROM held
    WHERE :completes AND i.organization_id = :organization AND i.id = held.invitation_id
), late AS (
    INSERT INTO dirty_days (organization_id, survey_id, on_day)
    SELECT :organization, s.id, (CAST(:now AS timestamptz) AT TIME ZONE s.zone)::date
    FROM held, survey s
    WHERE :completes AND :state = 'complete'
      AND (CAST(:now AS timestamptz) AT TIME ZONE s.zone)::date <= s.rolled_through_on
    ON CONFLICT DO NOTHING
)
SELECT id FROM held
""")
_STANDING = text("""
    SELECT CASE
        WHEN r.state <> 'partial' OR i.answered_at IS NOT NULL THEN 'answered'
        WHEN s.state <> 'open' OR d.closed_at IS NOT NULL THEN 'closed'
        ELSE 'expired' END
    FROM responses r
    JOIN surveys s ON s.organization_id = r.organization_id AND s.id = r.survey_id
    JOIN distributions d ON d.organization_id = r.organization_id AND d.id = r.distribution_id
    LEFT JOIN invitations i ON i.organization_id = r.organization_id AND i.id = r.invitation_id
    WHERE r.organization_id = :organization AND r.id = :response
""")


class Saved(NamedTuple):
    """What became of a page: refused (and why), complete (and how it ended), or the next page."""

    reason: Reason | None = None
    is_complete: bool = False
    next_page: int = 0
    ending: str | None = None


def stored_answers(session: Session, response_id: uuid.UUID) -> dict[str, Answer]:
    """The answers a response has so far, by question key."""
    rows = session.execute(_STORED, _named(session, response_id)).all()
    return {row.question_key: answer_of(*row) for row in rows}


def save_page(
    session: Session,
    response_id: uuid.UUID,
    compiled: Compiled,
    page_index: int,
    answers: Mapping[str, Answer],
    now: datetime,
    *,
    goes_back: bool = False,
    stays: bool = False,
    keeps: bool = False,
) -> Saved:
    """Replace the answers of one page; the last page of a person's way completes the response.

    A required answer still missing on an earlier page leads back there instead. `stays` keeps to
    the page, because its answers brought up another question on it. `keeps` only saves what is typed
    so far: the response neither moves nor ends.
    """
    held = session.execute(_LOCK, _named(session, response_id)).one_or_none()
    if held is None:
        return Saved("unknown")
    if held.state != "partial":
        return Saved("answered")
    about = course.context(compiled, response_id, held.attributes, now)
    asked = compiled.keys_on(page_index)
    before = stored_answers(session, response_id)
    merged = {key: answer for key, answer in before.items() if key not in asked} | dict(answers)
    following = course.following(compiled, page_index, merged, about, back=goes_back)
    if stays or keeps:
        following = page_index
    completes = following is None and not goes_back
    quota = None
    if compiled.flow.quotas and not goes_back and not stays and not keeps:
        quota = _over_quota(session, held.survey_id, compiled, merged, about, completes=completes)
        completes = completes or quota is not None
    written = dict(answers)
    if completes and not compiled.is_plain:
        # What was hidden in the end does not count, and calculated values are worth keeping.
        merged = compiled.flow.walk(merged, about).answers
        written = {key: merged[key] for key in merged if before.get(key) != merged[key]}
    ended = course.end_of(compiled, merged, about, quota) if completes else course.GOES_ON
    scored = Scored(())
    if completes and not ended.is_screened:
        scored = score_answers(compiled, merged, held.language)
    saved = session.execute(
        _SAVE,
        {
            **_named(session, response_id),
            "survey": held.survey_id,
            "now": now,
            # The later of two pages is kept, and none is later than none.
            "page": 0 if keeps else page_index if goes_back or following is None else following,
            "is_plain": compiled.is_plain or keeps,
            "ending": ended.ending,
            "quota": None if quota is None else quota.key,
            "state": "screened" if ended.is_screened else "complete",
            "completes": completes,
            "removed": [
                key
                for key in before
                if (key in asked and key not in answers) or (completes and key not in merged)
            ],
            "answers": orjson.dumps(_answer_rows(written)).decode(),
            "scores": orjson.dumps(_score_rows(scored)).decode(),
            "event_id": new_id(),
            "event": orjson.dumps(_event(held, scored)).decode(),
        },
    ).first()
    if saved is None:
        found = session.execute(_STANDING, _named(session, response_id)).scalar_one()
        return Saved(found)
    if scored.is_pending:
        organization_id = session.info["organization_id"]
        queue.enqueue(session, SCORE_JOB, once=f"{SCORE_JOB}:{organization_id}")
    return Saved(None, completes, following or 0, ended.ending)


def _over_quota(
    session: Session,
    survey_id: uuid.UUID,
    compiled: Compiled,
    answers: Mapping[str, Answer],
    about: Context,
    *,
    completes: bool,
) -> Quota | None:
    """The full quota that ends this response; one that completes is counted in those it meets."""
    route = compiled.flow.walk(answers, about)
    met = quotas.met(compiled, route)
    full = quotas.full(session, survey_id, met)
    if full is not None or not completes:
        return full
    if route.ending is not None and route.ending.is_screen_out:
        return None
    return quotas.take(session, survey_id, met)


def _answer_rows(answers: Mapping[str, Answer]) -> list[dict[str, Any]]:
    return [
        {"q": key, "k": kind, "n": number, "t": words, "c": choices, "d": on}
        for key, kind, number, words, choices, on in answers.values()
    ]


def _score_rows(scored: Scored) -> list[dict[str, Any]]:
    return [
        {"m": m, "q": q, "s": s, "v": v, "b": b, "l": language, "w": w, "o": o}
        for m, q, s, v, b, language, w, o in scored.rows
    ]


def _event(held: SqlRow[Any], scored: Scored) -> dict[str, Any]:
    return {
        "survey_id": held.survey_id,
        "contact_id": held.contact_id,
        "channel": held.channel,
        "touchpoint": held.touchpoint,
        **in_event(scored),
    }


def _named(session: Session, response_id: uuid.UUID) -> dict[str, Any]:
    return {"organization": session.info["organization_id"], "response": response_id}
