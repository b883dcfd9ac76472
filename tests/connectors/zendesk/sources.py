"""A simulated Zendesk account as sources of the conformance kit, and connectors that reach it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import httpx

from connectors.conformance import CANARY, Source
from connectors.errors import NotSupported
from connectors.guard import Guard
from connectors.http import Http
from connectors.outside import Outside
from connectors.records import Delivery, Page
from connectors.systems.zendesk import receiving
from connectors.systems.zendesk.connector import Zendesk
from tests.connectors.zendesk.account import clock
from tests.connectors.zendesk.refusal import LIMITED
from tests.connectors.zendesk.simulator import EMAIL, TOKEN, Account

SECRET = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="
HOOK = "https://efm.example/hooks/1"
SETTINGS = {
    "subdomain": "acme", "email": EMAIL, "token": TOKEN, "webhook_secret": SECRET, "page_size": 3,
}  # fmt: skip


class Quick(Outside):
    """Outside without a pause between calls, so that tests do not wait."""

    def http(self, base_url: str, **more: Any) -> Http:
        hurried = {"rate": 1e6, "burst": 10**6, "sleep": lambda seconds: None}
        return super().http(base_url, **{**more, **hurried})


def connect(account: Account, **settings: Any) -> Zendesk:
    """A connector to the simulated account."""
    outside = Quick(Guard(), transport=httpx.MockTransport(account.handle))
    made = Zendesk({**SETTINGS, **settings}, outside)
    made.sleep = lambda seconds: None
    return made


def pages(
    account: Account, stream: str, state: Mapping[str, Any] | None = None, **settings: Any
) -> list[Page]:
    """The pages of a stream after that state."""
    connector = connect(account, **settings)
    return list(connector.read(connector.stream(stream), state or {}))


def ids(found: list[Page]) -> list[str]:
    """The ids of their records, in order."""
    return [str(record["id"]) for page in found for record in page.records]


def gone(found: list[Page]) -> list[str]:
    """The ids they tell to be gone, in order."""
    return [each for page in found for each in page.deleted]


def asked(account: Account, part: str) -> list[dict[str, str]]:
    """The parameters of the calls whose path ends so."""
    calls = [call for call in account.calls if call.url.path.endswith(part)]
    return [{n: v[0] for n, v in parse_qs(call.url.query.decode()).items()} for call in calls]


def event(word: str, key: str, what: str = "custom_field_changed", mark: str = "01") -> Any:
    """An event as webhooks tell it."""
    return {
        "account_id": 22129848, "detail": {"id": key}, "event": {},
        "id": f"{mark}-{word}-{key}", "subject": f"zen:{word}:{key}", "time": clock(1_790_000_000),
        "type": f"zen:event-type:{word}.{what}", "zendesk_event_version": "2022-11-06",
    }  # fmt: skip


def signed(said: Any, secret: str = SECRET) -> Delivery:
    """The delivery of a document, received now."""
    body, now = json.dumps(said).encode(), datetime.now(UTC)
    moment = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Zendesk Webhook",
        receiving.TIME: moment,
        receiving.SIGNATURE: receiving.sign(secret, moment, body),
    }
    return Delivery("POST", HOOK, list(headers.items()), body, now)


class _AccountSource(Source):
    """What the sources of one account have in common."""

    def __init__(self) -> None:
        self.account = Account()
        self._events = 0

    def make(self) -> Zendesk:
        return connect(self.account)

    def bad_settings(self) -> Sequence[Mapping[str, Any]]:
        good = SETTINGS
        return (
            {},
            {**good, "subdomain": ""},
            {**good, "subdomain": "acme.evil.example"},
            {**good, "subdomain": f"https://{CANARY}@acme.zendesk.com"},
            {**good, "subdomain": "http://acme.zendesk.com"},
            {**good, "subdomain": "acme.zendesk.com.evil.example"},
            {**good, "email": ""},
            {**good, "email": "nobody"},
            {**good, "token": ""},
            {**good, "token": f"{CANARY}\r\nX-Evil: 1"},
            {**good, "sign_in": "client"},
            {**good, "sign_in": "password"},
            {**good, "begins_on": "tomorrow"},
            {**good, "exports_a_minute": "1000"},
            {**good, "page_size": 0},
            {**good, "page_size": 1001},
        )

    def delete(self, key: str) -> None:
        self.account.delete(self.stream, key)

    def written(self) -> Sequence[str]:
        return [row["subject"] for row in self.account.live("tickets").values()]

    def hold_clock(self, held: bool) -> None:
        # Whoever read before has seen all that happened until a minute ago.
        self.account.tick(61)
        self.account.frozen = held

    def throttle(self) -> None:
        self.account.fail(429, LIMITED, Retry_After="60")

    def stumble(self) -> None:
        self.account.fail(502, b"<html>Bad gateway</html>", times=4)

    def expire(self) -> None:
        self.account.generation += 1

    def loop(self) -> None:
        self.account.endless = True

    def _event(self, word: str, key: str) -> Delivery:
        self._events += 1
        return signed(event(word, key, mark=f"{self._events:02d}"))


class UserSource(_AccountSource):
    """Users, with every hook."""

    stream = "users"
    text = "user_fields.remark"

    def __init__(self) -> None:
        super().__init__()
        self.account.define("user_fields", "remark", "textarea")

    def put(self, key: str, text: str) -> None:
        self.account.put("users", key, name=f"name {key}", user_fields={"remark": text})

    def rows(self) -> Mapping[str, str]:
        live = self.account.live("users")
        return {key: row["user_fields"].get("remark") or "" for key, row in live.items()}

    def deliver(self, key: str) -> Delivery:
        return self._event("user", key)


class TicketSource(_AccountSource):
    """Tickets."""

    stream = "tickets"
    text = "subject"

    def put(self, key: str, text: str) -> None:
        self.account.put("tickets", key, subject=text, requester_id=7, description="It is broken")

    def rows(self) -> Mapping[str, str]:
        return {key: row["subject"] for key, row in self.account.live("tickets").items()}

    def deliver(self, key: str) -> Delivery:
        return self._event("ticket", key)


class OrganizationSource(_AccountSource):
    """Organizations, whose export goes by time."""

    stream = "organizations"
    text = "organization_fields.remark"

    def __init__(self) -> None:
        super().__init__()
        self.account.define("organization_fields", "remark")

    def put(self, key: str, text: str) -> None:
        fields = {"remark": text}
        self.account.put("organizations", key, name=f"name {key}", organization_fields=fields)

    def rows(self) -> Mapping[str, str]:
        live = self.account.live("organizations")
        return {key: row["organization_fields"].get("remark") or "" for key, row in live.items()}

    def deliver(self, key: str) -> Delivery:
        return self._event("organization", key)

    def expire(self) -> None:
        raise NotSupported("positions that expire: a second does not")
