"""What keeps the house: events to be handled, mails to be sent, keys that count once, the audit log."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from efm.db.base import Base, Created, Tenant


class Event(Tenant, Base):
    """The outbox: something that happened, written in the transaction in which it happened."""

    __tablename__ = "events"
    extra_args = (
        Index("ix_events_waiting", "id", postgresql_where=text("handled_at IS NULL")),
        CheckConstraint("attempts >= 0", name="attempts"),
    )

    kind: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[uuid.UUID | None]
    payload: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    occurred_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
    not_before: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    error: Mapped[str | None] = mapped_column(Text)


class Mail(Tenant, Created, Base):
    """A mail to be sent once; the job that sends it carries only its id."""

    __tablename__ = "mails"
    extra_args = (
        CheckConstraint("state IN ('waiting', 'sent', 'failed')", name="state"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_has_time"),
    )

    recipient: Mapped[str] = mapped_column(String(320))
    subject: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), server_default="waiting")
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    sent_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)


class IdempotencyKey(Tenant, Created, Base):
    """A caller's key and the answer it got, so that a repeated request gets the same answer."""

    __tablename__ = "idempotency_keys"
    extra_args = (UniqueConstraint("organization_id", "principal", "route", "key"),)

    principal: Mapped[str] = mapped_column(String(80))
    route: Mapped[str] = mapped_column(String(120))
    key: Mapped[str] = mapped_column(String(200))
    body_hash: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int | None]
    answer: Mapped[str | None] = mapped_column(Text)


class AuditEntry(Tenant, Base):
    """What staff and programs did. The serving role may add and read, never change or delete."""

    __tablename__ = "audit_entries"
    extra_args = (Index("ix_audit_entries_at", "organization_id", "acted_at"),)

    acted_at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(340))
    user_id: Mapped[uuid.UUID | None]
    action: Mapped[str] = mapped_column(String(60))
    subject_kind: Mapped[str | None] = mapped_column(String(40))
    subject_id: Mapped[uuid.UUID | None]
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    request_id: Mapped[str | None] = mapped_column(String(40))


class RateLimit(Base):
    """How often something was tried in a window, shared by all processes."""

    __tablename__ = "rate_limits"
    without_tenant = "Attempts are counted before anyone knows the organization (sign-in, links)."

    bucket: Mapped[str] = mapped_column(String(200), primary_key=True)
    window_ends_at: Mapped[datetime]
    hits: Mapped[int]
