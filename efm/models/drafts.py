"""What surveys are made from and talked about: questions of the bank, comments of reviewers."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from efm.db.base import Base, Created, Tenant, belongs_to


class BankQuestion(Tenant, Created, Base):
    """A question kept to be asked in several surveys, as a definition of one question.

    `words` are all its texts in all its languages, for searching.
    """

    __tablename__ = "bank_questions"
    extra_args = (UniqueConstraint("organization_id", "name"),)

    name: Mapped[str] = mapped_column(String(200))
    topic: Mapped[str] = mapped_column(String(100), server_default="")
    kind: Mapped[str] = mapped_column(String(40))
    words: Mapped[str] = mapped_column(Text)
    definition: Mapped[dict[str, Any]]
    created_by_id: Mapped[uuid.UUID | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    retired_at: Mapped[datetime | None]


class ReviewThread(Tenant, Base):
    """What was said about one place of a survey's draft until it was settled.

    `at` is the place by its address, `label` what stood there when it was opened: it is told once the
    place is gone.
    """

    __tablename__ = "review_threads"
    extra_args = (
        belongs_to("surveys", "survey_id"),
        CheckConstraint(
            "(resolved_at IS NULL) = (resolved_by_name IS NULL)", name="resolved_has_name"
        ),
        Index("ix_review_threads_survey", "organization_id", "survey_id", "opened_at"),
    )

    survey_id: Mapped[uuid.UUID]
    at: Mapped[str] = mapped_column(String(100))
    label: Mapped[str] = mapped_column(String(200))
    opened_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    resolved_by_name: Mapped[str | None] = mapped_column(String(200))


class ReviewComment(Tenant, Base):
    """One comment of a thread; it is written once and stays."""

    __tablename__ = "review_comments"
    extra_args = (
        belongs_to("review_threads", "thread_id"),
        Index("ix_review_comments_thread", "organization_id", "thread_id", "written_at"),
    )

    thread_id: Mapped[uuid.UUID]
    body: Mapped[str] = mapped_column(Text)
    author_id: Mapped[uuid.UUID | None]
    written_at: Mapped[datetime]
