"""The job in which made-up people walk: it says how far it is, and stops when it is told to."""

from __future__ import annotations

import time
import uuid
from typing import Any, NamedTuple

from sqlalchemy import update

from efm import log
from efm.errors import EfmError
from efm.events.registry import Interrupted, JobContext
from efm.feedback import authoring, versions
from efm.feedback.simulated import document
from efm.models import Simulation
from surveys.definition import Definition
from surveys.respondents import simulate

TELL_SECONDS = 0.5
LONGEST_SECONDS = 600.0
OUR_FAULT = "This is a fault of the service, not of the survey. Start it again."
logger = log.get("simulations")


class _Task(NamedTuple):
    """What is to be walked through, and by whom."""

    definition: Definition
    n: int
    seed: int


def run(context: JobContext, *, simulation_id: str) -> None:
    """Walk one simulation; the same people walk again when the worker is cut."""
    identity = uuid.UUID(simulation_id)
    try:
        task = _claim(context, identity)
        if task is None:
            return
        found = simulate(task.definition, task.n, task.seed, _Pace(context, identity))
        _end(context, identity, done=found.n, met=document(task.definition, found))
    except Interrupted:
        raise
    except EfmError as error:
        _fail(context, identity, " ".join([error.message, *list(error.problems.values())[:3]]))
    except Exception:
        if context.is_last_attempt:
            _fail(context, identity, OUR_FAULT)
        raise


def _claim(context: JobContext, identity: uuid.UUID) -> _Task | None:
    """The task, under way now; None when it was stopped, has ended, or is not there."""
    now = context.now()
    with context.unit() as session:
        found = session.get(Simulation, (context.organization_id, identity))
        if found is None or found.state not in ("queued", "running"):
            return None
        found.state, found.done = "running", 0
        found.started_at = found.heartbeat_at = now
        if found.version_id is not None:
            definition = versions.compiled(session, found.version_id).definition
            return _Task(definition, found.n, found.seed)
        # Who changed the draft meanwhile wants to know of the changed one.
        survey = authoring.get(session, found.survey_id)
        found.draft_revision = survey.draft_revision
        task = survey.draft, found.n, found.seed
    return _Task(authoring.read_draft(task[0]), *task[1:])


class _Pace:
    """Tells now and then how many have walked; says when it is enough."""

    def __init__(self, context: JobContext, identity: uuid.UUID) -> None:
        self._context = context
        self._identity = identity
        self._until = time.monotonic() + LONGEST_SECONDS
        self._next = time.monotonic() + TELL_SECONDS

    def __call__(self, done: int) -> bool:
        if self._context.is_stopping():
            raise Interrupted()
        now = time.monotonic()
        if now < self._next:
            return True
        self._next = now + TELL_SECONDS
        return now < self._until and self._tell(done)

    def _tell(self, done: int) -> bool:
        """Note how far it is; False once somebody stopped it."""
        return _write(
            self._context, self._identity, ("running",),
            done=done, heartbeat_at=self._context.now(),
        )  # fmt: skip


def _end(context: JobContext, identity: uuid.UUID, **values: Any) -> None:
    """Keep what was met, also of one that was stopped."""
    now = context.now()
    if not _write(
        context, identity, ("running",),
        state="succeeded", finished_at=now, heartbeat_at=now, **values,
    ):  # fmt: skip
        _write(context, identity, ("cancelled",), **values)
    logger.info("simulation.ended", simulation_id=str(identity))


def _fail(context: JobContext, identity: uuid.UUID, words: str) -> None:
    _write(
        context, identity, ("queued", "running"),
        state="failed", error=words.replace("\0", "")[:2000], finished_at=context.now(),
    )  # fmt: skip


def _write(
    context: JobContext, identity: uuid.UUID, states: tuple[str, ...], **values: Any
) -> bool:
    """Change a simulation that is in one of these states; whether it was."""
    with context.unit() as session:
        row = session.execute(
            update(Simulation)
            .where(Simulation.id == identity, Simulation.state.in_(states))
            .values(**values)
            .returning(Simulation.id)
            .execution_options(synchronize_session=False)
        ).first()
    return row is not None
