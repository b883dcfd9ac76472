"""The Tryton connector held to the contract of the kit over a real server."""

from __future__ import annotations

from pathlib import Path
from unittest import SkipTest

import pytest

from connectors.conformance import ConnectorContract, Runner, Source
from tests.connectors.tryton.server import System
from tests.connectors.tryton.sources import ComplaintSource, PartySource

# A real server of somebody else, which takes a minute to found: the full part waits for it.
pytestmark = pytest.mark.full


class TestParties(ConnectorContract):
    """Parties keep the contract; two databases of one server take turns."""

    plays = 2

    @pytest.fixture(autouse=True)
    def _served(self, server: System) -> None:
        self.systems = [server, server.of("company")]

    def make_source(self, folder: Path) -> Source:
        self.systems.reverse()
        return PartySource(self.systems[0])

    def seeded(self, folder: Path, count: int = 11) -> Source:
        source = self.make_source(folder)
        assert isinstance(source, PartySource)
        source.fill(count)
        return source

    def _receiving(self, folder: Path) -> tuple[Source, Runner]:
        raise SkipTest("Tryton sends no webhooks")

    def test_texts_pass_unharmed(self, tmp_path: Path) -> None:
        """As the kit's, over texts of any length, and by the ids that Tryton gives."""
        source = ComplaintSource(self.systems[0])
        texts = [
            "Zoë Łukasz Ünal", "👩‍👩‍👧 🇺🇦 emoji", "مرحبا שלום", 'quotes " and , commas ; and \t tabs',
            "two\nlines", "=1+1", "0012", "null", "x" * 32_000, "", '{"__class__": "Decimal"}',
        ]  # fmt: skip
        for number, text in enumerate(texts):
            source.put(f"t{number}", text)
        runner = Runner(source.make().stream(source.stream))
        runner.settle(source.make)
        wanted = {str(source.ids[f"t{number}"]): text for number, text in enumerate(texts)}
        assert runner.texts(source.text) == wanted
