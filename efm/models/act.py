"""Cases: the work an answer asked for, who does it, by when, and what was said."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from efm.db.base import Base, Tenant, belongs_to


class Case(Tenant, Base):
    """The work item one response opened; a response opens at most one."""

    __tablename__ = "cases"
    extra_args = (
        UniqueConstraint("organization_id", "response_id"),
        UniqueConstraint("organization_id", "number"),
        belongs_to("responses", "response_id"),
        belongs_to("contacts", "contact_id", on_delete="SET NULL"),
        CheckConstraint("state IN ('open', 'answered', 'closed')", name="state"),
        CheckConstraint("reason IN ('detractor', 'angry_comment')", name="reason"),
        CheckConstraint("state = 'open' OR answered_at IS NOT NULL OR closed_at IS NOT NULL", name="answered_has_time"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_has_time"),
        CheckConstraint("(state = 'closed') = (resolution IS NOT NULL)", name="closed_has_resolution"),
        Index("ix_cases_state", "organization_id", "state", "due_at"),
        Index("ix_cases_owner", "organization_id", "owner_id", "state"),
        Index("ix_cases_contact", "organization_id", "contact_id", "opened_at"),
    )  # fmt: skip

    number: Mapped[int] = mapped_column(Integer)
    response_id: Mapped[uuid.UUID]
    contact_id: Mapped[uuid.UUID | None]
    reason: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(10), server_default="open")
    owner_id: Mapped[uuid.UUID | None]
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    resolution: Mapped[str | None] = mapped_column(String(40))
    revision: Mapped[int] = mapped_column(server_default=text("1"))


class CaseNote(Tenant, Base):
    """One line of a case's story: a note, a reply to the customer, or a change of state."""

    __tablename__ = "case_notes"
    extra_args = (
        belongs_to("cases", "case_id"),
        CheckConstraint("kind IN ('note', 'reply', 'change')", name="kind"),
        Index("ix_case_notes_case", "organization_id", "case_id", "written_at"),
    )

    case_id: Mapped[uuid.UUID]
    kind: Mapped[str] = mapped_column(String(10))
    body: Mapped[str] = mapped_column(Text)
    user_id: Mapped[uuid.UUID | None]
    written_at: Mapped[datetime]
