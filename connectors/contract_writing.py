"""The part of the contract that is about writing back; a connector that writes nothing says so."""

from __future__ import annotations

from pathlib import Path
from unittest import SkipTest

from connectors.base import Connector
from connectors.errors import NotSupported
from connectors.records import FIELD_TYPES, OPS, Item, Target
from connectors.trial import Runner, Source, refusal


class WritingContract:
    """Targets are declared in full; a record written twice is one; a refusal stops nobody else."""

    def seeded(self, folder: Path, count: int = 11) -> Source:
        """A source with records."""
        raise NotImplementedError

    def test_targets_are_declared_in_full(self, tmp_path: Path) -> None:
        connector = self.seeded(tmp_path).make()
        targets = list(connector.targets())
        known = {each.name for each in connector.streams()}
        assert len({each.name for each in targets}) == len(targets)
        for target in targets:
            assert target.op in OPS
            assert target.stream in known or (target.op == "upsert" and not target.stream)
            assert target.label
            assert target.fields
            assert set(target.fields.values()) <= set(FIELD_TYPES)
            assert target.required <= set(target.fields)
            assert target.batch > 0
            assert not target.appears_in or (target.op == "upsert" and target.appears_in in known)
            assert connector.target(target.name) == target
        refusal(NotSupported, lambda: connector.target("no such target"))

    def test_writing_changes_the_record_it_names(self, tmp_path: Path) -> None:
        source = self.seeded(tmp_path)
        connector = source.make()
        target = self._target(connector, "update", source.text, source.stream)
        first, second = list(source.rows())[:2]
        refused = Item("efm-2", {"no such field": 1}, second)
        unknown = Item("efm-3", {source.text: "nobody"}, source.missing)
        items = [Item("efm-1", {source.text: "written"}, first), refused, unknown]
        outcomes = list(connector.write(target, [*items, items[0]]))
        assert [each.key for each in outcomes] == ["efm-1", "efm-2", "efm-3", "efm-1"]
        assert [each.ok for each in outcomes] == [True, False, False, True]
        assert all(each.message for each in outcomes if not each.ok)
        assert not any(each.created for each in outcomes)
        assert outcomes[0].remote_id == first
        assert source.rows()[first] == "written"
        assert "nobody" not in source.rows().values()
        runner = Runner(connector.stream(source.stream))
        runner.settle(source.make)
        assert runner.texts(source.text) == dict(source.rows())

    def test_writing_twice_makes_one_record(self, tmp_path: Path) -> None:
        source = self.seeded(tmp_path)
        connector = source.make()
        target = self._target(connector, "upsert", source.written_text, None)
        about = next(iter(source.rows())) if target.stream else ""
        item = Item("efm-1", {source.written_text: "written"}, about)
        refused = Item("efm-2", {"no such field": 1}, about)
        again = Item("efm-1", {source.written_text: "written again"}, about)
        outcomes = list(connector.write(target, [item, refused, again]))
        assert [each.key for each in outcomes] == ["efm-1", "efm-2", "efm-1"]
        assert [each.ok for each in outcomes] == [True, False, True]
        assert outcomes[1].message
        assert outcomes[0].remote_id == outcomes[2].remote_id
        assert [each.created for each in outcomes] == [True, False, False]
        assert [text for text in source.written() if text.startswith("written")] == [
            "written again"
        ]

    def _target(self, connector: Connector, op: str, field: str, stream: str | None) -> Target:
        """The first target of that kind with that field; without one, writing must be refused."""
        for target in connector.targets():
            if target.op == op and field in target.fields and stream in (None, target.stream):
                return target
        if not connector.targets():
            target = Target("none", "None", op, "", {"text": "text"})
            refusal(NotSupported, lambda: list(connector.write(target, [Item("1", {})])))
        raise SkipTest(f"this connector does not {op} {field}")
