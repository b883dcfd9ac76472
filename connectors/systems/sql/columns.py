"""Tables and columns as they are read: types, keys, and where the last change is told."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

    from connectors.systems.sql.config import Query

_MODIFIED = (
    "modifiedat", "updatedat", "lastmodified", "lastupdated", "systemmodstamp", "writedate",
    "lastmodifieddate", "lastmodifiedat", "lastupdatedat", "datemodified", "dateupdated",
    "modifiedon", "updatedon", "changedon", "changedat", "modified", "updated", "changed",
    "modifieddate", "modifydate", "updatedate", "updateddate", "changedate", "updatetime",
    "modifytime", "lastupdate", "lastupdatedate", "lastchange", "lastchanged", "rowupdated",
    "rowmodified", "rowchanged", "mtime", "mtimestamp", "tms", "lastedited", "lasteditedwhen",
)  # fmt: skip
_CREATED = (
    "createdat", "createdate", "createddate", "createdon", "created", "datecreated", "ctime",
    "insertedat", "createtime", "creationdate", "dateentered", "entrydate", "addedat",
)  # fmt: skip
_DELETED = (
    "deletedat", "deletedon", "deleteddate", "isdeleted", "deleted", "isactive", "active",
    "isarchived", "archived", "archivedat", "obsolete", "isobsolete", "inactive", "isinactive",
    "voided", "isvoid",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its type there, its field type here, and how it is selected.

    `how`: `plain`, `text` (the database writes it as text), `number`, `json`, `short` (bytes, left
    out when long), `cut` (text without a limit, cut when long).
    """

    name: str
    type: TypeEngine[Any]
    kind: str
    how: str = "plain"
    is_nullable: bool = True
    is_aware: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """A table or view there is: where, what its stream is called, and what the role may do.

    `only` are the columns the role may read, None for all. `rows` is the database's own estimate.
    """

    schema: str | None
    name: str
    stream: str
    is_view: bool = False
    is_writable: bool = False
    rows: int = 0
    only: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """The column of another table whose value a column holds. Without a schema: any."""

    schema: str | None
    table: str
    column: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table, view or query as it is read.

    `key` are columns, none when it has no identity. `is_unique`: a constraint of the database says
    so; otherwise an admin does. `refers` are columns that hold the key of one other table:
    column to (schema, table). `form` is how a SQLite column keeps the time of change.
    """

    listed: Listed
    columns: tuple[Column, ...]
    key: tuple[Column, ...] = ()
    is_unique: bool = True
    cursor: Column | None = None
    created: Column | None = None
    refers: Mapping[str, Reference] = field(default_factory=dict)
    query: Query | None = None
    form: str = ""

    @property
    def name(self) -> str:
        """The name of its stream."""
        return self.listed.stream

    @property
    def has_flag(self) -> bool:
        """Whether a column tells that a record was put aside."""
        return any(plain(each.name) in _DELETED for each in self.columns)

    @property
    def loose(self) -> tuple[Column, ...]:
        """The parts of the key that may be empty."""
        return tuple(each for each in self.key if each.is_nullable)


def plain(name: str) -> str:
    """Row_Updated, rowUpdated and ROW UPDATED are all rowupdated."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def changed_columns(columns: Sequence[Column], indexed: frozenset[str]) -> list[Column]:
    """The columns that sound like the time of the last change: those with an index first."""
    return _ranked(columns, _MODIFIED, indexed)


def created_column(columns: Sequence[Column]) -> Column | None:
    """The column that sounds like the time a record was made."""
    return next(iter(_ranked(columns, _CREATED, frozenset())), None)


def _ranked(
    columns: Sequence[Column], names: Sequence[str], indexed: frozenset[str]
) -> list[Column]:
    fitting = [c for c in columns if plain(c.name) in names and c.kind in ("datetime", "text")]
    return sorted(
        fitting, key=lambda each: (each.name not in indexed, names.index(plain(each.name)))
    )
