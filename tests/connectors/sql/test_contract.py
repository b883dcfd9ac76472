"""The SQL connector held to the contract: SQLite and PostgreSQL, by changes and whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.conformance import ConnectorContract, Source
from tests.connectors.sql.server import PostgresServer
from tests.connectors.sql.sources import (
    PostgresSource,
    SqliteSource,
    WholePostgresSource,
    WholeSqliteSource,
)


class TestSqlite(ConnectorContract):
    """A file with a time of change."""

    plays = 4

    def make_source(self, folder: Path) -> Source:
        return SqliteSource(folder)


class TestWholeSqlite(ConnectorContract):
    """A file without."""

    plays = 4

    def make_source(self, folder: Path) -> Source:
        return WholeSqliteSource(folder)


class OverPostgres(ConnectorContract):
    """The contract over a schema of its own."""

    plays = 1
    kind: type[PostgresSource] = PostgresSource
    server: PostgresServer

    @pytest.fixture(autouse=True)
    def _server(self, server: PostgresServer) -> None:
        self.server = server

    def make_source(self, folder: Path) -> Source:
        return self.kind(self.server)


class TestPostgres(OverPostgres):
    """A table with a time of change, by a clock we hold."""


@pytest.mark.full
class TestWholePostgres(OverPostgres):
    """A table without."""

    kind = WholePostgresSource
