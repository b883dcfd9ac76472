"""The shipped connectors held to the contract of the kit, and the kit shown to catch liars."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest import SkipTest

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.base import Connector
from connectors.conformance import ConnectorContract, Runner, Source, play
from connectors.errors import Throttled, Transient
from connectors.records import Page, Stream
from connectors.systems.memory.connector import Memory, Store, forget
from tests.connectors.sources import (
    FileSource,
    GroupSnapshotSource,
    GroupSource,
    MemorySource,
    ParquetSource,
    SheetSource,
    SnapshotSource,
)
from tests.drawing import many


class TestMemory(ConnectorContract):
    """The in-memory system keeps the contract."""

    def make_source(self, folder: Path) -> Source:
        return MemorySource()


class TestCsv(ConnectorContract):
    """A CSV file keeps the contract."""

    def make_source(self, folder: Path) -> Source:
        return FileSource(folder)


class TestSnapshot(ConnectorContract):
    """A complete CSV file keeps the contract, deletions included."""

    def make_source(self, folder: Path) -> Source:
        return SnapshotSource(folder)


class TestGroup(ConnectorContract):
    """Files of one pattern keep the contract."""

    def make_source(self, folder: Path) -> Source:
        return GroupSource(folder)


class TestGroupSnapshot(ConnectorContract):
    """Complete files of one pattern keep the contract."""

    def make_source(self, folder: Path) -> Source:
        return GroupSnapshotSource(folder)


class TestSheet(ConnectorContract):
    """An Excel workbook keeps the contract."""

    plays = 3

    def make_source(self, folder: Path) -> Source:
        return SheetSource(folder)


class TestParquet(ConnectorContract):
    """A Parquet file keeps the contract."""

    def make_source(self, folder: Path) -> Source:
        return ParquetSource(folder)


KEYS = st.integers(0, 9).map(lambda n: f"k{n}")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), KEYS),
        st.tuples(st.just("delete"), KEYS),
        st.tuples(st.just("read"), st.integers(1, 4)),
        st.tuples(st.sampled_from(["hold", "go", "throttle", "stumble", "expire"]), st.none()),
    ),
    max_size=40,
)


@given(STEPS)
@settings(max_examples=many(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_edits_between_pages_converge(steps: Sequence[tuple[str, Any]]) -> None:
    source = MemorySource()
    runner = Runner(source.make().stream(source.stream))
    for number, (action, what) in enumerate(steps):
        if action == "put":
            source.put(what, f"v{number}")
        elif action == "delete":
            source.delete(what)
        elif action == "read":
            _read(runner, source.make(), what)
        elif action in ("hold", "go"):
            source.hold_clock(action == "hold")
        else:
            getattr(source, action)()
    runner.settle(source.make, tries=60)
    source.hold_clock(False)
    runner.settle(source.make, tries=60)
    assert runner.texts("name") == dict(source.rows())
    forget(source.name)


def _read(runner: Runner, connector: Connector, pages: int) -> None:
    try:
        runner.run(connector, most_pages=pages)
    except (Throttled, Transient):
        return


class _Liar(Memory):
    """A connector with one fault, made by replacing how it reads."""

    reader: Callable[[Memory, Stream, Mapping[str, Any]], Iterator[Page]]

    def read(self, stream: Stream, state: Mapping[str, Any]) -> Iterator[Page]:
        return type(self).reader(self, stream, state)


def _strict(self: Memory, stream: Stream, state: Mapping[str, Any]) -> Iterator[Page]:
    """The classic: strictly newer than the newest seen, so equal moments are lost."""
    rows = self.store.rows[stream.name]
    since = state.get("since", "")
    fresh = sorted((row.document["modified_at"], key) for key, row in rows.items())
    fresh = [(moment, key) for moment, key in fresh if moment > since]
    for start in range(0, len(fresh), 3):
        part = fresh[start : start + 3]
        yield Page([dict(rows[key].document) for _, key in part], {"since": part[-1][0]})


def _offset(self: Memory, stream: Stream, state: Mapping[str, Any]) -> Iterator[Page]:
    """Pages by position in order of change, so that a change shifts the others."""
    at = int(state.get("at", 0))
    while True:
        rows = self.store.rows[stream.name]
        order = sorted(rows, key=lambda key: rows[key].modified)
        part = order[at : at + 3]
        if not part:
            return
        at += len(part)
        yield Page([dict(rows[key].document) for key in part], {"at": at})


def _deaf(self: Memory, stream: Stream, state: Mapping[str, Any]) -> Iterator[Page]:
    """Never tells of deletions."""
    for page in Memory.read(self, stream, state):
        yield Page(page.records, page.state)


def _forgetful(self: Memory, stream: Stream, state: Mapping[str, Any]) -> Iterator[Page]:
    """Saves the place of the next page with this one: a crash between them loses a page."""
    pages = list(Memory.read(self, stream, state))
    for page, after in zip(pages, [*pages[1:], pages[-1]], strict=True):
        yield Page(page.records, after.state, page.deleted)


@pytest.mark.parametrize(
    ("reader", "caught_by"),
    [
        (_strict, "test_one_moment_over_two_pages_loses_nothing"),
        (_strict, "test_deletions_are_seen"),
        (_offset, "test_random_edits_converge"),
        (_deaf, "test_deletions_are_seen"),
        (_forgetful, "test_resuming_after_any_page_gives_the_same"),
    ],
)
def test_the_contract_catches(reader: Any, caught_by: str, tmp_path: Path) -> None:
    kind = type("Liar", (_Liar,), {"reader": reader})

    class LyingSource(MemorySource):
        def make(self) -> Memory:
            liar: Memory = kind({"store": self.name, "page_size": 3})
            return liar

    class Contract(ConnectorContract):
        def make_source(self, folder: Path) -> Source:
            return LyingSource()

    with pytest.raises(AssertionError):
        getattr(Contract(), caught_by)(tmp_path)


def test_the_contract_catches_a_shown_secret(tmp_path: Path, caplog: Any) -> None:
    class Loud(Memory):
        def __repr__(self) -> str:
            return str(self.config)

    class LoudSource(MemorySource):
        def make(self) -> Memory:
            return Loud({"store": self.name, "page_size": 3, "token": "t"})

    class Contract(ConnectorContract):
        def make_source(self, folder: Path) -> Source:
            return LoudSource()

    with pytest.raises(AssertionError):
        Contract().test_secrets_never_show(tmp_path, caplog)


def test_what_a_source_cannot_do_is_skipped_by_name(tmp_path: Path) -> None:
    class Contract(ConnectorContract):
        def make_source(self, folder: Path) -> Source:
            return FileSource(folder)

    with pytest.raises(SkipTest, match="expiring positions"):
        Contract().test_an_expired_position_starts_anew(tmp_path)


def test_the_store_keeps_its_own_clock() -> None:
    own = Store()
    first, second = own.tick(), own.tick()
    own.freeze()
    assert first < second <= own.tick() == own.tick()


def test_play_is_the_same_for_the_same_chance() -> None:
    first, second = MemorySource(), MemorySource()
    play(first, random.Random(5))
    play(second, random.Random(5))
    assert first.rows() == second.rows()
