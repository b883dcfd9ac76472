"""The HubSpot connector held to the contract of the kit, over a simulated account."""

from __future__ import annotations

from pathlib import Path

from connectors.conformance import ConnectorContract, Source
from tests.connectors.hubspot.sources import ContactSource


class UnsearchedSource(ContactSource):
    """An account whose search refuses, so that all is read by list."""

    def __init__(self) -> None:
        super().__init__()
        self.account.unsearched.add("contacts")


class TestHubSpot(ConnectorContract):
    """HubSpot keeps the contract."""

    def make_source(self, folder: Path) -> Source:
        return ContactSource()


class TestUnsearched(ConnectorContract):
    """It does so without its search."""

    def make_source(self, folder: Path) -> Source:
        return UnsearchedSource()
