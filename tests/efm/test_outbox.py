"""The outbox: every event is handled once, in its organization, whatever happens to its neighbours."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import Engine, select, text

from efm import clock
from efm.config import Config
from efm.db.engine import TenantSession
from efm.events import outbox
from efm.events.registry import GiveUp, OutboxEvent, Registry
from efm.jobs import drain
from efm.models import Event, Mail
from efm.vault import Vault
from tests.factories import House

numbers = count(1)


@pytest.fixture
def registry(config: Config, engine: Engine) -> Registry:
    """An empty one; what other tests left in the outbox is finished, so that batches are ours."""
    registry = Registry(config, Vault(config.secret_key))
    drain_all(engine, registry)
    return registry


@pytest.fixture
def kind() -> str:
    """A kind of event of this test only: the outbox is shared by all organizations."""
    return f"test{next(numbers)}.happened"


def append(house: House, kind: str, n: int = 1, **payload: object) -> list[uuid.UUID]:
    with house.unit() as session:
        for i in range(n):
            outbox.append(session, kind, clock.now(), None, i=i, **payload)
        session.flush()
        return list(session.scalars(select(Event.id).where(Event.kind == kind).order_by(Event.id)))


def drain_all(engine: Engine, registry: Registry, now: datetime | None = None) -> int:
    total, now = 0, now or clock.now()  # One moment, so that nothing put off comes again.
    while claimed := drain.drain_batch(engine, registry, now, 50):
        total += claimed
    return total


def events(house: House, kind: str) -> list[Event]:
    with house.unit(read_only=True) as session:
        return list(session.scalars(select(Event).where(Event.kind == kind).order_by(Event.id)))


def test_events_reach_their_handlers_in_order_and_in_their_organization(
    house: House, stranger: House, engine: Engine, registry: Registry, kind: str
) -> None:
    seen: dict[uuid.UUID, list[uuid.UUID]] = {}

    def handler(session: TenantSession, group: Sequence[OutboxEvent], _now: datetime) -> None:
        assert {event.organization_id for event in group} == {session.organization_id}
        rows = set(session.scalars(select(Event.id).where(Event.kind == kind)))
        assert rows == {event.id for event in group}
        seen.setdefault(session.organization_id, []).extend(event.id for event in group)

    registry.on(kind, handler)
    ours, theirs = append(house, kind, 3, note="x"), append(stranger, kind, 2)
    drain_all(engine, registry)
    assert seen == {house.id: ours, stranger.id: theirs}
    assert all(event.handled_at for event in events(house, kind))
    drain_all(engine, registry)
    assert len(seen[house.id]) == 3


def test_payload_and_subject_arrive_as_written(
    house: House, engine: Engine, registry: Registry, kind: str
) -> None:
    got: list[OutboxEvent] = []
    registry.on(kind, lambda _s, group, _n: got.extend(group))
    subject, now = clock.new_id(), clock.now()
    with house.unit() as session:
        outbox.append(session, kind, now, subject, channel="link", n=3)
    drain_all(engine, registry)
    assert (got[0].subject_id, got[0].payload, got[0].occurred_at) == (
        subject,
        {"channel": "link", "n": 3},
        now,
    )


def test_events_nobody_asked_for_are_finished_too(
    house: House, engine: Engine, registry: Registry, kind: str
) -> None:
    append(house, kind, 3)
    drain_all(engine, registry)
    assert [event.attempts for event in events(house, kind) if event.handled_at] == [0, 0, 0]


def test_what_a_handler_writes_commits_with_its_event(
    house: House, engine: Engine, registry: Registry, kind: str
) -> None:
    registry.on(kind, lambda s, group, _n: outbox.post(s, "a@example.org", "Hello", "x") and None)
    append(house, kind)
    drain_all(engine, registry)
    with house.unit() as session:
        assert session.scalars(select(Mail.recipient)).all() == ["a@example.org"]


def test_a_poisoned_event_waits_and_never_blocks_its_neighbours(
    house: House, engine: Engine, registry: Registry, kind: str
) -> None:
    def handler(session: TenantSession, group: Sequence[OutboxEvent], now: datetime) -> None:
        for event in group:
            outbox.post(session, f"n{event.payload['i']}@example.org", "Hello", "x")
            if event.payload["i"] == 2:
                session.execute(text("SELECT 1/0"))

    registry.on(kind, handler)
    append(house, kind, 5)
    drain_all(engine, registry)
    waiting = [event for event in events(house, kind) if not event.handled_at]
    assert [event.payload["i"] for event in waiting] == [2]
    assert waiting[0].attempts == 1
    assert waiting[0].not_before
    assert "DataError" in (waiting[0].error or "")
    with house.unit() as session:
        sent = sorted(session.scalars(select(Mail.recipient)))
    assert sent == [f"n{i}@example.org" for i in (0, 1, 3, 4)]


def test_a_failing_event_is_given_up_after_its_last_attempt_with_its_error(
    house: House, engine: Engine, registry: Registry, kind: str
) -> None:
    calls = []

    def handler(_session: TenantSession, _group: Sequence[OutboxEvent], _now: datetime) -> None:
        calls.append(1)
        raise RuntimeError("no such thing for anna@example.org")

    registry.on(kind, handler)
    append(house, kind)
    now = clock.now()
    for _ in range(drain.ATTEMPTS + 2):
        drain_all(engine, registry, now)
        now += timedelta(hours=1)
    (event,) = events(house, kind)
    assert len(calls) == drain.ATTEMPTS == event.attempts
    assert event.handled_at is not None
    assert event.error == "RuntimeError: no such thing for [e-mail]"


def test_giving_up_ends_the_attempts_at_once(
    house: House, engine: Engine, registry: Registry, kind: str
) -> None:
    def handler(_session: TenantSession, _group: Sequence[OutboxEvent], _now: datetime) -> None:
        raise GiveUp("The survey is gone.")

    registry.on(kind, handler)
    append(house, kind)
    drain_all(engine, registry)
    (event,) = events(house, kind)
    assert event.handled_at
    assert event.attempts == 1
    assert "The survey is gone." in (event.error or "")


def test_two_workers_share_the_events_and_double_none(
    house: House, stranger: House, engine: Engine, registry: Registry, kind: str
) -> None:
    handled: Counter[uuid.UUID] = Counter()
    both = threading.Barrier(2, timeout=20)
    first: set[int] = set()

    def handler(_session: TenantSession, group: Sequence[OutboxEvent], _now: datetime) -> None:
        if threading.get_ident() not in first:
            first.add(threading.get_ident())
            both.wait()  # Both hold a batch at this moment, or the test fails.
        handled.update(event.id for event in group)

    registry.on(kind, handler)
    ids = append(house, kind, 130) + append(stranger, kind, 130)
    workers = [threading.Thread(target=drain_all, args=(engine, registry)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert handled == Counter(dict.fromkeys(ids, 1))


def test_a_worker_that_dies_leaves_its_events_to_the_next(
    house: House, engine: Engine, registry: Registry, kind: str
) -> None:
    seen: list[int] = []

    def handler(session: TenantSession, group: Sequence[OutboxEvent], _now: datetime) -> None:
        seen.append(len(group))
        outbox.post(session, "a@example.org", "Hello", "x")
        if len(seen) == 1:
            # The server ends the connection, as it does when the process is killed.
            pid = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
            with engine.connect() as other:
                other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            session.execute(text("SELECT 1"))

    registry.on(kind, handler)
    append(house, kind, 4)
    with pytest.raises(Exception, match=r"terminat|closed"):
        drain_all(engine, registry)
    assert [event.attempts for event in events(house, kind) if not event.handled_at] == [0] * 4
    drain_all(engine, registry)
    assert seen == [4, 4]
    with house.unit() as session:
        assert len(session.scalars(select(Mail.id)).all()) == 1


def test_the_drain_thread_drains_until_it_is_stopped(
    house: House, engine: Engine, registry: Registry, kind: str
) -> None:
    got = threading.Event()
    registry.on(kind, lambda _s, _g, _n: got.set())
    thread = drain.Drain(engine, registry)
    thread.start()
    try:
        append(house, kind)
        assert got.wait(10)
    finally:
        thread.stop()
        thread.join(10)
    assert not thread.is_alive()
