"""What differs between databases: the clock, read-only questions, rights, types and comparisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    CLOB,
    ColumnElement,
    Connection,
    Inspector,
    String,
    Text,
    bindparam,
    case,
    cast,
    collate,
    func,
    text,
)
from sqlalchemy import types as sql

from connectors.outside import Outside
from connectors.systems.sql.columns import Column, Listed
from connectors.systems.sql.values import MOST_BYTES, MOST_TEXT

Element = ColumnElement[Any]


@dataclass(frozen=True, slots=True)
class Who:
    """Who we are there, and what an admin had better know."""

    user: str
    database: str
    version: str
    notes: tuple[str, ...] = ()


class Dialect:
    """What holds for most databases; each kind says what differs.

    `compares_rows`: (a, b) > (1, 2) is understood and uses the key's index. `every_session` and
    `every_question` are said when a connection begins and before each question.
    """

    kind = ""
    label = ""
    compares_rows = False
    binary_collation = ""
    size_of = ""
    left = "left"
    clock = "SELECT CURRENT_TIMESTAMP"
    about = ""
    every_session: Sequence[str] = ()
    every_question: Sequence[str] = ()

    def opened(self, connection: Connection, seconds: int) -> None:
        """Makes a new connection one that only reads, in UTC, and not for long."""
        for statement in self.every_session:
            connection.execute(text(statement.format(ms=seconds * 1000, s=seconds)))

    def begin(self, connection: Connection, seconds: int) -> None:
        """The same for what holds only until the end of a transaction."""
        for statement in self.every_question:
            connection.execute(text(statement.format(ms=seconds * 1000, s=seconds)))

    def now(self, connection: Connection, outside: Outside) -> datetime:
        """The database's own clock, in UTC."""
        moment = connection.execute(text(self.clock)).scalar_one()
        if not isinstance(moment, datetime):
            return outside.now()
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)

    def who(self, connection: Connection) -> Who:
        """The role, the database and the server's version."""
        user, database, version = connection.execute(text(self.about)).one()
        return Who(
            str(user), str(database), f"{self.label} {str(version).split()[0].partition('-')[0]}"
        )

    def listing(self, connection: Connection, inspector: Inspector, schema: str) -> list[Listed]:
        """The tables and views of the schema (empty: the role's own), without the system's."""
        named = schema or None
        found = [Listed(named, name, name) for name in inspector.get_table_names(schema=named)]
        views = inspector.get_view_names(schema=named)
        return found + [Listed(named, name, name, is_view=True) for name in views]

    def column(self, name: str, kind: sql.TypeEngine[Any], is_nullable: bool) -> Column:
        """The column of that type."""
        found, how = self.read_as(kind)
        is_aware = bool(getattr(kind, "timezone", False))
        return Column(name, kind, found, how, is_nullable, is_aware)

    def read_as(self, kind: sql.TypeEngine[Any]) -> tuple[str, str]:
        """The field type of a type, and how it is selected."""
        for known, found in _KINDS:
            if isinstance(kind, known):
                return found, "plain"
        if isinstance(kind, sql.LargeBinary | sql.BINARY | sql.VARBINARY):
            return "text", "short"
        if isinstance(kind, Text | CLOB) and not getattr(kind, "length", None):
            return "text", "cut"
        return "text", "plain"

    def shown(self, element: Element, column: Column) -> Element:
        """What is selected for a column."""
        if column.how == "text":
            return cast(element, Text)
        if column.how == "number":
            return cast(element, sql.Numeric)
        if column.how == "json":
            return func.to_jsonb(element)
        if column.how in ("short", "cut") and self.size_of:
            size = getattr(func, self.size_of)(element)
            if column.how == "short":
                return case((size <= MOST_BYTES, element), else_=None)
            # One more than is kept, so that it shows that there was more.
            part = getattr(func, self.left)(element, *self.part(MOST_TEXT + 1))
            return case((size <= MOST_TEXT, element), else_=part)
        return element

    def part(self, most: int) -> tuple[int, ...]:
        """The arguments, after the text, of the function that takes its beginning."""
        return (most,)

    def ordered(self, element: Element, column: Column, is_unique: bool) -> Element:
        """What a part of a key is ordered and compared by.

        Where nothing but an admin says that it is unique, texts are told apart by their bytes.
        """
        is_text = isinstance(column.type, String)
        if is_text and not is_unique and self.binary_collation:
            return collate(element, self.binary_collation)
        return element

    def kept(self, element: Element, column: Column) -> Element:
        """What is selected of a part of a key, to go on after it."""
        return element

    def bound(self, column: Column, value: Any) -> Element:
        """The parameter that a part of a key is compared with."""
        return bindparam(None, value, type_=None if isinstance(value, str) else column.type)

    def notes(self, listed: Sequence[Listed]) -> list[str]:
        """What an admin had better know of the role's rights."""
        writable = [each.stream for each in listed if each.is_writable]
        if not writable:
            return []
        return [
            f"This role may also write, for instance into “{writable[0]}”. Nothing is ever "
            "written; a role that may only read is safer still."
        ]


_KINDS: tuple[tuple[type, str], ...] = (
    (sql.Boolean, "boolean"),
    (sql.Integer, "integer"),
    (sql.Float, "float"),
    (sql.Numeric, "decimal"),
    (sql.DateTime, "datetime"),
    (sql.Date, "date"),
    (sql.JSON, "json"),
)


class Sqlite(Dialect):
    """A file; its clock is that of this machine."""

    kind, label = "sqlite", "SQLite"
    compares_rows = True
    binary_collation = "BINARY"
    size_of, left = "length", "substr"
    about = "SELECT 'reader', '', sqlite_version()"

    def opened(self, connection: Connection, seconds: int) -> None:
        """A question that takes too long is interrupted: SQLite has no limit of its own."""
        import time

        ends = time.monotonic() + seconds
        raw = connection.connection.driver_connection
        assert raw is not None
        self._until = ends
        raw.set_progress_handler(lambda: int(time.monotonic() > self._until), 10_000)

    def begin(self, connection: Connection, seconds: int) -> None:
        """The time of each question counts from its beginning."""
        import time

        self._until = time.monotonic() + seconds

    def now(self, connection: Connection, outside: Outside) -> datetime:
        """The clock of this machine."""
        return outside.now()

    def read_as(self, kind: sql.TypeEngine[Any]) -> tuple[str, str]:
        """Columns without a type hold anything."""
        if isinstance(kind, sql.NullType):
            return "any", "short"
        return super().read_as(kind)

    def part(self, most: int) -> tuple[int, ...]:
        """substr wants the place to begin at."""
        return (1, most)

    def ordered(self, element: Element, column: Column, is_unique: bool) -> Element:
        """Texts by their bytes, whatever the column's own rule: its key may have another one."""
        return element if isinstance(column.type, sql.Integer) else collate(element, "BINARY")

    def bound(self, column: Column, value: Any) -> Element:
        """As it was read: a column may hold values of several types."""
        return bindparam(None, value, type_=sql.NullType())


class MySql(Dialect):
    """MySQL and MariaDB. TIMESTAMP is kept in UTC, DATETIME says nothing of its zone."""

    kind, label = "mysql", "MySQL"
    binary_collation = "utf8mb4_bin"
    size_of = "octet_length"
    clock = "SELECT UTC_TIMESTAMP(6)"
    about = "SELECT CURRENT_USER(), DATABASE(), VERSION()"
    every_session = ("SET SESSION time_zone = '+00:00'", "SET SESSION TRANSACTION READ ONLY")

    def opened(self, connection: Connection, seconds: int) -> None:
        """The limit of a question has another name and unit in MariaDB, whatever the address says."""
        super().opened(connection, seconds)
        is_maria = bool(getattr(connection.dialect, "is_mariadb", False))
        limit = (
            f"max_statement_time = {seconds}"
            if is_maria
            else f"max_execution_time = {seconds * 1000}"
        )
        connection.execute(text(f"SET SESSION {limit}"))

    def column(self, name: str, kind: sql.TypeEngine[Any], is_nullable: bool) -> Column:
        """A TIMESTAMP comes in the session's zone, which is UTC."""
        found = super().column(name, kind, is_nullable)
        is_utc = isinstance(kind, sql.TIMESTAMP)
        return Column(name, kind, found.kind, found.how, is_nullable, is_utc)


class MariaDb(MySql):
    """MariaDB."""

    kind, label = "mariadb", "MariaDB"


class SqlServer(Dialect):
    """Microsoft SQL Server; the driver limits the time of questions."""

    kind, label = "mssql", "SQL Server"
    binary_collation = "Latin1_General_BIN2"
    size_of = "datalength"
    clock = "SELECT SYSUTCDATETIME()"
    about = (
        "SELECT SUSER_SNAME(), DB_NAME(), CAST(SERVERPROPERTY('ProductVersion') AS NVARCHAR(100))"
    )
    every_session = ("SET LOCK_TIMEOUT {ms}",)

    def read_as(self, kind: sql.TypeEngine[Any]) -> tuple[str, str]:
        """Its old types of long text know neither length nor beginning."""
        found, how = super().read_as(kind)
        return found, "plain" if how == "cut" else how


class Oracle(Dialect):
    """Oracle Database."""

    kind, label = "oracle", "Oracle"
    clock = "SELECT SYS_EXTRACT_UTC(SYSTIMESTAMP) FROM dual"
    about = (
        "SELECT USER, SYS_CONTEXT('USERENV', 'DB_NAME'),"
        " (SELECT MAX(version) FROM product_component_version) FROM dual"
    )
    every_session = ("ALTER SESSION SET TIME_ZONE = 'UTC'",)
    every_question = ("SET TRANSACTION READ ONLY",)

    def opened(self, connection: Connection, seconds: int) -> None:
        """The driver limits the time of each call."""
        super().opened(connection, seconds)
        raw: Any = connection.connection.driver_connection
        raw.call_timeout = seconds * 1000


def dialect_of(kind: str) -> Dialect:
    """The dialect of that kind of database."""
    from connectors.systems.sql.postgres import Postgres

    known: Mapping[str, type[Dialect]] = {
        each.kind: each for each in (Postgres, Sqlite, MySql, MariaDb, SqlServer, Oracle)
    }
    return known[kind]()
