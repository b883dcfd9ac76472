"""Simulated orgs as sources for the conformance kit, and connectors to them for other tests."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from connectors.conformance import CANARY, Source
from connectors.guard import Guard
from connectors.http import Http, _Pinned
from connectors.outside import Outside
from connectors.systems.salesforce.connector import Salesforce
from tests.connectors.salesforce.simulator import CLIENT, SECRET, Org, Reply, serving

_NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
BUSY = [{"message": "Unable to connect", "errorCode": "SERVER_UNAVAILABLE"}]
USED_UP = [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]


@dataclass(frozen=True)
class Hasty(Outside):
    """Waits for nobody, and lets one call a loopback server."""

    guard: Guard = field(default_factory=lambda: Guard(["127.0.0.1", "localhost"]))

    def http(self, base_url: str, **more: Any) -> Http:
        # Reading the list of authorities takes 50 ms a client, and there is no TLS here.
        wire = _Pinned(self.guard, httpx.HTTPTransport(verify=_NO_AUTHORITIES))
        more |= {"rate": 10_000.0, "burst": 10_000, "sleep": _nothing}
        return Outside.http(replace(self, transport=wire), base_url, **more)


def _nothing(seconds: float) -> None:
    return None


def settings_for(org: Org, **more: Any) -> dict[str, Any]:
    """Settings that reach the simulated org."""
    return {
        "domain": org.url, "client_id": CLIENT, "client_secret": SECRET, "lag_seconds": 0,
        "page_size": 3, **more,
    }  # fmt: skip


def connect(org: Org, **more: Any) -> Salesforce:
    """A connector to the simulated org that waits for nobody."""
    connector = Salesforce(settings_for(org, **more), Hasty())
    connector.sleep = _nothing
    return connector


class Refusing(Salesforce):
    """The connector as the kit makes it: with settings alone."""

    def __init__(self, config: Mapping[str, Any], outside: Outside | None = None) -> None:
        super().__init__(config, outside or Hasty())
        self.sleep = _nothing


class OrgSource(Source):
    """An org of its own; contacts are edited, custom fields written, tasks made."""

    stream = "Contact"
    text = "Remarks__c"
    written_text = "Subject"
    bulk_over = 1_000_000

    def __init__(self, stack: ExitStack) -> None:
        self.org = stack.enter_context(serving(Org()))

    def settings(self, **more: Any) -> dict[str, Any]:
        return settings_for(self.org, use_bulk_over=self.bulk_over, **more)

    def make(self) -> Salesforce:
        return Refusing(self.settings())

    def bad_settings(self) -> Sequence[Mapping[str, Any]]:
        good = self.settings()
        return (
            {},
            {**good, "client_secret": CANARY},
            {**good, "client_id": "unknown"},
            {**good, "domain": "evil.example/#"},
            {**good, "domain": "https://acme.my.salesforce.com@evil.example"},
            {**good, "client_secret": ""},
            {**good, "auth": "jwt", "username": "a@b.example", "private_key": CANARY},
            {**good, "api_version": "62"},
            {**good, "objects": ["Visit__c'; DROP"]},
            {**good, "page_size": 0},
        )

    def put(self, key: str, text: str) -> None:
        self.org.data.put("Contact", key, LastName=key, Remarks__c=text)

    def rows(self) -> Mapping[str, str]:
        live = self.org.data.live("Contact")
        return {key: row["Remarks__c"] or "" for key, row in live.items()}

    def written(self) -> Sequence[str]:
        return [str(row["Subject"]) for row in self.org.data.live("Task").values()]

    def delete(self, key: str) -> None:
        self.org.data.delete("Contact", key)

    def hold_clock(self, held: bool) -> None:
        self.org.data.is_held = held

    def throttle(self) -> None:
        self.org.faults.append(Reply(403, USED_UP))

    def stumble(self) -> None:
        self.org.faults += [Reply(503, BUSY) for _ in range(4)]

    def expire(self) -> None:
        self.org.data.earliest = self.org.data.tick()

    def loop(self) -> None:
        self.org.is_ignoring_ids = self.org.jobs.is_endless = True


class BulkSource(OrgSource):
    """The same org, where every first pass is a bulk job."""

    bulk_over = 0


class HardSource(OrgSource):
    """The same org, where what is deleted leaves the recycle bin at once."""

    def delete(self, key: str) -> None:
        self.org.data.delete("Contact", key, is_hard=True)
