"""The embedded PostgreSQL: started on first need in the data folder, reached by a socket only."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psycopg
from psycopg import sql

from efm.db.embedded_errors import EmbeddedError, unusable
from efm.db.embedded_folder import PORT, ROLES, Layout
from efm.db.embedded_programs import Account, account_for, find_programs, reachable
from efm.db.embedded_server import Found, Server

__all__ = ["DATABASE", "Embedded", "EmbeddedError", "Urls"]

DATABASE = "efm"


@dataclass(frozen=True)
class Urls:
    """SQLAlchemy URLs of one database: `owner` migrates, `app` serves and owns nothing."""

    owner: str
    app: str


class Embedded:
    """One PostgreSQL cluster in `data_folder/postgres`.

    Whoever starts the server keeps it: it ends with that process. Another process that finds it
    running uses it as a guest and leaves it running. A server whose keeper was killed is adopted.
    """

    def __init__(
        self, data_folder: Path, *, bin_folder: Path | None = None, durable: bool = True
    ) -> None:
        self.data_folder = Path(data_folder).absolute()
        self.layout = Layout(self.data_folder / "postgres")
        self._given_programs = bin_folder
        self._durable = durable
        self._server: Server | None = None
        self._sockets: Path | None = None
        self._keeper: int | None = None
        self._keeps = False
        self._passwords: dict[str, str] = {}

    @classmethod
    def ephemeral(
        cls, folder: Path, *, fsync: bool = False, bin_folder: Path | None = None
    ) -> Embedded:
        """A cluster for tests: quick because it would not survive a crash of the machine."""
        return cls(folder, bin_folder=bin_folder, durable=fsync)

    def start(self) -> Urls:
        """Start the server, making the cluster on first use; safe to call again.

        Raises EmbeddedError, whose message says what to do.
        """
        try:
            account = self._prepare()
            with self.layout.one_at_a_time(account):
                self._start(account)
        except OSError as error:
            raise unusable(error, self.data_folder) from error
        return self.urls()

    def stop(self, mode: str = "fast") -> None:
        """Stop the server if this process keeps it; a guest only lets go."""
        server, self._server = self._server, None
        if server is None:
            return
        if self._keeps:
            with ExitStack() as stack:
                # Someone may have removed the folder; the server ends all the same.
                if self.layout.root.exists():
                    stack.enter_context(self.layout.one_at_a_time(server.account))
                server.stop(mode)
                if self._sockets is not None:
                    self.layout.forget_sockets(self._sockets)
        self._keeps = False
        if self._keeper is not None:
            os.close(self._keeper)
            self._keeper = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def is_running(self) -> bool:
        """Whether the server takes connections now."""
        found = self._server.found() if self._server is not None else None
        return found is not None and found.state == "ready"

    @property
    def keeps(self) -> bool:
        """Whether the server ends with this process."""
        return self._keeps

    def urls(self, database: str = DATABASE) -> Urls:
        """The URLs of a database of this cluster."""
        return Urls(self._url("efm_owner", database), self._url("efm_app", database))

    def superuser_url(self, database: str = DATABASE) -> str:
        """The superuser's URL, for backups and tests; the service itself never uses it."""
        return self._url("postgres", database)

    def program(self, name: str) -> Path:
        """The path of one of PostgreSQL's programs, such as pg_dump."""
        return self._running().bin_folder / name

    def psql_env(self, role: str = "postgres", database: str = DATABASE) -> dict[str, str]:
        """The variables with which psql, pg_dump and their like reach a database as a role."""
        self._running()
        return {
            "PGHOST": str(self._sockets),
            "PGPORT": str(PORT),
            "PGUSER": role,
            "PGPASSWORD": self._passwords[role],
            "PGDATABASE": database,
        }

    def create_database(self, name: str, *, template: str | None = None) -> Urls:
        """Make a database, empty or as a copy of `template` (which nobody may be using)."""
        with self._admin() as connection:
            self._create(connection, name, template)
        return self.urls(name)

    def drop_database(self, name: str) -> None:
        """Drop a database, ending whoever still uses it; nothing happens when it is not there."""
        with self._admin() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    def rename_databases(self, names: dict[str, str]) -> None:
        """Rename databases in this order, all or none; nobody may be using them."""
        with self._admin() as connection, connection.transaction():
            for old, new in names.items():
                connection.execute(
                    sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                        sql.Identifier(old), sql.Identifier(new)
                    )
                )

    def _prepare(self) -> Account:
        """Make the folder and choose account and programs; touch nothing outside the folder."""
        root = self.layout.root
        account = account_for(root)
        if account.drops:
            blocked = account.first_blocked(
                [path for path in reversed(self.data_folder.parents) if path.is_dir()]
            )
            if blocked is not None:
                raise EmbeddedError(
                    f"PostgreSQL refuses to run as root, and the account {account.name}, which it "
                    f"runs as instead, may not enter {blocked}. Give the data another place "
                    "(EFM_DATA_FOLDER=/var/lib/efm), or run as the ordinary user who owns the "
                    "folder."
                )
        self.data_folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        if account.drops and account.first_blocked([self.data_folder]):
            # Passing through is enough; the names inside stay hidden.
            self.data_folder.chmod(self.data_folder.stat().st_mode & 0o7777 | 0o011)
        root.mkdir(mode=0o700, exist_ok=True)
        self.layout.give(account, root)
        if self._server is None:
            programs = reachable(find_programs(self._given_programs), account, root)
            self._server = Server(self.layout, account, programs)
        self._passwords = self.layout.passwords(account)
        return account

    def _start(self, account: Account) -> None:
        server = self._server
        assert server is not None
        if self._keeper is None:
            self._keeper = self.layout.lock("keeper.lock", account)
        found = server.settle()
        if found is not None and not self._healthy(found):
            if self._keeper is None:
                raise EmbeddedError(
                    f"The database in {self.layout.root} is running (process {found.pid}) but does "
                    "not answer. End the process that started it, then start again."
                )
            server.stop("fast")
            found = None
        if found is None:
            self._keeps = True  # Said first, so that an interruption still stops the server.
            found = self._launch(server, account)
        self._keeps = self._keeps or self._keeper is not None
        self._sockets = found.sockets
        if not self.layout.complete.exists():
            self._bootstrap()
            self.layout.write(account, self.layout.complete, "")

    def _launch(self, server: Server, account: Account) -> Found:
        if not self.layout.data.exists():
            self.layout.complete.unlink(missing_ok=True)
            server.make(self._passwords["postgres"], durable=self._durable)
        server.check_version()
        sockets = self.layout.socket_folder(account)
        self.layout.settings(account, sockets, durable=self._durable)
        return server.start()

    def _healthy(self, found: Found) -> bool:
        """Whether a running server answers to our own passwords."""
        self._sockets = found.sockets
        try:
            with self._admin():
                return True
        except psycopg.OperationalError:
            return False

    def _bootstrap(self) -> None:
        """Make the roles and the database; may be repeated after an interruption."""
        with self._admin() as connection:
            for role in ROLES[1:]:
                known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
                # The server gets the verifier only, so that no log can hold the password.
                verifier = connection.pgconn.encrypt_password(
                    self._passwords[role].encode(), role.encode(), b"scram-sha-256"
                ).decode()
                connection.execute(
                    sql.SQL(
                        "{} ROLE {} WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION "
                        "NOBYPASSRLS PASSWORD {}"
                    ).format(
                        sql.SQL("ALTER" if known.fetchone() else "CREATE"),
                        sql.Identifier(role),
                        sql.Literal(verifier),
                    )
                )
            if not connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
            ).fetchone():
                self._create(connection, DATABASE, None)

    def _create(
        self, connection: psycopg.Connection[tuple[object, ...]], name: str, template: str | None
    ) -> None:
        database = sql.Identifier(name)
        create = sql.SQL("CREATE DATABASE {} OWNER efm_owner TEMPLATE {}")
        connection.execute(create.format(database, sql.Identifier(template or "template1")))
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
        connection.execute(
            sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO efm_app").format(database)
        )

    def _admin(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=str(self._sockets),
            port=PORT,
            user="postgres",
            password=self._passwords["postgres"],
            dbname="postgres",
            autocommit=True,
            connect_timeout=10,
        )

    def _running(self) -> Server:
        if self._server is None or self._sockets is None:
            raise EmbeddedError("The embedded database has not been started.")
        return self._server

    def _url(self, role: str, database: str) -> str:
        self._running()
        # Passwords are hexadecimal and the socket's folder is plain, so nothing needs escaping.
        return (
            f"postgresql+psycopg://{role}:{self._passwords[role]}@/{database}"
            f"?host={self._sockets}&port={PORT}"
        )
