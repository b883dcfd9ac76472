"""What is written back to connected systems: the rule, and each thing written by it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from efm.db.base import Base, Created, Tenant, belongs_to


class WriteBack(Tenant, Created, Base):
    """A rule: one kind of thing of ours to one target of a connection.

    `source` is what is told of: a customer, a response or a case. `fields` maps the target's fields to
    our values; `appears_in` is the stream in which what it makes is read again. It is `held` when it would change more than people agreed to, until somebody approves.
    """

    __tablename__ = "write_backs"
    extra_args = (
        UniqueConstraint("organization_id", "connection_id", "target", "source"),
        belongs_to("connections", "connection_id"),
        CheckConstraint("state IN ('draft', 'on', 'paused', 'held')", name="state"),
        CheckConstraint("source IN ('customer', 'response', 'case')", name="source"),
        CheckConstraint("on_conflict IN ('ours', 'theirs')", name="on_conflict"),
        CheckConstraint("(state = 'held') = (held_changes IS NOT NULL)", name="held_has_count"),
    )

    connection_id: Mapped[uuid.UUID]
    target: Mapped[str] = mapped_column(String(100))
    source: Mapped[str] = mapped_column(String(10))
    appears_in: Mapped[str] = mapped_column(String(255), server_default="")
    state: Mapped[str] = mapped_column(String(10), server_default="draft")
    fields: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    filters: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    on_conflict: Mapped[str] = mapped_column(String(10), server_default="ours")
    starts_at: Mapped[datetime]
    held_changes: Mapped[int | None]
    message: Mapped[str | None] = mapped_column(Text)
    ran_at: Mapped[datetime | None]


class WriteItem(Tenant, Created, Base):
    """One thing to write or written; `key` is our id for it there, `remote_id` the record it changes
    or is about, `made_id` the record of ours there. One that is `due` has to be looked at again.
    """

    __tablename__ = "write_items"
    extra_args = (
        UniqueConstraint("organization_id", "write_back_id", "key"),
        belongs_to("write_backs", "write_back_id"),
        belongs_to("connections", "connection_id"),
        CheckConstraint("state IN ('due', 'waiting', 'written', 'refused', 'conflict')", name="state"),
        CheckConstraint("state <> 'written' OR accepted IS NOT NULL", name="written_has_values"),
        CheckConstraint("(accepted IS NULL) = (accepted_at IS NULL)", name="accepted_has_time"),
        Index("ix_write_items_state", "organization_id", "write_back_id", "state", "changed_at"),
        Index(
            "ix_write_items_made", "organization_id", "connection_id", "made_id",
            postgresql_where=text("made_id IS NOT NULL"),
        ),
    )  # fmt: skip

    write_back_id: Mapped[uuid.UUID]
    connection_id: Mapped[uuid.UUID]
    key: Mapped[str] = mapped_column(String(100))
    remote_id: Mapped[str] = mapped_column(String(255), server_default="")
    made_id: Mapped[str | None] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(10), server_default="waiting")
    wanted: Mapped[dict[str, Any]] = mapped_column(JSONB)
    accepted: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    accepted_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    message: Mapped[str | None] = mapped_column(Text)
