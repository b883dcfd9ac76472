"""What every table is made of: naming, the tenant's columns, the tenant's foreign keys."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import DateTime, ForeignKeyConstraint, MetaData, PrimaryKeyConstraint, Uuid, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

from efm.clock import new_id

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The root of all tables. A table that is not Tenanted says why in `without_tenant`."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        uuid.UUID: Uuid(as_uuid=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
    }
    without_tenant: ClassVar[str] = ""


class Tenanted:
    """A row of one organization: the key is (organization_id, id), the id a UUIDv7.

    A part whose composite foreign key already leads to the organization sets `is_part`, which saves
    a second check of the same thing for each row.
    """

    key_columns: ClassVar[tuple[str, ...]] = ("organization_id", "id")
    is_part: ClassVar[bool] = False

    organization_id: Mapped[uuid.UUID] = mapped_column(Uuid(as_uuid=True), sort_order=-20)

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:  # noqa: N805 - a class-level directive
        return table_args(cls)


def table_args(cls: Any, *more: Any) -> tuple[Any, ...]:
    """The key and the organization's foreign key, then what the table adds in `extra_args`."""
    own = ForeignKeyConstraint(["organization_id"], ["organizations.id"], ondelete="CASCADE")
    return (
        PrimaryKeyConstraint(*cls.key_columns),
        *(() if cls.is_part else (own,)),
        *getattr(cls, "extra_args", ()),
        *more,
    )


class WithId:
    """The second half of the key."""

    id: Mapped[uuid.UUID] = mapped_column(Uuid(as_uuid=True), default=new_id, sort_order=-19)


class Tenant(Tenanted, WithId):
    """What most tables inherit: a tenant's row with an id of its own."""


class Created:
    """When the row was made, by the database's clock unless told."""

    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), sort_order=90)


def belongs_to(table: str, column: str, *, on_delete: str = "CASCADE") -> ForeignKeyConstraint:
    """A composite foreign key: the row it points to is of the same organization, or it is refused.

    With SET NULL only the pointing column is cleared (PostgreSQL 15), never the tenant.
    """
    if on_delete == "SET NULL":
        on_delete = f"SET NULL ({column})"
    return ForeignKeyConstraint(
        ["organization_id", column],
        [f"{table}.organization_id", f"{table}.id"],
        ondelete=on_delete,
    )
