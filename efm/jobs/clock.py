"""The clock: strikes ticks and enqueues their jobs, nothing else; one clock strikes at a time.

Whichever process holds PostgreSQL's advisory lock is the leader. Should two believe they lead,
the queue still takes one job for each tick.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from efm import clock, log, queue

logger = log.get("clock")

# The halves of the lock's number: "EFM" and the clock. Locks belong to one database.
LOCK = (0x45464D, 1)


@dataclass(frozen=True)
class Tick:
    """A job enqueued every so many seconds, at the same moments whoever leads."""

    job: str
    every_seconds: int
    arguments: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What tells the ticks of one job apart."""
        return str(self.arguments.get("job", ""))

    def number(self, now: datetime) -> int:
        """The number of the tick that `now` falls into, counted from 1970."""
        return int(now.timestamp()) // self.every_seconds


def _each(job: str, every_seconds: int) -> Tick:
    return Tick("house.each_organization", every_seconds, {"job": job})


TICKS = (
    Tick("house.recover_jobs", 10),
    Tick("house.start_syncs", 30),
    _each("feedback.score_pending", 600),
    _each("insight.roll_up", 1800),  # Days end at another moment in each time zone.
    _each("measures.derive", 900),
    _each("sync.forget", 6 * 3600),
    _each("identity.resolve", 24 * 3600),
    Tick("house.forget", 6 * 3600),
)


class Leadership:
    """The advisory lock of the clock, held by a connection of its own.

    The lock lasts as long as the connection: it is given up by closing it, and lost with it.
    """

    def __init__(self, engine: Engine, lock: tuple[int, int] = LOCK) -> None:
        self.engine = engine
        self.lock = {"high": lock[0], "low": lock[1]}
        self._connection: Connection | None = None
        self._guard = threading.Lock()

    def is_held(self) -> bool:
        """Whether this process leads now; takes the lead when nobody has it.

        Raises SQLAlchemyError when the database cannot be asked; then it does not lead.
        """
        with self._guard:
            try:
                if self._connection is not None and self._still_there(self._connection):
                    return True
                self._drop()
                return self._take()
            except SQLAlchemyError:
                self._drop()
                raise

    def release(self) -> None:
        """Let somebody else lead, from this moment on."""
        with self._guard:
            if self._connection is not None:
                with contextlib.suppress(SQLAlchemyError):
                    self._connection.execute(text("SELECT pg_advisory_unlock_all()"))
            self._drop()

    def _still_there(self, connection: Connection) -> bool:
        held = connection.execute(
            text(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
                " AND pid = pg_backend_pid() AND classid = :high AND objid = :low"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            ),
            self.lock,
        ).scalar_one()
        return bool(held)

    def _take(self) -> bool:
        connection = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        # Taken out of the pool: a pooled connection would carry the lock to the next user.
        connection.detach()
        self._connection = connection
        if connection.execute(text("SELECT pg_try_advisory_lock(:high, :low)"), self.lock).scalar():
            return True
        self._drop()
        return False

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()


class Clock:
    """Strikes the ticks of jobs that exist, as long as this process leads."""

    def __init__(
        self,
        engine: Engine,
        jobs: set[str],
        *,
        ticks: tuple[Tick, ...] = TICKS,
        leadership: Leadership | None = None,
        now: Callable[[], datetime] = clock.now,
        queue_name: str = "default",
    ) -> None:
        self.engine = engine
        self.ticks = [t for t in ticks if t.job in jobs and t.arguments.get("job", t.job) in jobs]
        self.leadership = leadership or Leadership(engine)
        self.now = now
        self.queue_name = queue_name
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "misfire_grace_time": 3600, "max_instances": 1},
        )

    def start(self) -> None:
        """Start striking, at once and then at each tick's interval."""
        for tick in self.ticks:
            self._scheduler.add_job(
                self.strike,
                "interval",
                (tick,),
                seconds=tick.every_seconds,
                next_run_time=clock.now(),
                id=f"{tick.job}:{tick.name}",
            )
        self._scheduler.start()

    def stop(self) -> None:
        """Strike no more, and let somebody else lead."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
        self.leadership.release()

    def strike(self, tick: Tick) -> bool:
        """Enqueue the job of the present tick if this clock leads; whether a job was made."""
        try:
            if not self.leadership.is_held():
                return False
            with self.engine.begin() as connection:
                return queue.enqueue_tick(
                    connection,
                    tick.job,
                    tick.number(self.now()),
                    name=tick.name,
                    queue=self.queue_name,
                    **tick.arguments,
                )
        except SQLAlchemyError as error:
            logger.warning("clock.unreachable", error=type(error).__name__, tick=tick.job)
            return False
