"""The job that brings past responses in: progress with each batch, gone on with where it was cut."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from efm import log, queue
from efm.errors import Conflict, EfmError, NotFound
from efm.events import outbox
from efm.events.registry import JobContext, Registry
from efm.imports import requests as uploaded
from efm.imports.responses import mapping as mapped
from efm.imports.responses import requests
from efm.imports.responses.files import Rows
from efm.imports.responses.loading import Done, Stopped, load
from efm.imports.responses.rows import Reader
from efm.models import DataImport

OUR_FAULT = (
    "This is a fault of the service, not of the file. What is in stays. Start it again; it goes on "
    "where it was."
)
logger = log.get("imports")


def bring_in(context: JobContext, *, import_id: str) -> None:
    """Load one file of responses; what cannot be used ends it as failed, in words."""
    identity = uuid.UUID(import_id)
    found = _claim(context, identity)
    if found is None:
        return
    try:
        _load(context, found)
    except Stopped:
        _again_unless_cancelled(context, identity)
    except EfmError as error:
        _end(context, identity, "failed", error=error.message)
    except Exception:
        if context.is_last_attempt:
            _end(context, identity, "failed", error=OUR_FAULT)
        raise
    else:
        _end(context, identity, "succeeded")
        uploaded.path_of(context.config, found).unlink(missing_ok=True)


def _claim(context: JobContext, identity: uuid.UUID) -> DataImport | None:
    """The import, running now; None when it was cancelled, has ended, or is not there."""
    now = context.now()
    with context.unit() as session:
        found = session.get(DataImport, (context.organization_id, identity))
        if found is None or found.survey_id is None or found.state not in ("queued", "running"):
            return None
        found.state = "running"
        found.started_at = found.started_at or now
        found.heartbeat_at = now
        return found


def _load(context: JobContext, found: DataImport) -> None:
    path = uploaded.path_of(context.config, found)
    if not path.is_file():
        raise Conflict("The uploaded file is no longer here. Upload it again.")
    if found.survey_id is None or context.organization_id is None:
        raise NotFound("There is no such survey.")
    chosen = mapped.from_document(found.plan)
    with context.unit(read_only=True) as session:
        goal = mapped.goal_of(session, found.survey_id)
    mapped.check(chosen, goal)
    rows = Rows(path)
    reader = Reader(goal, chosen, is_escaped=rows.is_escaped)
    load(
        context.engine, context.organization_id, found.survey_id, rows, reader,
        requests.done_of(found), context.now(), keep=_keeper(context, found),
        is_stopping=context.is_stopping, refused_to=requests.refused_path(context.config, found),
    )  # fmt: skip


def _keeper(context: JobContext, found: DataImport) -> Any:
    """Notes in a batch's transaction how far the load is.

    It notes nothing and stops when somebody cancelled it, or when another worker went further.
    """
    known = found.done

    def keep(session: Session, done: Done) -> None:
        nonlocal known
        row = session.execute(
            update(DataImport)
            .where(DataImport.id == found.id, DataImport.state == "running")
            .where(DataImport.done == known)
            .values(done=done.rows, loaded=done.document(), heartbeat_at=context.now())
            .returning(DataImport.id)
            .execution_options(synchronize_session=False)
        ).first()
        if row is None:
            raise Stopped()
        known = done.rows

    return keep


def _again_unless_cancelled(context: JobContext, identity: uuid.UUID) -> None:
    """A process that ends hands the rest on; nobody takes up what was cancelled."""
    with context.unit() as session:
        found = session.get(DataImport, (context.organization_id, identity))
        if found is not None and found.state == "running" and context.is_stopping():
            queue.enqueue(session, requests.JOB, lock=f"data.import {identity}", import_id=identity)


def _end(context: JobContext, identity: uuid.UUID, state: str, **values: Any) -> None:
    now = context.now()
    with context.unit() as session:
        ended = session.execute(
            update(DataImport)
            .where(DataImport.id == identity, DataImport.state == "running")
            .values(state=state, finished_at=now, heartbeat_at=now, **values)
            .returning(DataImport.id)
            .execution_options(synchronize_session=False)
        ).first()
        if ended is not None:
            outbox.append(session, f"data_import.{state}", now, identity)
    logger.info("responses_import.ended", import_id=str(identity), state=state)


def register(registry: Registry) -> None:
    """Declare the job. A worker that dies leaves it to another, which goes on where it was."""
    registry.job(requests.JOB, bring_in, base_seconds=5)
