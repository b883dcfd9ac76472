"""One worker process: jobs, the drain of the outbox and the clock, ended together and gently."""

from __future__ import annotations

import asyncio
import os
import signal
import threading

from sqlalchemy import Engine

from efm import log
from efm.config import Config
from efm.db.engine import check_serving_role, make_engine
from efm.jobs.clock import Clock
from efm.jobs.drain import Drain
from efm.jobs.load import load_registry
from efm.jobs.worker import CONCURRENCY, QUEUE_FAILURES, JobWorker

logger = log.get("worker")

DRAIN_SECONDS = 15.0
LONGEST_PAUSE = 30.0


class WorkerService:
    """Runs until `stop`: jobs, events and ticks, each surviving a database that comes and goes."""

    def __init__(self, config: Config, engine: Engine) -> None:
        self.config = config
        self.registry = load_registry(config)
        self.worker = JobWorker(config, engine, self.registry, drain_seconds=DRAIN_SECONDS)
        self.drain = Drain(engine, self.registry)
        self.clock = Clock(engine, set(self.registry.jobs))
        self._is_stopping = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def stop(self) -> None:
        """Ask everything to end: running jobs and the batch in hand may finish."""
        if not self._is_stopping.is_set():
            logger.info("worker.stopping")
            self._is_stopping.set()
            self.drain.stop()
            self.worker.stop()

    async def run(self) -> None:
        """Work until stopped. A job that will not end in time ends with the process."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_signal)
        self.drain.start()
        self.clock.start()
        logger.info("worker.started", jobs=len(self.registry.jobs))
        try:
            await self._keep_working()
        finally:
            self.stop()
            self.clock.stop()
            self.drain.join(2.0)
        logger.info("worker.stopped")

    def _on_signal(self) -> None:
        self.stop()
        # A thread cannot be ended from outside. What still runs when the time is up is left in
        # flight and taken up again by another worker once this one shows no sign of life.
        last = threading.Timer(DRAIN_SECONDS + 3.0, os._exit, (1,))
        last.daemon = True
        last.start()

    async def _keep_working(self) -> None:
        pause = 0.5
        while not self._is_stopping.is_set():
            began = asyncio.get_running_loop().time()
            try:
                await self.worker.run()
                if self._is_stopping.is_set():
                    return
                logger.warning("worker.interrupted")
            except QUEUE_FAILURES as error:
                logger.warning("worker.unreachable", error=type(error).__name__)
            if asyncio.get_running_loop().time() - began > LONGEST_PAUSE:
                pause = 0.5
            try:
                await asyncio.wait_for(self._is_stopping.wait(), pause)
            except TimeoutError:
                pause = min(LONGEST_PAUSE, pause * 2)


def run(config: Config) -> None:
    """Run a worker process until SIGTERM or SIGINT.

    Raises Unready when the database's role could walk round row-level security.
    """
    log.configure(config.log_format, config.log_level)
    assert config.database_url is not None
    engine = make_engine(config.database_url, pool_size=CONCURRENCY + 3, application="efm worker")
    check_serving_role(engine)

    async def main() -> None:
        await WorkerService(config, engine).run()

    try:
        asyncio.run(main())
    finally:
        engine.dispose()
