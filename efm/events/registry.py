"""What reacts: jobs by their name and handlers by the kind of event, declared by the features.

A feature's `jobs` module has `register(registry)`, which says `registry.job("mail.send", send)` or
`registry.on("response.submitted", handler)`. What it needs of the outside is on the registry.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from efm import clock
from efm.config import Config
from efm.db.engine import TenantSession, unit
from efm.errors import EfmError
from efm.mail import Mailer
from efm.vault import Vault


class GiveUp(EfmError):
    """Raised by a job or a handler: trying again will not help; the message says why."""

    title = "This cannot be done, and trying again will not help"


class Interrupted(Exception):
    """Raised by a long job when `context.is_stopping()`: it is queued again, and nothing failed.

    What it did so far is committed; it must go on from there when it is run again.
    """


@dataclass(frozen=True, slots=True)
class OutboxEvent:
    """One event of the outbox as handlers get it."""

    organization_id: uuid.UUID
    id: uuid.UUID
    kind: str
    subject_id: uuid.UUID | None
    payload: Mapping[str, Any]
    occurred_at: datetime
    attempts: int


@dataclass(frozen=True)
class JobContext:
    """What a job gets: its organization's database, the outside, and how often it was tried.

    `organization_id` is None only for the house's own chores. A job that takes long looks at
    `is_stopping()` now and then and raises Interrupted when the worker wants to end.
    """

    engine: Engine
    config: Config
    vault: Vault
    mailer: Mailer
    organization_id: uuid.UUID | None = None
    job_id: int = 0
    attempt: int = 1
    attempts: int = 1
    is_stopping: Callable[[], bool] = field(default=lambda: False)

    def unit(self, *, read_only: bool = False) -> AbstractContextManager[TenantSession]:
        """A unit of work of the job's organization: committed at the end, or nothing of it."""
        return unit(self.engine, self.organization_id, read_only=read_only)

    def now(self) -> datetime:
        """The present moment; jobs are an edge, so they ask and tell the services."""
        return clock.now()

    @property
    def is_last_attempt(self) -> bool:
        """Whether a failure now is final."""
        return self.attempt >= self.attempts


JobFunction = Callable[..., None]
Handler = Callable[[TenantSession, Sequence[OutboxEvent], datetime], None]


@dataclass(frozen=True)
class Job:
    """A kind of job: its function `(context, **arguments)` and how patiently it is tried again.

    The wait before attempt n + 1 is drawn evenly from 0 to `base_seconds` * 2^n, at most
    `longest_seconds` (full jitter: Brooker, "Exponential Backoff and Jitter", AWS, 2015).
    """

    name: str
    run: JobFunction
    attempts: int = 5
    base_seconds: float = 2.0
    longest_seconds: float = 900.0

    def longest_wait(self, attempt: int) -> float:
        """The upper end of the wait, in seconds, after `attempt` (1 is the first) failed."""
        return min(self.longest_seconds, self.base_seconds * 2.0 ** min(attempt, 40))


class Registry:
    """The jobs and handlers of the house, and what they may use of the outside."""

    def __init__(self, config: Config, vault: Vault) -> None:
        self.config = config
        self.vault = vault
        self.jobs: dict[str, Job] = {}
        self.handlers: dict[str, list[Handler]] = {}

    def job(
        self,
        name: str,
        run: JobFunction,
        *,
        attempts: int = 5,
        base_seconds: float = 2.0,
        longest_seconds: float = 900.0,
    ) -> None:
        """Declare a kind of job (`noun.verb`); raises ValueError when the name is taken."""
        if name in self.jobs:
            raise ValueError(f"The job {name!r} is declared twice.")
        self.jobs[name] = Job(name, run, attempts, base_seconds, longest_seconds)

    def on(self, kind: str, handler: Handler) -> None:
        """Declare a handler of a kind of event (`noun.past_verb`).

        It gets events of one organization, oldest first to the millisecond, and must be idempotent:
        an event is handed over again when the worker dies before the handling is committed.
        """
        self.handlers.setdefault(kind, []).append(handler)
