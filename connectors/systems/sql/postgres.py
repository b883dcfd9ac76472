"""PostgreSQL: its rights, its types, and keys that are compared as the database wrote them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Inspector, String, Text, bindparam, cast, text
from sqlalchemy import types as sql
from sqlalchemy.dialects import postgresql as pg

from connectors.systems.sql.columns import Column, Listed
from connectors.systems.sql.dialects import Dialect, Element, Who

_BEGIN = text(
    "SELECT set_config('statement_timeout', :ms, true), set_config('lock_timeout', :ms, true),"
    " set_config('DateStyle', 'ISO, MDY', true), set_config('TimeZone', 'UTC', true),"
    " set_config('IntervalStyle', 'iso_8601', true)"
)
_WHO = text(
    "SELECT current_user, current_database(), current_setting('server_version'),"
    " current_setting('is_superuser') = 'on'"
)
_LISTING = text(
    "SELECT n.nspname, c.relname, c.relkind IN ('v', 'm') AS is_view,"
    " n.nspname = current_schema() AS is_own, greatest(c.reltuples, 0)::bigint AS rows,"
    " has_table_privilege(c.oid, 'SELECT') AS is_whole,"
    " has_table_privilege(c.oid, 'INSERT') OR has_table_privilege(c.oid, 'UPDATE')"
    " OR has_table_privilege(c.oid, 'DELETE') AS is_writable,"
    " CASE WHEN NOT has_table_privilege(c.oid, 'SELECT') THEN"
    " (SELECT array_agg(a.attname::text) FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid"
    " AND a.attnum > 0 AND NOT a.attisdropped"
    " AND has_column_privilege(c.oid, a.attnum, 'SELECT')) END AS only"
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition"
    " AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'"
    " AND has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT')"
    " AND (:schema = '' OR n.nspname = :schema)"
    # What an extension brings along is no business of customers.
    " AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = c.oid"
    " AND d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype = 'e')"
    " ORDER BY n.nspname, c.relname"
)
# As the database orders and compares them itself; all others as text.
_ORDERED = (sql.Integer, sql.Numeric, sql.Float, sql.Date, sql.DateTime, sql.Uuid, sql.Boolean)


class Postgres(Dialect):
    """PostgreSQL 10 and later. Each question is a transaction that is read only from its beginning,
    which also holds behind a pooler."""

    kind, label = "postgresql", "PostgreSQL"
    compares_rows = True
    size_of = "octet_length"
    clock = "SELECT clock_timestamp()"

    def begin(self, connection: Connection, seconds: int) -> None:
        """The limits and formats of this transaction, in one question."""
        connection.execute(_BEGIN, {"ms": str(seconds * 1000)})

    def who(self, connection: Connection) -> Who:
        """The role, the database and the version; superusers are warned of."""
        user, database, version, is_super = connection.execute(_WHO).one()
        notes = []
        if is_super:
            notes.append(
                "This role is a superuser, who may read and change everything. Make a role that "
                "may only read, and use that."
            )
        return Who(user, database, f"{self.label} {version.split()[0]}", tuple(notes))

    def listing(self, connection: Connection, inspector: Inspector, schema: str) -> list[Listed]:
        """All tables and views the role may read, in all schemas unless one is named."""
        return [
            Listed(
                row.nspname,
                row.relname,
                row.relname if schema or row.is_own else f"{row.nspname}.{row.relname}",
                row.is_view,
                row.is_writable,
                row.rows,
                None if row.is_whole else frozenset(row.only or ()),
            )
            for row in connection.execute(_LISTING, {"schema": schema})
        ]

    def read_as(self, kind: sql.TypeEngine[Any]) -> tuple[str, str]:
        """Times as the database writes them, since it knows more of them than we (infinity, the
        years before 1 and after 9999), and unknown types as their text."""
        kind = _base(kind)
        if isinstance(kind, pg.ARRAY):
            return "json", "json"
        if isinstance(kind, pg.MONEY):
            return "decimal", "number"
        if isinstance(kind, sql.DateTime):
            return "datetime", "text"
        if isinstance(kind, sql.Date):
            return "date", "text"
        known = (sql.Boolean, sql.Integer, sql.Numeric, sql.Float, sql.JSON, sql.LargeBinary)
        if isinstance(kind, (*known, sql.Uuid)) or _is_text(kind):
            return super().read_as(kind)
        return "text", "text"

    def column(self, name: str, kind: sql.TypeEngine[Any], is_nullable: bool) -> Column:
        """A domain is read as what it is made of."""
        return super().column(name, _base(kind), is_nullable)

    def ordered(self, element: Element, column: Column, is_unique: bool) -> Element:
        """By the key's own index where types allow it, and by bytes where only an admin says that
        the key is unique."""
        if _is_text(column.type):
            return element if is_unique else cast(element, Text).collate("C")
        if isinstance(column.type, _ORDERED):
            return element
        return cast(element, Text).collate("C")

    def kept(self, element: Element, column: Column) -> Element:
        """As text, which the database reads back as the same value."""
        return cast(element, Text)

    def bound(self, column: Column, value: Any) -> Element:
        """The text, read back as the column's type where that is compared."""
        given = bindparam(None, value, type_=Text())
        return cast(given, column.type) if isinstance(column.type, _ORDERED) else given


def _base(kind: sql.TypeEngine[Any]) -> sql.TypeEngine[Any]:
    while isinstance(kind, pg.DOMAIN):
        kind = kind.data_type
    return kind


def _is_text(kind: sql.TypeEngine[Any]) -> bool:
    """Plain text, whose order and comparison are those of its own index."""
    return isinstance(kind, String) and not isinstance(kind, (sql.Enum, pg.CITEXT))
