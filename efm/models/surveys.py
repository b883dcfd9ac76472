"""Surveys, their frozen versions, how they reach people, and their daily score counts."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from efm.db.base import Base, Created, Tenant, Tenanted, belongs_to

SIMULATION_STATES = ("queued", "running", "succeeded", "failed", "cancelled")


class Survey(Tenant, Created, Base):
    """The named instrument: a draft being edited and the version being answered."""

    __tablename__ = "surveys"
    extra_args = (
        CheckConstraint("state IN ('draft', 'open', 'closed')", name="state"),
        CheckConstraint(
            "state = 'draft' OR current_version_id IS NOT NULL", name="open_has_version"
        ),
        CheckConstraint("draft_revision >= 1", name="draft_revision"),
    )

    name: Mapped[str] = mapped_column(String(200))
    folder: Mapped[str] = mapped_column(String(100), server_default="")
    state: Mapped[str] = mapped_column(String(10), server_default="draft")
    template: Mapped[str | None] = mapped_column(String(60))
    draft: Mapped[dict[str, Any]]
    draft_revision: Mapped[int] = mapped_column(server_default=text("1"))
    current_version_id: Mapped[uuid.UUID | None]
    rolled_through_on: Mapped[date | None]
    rolled_time_zone: Mapped[str | None] = mapped_column(String(64))
    created_by_id: Mapped[uuid.UUID | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class DraftRevision(Tenanted, Base):
    """A draft as it was saved once, and what was done in a short sentence.

    `restores` is the revision whose document this is: its own, unless somebody went back or forth.
    """

    __tablename__ = "draft_revisions"
    key_columns = ("organization_id", "survey_id", "revision")
    is_part = True
    extra_args = (
        belongs_to("surveys", "survey_id"),
        CheckConstraint("restores >= 1 AND restores <= revision", name="restores"),
    )

    survey_id: Mapped[uuid.UUID]
    revision: Mapped[int]
    restores: Mapped[int]
    document: Mapped[dict[str, Any]]
    what: Mapped[str] = mapped_column(String(300))
    saved_at: Mapped[datetime]
    saved_by_id: Mapped[uuid.UUID | None]


class SurveyVersion(Tenant, Base):
    """The frozen text of a survey; a trigger refuses every change."""

    __tablename__ = "survey_versions"
    extra_args = (
        UniqueConstraint("organization_id", "survey_id", "number"),
        CheckConstraint("number >= 1", name="number"),
        belongs_to("surveys", "survey_id"),
    )

    survey_id: Mapped[uuid.UUID]
    number: Mapped[int]
    definition: Mapped[dict[str, Any]]
    checksum: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[datetime]
    published_by_id: Mapped[uuid.UUID | None]


class Simulation(Tenant, Created, Base):
    """Made-up people who walk through a draft, as of `draft_revision`, or a version: how far, what they met."""

    __tablename__ = "simulations"
    extra_args = (
        CheckConstraint(f"state IN {SIMULATION_STATES!r}", name="state"),
        CheckConstraint("(version_id IS NULL) <> (draft_revision IS NULL)", name="of_one"),
        CheckConstraint("n >= 1", name="n"),
        CheckConstraint("done >= 0 AND done <= n", name="done"),
        CheckConstraint(
            "(state IN ('queued', 'running')) = (finished_at IS NULL)", name="ended_has_finish"
        ),
        CheckConstraint("state <> 'running' OR started_at IS NOT NULL", name="running_has_start"),
        belongs_to("surveys", "survey_id"),
        belongs_to("survey_versions", "version_id"),
        Index("ix_simulations_survey", "organization_id", "survey_id", "created_at"),
    )

    survey_id: Mapped[uuid.UUID]
    version_id: Mapped[uuid.UUID | None]
    draft_revision: Mapped[int | None]
    n: Mapped[int]
    seed: Mapped[int]
    state: Mapped[str] = mapped_column(String(10), server_default="queued")
    done: Mapped[int] = mapped_column(server_default=text("0"))
    met: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    error: Mapped[str | None] = mapped_column(Text)
    requested_by_id: Mapped[uuid.UUID | None]
    started_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Distribution(Tenant, Created, Base):
    """One way a survey reaches people: an anonymous link, personal links, or the API."""

    __tablename__ = "distributions"
    extra_args = (
        UniqueConstraint("organization_id", "token_hash"),
        CheckConstraint(
            "kind IN ('anonymous_link', 'personal_links', 'api', 'import')", name="kind"
        ),
        CheckConstraint(
            "(kind = 'anonymous_link') = (token_hash IS NOT NULL)", name="link_has_token"
        ),
        belongs_to("surveys", "survey_id"),
        Index("ix_distributions_token_hash", "token_hash"),
        Index("ix_distributions_survey", "organization_id", "survey_id"),
    )

    survey_id: Mapped[uuid.UUID]
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    channel: Mapped[str] = mapped_column(String(60), server_default="link")
    touchpoint: Mapped[str] = mapped_column(String(200), server_default="")
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    closes_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    invited: Mapped[int] = mapped_column(server_default=text("0"))
    created_by_id: Mapped[uuid.UUID | None]


class Invitation(Tenant, Created, Base):
    """One contact's personal link."""

    __tablename__ = "invitations"
    extra_args = (
        UniqueConstraint("organization_id", "token_hash"),
        UniqueConstraint("organization_id", "distribution_id", "contact_id"),
        belongs_to("distributions", "distribution_id"),
        belongs_to("contacts", "contact_id"),
        Index("ix_invitations_token_hash", "token_hash"),
        Index("ix_invitations_created", "organization_id", "distribution_id", "created_at"),
        Index("ix_invitations_contact", "organization_id", "contact_id"),
    )

    distribution_id: Mapped[uuid.UUID]
    contact_id: Mapped[uuid.UUID]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]


class ScoreDay(Tenanted, Base):
    """Scores of one closed day counted by value: what the dashboard adds up, exactly.

    `bucket` is the value for whole scales (NPS, CSAT, CES, stars) and the label for sentiment.
    """

    __tablename__ = "score_days"
    key_columns = (
        "organization_id", "survey_id", "on_day", "metric", "question_key",
        "channel", "touchpoint", "bucket",
    )  # fmt: skip
    extra_args = (
        belongs_to("surveys", "survey_id"),
        CheckConstraint("n > 0", name="n"),
    )

    survey_id: Mapped[uuid.UUID]
    on_day: Mapped[date]
    metric: Mapped[str] = mapped_column(String(20))
    question_key: Mapped[str] = mapped_column(String(200))
    channel: Mapped[str] = mapped_column(String(60))
    touchpoint: Mapped[str] = mapped_column(String(200))
    bucket: Mapped[str] = mapped_column(String(40))
    n: Mapped[int]
    total: Mapped[float]
    total_of_squares: Mapped[float]


class ScoreSum(Tenanted, Base):
    """Closed days added up further.

    A `day` is added up over its channels and touchpoints, a `channel` is a day of one channel over
    its touchpoints, a `month` keeps both, and of the metrics those that touchpoints are compared by.
    """

    __tablename__ = "score_sums"
    key_columns = (
        "organization_id", "survey_id", "grain", "on_day", "metric", "question_key", "channel",
        "touchpoint", "bucket",
    )  # fmt: skip
    extra_args = (
        belongs_to("surveys", "survey_id"),
        CheckConstraint("grain IN ('day', 'channel', 'month')", name="grain"),
        CheckConstraint(
            "grain <> 'month' OR on_day = date_trunc('month', on_day::timestamp)::date",
            name="month_begins",
        ),
        CheckConstraint("n > 0", name="n"),
    )

    survey_id: Mapped[uuid.UUID]
    grain: Mapped[str] = mapped_column(String(10))
    on_day: Mapped[date]
    metric: Mapped[str] = mapped_column(String(20))
    question_key: Mapped[str] = mapped_column(String(200))
    channel: Mapped[str] = mapped_column(String(60))
    touchpoint: Mapped[str] = mapped_column(String(200))
    bucket: Mapped[str] = mapped_column(String(40))
    n: Mapped[int]
    total: Mapped[float]
    total_of_squares: Mapped[float]


class QuotaCount(Tenanted, Base):
    """How many complete responses a quota of a survey has; under ``randomizer.block``, how often that

    block was presented.
    """

    __tablename__ = "quota_counts"
    key_columns = ("organization_id", "survey_id", "quota_key")
    extra_args = (belongs_to("surveys", "survey_id"), CheckConstraint("n >= 0", name="n"))

    survey_id: Mapped[uuid.UUID]
    quota_key: Mapped[str] = mapped_column(String(100))
    n: Mapped[int]


class DirtyDay(Tenanted, Base):
    """A closed day that got late answers and waits to be counted again; until then it is read live."""

    __tablename__ = "dirty_days"
    key_columns = ("organization_id", "survey_id", "on_day")
    extra_args = (belongs_to("surveys", "survey_id"),)

    survey_id: Mapped[uuid.UUID]
    on_day: Mapped[date]
