"""PostgreSQL: names and values that hurt, keys of all types, rights, refusals, and a long table."""

from __future__ import annotations

import resource
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.conformance import Runner, matches
from connectors.errors import ConfigError, CursorExpired, NotSupported, Throttled, Transient
from connectors.outside import Outside
from connectors.records import Page, content_hash, plain
from connectors.systems.sql.connector import Sql
from tests.connectors.sql.server import PostgresServer
from tests.connectors.sql.sources import LOCAL


class Place:
    """A schema of its own with a role that may read it."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self.role = server.role("s3cret-pw")
        self.schema = server.schema(self.role)

    def run(self, *statements: str) -> None:
        """Statements as superuser; S stands for the schema, R for the role."""
        for statement in statements:
            self.server.run(statement.replace("{S}", self.schema).replace("{R}", self.role))

    def connect(self, **more: Any) -> Sql:
        config = {
            "address": self.server.address(self.role), "password": "s3cret-pw",
            "schema": self.schema, "page_size": 7, "zone": "Europe/Berlin", **more,
        }  # fmt: skip
        return Sql(config, Outside(LOCAL))

    def pages(self, name: str, state: dict[str, Any] | None = None, **more: Any) -> list[Page]:
        connector = self.connect(**more)
        return list(connector.read(connector.stream(name), state or {}))


@pytest.fixture
def place(server: PostgresServer) -> Place:
    return Place(server)


NAMES = ['plain', 'Upper Case', 'a "quoted" one', "it's; DROP TABLE x--", 'per%cent %s %(a)s',
         ':colon ::int', 'select', 'naïve_ß', 'tab\tin', 'new\nline', '{brace}', 'back\\slash',
         'dot.ted', 'x' * 63]  # fmt: skip


@pytest.mark.parametrize("with_cursor", [True, False])
def test_any_name_is_read(place: Place, with_cursor: bool) -> None:
    for name in NAMES:
        quoted = '"' + name.replace('"', '""') + '"'
        cursor = ", updated_at timestamptz DEFAULT now()" if with_cursor else ""
        place.run(
            f'CREATE TABLE {{S}}.{quoted} ({quoted} text, "%(p)s" int, PRIMARY KEY ({quoted}, "%(p)s"){cursor})',
            f"INSERT INTO {{S}}.{quoted} SELECT 'k%' || g, g FROM generate_series(1, 9) g",
        )
    connector = place.connect()
    offered = {each.name: each for each in connector.streams()}
    assert set(offered) == set(NAMES)
    for name, stream in offered.items():
        assert stream.key == (name, "%(p)s")
        pages = list(connector.read(stream, {}))
        assert [r[name] for page in pages for r in page.records] == [f"k%{n}" for n in range(1, 10)]
        rest = list(connector.read(stream, dict(pages[0].state)))
        assert [r[name] for page in rest for r in page.records] == ["k%8", "k%9"]


VALUES = (
    ("date", "'2026-03-01'", date(2026, 3, 1)), ("date", "'infinity'", "infinity"),
    ("date", "'0044-03-15 BC'", "0044-03-15 BC"), ("date", "'20026-01-01'", "20026-01-01"),
    ("timestamp", "'2026-07-01 10:00:00.123456'", datetime(2026, 7, 1, 8, 0, 0, 123456, UTC)),
    ("timestamp", "'-infinity'", "-infinity"), ("timestamp", "'20000-01-01'", "20000-01-01 00:00:00"),
    ("timestamptz", "'2026-07-01 10:00+02'", datetime(2026, 7, 1, 8, tzinfo=UTC)),
    ("timestamptz", "'infinity'", "infinity"), ("numeric(12,4)", "12.3400", Decimal("12.3400")),
    ("numeric", "'NaN'", "NaN"), ("numeric", "'Infinity'", "Infinity"), ("numeric", "1e40", Decimal("1e40")),
    ("money", "1234.5", Decimal("1234.50")), ("float8", "0.1", 0.1), ("float8", "'NaN'", "nan"),
    ("float4", "'-Infinity'", "-inf"), ("bigint", "9223372036854775807", 2**63 - 1),
    ("boolean", "true", True), ("jsonb", "'{\"a\": [1, null, 0.5]}'", {"a": [1, None, 0.5]}),
    ("json", "'123456789012345678901234567890'", "123456789012345678901234567890"),
    ("text[]", "ARRAY['x', NULL, 'y,z']", ["x", None, "y,z"]), ("date[]", "'{infinity,2026-01-01}'", ["infinity", "2026-01-01"]),
    ("int[][]", "'{{1,2},{3,4}}'", [[1, 2], [3, 4]]), ("bytea", "'\\x00ff'", "00ff"),
    ("bytea", "decode(repeat('00', 5000), 'hex')", None), ("interval", "'1 day 2 hours'", "P1DT2H"),
    ("interval", "'178000000 years'", "P178000000Y"), ("inet", "'10.0.0.1/8'", "10.0.0.1/8"),
    ("uuid", "'00000000-0000-0000-0000-00000000000a'", "00000000-0000-0000-0000-00000000000a"),
    ("bit(3)", "B'101'", "101"), ("time", "'24:00'", "24:00:00"),
    ("int4range", "'[1,5)'", "[1,5)"), ("point", "'(1,2)'", "(1,2)"), ("tsvector", "'a b'", "'a' 'b'"),
    ("{S}.mood", "'sad'", "sad"), ("{S}.pair", "ROW(1, 'b')", "(1,b)"), ("{S}.small", "5", 5),
    ("char(5)", "'ab'", "ab   "), ("\"char\"", "'x'", "x"), ("oid", "5", "5"), ("name", "'n'", "n"),
    ("varchar(9)", "'ß 👩‍👧'", "ß 👩‍👧"), ("text", "repeat('ß', 120000)", "ß" * 99_999 + "…"),
    ("text", "repeat('ß', 100000)", "ß" * 100_000), ("text", "repeat('a', 100000)", "a" * 100_000),
    ("text", "E'\\u0001'", "\x01"), ("text", "NULL", None), ("date", "NULL", None),
)  # fmt: skip


def test_any_value_is_read_and_can_be_kept(place: Place) -> None:
    place.run(
        "CREATE TYPE {S}.mood AS ENUM ('fine', 'sad')",
        "CREATE TYPE {S}.pair AS (a int, b text)",
        "CREATE DOMAIN {S}.small AS int CHECK (value < 10)",
        "CREATE TABLE {S}.odd (id int PRIMARY KEY, "
        + ", ".join(f"v{n} {kind}" for n, (kind, _, _) in enumerate(VALUES))
        + ")",
        "INSERT INTO {S}.odd VALUES (1, " + ", ".join(value for _, value, _ in VALUES) + ")",
    )
    stream = place.connect().stream("odd")
    (page,) = place.pages("odd")
    (record,) = page.records
    for number, (kind, value, wanted) in enumerate(VALUES):
        found = record[f"v{number}"]
        assert found == wanted, (kind, value)
        assert matches(stream.fields[f"v{number}"], found), (kind, stream.fields[f"v{number}"])
    assert plain(record)
    assert content_hash(record)


KEYS = {
    "bigint": "g * 1000000000000", "numeric": "g / 3.0", "text": "chr(64 + g) || ' ''%'", "date": "'2026-01-01'::date + g",
    "timestamp": "'2026-01-01'::timestamp + g * interval '1 microsecond'", "float8": "g * 0.1", "uuid": "md5(g::text)::uuid",
    "timestamptz": "CASE g WHEN 20 THEN 'infinity' ELSE '2026-01-01'::timestamptz + g * interval '1 second' END",
    "inet": "('10.0.0.' || g)::inet", "bytea": "decode(lpad(to_hex(g), 4, '0'), 'hex')", "char(9)": "'k' || g",
    "interval": "g * interval '1 hour'", "{S}.mood": "('m' || g)::{S}.mood", "numeric(9,2)": "g * 1.01",
}  # fmt: skip


def test_keys_of_all_types_are_paged_without_loss(place: Place) -> None:
    moods = ", ".join(f"'m{n}'" for n in range(20, 0, -1))
    place.run(f"CREATE TYPE {{S}}.mood AS ENUM ({moods})")
    for number, (kind, value) in enumerate(KEYS.items()):
        place.run(
            f"CREATE TABLE {{S}}.t{number} (k {kind} PRIMARY KEY, n int)",
            f"INSERT INTO {{S}}.t{number} SELECT {value}, g FROM generate_series(1, 20) g",
        )
    connector = place.connect()
    for number, kind in enumerate(KEYS):
        stream = connector.stream(f"t{number}")
        pages = list(connector.read(stream, {}))
        found = [r["n"] for page in pages for r in page.records]
        assert sorted(found) == list(range(1, 21)), kind
        assert len(pages) == 3
        rest = [
            r["n"] for page in connector.read(stream, dict(pages[0].state)) for r in page.records
        ]
        assert rest == found[7:], kind


def test_a_composite_key_is_paged_without_loss(place: Place) -> None:
    place.run(
        "CREATE TABLE {S}.lines (a int, b text, c date, PRIMARY KEY (a, b, c))",
        "INSERT INTO {S}.lines SELECT g / 8, 'n' || g % 3, '2026-01-01'::date + g FROM generate_series(1, 40) g",
    )
    pages = place.pages("lines")
    found = [(r["a"], r["b"], r["c"]) for page in pages for r in page.records]
    assert len(found) == len(set(found)) == 40
    for page, start in zip(pages[:-1], range(7, 40, 7), strict=False):
        rest = place.pages("lines", dict(page.state))
        assert [(r["a"], r["b"], r["c"]) for p in rest for r in p.records] == found[start:]


def test_unique_columns_stand_in_for_a_key_only_where_they_are_sure(place: Place) -> None:
    place.run(
        "CREATE TABLE {S}.good (a int NOT NULL, b int UNIQUE NOT NULL)",
        "CREATE TABLE {S}.empty (b int UNIQUE)",
        "CREATE TABLE {S}.part (b int NOT NULL, gone boolean)",
        "CREATE UNIQUE INDEX ON {S}.part (b) WHERE NOT gone",
        "CREATE TABLE {S}.made (b text NOT NULL)",
        "CREATE UNIQUE INDEX ON {S}.made (lower(b))",
    )
    assert [(each.name, each.key) for each in place.connect().streams()] == [("good", ("b",))]
    (note,) = [n for n in place.connect().check().notes if "no key" in n]
    for name in ("empty", "part", "made"):
        assert name in note


def test_rows_never_changed_are_read_once(place: Place) -> None:
    place.run(
        "CREATE TABLE {S}.party (id int PRIMARY KEY, create_date timestamptz DEFAULT now(), write_date timestamptz)",
        "CREATE TABLE {S}.bare (id int PRIMARY KEY, write_date timestamptz)",
        "INSERT INTO {S}.party SELECT g, now() - interval '1 hour' FROM generate_series(1, 5) g",
        "INSERT INTO {S}.bare SELECT g FROM generate_series(1, 5) g",
    )
    done = {name: dict(place.pages(name)[-1].state) for name in ("party", "bare")}
    place.run(
        "INSERT INTO {S}.party (id) VALUES (9)", "UPDATE {S}.party SET write_date = now() WHERE id = 2",
        "INSERT INTO {S}.bare (id) VALUES (9)",
    )  # fmt: skip
    found = {
        n: sorted(r["id"] for p in place.pages(n, s) for r in p.records) for n, s in done.items()
    }
    assert found == {"party": [2, 9], "bare": [1, 2, 3, 4, 5, 9]}


@pytest.mark.parametrize("kind", ["timestamptz", "timestamp"])
def test_a_late_commit_is_not_lost(place: Place, kind: str) -> None:
    now = "now()" if kind == "timestamptz" else "(now() AT TIME ZONE 'Europe/Berlin')"
    place.run(
        f"CREATE TABLE {{S}}.t (id int PRIMARY KEY, updated_at {kind} DEFAULT {now})",
        "INSERT INTO {S}.t VALUES (1)",
    )
    late = place.server.connect(place.server.database)
    late.autocommit = False
    late.execute(f"INSERT INTO {place.schema}.t VALUES (0)")
    runner = Runner(place.connect().stream("t"))
    runner.settle(place.connect)
    assert set(runner.rows) == {"1"}
    late.commit()
    late.close()
    runner.settle(place.connect)
    assert set(runner.rows) == {"0", "1"}


def test_a_zone_nobody_named_loses_nothing(place: Place) -> None:
    place.run(
        "CREATE TABLE {S}.t (id int PRIMARY KEY, updated_at timestamp)",
        "INSERT INTO {S}.t VALUES (1, now() AT TIME ZONE 'UTC' - interval '9 hours')",
    )
    runner = Runner(place.connect(zone="").stream("t"))
    runner.settle(lambda: place.connect(zone=""))
    place.run("INSERT INTO {S}.t VALUES (2, now() AT TIME ZONE 'America/Los_Angeles')")
    runner.settle(lambda: place.connect(zone=""))
    assert set(runner.rows) == {"1", "2"}
    assert any("no zone" in note for note in place.connect(zone="").check().notes)


def test_rights_are_told_and_kept_to(place: Place) -> None:
    place.run(
        "CREATE TABLE {S}.open (id int PRIMARY KEY, a text)",
        "CREATE TABLE {S}.some (id int PRIMARY KEY, a text, salary int)",
        "CREATE TABLE {S}.hidden (id int PRIMARY KEY)",
        "REVOKE ALL ON {S}.some, {S}.hidden FROM {R}",
        "GRANT SELECT (id, a) ON {S}.some TO {R}",
        "INSERT INTO {S}.some VALUES (1, 'x', 9000)",
    )
    check = place.connect().check()
    assert check.ok
    assert place.role in check.who
    assert "PostgreSQL" in check.who
    assert check.may == ("read 2 tables and views",)
    assert not any("write" in note for note in check.notes)
    assert [each.name for each in place.connect().streams()] == ["open", "some"]
    assert place.pages("some")[0].records == [{"id": 1, "a": "x"}]
    with pytest.raises(NotSupported):
        place.connect().stream("hidden")
    place.run("GRANT INSERT ON {S}.open TO {R}")
    assert any("may also write" in note for note in place.connect().check().notes)
    place.run("ALTER ROLE {R} SUPERUSER")
    assert any("superuser" in note for note in place.connect().check().notes)


def test_nothing_is_ever_written(place: Place) -> None:
    place.run(
        "CREATE TABLE {S}.t (id int PRIMARY KEY)",
        "GRANT ALL ON {S}.t TO {R}",
        "CREATE FUNCTION {S}.put() RETURNS int LANGUAGE sql AS 'INSERT INTO {S}.t VALUES (1) RETURNING id'",
        "CREATE FUNCTION {S}.unlock() RETURNS text LANGUAGE sql AS "
        "'SELECT set_config(''transaction_read_only'', ''off'', true)'",
    )
    for call in ("put", "unlock"):
        with pytest.raises(ConfigError) as caught:
            place.connect(
                queries=[f"q: SELECT {place.schema}.{call}() AS x"], keys=["q: x"]
            ).check()
        assert caught.value.errors["queries"]
    assert place.server.admin.execute(f"SELECT count(*) FROM {place.schema}.t").fetchone() == (0,)


def test_a_query_is_read_with_its_types(place: Place) -> None:
    place.run(
        "CREATE TABLE {S}.t (id int PRIMARY KEY, at timestamptz, d date, m numeric, tags text[])",
        "INSERT INTO {S}.t SELECT g, '2026-01-01', 'infinity', 1.50, '{a,b}' FROM generate_series(1, 20) g",
    )
    query = f"q: SELECT id AS nr, at AS updated_at, d, m, tags, '10:30' || ' 5%' AS \"a b\" FROM {place.schema}.t WHERE id::text <> ';'"
    pages = place.pages("q", queries=[query], keys=["q: nr"])
    stream = place.connect(queries=[query], keys=["q: nr"]).stream("q")
    assert stream.cursor == "updated_at"
    assert dict(stream.fields) == {
        "nr": "integer", "updated_at": "datetime", "d": "date", "m": "decimal", "tags": "json", "a b": "text",
    }  # fmt: skip
    records = [r for p in pages for r in p.records]
    assert len(records) == 20
    assert records[0] == {
        "nr": 1, "updated_at": datetime(2026, 1, 1, tzinfo=UTC), "d": "infinity", "m": Decimal("1.50"),
        "tags": ["a", "b"], "a b": "10:30 5%",
    }  # fmt: skip


def test_a_query_with_two_columns_of_one_name_is_refused(place: Place) -> None:
    with pytest.raises(ConfigError, match="several columns “a”"):
        place.connect(queries=["q: SELECT 1 AS a, 2 AS a"]).check()


def test_schemas_are_kept_apart(server: PostgresServer) -> None:
    role = server.role("pw")
    one, two = server.schema(role), server.schema(role)
    server.run(
        f"CREATE TABLE {one}.customers (id int PRIMARY KEY)",
        f"CREATE TABLE {two}.customers (id int PRIMARY KEY)",
        f"CREATE TABLE {two}.parts (id int, d date) PARTITION BY RANGE (d)",
        f"CREATE TABLE {two}.parts_1 PARTITION OF {two}.parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
    )
    config = {"address": server.address(role), "password": "pw", "keys": [f"{two}.parts: id"]}
    names = [each.name for each in Sql(config, Outside(LOCAL)).streams()]
    assert names == sorted([f"{one}.customers", f"{two}.customers", f"{two}.parts"])
    chosen = Sql({**config, "tables": [f"{two}.customers"]}, Outside(LOCAL))
    assert [each.name for each in chosen.streams()] == [f"{two}.customers"]


def test_refusals_are_told_by_what_to_do(place: Place) -> None:
    place.run(
        "CREATE TABLE {S}.t (id int PRIMARY KEY)", "INSERT INTO {S}.t SELECT generate_series(1, 20)"
    )
    for more, said, field in (
        ({"password": "wr0ng-one"}, "user or the password", "password"),
        ({"password": ""}, "user or the password", "password"),
        ({"address": place.server.address(place.role, "absent")}, "no such database", "address"),
        ({"address": place.server.address(place.role) + "?sslmode=require"}, "SSL", "address"),
    ):
        with pytest.raises(ConfigError, match=said) as caught:
            place.connect(**more).check()
        assert caught.value.errors[field]
        assert "wr0ng-one" not in caught.value.message
        assert "s3cret-pw" not in caught.value.message
    place.run("ALTER ROLE {R} CONNECTION LIMIT 0")
    with pytest.raises(Throttled):
        place.connect().check()
    place.run("ALTER ROLE {R} CONNECTION LIMIT -1")
    for change, said in (
        ("REVOKE SELECT ON {S}.t FROM {R}", "may not read “t”"),
        ("DROP TABLE {S}.t", "not there any more"),
    ):
        connector = place.connect()
        reading = connector.read(connector.stream("t"), {})
        next(reading)
        place.run(change)
        with pytest.raises(ConfigError, match=said):
            next(reading)
        place.run("GRANT SELECT ON {S}.t TO {R}") if "REVOKE" in change else None
    with pytest.raises(NotSupported):
        place.connect().stream("t")


def test_a_lost_connection_passes_and_the_place_is_kept(place: Place) -> None:
    place.run(
        "CREATE TABLE {S}.t (id int PRIMARY KEY)", "INSERT INTO {S}.t SELECT generate_series(1, 20)"
    )
    connector = place.connect()
    reading = connector.read(connector.stream("t"), {})
    first = next(reading)
    place.server.wire.cut()
    with pytest.raises(Transient):
        next(reading)
    rest = place.pages("t", dict(first.state))
    assert [r["id"] for p in rest for r in p.records] == list(range(8, 21))
    place.server.wire.is_deaf = True
    try:
        with pytest.raises(Transient):
            place.connect().check()
    finally:
        place.server.wire.is_deaf = False


def test_a_slow_or_locked_table_is_given_up(place: Place) -> None:
    place.run(
        "CREATE VIEW {S}.slow AS SELECT 1 AS id, pg_sleep(30)::text AS w",
        "CREATE TABLE {S}.t (id int PRIMARY KEY)",
    )
    more: dict[str, Any] = {"keys": ["slow: id"], "statement_timeout": 1}
    with pytest.raises(Transient, match="longer than the limit"):
        place.pages("slow", **more)
    holder = place.server.connect(place.server.database)
    holder.autocommit = False
    connector = place.connect(**more)
    stream = connector.stream("t")
    holder.execute(f"LOCK TABLE {place.schema}.t")
    with pytest.raises(Transient, match="longer than the limit"):
        list(connector.read(stream, {}))
    holder.rollback()
    holder.close()


def test_no_connection_is_left_behind(place: Place) -> None:
    place.run(
        "CREATE TABLE {S}.t (id int PRIMARY KEY)", "INSERT INTO {S}.t SELECT generate_series(1, 20)"
    )
    connector = place.connect()
    reading = connector.read(connector.stream("t"), {})
    next(reading)
    asked = "SELECT state FROM pg_stat_activity WHERE usename = %s"
    assert place.server.admin.execute(asked, [place.role]).fetchall() == [("idle",)], (
        "no open transaction"
    )
    reading.close()  # type: ignore[attr-defined]
    ends = datetime.now(UTC) + timedelta(seconds=10)
    while place.server.admin.execute(asked, [place.role]).fetchall():
        assert datetime.now(UTC) < ends


def test_the_way_of_reading_may_change(place: Place) -> None:
    place.run("CREATE TABLE {S}.t (id int PRIMARY KEY, updated_at timestamptz, seen timestamptz)")
    state = dict(place.pages("t")[-1].state)
    for cursors in (["t: seen"], ["t: none"]):
        with pytest.raises(CursorExpired):
            place.pages("t", state, cursors=cursors)


@pytest.mark.full
@pytest.mark.parametrize(("with_cursor", "rows"), [(True, 200_000), (False, 60_000)])
def test_a_long_table_is_read_in_flat_memory(place: Place, with_cursor: bool, rows: int) -> None:
    more = ", now() AS updated_at" if with_cursor else ""
    place.run(
        f"CREATE TABLE {{S}}.long AS SELECT g AS id, repeat('x', 40) AS t{more} FROM generate_series(1, {rows}) g",
        "ALTER TABLE {S}.long ADD PRIMARY KEY (id)",
        "ANALYZE {S}.long",
    )
    connector = place.connect(page_size=5000)
    count, early = 0, 0
    stream = connector.stream("long")
    for number, page in enumerate(connector.read(stream, {})):
        assert page.total is None or abs(page.total - rows) < 1000
        count += len(page.records)
        del page
        if number == 5:
            early = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert count == rows
    # The highest mark in kB: all rows at once would take far more than a tenth of it.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < early * 1.1


def test_rows_that_are_large_make_small_pages(place: Place) -> None:
    place.run("CREATE TABLE {S}.docs (id int PRIMARY KEY, a text, b text, c text)")
    columns = ", ".join(["repeat(chr(65 + g % 26), 90000)"] * 3)
    place.run(f"INSERT INTO {{S}}.docs SELECT g, {columns} FROM generate_series(1, 80) g")
    pages = place.pages("docs", page_size=1000)
    assert [r["id"] for p in pages for r in p.records] == list(range(1, 81))
    assert len(pages) > 1
