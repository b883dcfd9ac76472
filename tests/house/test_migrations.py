"""The schema goes up, down and up again with its data, however many processes start at once."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from efm.app import make_app
from efm.config import Config
from efm.db import migrate
from efm.db.embedded import Embedded, Urls
from efm.db.engine import check_serving_role, make_engine
from efm.demo.seed import seed_if_empty
from tests.factories import House
from tests.house.routes import OBJECTS

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = ROOT / "migrations" / "versions"
OLD = Path("/usr/lib/postgresql/15/bin")
REVISIONS = list(ScriptDirectory.from_config(migrate.alembic_config("")).walk_revisions())


@dataclass(frozen=True)
class Made(Urls):
    """A database; `admin` is the superuser's URL, who looks over the walls between tenants."""

    admin: str


# The key migrations/env.py takes; that file runs when it is imported, so it is said again here.
ADVISORY_LOCK = 0x45464D
Make = Callable[[str], Made]
# Rows by table, and a checksum of each column over all of them.
Sums = dict[str, dict[str, str]]


@contextmanager
def server(bin_folder: Path | None = None) -> Iterator[Make]:
    """A PostgreSQL of its own, and how to make empty databases in it."""
    with tempfile.TemporaryDirectory(prefix="efm-migrations-") as folder:
        Path(folder).chmod(0o755)  # As root the server runs as another user and must get here.
        with Embedded.ephemeral(Path(folder), bin_folder=bin_folder) as embedded:

            def make(name: str) -> Made:
                admin = create_engine(embedded.superuser_url(), isolation_level="AUTOCOMMIT")
                with admin.connect() as connection:
                    connection.execute(text(f"CREATE DATABASE {name} OWNER efm_owner"))
                admin.dispose()
                urls = embedded.urls(name)
                return Made(urls.owner, urls.app, embedded.superuser_url(name))

            yield make


@pytest.fixture(scope="module")
def make() -> Iterator[Make]:
    with server() as made:
        yield made


def sums(urls: Made, known: Sums | None = None) -> Sums:
    """A checksum of every column there is, or of those of `known` that are still there.

    The job queue keeps its own books and is left out.
    """
    engine = create_engine(urls.admin)
    found: Sums = {}
    with engine.connect() as connection:
        columns = connection.execute(
            text(
                "SELECT table_name, column_name FROM information_schema.columns"
                " JOIN information_schema.tables USING (table_schema, table_name)"
                " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
                " AND table_name NOT LIKE 'procrastinate%' AND table_name <> 'alembic_version'"
                " ORDER BY 1, 2"
            )
        ).all()
        by_table: dict[str, list[str]] = {}
        for table, column in columns:
            if known is None or column in known.get(table, {}):
                by_table.setdefault(table, []).append(column)
        for table, names in by_table.items():
            # A sum of hashes does not depend on the order of the rows.
            hashes = ", ".join(f"sum(hashtextextended({name}::text, 0)::numeric)" for name in names)
            n, *each = connection.execute(text(f"SELECT count(*), {hashes} FROM {table}")).one()
            found[table] = {name: f"{n} {value}" for name, value in zip(names, each, strict=True)}
    engine.dispose()
    return found


def fill(urls: Urls, config: Config) -> None:
    """The demo company, and one of each thing the routes' tests know how to make."""
    engine = make_engine(urls.app, application="efm migration tests")
    seed_if_empty(engine, config)
    house = House.found(make_app(config, engine=engine), engine)
    made = {
        factory: factory(house)
        for endpoint, factory in OBJECTS.items()
        if not endpoint.startswith("api_")
    }
    assert len(made) > 8
    engine.dispose()


def test_there_is_one_line_of_dated_migrations() -> None:
    script = ScriptDirectory.from_config(migrate.alembic_config(""))
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1
    for revision in REVISIONS:
        name = Path(str(revision.path)).name
        assert re.fullmatch(rf"20\d{{6}}_{revision.revision}_[a-z0-9_]+\.py", name), name
        assert revision.doc, f"{name} says in one line what it is for"
        assert not isinstance(revision.down_revision, tuple), f"{name} joins two lines"


@pytest.mark.parametrize("path", sorted(VERSIONS.glob("2*.py")), ids=lambda path: path.name)
def test_a_migration_imports_no_models(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"^\s*(from|import) efm\b", source, re.MULTILINE)
    assert "def downgrade" in source


def test_the_tables_of_the_code_are_those_of_the_schema(make: Make) -> None:
    urls = make("compared")
    migrate.upgrade(urls.owner, "efm_app")
    migrate.check(urls.owner, "efm_app")
    assert migrate.current(urls.owner) == migrate.head()
    migrate.upgrade(urls.owner, "efm_app")
    engine = make_engine(urls.app)
    check_serving_role(engine)
    engine.dispose()


NEWEST = 12


@pytest.mark.parametrize(
    "revisions",
    [
        pytest.param(REVISIONS[:NEWEST], id="the newest"),
        pytest.param(REVISIONS[:-1], id="all", marks=pytest.mark.full),
    ],
)
def test_up_down_up_with_data(make: Make, config: Config, revisions: Sequence[Script]) -> None:
    """Each migration, the newest first: taken back and done again, what both schemas hold stays."""
    urls = make(f"seeded_{len(revisions)}")
    migrate.upgrade(urls.owner, "efm_app")
    fill(urls, config)
    whole = sums(urls)
    rows = {table: int(next(iter(each.values())).split()[0]) for table, each in whole.items()}
    assert rows["responses"] > 100
    assert rows["answers"] > rows["responses"]
    assert len([table for table, n in rows.items() if n]) >= 20
    for revision in revisions:
        before = sums(urls)
        migrate.downgrade(urls.owner, str(revision.down_revision), "efm_app")
        below = sums(urls, before)
        kept = {table: {c: before[table][c] for c in each} for table, each in below.items()}
        assert below == kept, f"{revision.revision} lost or changed rows on the way down"
        migrate.upgrade(urls.owner, "efm_app", revision.revision)
        assert sums(urls, below) == below, f"{revision.revision} changed rows on the way up"
        if revision is REVISIONS[0]:
            migrate.check(urls.owner, "efm_app")
        migrate.downgrade(urls.owner, str(revision.down_revision), "efm_app")
    migrate.downgrade(urls.owner, "base", "efm_app")
    assert left_behind(urls) == []
    migrate.upgrade(urls.owner, "efm_app")
    migrate.check(urls.owner, "efm_app")


def left_behind(urls: Urls) -> list[str]:
    """Tables, functions and types that are still there when everything was taken back."""
    engine = create_engine(urls.owner)
    with engine.connect() as connection:
        found = connection.execute(
            text(
                "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
                " WHERE nspname = 'public' AND relkind IN ('r', 'v', 'm', 'S', 'p')"
                " AND relname <> 'alembic_version'"
                " UNION SELECT proname FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace"
                " WHERE nspname = 'public' AND NOT EXISTS (SELECT FROM pg_depend d"
                " WHERE d.objid = p.oid AND d.deptype = 'e')"
                " UNION SELECT typname FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace"
                " WHERE nspname = 'public' AND typtype = 'e'"
            )
        ).scalars()
        names = sorted(found)
    engine.dispose()
    return names


UPGRADE = "import sys; from efm.db import migrate; migrate.upgrade(sys.argv[1], 'efm_app')"


def start_upgrade(urls: Urls) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", UPGRADE, urls.owner], cwd=ROOT, stderr=subprocess.PIPE
    )


def wait_for(engine: Engine, question: str, answer: Any) -> None:
    """Until a question to the database has its answer; asked without a pause, bounded by pytest."""
    with engine.connect() as connection:
        while connection.execute(text(question)).scalar() != answer:
            connection.execute(text("SELECT pg_sleep(0.02)"))


def test_processes_that_upgrade_at_once_all_succeed(make: Make) -> None:
    urls = make("raced")
    engine = create_engine(urls.owner, isolation_level="AUTOCOMMIT")
    with engine.connect() as keeper:
        keeper.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
        racers = [start_upgrade(urls) for _ in range(3)]
        wait_for(
            engine,
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            3,
        )
        assert migrate.current(urls.owner) is None
        keeper.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY_LOCK})
    said = [racer.communicate(timeout=120)[1].decode() for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0, 0], "\n".join(said)
    assert migrate.current(urls.owner) == migrate.head()
    migrate.check(urls.owner, "efm_app")
    engine.dispose()


def test_a_busy_table_refuses_the_migration_instead_of_holding_up_everybody(make: Make) -> None:
    urls = make("busy")
    migrate.upgrade(urls.owner, "efm_app")
    engine = create_engine(urls.owner)
    with engine.connect() as reader:
        reader.execute(text("LOCK TABLE surveys IN ACCESS SHARE MODE"))
        with pytest.raises(DBAPIError, match="lock timeout"):
            migrate.downgrade(urls.owner, "base", "efm_app")
    engine.dispose()
    migrate.upgrade(urls.owner, "efm_app")
    migrate.check(urls.owner, "efm_app")


@pytest.mark.skipif(not OLD.is_dir(), reason="PostgreSQL 15 is not installed on this machine")
def test_postgresql_15_is_enough(config: Config) -> None:
    with server(OLD) as make:
        urls = make("old")
        migrate.upgrade(urls.owner, "efm_app")
        migrate.check(urls.owner, "efm_app")
        engine = make_engine(urls.app)
        check_serving_role(engine)
        app = make_app(config, engine=engine)
        house = House.found(app, engine)
        OBJECTS["cases.show"](house)
        client = house.login("owner")
        for path in ("/overview", "/responses", "/cases", "/customers", "/insight/linkage"):
            assert client.get(path).status_code == 200, path
        engine.dispose()
        migrate.downgrade(urls.owner, "base", "efm_app")
