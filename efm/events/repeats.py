"""Requests that say who they are: a repeated one gets the first one's answer and does nothing."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from efm.clock import new_id
from efm.errors import Conflict, Invalid

KEPT = timedelta(hours=24)

# The lock is this transaction's, so it ends with the work: nobody sees a key without its answer.
_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
_FIND = text(
    "SELECT body_hash, status, answer, created_at FROM idempotency_keys"
    " WHERE principal = :principal AND route = :route AND key = :key"
)
_FORGET = text(
    "DELETE FROM idempotency_keys WHERE principal = :principal AND route = :route AND key = :key"
)
_KEEP = text(
    "INSERT INTO idempotency_keys"
    " (organization_id, id, principal, route, key, body_hash, status, answer, created_at)"
    " VALUES (efm_current_organization(), :id, :principal, :route, :key, :hash, :status, :answer,"
    " :now)"
)


class InFlight(Conflict):
    """The first request with this key is not answered yet."""

    title = "The first request with this key is still under way"


@dataclass(frozen=True)
class Repeatable:
    """A request with a key: whose it is, to which address, and the hash of what it brings."""

    principal: str
    route: str
    key: str
    body_hash: bytes

    def _named(self) -> dict[str, str]:
        return {"principal": self.principal, "route": self.route, "key": self.key}


@dataclass(frozen=True)
class Answer:
    """A status and a body, as they were sent the first time."""

    status: int
    body: str


def first_answer(session: Session, request: Repeatable, now: datetime) -> Answer | None:
    """The answer the key got before; None when this is the first request of the last 24 hours.

    Then the caller does the work and keeps its answer in the same transaction, which alone holds
    the key until it ends. Raises InFlight while another one does, Invalid for another body.
    """
    organization_id: uuid.UUID = session.info["organization_id"]
    name = f"repeat {organization_id} {request.principal} {request.route} {request.key}"
    if not session.execute(_LOCK, {"name": name}).scalar_one():
        raise InFlight("Wait a moment and send it again with the same key; nothing is done twice.")
    row = session.execute(_FIND, request._named()).one_or_none()
    if row is None:
        return None
    if now - row.created_at >= KEPT:
        session.execute(_FORGET, request._named())
        return None
    if bytes(row.body_hash) != request.body_hash:
        raise Invalid(
            "This Idempotency-Key was used with another body. Use a new key for a new request.",
        )
    return Answer(row.status, row.answer)


def keep(session: Session, request: Repeatable, answer: Answer, now: datetime) -> None:
    """Keep the answer of a first request, in the transaction of its work."""
    session.execute(
        _KEEP,
        request._named()
        | {
            "id": new_id(),
            "hash": request.body_hash,
            "status": answer.status,
            "answer": answer.body,
            "now": now,
        },
    )
