"""The Odoo connector held to the contract of the kit, by both of Odoo's protocols."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from connectors.conformance import ConnectorContract, Runner, Source
from tests.connectors.odoo.simulator import Simulator
from tests.connectors.odoo.sources import PeopleSource


class TestJson2(ConnectorContract):
    """Odoo keeps the contract as it is called from version 19 on."""

    plays = 3
    version: ClassVar[str] = "19.0"

    @pytest.fixture(autouse=True)
    def _served(self, server: Simulator) -> None:
        self.server = server

    def make_source(self, folder: Path) -> Source:
        return PeopleSource(self.server, self.version)

    def test_texts_pass_unharmed(self, tmp_path: Path) -> None:
        """As the kit's, by the ids that Odoo gives."""
        source = self.make_source(tmp_path)
        texts = [
            "Zoë Łukasz Ünal", "👩‍👩‍👧 🇺🇦 emoji", "مرحبا שלום", 'quotes " and , commas ; and \t tabs',
            "two\nlines", "=1+1", "0012", "null", "false", "x" * 32_000, "", "<b>&amp;</b>", "]]>",
        ]  # fmt: skip
        for number, text in enumerate(texts):
            source.put(f"t{number}", text)
        runner = Runner(source.make().stream(source.stream))
        runner.settle(source.make)
        wanted = {str(number): text for number, text in enumerate(texts, start=1)}
        assert runner.texts(source.text) == wanted


@pytest.mark.full
class TestXmlRpc(TestJson2):
    """It does so as it is called up to version 18."""

    plays = 1
    version = "17.0"
