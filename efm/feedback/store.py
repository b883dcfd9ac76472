"""The one way responses enter the tables: any number of one organization's, by one statement."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

import orjson
import psycopg
from sqlalchemy.orm import Session

from efm import queue
from efm.clock import new_id
from efm.feedback.score import Scored, in_event
from efm.feedback.store_sql import EXISTING, INSERT, STANDING
from surveys.values import Answer

ROWS_A_STATEMENT = 1000
# PostgreSQL plans a session's foreign key checks once. Plans made while the tables were small walk
# the whole organization for each row, so before many rows come they are made anew.
MANY = 200
SCORE_JOB = "feedback.score_pending"


@dataclass(slots=True)
class Row:
    """One response as it will be stored; `submitted_at` is None while it is partial.

    `submit_key` is what makes it count once in its organization. `announces` says whether the
    outbox gets its `response.submitted` (imports of old answers do not).
    """

    survey_id: uuid.UUID
    version_id: uuid.UUID
    distribution_id: uuid.UUID
    submit_key: str
    language: str
    answers: Mapping[str, Answer]
    scored: Scored
    started_at: datetime
    submitted_at: datetime | None
    channel: str = "link"
    touchpoint: str = ""
    id: uuid.UUID = field(default_factory=new_id)
    invitation_id: uuid.UUID | None = None
    contact_id: uuid.UUID | None = None
    resume_hash: bytes | None = None
    page_index: int = 0
    attributes: Mapping[str, Any] | None = None
    announces: bool = True


Reason = Literal["closed", "expired", "answered", "unknown", "revoked", "invalid"]


class Outcome(NamedTuple):
    """What became of a row: created, duplicate (with the first one's id) or refused (and why).

    `problems` names what was wrong with a refused row by question or field.
    """

    state: Literal["created", "duplicate", "refused"]
    id: uuid.UUID | None
    reason: Reason | None = None
    is_complete: bool = True
    problems: Mapping[str, str] | None = None


def store_many(
    session: Session, rows: Sequence[Row], now: datetime, *, token_id: uuid.UUID | None = None
) -> list[Outcome]:
    """Store rows in the session's transaction and organization; one outcome each, in order.

    A survey, link or invitation that no longer takes answers refuses its rows here, in the
    statement itself, whatever was looked up before; `token_id` likewise names the API token that
    must still be valid. A row the database cannot hold never fails its neighbours.
    """
    session.flush()
    organization_id = session.info["organization_id"]
    driver: Any = session.connection().connection.driver_connection
    outcomes: list[Outcome] = []
    for start in range(0, len(rows), ROWS_A_STATEMENT):
        part = rows[start : start + ROWS_A_STATEMENT]
        if len(part) >= MANY:
            driver.execute("DISCARD PLANS", prepare=False)
        outcomes += _store_part(driver, organization_id, part, now, token_id)
    if any(
        row.scored.is_pending and outcome.state == "created"
        for row, outcome in zip(rows, outcomes, strict=True)
    ):
        queue.enqueue(session, SCORE_JOB, once=f"{SCORE_JOB}:{organization_id}")
    return outcomes


def _store_part(
    driver: psycopg.Connection[Any],
    organization_id: uuid.UUID,
    rows: Sequence[Row],
    now: datetime,
    token_id: uuid.UUID | None,
) -> list[Outcome]:
    """One statement for all; when a row breaks it, each by itself."""
    try:
        with driver.transaction():
            return store_at_once(driver, organization_id, rows, now, token_id)
    except (psycopg.DataError, psycopg.IntegrityError):
        if len(rows) == 1:
            return [Outcome("refused", None, "invalid")]
    return [_store_part(driver, organization_id, [row], now, token_id)[0] for row in rows]


def store_at_once(
    driver: psycopg.Connection[Any],
    organization_id: uuid.UUID,
    rows: Sequence[Row],
    now: datetime,
    token_id: uuid.UUID | None = None,
) -> list[Outcome]:
    """The statement itself, on a connection that is told the organization.

    Raises psycopg.DataError or IntegrityError when a row cannot be held.
    """
    values = {
        name: value.decode() if isinstance(value, bytes) else value
        for name, value in parameters(rows).items()
    }
    named = {"organization": organization_id, "now": now, "token": token_id}
    found = driver.execute(INSERT, named | values, prepare=True).fetchall()
    created = {row[0] for row in found}
    if len(created) == len(rows):
        return [Outcome("created", row.id, None, row.submitted_at is not None) for row in rows]
    return explain(driver, organization_id, rows, created, now, token_id)


def parameters(rows: Sequence[Row]) -> dict[str, bytes]:
    """The rows as the statement reads them: a JSON text for each table that grows by many."""
    responses = [_response(row) for row in rows]
    answers = [part for row in rows for part in answer_rows(row.id, row.answers)]
    scores = [
        part
        for row in rows
        if row.submitted_at is not None
        for part in score_rows(row.id, row.scored)
    ]
    return {
        "responses": orjson.dumps(responses),
        "answers": orjson.dumps(answers),
        "scores": orjson.dumps(scores),
    }


def answer_rows(response_id: uuid.UUID, answers: Mapping[str, Answer]) -> list[dict[str, Any]]:
    """Answers as the statements read them."""
    return [
        {"r": response_id, "q": key, "k": kind, "n": number, "t": words, "c": choices, "d": on}
        for key, kind, number, words, choices, on in answers.values()
    ]


def score_rows(response_id: uuid.UUID, scored: Scored) -> list[dict[str, Any]]:
    """Scores as the statements read them."""
    return [
        {"r": response_id, "m": m, "q": q, "s": s, "v": v, "b": b, "l": language, "w": w, "o": o}
        for m, q, s, v, b, language, w, o in scored.rows
    ]


def _response(row: Row) -> dict[str, Any]:
    event = None
    if row.announces and row.submitted_at is not None:
        event = event_payload(row)
    return {
        "id": row.id,
        "survey_id": row.survey_id,
        "version_id": row.version_id,
        "distribution_id": row.distribution_id,
        "invitation_id": row.invitation_id,
        "contact_id": row.contact_id,
        "state": "partial" if row.submitted_at is None else "complete",
        "channel": row.channel,
        "touchpoint": row.touchpoint,
        "language": row.language,
        "submit_key": row.submit_key,
        "resume_hash": None if row.resume_hash is None else "\\x" + row.resume_hash.hex(),
        "page_index": row.page_index,
        "attributes": row.attributes or {},
        "started_at": row.started_at,
        "submitted_at": row.submitted_at,
        "event_id": None if event is None else new_id(),
        "event": event,
    }


def event_payload(row: Row) -> dict[str, Any]:
    """What `response.submitted` says."""
    return {
        "survey_id": row.survey_id,
        "contact_id": row.contact_id,
        "channel": row.channel,
        "touchpoint": row.touchpoint,
        **in_event(row.scored),
    }


def explain(
    driver: psycopg.Connection[Any],
    organization_id: uuid.UUID,
    rows: Sequence[Row],
    created: set[uuid.UUID],
    now: datetime,
    token_id: uuid.UUID | None,
) -> list[Outcome]:
    """Why rows were not inserted: the first of their key is there, or they may not enter."""
    left = [row for row in rows if row.id not in created]
    keys = {"organization": organization_id, "keys": [row.submit_key for row in left]}
    existing = {
        key: (found, state) for key, found, state in driver.execute(EXISTING, keys).fetchall()
    }
    outcomes = []
    for row in rows:
        if row.id in created:
            outcomes.append(Outcome("created", row.id, None, row.submitted_at is not None))
        elif row.submit_key in existing:
            first, state = existing[row.submit_key]
            outcomes.append(Outcome("duplicate", first, None, state == "complete"))
        else:
            reason = _standing(driver, organization_id, row, now, token_id)
            outcomes.append(Outcome("refused", None, reason))
    return outcomes


def _standing(
    driver: psycopg.Connection[Any],
    organization_id: uuid.UUID,
    row: Row,
    now: datetime,
    token_id: uuid.UUID | None,
) -> Reason:
    """The reason by which a row may not enter, the most lasting first."""
    found = driver.execute(
        STANDING,
        {
            "organization": organization_id,
            "survey": row.survey_id,
            "distribution": row.distribution_id,
            "invitation": row.invitation_id,
            "token": token_id,
            "now": now,
        },
    ).fetchone()
    reason: Reason = found[0] if found is not None else "unknown"
    return reason
