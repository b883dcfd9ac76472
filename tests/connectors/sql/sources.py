"""Sources for the conformance kit: a SQLite file and a PostgreSQL schema.

Each is with and without a column that tells the last change.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.conformance import CANARY, Source
from connectors.errors import NotSupported
from connectors.guard import Guard
from connectors.outside import Outside
from connectors.systems.sql.connector import Sql
from connectors.systems.sql.session import Session
from tests.connectors.sql.server import PostgresServer

LOCAL = Guard(["127.0.0.1", "localhost"])


class Clock:
    """A clock of its own: a second an edit or a reading, unless it is held."""

    def __init__(self) -> None:
        self._now = datetime(2026, 1, 1, tzinfo=UTC)
        self.is_held = False

    def tick(self) -> datetime:
        """The next moment."""
        if not self.is_held:
            self._now += timedelta(seconds=1)
        return self._now


class SqliteSource(Source):
    """A table of contacts in a file."""

    stream = "contacts"
    has_cursor = True

    def __init__(self, folder: Path) -> None:
        self.path = folder / "shop.db"
        self.clock = Clock()
        self._lock: sqlite3.Connection | None = None
        self._is_due = False
        self.file = sqlite3.connect(self.path, isolation_level=None)
        more = ", updated_at DATETIME" if self.has_cursor else ""
        self.file.execute(f"CREATE TABLE contacts (id TEXT PRIMARY KEY, name TEXT{more})")

    def config(self, **more: Any) -> dict[str, Any]:
        """The settings an admin enters."""
        return {
            "address": f"sqlite:///{self.path}", "page_size": 3, "lag_seconds": 0, "zone": "UTC",
            "statement_timeout": 1, **more,
        }  # fmt: skip

    def make(self) -> Sql:
        if self._lock is not None and not self._is_due:
            self._lock.close()
            self._lock = None
        self._is_due = False
        return Sql(self.config(), Outside(now=self.clock.tick, roots=[str(self.path.parent)]))

    def bad_settings(self) -> Sequence[Mapping[str, Any]]:
        return (
            {},
            {"address": "nothing"},
            {"address": "sqlite:///:memory:"},
            {"address": "sqlite://"},
            {"address": "sqlite:///shop.db"},
            {"address": f"sqlite:///{self.path}.absent"},
            {"address": f"sqlite:///{self.path}?mode=rwc"},
            {"address": f"postgresql://reader:{CANARY}@db.example.com/erp"},
            {"address": "postgresql://reader@/erp?host=/var/run"},
            {"address": "postgresql://reader@db.example.com/"},
            {"address": "postgresql://db.example.com/erp"},
            {"address": "postgresql://reader@a,b/erp"},
            {"address": "postgresql://reader@db.example.com/erp?service=x"},
            {"address": "mongodb://reader@db.example.com/erp"},
            self.config(page_size=0),
            self.config(zone="Mars/Olympus"),
            self.config(currency="EURO"),
            self.config(queries=["x: DELETE FROM contacts"]),
            self.config(keys=["contacts"]),
        )

    def put(self, key: str, text: str) -> None:
        row: list[Any] = [key, text]
        if self.has_cursor:
            row.append(self.clock.tick().strftime("%Y-%m-%d %H:%M:%S"))
        marks = ", ".join("?" * len(row))
        self.file.execute(f"INSERT OR REPLACE INTO contacts VALUES ({marks})", row)

    def delete(self, key: str) -> None:
        if self.has_cursor:
            raise NotSupported("deleting")
        self.file.execute("DELETE FROM contacts WHERE id = ?", [key])

    def rows(self) -> Mapping[str, str]:
        return dict(self.file.execute("SELECT id, name FROM contacts"))

    def hold_clock(self, held: bool) -> None:
        self.clock.is_held = held

    def stumble(self) -> None:
        self._lock = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        self._lock.execute("BEGIN EXCLUSIVE")
        self._is_due = True


class WholeSqliteSource(SqliteSource):
    """The same without a column that tells the last change."""

    has_cursor = False


class _Clocked(Session):
    clock: Clock

    def now(self) -> datetime:
        return self.clock.tick()


class _ClockedSql(Sql):
    """Reads by the source's clock instead of the server's."""

    clock = Clock()

    def _session(self) -> Session:
        made = _Clocked(
            self._address, self.config["password"], self.outside, self.config["statement_timeout"]
        )
        made.clock = self.clock
        return made


class PostgresSource(Source):
    """A table of contacts in a schema of its own, read by a role of its own."""

    stream = "contacts"
    has_cursor = True
    rereads = 0

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self.clock = Clock()
        self.role = server.role()
        self.schema = server.schema(self.role)
        self._limited = 0
        more = ", updated_at timestamptz" if self.has_cursor else ""
        server.run(f"CREATE TABLE {self.schema}.contacts (id text PRIMARY KEY, name text{more})")

    def config(self, **more: Any) -> dict[str, Any]:
        """The settings an admin enters."""
        return {
            "address": self.server.address(self.role), "password": "pw", "schema": self.schema,
            "page_size": 3, "lag_seconds": 0, **more,
        }  # fmt: skip

    def make(self) -> Sql:
        if self._limited == 1:
            self.server.run(f"ALTER ROLE {self.role} CONNECTION LIMIT -1")
        self._limited = max(0, self._limited - 1)
        made = _ClockedSql(self.config(), Outside(LOCAL))
        made.clock = self.clock
        return made

    def bad_settings(self) -> Sequence[Mapping[str, Any]]:
        port = self.server.wire.port
        return (
            self.config(password=CANARY),
            self.config(address=f"postgresql://nobody@127.0.0.1:{port}/{self.server.database}"),
            self.config(address=self.server.address(self.role, "absent")),
            self.config(address=self.server.address(self.role) + "?sslmode=require"),
        )

    def put(self, key: str, text: str) -> None:
        row: list[Any] = [key, text]
        if self.has_cursor:
            row.append(self.clock.tick())
        marks = ", ".join(["%s"] * len(row))
        last = ", updated_at = EXCLUDED.updated_at" if self.has_cursor else ""
        self.server.admin.execute(
            f"INSERT INTO {self.schema}.contacts VALUES ({marks})"
            f" ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name{last}",
            row,
        )

    def delete(self, key: str) -> None:
        if self.has_cursor:
            raise NotSupported("deleting")
        self.server.admin.execute(f"DELETE FROM {self.schema}.contacts WHERE id = %s", [key])

    def rows(self) -> Mapping[str, str]:
        found = self.server.admin.execute(f"SELECT id, name FROM {self.schema}.contacts")
        return {str(key): str(text) for key, text in found}

    def hold_clock(self, held: bool) -> None:
        self.clock.is_held = held

    def throttle(self) -> None:
        self.server.run(f"ALTER ROLE {self.role} CONNECTION LIMIT 0")
        self._limited = 2

    def stumble(self) -> None:
        self.server.wire.cut_after = 2000


class WholePostgresSource(PostgresSource):
    """The same without a column that tells the last change."""

    has_cursor = False
