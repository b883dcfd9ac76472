"""The OData connector held to the contract: by keyset, by links, whole, and by delta links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from connectors.conformance import ConnectorContract, Runner, Source
from connectors.cursor import guarded
from connectors.outside import Outside
from connectors.systems.odata.connector import OData
from tests.connectors.odata.simulator import ROOT, Simulator
from tests.connectors.rest.sources import still


class ServiceSource(Source):
    """The contacts of a simulated service."""

    stream = "Contacts"

    def __init__(self, **behaves: Any) -> None:
        self.service, self.secret = Simulator(), uuid4().hex
        for name, value in behaves.items():
            setattr(self.service, name, value)

    def make(self) -> OData:
        self.service.pass_time()
        return connect(self.service, secret=self.secret, writable=["Contacts: name, score"])

    def bad_settings(self) -> Sequence[Mapping[str, Any]]:
        good = {"address": ROOT, "secret": "x"}
        return (
            {},
            {**good, "address": "http://erp.example.com/"},
            {**good, "secret": ""},
            {**good, "entity_sets": ["Contacts('x')"]},
            {**good, "writable": ["Contacts"]},
            {**good, "changed_at": "a b"},
            {**good, "page_size": 0},
        )

    def put(self, key: str, text: str) -> None:
        self.service.put("Contacts", ID=key, name=text)

    def rows(self) -> Mapping[str, str]:
        return {
            str(r["ID"]): str(r.get("name") or "") for r in self.service.sets["Contacts"].values()
        }

    def hold_clock(self, held: bool) -> None:
        self.service.held = held

    def throttle(self) -> None:
        self.service.faults = [httpx.Response(429, headers={"Retry-After": "120"})] * 2

    def stumble(self) -> None:
        self.service.faults = [httpx.Response(503) for _ in range(4)]


class DeletingSource(ServiceSource):
    """A service whose deletions are seen."""

    def delete(self, key: str) -> None:
        self.service.delete("Contacts", key)


class LoopingSource(ServiceSource):
    """A service that pages by links and may repeat one for ever."""

    def loop(self) -> None:
        self.service.endless = True


class TrackingSource(DeletingSource, LoopingSource):
    """A service that tracks changes and forgets old delta links."""

    def __init__(self, **behaves: Any) -> None:
        super().__init__(tracks=True, **behaves)

    def expire(self) -> None:
        self.service.lost_before = self.service.serial + 1
        self.service.put("Lines", order="x", pos=self.service.serial, text="")


def connect(service: Simulator, **more: Any) -> OData:
    """A connector to the simulator, with small pages."""
    given = {"address": ROOT, "auth": "bearer", "secret": "s3cret", "page_size": 3,
             "lag_seconds": 0, "calls_a_second": 100, **more}  # fmt: skip
    outside: Outside = still(service, lambda: service.now)
    return OData(given, outside)


class _Contract(ConnectorContract):
    plays = 3


class TestKeyset(_Contract):
    """Windows over the change time, in pages by key."""

    def make_source(self, folder: Path) -> Source:
        return ServiceSource()


@pytest.mark.full
class TestKeysetWithSmallServerPages(_Contract):
    """The service gives fewer than it is asked for, with a link."""

    def make_source(self, folder: Path) -> Source:
        return ServiceSource(limit=2, absolute_links=True)


class TestServed(_Contract):
    """The service refuses to filter by key, and pages by links."""

    def make_source(self, folder: Path) -> Source:
        return LoopingSource(refuses={"$top", "gt"}, absolute_links=True)


@pytest.mark.full
class TestWholeForWantOfAFilter(_Contract):
    """The service refuses every filter; all is read each time."""

    def make_source(self, folder: Path) -> Source:
        source = LoopingSource(refuses={"$top", "$filter"})
        source.rereads = 100
        return source

    def test_resuming_after_any_page_gives_the_same(self, tmp_path: Path) -> None:
        _resumes_inside_a_pass(self.seeded(tmp_path))


@pytest.mark.full
class TestWhole(_Contract):
    """No change time: read whole each time, and swept."""

    def make_source(self, folder: Path) -> Source:
        source = DeletingSource(has_changed=False)
        source.rereads = 100
        return source

    def test_resuming_after_any_page_gives_the_same(self, tmp_path: Path) -> None:
        _resumes_inside_a_pass(self.seeded(tmp_path))


class TestDelta(_Contract):
    """Delta links with deletions, after version 4.0."""

    def make_source(self, folder: Path) -> Source:
        return TrackingSource()


@pytest.mark.full
class TestDeltaOf401(_Contract):
    """Delta links after version 4.01, where only what changed is told."""

    def make_source(self, folder: Path) -> Source:
        return TrackingSource(is_401=True, absolute_links=True)


def _resumes_inside_a_pass(source: Source) -> None:
    connector = source.make()
    pages = list(guarded(connector.read(connector.stream(source.stream), {})))
    assert len(pages) >= 2
    for cut in range(len(pages)):
        runner = Runner(source.make().stream(source.stream))
        for page in pages[:cut]:
            runner.commit(page)
        runner.settle(source.make)
        assert runner.texts(source.text) == dict(source.rows())
        assert runner.count == len(source.rows()), f"cut after page {cut}: pages were read twice"
