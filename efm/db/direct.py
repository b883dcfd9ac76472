"""A few plain connections for the path every answer takes: psycopg itself, prepared statements, no ORM."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from efm.errors import Unready

Connection = psycopg.Connection[tuple[Any, ...]]

OLDEST_SECONDS = 1800.0
WAIT_SECONDS = 10.0
# Everything here is found by key, so plans are made once and never fall back to reading a table.
SETTINGS = (
    "-c timezone=UTC -c statement_timeout=30000 -c idle_in_transaction_session_timeout=60000"
    " -c jit=off -c plan_cache_mode=force_generic_plan -c enable_seqscan=off"
)
TELL = "SELECT set_config('efm.organization', %s, true), set_config('efm.user', '', true)"


class Direct:
    """At most `size` connections, opened when needed; with `read_only` PostgreSQL refuses writes.

    `url` is SQLAlchemy's. Connections are in autocommit: a statement is its own transaction
    unless `begun` gives it one of an organization.
    """

    def __init__(
        self, url: str, *, size: int, read_only: bool = False, application: str = "efm direct"
    ) -> None:
        parts = make_url(url).set(drivername="postgresql")
        self._conninfo = parts.render_as_string(hide_password=False)
        self._options = SETTINGS + (" -c default_transaction_read_only=on" if read_only else "")
        self._application = application
        self._free: list[tuple[Connection, float]] = []
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(size)

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection for this thread alone; a broken one is thrown away afterwards.

        Raises Unready when none is free within ten seconds, psycopg.OperationalError when the
        database is away.
        """
        if not self._places.acquire(timeout=WAIT_SECONDS):
            raise Unready("Too many people are being served at once. Try again in a few seconds.")
        try:
            connection, opened = self._take()
            try:
                yield connection
            except BaseException:
                with suppress(psycopg.Error):
                    connection.rollback()
                raise
            finally:
                self._give_back(connection, opened)
        finally:
            self._places.release()

    def fetch(self, statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        """The rows of a statement that only reads; asked again once when the connection was dead."""
        try:
            with self.connection() as connection:
                return connection.execute(statement, values, prepare=True).fetchall()
        except psycopg.OperationalError:
            self.close()
            with self.connection() as connection:
                return connection.execute(statement, values, prepare=True).fetchall()

    def close(self) -> None:
        """Close what is not in use."""
        with self._lock:
            free, self._free = self._free, []
        for connection, _ in free:
            connection.close()

    def _take(self) -> tuple[Connection, float]:
        now = time.monotonic()
        while True:
            with self._lock:
                if not self._free:
                    break
                connection, opened = self._free.pop()
            if now - opened < OLDEST_SECONDS and not connection.closed:
                return connection, opened
            connection.close()
        return self._open(), now

    def _open(self) -> Connection:
        return psycopg.connect(
            self._conninfo,
            autocommit=True,
            prepare_threshold=0,
            connect_timeout=5,
            application_name=self._application,
            options=self._options,
        )

    def _give_back(self, connection: Connection, opened: float) -> None:
        status = connection.info.transaction_status
        if connection.closed or status != psycopg.pq.TransactionStatus.IDLE:
            connection.close()
            return
        with self._lock:
            self._free.append((connection, opened))


@contextmanager
def begun(connection: Connection, organization_id: uuid.UUID) -> Iterator[None]:
    """A transaction of one organization, committed at the end or rolled back on any error."""
    with connection.transaction():
        connection.execute(TELL, (str(organization_id),), prepare=True)
        yield
