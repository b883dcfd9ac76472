"""The house's chores: due syncs, lost jobs and runs, what is forgotten."""

from __future__ import annotations

import secrets
import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, text, update

from efm import clock, queue
from efm.config import Config
from efm.events.registry import JobContext
from efm.jobs import chores
from efm.jobs.load import load_registry
from efm.mail import make_mailer
from efm.models import Connection, Event, StreamSetting, SyncRun
from efm.vault import Vault
from tests.factories import House


@pytest.fixture
def context(config: Config, engine: Engine) -> JobContext:
    return JobContext(engine, config, Vault(config.secret_key), make_mailer(config.mail_url))


def jobs_of(house: House, task: str) -> list[dict[str, Any]]:
    with house.unit() as session:
        found = session.execute(
            text(
                "SELECT args FROM procrastinate_jobs WHERE task_name = :task AND status = 'todo'"
                " AND args->>'organization_id' = :id ORDER BY id"
            ),
            {"task": task, "id": str(house.id)},
        )
        return list(found.scalars())


def in_flight(engine: Engine, name: str, *, worker_seen: str, attempts: int = 0) -> int:
    """A job that a worker, last seen so long ago, has taken."""
    with engine.begin() as connection:
        worker = connection.execute(
            text(
                "INSERT INTO procrastinate_workers (last_heartbeat)"
                " VALUES (now() - CAST(:seen AS interval)) RETURNING id"
            ),
            {"seen": worker_seen},
        ).scalar_one()
        return connection.execute(
            text(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, status, worker_id, attempts)"
                " VALUES ('none', :name, 'doing', :worker, :attempts) RETURNING id"
            ),
            {"name": name, "worker": worker, "attempts": attempts},
        ).scalar_one()


def status(engine: Engine, job_id: int) -> tuple[str, int]:
    with engine.connect() as connection:
        row = connection.execute(
            text("SELECT status::text, attempts FROM procrastinate_jobs WHERE id = :id"),
            {"id": job_id},
        ).one()
        return row.status, row.attempts


def test_jobs_of_a_dead_worker_are_put_back_and_those_of_a_living_one_stay(
    engine: Engine, context: JobContext
) -> None:
    name = "test." + secrets.token_hex(4)
    lost = in_flight(engine, name, worker_seen="2 minutes")
    alive = in_flight(engine, name, worker_seen="5 seconds")
    worn = in_flight(engine, name, worker_seen="2 minutes", attempts=2)
    assert chores.recover_jobs(context, {name: 3}) == 2
    assert status(engine, lost) == ("todo", 1)
    assert status(engine, alive) == ("doing", 0)
    assert status(engine, worn) == ("failed", 3)
    assert chores.recover_jobs(context, {name: 3}) == 0


def test_a_lost_job_comes_back_beside_one_that_waits_for_the_same_work(
    house: House, engine: Engine, context: JobContext
) -> None:
    name, key = "test." + secrets.token_hex(4), secrets.token_hex(8)
    lost = in_flight(engine, name, worker_seen="2 minutes")
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE procrastinate_jobs SET queueing_lock = :key WHERE id = :id"),
            {"key": key, "id": lost},
        )
    with house.unit() as session:
        queue.enqueue(session, name, once=key, queue="none")
    chores.recover_jobs(context, {name: 3})
    assert status(engine, lost) == ("todo", 1)


def test_a_job_is_enqueued_for_each_organization_once(
    house: House, stranger: House, context: JobContext
) -> None:
    for _ in range(2):
        chores.enqueue_for_each(context, "insight.roll_up")
    expected = {"organization_id": str(house.id)}
    assert jobs_of(house, "insight.roll_up") == [expected]
    assert len(jobs_of(stranger, "insight.roll_up")) == 1
    with house.engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT DISTINCT priority FROM procrastinate_jobs"
                " WHERE task_name = 'insight.roll_up' AND args ->> 'organization_id' = :id"
            ),
            {"id": str(house.id)},
        )
        assert rows.scalars().all() == [chores.BEHIND_THE_REST]


def connection_with_stream(house: House, **values: Any) -> Connection:
    with house.unit() as session:
        connection = Connection(name="CRM", connector="memory", state=values.pop("state", "active"))
        session.add(connection)
        session.flush()
        session.add(
            StreamSetting(
                connection_id=connection.id,
                stream="contacts",
                mapping={},
                every_minutes=values.pop("every_minutes", 15),
                next_run_at=clock.now() + values.pop("due_in", timedelta(seconds=-1)),
                **values,
            )
        )
    return connection


def runs_of(house: House) -> list[SyncRun]:
    with house.unit() as session:
        return list(session.scalars(select(SyncRun)))


def test_a_due_stream_is_run_once_and_gets_its_next_time(house: House, context: JobContext) -> None:
    connection = connection_with_stream(house)
    chores.start_due_syncs(context)
    (run,) = runs_of(house)
    assert (run.connection_id, run.stream, run.state) == (connection.id, "contacts", "queued")
    assert [job["run_id"] for job in jobs_of(house, "sync.run")] == [str(run.id)]
    with house.unit() as session:
        # The run is as good as done; the stream must not be due again.
        now = clock.now()
        session.execute(update(SyncRun).values(state="succeeded", started_at=now, finished_at=now))
    chores.start_due_syncs(context)
    assert len(runs_of(house)) == 1
    with house.unit() as session:
        next_run = session.scalars(select(StreamSetting.next_run_at)).one()
    assert timedelta(minutes=14) < next_run - clock.now() < timedelta(minutes=16)


def test_two_who_look_at_once_request_one_run(house: House, context: JobContext) -> None:
    connection_with_stream(house)
    threads = [
        threading.Thread(target=chores.start_due_syncs, args=(context,), name=f"clock {i}")
        for i in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(runs_of(house)) == len(jobs_of(house, "sync.run")) == 1


@pytest.mark.parametrize(
    "values",
    [{"due_in": timedelta(minutes=1)}, {"state": "paused"}, {"is_enabled": False}],
    ids=["not yet due", "paused", "stream off"],
)
def test_other_streams_are_left_alone(
    house: House, context: JobContext, values: dict[str, Any]
) -> None:
    connection_with_stream(house, **values)
    chores.start_due_syncs(context)
    assert runs_of(house) == []


def test_a_run_whose_worker_is_gone_is_resumed(house: House, context: JobContext) -> None:
    connection = connection_with_stream(house, due_in=timedelta(hours=1))
    with house.unit() as session:
        run = SyncRun(
            connection_id=connection.id,
            stream="contacts",
            state="running",
            started_at=clock.now() - timedelta(hours=1),
            locked_until=clock.now() - timedelta(minutes=1),
        )
        session.add(run)
    chores.resume_lost_syncs(context)
    assert [job["run_id"] for job in jobs_of(house, "sync.run")] == [str(run.id)]


def test_handled_events_are_forgotten_after_a_week_and_waiting_ones_never(
    house: House, engine: Engine, context: JobContext
) -> None:
    now = clock.now()
    with house.unit() as session:
        for kind, handled in (("a.old", 8), ("a.fresh", 6), ("a.waiting", None)):
            at = now - timedelta(days=handled) if handled else None
            session.add(Event(kind=kind, occurred_at=now - timedelta(days=9), handled_at=at))
    chores.forget(context)
    with house.unit() as session:
        assert set(session.scalars(select(Event.kind))) == {"a.fresh", "a.waiting"}


def test_failed_jobs_are_forgotten_after_a_month(engine: Engine, context: JobContext) -> None:
    ids = [in_flight(engine, "test.failed", worker_seen="1 minute") for _ in range(3)]
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE procrastinate_jobs SET status = 'failed' WHERE id = ANY(:ids)"),
            {"ids": ids[:2]},
        )
        connection.execute(
            text(
                "UPDATE procrastinate_events SET at = now() - interval '31 days' WHERE job_id = ANY(:ids)"
            ),
            {"ids": [ids[0], ids[2]]},
        )
    chores.forget(context)
    with engine.connect() as connection:
        left = connection.execute(
            text("SELECT id FROM procrastinate_jobs WHERE id = ANY(:ids)"), {"ids": ids}
        )
        assert set(left.scalars()) == set(ids[1:])


def test_a_chore_for_a_missing_part_does_nothing(
    house: House, context: JobContext, config: Config
) -> None:
    registry = load_registry(config)
    registry.jobs["house.each_organization"].run(context, job="gone.part")
    assert jobs_of(house, "gone.part") == []
