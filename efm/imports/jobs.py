"""The job that brings an uploaded file in: progress on the way, taken up again where it was cut."""

from __future__ import annotations

import shutil
import time
import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.engine import Engine

from efm import log, queue
from efm.db.engine import unit
from efm.errors import Conflict, EfmError
from efm.events import outbox
from efm.events.registry import JobContext, Registry
from efm.imports import plan as planning
from efm.imports import requests
from efm.imports.load import Loaded, StillRunning, Stopped, found_organization, load
from efm.imports.responses import jobs as responses
from efm.models import DataImport, Organization, RawRecord
from efm.sync import control

TOLD_EVERY_SECONDS = 0.5
MOST_NAMESAKES = 100
OUR_FAULT = (
    "This is a fault of the service, not of the file. What is in stays. Start it again; it goes on "
    "where it was."
)
logger = log.get("imports")


class Progress:
    """Writes how far a load is, at most twice a second, and hears whether it should stop."""

    def __init__(self, context: JobContext, import_id: uuid.UUID) -> None:
        self.context = context
        self.import_id = import_id
        self.is_cancelled = False
        self._told_at = 0.0
        self._phase = ""

    def tell(self, phase: str, done: int, _total: int | None) -> None:
        """So many records or responses are in."""
        now = time.monotonic()
        if phase == self._phase and now - self._told_at < TOLD_EVERY_SECONDS:
            return
        self._told_at, self._phase = now, phase
        with self.context.unit() as session:
            row = session.execute(
                update(DataImport)
                .where(DataImport.id == self.import_id, DataImport.state == "running")
                .values(phase=phase, done=done, heartbeat_at=self.context.now())
                .returning(DataImport.id)
                .execution_options(synchronize_session=False)
            ).first()
        self.is_cancelled = row is None

    def is_stopping(self) -> bool:
        """Whether somebody cancelled it, or this process ends."""
        return self.is_cancelled or self.context.is_stopping()


def bring_in(context: JobContext, *, import_id: str) -> None:
    """Load one uploaded file; what cannot be used ends it as failed, in words."""
    identity = uuid.UUID(import_id)
    found = _claim(context, identity)
    if found is None:
        return
    progress = Progress(context, identity)
    try:
        done = _load(context, found, progress)
    except Stopped as error:
        _stopped(context, identity, progress, error.done)
    except StillRunning as error:
        _again(context, identity, error.until + timedelta(seconds=1))
    except EfmError as error:
        _end(context, identity, "failed", error=error.message)
    except Exception:
        if context.is_last_attempt:
            _end(context, identity, "failed", error=OUR_FAULT)
        raise
    else:
        _end(context, identity, "succeeded", loaded=_told(context, done))
        organization_id = found.organization_id
        shutil.rmtree(
            requests.folder_of(context.config, organization_id, identity), ignore_errors=True
        )


def _claim(context: JobContext, identity: uuid.UUID) -> DataImport | None:
    """The import, running now; None when it was cancelled or has ended."""
    now = context.now()
    with context.unit() as session:
        found = requests.get(session, identity)
        if found.state not in ("queued", "running"):
            return None
        found.state = "running"
        found.started_at = found.started_at or now
        found.heartbeat_at = now
        return found


def _load(context: JobContext, found: DataImport, progress: Progress) -> Loaded:
    path = requests.path_of(context.config, found)
    if not path.is_file():
        raise Conflict("The uploaded file is no longer here. Upload it again.")
    plan = replace(planning.plan(path, currency=found.currency), name=found.name)
    target = found.organization_id
    if found.target == "own":
        target = own_organization(context.engine, plan, found.requested_by_id)
    return load(
        context.engine, context.config, plan, target, currency=found.currency,
        tell=progress.tell, is_stopping=progress.is_stopping,
    )  # fmt: skip


def own_organization(engine: Engine, plan: planning.Plan, user_id: uuid.UUID | None) -> uuid.UUID:
    """The organization of this name that the person owns, founded when there is none.

    A short name somebody else has is passed over without a word, so that nobody learns of it.
    """
    for number in range(1, MOST_NAMESAKES):
        slug = plan.slug if number == 1 else f"{plan.slug[:56]}-{number}"
        try:
            return found_organization(engine, plan.name, slug, user_id)
        except Conflict:
            continue
    raise Conflict("There are too many organizations of this name. Choose another name.")


def _told(context: JobContext, done: Loaded) -> dict[str, Any]:
    """The result as the page tells it. Records are counted where they are: a load that was cut
    read them in parts."""
    with unit(context.engine, done.organization_id, read_only=True) as session:
        records = 0
        if done.connection_id is not None:
            records = (
                session.scalar(
                    select(func.count())
                    .select_from(RawRecord)
                    .where(RawRecord.connection_id == done.connection_id)
                )
                or 0
            )
        name = session.scalars(select(Organization.name)).first()
    return {
        "organization_id": str(done.organization_id),
        "organization": name or done.name,
        "records": records,
        "responses": done.responses + done.already,
        "refused": done.refused,
        "reasons": dict(sorted(done.reasons.items(), key=lambda pair: -pair[1])[:20]),
        "connection_id": str(done.connection_id) if done.connection_id else None,
        "survey_id": str(done.survey_id) if done.survey_id else None,
    }


def _stopped(context: JobContext, identity: uuid.UUID, progress: Progress, done: Loaded) -> None:
    """Cancelled: its run is cancelled too. The process ends: another goes on at once."""
    if not progress.is_cancelled:
        _again(context, identity, context.now())
        return
    if done.connection_id is not None:
        with unit(context.engine, done.organization_id) as session:
            control.stop_all(session, done.connection_id, context.now())


def _again(context: JobContext, identity: uuid.UUID, at: datetime) -> None:
    with context.unit() as session:
        queue.enqueue(
            session, "data.import", lock=f"data.import {identity}", at=at, import_id=identity
        )


def _end(context: JobContext, identity: uuid.UUID, state: str, **values: Any) -> None:
    now = context.now()
    with context.unit() as session:
        ended = session.execute(
            update(DataImport)
            .where(DataImport.id == identity, DataImport.state == "running")
            .values(state=state, finished_at=now, **values)
            .returning(DataImport.id)
            .execution_options(synchronize_session=False)
        ).first()
        if ended is not None:
            outbox.append(session, f"data_import.{state}", now, identity)
    logger.info("import.ended", import_id=str(identity), state=state)


def register(registry: Registry) -> None:
    """Declare the job. A worker that dies leaves it to another, which goes on where it was."""
    registry.job("data.import", bring_in, base_seconds=5)
    responses.register(registry)
