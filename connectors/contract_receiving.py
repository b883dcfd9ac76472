"""The part of the contract that is about webhooks; a connector that takes none says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from unittest import SkipTest

from connectors.base import Connector
from connectors.errors import NotSupported
from connectors.records import Delivery, Page
from connectors.signatures import WINDOW, BadSignature, TooLarge
from connectors.trial import Runner, Source, refusal


class ReceivingContract:
    """Only what the sender signed is taken, and a delivery may come twice, late or out of order."""

    def seeded(self, folder: Path, count: int = 11) -> Source:
        """A source with records."""
        raise NotImplementedError

    def test_a_delivery_brings_the_record(self, tmp_path: Path) -> None:
        source, runner = self._receiving(tmp_path)
        state = dict(runner.state)
        source.put("k03", "changed, and told")
        source.put("n00", "new, and told")
        connector = source.make()
        for key in ("k03", "n00"):
            runner.receive(connector, source.deliver(key))
        assert runner.texts(source.text)["k03"] == "changed, and told"
        assert runner.texts(source.text)["n00"] == "new, and told"
        assert runner.state == state

    def test_a_delivery_twice_is_one(self, tmp_path: Path) -> None:
        source, runner = self._receiving(tmp_path)
        source.put("k03", "changed")
        connector, delivery = source.make(), source.deliver("k03")
        assert connector.verify(delivery) == source.make().verify(delivery) != ""
        first = list(connector.receive(delivery))
        assert list(source.make().receive(delivery)) == first
        source.put("k04", "another")
        assert connector.verify(source.deliver("k04")) != connector.verify(delivery)
        before = len(runner.rows)
        runner.receive(connector, delivery)
        runner.receive(connector, delivery)
        assert len(runner.rows) == max(before, 1)

    def test_deliveries_out_of_order_are_safe(self, tmp_path: Path) -> None:
        source, runner = self._receiving(tmp_path)
        source.put("k03", "older")
        older = source.deliver("k03")
        source.put("k03", "newer")
        newer = source.deliver("k03")
        connector = source.make()
        for delivery in (newer, older):
            runner.receive(connector, delivery)
        assert runner.texts(source.text)["k03"] == "newer"

    def test_a_bad_signature_is_refused(self, tmp_path: Path) -> None:
        source, _ = self._receiving(tmp_path)
        connector, good = source.make(), source.deliver("k03")
        for bad in _forged(good, source.signs_body):
            for call in (connector.verify, partial(_drain, connector)):
                said = refusal(BadSignature, partial(call, bad)).message
                assert said
                assert not any(value and value in said for _, value in good.headers)

    def test_an_old_delivery_is_refused(self, tmp_path: Path) -> None:
        source, _ = self._receiving(tmp_path)
        if not source.signs_time:
            raise SkipTest("these webhooks hold no time")
        connector, good = source.make(), source.deliver("k03")
        moment = timedelta(seconds=2)
        for shift in (WINDOW + moment, -WINDOW - moment):
            late = replace(good, received_at=good.received_at + shift)
            refusal(BadSignature, partial(connector.verify, late))
            refusal(BadSignature, partial(_drain, connector, late))
        assert connector.verify(replace(good, received_at=good.received_at + WINDOW - moment))

    def test_headers_may_be_written_in_any_case(self, tmp_path: Path) -> None:
        source, _ = self._receiving(tmp_path)
        connector, good = source.make(), source.deliver("k03")
        loud = replace(good, headers=[(name.upper(), value) for name, value in good.headers])
        assert connector.verify(loud) == connector.verify(good)

    def test_a_huge_delivery_is_refused(self, tmp_path: Path) -> None:
        source, _ = self._receiving(tmp_path)
        connector, good = source.make(), source.deliver("k03")
        huge = replace(good, body=good.body + b" " * (1 << 20))
        refusal(TooLarge, partial(connector.verify, huge))
        refusal(TooLarge, partial(_drain, connector, huge))

    def _receiving(self, folder: Path) -> tuple[Source, Runner]:
        """A source that sends webhooks and a runner that read it; without, all must be refused."""
        source = self.seeded(folder)
        connector = source.make()
        try:
            source.deliver("k03")
        except NotSupported as missing:
            some = Delivery("POST", "https://efm.example/", (), b"{}", datetime.now(UTC))
            if not connector.takes_webhooks:
                refusal(NotSupported, partial(connector.verify, some))
                refusal(NotSupported, partial(_drain, connector, some))
            raise SkipTest(f"this source does not support {missing}") from missing
        assert connector.takes_webhooks
        runner = Runner(connector.stream(source.stream))
        runner.settle(source.make)
        return source, runner


def _drain(connector: Connector, delivery: Delivery) -> list[tuple[str, Page]]:
    return list(connector.receive(delivery))


def _forged(good: Delivery, signs_body: bool) -> Iterator[Delivery]:
    """The delivery without its headers, with each header emptied in a way, and a changed body."""
    yield replace(good, headers=())
    names = [name for name, _ in good.headers if _is_signing(name)]
    for name in names:
        for change in ("", "x", "é", "0" * 300, "v1,", "sha256=", "-1", "9" * 40):
            yield replace(good, headers=[(n, change if n == name else v) for n, v in good.headers])
        yield replace(good, headers=[*good.headers, *(p for p in good.headers if p[0] == name)])
    if signs_body:
        yield replace(good, body=good.body + b" ")
        yield replace(good, body=good.body[:-1])


def _is_signing(name: str) -> bool:
    """Whether a header is part of a signature, and no ordinary one such as Content-Type."""
    return name.lower() not in ("content-type", "content-length", "user-agent", "host", "accept")
