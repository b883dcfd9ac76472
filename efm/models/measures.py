"""Derived measurements: how each measure is set, how far its derivation is, whose facts changed."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Index, String, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from efm.db.base import Base, Tenant, Tenanted

_NOBODY = text("'{}'::uuid[]")


class MeasureSetting(Tenanted, Base):
    """What an organization changed of a declared measure; what is not said here is as declared."""

    __tablename__ = "measure_settings"
    key_columns = ("organization_id", "name")

    name: Mapped[str] = mapped_column(String(40))
    is_on: Mapped[bool]
    parameters: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    updated_at: Mapped[datetime]


class MeasureState(Tenanted, Base):
    """How far a measure is derived for all contacts or all accounts, and what was counted then.

    `resume_after` is the last customer of a pass that is under way. `signature` tells what the
    values follow from; another one means that all of them are derived anew.
    """

    __tablename__ = "measure_states"
    key_columns = ("organization_id", "name", "entity")
    extra_args = (
        CheckConstraint("entity IN ('contact', 'account')", name="entity"),
        CheckConstraint(
            "(counted_at IS NULL) = (num_nulls(customers, known, valued) = 3)",
            name="counted_has_time",
        ),
    )

    name: Mapped[str] = mapped_column(String(40))
    entity: Mapped[str] = mapped_column(String(10))
    signature: Mapped[str] = mapped_column(String(64))
    resume_after: Mapped[uuid.UUID | None]
    derived_on: Mapped[date | None]
    derived_at: Mapped[datetime | None]
    customers: Mapped[int | None] = mapped_column(BigInteger)
    known: Mapped[int | None] = mapped_column(BigInteger)
    valued: Mapped[int | None] = mapped_column(BigInteger)
    counted_at: Mapped[datetime | None]


class MeasureMark(Tenant, Base):
    """The customers whose facts one statement changed; the database writes it, deriving takes it.

    Its id is random, because it is made where no UUIDv7 is.
    """

    __tablename__ = "measure_marks"
    extra_args = (Index("ix_measure_marks_marked", "organization_id", "marked_at"),)

    contacts: Mapped[list[uuid.UUID]] = mapped_column(ARRAY(Uuid), server_default=_NOBODY)
    accounts: Mapped[list[uuid.UUID]] = mapped_column(ARRAY(Uuid), server_default=_NOBODY)
    marked_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
