"""A backup brings back every row, policy and grant; what cannot be restored is said beforehand."""

from __future__ import annotations

import argparse
import json
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from efm import config as configuration
from efm.app import make_app
from efm.cli import backup, failures
from efm.db import archive, migrate
from efm.db.embedded import Embedded, Urls
from efm.db.embedded_programs import version_of
from efm.db.engine import check_serving_role, make_engine
from efm.errors import Conflict, EfmError, Invalid, Unready
from tests.factories import House

OLD = Path("/usr/lib/postgresql/15/bin")
CHECKSUM = "SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {} t"


def efm(*words: str) -> int:
    """Run `efm db ...` as the command line would, without catching refusals."""
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers()
    commands.database_actions = commands  # type: ignore[attr-defined]
    backup.register(commands)
    chosen = parser.parse_args(words)
    return int(chosen.run(chosen))


def content(url: str) -> dict[str, tuple[object, ...]]:
    """Count and checksum of every table."""
    found = {}
    with archive.connect(url) as connection:
        for schema, table in connection.execute(archive.TABLES).fetchall():
            row = connection.execute(CHECKSUM.format(f'"{schema}"."{table}"')).fetchone()
            assert row is not None
            found[str(table)] = row
    return found


def rights(url: str) -> list[tuple[object, ...]]:
    """Owners, grants, policies and functions, as the walls are made of them."""
    with archive.connect(url) as connection:
        return [
            *connection.execute(
                "SELECT relname, relkind::text, pg_get_userbyid(relowner),"
                " (SELECT array_agg(a::text ORDER BY a::text) FROM unnest("
                " coalesce(relacl, acldefault('r', relowner))) a),"
                " relrowsecurity, relforcerowsecurity"
                " FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1"
            ),
            *connection.execute("SELECT * FROM pg_policies ORDER BY tablename, policyname"),
            *connection.execute(
                "SELECT proname, prosecdef, pg_get_userbyid(proowner),"
                " (SELECT array_agg(a::text ORDER BY a::text) FROM unnest("
                " coalesce(proacl, acldefault('f', proowner))) a)"
                " FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1, 4"
            ),
        ]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Embedded]:
    """A migrated embedded database in its own data folder."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    with Embedded.ephemeral(folder) as embedded:
        embedded.create_database("mould")
        migrate.upgrade(embedded.urls("mould").owner, "efm_app")
        yield embedded
    shutil.rmtree(folder)


def names_of_databases(cluster: Embedded) -> set[str]:
    with archive.connect(cluster.superuser_url()) as connection:
        return {str(row[0]) for row in connection.execute("SELECT datname FROM pg_database")}


@pytest.fixture
def seeded(cluster: Embedded, monkeypatch: pytest.MonkeyPatch) -> Iterator[Urls]:
    """The embedded database with two organizations in it, found by EFM_DATA_FOLDER."""
    monkeypatch.setenv("EFM_DATA_FOLDER", str(cluster.data_folder))
    for name in ("EFM_DATABASE_URL", "EFM_OWNER_URL"):
        monkeypatch.delenv(name, raising=False)
    cluster.drop_database("efm")
    urls = cluster.create_database("efm", template="mould")
    engine = make_engine(urls.app)
    config = configuration.load(
        {"EFM_DATA_FOLDER": str(cluster.data_folder), "EFM_DATABASE_URL": urls.app}
    )
    app = make_app(config, engine=engine)
    for _ in range(2):
        House.found(app, engine)
    engine.dispose()
    return urls


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "Größe 1.backup"


def test_a_backup_restores_every_row_and_every_right(
    cluster: Embedded, seeded: Urls, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = content(cluster.superuser_url()), rights(cluster.superuser_url())
    assert before[0]["users"][0] == 10
    assert efm("backup", str(file), "--json") == 0
    manifest = json.loads(capsys.readouterr().out)
    assert manifest["rows"]["users"] == 10
    assert manifest["revision"] == migrate.head()
    assert manifest["bytes"] == file.stat().st_size
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    cluster.drop_database("efm")
    cluster.create_database("efm")
    assert efm("restore", str(file)) == 0
    assert "Restored" in capsys.readouterr().out
    assert (content(cluster.superuser_url()), rights(cluster.superuser_url())) == before
    engine = make_engine(seeded.app)
    check_serving_role(engine)
    with engine.connect() as connection:
        seen = connection.execute(text("SELECT count(*) FROM organizations")).scalar_one()
    engine.dispose()
    assert seen == 0, "the walls stand again: without an organization nothing is seen"


def test_replacing_asks_for_one_word_and_gives_back_the_old_rows(
    cluster: Embedded, seeded: Urls, file: Path
) -> None:
    efm("backup", str(file))
    before = content(cluster.superuser_url())
    with archive.connect(cluster.superuser_url()) as connection:
        connection.execute("TRUNCATE users CASCADE")
    with pytest.raises(Conflict, match=r"already holds .* Add --replace"):
        efm("restore", str(file))
    with pytest.raises(Conflict, match="--confirm replace"):
        efm("restore", str(file), "--replace", "--confirm", "yes")
    assert content(cluster.superuser_url())["users"][0] == 0
    assert efm("restore", str(file), "--replace", "--confirm", "replace") == 0
    assert content(cluster.superuser_url()) == before
    assert names_of_databases(cluster) == {"efm", "mould", "postgres", "template0", "template1"}


def test_the_word_is_asked_for_at_a_terminal(
    cluster: Embedded, seeded: Urls, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    efm("backup", str(file))
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("builtins.input", lambda _: " no ")
    with pytest.raises(Conflict, match="Nothing was changed"):
        efm("restore", str(file), "--replace")
    monkeypatch.setattr("builtins.input", lambda _: " replace ")
    assert efm("restore", str(file), "--replace") == 0


def test_a_failing_restore_leaves_the_old_rows(
    cluster: Embedded, seeded: Urls, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    efm("backup", str(file))
    before = content(cluster.superuser_url())
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) * 3 // 4])
    monkeypatch.setattr(archive, "revision_of", lambda _: migrate.head())
    with pytest.raises(EfmError, match="was not restored"):
        efm("restore", str(file), "--replace", "--confirm", "replace")
    assert content(cluster.superuser_url()) == before
    assert "efm_restoring" not in names_of_databases(cluster)


def test_a_running_service_is_not_restored_under(
    cluster: Embedded, seeded: Urls, file: Path
) -> None:
    efm("backup", str(file))
    with (
        archive.connect(seeded.app),
        pytest.raises(Conflict, match="The service is running"),
    ):
        efm("restore", str(file), "--replace", "--confirm", "replace")


def test_an_existing_file_is_kept_unless_told_otherwise(seeded: Urls, file: Path) -> None:
    file.write_text("precious", encoding="utf-8")
    with pytest.raises(Conflict, match="--overwrite"):
        efm("backup", str(file))
    assert file.read_text(encoding="utf-8") == "precious"
    assert efm("backup", str(file), "--overwrite") == 0
    assert file.read_bytes().startswith(b"PGDMP")


def test_a_backup_that_fails_leaves_nothing_behind(
    seeded: Urls, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive, "_digest", full)
    with pytest.raises(OSError, match="No space"):
        efm("backup", str(file))
    assert list(file.parent.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(seeded: Urls, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="cannot be written"):
        efm("backup", str(tmp_path / "missing" / "a.backup"))


@pytest.mark.parametrize("words", [["--replace", "--confirm", "replace"], []])
def test_what_is_no_backup_is_refused(seeded: Urls, file: Path, words: list[str]) -> None:
    with pytest.raises(Invalid, match="There is no file"):
        efm("restore", str(file), *words)
    file.write_bytes(b"PK\x03\x04 something else")
    with pytest.raises(Invalid, match="not a backup"):
        efm("restore", str(file), *words)


def test_a_backup_of_an_unknown_revision_is_refused(
    cluster: Embedded, seeded: Urls, file: Path
) -> None:
    with archive.connect(cluster.superuser_url()) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'fedcba987654'")
    efm("backup", str(file))
    with pytest.raises(Invalid, match=r"fedcba987654, which this version does not know"):
        efm("restore", str(file), "--replace", "--confirm", "replace")


def test_a_database_of_another_kind_is_refused(cluster: Embedded, seeded: Urls, file: Path) -> None:
    cluster.create_database("other")
    archive.dump(cluster.superuser_url("other"), file)
    cluster.drop_database("other")
    with pytest.raises(Invalid, match="not a backup of this service"):
        efm("restore", str(file), "--replace", "--confirm", "replace")


class TestAServerOfOnesOwn:
    """The database is given by URL."""

    @pytest.fixture
    def given(self, cluster: Embedded, seeded: Urls, monkeypatch: pytest.MonkeyPatch) -> Embedded:
        monkeypatch.setenv("EFM_DATABASE_URL", seeded.app)
        monkeypatch.setenv("EFM_OWNER_URL", seeded.owner)
        return cluster

    def test_an_owner_who_sees_a_part_only_is_told_what_is_needed(
        self, given: Embedded, file: Path
    ) -> None:
        with pytest.raises(Unready, match='ALTER ROLE "efm_owner" BYPASSRLS'):
            efm("backup", str(file))
        assert not file.exists()

    def test_without_the_owner_nothing_is_backed_up(
        self, given: Embedded, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("EFM_OWNER_URL")
        with pytest.raises(Invalid, match="EFM_OWNER_URL"):
            efm("backup", str(file))

    def test_an_owner_who_sees_all_backs_up_and_restores(
        self, given: Embedded, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = content(given.superuser_url()), rights(given.superuser_url())
        with archive.connect(given.superuser_url()) as connection:
            connection.execute("ALTER ROLE efm_owner BYPASSRLS")
        try:
            assert efm("backup", str(file)) == 0
        finally:
            with archive.connect(given.superuser_url()) as connection:
                connection.execute("ALTER ROLE efm_owner NOBYPASSRLS")
        with pytest.raises(Conflict, match="--replace is for the embedded database"):
            efm("restore", str(file), "--replace")
        with pytest.raises(Conflict, match="Restore into an empty database"):
            efm("restore", str(file))
        empty = given.create_database("empty")
        monkeypatch.setenv("EFM_DATABASE_URL", empty.app)
        monkeypatch.setenv("EFM_OWNER_URL", empty.owner)
        assert efm("restore", str(file)) == 0
        assert content(given.superuser_url("empty")) == before[0]
        assert rights(given.superuser_url("empty")) == before[1]
        given.drop_database("empty")

    def test_a_server_that_does_not_answer_is_said(
        self, given: Embedded, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("EFM_OWNER_URL", "postgresql://efm_owner@/efm?host=/nowhere")
        with pytest.raises(Unready, match="cannot be reached"):
            efm("backup", str(file))


@pytest.mark.skipif(version_of(OLD) != 15, reason="PostgreSQL 15 is not installed here")
def test_a_server_of_version_15_is_backed_up_and_restored_whole_or_not_at_all(file: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    with Embedded.ephemeral(folder, bin_folder=OLD) as old:
        migrate.upgrade(old.urls().owner, "efm_app")
        before = rights(old.superuser_url())
        assert archive.dump(old.superuser_url(), file).server.startswith("15.")
        old.create_database("again")
        whole = file.read_bytes()
        file.write_bytes(whole[:-200])
        with pytest.raises(EfmError, match="was not restored"):
            archive.restore(old.superuser_url("again"), file, role="efm_owner")
        assert content(old.superuser_url("again")) == {}
        file.write_bytes(whole)
        archive.restore(old.superuser_url("again"), file, role="efm_owner")
        assert rights(old.superuser_url("again")) == before
    shutil.rmtree(folder)


def test_refusals_become_one_line_and_a_code(capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(_: argparse.Namespace) -> int:
        raise Conflict("Nothing was changed.")

    assert failures.run(argparse.Namespace(run=refuse)) == 1
    assert capsys.readouterr().err == "efm: Nothing was changed.\n"
