"""The Stripe connector held to the contract of the kit, over a simulated account."""

from __future__ import annotations

from pathlib import Path

from connectors.conformance import ConnectorContract, Source
from tests.connectors.stripe.sources import StripeSource


class TestStripe(ConnectorContract):
    """Stripe keeps the contract."""

    def make_source(self, folder: Path) -> Source:
        return StripeSource()
