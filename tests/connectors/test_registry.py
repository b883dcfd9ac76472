"""Which connectors are there; a broken one harms nobody; a new one is one folder and one line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from configparser import ConfigParser
from datetime import UTC, datetime
from importlib.metadata import EntryPoint, distributions
from pathlib import Path

import pytest

from connectors import registry, settings
from connectors.errors import ConfigError, NotSupported, UnknownConnector
from connectors.records import Delivery, Item, Target

ROOT = Path(__file__).resolve().parents[2]

NEW = '''
"""A new system, complete."""

from marshmallow import Schema, fields

from connectors.base import Connector
from connectors.mapping import suggest
from connectors.records import Check, Page, Stream


class Config(Schema):
    greeting = fields.String(required=True, metadata={"label": "Greeting"})
    token = fields.String(load_default="", metadata={"label": "Token", "secret": True})


class Tiny(Connector):
    name = "tiny"
    label = "Tiny system"
    Config = Config

    def check(self):
        return Check(True, self.config["greeting"])

    def streams(self):
        fields = {"id": "text", "name": "text"}
        return [Stream("people", ("id",), "contact", fields=fields,
                       default_mapping=suggest("contact", list(fields)))]

    def read(self, stream, state):
        if not state:
            yield Page([{"id": "1", "name": self.config["greeting"]}], {"done": True})
'''


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Path]:
    """A foreign distribution: one folder with code, one entry point."""
    (tmp_path / "tiny_system").mkdir()
    (tmp_path / "tiny_system" / "__init__.py").write_text("")
    (tmp_path / "tiny_system" / "connector.py").write_text(NEW)
    about = tmp_path / "tiny_system-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-system\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[efm.connectors]\n"
        "tiny = tiny_system.connector:Tiny\n"
        "absent = tiny_system.nowhere:Gone\n"
        "liar = tiny_system.connector:Tiny\n"
        "number = tiny_system.connector:NEVER\n"
        "schema = tiny_system.connector:Config\n"
        "files = tiny_system.connector:Tiny\n"
    )
    sys.path.insert(0, str(tmp_path))
    registry.catalog.cache_clear()
    yield tmp_path
    sys.path.remove(str(tmp_path))
    for name in [each for each in sys.modules if each.startswith("tiny_system")]:
        del sys.modules[name]
    registry.catalog.cache_clear()


def test_a_new_connector_is_one_folder_and_one_entry_point(installed: Path) -> None:
    assert "tiny" in registry.names()
    kind = registry.get("tiny")
    assert [each.label for each in settings.form(kind.Config)] == ["Greeting", "Token"]
    tiny = kind({"greeting": "Hello", "token": "s3cret"})
    assert tiny.check().who == "Hello"
    (stream,) = tiny.streams()
    (page,) = tiny.read(stream, {})
    assert stream.default_mapping is not None
    assert stream.default_mapping.apply(page.records[0]).external_id == "1"
    assert list(tiny.read(stream, page.state)) == []
    assert "s3cret" not in repr(tiny)
    with pytest.raises(ConfigError):
        kind({})
    with pytest.raises(NotSupported):
        list(tiny.write(Target("t", "T", "upsert", "", {"a": "text"}), [Item("1", {})]))
    with pytest.raises(NotSupported):
        list(tiny.receive(Delivery("POST", "https://here.example", (), b"", datetime.now(UTC))))
    with pytest.raises(NotSupported, match="It offers: people"):
        tiny.stream("orders")


def test_broken_ones_are_named_and_harm_nobody(installed: Path) -> None:
    assert {"files", "memory", "tiny"} <= set(registry.names())
    broken = registry.broken()
    assert "ModuleNotFoundError" in broken["absent"]
    assert "calls itself 'tiny'" in broken["liar"]
    assert "AttributeError" in broken["number"]
    assert "is not a Connector" in broken["schema"]
    # Nobody takes over a name of the kit.
    assert "already has this name" in broken["files (tiny_system.connector:Tiny)"]
    assert registry.get("files").__module__ == "connectors.systems.files.connector"
    with pytest.raises(UnknownConnector, match="could not be loaded: ModuleNotFoundError"):
        registry.get("absent")


def test_an_unknown_kind_names_the_known() -> None:
    with pytest.raises(UnknownConnector) as caught:
        registry.get("salesfarce")
    assert {"files", "memory"} <= set(caught.value.known)
    assert "files, hubspot" in caught.value.message
    assert isinstance(caught.value, ConfigError)


def test_the_kit_works_without_installed_metadata() -> None:
    assert set(registry.load([]).available) == set(registry.BUILT_IN)
    assert not registry.load([]).broken


def test_what_the_kit_ships_is_declared_as_entry_points() -> None:
    declared = ConfigParser()
    declared.read(ROOT / "setup.cfg")
    lines = declared["options.entry_points"]["efm.connectors"].strip().splitlines()
    assert dict(line.split(" = ") for line in lines) == dict(registry.BUILT_IN)
    for name in registry.BUILT_IN:
        folder = ROOT / "connectors" / "systems" / name
        assert (folder / "connector.py").exists()


def test_a_point_of_the_kit_seen_twice_counts_once() -> None:
    points = [EntryPoint(n, v, registry.GROUP) for n, v in registry.BUILT_IN.items()]
    found = registry.load([*points, *points])
    assert list(found.available) == sorted(registry.BUILT_IN)
    assert not found.broken


def test_the_foreign_distribution_is_real(installed: Path) -> None:
    assert "tiny-system" in {each.name for each in distributions()}
