"""A small CRM that lives in this process: edits, deletions, an own clock and faults on demand."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from marshmallow import Schema, fields, validate

from connectors.base import Connector
from connectors.cursor import Window
from connectors.errors import ConfigError, CursorExpired, Throttled, Transient
from connectors.records import Check, Item, Outcome, Page, Raw, Stream, Target
from connectors.systems.memory.streams import STREAMS, TARGETS

_FIRST = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class _Row:
    document: dict[str, Any]
    modified: datetime


@dataclass
class Store:
    """The records of one in-memory system, and the hooks that edit and disturb it.

    Its clock is its own: one second an edit, one a read, unless `freeze` holds it still.
    """

    rows: dict[str, dict[str, _Row]] = field(
        default_factory=lambda: {each.name: {} for each in STREAMS}
    )
    deleted: dict[str, dict[str, datetime]] = field(
        default_factory=lambda: {each.name: {} for each in STREAMS}
    )
    generation: int = 1
    reads: int = 0
    _now: datetime = _FIRST
    _frozen: bool = False
    _faults: list[Exception] = field(default_factory=list)
    _endless: bool = False
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def tick(self) -> datetime:
        """The next moment of the store's clock (the same one while frozen)."""
        with self._lock:
            if not self._frozen:
                self._now += timedelta(seconds=1)
            return self._now

    def freeze(self, frozen: bool = True) -> None:
        """Holds the clock, so that several edits share one moment; False lets it go on."""
        self._frozen = frozen

    def put(self, stream: str, key: str, **values: Any) -> None:
        """Creates the record or changes the given values of it."""
        with self._lock:
            moment = self.tick()
            old = self.rows[stream].get(key)
            document = {**(old.document if old else {}), **values, "id": key}
            document["modified_at"] = moment.isoformat()
            self.rows[stream][key] = _Row(document, moment)
            self.deleted[stream].pop(key, None)

    def delete(self, stream: str, key: str) -> None:
        """Deletes the record and leaves its tombstone; no record, no tombstone."""
        with self._lock:
            if self.rows[stream].pop(key, None) is not None:
                self.deleted[stream][key] = self.tick()

    def documents(self, stream: str) -> dict[str, Raw]:
        """What is there now, by key."""
        with self._lock:
            return {key: dict(row.document) for key, row in self.rows[stream].items()}

    def throttle(self, seconds: float = 30) -> None:
        """The next page answers that it is asked too often."""
        self._faults.append(Throttled(seconds))

    def stumble(self) -> None:
        """The next page fails in passing."""
        self._faults.append(Transient("The in-memory system stumbles."))

    def expire(self) -> None:
        """All positions handed out so far are no longer accepted."""
        self.generation += 1

    def loop(self, endless: bool = True) -> None:
        """Reading repeats the same page for ever."""
        self._endless = endless

    def fetch(self) -> None:
        """Counts a page read; raises the fault that is due, if any."""
        self.reads += 1
        if self._faults:
            raise self._faults.pop(0)


_stores: dict[str, Store] = {}
_stores_lock = threading.Lock()


def store(name: str) -> Store:
    """The store of that name in this process, made on first use."""
    with _stores_lock:
        return _stores.setdefault(name, Store())


def forget(name: str) -> None:
    """Drops the store of that name."""
    with _stores_lock:
        _stores.pop(name, None)


class Config(Schema):
    """Settings of the in-memory system."""

    store = fields.String(
        load_default="default",
        validate=validate.Length(min=1, max=100),
        metadata={
            "label": "Store",
            "help": "Name of the store; connections that share the name share the records.",
            "order": 1,
        },
    )
    token = fields.String(
        load_default="",
        metadata={
            "label": "Token",
            "secret": True,
            "help": "Anything but “wrong”, which is refused, for trying that out.",
            "order": 2,
        },
    )
    page_size = fields.Integer(
        load_default=100,
        validate=validate.Range(min=1, max=10_000),
        metadata={"label": "Records a page", "order": 3},
    )


class Memory(Connector):
    """The in-memory system as a connector."""

    name = "memory"
    label = "In-memory system"
    summary = "A small CRM inside this process, for trials and tests. It forgets on restart."
    icon = "layers"
    Config = Config

    @property
    def store(self) -> Store:
        """The store this connection reads."""
        return store(self.config["store"])

    def check(self) -> Check:
        """Raises ConfigError for the token “wrong”."""
        self._authenticate()
        return Check(True, f"store “{self.config['store']}”", ("read", "write"))

    def streams(self) -> Sequence[Stream]:
        """Accounts, contacts, interactions and measurements."""
        return STREAMS

    def read(self, stream: Stream, state: Mapping[str, Any]) -> Iterator[Page]:
        """Changes in closed windows, paged by id; then the deletions of the same window."""
        self._authenticate()
        source = self.store
        if state and state.get("generation") != source.generation:
            raise CursorExpired("The in-memory system no longer knows this position.")
        mark = {"generation": source.generation}
        window = Window.open(state, source.tick())
        size, total = self.config["page_size"], None
        if source._endless:
            for row in itertools.repeat(self._changed(source, stream.name, window)[:1]):
                yield Page([dict(each.document) for _, each in row], {**mark, "after": "loop"})
        if window.part == "":
            total = len(self._changed(source, stream.name, window.at(None)))
        while window.part == "":
            source.fetch()
            found = self._changed(source, stream.name, window)
            page, rest = found[:size], found[size:]
            window = window.at(page[-1][0]) if rest else window.at(None, "deleted")
            yield Page(
                [dict(row.document) for _, row in page], {**mark, **window.state()}, total=total
            )
        while window.part == "deleted":
            source.fetch()
            gone = self._gone(source, stream.name, window)
            part, rest_gone = gone[:size], gone[size:]
            if rest_gone:
                window = window.at(part[-1], "deleted")
                yield Page((), {**mark, **window.state()}, part)
            else:
                yield Page((), {**mark, **window.closed()}, part)
                return

    def targets(self) -> Sequence[Target]:
        """Fields of accounts and contacts, and records of our own about contacts."""
        return TARGETS

    def write(self, target: Target, items: Sequence[Item]) -> Iterator[Outcome]:
        """Changes records by their id; ours are found again by `efm_id`, our id on their side."""
        self._authenticate()
        for item in items:
            yield self._write_one(target, item)

    def _write_one(self, target: Target, item: Item) -> Outcome:
        source, stream = self.store, target.stream
        stranger = sorted(set(item.values) - set(target.fields))
        if stranger:
            text = f"The field {', '.join(stranger)} cannot be written."
            return Outcome(item.key, False, message=text)
        with source._lock:
            if target.op == "update":
                if item.remote_id not in source.rows[stream]:
                    return Outcome(item.key, False, message="There is no such record.")
                source.put(stream, item.remote_id, **item.values)
                return Outcome(item.key, True, item.remote_id)
            made = target.appears_in
            rows = source.rows[made].items()
            key = next((k for k, row in rows if row.document.get("efm_id") == item.key), None)
            created = key is None
            key = key or f"new-{next(source._ids)}"
            about = {"contact_external_id": item.remote_id} if item.remote_id else {}
            source.put(made, key, **{**item.values, **about, "efm_id": item.key})
        return Outcome(item.key, True, key, created)

    def _authenticate(self) -> None:
        if self.config["token"] == "wrong":  # noqa: S105 - the word for trying a refusal
            raise ConfigError(
                "The in-memory system refuses the token; enter another.", {"token": ["Refused."]}
            )

    @staticmethod
    def _changed(source: Store, stream: str, window: Window) -> list[tuple[str, _Row]]:
        with source._lock:
            return sorted(
                (
                    (key, row)
                    for key, row in source.rows[stream].items()
                    if window.holds(row.modified) and (window.after is None or key > window.after)
                ),
                key=lambda pair: pair[0],
            )

    @staticmethod
    def _gone(source: Store, stream: str, window: Window) -> list[str]:
        with source._lock:
            return sorted(
                key
                for key, moment in source.deleted[stream].items()
                if window.holds(moment) and (window.after is None or key > window.after)
            )
