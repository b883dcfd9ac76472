"""Where the SQL connector may go, and that nothing of ours goes along."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from connectors import settings
from connectors.errors import ConfigError, Transient
from connectors.guard import Guard
from connectors.outside import Outside
from connectors.systems.sql import address
from connectors.systems.sql.config import Config, query_of
from connectors.systems.sql.connector import Sql
from tests.connectors.sql.server import PostgresServer
from tests.connectors.sql.sources import LOCAL


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("postgresql://reader:hunter22@db.example.com/erp", "its own field"),
        ("postgresql://reader@db.example.com/erp?password=hunter22", "cannot be set"),
        ("postgresql://reader@db.example.com/erp?host=/tmp", "cannot be set"),
        ("postgresql://reader@db.example.com/erp?options=-csearch_path=x", "cannot be set"),
        ("postgresql://reader@db.example.com/erp?sslmode=no", "sslmode is one of"),
        ("postgresql://reader@a.example.com,b.example.com/erp", "one host"),
        ("postgresql://reader@%2Ftmp/erp", "one host"),
        ("postgresql+asyncpg://reader@db.example.com/erp", "without a driver"),
        ("postgresql://reader@db.example.com", "needs the database"),
        ("oracle://reader@db.example.com/erp", "oracledb, which is not installed"),
        ("mysql://reader@db.example.com/erp", "PyMySQL, which is not installed"),
        ("duckdb:///x", "no database we can read"),
        ("sqlite:///relative.db", "begins with a slash"),
        ("sqlite:////a.db?mode=rwc", "cannot be set"),
        ("sqlite:///file:/a.db", "full path"),
        ("http://", "no database we can read"),
        ("hunter22", "not an address"),
    ],
)
def test_an_address_that_leads_astray_is_refused(
    text: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = address.find_spec
    missing = ("pymysql", "oracledb")
    monkeypatch.setattr(address, "find_spec", lambda n: None if n in missing else found(n))
    with pytest.raises(ConfigError) as caught:
        Sql({"address": text})
    assert said in caught.value.message
    assert caught.value.errors["address"]
    assert "hunter22" not in caught.value.message


def test_a_good_address_is_taken_apart() -> None:
    found = address.parse("postgres://reader%40x@db.example.com/erp?sslmode=verify-full")
    assert (found.kind, found.driver, found.user) == ("postgresql", "psycopg", "reader@x")
    assert (found.host, found.port, found.database) == ("db.example.com", 5432, "erp")
    assert found.options == {"sslmode": "verify-full"}


def test_only_judged_addresses_are_reached() -> None:
    for host in ("127.0.0.1", "169.254.169.254", "[::1]", "localhost"):
        with pytest.raises(ConfigError, match="not allowed"):
            Sql({"address": f"postgresql://reader@{host}/erp"}).check()


def test_the_name_is_resolved_once_and_kept_for_the_certificate() -> None:
    asked: list[str] = []

    def resolver(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(2, 1, 6, "", ("93.184.216.34", port))]

    target = address.parse("postgresql://reader@db.example.com/erp")
    engine = address.engine_of(target, "pw", Outside(Guard(resolver=resolver)), 5)
    _, given = engine.dialect.create_connect_args(engine.url)
    assert asked == ["db.example.com"]
    assert given["host"] == "db.example.com"
    assert "pw" not in repr(engine)
    engine.dispose()


def test_an_unknown_host_and_a_closed_port_may_pass() -> None:
    def resolver(host: str, port: int, **_: Any) -> list[Any]:
        raise OSError("no such name")

    config = {"address": "postgresql://reader@db.example.com/erp"}
    with pytest.raises(Transient, match="cannot be found"):
        Sql(config, Outside(Guard(resolver=resolver))).check()
    with pytest.raises(Transient):
        Sql({"address": "postgresql://reader@127.0.0.1:1/erp"}, LOCAL_OUTSIDE).check()


LOCAL_OUTSIDE = Outside(LOCAL)


def test_nothing_of_the_environment_counts(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    role = server.role()
    passes = tmp_path / "pgpass"
    passes.write_text("*:*:*:*:pw\n")
    passes.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(passes))
    monkeypatch.setenv("PGPASSWORD", "pw")
    monkeypatch.setenv("PGHOSTADDR", "192.0.2.1")
    monkeypatch.setenv("PGOPTIONS", "-c search_path=nowhere")
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    config = {"address": server.address(role)}
    with pytest.raises(ConfigError, match="user or the password"):
        Sql(config, LOCAL_OUTSIDE).check()
    assert role in Sql({**config, "password": "pw"}, LOCAL_OUTSIDE).check().who


def _made(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as file:
        file.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    return path


def test_files_stay_inside_the_roots(tmp_path: Path) -> None:
    inside, beyond = tmp_path / "inside", tmp_path / "beyond"
    inside.mkdir()
    beyond.mkdir()
    good, secret = _made(inside / "a b?#.db"), _made(beyond / "b.db")
    (inside / "link.db").symlink_to(secret)
    outside = Outside(roots=[str(inside)])
    assert Sql({"address": f"sqlite:///{str(good).replace('?', '%3F')}"}, outside) is not None
    plain = _made(inside / "a.db")
    assert Sql({"address": f"sqlite:///{plain}"}, outside).check().ok
    for path in (secret, inside / "link.db", inside / ".." / "beyond" / "b.db", beyond / "no.db"):
        with pytest.raises(ConfigError, match="outside the places"):
            Sql({"address": f"sqlite:///{path}"}, outside).check()
    absent = inside / "absent.db"
    with pytest.raises(ConfigError, match="no such file"):
        Sql({"address": f"sqlite:///{absent}"}, outside).check()
    assert not absent.exists()
    words = inside / "words.db"
    words.write_text("no database, only words " * 100)
    with pytest.raises(ConfigError, match="SQLite"):
        Sql({"address": f"sqlite:///{words}"}, outside).check()


@pytest.mark.parametrize(
    "line",
    [
        "x: DELETE FROM t",
        "x: SELECT 1; DROP TABLE t",
        "x: SELECT 1 -- and",
        "x: SELECT /* 1 */ 1",
        "x: SELECT 1) AS a; (SELECT 2",
        "x: SELECT 1) UNION (SELECT 2",
        "x: SELECT (1",
        "x: SELECT 'a\\'; DROP TABLE t",
        "x: SELECT $$a$$",
        "x: SELECT 'open",
        "x: SELECT a[1); DROP TABLE t; (]",
        ": SELECT 1",
        "SELECT 1",
        "x;y: SELECT 1",
    ],
)
def test_a_query_is_one_select(line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Sql({"address": "sqlite:////a.db", "queries": [line]})
    assert caught.value.errors["queries"]


def test_a_good_query_passes_unharmed() -> None:
    text = (
        "WITH a AS (SELECT ';--' AS \"x)\" FROM t) SELECT \"x)\", '12:30' FROM a WHERE b::int > 1"
    )
    assert query_of(f"busy days: {text};").text == text
    with pytest.raises(ConfigError, match="Two queries"):
        Sql({"address": "sqlite:////a.db", "queries": ["a: SELECT 1", "a: SELECT 2"]})


def test_the_form_is_complete() -> None:
    names = [each.name for each in settings.form(Config)]
    assert names[:3] == ["address", "password", "tables"]
    assert settings.secret_names(Config) == {"password"}
    assert all(each.help or each.name in ("page_size",) for each in settings.form(Config))
