"""The job of insight: closed days are counted once, so that dashboards need not count them again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from efm.insight import rollup

ROLL_UP = "insight.roll_up"


class Context(Protocol):
    """What the job needs of its context (efm.events, a sibling, declares the whole of it)."""

    @property
    def is_stopping(self) -> Callable[[], bool]:
        """Whether the worker wants to end."""

    def unit(self) -> AbstractContextManager[Session]:
        """A unit of work of the job's organization."""

    def now(self) -> datetime:
        """The present moment."""


class Jobs(Protocol):
    """Where jobs are declared."""

    def job(self, name: str, run: Callable[..., None], *, attempts: int) -> Any:
        """Declare a job."""


def register(registry: Jobs) -> None:
    """Declare the jobs."""
    registry.job(ROLL_UP, roll_up, attempts=3)


def roll_up(context: Context) -> None:
    """Roll up what is due in the organization, one batch a transaction."""
    with context.unit() as session:
        due = rollup.surveys_to_roll(session, context.now())
    for survey_id in due:
        is_more = True
        while is_more and not context.is_stopping():
            with context.unit() as session:
                is_more = rollup.roll_some(session, survey_id, context.now())
