"""A sender of webhooks as a source of the conformance kit, one for each scheme."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors import signatures
from connectors.conformance import CANARY, Source
from connectors.records import Delivery
from connectors.systems.webhook.connector import Webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
HOOK = "https://efm.example/hooks/1"
FIRST = 1_790_000_000
SAMPLE = {
    "type": "review.created",
    "timestamp": "2026-09-21T12:00:00Z",
    "data": {"id": "r1", "customer_id": "c1", "name": "Fine", "rating": 5},
}
REVIEWS = {
    "scheme": "standard",
    "secret": SECRET,
    "streams": ["review.created", "invoice.paid: invoice"],
    "key": "id",
    "sample": json.dumps(SAMPLE),
}


def sent(body: bytes, headers: Mapping[str, str], at: datetime | None = None) -> Delivery:
    """A delivery received now."""
    return Delivery("POST", HOOK, list(headers.items()), body, at or datetime.now(UTC))


def standard(document: Any, delivery_id: str = "msg_1", secret: str = SECRET) -> Delivery:
    """A delivery signed by Standard Webhooks now."""
    body, now = json.dumps(document).encode(), datetime.now(UTC)
    return sent(body, signatures.sign_standard(secret, delivery_id, now, body), now)


class WebhookSource(Source):
    """A sender whose reviews change; each change could be told in a delivery."""

    stream = "review.created"
    scheme = "standard"

    def __init__(self) -> None:
        self.truth: dict[str, str] = {}
        self.times: dict[str, int] = {}
        self._count = 0

    def make(self) -> Webhook:
        return Webhook({**REVIEWS, "scheme": self.scheme})

    def bad_settings(self) -> Sequence[Mapping[str, Any]]:
        return (
            {},
            {**REVIEWS, "secret": "short"},
            {**REVIEWS, "secret": CANARY},
            {**REVIEWS, "secret": f"{SECRET} whsec_c2hvcnQ="},
            {**REVIEWS, "scheme": "none"},
            {**REVIEWS, "streams": []},
            {**REVIEWS, "streams": ["a", "a: contact"]},
            {**REVIEWS, "streams": ["a: nothing"]},
            {**REVIEWS, "streams": [": contact"]},
            {**REVIEWS, "records": "a..b"},
            {**REVIEWS, "records": "a b"},
            {**REVIEWS, "header": "X-Evil\r\nX-More: 1"},
            {**REVIEWS, "sample": "{"},
            {**REVIEWS, "sample": "[" * 5000},
            {**REVIEWS, "sample": '{"type": "review.created"}'},
        )

    def put(self, key: str, text: str) -> None:
        self._count += 1
        self.truth[key], self.times[key] = text, FIRST + self._count

    def rows(self) -> Mapping[str, str]:
        return dict(self.truth)

    def deliver(self, key: str) -> Delivery:
        self._count += 1
        document = {
            "type": self.stream,
            "timestamp": datetime.fromtimestamp(self.times[key], UTC).isoformat(),
            "data": {"id": key, "customer_id": "c1", "name": self.truth[key], "rating": 5},
        }
        body, now = json.dumps(document).encode(), datetime.now(UTC)
        return sent(body, self.sign(f"msg_{self._count}", now, body), now)

    def sign(self, delivery_id: str, now: datetime, body: bytes) -> Mapping[str, str]:
        return signatures.sign_standard(SECRET, delivery_id, now, body)


class GithubSource(WebhookSource):
    """A sender that signs the body as GitHub does."""

    scheme = "github"
    signs_time = False

    def sign(self, delivery_id: str, now: datetime, body: bytes) -> Mapping[str, str]:
        return signatures.sign_github(SECRET, body)


class SharedSource(WebhookSource):
    """A sender that shows the secret."""

    scheme = "shared"
    signs_time = False
    signs_body = False

    def sign(self, delivery_id: str, now: datetime, body: bytes) -> Mapping[str, str]:
        return {"X-Webhook-Secret": SECRET}
