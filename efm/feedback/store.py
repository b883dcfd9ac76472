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
from efm.db.columns import (
    bytestrings,
    days,
    doubles,
    encoded,
    integers,
    list_literal,
    moments,
    texts,
    uuids,
)
from efm.db.pipelined import Statement
from efm.feedback import quotas
from efm.feedback.score import Scored, in_event
from efm.feedback.store_sql import EXISTING, INSERT, INSERT_INVITED, STANDING
from surveys.parts import Quota
from surveys.values import Answer

ROWS_A_STATEMENT = 1000
# PostgreSQL plans a session's foreign key checks once. Plans made while the tables were small walk
# the whole organization for each row, so before many rows come they are made anew.
MANY = 200
SCORE_JOB = "feedback.score_pending"

_TYPES = {
    "organization": "uuid",
    "now": "timestamptz",
    "token": "uuid",
    **dict.fromkeys(
        ("ids", "surveys", "versions", "distributions", "invitations", "contacts"), "uuid[]"
    ),
    **dict.fromkeys(("event_ids", "answer_of", "score_of"), "uuid[]"),
    **dict.fromkeys(("channels", "touchpoints", "languages", "submit_keys", "endings"), "text[]"),
    **dict.fromkeys(("attributes", "events", "states"), "text[]"),
    **dict.fromkeys(("answer_keys", "answer_kinds", "answer_texts", "answer_choices"), "text[]"),
    **dict.fromkeys(("score_metrics", "score_keys", "score_states", "score_bands"), "text[]"),
    **dict.fromkeys(("score_languages", "score_reasons", "score_models"), "text[]"),
    **dict.fromkeys(("answer_numbers", "score_values"), "double precision[]"),
    **dict.fromkeys(("starts", "submissions"), "timestamptz[]"),
    "resume_hashes": "bytea[]",
    "pages": "integer[]",
    "answer_days": "date[]",
}
STORE = Statement("efm_store", INSERT, _TYPES)
STORE_INVITED = Statement("efm_store_invited", INSERT_INVITED, _TYPES)


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
    ending: str | None = None
    is_screened: bool = False
    quotas: Sequence[Quota] = ()
    announces: bool = True

    @property
    def state(self) -> str:
        """The state it is stored in."""
        if self.submitted_at is None:
            return "partial"
        return "screened" if self.is_screened else "complete"


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
    for row, outcome in zip(rows, outcomes, strict=True):
        if row.quotas and outcome.state == "created":
            quotas.count(session, row.survey_id, row.quotas)
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
    values = parameters(rows, organization_id, now, token_id)
    stored = statement_for(rows).run(driver, values)
    if len(stored) == len(rows):
        return [Outcome("created", row.id, None, row.submitted_at is not None) for row in rows]
    return explain(driver, organization_id, rows, created_ids(stored), now, token_id)


def statement_for(rows: Sequence[Row]) -> Statement:
    """The statement that stores these rows, without invitations where none has one."""
    return STORE if all(row.invitation_id is None for row in rows) else STORE_INVITED


def created_ids(stored: Sequence[bytes | None]) -> set[uuid.UUID]:
    """The ids a statement says it stored."""
    return {uuid.UUID((each or b"").decode()) for each in stored}


def parameters(
    rows: Sequence[Row], organization_id: uuid.UUID, now: datetime, token_id: uuid.UUID | None
) -> dict[str, bytes | None]:
    """The rows as the statements read them: each column an array, and so their answers and scores."""
    # A partial response has no scores yet; they come with its last page.
    complete = [row for row in rows if row.submitted_at is not None]
    keys, kinds, numbers, words, choices, on = _columns(
        6, [answer for row in rows for answer in row.answers.values()]
    )
    metrics, score_keys, states, values, bands, languages, reasons, models = _columns(
        8, [score for row in complete for score in row.scored.rows]
    )
    told = [row.announces and row.state == "complete" for row in rows]
    return {
        "organization": str(organization_id).encode(),
        "now": now.isoformat().encode(),
        "token": None if token_id is None else str(token_id).encode(),
        "ids": uuids([row.id for row in rows]),
        "surveys": uuids([row.survey_id for row in rows]),
        "versions": uuids([row.version_id for row in rows]),
        "distributions": uuids([row.distribution_id for row in rows]),
        "invitations": uuids([row.invitation_id for row in rows]),
        "contacts": uuids([row.contact_id for row in rows]),
        "channels": texts(row.channel for row in rows),
        "touchpoints": texts(row.touchpoint for row in rows),
        "languages": texts(row.language for row in rows),
        "submit_keys": texts(row.submit_key for row in rows),
        "resume_hashes": bytestrings(row.resume_hash for row in rows),
        "pages": integers(row.page_index for row in rows),
        "attributes": encoded(
            orjson.dumps(row.attributes) if row.attributes else b"{}" for row in rows
        ),
        "endings": texts(row.ending for row in rows),
        "states": texts(row.state for row in rows),
        "starts": moments(row.started_at for row in rows),
        "submissions": moments(row.submitted_at for row in rows),
        "event_ids": uuids([new_id() if is_told else None for is_told in told]),
        "events": encoded(
            orjson.dumps(event_payload(row)) if is_told else None
            for row, is_told in zip(rows, told, strict=True)
        ),
        "answer_of": uuids([row.id for row in rows for _ in row.answers]),
        "answer_keys": texts(keys),
        "answer_kinds": texts(kinds),
        "answer_numbers": doubles(numbers),
        "answer_texts": texts(words),
        "answer_choices": texts(None if each is None else list_literal(each) for each in choices),
        "answer_days": days(on),
        "score_of": uuids([row.id for row in complete for _ in row.scored.rows]),
        "score_metrics": texts(metrics),
        "score_keys": texts(score_keys),
        "score_states": texts(states),
        "score_values": doubles(values),
        "score_bands": texts(bands),
        "score_languages": texts(languages),
        "score_reasons": texts(reasons),
        "score_models": texts(models),
    }


def _columns(width: int, rows: Sequence[tuple[Any, ...]]) -> Sequence[Sequence[Any]]:
    return list(zip(*rows, strict=True)) if rows else [()] * width


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
