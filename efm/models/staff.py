"""Organizations, the people who work in them, their sessions and keys."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from efm.clock import new_id
from efm.db.base import Base, Created, Tenant

ROLES = ("owner", "designer", "analyst", "agent", "crm_admin")


class Organization(Created, Base):
    """The tenant."""

    __tablename__ = "organizations"
    without_tenant = "It is the tenant itself; row-level security shows only the current one."

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(200))
    slug: Mapped[str] = mapped_column(String(63), unique=True)
    time_zone: Mapped[str] = mapped_column(String(64), server_default="UTC")
    language: Mapped[str] = mapped_column(String(16), server_default="en")
    currency: Mapped[str] = mapped_column(String(3), server_default="EUR")
    is_synthetic: Mapped[bool] = mapped_column(server_default=text("false"))


class User(Created, Base):
    """A person of the staff, who may belong to several organizations."""

    __tablename__ = "users"
    without_tenant = "One person signs in once and may belong to many organizations."
    __table_args__ = (
        CheckConstraint("email = lower(email)", name="email_is_lower"),
        CheckConstraint("failed_attempts >= 0", name="failed_attempts"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str | None] = mapped_column(Text)
    totp_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_last_step: Mapped[int | None]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    time_zone: Mapped[str | None] = mapped_column(String(64))
    failed_attempts: Mapped[int] = mapped_column(server_default=text("0"))
    locked_until: Mapped[datetime | None]
    credential_version: Mapped[int] = mapped_column(server_default=text("1"))


class Membership(Tenant, Created, Base):
    """A user's place and role in one organization."""

    __tablename__ = "memberships"
    extra_args = (
        UniqueConstraint("organization_id", "user_id"),
        CheckConstraint(f"role IN {ROLES!r}", name="role"),
        Index("ix_memberships_user_id", "user_id"),
    )

    user_id: Mapped[uuid.UUID]
    role: Mapped[str] = mapped_column(String(20))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))


class StaffSession(Tenant, Created, Base):
    """A signed-in browser; the cookie's token is stored as its hash."""

    __tablename__ = "staff_sessions"
    extra_args = (
        UniqueConstraint("organization_id", "token_hash"),
        Index("ix_staff_sessions_token_hash", "token_hash"),
    )

    user_id: Mapped[uuid.UUID]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    csrf_token: Mapped[str] = mapped_column(String(43))
    credential_version: Mapped[int]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    user_agent: Mapped[str] = mapped_column(String(200), server_default="")


class StaffToken(Tenant, Created, Base):
    """A one-time link for staff: an invitation or a password reset, bound to purpose and expiry."""

    __tablename__ = "staff_tokens"
    extra_args = (
        UniqueConstraint("organization_id", "token_hash"),
        CheckConstraint("purpose IN ('invitation', 'reset')", name="purpose"),
        CheckConstraint(f"role IS NULL OR role IN {ROLES!r}", name="role"),
        CheckConstraint(
            "(purpose = 'invitation') = (role IS NOT NULL)", name="invitation_has_role"
        ),
        Index("ix_staff_tokens_token_hash", "token_hash"),
    )

    purpose: Mapped[str] = mapped_column(String(20))
    email: Mapped[str] = mapped_column(String(320))
    role: Mapped[str | None] = mapped_column(String(20))
    user_id: Mapped[uuid.UUID | None]
    credential_version: Mapped[int | None]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    invited_by_id: Mapped[uuid.UUID | None]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ApiToken(Tenant, Created, Base):
    """A key for programs, with scopes; only its hash is stored."""

    __tablename__ = "api_tokens"
    extra_args = (
        UniqueConstraint("organization_id", "token_hash"),
        Index("ix_api_tokens_token_hash", "token_hash"),
    )

    name: Mapped[str] = mapped_column(String(200))
    hint: Mapped[str] = mapped_column(String(12))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_by_id: Mapped[uuid.UUID | None]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
