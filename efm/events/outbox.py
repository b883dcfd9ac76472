"""Writing to the outbox: an event or a mail, in the caller's transaction."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from efm import queue
from efm.clock import new_id
from efm.models import Event, Mail


def append(
    session: Session, kind: str, now: datetime, subject_id: uuid.UUID | None = None, **payload: Any
) -> None:
    """Append an event (`noun.past_verb`) that a worker will take once the transaction commits."""
    session.add(Event(kind=kind, occurred_at=now, subject_id=subject_id, payload=payload))


def post(
    session: Session,
    recipient: str,
    subject: str,
    body: str,
    *,
    mail_id: uuid.UUID | None = None,
) -> uuid.UUID:
    """Store a mail and the job that sends it; returns the mail's id, a new one unless given."""
    mail = Mail(id=mail_id or new_id(), recipient=recipient, subject=subject[:300], body=body)
    session.add(mail)
    session.flush()
    queue.enqueue(session, "mail.send", mail_id=mail.id)
    return mail.id
