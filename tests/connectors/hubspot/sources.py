"""A simulated HubSpot account as a source of the conformance kit, and connectors that reach it."""

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
from connectors.systems.hubspot.connector import HubSpot
from tests.connectors.hubspot.refusal import limited
from tests.connectors.hubspot.simulator import ACCOUNT, TOKEN, Account

SECRET = "2f1c-client-secret"
HOOK = "https://efm.example/hooks/1?a=b%20c"
SETTINGS = {
    "access_token": TOKEN, "client_secret": SECRET, "page_size": 3, "lag_seconds": 0,
    "deletions_minutes": 0,
}  # fmt: skip


class Quick(Outside):
    """Outside without a pause between calls, so that tests do not wait."""

    def http(self, base_url: str, **more: Any) -> Http:
        hurried = {"rate": 1e6, "burst": 10**6, "sleep": lambda seconds: None}
        return super().http(base_url, **{**more, **hurried})


def connect(account: Account, **settings: Any) -> HubSpot:
    """A connector to the simulated account."""
    outside = Quick(Guard(), transport=httpx.MockTransport(account.handle))
    return HubSpot({**SETTINGS, **settings}, outside)


def pages(
    account: Account, stream: str, state: Mapping[str, Any] | None = None, **settings: Any
) -> list[Page]:
    """The pages of a stream after that state."""
    connector = connect(account, **{"objects": [stream, "contacts", "companies"], **settings})
    return list(connector.read(connector.stream(stream), state or {}))


def ids(found: list[Page]) -> list[str]:
    """The ids of their records, in order."""
    return [str(record["id"]) for page in found for record in page.records]


def gone(found: list[Page]) -> list[str]:
    """The ids they tell to be gone, in order."""
    return [each for page in found for each in page.deleted]


def event(key: str, what: str = "contact.propertyChange", number: int = 1, **more: Any) -> Any:
    """An event as webhooks tell it."""
    return {
        "eventId": number, "subscriptionId": 25, "portalId": ACCOUNT["portalId"], "appId": 1160452,
        "occurredAt": 1462216307945 + number, "subscriptionType": what, "attemptNumber": 0,
        "objectId": int(key) if key.isdigit() else key, "changeSource": "CRM", **more,
    }  # fmt: skip


def signed(events: Any, secret: str = SECRET) -> Delivery:
    """The delivery of events, received now."""
    body, now = json.dumps(events).encode(), datetime.now(UTC)
    headers = {"Content-Type": "application/json"}
    headers |= signatures.sign_hubspot(secret, "POST", HOOK, now, body)
    return Delivery("POST", HOOK, list(headers.items()), body, now)


class ContactSource(Source):
    """Contacts of a simulated account, with every hook."""

    stream = "contacts"
    text = "efm_remark"
    written_text = "hs_note_body"
    rereads = 1  # the window that follows begins at the very moment of the last edit

    def __init__(self) -> None:
        self.account = Account()
        self.account.define("contacts", "efm_remark")
        self.account.define("notes", "efm_id", hasUniqueValue=True)
        self._events = 0

    def make(self) -> HubSpot:
        return connect(self.account)

    def bad_settings(self) -> Sequence[Mapping[str, Any]]:
        good = SETTINGS
        return (
            {},
            {**good, "access_token": ""},
            {**good, "access_token": "short"},
            {**good, "access_token": f"{CANARY}\r\nX-Evil: 1"},
            {**good, "base_url": "https://evil.example"},
            {**good, "base_url": f"https://{CANARY}@api.hubapi.com"},
            {**good, "base_url": "https://api.hubapi.com.evil.example"},
            {**good, "base_url": "http://api.hubapi.com"},
            {**good, "objects": []},
            {**good, "objects": ["contacts/../../oauth"]},
            {**good, "objects": ["2-1?x"]},
            {**good, "plan": "1000"},
            {**good, "page_size": 0},
            {**good, "page_size": 201},
        )

    def put(self, key: str, text: str) -> None:
        self.account.put("contacts", key, efm_remark=text)

    def delete(self, key: str) -> None:
        self.account.archive("contacts", key)

    def rows(self) -> Mapping[str, str]:
        live = self.account.live("contacts")
        return {key: row.properties.get("efm_remark", "") for key, row in live.items()}

    def written(self) -> Sequence[str]:
        return [row.properties["hs_note_body"] for row in self.account.live("notes").values()]

    def hold_clock(self, held: bool) -> None:
        self.account.frozen = held

    def throttle(self) -> None:
        self.account.fail(429, limited("DAILY"))

    def stumble(self) -> None:
        self.account.fail(502, b"<html>Bad gateway</html>", times=4)

    def expire(self) -> None:
        self.account.tick(100 * 86_400)

    def loop(self) -> None:
        self.account.endless = True

    def deliver(self, key: str) -> Delivery:
        self._events += 1
        return signed([event(key, number=self._events)])
