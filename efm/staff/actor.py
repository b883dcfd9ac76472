"""Who does something: the name under which the audit log remembers it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from efm.events import audit


@dataclass(frozen=True)
class Actor:
    """A person or program in one organization, and the request in which it acts."""

    label: str
    user_id: uuid.UUID | None
    request_id: str | None = None

    def note(
        self,
        session: Session,
        now: datetime,
        action: str,
        subject_kind: str | None = None,
        subject_id: uuid.UUID | None = None,
        **detail: Any,
    ) -> None:
        """Add one line to the audit log, in the transaction of what was done."""
        audit.record(
            session,
            now,
            self.label,
            action,
            user_id=self.user_id,
            subject_kind=subject_kind,
            subject_id=subject_id,
            request_id=self.request_id,
            **detail,
        )
