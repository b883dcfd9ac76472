"""The door to the job queue's worker: fetches jobs, runs them in threads, retries, recovers.

The library is told everything it needs by declarations of ours; nothing else imports it.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.job_context import JobContext as RunningJob
from procrastinate.tasks import Task
from procrastinate.worker import Worker
from psycopg import Error as DatabaseFailed
from psycopg_pool import PoolTimeout
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from efm import log
from efm.config import Config
from efm.events.registry import GiveUp, Interrupted, Job, JobContext, Registry
from efm.jobs.library import FullJitter, Manager, News, Tasks
from efm.mail import Mailer, make_mailer

logger = log.get("jobs")

QUEUE = "default"
CONCURRENCY = 4
HEARTBEAT_SECONDS = 5.0
LOST_AFTER_SECONDS = 30.0
POLL_SECONDS = 2.0
ERROR_NOTE = "_error"
QUEUE_FAILURES = (ConnectorException, DatabaseFailed, PoolTimeout, OSError)

_START = text("UPDATE procrastinate_jobs SET queueing_lock = NULL WHERE id = :id")
_NOTE = text(
    "UPDATE procrastinate_jobs SET args = args || jsonb_build_object(CAST(:key AS text),"
    " CAST(:error AS text)) WHERE id = :id"
)


class JobWorker:
    """Runs the declared jobs until stopped; `run` may be called again after a failure."""

    def __init__(
        self,
        config: Config,
        engine: Engine,
        registry: Registry,
        *,
        mailer: Mailer | None = None,
        queue: str = QUEUE,
        concurrency: int = CONCURRENCY,
        drain_seconds: float = 15.0,
    ) -> None:
        self.config = config
        self.engine = engine
        self.registry = registry
        self.mailer = mailer or make_mailer(config.mail_url)
        self.queue = queue
        self.concurrency = concurrency
        self.drain_seconds = drain_seconds
        self._worker: Worker | None = None
        self._is_stopping = False

    def stop(self) -> None:
        """Fetch no more jobs, let the running ones end; from the worker's own thread."""
        self._is_stopping = True
        if self._worker is not None:
            self._worker.stop()  # type: ignore[no-untyped-call]

    async def run(self, *, wait: bool = True) -> None:
        """Fetch and run jobs until stopped, or with `wait=False` until none is left.

        Raises one of QUEUE_FAILURES when the database goes away.
        """
        self._is_stopping = False
        assert self.config.database_url is not None
        url = make_url(self.config.database_url).set(drivername="postgresql")
        connector = PsycopgConnector(
            conninfo=url.render_as_string(hide_password=False),
            kwargs={"application_name": "efm worker, queue", "connect_timeout": 5},
            min_size=1,
            max_size=3,
            timeout=10,
        )
        app, news = App(connector=connector), News()
        app.job_manager = Manager(connector, news)
        tasks = Tasks(lambda name: self._task(app, _unknown(name)))
        tasks.update((job.name, self._task(app, job)) for job in self.registry.jobs.values())
        app.tasks = tasks
        threads = ThreadPoolExecutor(self.concurrency, thread_name_prefix="job")
        asyncio.get_running_loop().set_default_executor(threads)
        async with app.open_async():
            self._worker = Worker(
                app=app,
                queues=[self.queue],
                concurrency=self.concurrency,
                wait=wait,
                fetch_job_polling_interval=POLL_SECONDS,
                shutdown_graceful_timeout=self.drain_seconds,
                delete_jobs="successful",
                install_signal_handlers=False,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=LOST_AFTER_SECONDS,
            )
            self._worker._new_job_event = news
            try:
                if not self._is_stopping:
                    await self._worker.run()  # type: ignore[no-untyped-call]
            finally:
                self._worker = None
                threads.shutdown(wait=False)

    def _task(self, app: App, job: Job) -> Task[..., None, ...]:
        return Task(
            partial(self._perform, job),
            blueprint=app,
            queue=self.queue,
            name=job.name,
            retry=FullJitter(job),
            pass_context=True,
        )

    def _perform(self, job: Job, running: RunningJob, /, **arguments: Any) -> None:
        """Run one job in its organization; a failure is logged and noted on the job."""
        arguments.pop(ERROR_NOTE, None)
        organization = arguments.pop("organization_id", None)
        context = JobContext(
            engine=self.engine,
            config=self.config,
            vault=self.registry.vault,
            mailer=self.mailer,
            organization_id=uuid.UUID(organization) if organization else None,
            job_id=running.job.id or 0,
            attempt=running.job.attempts + 1,
            attempts=job.attempts,
            is_stopping=lambda: self._is_stopping,
        )
        if running.job.queueing_lock is not None:
            # From now on another one may wait: were the key kept, the retry of this job would
            # collide with it and this job stay in flight for ever.
            with self.engine.begin() as connection:
                connection.execute(_START, {"id": context.job_id})
        try:
            job.run(context, **arguments)
        except Interrupted:
            logger.info("job.interrupted", job=job.name, job_id=context.job_id)
            raise
        except Exception as error:
            is_final = context.is_last_attempt or isinstance(error, GiveUp)
            logger.log(
                logging.ERROR if is_final else logging.WARNING,
                "job.failed",
                job=job.name,
                job_id=context.job_id,
                organization_id=organization,
                attempt=context.attempt,
                is_final=is_final,
                exc_info=error,
            )
            self._note(context.job_id, error)
            raise

    def _note(self, job_id: int, error: Exception) -> None:
        """Keep on the job why it failed, for whoever looks at the failed ones."""
        said = log.scrub_text(f"{type(error).__name__}: {error}")[:500].replace("\0", "")
        with self.engine.begin() as connection:
            connection.execute(_NOTE, {"key": ERROR_NOTE, "error": said, "id": job_id})


def _unknown(name: str) -> Job:
    """Stands in for a kind of job that is gone: it fails at once, and says so."""

    def refuse(_context: JobContext, **_arguments: Any) -> None:
        raise GiveUp(f"No part of this installation declares the job {name!r}.")

    return Job(name, refuse, attempts=1)
