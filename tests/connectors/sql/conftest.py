"""One PostgreSQL for all tests of the SQL connector in this process."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.connectors.sql.server import PostgresServer, postgres


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    """A running server with a database of our own."""
    with tempfile.TemporaryDirectory(prefix="efm-sql-") as folder, postgres(Path(folder)) as made:
        yield made
