"""What the job queue's library is taught: our patience, news that are not lost, quiet logs."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from procrastinate import BaseRetryStrategy, PsycopgConnector, RetryDecision
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job as QueuedJob
from procrastinate.manager import JobManager

from efm import clock
from efm.events.registry import GiveUp, Interrupted, Job

INSIST_SECONDS = (0.1, 0.5, 2.0, 5.0)


class FullJitter(BaseRetryStrategy):
    """When a failed job is tried again, as its declaration says."""

    def __init__(self, job: Job, draw: Callable[[float, float], float] = random.uniform) -> None:
        self.job = job
        self.draw = draw

    def get_retry_decision(
        self, *, exception: BaseException, job: QueuedJob
    ) -> RetryDecision | None:
        """The moment of the next attempt, at once after an interruption; None when none is left."""
        if isinstance(exception, Interrupted):
            return RetryDecision(retry_at=clock.now())
        attempt = job.attempts + 1
        if isinstance(exception, GiveUp) or attempt >= self.job.attempts:
            return None
        wait = self.draw(0.0, self.job.longest_wait(attempt))
        return RetryDecision(retry_at=clock.now() + timedelta(seconds=wait))


class Tasks(dict[str, Any]):
    """The library's tasks; a name nobody declares any more gets a task that says so."""

    def __init__(self, unknown: Callable[[str], Any]) -> None:
        super().__init__()
        self.unknown = unknown

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in self else self.unknown(name)


class News(asyncio.Event):
    """Whether jobs may wait. News that come while the queue is being asked are not forgotten.

    The library clears the event after each look at the queue, so a notification that arrived
    during the look was lost and its job waited for the next poll (2 s instead of 2 ms).
    """

    def __init__(self) -> None:
        super().__init__()
        self._is_fresh = False

    def set(self) -> None:
        self._is_fresh = True
        super().set()

    def look(self) -> None:
        """The queue is asked from now on: what was said until here is answered by that."""
        self._is_fresh = False

    def clear(self) -> None:
        if not self._is_fresh:
            super().clear()


class Manager(JobManager):
    """The library's access to the queue, telling when it looks."""

    def __init__(self, connector: PsycopgConnector, news: News) -> None:
        super().__init__(connector)
        self._news = news

    async def fetch_job(self, *arguments: Any, **named: Any) -> QueuedJob | None:
        self._news.look()
        return await super().fetch_job(*arguments, **named)

    async def finish_job_by_id_async(self, *arguments: Any, **named: Any) -> None:
        await insist(lambda: super(Manager, self).finish_job_by_id_async(*arguments, **named))

    async def retry_job_by_id_async(self, *arguments: Any, **named: Any) -> None:
        await insist(lambda: super(Manager, self).retry_job_by_id_async(*arguments, **named))


async def insist(write: Callable[[], Awaitable[None]]) -> None:
    """Write how a job ended, again when the connection breaks just then.

    Else the job would stay in flight for as long as this worker lives.
    """
    for pause in INSIST_SECONDS:
        try:
            return await write()
        except ConnectorException:
            await asyncio.sleep(pause)
    return await write()


class _Outcomes(logging.Filter):
    """The library tells each outcome with the job's arguments; ours tells it without them."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not str(getattr(record, "action", "")).startswith("job_")


logging.getLogger("procrastinate.worker").addFilter(_Outcomes())
