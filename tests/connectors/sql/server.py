"""A real PostgreSQL over TCP, with roles that only read and a wire that can be cut."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from efm.db.embedded import Embedded


class Wire:
    """A relay on 127.0.0.1 in front of a server, so that connections can be lost."""

    def __init__(self, family: int, place: object) -> None:
        self._far = (family, place)
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._door.getsockname()[1])
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self.cut_after = -1
        self.is_deaf = False
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Ends the relay and all that runs through it."""
        self._door.close()
        self.cut()

    def cut(self) -> None:
        """Loses all connections."""
        with self._lock:
            ends, self._open = self._open, []
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._door.accept()
                if self.is_deaf:
                    near.close()
                    continue
                far = socket.socket(self._far[0], socket.SOCK_STREAM)
                far.connect(self._far[1])
                with self._lock:
                    self._open += [near, far]
                threading.Thread(target=self._carry, args=(near, far, False), daemon=True).start()
                threading.Thread(target=self._carry, args=(far, near, True), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        with suppress(OSError):
            while chunk := source.recv(65536):
                if is_answer and self.cut_after >= 0:
                    self.cut_after -= len(chunk)
                    if self.cut_after < 0:
                        break
                target.sendall(chunk)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


class PostgresServer:
    """The server as its superuser sees it, with one database of our own."""

    def __init__(self, superuser: str, wire: Wire) -> None:
        self._url = make_url(superuser)
        self.wire = wire
        self.database = f"sql_{uuid4().hex[:12]}"
        with self.connect(self._url.database or "postgres") as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self.database)))
        self.admin = self.connect(self.database)
        self._roles: list[str] = []

    def connect(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        """A connection as superuser; each statement by itself."""
        url = self._url.set(drivername="postgresql", database=database)
        return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)

    def run(self, *statements: str) -> None:
        """Runs statements as superuser."""
        for statement in statements:
            self.admin.execute(statement)

    def role(self, password: str = "pw", more: str = "") -> str:
        """A new role that may sign in and do nothing else."""
        name = f"reader_{uuid4().hex[:10]}"
        self.run(f"CREATE ROLE {name} LOGIN PASSWORD '{password}' {more}")
        self._roles.append(name)
        return name

    def schema(self, reader: str = "") -> str:
        """A new schema; a role that is named may read all that comes into it."""
        name = f"s_{uuid4().hex[:10]}"
        self.run(f"CREATE SCHEMA {name}")
        if reader:
            self.run(
                f"GRANT USAGE ON SCHEMA {name} TO {reader}",
                f"ALTER DEFAULT PRIVILEGES IN SCHEMA {name} GRANT SELECT ON TABLES TO {reader}",
            )
        return name

    def address(self, role: str, database: str = "") -> str:
        """The address an admin would type."""
        return f"postgresql://{role}@127.0.0.1:{self.wire.port}/{database or self.database}"

    def close(self) -> None:
        """Drops what was made."""
        self.admin.close()
        with self.connect(self._url.database or "postgres") as connection:
            name = sql.Identifier(self.database)
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
            for role in self._roles:
                connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


@contextmanager
def postgres(folder: Path) -> Iterator[PostgresServer]:
    """The server tests are told to use, or an embedded one in the folder."""
    given = os.environ.get("EFM_TEST_SERVER")
    if given:
        url = make_url(given)
        far: object = (url.host, url.port or 5432)
        with _server(given, Wire(socket.AF_INET, far)) as server:
            yield server
        return
    folder.chmod(0o755)
    embedded = Embedded.ephemeral(folder)
    try:
        embedded.start()
        url = make_url(embedded.superuser_url("postgres"))
        place = f"{url.query['host']}/.s.PGSQL.{url.query['port']}"
        with _server(embedded.superuser_url("postgres"), Wire(socket.AF_UNIX, place)) as server:
            yield server
    finally:
        embedded.stop("immediate")


@contextmanager
def _server(superuser: str, wire: Wire) -> Iterator[PostgresServer]:
    try:
        server = PostgresServer(superuser, wire)
        try:
            yield server
        finally:
            server.close()
    finally:
        wire.close()
