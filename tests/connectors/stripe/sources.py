"""A simulated Stripe account as a source of the conformance kit, and connectors that reach it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx

from connectors import signatures
from connectors.conformance import CANARY, Source
from connectors.guard import Guard
from connectors.http import Http
from connectors.outside import Outside
from connectors.records import Delivery, Page
from connectors.systems.stripe.connector import Stripe
from tests.connectors.stripe.simulator import KEY, Account

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
HOOK = "https://efm.example/hooks/1"


class Quick(Outside):
    """Outside without a pause between calls, so that tests do not wait."""

    def http(self, base_url: str, **more: Any) -> Http:
        hurried = {"rate": 1e6, "burst": 10**6, "sleep": lambda seconds: None}
        return super().http(base_url, **{**more, **hurried})


def connect(account: Account, **settings: Any) -> Stripe:
    """A connector to the simulated account."""
    outside = Quick(Guard(), transport=httpx.MockTransport(account.handle))
    config = {"api_key": KEY, "webhook_secret": SECRET, "page_size": 3, **settings}
    return Stripe(config, outside)


def signed(event: Mapping[str, Any], secret: str = SECRET) -> Delivery:
    """The delivery of an event, received now."""
    body, now = json.dumps(event, indent=2).encode(), datetime.now(UTC)
    headers = {"Content-Type": "application/json; charset=utf-8"}
    headers |= signatures.sign_stripe(secret, now, body)
    return Delivery("POST", HOOK, list(headers.items()), body, now)


def pages(account: Account, stream: str, state: Mapping[str, Any] | None = None) -> list[Page]:
    """The pages of a stream after that state."""
    connector = connect(account)
    return list(connector.read(connector.stream(stream), state or {}))


def ids(found: list[Page]) -> list[str]:
    """The ids of their records, in order."""
    return [str(record["id"]) for page in found for record in page.records]


class StripeSource(Source):
    """Customers of a simulated account, with every hook."""

    stream = "customers"

    def __init__(self) -> None:
        self.account = Account()

    def make(self) -> Stripe:
        return connect(self.account)

    def bad_settings(self) -> Sequence[Mapping[str, Any]]:
        return (
            {},
            {"api_key": ""},
            {"api_key": "pk_test_" + CANARY.replace("-", "")},
            {"api_key": CANARY},
            {"api_key": "sk_test_\r\nX-Evil: 1"},
            {"api_key": KEY, "webhook_secret": CANARY},
            {"api_key": KEY, "page_size": 101},
            {"api_key": KEY, "page_size": 0},
        )

    def put(self, key: str, text: str) -> None:
        self.account.put("customers", key, name=text)

    def delete(self, key: str) -> None:
        self.account.delete("customers", key)

    def rows(self) -> Mapping[str, str]:
        return {key: row["name"] for key, row in self.account.rows["customers"].items()}

    def hold_clock(self, held: bool) -> None:
        self.account.frozen = held

    def throttle(self) -> None:
        error = {"error": {"type": "invalid_request_error", "code": "rate_limit"}}
        self.account.fail(429, error, Stripe_Should_Retry="false")

    def stumble(self) -> None:
        self.account.fail(500, b"<html>Something went wrong</html>", times=4)

    def expire(self) -> None:
        self.account.expire()

    def loop(self) -> None:
        self.account.endless = True

    def deliver(self, key: str) -> Delivery:
        return signed(self.account.last_event(key))
