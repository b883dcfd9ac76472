"""The inbound webhook held to what of the contract applies to a source that is never read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest

from connectors.conformance import ConnectorContract, Source
from connectors.contract_receiving import ReceivingContract
from connectors.records import Delivery
from connectors.signatures import standard
from connectors.systems.webhook.connector import Webhook
from tests.connectors.webhook.sources import (
    REVIEWS,
    SECRET,
    GithubSource,
    SharedSource,
    WebhookSource,
)


class TestStandard(ReceivingContract):
    """Deliveries of Standard Webhooks keep the contract."""

    kind: ClassVar[type[WebhookSource]] = WebhookSource

    def seeded(self, folder: Path, count: int = 11) -> Source:
        source = self.kind()
        for number in range(count):
            source.put(f"k{number:02d}", f"text {number}")
        return source

    test_it_declares_itself = ConnectorContract.test_it_declares_itself
    test_secrets_never_show = ConnectorContract.test_secrets_never_show
    test_check_is_ok = ConnectorContract.test_check_is_ok
    test_bad_settings_are_refused_at_once = ConnectorContract.test_bad_settings_are_refused_at_once
    test_streams_are_declared = ConnectorContract.test_streams_are_declared
    test_targets_are_declared_in_full = ConnectorContract.test_targets_are_declared_in_full
    test_state_is_json = ConnectorContract.test_state_is_json


class TestGithub(TestStandard):
    """Deliveries signed as GitHub does keep the contract."""

    kind = GithubSource


class TestShared(TestStandard):
    """Deliveries that show the secret keep the contract."""

    kind = SharedSource


def test_nothing_is_read_and_that_is_no_failure() -> None:
    connector = WebhookSource().make()
    (stream, _) = connector.streams()
    for state in ({}, {"since": "anything"}):
        (page,) = connector.read(stream, state)
        assert (list(page.records), page.state, list(page.deleted)) == ([], {}, [])


@pytest.mark.parametrize("kind", [GithubSource, SharedSource])
def test_a_scheme_without_a_time_says_so(kind: type[WebhookSource]) -> None:
    assert any("no time" in note for note in kind().make().check().notes)
    assert not any("no time" in note for note in WebhookSource().make().check().notes)


class _Trusting(Webhook):
    """Takes what nobody signed."""

    def verify(self, delivery: Delivery) -> str:
        return "any"


class _Patient(Webhook):
    """Takes a delivery whenever it comes."""

    def verify(self, delivery: Delivery) -> str:
        (moment,) = delivery.given("webhook-timestamp") or ("0",)
        signed = datetime.fromtimestamp(int(moment), UTC) if moment.isdigit() else None
        return standard(replace(delivery, received_at=signed or delivery.received_at), [SECRET])


class _Timeless(Webhook):
    """Tells nothing of when a record was changed."""

    def __init__(self, config: Any, outside: Any = None) -> None:
        super().__init__({**config, "time": ""}, outside)


class _Nameless(Webhook):
    """Gives every delivery the same id."""

    def verify(self, delivery: Delivery) -> str:
        super().verify(delivery)
        return "same"


@pytest.mark.parametrize(
    ("liar", "caught_by"),
    [
        (_Trusting, "test_a_bad_signature_is_refused"),
        (_Trusting, "test_a_huge_delivery_is_refused"),
        (_Patient, "test_an_old_delivery_is_refused"),
        (_Timeless, "test_deliveries_out_of_order_are_safe"),
        (_Nameless, "test_a_delivery_twice_is_one"),
    ],
)
def test_the_contract_catches(liar: type[Webhook], caught_by: str, tmp_path: Path) -> None:
    class Lying(WebhookSource):
        def make(self) -> Webhook:
            return liar(REVIEWS)

    class Contract(TestStandard):
        kind = Lying

    with pytest.raises(AssertionError):
        getattr(Contract(), caught_by)(tmp_path)
