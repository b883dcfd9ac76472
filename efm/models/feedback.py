"""Responses, their answers and their scores.

Answers and scores are parts of a response and never pointed to: their key is the response's key
and the question, which saves an index on the path every answer takes.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from efm.db.base import Base, Created, Tenant, Tenanted, belongs_to


def _part_of_response() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["organization_id", "response_id"],
        ["responses.organization_id", "responses.id"],
        ondelete="CASCADE",
    )


class Response(Tenant, Base):
    """One person's submission to a survey, pinned to the version it was given to.

    One that was `screened` out, by an ending or by a full `quota`, counts in no figure. `submit_key`
    is what makes it count once: the form's nonce, the invitation or the caller's key.
    """

    __tablename__ = "responses"
    is_part = True  # Of its survey.
    extra_args = (
        UniqueConstraint("organization_id", "submit_key"),
        CheckConstraint("state IN ('partial', 'complete', 'screened')", name="state"),
        CheckConstraint("(state <> 'partial') = (submitted_at IS NOT NULL)", name="complete_has_time"),
        CheckConstraint("page_index >= 0", name="page_index"),
        belongs_to("surveys", "survey_id"),
        belongs_to("survey_versions", "version_id"),
        belongs_to("distributions", "distribution_id"),
        belongs_to("invitations", "invitation_id", on_delete="SET NULL"),
        belongs_to("contacts", "contact_id", on_delete="SET NULL"),
        Index(
            "ix_responses_survey_submitted",
            "organization_id", "survey_id", "submitted_at",
            postgresql_where=text("state = 'complete'"),
        ),
        Index(
            "ix_responses_partial",
            "organization_id", "survey_id", "started_at",
            postgresql_where=text("state = 'partial'"),
        ),
        Index(
            "ix_responses_contact",
            "organization_id", "contact_id",
            postgresql_where=text("contact_id IS NOT NULL"),
        ),
        Index(
            "ix_responses_resume_hash", "resume_hash", postgresql_where=text("resume_hash IS NOT NULL")
        ),
    )  # fmt: skip

    survey_id: Mapped[uuid.UUID]
    version_id: Mapped[uuid.UUID]
    distribution_id: Mapped[uuid.UUID]
    invitation_id: Mapped[uuid.UUID | None]
    contact_id: Mapped[uuid.UUID | None]
    state: Mapped[str] = mapped_column(String(10))
    channel: Mapped[str] = mapped_column(String(60))
    touchpoint: Mapped[str] = mapped_column(String(200), server_default="")
    language: Mapped[str] = mapped_column(String(40))
    submit_key: Mapped[str] = mapped_column(String(200))
    resume_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    page_index: Mapped[int] = mapped_column(server_default=text("0"))
    attributes: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    ending: Mapped[str | None] = mapped_column(String(60))
    quota: Mapped[str | None] = mapped_column(String(60))
    started_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]


class Answer(Tenanted, Base):
    """One answer to one question; exactly one of its values is set."""

    __tablename__ = "answers"
    is_part = True
    key_columns = ("organization_id", "response_id", "question_key")
    extra_args = (
        _part_of_response(),
        CheckConstraint("num_nonnulls(number, text, choices, on_day) = 1", name="one_value"),
    )

    response_id: Mapped[uuid.UUID]
    question_key: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    number: Mapped[float | None]
    text: Mapped[str | None] = mapped_column(Text)
    choices: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    on_day: Mapped[date | None]


class Score(Tenanted, Base):
    """A number derived from an answer: a metric's value, or the sentiment of a comment and its state."""

    __tablename__ = "scores"
    is_part = True
    key_columns = ("organization_id", "response_id", "metric", "question_key")
    extra_args = (
        _part_of_response(),
        CheckConstraint("state IN ('scored', 'pending', 'unscored')", name="state"),
        CheckConstraint("(state = 'scored') = (value IS NOT NULL)", name="scored_has_value"),
        CheckConstraint("(state = 'unscored') = (reason IS NOT NULL)", name="unscored_has_reason"),
        Index(
            "ix_scores_pending", "organization_id", "response_id",
            postgresql_where=text("state = 'pending'"),
        ),
    )  # fmt: skip

    response_id: Mapped[uuid.UUID]
    metric: Mapped[str] = mapped_column(String(20))
    question_key: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(10))
    value: Mapped[float | None]
    band: Mapped[str | None] = mapped_column(String(20))
    language: Mapped[str | None] = mapped_column(String(40))
    reason: Mapped[str | None] = mapped_column(String(40))
    model: Mapped[str | None] = mapped_column(String(40))


class File(Tenant, Created, Base):
    """A file handed over as an answer (of a response that may not be stored yet), or shown by surveys.

    Pictures, videos and captions that surveys show have the purpose "picture".
    """

    __tablename__ = "files"
    extra_args = (
        CheckConstraint("purpose IN ('answer', 'picture')", name="purpose"),
        CheckConstraint("(purpose = 'answer') = (response_id IS NOT NULL)", name="of_response"),
        CheckConstraint("size = length(content)", name="size"),
        Index("ix_files_response", "organization_id", "response_id"),
        Index("ix_files_id", "id"),
    )

    purpose: Mapped[str] = mapped_column(String(10))
    response_id: Mapped[uuid.UUID | None]
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary)
