"""Simulated servers as sources for the conformance kit, and connectors to them for other tests."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx

from connectors.conformance import CANARY, Source
from connectors.guard import Guard
from connectors.http import Http, _Pinned
from connectors.outside import Outside
from connectors.records import Page
from connectors.systems.siebel.connector import Siebel as Connector
from tests.connectors.siebel.simulator import PASSWORD, USER, Reply, Siebel, refusal, serving

_NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
BUSY = "The Siebel server is busy.(SBL-SVR-01042)"


@dataclass(frozen=True)
class Hasty(Outside):
    """Waits for nobody, and lets one call a loopback server."""

    guard: Guard = field(default_factory=lambda: Guard(["127.0.0.1", "localhost"]))

    def http(self, base_url: str, **more: Any) -> Http:
        # Reading the list of authorities takes 50 ms a client, and there is no TLS here.
        wire = _Pinned(self.guard, httpx.HTTPTransport(verify=_NO_AUTHORITIES))
        more |= {"rate": 10_000.0, "burst": 10_000, "sleep": lambda seconds: None}
        return Outside.http(replace(self, transport=wire), base_url, **more)


def settings_for(siebel: Siebel, **more: Any) -> dict[str, Any]:
    """Settings that reach the simulated server."""
    return {
        "address": siebel.url, "user": USER, "password": PASSWORD, "lag_seconds": 0,
        "page_size": 3, "objects": ["Contact"], **more,
    }  # fmt: skip


def connect(siebel: Siebel, **more: Any) -> Connector:
    """A connector to the simulated server that waits for nobody."""
    return Connector(settings_for(siebel, **more), Hasty())


class Refusing(Connector):
    """The connector as the kit makes it: with settings alone."""

    def __init__(self, config: Mapping[str, Any], outside: Outside | None = None) -> None:
        super().__init__(config, outside or Hasty())


def pages(connector: Connector, name: str, state: Mapping[str, Any] | None = None) -> list[Page]:
    """The pages of a stream after that state."""
    return list(connector.read(connector.stream(name), state or {}))


def ids(found: Sequence[Page]) -> list[str]:
    """The ids of their records, in order."""
    return [str(record["Id"]) for page in found for record in page.records]


class SiebelSource(Source):
    """A server of its own; contacts are edited, extension fields written, requests made."""

    stream = "Contact"
    text = "X_REMARKS"
    written_text = "Abstract"
    more: Mapping[str, Any] = {"reread_days": 0}

    def __init__(self, stack: ExitStack) -> None:
        self.siebel = stack.enter_context(serving(Siebel()))

    def settings(self, **more: Any) -> dict[str, Any]:
        objects = ["Contact", "Service Request", "Activity"]
        return settings_for(self.siebel, objects=objects, **{**self.more, **more})

    def make(self) -> Connector:
        return Refusing(self.settings())

    def bad_settings(self) -> Sequence[Mapping[str, Any]]:
        good = self.settings()
        return (
            {},
            {**good, "password": CANARY},
            {**good, "password": ""},
            {**good, "user": "a\r\nX-Evil: 1"},
            {**good, "address": "http://[oops"},
            {**good, "address": f"{self.siebel.url}/nowhere/v1.0"},
            {**good, "address": "http://evil.example/siebel/v1.0"},
            {**good, "zone": "Mars/Olympus"},
            {**good, "date_format": "dd/mm/yyyy"},
            {**good, "objects": ["Account'; DROP"]},
            {**good, "objects": ["Nothing/Nothing"]},
            {**good, "auth": "oauth2", "token_address": "oauth2/no", "password": CANARY},
            {**good, "page_size": 101},
        )

    def put(self, key: str, text: str) -> None:
        self.siebel.put("Contact", key, X_REMARKS=text, **{"Last Name": key})

    def rows(self) -> Mapping[str, str]:
        rows = self.siebel.table_of("Contact").rows
        return {key: row.get("X_REMARKS", "") for key, row in rows.items()}

    def written(self) -> Sequence[str]:
        return [row["Abstract"] for row in self.siebel.table_of("Service Request").rows.values()]

    def hold_clock(self, held: bool) -> None:
        self.siebel.is_held = held

    def throttle(self) -> None:
        self.siebel.faults.append(Reply(429, {"ERROR": "Too many requests"}, Retry_After="120"))

    def stumble(self) -> None:
        self.siebel.faults += [refusal(BUSY) for _ in range(4)]

    def loop(self) -> None:
        self.siebel.is_ignoring_ids = self.siebel.is_repeating = True


class SweptSource(SiebelSource):
    """The same server, where a week passes after each deletion."""

    more: Mapping[str, Any] = {"reread_days": 7}

    def delete(self, key: str) -> None:
        self.siebel.delete("Contact", key)
        self.expire()

    def expire(self) -> None:
        self.siebel.time += timedelta(days=8)


class RowSource(SweptSource):
    """The same server in an old release, which neither sorts nor counts."""

    def __init__(self, stack: ExitStack) -> None:
        super().__init__(stack)
        self.siebel.sorts = False


class StatusSource(SiebelSource):
    """The same server, where what is inactive counts as deleted."""

    more: Mapping[str, Any] = {"reread_days": 0, "gone": ["Contact: Status = Inactive, Closed"]}

    def delete(self, key: str) -> None:
        self.siebel.put("Contact", key, Status="Inactive")

    def put(self, key: str, text: str) -> None:
        self.siebel.put("Contact", key, X_REMARKS=text, **{"Last Name": key, "Status": "Active"})

    def rows(self) -> Mapping[str, str]:
        rows = self.siebel.table_of("Contact").rows
        return {k: r.get("X_REMARKS", "") for k, r in rows.items() if r.get("Status") == "Active"}
