"""Simulated environments as sources for the conformance kit, and connectors to them for other tests."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from connectors.conformance import CANARY, Source
from connectors.guard import Guard
from connectors.http import Http, _Pinned
from connectors.outside import Outside
from connectors.records import Item, Outcome, Page, Stream, Target
from connectors.systems.dataverse.connector import Dataverse
from tests.connectors.dataverse.environment import id_of
from tests.connectors.dataverse.reply import limited, refusal
from tests.connectors.dataverse.server import serving
from tests.connectors.dataverse.simulator import CLIENT, SECRET, TENANT, Simulator

_NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


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


def settings_for(simulator: Simulator, **more: Any) -> dict[str, Any]:
    """Settings that reach the simulated environment."""
    return {
        "url": simulator.url, "login_url": simulator.url, "tenant": TENANT, "client_id": CLIENT,
        "client_secret": SECRET, "lag_seconds": 0, "page_size": 3, **more,
    }  # fmt: skip


def connect(simulator: Simulator, **more: Any) -> Dataverse:
    """A connector to the simulated environment that waits for nobody."""
    return Dataverse(settings_for(simulator, **more), Hasty())


class Keyed(Dataverse):
    """The connector, where records are named by the kit's short keys and not by their ids."""

    keys: Mapping[str, str]

    def __init__(self, config: Mapping[str, Any], outside: Outside | None = None) -> None:
        super().__init__(config, outside or Hasty())
        self.keys = {}

    def read(self, stream: Stream, state: Mapping[str, Any]) -> Iterator[Page]:
        (key,) = stream.key
        for page in super().read(stream, state):
            records = [{**each, key: self._short(each[key])} for each in page.records]
            gone = [self._short(each) for each in page.deleted]
            yield replace(page, records=records, deleted=gone)

    def write(self, target: Target, items: Sequence[Item]) -> Iterator[Outcome]:
        named = [replace(i, remote_id=i.remote_id and id_of(i.remote_id)) for i in items]
        for each in super().write(target, named):
            yield replace(each, remote_id=each.remote_id and self._short(each.remote_id))

    def _short(self, key: str) -> str:
        return self.keys.get(key, key)


class EnvironmentSource(Source):
    """An environment of its own; contacts are edited, columns written, tasks made."""

    stream = "contact"
    text = "efm_remarks"
    written_text = "subject"
    is_tracked = True

    def __init__(self, stack: ExitStack) -> None:
        self.simulator = stack.enter_context(serving(Simulator()))
        self.env = self.simulator.env
        self.env.tables["contact"].is_tracked = self.is_tracked
        self.keys: dict[str, str] = {}

    def make(self) -> Dataverse:
        made = Keyed(settings_for(self.simulator))
        made.keys = self.keys
        return made

    def bad_settings(self) -> Sequence[Mapping[str, Any]]:
        good = settings_for(self.simulator)
        return (
            {},
            {**good, "client_secret": CANARY},
            {**good, "client_id": "unknown"},
            {**good, "tenant": "other.onmicrosoft.com"},
            {**good, "tenant": "../common"},
            {**good, "url": "https://evil.example/#.crm.dynamics.com"},
            {**good, "url": "https://acme.crm.dynamics.com@evil.example"},
            {**good, "login_url": "https://login.evil.example"},
            {**good, "tables": ["contact') or 1 eq 1"]},
            {**good, "page_size": 0},
        )

    def put(self, key: str, text: str) -> None:
        self.keys[id_of(key)] = key
        self.env.put("contact", id_of(key), lastname=key, efm_remarks=text)

    def rows(self) -> Mapping[str, str]:
        found = self.env.rows["contact"]
        return {self.keys[key]: row["efm_remarks"] or "" for key, row in found.items()}

    def written(self) -> Sequence[str]:
        return [str(row["subject"]) for row in self.env.rows["task"].values()]

    def delete(self, key: str) -> None:
        self.env.delete("contact", id_of(key))

    def hold_clock(self, held: bool) -> None:
        self.env.is_held = held

    def throttle(self) -> None:
        self.simulator.faults.append(limited())

    def stumble(self) -> None:
        busy = refusal(503, "0x8004a104", "The service is temporarily unavailable.")
        self.simulator.faults += [busy] * 4

    def expire(self) -> None:
        self.env.version += 1
        self.env.lost_before = self.env.version

    def loop(self) -> None:
        self.simulator.is_endless = True


class WindowSource(EnvironmentSource):
    """The same, where changes of contacts are not tracked."""

    is_tracked = False

    def delete(self, key: str) -> None:
        raise self._cannot("seeing deletions")

    def expire(self) -> None:
        raise self._cannot("expiring positions")

    @staticmethod
    def _cannot(what: str) -> Exception:
        from connectors.errors import NotSupported

        return NotSupported(what)
