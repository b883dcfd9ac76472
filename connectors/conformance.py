"""The contract every connector is held to, as tests; subclass it and bring a source.

    class TestMine(ConnectorContract):
        def make_source(self, folder):
            return MySource(folder)

`MySource` is a `Source`: it makes connectors and edits the system they read, as far as that is
possible; what it does not support is skipped by name. The tests need pytest to run, not to import.
"""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, ClassVar
from unittest import SkipTest

from connectors import settings
from connectors.base import Connector
from connectors.contract_receiving import ReceivingContract
from connectors.contract_writing import WritingContract
from connectors.cursor import guarded
from connectors.entities import ENTITIES
from connectors.errors import (
    ConfigError,
    ConnectorError,
    CursorExpired,
    EndlessCursor,
    Throttled,
    Transient,
)
from connectors.records import (
    DELETES,
    FIELD_TYPES,
    Check,
    Page,
    content_hash,
    plain,
)
from connectors.trial import Runner, Source, need, play, refusal

__all__ = ["CANARY", "ConnectorContract", "Runner", "Source", "matches", "play"]

CANARY = "canary-5d1f-secret"


def matches(kind: str, value: Any) -> bool:
    """Whether a value is of a declared field type. Text fits all: many sources speak only text."""
    if value is None or isinstance(value, str) or kind in ("any", "json"):
        return True
    if isinstance(value, bool):
        return kind == "boolean"
    if isinstance(value, datetime):
        return kind in ("datetime", "date")
    if isinstance(value, date):
        return kind in ("date", "datetime")
    if isinstance(value, (int, Decimal)):
        return kind in ("integer", "decimal", "float", "text")
    return isinstance(value, float) and kind in ("float", "decimal")


class ConnectorContract(WritingContract, ReceivingContract):
    """The contract. Subclass it in a test module, name the subclass Test..., bring a source.

    `plays` is how many random plays are tried; fewer where each edit is slow.
    """

    plays: ClassVar[int] = 12

    def make_source(self, folder: Path) -> Source:
        """A fresh source with nothing in it; `folder` is an empty directory to use."""
        raise NotImplementedError("bring a source: override make_source")

    def seeded(self, folder: Path, count: int = 11) -> Source:
        """A source with some records in several pages."""
        source = self.make_source(folder)
        for number in range(count):
            source.put(f"k{number:02d}", f"text {number}")
        return source

    # --- the declaration -------------------------------------------------------------------

    def test_it_declares_itself(self, tmp_path: Path) -> None:
        kind = type(self.seeded(tmp_path).make())
        assert kind.name
        assert kind.name == kind.name.lower().strip()
        assert kind.label
        assert kind.version
        for field in settings.form(kind.Config):
            assert field.label, field.name
            assert not (field.secret and field.default), f"{field.name}: a secret has no default"

    def test_secrets_never_show(self, tmp_path: Path, caplog: Any) -> None:
        connector = self.seeded(tmp_path).make()
        names = settings.secret_names(type(connector).Config)
        config = {**connector.config, **dict.fromkeys(names, CANARY)}
        connector.config = config
        with caplog.at_level(logging.DEBUG):
            logging.getLogger("connectors.conformance").debug("%r %s", connector, connector)
        masked = settings.mask(type(connector).Config, config)
        assert CANARY not in caplog.text + repr(connector) + json.dumps(masked, default=str)
        plain_ones, secrets = settings.split(type(connector).Config, config)
        assert CANARY not in json.dumps(plain_ones, default=str)
        assert set(secrets) == set(names)
        assert settings.restore(type(connector).Config, masked, config) == config

    def test_check_is_ok(self, tmp_path: Path) -> None:
        found = self.seeded(tmp_path).make().check()
        assert found.ok
        assert found.who

    def test_bad_settings_are_refused_at_once(self, tmp_path: Path) -> None:
        source = self.seeded(tmp_path)
        kind, bad = type(source.make()), source.bad_settings()
        if not bad:
            raise SkipTest("this source names no bad settings")
        for config in bad:
            said = refusal(ConfigError, partial(_check, kind, config)).message
            assert said
            assert CANARY not in said

    def test_streams_are_declared(self, tmp_path: Path) -> None:
        connector = self.seeded(tmp_path).make()
        streams = connector.streams()
        assert streams
        assert len({stream.name for stream in streams}) == len(streams)
        assert list(connector.streams()) == list(streams), "streams change between two calls"
        for stream in streams:
            assert stream.key, stream.name
            assert stream.entity in ENTITIES
            assert stream.deletes in DELETES
            assert set(stream.fields.values()) <= set(FIELD_TYPES)
            own = {name for name in stream.key if not name.startswith("_")}
            assert own <= set(stream.fields), f"{stream.name}: the key is no field"

    # --- reading ---------------------------------------------------------------------------

    def test_records_match_their_fields(self, tmp_path: Path) -> None:
        source = self.seeded(tmp_path)
        connector = source.make()
        stream = connector.stream(source.stream)
        for page in connector.read(stream, {}):
            for record in page.records:
                for name, value in record.items():
                    if not name.startswith("_"):
                        assert name in stream.fields, f"{name} is not declared"
                        assert matches(stream.fields[name], value), (name, value)
                assert json.dumps(plain(record))
                assert content_hash(record) == content_hash(dict(reversed(list(record.items()))))

    def test_keys_are_unique_and_never_empty(self, tmp_path: Path) -> None:
        source = self.seeded(tmp_path)
        connector = source.make()
        stream = connector.stream(source.stream)
        keys = [stream.external_id(r) for page in connector.read(stream, {}) for r in page.records]
        assert len(keys) == len(set(keys)) == len(source.rows())
        assert set(keys) == set(source.rows())

    def test_the_proposed_mapping_works(self, tmp_path: Path) -> None:
        source = self.seeded(tmp_path)
        connector = source.make()
        stream = connector.stream(source.stream)
        if stream.default_mapping is None or stream.default_mapping.problems():
            raise SkipTest("this stream proposes no complete mapping")
        for page in connector.read(stream, {}):
            for record in page.records:
                assert stream.default_mapping.apply(record).external_id

    def test_state_is_json(self, tmp_path: Path) -> None:
        source = self.seeded(tmp_path)
        connector = source.make()
        for page in connector.read(connector.stream(source.stream), {}):
            assert json.loads(json.dumps(page.state)) == page.state

    def test_resuming_after_any_page_gives_the_same(self, tmp_path: Path) -> None:
        source = self.seeded(tmp_path)
        pages = _pages(source)
        assert sum(1 for page in pages if page.records) >= 2, "the source should make several pages"
        for cut in range(len(pages) + 1):
            runner = Runner(source.make().stream(source.stream))
            for page in pages[:cut]:
                runner.commit(page)
            runner.settle(source.make)
            assert runner.texts(source.text) == dict(source.rows()), f"cut after page {cut}"
            whole = sum(len(page.records) for page in pages)
            again = source.rereads if cut == len(pages) else 0
            assert runner.count <= whole + again, f"cut after page {cut}: pages were read twice"

    def test_a_second_run_reads_next_to_nothing(self, tmp_path: Path) -> None:
        source = self.seeded(tmp_path)
        runner = Runner(source.make().stream(source.stream))
        runner.settle(source.make)
        before = runner.count
        runner.settle(source.make)
        assert runner.count - before <= source.rereads

    def test_one_moment_over_two_pages_loses_nothing(self, tmp_path: Path) -> None:
        source = self.seeded(tmp_path)
        runner = Runner(source.make().stream(source.stream))
        runner.settle(source.make)
        need(lambda: source.hold_clock(True))
        for number in range(7):
            source.put(f"m{number}", "same moment")
        runner.settle(source.make)
        source.put("a-late", "same moment, after it was read")
        source.hold_clock(False)
        runner.settle(source.make)
        assert runner.texts(source.text) == dict(source.rows())

    def test_changes_while_paging_are_not_lost(self, tmp_path: Path) -> None:
        source = self.seeded(tmp_path)
        runner = Runner(source.make().stream(source.stream))
        runner.run(source.make(), most_pages=1)
        source.put("k00", "changed behind us")
        source.put("k10", "changed ahead of us")
        source.put("k99", "new at the end")
        source.put("a00", "new at the start")
        runner.settle(source.make)
        runner.settle(source.make)
        assert runner.texts(source.text) == dict(source.rows())

    def test_a_change_during_an_open_read_is_not_lost(self, tmp_path: Path) -> None:
        source = self.seeded(tmp_path)
        connector = source.make()
        runner = Runner(connector.stream(source.stream))
        try:
            for number, page in enumerate(connector.read(runner.stream, {})):
                runner.commit(page)
                if number == 0:
                    source.put("k10", "changed in the middle")
        except (Transient, CursorExpired):
            pass  # refusing to go on is an honest answer; the next run reads it
        runner.settle(source.make)
        runner.settle(source.make)
        assert runner.texts(source.text) == dict(source.rows())

    def test_deletions_are_seen(self, tmp_path: Path) -> None:
        source = self.seeded(tmp_path)
        stream = source.make().stream(source.stream)
        if stream.deletes not in ("tombstones", "sweep"):
            raise SkipTest("this stream does not tell of deletions")
        runner = Runner(stream)
        runner.settle(source.make)
        need(lambda: source.delete("k04"))
        source.delete("k05")
        source.put("k05", "back again")
        runner.settle(source.make)
        assert "k04" not in runner.rows
        assert runner.texts(source.text) == dict(source.rows())

    def test_texts_pass_unharmed(self, tmp_path: Path) -> None:
        source = self.make_source(tmp_path)
        texts = [
            "Zoë Łukasz Ünal",
            "👩‍👩‍👧 🇺🇦 emoji",
            "مرحبا שלום",
            'quotes " and , commas ; and \t tabs',
            "two\nlines",
            "=1+1",
            "0012",
            "null",
            "x" * 32_000,
            "",
        ]
        for number, text in enumerate(texts):
            source.put(f"t{number}", text)
        runner = Runner(source.make().stream(source.stream))
        runner.settle(source.make)
        assert runner.texts(source.text) == dict(enumerate_keys(texts))

    def test_instances_share_nothing(self, tmp_path: Path) -> None:
        (tmp_path / "one").mkdir()
        (tmp_path / "two").mkdir()
        one, two = self.seeded(tmp_path / "one"), self.seeded(tmp_path / "two", count=5)
        for number in range(5):
            two.put(f"k{number:02d}", "of the other")
        first, second = one.make(), two.make()
        reading = iter(first.read(first.stream(one.stream), {}))
        next(reading)
        other = [r for p in second.read(second.stream(two.stream), {}) for r in p.records]
        rest = [record for page in reading for record in page.records]
        assert {str(record.get(two.text)) for record in other} == {"of the other"}
        assert all(str(record.get(one.text)) != "of the other" for record in rest)
        assert len(_pages(one)) > 1

    def test_random_edits_converge(self, tmp_path: Path) -> None:
        for seed in range(self.plays):
            folder = tmp_path / str(seed)
            folder.mkdir()
            play(self.seeded(folder, count=4), random.Random(seed))  # noqa: S311

    # --- faults ----------------------------------------------------------------------------

    def test_throttling_keeps_the_place(self, tmp_path: Path) -> None:
        self._survives(tmp_path, "throttle", Throttled)

    def test_a_passing_fault_keeps_the_place(self, tmp_path: Path) -> None:
        self._survives(tmp_path, "stumble", Transient)

    def _survives(self, folder: Path, hook: str, error: type[ConnectorError]) -> None:
        source = self.seeded(folder)
        runner = Runner(source.make().stream(source.stream))
        runner.run(source.make(), most_pages=1)
        need(getattr(source, hook))
        refusal(error, lambda: runner.run(source.make()))
        runner.settle(source.make)
        assert runner.texts(source.text) == dict(source.rows())
        assert runner.count == len(source.rows()), "pages were read twice"

    def test_an_expired_position_starts_anew(self, tmp_path: Path) -> None:
        source = self.seeded(tmp_path)
        runner = Runner(source.make().stream(source.stream))
        runner.settle(source.make)
        need(source.expire)
        source.put("k03", "changed since")
        runner.settle(source.make)
        assert runner.generations == 2
        assert runner.texts(source.text) == dict(source.rows())

    def test_an_endless_source_is_stopped(self, tmp_path: Path) -> None:
        source = self.seeded(tmp_path)
        need(source.loop)
        runner = Runner(source.make().stream(source.stream))
        assert refusal(EndlessCursor, lambda: runner.run(source.make(), most_pages=1000)).message
        assert runner.count < 1000


def _check(kind: type[Connector], config: Mapping[str, Any]) -> Check:
    return kind(config).check()


def enumerate_keys(texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The keys under which `test_texts_pass_unharmed` stored its texts."""
    return ((f"t{number}", text) for number, text in enumerate(texts))


def _pages(source: Source) -> list[Page]:
    connector = source.make()
    return list(guarded(connector.read(connector.stream(source.stream), {})))
