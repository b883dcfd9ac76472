"""The clock: each tick makes one job, however many clocks there are and whichever of them dies."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from efm.config import Config
from efm.jobs.clock import TICKS, Clock, Leadership, Tick
from efm.jobs.load import load_registry

NOON = datetime(2026, 11, 22, 12, 0, 5, tzinfo=UTC)


class Stand:
    """Clocks of one store: a queue, a task and a lock of this test's own."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.tick = Tick("test." + secrets.token_hex(6), 30)
        self.lock = (7, secrets.randbelow(2**31))
        self.now = NOON
        self.clocks: list[Clock] = []

    def clock(self, leadership: Leadership | None = None) -> Clock:
        made = Clock(
            self.engine,
            {self.tick.job},
            ticks=(self.tick,),
            leadership=leadership or Leadership(self.engine, self.lock),
            now=lambda: self.now,
            queue_name=self.tick.job,
        )
        self.clocks.append(made)
        return made

    def jobs(self) -> int:
        """How many jobs wait, which are then as good as done."""
        with self.engine.begin() as connection:
            return connection.execute(
                text("DELETE FROM procrastinate_jobs WHERE task_name = :task"),
                {"task": self.tick.job},
            ).rowcount


@pytest.fixture
def stand(engine: Engine) -> Iterator[Stand]:
    stand = Stand(engine)
    yield stand
    for made in stand.clocks:
        made.stop()


class Impostor(Leadership):
    """Believes that it leads, whatever the lock says."""

    def is_held(self) -> bool:
        return True


@pytest.mark.parametrize("kind", [Leadership, Impostor])
def test_two_clocks_that_strike_together_make_one_job(
    stand: Stand, engine: Engine, kind: type[Leadership]
) -> None:
    clocks = [stand.clock(kind(engine, stand.lock)) for _ in range(2)]
    made = 0
    for _ in range(10):
        together = threading.Barrier(2, timeout=20)

        def strike(one: Clock, together: threading.Barrier = together) -> None:
            together.wait()
            one.strike(stand.tick)

        threads = [threading.Thread(target=strike, args=(one,)) for one in clocks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert stand.jobs() == 1
        made += 1
        stand.now += timedelta(seconds=30)
    assert made == 10


def test_a_clock_that_strikes_twice_in_a_tick_makes_one_job(stand: Stand) -> None:
    clock = stand.clock()
    assert [clock.strike(stand.tick) for _ in range(3)] == [True, False, False]
    assert stand.jobs() == 1
    assert clock.strike(stand.tick) is False
    stand.now += timedelta(seconds=30)
    assert clock.strike(stand.tick) is True


def test_ticks_do_not_pile_up_while_no_worker_takes_them(stand: Stand) -> None:
    clock = stand.clock()
    for _ in range(5):
        clock.strike(stand.tick)
        stand.now += timedelta(seconds=30)
    assert stand.jobs() == 1


def test_only_one_leads_and_another_follows(stand: Stand, engine: Engine) -> None:
    first, second = (Leadership(engine, stand.lock) for _ in range(2))
    assert (first.is_held(), second.is_held(), first.is_held()) == (True, False, True)
    first.release()
    assert (second.is_held(), first.is_held()) == (True, False)
    second.release()


def test_the_lead_is_lost_with_its_connection(stand: Stand, engine: Engine) -> None:
    first, second = (Leadership(engine, stand.lock) for _ in range(2))
    assert first.is_held()
    with engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
                " AND classid = :high AND objid = :low"
            ),
            {"high": stand.lock[0], "low": stand.lock[1]},
        )
        # The lock goes when the server process ends, which it does by itself in a moment.
        connection.execute(text("SELECT pg_advisory_xact_lock(:high, :low)"), first.lock)
    assert second.is_held()
    with pytest.raises(Exception, match=r"terminat|closed"):
        first.is_held()
    assert not first.is_held()
    second.release()


def test_a_clock_without_a_database_waits_for_it(stand: Stand) -> None:
    from efm.db.engine import make_engine

    nowhere = make_engine("postgresql+psycopg://nobody:x@127.0.0.1:1/none")
    clock = Clock(nowhere, {stand.tick.job}, ticks=(stand.tick,))
    assert clock.strike(stand.tick) is False


def test_the_running_clock_strikes_by_itself(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, struck = stand.clock(), threading.Event()
    strike = clock.strike

    def heard(tick: Tick) -> bool:
        made = strike(tick)
        struck.set()
        return made

    monkeypatch.setattr(clock, "strike", heard)
    clock.start()
    assert struck.wait(10)
    clock.stop()
    assert stand.jobs() == 1


def test_every_tick_of_the_house_is_for_a_declared_job_or_a_part_that_may_be_missing(
    config: Config,
) -> None:
    jobs = set(load_registry(config).jobs)
    assert {tick.job for tick in TICKS} <= jobs
    assert {str(tick.arguments.get("job", "")) for tick in TICKS} <= jobs | {
        "",
        "feedback.score_pending",
        "insight.roll_up",
    }
