"""What the contract works with: a source to edit, a runner over a dictionary, random plays."""

from __future__ import annotations

import json
import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any
from unittest import SkipTest

from connectors.base import Connector
from connectors.cursor import guarded
from connectors.errors import (
    ConnectorError,
    CursorExpired,
    NotSupported,
    Throttled,
    Transient,
)
from connectors.records import Delivery, Page, Raw, Rejected, Stream

_FULL = 10_000


class Source(ABC):
    """A system under test: makes connectors to it and edits one of its streams.

    `stream` is the stream the hooks edit, `text` one of its text fields, `rereads` how many
    records a second run without changes may read again (an overlap). Pages should be small (3 or
    so), so that a dozen records make several. `written_text` is a text field of what `upsert`
    writes, `missing` an id no record has. `signs_body` and `signs_time` say what the signature of
    its webhooks covers.
    """

    stream: str
    text: str = "name"
    rereads: int = 0
    written_text: str = "subject"
    missing: str = "k99"
    signs_body: bool = True
    signs_time: bool = True

    @abstractmethod
    def make(self) -> Connector:
        """A new connector to this source."""

    @abstractmethod
    def put(self, key: str, text: str) -> None:
        """Creates or changes a record."""

    @abstractmethod
    def rows(self) -> Mapping[str, str]:
        """What is really there now: key to text."""

    def written(self) -> Sequence[str]:
        """The texts of all records there that `upsert` may have written."""
        raise NotSupported("telling what was written")

    def bad_settings(self) -> Sequence[Mapping[str, Any]]:
        """Settings that must be refused."""
        return ()

    def delete(self, key: str) -> None:
        """Deletes a record."""
        raise NotSupported("deleting")

    def hold_clock(self, held: bool) -> None:
        """Lets the following edits share one moment."""
        raise NotSupported("holding the clock")

    def throttle(self) -> None:
        """Makes the next call answer that it is asked too often."""
        raise NotSupported("throttling")

    def stumble(self) -> None:
        """Makes the next call fail in passing."""
        raise NotSupported("stumbling")

    def expire(self) -> None:
        """Makes positions handed out so far invalid."""
        raise NotSupported("expiring positions")

    def deliver(self, key: str) -> Delivery:
        """The webhook call the source makes about a record as it is now, signed, received now."""
        raise NotSupported("webhooks")

    def loop(self) -> None:
        """Makes the source repeat a page for ever."""
        raise NotSupported("looping")


class Runner:
    """A small runner over a dictionary: what the real one does, without a database.

    `rows` are the raw records by key; `state` is the last committed one. Both change together.
    """

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.rows: dict[str, Raw] = {}
        self.rejected: list[Rejected] = []
        self.state: dict[str, Any] = {}
        self.generations = 1
        self.count = 0
        self._seen: set[str] = set()
        self._is_full = True

    def run(self, connector: Connector, most_pages: int = _FULL) -> bool:
        """Reads on from the state; False if cut after `most_pages`. An expired cursor begins a
        new generation; at the end of one, what it did not name is gone."""
        try:
            pages = guarded(connector.read(self.stream, self.state))
            for number, page in enumerate(pages, start=1):
                self.commit(page)
                if number >= most_pages:
                    return False
        except CursorExpired:
            self.state, self._seen, self._is_full = {}, set(), True
            self.generations += 1
            return self.run(connector, most_pages)
        if self._is_full and self.stream.deletes in ("tombstones", "sweep"):
            self.rows = {key: row for key, row in self.rows.items() if key in self._seen}
        self._is_full, self._seen = False, set()
        return True

    def settle(self, make: Callable[[], Connector], tries: int = 10) -> None:
        """Runs, with a new connector each time, until a run ends without a passing fault."""
        for _ in range(tries):
            try:
                if self.run(make()):
                    return
            except (Transient, Throttled):
                continue
        raise AssertionError(f"did not come to an end in {tries} runs")

    def commit(self, page: Page) -> None:
        """Takes in one page with its state, as one transaction would."""
        for record in page.records:
            key = self.stream.external_id(record)
            self.rows[key] = record
            self._seen.add(key)
            self.count += 1
        for key in page.deleted:
            self.rows.pop(key, None)
        self.rejected.extend(page.rejected)
        self.state = json.loads(json.dumps(page.state))

    def receive(self, connector: Connector, delivery: Delivery) -> None:
        """Takes in the pages of a delivery, as far as they are of this stream and not older than
        what is known; how far the stream was read stays as it is."""
        for name, page in connector.receive(delivery):
            assert not page.state, "a received page says nothing of how far the stream was read"
            assert connector.stream(name)
            if name != self.stream.name:
                continue
            for record in page.records:
                key = self.stream.external_id(record)
                if not self._is_older(record, self.rows.get(key)):
                    self.rows[key] = record
            for key in page.deleted:
                self.rows.pop(key, None)

    def _is_older(self, given: Raw, known: Raw | None) -> bool:
        """Whether the source changed the known record later, as far as the mapping can tell."""
        mapping = self.stream.default_mapping
        if known is None or mapping is None or mapping.problems():
            return False
        new, old = mapping.apply(given).modified_at, mapping.apply(known).modified_at
        return new is not None and old is not None and new < old

    def texts(self, name: str) -> dict[str, str]:
        """Key to the text in that field."""
        return {key: str(row.get(name) or "") for key, row in self.rows.items()}


def play(source: Source, chance: random.Random, steps: int = 30) -> None:
    """Random edits between the pages of random cut runs; afterwards both sides must be equal."""
    stream = source.make().stream(source.stream)
    runner = Runner(stream)
    for step in range(steps):
        key = f"k{chance.randrange(12):02d}"
        action = chance.random()
        if action < 0.5:
            source.put(key, f"v{step}")
        elif action < 0.65 and stream.deletes != "none" and len(source.rows()) > 1:
            _attempt(partial(source.delete, key))
        elif action < 0.7:
            _attempt(source.expire)
        else:
            try:
                runner.run(source.make(), most_pages=chance.randrange(1, 4))
            except (Transient, Throttled):
                continue
    source.put("k00", "last")
    runner.settle(source.make)
    runner.settle(source.make)
    assert runner.texts(source.text) == dict(source.rows())


def _attempt(hook: Callable[[], None]) -> None:
    try:
        hook()
    except NotSupported:
        return


def need(hook: Callable[[], None]) -> None:
    try:
        hook()
    except NotSupported as missing:
        raise SkipTest(f"this source does not support {missing}") from missing


def refusal(kind: type[ConnectorError], call: Callable[[], object]) -> ConnectorError:
    """The error a call raises; AssertionError when it does not, or raises another."""
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was expected")
