"""The job queue: run once, tried again with patience, never lost, never blocked by a stranger."""

from __future__ import annotations

import asyncio
import secrets
import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job as QueuedJob
from sqlalchemy import Engine, text

from efm import clock, queue
from efm.config import Config
from efm.errors import Invalid
from efm.events.registry import GiveUp, Interrupted, Job, JobContext, Registry
from efm.jobs.library import FullJitter, News, insist
from efm.jobs.worker import JobWorker
from efm.models import AuditEntry
from efm.vault import Vault
from tests.factories import House


class Bench:
    """A registry and a queue of one test's own, and a worker that runs what waits there."""

    def __init__(self, config: Config, engine: Engine) -> None:
        self.config, self.engine = config, engine
        self.registry = Registry(config, Vault(config.secret_key))
        self.queue = "test_" + secrets.token_hex(6)

    def worker(self, **options: Any) -> JobWorker:
        return JobWorker(self.config, self.engine, self.registry, queue=self.queue, **options)

    def run(self, **options: Any) -> None:
        asyncio.run(self.worker(**options).run(wait=False))

    def put(self, house: House, task: str, **arguments: Any) -> None:
        with house.unit() as session:
            queue.enqueue(session, task, queue=self.queue, **arguments)

    def rows(self) -> list[Any]:
        with self.engine.connect() as connection:
            return list(
                connection.execute(
                    text(
                        "SELECT status::text, attempts, scheduled_at, args FROM procrastinate_jobs"
                        " WHERE queue_name = :queue ORDER BY id"
                    ),
                    {"queue": self.queue},
                )
            )

    def make_due(self) -> None:
        with self.engine.begin() as connection:
            connection.execute(
                text("UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE queue_name = :queue"),
                {"queue": self.queue},
            )


@pytest.fixture
def bench(config: Config, engine: Engine) -> Bench:
    return Bench(config, engine)


def test_a_job_runs_once_in_its_organization(house: House, stranger: House, bench: Bench) -> None:
    seen = []

    def note(context: JobContext, word: str) -> None:
        with context.unit() as session:
            seen.append((session.organization_id, word, context.attempt))
            session.add(AuditEntry(acted_at=context.now(), actor="job", action="test.noted"))

    bench.registry.job("test.note", note)
    bench.put(house, "test.note", word="ours")
    bench.put(stranger, "test.note", word="theirs")
    bench.run()
    assert sorted(seen) == sorted([(house.id, "ours", 1), (stranger.id, "theirs", 1)])
    assert bench.rows() == []
    with house.unit() as session:
        count = session.execute(
            text("SELECT count(*) FROM audit_entries WHERE action = 'test.noted'")
        )
        assert count.scalar_one() == 1


def test_a_job_of_a_transaction_that_failed_was_never_there(house: House, bench: Bench) -> None:
    with pytest.raises(Invalid), house.unit() as session:
        queue.enqueue(session, "test.note", queue=bench.queue)
        raise Invalid
    assert bench.rows() == []


def test_a_failing_job_is_tried_again_then_kept_with_its_error(house: House, bench: Bench) -> None:
    attempts = []

    def fail(context: JobContext) -> None:
        attempts.append((context.attempt, context.is_last_attempt))
        raise RuntimeError("the source said no to anna@example.org")

    bench.registry.job("test.fail", fail, attempts=3)
    bench.put(house, "test.fail")
    before = clock.now()
    bench.run()
    ((status, tried, again, args),) = bench.rows()
    assert (status, tried) == ("todo", 1)
    assert before <= again <= clock.now() + timedelta(seconds=4)
    assert args["_error"] == "RuntimeError: the source said no to [e-mail]"
    for _ in range(3):
        bench.make_due()
        bench.run()
    ((status, tried, _, args),) = bench.rows()
    assert (status, tried) == ("failed", 3)
    assert attempts == [(1, False), (2, False), (3, True)]
    assert args["_error"].startswith("RuntimeError")


def test_a_job_may_say_that_trying_again_will_not_help(house: House, bench: Bench) -> None:
    def fail(_context: JobContext) -> None:
        raise GiveUp("The connection was deleted.")

    bench.registry.job("test.fail", fail, attempts=9)
    bench.put(house, "test.fail")
    bench.run()
    ((status, tried, _, args),) = bench.rows()
    assert (status, tried) == ("failed", 1)
    assert "The connection was deleted." in args["_error"]


def test_an_unknown_kind_of_job_fails_clearly_and_the_others_go_on(
    house: House, bench: Bench
) -> None:
    done = []
    bench.registry.job("test.known", lambda _context: done.append(1))
    bench.put(house, "gone.connector")
    bench.put(house, "test.known")
    bench.run(concurrency=1)
    assert done == [1]
    ((status, tried, _, args),) = bench.rows()
    assert (status, tried) == ("failed", 1)
    assert "'gone.connector'" in args["_error"]


def test_arguments_may_have_any_name(house: House, bench: Bench) -> None:
    got: dict[str, Any] = {}
    bench.registry.job("test.take", lambda _context, **arguments: got.update(arguments))
    subject = uuid.uuid4()
    bench.put(house, "test.take", job="a", running=1, subject_id=subject)
    bench.run()
    assert got == {"job": "a", "running": 1, "subject_id": str(subject)}


def test_jobs_of_one_lock_never_run_together(house: House, bench: Bench) -> None:
    running, most = [0], [0]
    guard = threading.Lock()

    def work(_context: JobContext) -> None:
        with guard:
            running[0] += 1
            most[0] = max(most[0], running[0])
        threading.Event().wait(0.02)
        with guard:
            running[0] -= 1

    bench.registry.job("test.work", work)
    for _ in range(6):
        bench.put(house, "test.work", lock="one stream")
    bench.run(concurrency=4)
    for _ in range(6):  # Without waiting, a worker may leave when the lock is taken.
        bench.run(concurrency=4)
    assert most == [1]
    assert bench.rows() == []


def test_once_keeps_a_second_waiting_job_out(house: House, bench: Bench) -> None:
    runs = []
    bench.registry.job("test.work", lambda _context: runs.append(1))
    key = secrets.token_hex(8)
    for _ in range(3):
        bench.put(house, "test.work", once=key)
    bench.run()
    assert runs == [1]


def test_two_workers_double_no_job(house: House, bench: Bench) -> None:
    done: list[int] = []
    bench.registry.job("test.work", lambda _context, n: done.append(n))
    for n in range(40):
        bench.put(house, "test.work", n=n)

    async def both() -> None:
        await asyncio.gather(*(bench.worker().run(wait=False) for _ in range(2)))

    asyncio.run(both())
    assert sorted(done) == list(range(40))


@pytest.mark.parametrize(
    ("attempt", "longest"), [(1, 4.0), (2, 8.0), (3, 16.0), (6, 100.0), (60, 100.0)]
)
def test_the_wait_is_drawn_evenly_up_to_a_doubling_bound(attempt: int, longest: float) -> None:
    job = Job("test.work", lambda _context: None, attempts=99, base_seconds=2, longest_seconds=100)
    drawn = []

    def draw(low: float, high: float) -> float:
        drawn.append((low, high))
        return high

    queued = QueuedJob(
        id=1, queue="q", lock=None, queueing_lock=None, task_name="test.work", attempts=attempt - 1
    )
    decision = FullJitter(job, draw).get_retry_decision(exception=OSError(), job=queued)
    assert decision is not None
    assert drawn == [(0.0, longest)]


def test_a_job_learns_that_the_worker_wants_to_end(house: House, bench: Bench) -> None:
    """SIGTERM: the running job ends by itself, the waiting one stays for the next worker."""
    worker = bench.worker(concurrency=1)
    seen, loop = [], []

    def work(context: JobContext) -> None:
        seen.append(context.is_stopping())
        loop[0].call_soon_threadsafe(worker.stop)
        for _ in range(500):
            if context.is_stopping():
                break
            threading.Event().wait(0.01)
        seen.append(context.is_stopping())

    bench.registry.job("test.work", work)
    bench.put(house, "test.work")
    bench.put(house, "test.work")

    async def run() -> None:
        loop.append(asyncio.get_running_loop())
        await worker.run()

    asyncio.run(run())
    assert seen == [False, True]
    assert [row.status for row in bench.rows()] == ["todo"]


def test_an_interrupted_job_is_queued_again_and_has_not_failed(house: House, bench: Bench) -> None:
    parts = [1, 2]

    def work(_context: JobContext) -> None:
        parts.pop()
        if parts:
            raise Interrupted

    bench.registry.job("test.work", work, attempts=1)
    bench.put(house, "test.work")
    bench.run()  # It is due again at once, so the same worker may or may not take it.
    bench.run()
    assert parts == []
    assert bench.rows() == []


def test_news_that_come_while_the_queue_is_asked_are_kept() -> None:
    """Else a job queued in that moment waited two seconds for the next poll."""
    news = News()
    news.set()
    news.look()
    news.clear()
    assert not news.is_set()
    news.look()
    news.set()
    news.clear()
    assert news.is_set()


def test_how_a_job_ended_is_written_again_when_the_connection_breaks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("efm.jobs.library.INSIST_SECONDS", (0.0, 0.0))
    left = [ConnectorException(), ConnectorException()]

    async def write() -> None:
        if left:
            raise left.pop()

    asyncio.run(insist(write))
    assert left == []
    left.extend(ConnectorException() for _ in range(3))
    with pytest.raises(ConnectorException):
        asyncio.run(insist(write))


def test_what_somebody_waits_for_goes_before_the_chores(house: House, bench: Bench) -> None:
    seen: list[str] = []
    bench.registry.job("test.note", lambda _context, word: seen.append(word))
    with house.unit() as session:
        for word, priority in (("chore", -10), ("mail", 0), ("other mail", 0)):
            queue.enqueue(
                session, "test.note", queue=bench.queue, lock="one", priority=priority, word=word
            )
    bench.run(concurrency=1)
    assert seen == ["mail", "other mail", "chore"]
