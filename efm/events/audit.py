"""The audit log: what staff and programs did, added in the same transaction, never changed."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from efm.models import AuditEntry


def record(
    session: Session,
    now: datetime,
    actor: str,
    action: str,
    *,
    user_id: uuid.UUID | None = None,
    subject_kind: str | None = None,
    subject_id: uuid.UUID | None = None,
    request_id: str | None = None,
    **detail: Any,
) -> None:
    """Note one action (`noun.past_verb`) by its actor; details are values, never secrets."""
    session.add(
        AuditEntry(
            acted_at=now,
            actor=actor[:340],
            user_id=user_id,
            action=action,
            subject_kind=subject_kind,
            subject_id=subject_id,
            detail=detail,
            request_id=request_id,
        )
    )
