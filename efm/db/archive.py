"""Backups: a whole database into one file and back, by PostgreSQL's own dump and restore."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from efm.db.embedded_programs import environment, find_programs
from efm.errors import Conflict, Invalid, Unready

Connection = psycopg.Connection[tuple[Any, ...]]

TABLES = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname NOT IN ('information_schema') AND n.nspname !~ '^pg_'
ORDER BY 1, 2
"""
MAY_READ_ALL = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
ADVICE = (
    (
        "does not appear to be a valid archive",
        "it is not a backup made by `efm db backup`, or only a part of one",
    ),
    (
        "unsupported version",
        "a newer PostgreSQL made it; set EFM_PG_BIN to the bin folder of that version or later",
    ),
    (
        "server version mismatch",
        "the server is newer than the programs here; set EFM_PG_BIN to its version's bin folder",
    ),
    ("No space left on device", "the disk is full; free some space and try again"),
    (
        "canceling statement due to lock timeout",
        "a migration is running; try again when it is done",
    ),
)
KNOWS_TRANSACTION_TIMEOUT = 170000
ROLE_MISSING = re.compile(r'role "([^"]+)" does not exist')


@dataclass(frozen=True)
class Manifest:
    """What a backup holds: its file, the revision of its schema, and its rows by table."""

    file: str
    bytes: int
    sha256: str
    revision: str | None
    server: str
    rows: dict[str, int]


def connect(url: str) -> Connection:
    """A connection for a SQLAlchemy URL.

    Raises Unready when the server cannot be reached.
    """
    try:
        return psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise Unready(f"The database cannot be reached: {str(error).strip()}") from error


def dump(url: str, file: Path, *, overwrite: bool = False) -> Manifest:
    """Write the database into `file`, whole or not at all, readable only by its owner.

    The role must see every row: a superuser, or an owner with BYPASSRLS. Raises Conflict when the
    file exists, Invalid when it cannot be written, Unready when the dump fails.
    """
    if file.exists() and not overwrite:
        raise Conflict(f"{file} exists already. Choose another name, or add --overwrite.")
    with connect(url) as connection:
        _see_everything(connection)
        # One snapshot for the dump and the counts, so that they agree while people answer.
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        snapshot = _one(connection, "SELECT pg_export_snapshot()")
        partial = _partial(file)
        try:
            # Named by --file: to its standard output pg_dump 18 writes the contents list twice.
            arguments = [
                "--format=custom",
                f"--file={partial}",
                f"--snapshot={snapshot}",
                "--lock-wait-timeout=30s",
            ]
            _run("pg_dump", url, arguments, f"{file} was not written")
            manifest = Manifest(
                file=os.fspath(file),
                bytes=partial.stat().st_size,
                sha256=_digest(partial),
                revision=_revision(connection),
                server=str(_one(connection, "SHOW server_version")),
                rows=count_rows(connection),
            )
            partial.replace(file)
        finally:
            partial.unlink(missing_ok=True)
    return manifest


def revision_of(file: Path) -> str | None:
    """The schema revision a backup stands at, read from the file itself.

    Raises Invalid when the file is missing or not a backup.
    """
    if not file.is_file():
        raise Invalid(f"There is no file {file}.")
    done = _run(
        "pg_restore",
        None,
        ["--data-only", "--table=alembic_version", "--file=-", os.fspath(file)],
        f"{file} cannot be restored",
    )
    match = re.search(r"^COPY .*alembic_version.*;\n(\w+)$", done, re.MULTILINE)
    return match[1] if match else None


def restore(url: str, file: Path, *, role: str | None = None) -> dict[str, int]:
    """Read a backup into the empty database at `url`; the rows by table.

    Objects come to belong to `role`, or to the role of the URL. Everything or nothing is restored.
    Raises Conflict when the database is not empty or in use, Unready when restoring fails.
    """
    with connect(url) as connection:
        tables = len(connection.execute(TABLES).fetchall())
        if tables:
            raise Conflict(
                f"The database already holds {tables} tables. Restore into an empty database."
            )
        server = connection.info.server_version
    arguments = ["--no-owner", "--exit-on-error", "--single-transaction"]
    if role is not None:
        arguments.append(f"--role={role}")
    failing = f"{file} was not restored"
    if server >= KNOWS_TRANSACTION_TIMEOUT:
        _run("pg_restore", url, [*arguments, os.fspath(file)], failing)
    else:
        _restore_by_script(url, [*arguments, os.fspath(file)], failing)
    with connect(url) as connection:
        connection.execute("ANALYZE")
        return count_rows(connection)


def others(connection: Connection) -> int:
    """How many other sessions use the database."""
    return int(_one(connection, OTHERS))


def count_rows(connection: Connection) -> dict[str, int]:
    """The exact number of rows of each table."""
    found = {}
    for schema, table in connection.execute(TABLES).fetchall():
        count = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table))
        row = connection.execute(count).fetchone()
        found[table if schema == "public" else f"{schema}.{table}"] = int(row[0]) if row else 0
    return found


def _see_everything(connection: Connection) -> None:
    """Refuse a role that row-level security would show a part only: half a backup is none."""
    if _one(connection, MAY_READ_ALL):
        return
    role = _one(connection, "SELECT current_user")
    raise Unready(
        f"The database role {role} cannot see every organization's rows, so its backup would be "
        f'incomplete. As the server\'s administrator run: ALTER ROLE "{role}" BYPASSRLS; (for the '
        "owner of EFM_OWNER_URL only, never for the serving role), or run `efm db backup` with "
        "EFM_OWNER_URL naming an administrator's role."
    )


def _partial(file: Path) -> Path:
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.absolute().parent)
    except OSError as error:
        raise Invalid(
            f"{file} cannot be written: {error.strerror}. Choose a folder that exists and that "
            "this account may write."
        ) from error
    os.close(descriptor)
    return Path(name)


def _one(connection: Connection, statement: str) -> Any:
    row = connection.execute(statement).fetchone()
    assert row is not None
    return row[0]


def _revision(connection: Connection) -> str | None:
    if _one(connection, "SELECT to_regclass('alembic_version')") is None:
        return None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else None


def _digest(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _without_password(url: str) -> str:
    parts = conninfo_to_dict(url.replace("+psycopg", "", 1))
    return make_conninfo("", **{name: str(parts[name]) for name in parts if name != "password"})


def _run(program: str, url: str | None, arguments: list[str], failing: str) -> str:
    """Run a program against a database; the password goes by the environment, unseen by `ps`."""
    environ = environment()
    if url is not None:
        parts = conninfo_to_dict(url.replace("+psycopg", "", 1))
        if parts.get("password"):
            environ["PGPASSWORD"] = str(parts["password"])
        arguments = [f"--dbname={_without_password(url)}", *arguments]
    done = subprocess.run(  # noqa: S603
        [os.fspath(find_programs() / program), *arguments],
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise _failure(failing, done.stderr.decode(errors="replace"))
    return done.stdout.decode(errors="replace")


def _restore_by_script(url: str, arguments: list[str], failing: str) -> None:
    """Restore into a server before version 17, leaving out the one setting it does not know.

    Newer programs set transaction_timeout first, and would stop there.
    """
    arguments = [word for word in arguments if word != "--single-transaction"]
    with tempfile.TemporaryFile() as complaints:
        source = subprocess.Popen(  # noqa: S603
            [os.fspath(find_programs() / "pg_restore"), "--file=-", *arguments],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
        )
        parts = conninfo_to_dict(url.replace("+psycopg", "", 1))
        sink = subprocess.Popen(  # noqa: S603
            [
                *(os.fspath(find_programs() / "psql"), "--no-psqlrc", "--quiet"),
                *("--single-transaction", "--set=ON_ERROR_STOP=1", "--output=/dev/null"),
                f"--dbname={_without_password(url)}",
            ],
            env=environment() | {"PGPASSWORD": str(parts.get("password") or "")},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
        )
        assert source.stdout is not None
        assert sink.stdin is not None
        with source.stdout, contextlib.suppress(BrokenPipeError):
            for line in source.stdout:
                if line.strip() == b"SET transaction_timeout = 0;":
                    break
                sink.stdin.write(line)
            shutil.copyfileobj(source.stdout, sink.stdin)
        if source.wait():
            sink.kill()  # At the end of its input it would commit what came so far.
        with contextlib.suppress(BrokenPipeError):
            sink.stdin.close()
        if source.returncode | sink.wait():
            complaints.seek(0)
            raise _failure(failing, complaints.read().decode(errors="replace"))


def _failure(failing: str, said: str) -> Invalid | Unready:
    missing = ROLE_MISSING.search(said)
    if missing:
        return Unready(
            f"{failing}: it needs the role {missing[1]}, which this server does not have. As its "
            f'administrator run: CREATE ROLE "{missing[1]}"; and try again.'
        )
    for sign, advice in ADVICE:
        if sign in said:
            return Invalid(f"{failing}: {advice}.")
    lines = "\n".join(f"  {line}" for line in said.strip().splitlines()[-6:])
    return Unready(f"{failing}. PostgreSQL said:\n{lines or '  (nothing)'}")
