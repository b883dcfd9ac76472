"""Connections, how far each stream was read, what was read and what was refused."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from efm.db.base import Base, Created, Tenant, Tenanted, belongs_to

RUN_STATES = ("queued", "running", "succeeded", "failed", "cancelled")
IMPORT_STATES = ("planned", "queued", "running", "succeeded", "failed", "cancelled")


def _schedule_checks() -> tuple[CheckConstraint, ...]:
    """A schedule is an interval, or a cron expression in a time zone, or nothing."""
    return (
        CheckConstraint("every_minutes IS NULL OR every_minutes >= 1", name="every_minutes"),
        CheckConstraint("every_minutes IS NULL OR cron IS NULL", name="one_schedule"),
        CheckConstraint("(cron IS NULL) = (zone IS NULL)", name="cron_has_zone"),
    )


class Connection(Tenant, Created, Base):
    """A configured instance of a connector; its secrets are sealed.

    Its schedule is that of the streams which follow it. `quota_*` is what the source told of its
    calls of a day; `quota_renews_at` is set while reading by itself waits for new ones.
    """

    __tablename__ = "connections"
    extra_args = (
        UniqueConstraint("organization_id", "name"),
        CheckConstraint("state IN ('draft', 'active', 'paused', 'deleting')", name="state"),
        *_schedule_checks(),
    )

    name: Mapped[str] = mapped_column(String(200))
    connector: Mapped[str] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(10), server_default="draft")
    settings: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    secrets_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    checked_at: Mapped[datetime | None]
    check_message: Mapped[str | None] = mapped_column(Text)
    is_check_ok: Mapped[bool | None]
    every_minutes: Mapped[int | None]
    cron: Mapped[str | None] = mapped_column(String(100))
    zone: Mapped[str | None] = mapped_column(String(64))
    quota_used: Mapped[int | None] = mapped_column(BigInteger)
    quota_most: Mapped[int | None] = mapped_column(BigInteger)
    quota_percent: Mapped[int | None]
    quota_told_at: Mapped[datetime | None]
    quota_renews_at: Mapped[datetime | None]


class StreamSetting(Tenant, Created, Base):
    """What one stream of a connection is mapped to, and when it is read.

    The schedule is a copy of the connection's unless it `has_own_schedule`. `next_run_at` may
    also be set without one: a run that was held up goes on then.
    """

    __tablename__ = "stream_settings"
    extra_args = (
        UniqueConstraint("organization_id", "connection_id", "stream"),
        belongs_to("connections", "connection_id"),
        *_schedule_checks(),
        Index(
            "ix_stream_settings_due", "next_run_at",
            postgresql_where=text("next_run_at IS NOT NULL"),
        ),
    )  # fmt: skip

    connection_id: Mapped[uuid.UUID]
    stream: Mapped[str] = mapped_column(String(255))
    is_enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    is_paused: Mapped[bool] = mapped_column(server_default=text("false"))
    mapping: Mapped[dict[str, Any]]
    has_own_schedule: Mapped[bool] = mapped_column(server_default=text("false"))
    every_minutes: Mapped[int | None]
    cron: Mapped[str | None] = mapped_column(String(100))
    zone: Mapped[str | None] = mapped_column(String(64))
    next_run_at: Mapped[datetime | None]


class Checkpoint(Tenanted, Base):
    """How far a stream was read: the connector's opaque state, committed with its records.

    `full_pass_rejected` counts the refusals of a full pass in progress; NULL after it has ended.
    `records` is how many of the source's records we held at `counted_at`, and `newest_at` when the
    source last changed one of them, as far as it says.
    """

    __tablename__ = "checkpoints"
    key_columns = ("organization_id", "connection_id", "stream")
    extra_args = (belongs_to("connections", "connection_id"),)

    connection_id: Mapped[uuid.UUID]
    stream: Mapped[str] = mapped_column(String(255))
    state: Mapped[dict[str, Any]]
    generation: Mapped[int] = mapped_column(server_default=text("1"))
    full_pass_rejected: Mapped[int | None]
    records: Mapped[int | None] = mapped_column(BigInteger)
    newest_at: Mapped[datetime | None]
    counted_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class SyncRun(Tenant, Created, Base):
    """One pull of one stream; a lease keeps it to one worker.

    `error_kind` says who has to act (see `efm.sync.advice`). A run that `is_using_rest` may use what is
    left of the day's calls: somebody was told and wanted it.
    """

    __tablename__ = "sync_runs"
    extra_args = (
        belongs_to("connections", "connection_id"),
        CheckConstraint(f"state IN {RUN_STATES!r}", name="state"),
        CheckConstraint("(state = 'queued') = (started_at IS NULL)", name="queued_has_no_start"),
        CheckConstraint(
            "(state IN ('queued', 'running')) = (finished_at IS NULL)", name="ended_has_finish"
        ),
        Index(
            "uq_sync_runs_one_at_a_time", "organization_id", "connection_id", "stream",
            unique=True, postgresql_where=text("state IN ('queued', 'running')"),
        ),
        Index("ix_sync_runs_connection", "organization_id", "connection_id", "created_at"),
        Index("ix_sync_runs_stream", "organization_id", "connection_id", "stream", "created_at"),
    )  # fmt: skip

    connection_id: Mapped[uuid.UUID]
    stream: Mapped[str] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(10), server_default="queued")
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    lease_token: Mapped[uuid.UUID | None]
    locked_until: Mapped[datetime | None]
    total: Mapped[int | None]
    read: Mapped[int] = mapped_column(server_default=text("0"))
    created: Mapped[int] = mapped_column(server_default=text("0"))
    updated: Mapped[int] = mapped_column(server_default=text("0"))
    unchanged: Mapped[int] = mapped_column(server_default=text("0"))
    deleted: Mapped[int] = mapped_column(server_default=text("0"))
    rejected: Mapped[int] = mapped_column(server_default=text("0"))
    error: Mapped[str | None] = mapped_column(Text)
    error_kind: Mapped[str | None] = mapped_column(String(10))
    is_using_rest: Mapped[bool] = mapped_column(server_default=text("false"))
    requested_by_id: Mapped[uuid.UUID | None]


class DryRun(Tenant, Created, Base):
    """What reading a stream would do, found out in the background; forgotten after a day."""

    __tablename__ = "dry_runs"
    extra_args = (
        belongs_to("connections", "connection_id"),
        CheckConstraint(f"state IN {RUN_STATES!r}", name="state"),
        CheckConstraint(
            "(state IN ('queued', 'running')) = (finished_at IS NULL)", name="ended_has_finish"
        ),
        Index("ix_dry_runs_connection", "organization_id", "connection_id", "created_at"),
    )

    connection_id: Mapped[uuid.UUID]
    stream: Mapped[str] = mapped_column(String(255))
    is_anew: Mapped[bool] = mapped_column(server_default=text("false"))
    state: Mapped[str] = mapped_column(String(10), server_default="queued")
    heartbeat_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    read: Mapped[int] = mapped_column(server_default=text("0"))
    found: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    error: Mapped[str | None] = mapped_column(Text)
    requested_by_id: Mapped[uuid.UUID | None]


class RawRecord(Tenanted, Base):
    """A record as the source said it, with the hash that tells whether it changed."""

    __tablename__ = "raw_records"
    is_part = True
    key_columns = ("organization_id", "connection_id", "stream", "external_id")
    extra_args = (belongs_to("connections", "connection_id"),)

    connection_id: Mapped[uuid.UUID]
    stream: Mapped[str] = mapped_column(String(255))
    external_id: Mapped[str] = mapped_column(String(255))
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    document: Mapped[dict[str, Any]]
    generation: Mapped[int]
    modified_at: Mapped[datetime | None]
    seen_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class RejectedRecord(Tenant, Created, Base):
    """A record refused, with the reason, kept so that it can be tried again."""

    __tablename__ = "rejected_records"
    extra_args = (
        UniqueConstraint("organization_id", "connection_id", "stream", "external_id"),
        belongs_to("connections", "connection_id"),
        belongs_to("sync_runs", "sync_run_id", on_delete="SET NULL"),
        CheckConstraint("attempts >= 1", name="attempts"),
        Index("ix_rejected_records_run", "organization_id", "sync_run_id"),
        Index(
            "ix_rejected_records_open",
            "organization_id",
            "connection_id",
            "stream",
            postgresql_where=text("resolved_at IS NULL"),
        ),
    )

    connection_id: Mapped[uuid.UUID]
    stream: Mapped[str] = mapped_column(String(255))
    sync_run_id: Mapped[uuid.UUID | None]
    external_id: Mapped[str] = mapped_column(String(255))
    document: Mapped[dict[str, Any]]
    field: Mapped[str | None] = mapped_column(String(255))
    reason: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(server_default=text("1"))
    resolved_at: Mapped[datetime | None]


class DataImport(Tenant, Created, Base):
    """A data file somebody brought in: what it was recognised as, where it goes, how far it got.

    With `survey_id` its rows are responses of that survey, and `plan` says what each column becomes.
    """

    __tablename__ = "data_imports"
    extra_args = (
        CheckConstraint(f"state IN {IMPORT_STATES!r}", name="state"),
        CheckConstraint("target IN ('own', 'here')", name="target"),
        CheckConstraint(
            "(state IN ('planned', 'queued', 'running')) = (finished_at IS NULL)",
            name="ended_has_finish",
        ),
        CheckConstraint("state <> 'running' OR started_at IS NOT NULL", name="running_has_start"),
        CheckConstraint("survey_id IS NULL OR target = 'here'", name="responses_stay_here"),
        belongs_to("surveys", "survey_id"),
        Index("ix_data_imports_created", "organization_id", "created_at"),
        Index(
            "ix_data_imports_survey", "organization_id", "survey_id", "created_at",
            postgresql_where=text("survey_id IS NOT NULL"),
        ),
    )  # fmt: skip

    survey_id: Mapped[uuid.UUID | None]
    file_name: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(200))
    target: Mapped[str] = mapped_column(String(4), server_default="own")
    currency: Mapped[str] = mapped_column(String(3))
    plan: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(10), server_default="planned")
    phase: Mapped[str] = mapped_column(String(20), server_default="")
    done: Mapped[int] = mapped_column(server_default=text("0"))
    total: Mapped[int | None]
    loaded: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    error: Mapped[str | None] = mapped_column(Text)
    requested_by_id: Mapped[uuid.UUID | None]
    started_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Delivery(Tenant, Created, Base):
    """One call of a webhook: kept as it came until its records are taken, then only that it came.

    `name` tells it from others of the connection, so that a repetition is taken once.
    """

    __tablename__ = "deliveries"
    extra_args = (
        UniqueConstraint("organization_id", "connection_id", "name"),
        belongs_to("connections", "connection_id"),
        CheckConstraint("state IN ('waiting', 'taken', 'failed')", name="state"),
        CheckConstraint("(state = 'waiting') = (finished_at IS NULL)", name="ended_has_finish"),
        Index("ix_deliveries_received", "organization_id", "connection_id", "received_at"),
    )

    connection_id: Mapped[uuid.UUID]
    name: Mapped[str] = mapped_column(String(255))
    call: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(10), server_default="waiting")
    received_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    read: Mapped[int] = mapped_column(server_default=text("0"))
    message: Mapped[str | None] = mapped_column(Text)
