"""SQLite files: odd values and types, times written in many ways, edits in any order."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.conformance import Runner
from connectors.errors import ConfigError, CursorExpired, NotSupported, Transient
from connectors.outside import Outside
from connectors.records import Page, Raw, Rejected
from connectors.systems.sql.connector import Sql
from connectors.systems.sql.statements import _earliest
from connectors.systems.sql.values import converter, keep, restore
from tests.connectors.sql.sources import SqliteSource, WholeSqliteSource
from tests.drawing import many


class Shop:
    """A file with the given tables, and what a connector reads of it."""

    def __init__(self, folder: Path, *statements: str) -> None:
        self.path = folder / "shop.db"
        self.file = sqlite3.connect(self.path, isolation_level=None)
        self.now = datetime(2026, 6, 1, 12, tzinfo=UTC)
        self.run(*statements)

    def run(self, *statements: str) -> None:
        for statement in statements:
            self.file.execute(statement)

    def connect(self, **more: Any) -> Sql:
        config = {"address": f"sqlite:///{self.path}", "page_size": 3, "zone": "UTC", **more}
        return Sql(config, Outside(now=lambda: self.now))

    def pages(self, name: str, state: dict[str, Any] | None = None, **more: Any) -> list[Page]:
        connector = self.connect(**more)
        return list(connector.read(connector.stream(name), state or {}))

    def read(self, name: str, **more: Any) -> tuple[list[Raw], list[Rejected]]:
        pages = self.pages(name, **more)
        return (
            [record for page in pages for record in page.records],
            [each for page in pages for each in page.rejected],
        )


def test_rows_without_a_key_are_rejected_not_lost(tmp_path: Path) -> None:
    shop = Shop(tmp_path, "CREATE TABLE t (id TEXT PRIMARY KEY, v TEXT)")
    for key in (None, None, "", "  ", "a", "b", "k" * 300):
        shop.file.execute("INSERT INTO t VALUES (?, 'x')", [key])
    records, rejected = shop.read("t")
    assert [each["id"] for each in records] == ["a", "b"]
    assert len(rejected) == 5
    assert all(each.reason and each.document["v"] == "x" for each in rejected)


def test_a_key_of_many_types_is_read_once_each(tmp_path: Path) -> None:
    shop = Shop(tmp_path, "CREATE TABLE t (id BLOB PRIMARY KEY NOT NULL, v)")
    keys = [1, 2, -7, 2**60, 0.1, 1e300, "a", "A", "á", "a'b\"c", "%s:x", "nul\0in", b"\x00\xff"]
    for key in keys:
        shop.file.execute("INSERT INTO t VALUES (?, 1)", [key])
    pages = shop.pages("t")
    assert sum(len(page.records) for page in pages) == len(keys)
    assert len({str(r["id"]) for page in pages for r in page.records}) == len(keys)
    for page in pages[:-1]:
        rest = shop.pages("t", dict(page.state))
        assert rest[-1].state == pages[-1].state


def test_a_column_that_ignores_case_loses_nobody(tmp_path: Path) -> None:
    shop = Shop(
        tmp_path,
        "CREATE TABLE t (id TEXT COLLATE NOCASE NOT NULL)",
        "CREATE UNIQUE INDEX t_id ON t (id COLLATE BINARY)",
        "INSERT INTO t VALUES ('a'), ('A'), ('b'), ('B'), ('c'), ('C')",
    )
    records, _ = shop.read("t", page_size=1)
    assert sorted(each["id"] for each in records) == ["A", "B", "C", "a", "b", "c"]


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (["2026-05-01 10:00:00", "2026-05-02T10:00:00.5"], "text"),
        (["2026-05-01T10:00:00Z", "2026-05-02 10:00:00+00:00"], "utc"),
        (["2026-05-01T10:00:00-08:00", "2026-05-02 10:00:00"], "offset"),
        (["2026-05-01 10:00"], "offset"),
        (["2026-05-01", "2026-05-02 10:00:00"], "day"),
        ([1767225600, 1767225601], "epoch"),
        ([1767225600000], "epoch_ms"),
        (["01/02/2026 10:00"], None),
        ([20260501], None),
        ([2461500.5], None),
    ],
)
def test_times_are_told_by_their_values(
    tmp_path: Path, values: Sequence[Any], form: str | None
) -> None:
    shop = Shop(tmp_path, "CREATE TABLE t (id INTEGER PRIMARY KEY, updated_at DATETIME)")
    for value in values:
        shop.file.execute("INSERT INTO t (updated_at) VALUES (?)", [value])
    stream = shop.connect().stream("t")
    assert stream.cursor == (None if form is None else "updated_at")
    records, _ = shop.read("t")
    assert len(records) == len(values)


@pytest.mark.parametrize(
    "write",
    [
        lambda m: m.strftime("%Y-%m-%d %H:%M:%S"),
        lambda m: m.strftime("%Y-%m-%dT%H:%M:%SZ"),
        lambda m: (m - timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M:%S-08:00"),
        lambda m: (m + timedelta(hours=10)).strftime("%Y-%m-%d %H:%M+10:00"),
        lambda m: m.strftime("%Y-%m-%d"),
        lambda m: int(m.timestamp()),
        lambda m: int(m.timestamp() * 1000),
        lambda m: None,
        lambda m: "when it rained",
    ],
)
def test_a_change_is_found_however_its_time_is_written(tmp_path: Path, write: Any) -> None:
    shop = Shop(tmp_path, "CREATE TABLE t (id INTEGER PRIMARY KEY, updated_at DATETIME)")
    for _ in range(4):
        value = write(shop.now - timedelta(days=30))
        value = value or "2026-05-01 00:00:00"
        if value == "when it rained":
            value = "2026-05-01 00:00:00"
        shop.file.execute("INSERT INTO t (updated_at) VALUES (?)", [value])
    done = dict(shop.pages("t")[-1].state)
    shop.now += timedelta(hours=1)
    shop.file.execute("UPDATE t SET updated_at = ? WHERE id = 3", [write(shop.now)])
    shop.now += timedelta(hours=1)
    try:
        pages = shop.pages("t", done)
    except CursorExpired:  # such a time cannot be compared any more, so everything is read
        assert write(shop.now) == "when it rained"
        pages = shop.pages("t")
    assert 3 in [r["id"] for page in pages for r in page.records]


def test_the_hour_that_comes_twice_is_read_twice() -> None:
    before = datetime(2026, 10, 25, 0, 50, tzinfo=UTC)  # 02:50 in Berlin, ten minutes later 02:00
    assert _earliest(before, "Europe/Berlin") == datetime.fromisoformat("2026-10-25T01:50")
    assert _earliest(datetime(2026, 7, 1, tzinfo=UTC), "Europe/Berlin").hour == 2
    unknown = _earliest(datetime(2026, 7, 1, 20, tzinfo=UTC), "")
    assert unknown == datetime.fromisoformat("2026-07-01T06:00")


def test_a_whole_table_is_handed_out_only_when_it_changed(tmp_path: Path) -> None:
    shop = Shop(tmp_path, "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)")
    shop.run(*[f"INSERT INTO t VALUES ({n}, 'v{n}')" for n in range(100)])
    pages = shop.pages("t", page_size=1)
    assert pages[0].total == 100
    done = dict(pages[-1].state)
    again = shop.pages("t", done, page_size=1)
    assert not any(page.records for page in again)
    assert len(again) == 5, "empty pages in between keep the place"
    assert again[-1].state == done
    middle = dict(again[2].state)
    assert shop.pages("t", middle, page_size=1)[-1].state == done
    for change in (
        "UPDATE t SET v = 'other' WHERE id = 50",
        "UPDATE t SET v = 'v50' WHERE id = 50; ",
    ):
        shop.run(change)
        if "other" in change:
            with pytest.raises(CursorExpired):
                shop.pages("t", done, page_size=1)
    assert not any(page.records for page in shop.pages("t", done))
    shop.run("DELETE FROM t WHERE id = 99")
    with pytest.raises(CursorExpired, match="more or fewer"):
        shop.pages("t", done)
    runner = Runner(shop.connect().stream("t"))
    runner.settle(shop.connect)
    shop.run("DELETE FROM t WHERE id = 7")
    runner.settle(shop.connect)
    assert "7" not in runner.rows
    assert len(runner.rows) == 98


@pytest.mark.parametrize(
    "state",
    [
        {"after": "[1]"}, {"after": 7, "mark": "", "rows": 0}, {"after": "[]", "mark": "", "rows": 0},
        {"after": '[["what", "1"]]', "mark": "", "rows": 0}, {"since": "2026-01-01T00:00:00+00:00"},
        {"after": '[["decimal", "x"]]', "mark": "", "rows": 0}, {"done": "x", "rows": "many"},
        {"after": "{}", "mark": "", "rows": 1}, {"after": "[1]", "mark": "", "rows": None},
        {"done": "x", "rows": 0, "at": {"after": "oops"}},
    ],
)  # fmt: skip
def test_a_damaged_state_starts_anew(tmp_path: Path, state: dict[str, Any]) -> None:
    shop = Shop(
        tmp_path, "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)", "INSERT INTO t VALUES (1, 'x')"
    )
    with pytest.raises(CursorExpired):
        shop.pages("t", state)


@pytest.mark.parametrize(
    "state",
    [{"by": "other", "since": "2026-01-01"}, {"by": "updated_at", "since": "soon"}, {"done": "x"}],
)
def test_a_state_of_another_way_starts_anew(tmp_path: Path, state: dict[str, Any]) -> None:
    shop = Shop(tmp_path, "CREATE TABLE t (id INTEGER PRIMARY KEY, updated_at DATETIME)")
    with pytest.raises(CursorExpired):
        shop.pages("t", state)


def test_an_empty_table_is_read(tmp_path: Path) -> None:
    shop = Shop(
        tmp_path,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, updated_at DATETIME)",
        "CREATE TABLE u (id INTEGER PRIMARY KEY)",
    )
    for name in ("t", "u"):
        (page,) = shop.pages(name)
        assert not page.records
        assert not [r for p in shop.pages(name, dict(page.state)) for r in p.records]


def test_tables_keys_cursors_and_queries_are_as_the_settings_say(tmp_path: Path) -> None:
    shop = Shop(
        tmp_path,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, stamp DATETIME, v TEXT)",
        "CREATE TABLE loose (a TEXT, b TEXT)",
        "CREATE VIEW seen AS SELECT a, b FROM loose",
        "INSERT INTO t VALUES (1, '2026-05-01 00:00:00', '100%'), (2, NULL, ':v')",
        "INSERT INTO loose VALUES ('x', '1'), ('x', '2'), ('y', '1'), ('z', NULL)",
    )
    plain = shop.connect()
    assert [each.name for each in plain.streams()] == ["t"]
    said = " ".join(plain.check().notes)
    assert "no key: loose, seen" in said
    assert "Read whole each time" in said
    told = shop.connect(
        tables=["t", "seen", "absent"],
        keys=["seen: A, b", "gone: x", "t: none"],
        cursors=["t: stamp"],
        queries=["busy: SELECT id AS nr, v || ' %' AS \"a:b\" FROM t WHERE v <> ';'"],
    )
    assert [each.name for each in told.streams()] == ["t", "seen"]
    assert told.stream("t").cursor == "stamp"
    notes = " ".join(told.check().notes)
    for word in ("“absent”", "“gone”", "no column “none”", "no key: busy"):
        assert word in notes
    records, rejected = shop.read("seen", keys=["seen: a,b"], page_size=1)
    assert [(r["a"], r["b"]) for r in records] == [("x", "1"), ("x", "2"), ("y", "1")]
    assert len(rejected) == 1
    query = {
        "queries": ["busy: SELECT id AS nr, v || ' %' AS \"a:b\" FROM t"],
        "keys": ["busy: nr"],
    }
    records, _ = shop.read("busy", **query, page_size=1)
    assert records == [{"nr": 1, "a:b": "100% %"}, {"nr": 2, "a:b": ":v %"}]
    with pytest.raises(NotSupported, match="no stream “loose”"):
        plain.stream("loose")
    with pytest.raises(ConfigError) as caught:
        shop.connect(queries=["bad: SELECT nothing FROM nowhere"]).check()
    assert caught.value.errors["queries"]


def test_nothing_is_written(tmp_path: Path) -> None:
    shop = Shop(tmp_path, "CREATE TABLE t (id INTEGER PRIMARY KEY)")
    before = shop.path.read_bytes()
    connector = shop.connect()
    list(connector.read(connector.stream("t"), {}))
    with (
        connector._session() as session,
        pytest.raises(ConfigError, match="never done"),
        session.asking("t") as c,
    ):
        c.exec_driver_sql("INSERT INTO t VALUES (1)")
    assert shop.path.read_bytes() == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["shop.db"]


def test_a_question_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    endless = (
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) AS x FROM n"
    )
    shop = Shop(tmp_path, f"CREATE VIEW slow AS {endless}")
    with pytest.raises(Transient, match="longer than the limit"):
        shop.read("slow", keys=["slow: x"], statement_timeout=1)


def test_broken_texts_and_large_values_stop_nobody(tmp_path: Path) -> None:
    shop = Shop(
        tmp_path,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b BLOB, c INTEGER, d BOOLEAN, e JSON)",
    )
    rows: list[tuple[Any, ...]] = [
        (b"caf\xe9", b"\x00\x01", "seven", 1, '{"a": [1, 1e999]}'),
        ("x" * 300_000, b"z" * 10_000, 2**62, 7, "not json"),
        ("nul\0here", None, 1.0, None, None),
    ]
    for row in rows:
        text = row[0]
        marks = "CAST(? AS TEXT)" if isinstance(text, bytes) else "?"
        shop.file.execute(f"INSERT INTO t (a, b, c, d, e) VALUES ({marks}, ?, ?, ?, ?)", row)
    (one, two, three), rejected = shop.read("t")
    assert not rejected
    assert (one["a"], one["b"], one["c"], one["d"]) == ("caf\ufffd", "0001", "seven", True)
    assert one["e"] == {"a": [1, "inf"]}
    assert len(two["a"]) == 100_000
    assert two["a"].endswith("…")
    assert (two["b"], two["c"], two["d"], two["e"]) == (None, 2**62, "7", "not json")
    assert (three["a"], three["c"]) == ("nulhere", 1)


@pytest.mark.parametrize(
    ("kind", "value", "found"),
    [
        ("decimal", Decimal("NaN"), "NaN"), ("decimal", 0.1, Decimal("0.1")), ("decimal", "1,5", "1,5"),
        ("float", float("inf"), "inf"), ("integer", Decimal("12"), 12), ("integer", 10**30, Decimal(10**30)),
        ("date", "infinity", "infinity"), ("date", "2026-02-30", "2026-02-30"),
        ("datetime", "0044-03-15 00:00:00 BC", "0044-03-15 00:00:00 BC"), ("datetime", 5, "5"),
        ("datetime", "2026-01-01 00:00:00", datetime(2026, 1, 1, tzinfo=UTC)),
        ("text", UUID(int=1), "00000000-0000-0000-0000-000000000001"), ("boolean", 0, False),
        ("json", {"a": float("nan")}, {"a": "nan"}), ("json", [2**70], [str(2**70)]),
        ("any", 5, 5), ("any", b"\x01", "01"), ("text", None, None),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_becomes_text(kind: str, value: Any, found: Any) -> None:
    assert converter(kind, UTC)(value) == found


@given(
    st.lists(
        st.one_of(
            st.none(), st.booleans(), st.integers(), st.text(), st.binary(), st.uuids(),
            st.floats(allow_nan=False), st.decimals(allow_nan=False), st.dates(), st.times(),
            st.datetimes(timezones=st.just(UTC)), st.datetimes(), st.timedeltas(),
        ),
        min_size=1, max_size=4,
    )
)  # fmt: skip
@settings(max_examples=many(200))
def test_keys_come_back_exactly(values: list[Any]) -> None:
    found = restore(keep(values), len(values))
    assert found == values
    assert [type(each) for each in found] == [type(each) for each in values]


STEPS = st.lists(
    st.tuples(st.sampled_from(["put", "delete", "read", "hold", "go"]), st.integers(0, 9)),
    max_size=25,
)


@pytest.mark.parametrize("kind", [SqliteSource, WholeSqliteSource])
@given(steps=STEPS)
@settings(
    max_examples=many(40), deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # fmt: skip
def test_any_edits_between_pages_converge(kind: type[SqliteSource], steps: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = kind(Path(folder))
        source.put("k0", "first")
        runner = Runner(source.make().stream(source.stream))
        for number, (action, what) in enumerate(steps):
            if action == "put":
                source.put(f"k{what}", f"v{number}")
            elif action == "delete" and not source.has_cursor and len(source.rows()) > 1:
                source.delete(f"k{what}")
            elif action == "read":
                runner.run(source.make(), most_pages=1 + what % 3)
            elif action in ("hold", "go"):
                source.hold_clock(action == "hold")
        source.hold_clock(False)
        runner.settle(source.make)
        runner.settle(source.make)
        assert runner.texts("name") == dict(source.rows())
        source.file.close()
