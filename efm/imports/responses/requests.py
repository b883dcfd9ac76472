"""Files of past responses somebody uploaded: kept, mapped, started, stopped, found again."""

from __future__ import annotations

import shutil
import uuid
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from efm import queue
from efm.clock import new_id
from efm.config import Config
from efm.errors import Conflict, Invalid, NotFound
from efm.imports import requests as uploaded
from efm.imports.responses import mapping as mapped
from efm.imports.responses import refused
from efm.imports.responses.files import Look, Rows
from efm.imports.responses.loading import Done
from efm.models import DataImport
from efm.sync import uploads

JOB = "responses.bring_in"
LISTED = 20


def take(
    session: Session, config: Config, survey_id: uuid.UUID, name: str, source: BinaryIO,
    now: datetime, *, user_id: uuid.UUID | None = None,
) -> DataImport:  # fmt: skip
    """Keep an uploaded file and guess what its columns are; nothing of it is brought in yet.

    Raises Invalid when it is empty, too large, or cannot be read.
    """
    goal = mapped.goal_of(session, survey_id)
    made_id = new_id()
    folder = uploaded.folder_of(config, session.info["organization_id"], made_id)
    try:
        path = uploads.keep(folder, name, source)
        look = Rows(path).look()
    except Invalid as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise Invalid(error.message, problems=error.problems or {"files": error.message}) from error
    found = mapped.guessed(session, goal, look)
    made = DataImport(
        id=made_id, survey_id=survey_id, file_name=path.name, name=goal.name[:200], target="here",
        currency="EUR", plan=_document(found, look), total=look.total,
        requested_by_id=user_id, created_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def _document(found: mapped.ColumnMap, look: Look) -> dict[str, object]:
    return {
        **found.document(), "columns": look.columns, "after": look.after,
        "total_is_exact": look.is_whole,
    }  # fmt: skip


def get(session: Session, survey_id: uuid.UUID, import_id: uuid.UUID) -> DataImport:
    """The import into this survey; raises NotFound for a missing one and for a stranger's alike."""
    found = session.get(DataImport, (session.info["organization_id"], import_id))
    if found is None or found.survey_id != survey_id:
        raise NotFound("There is no such import.")
    return found


def newest(session: Session, survey_id: uuid.UUID) -> list[DataImport]:
    """The newest imports into a survey."""
    return list(
        session.scalars(
            select(DataImport)
            .where(DataImport.survey_id == survey_id)
            .order_by(DataImport.created_at.desc(), DataImport.id.desc())
            .limit(LISTED)
        )
    )


def remember(session: Session, found: DataImport, chosen: mapped.ColumnMap) -> None:
    """Keep what somebody chose for the columns. Raises Conflict once it was started."""
    if found.state != "planned":
        raise Conflict("This file was started already; its columns cannot change any more.")
    found.plan = {**found.plan, **chosen.document()}
    session.flush()


def start(session: Session, found: DataImport, now: datetime) -> None:
    """Put the load in the queue; one that ended badly goes on where it was.

    Raises Conflict when it is under way, Invalid when a column has no usable target.
    """
    may_start = found.state in ("planned", "failed", "cancelled")
    if not may_start and not uploaded.is_stuck(found, now):
        raise Conflict("These responses are being brought in already.")
    assert found.survey_id is not None
    mapped.check(mapped.from_document(found.plan), mapped.goal_of(session, found.survey_id))
    found.state, found.error, found.finished_at, found.started_at = "queued", None, None, None
    found.phase = "responses"
    found.plan = {**found.plan, "done_before": found.done}
    session.flush()
    queue.enqueue(session, JOB, lock=f"data.import {found.id}", import_id=found.id)


def cancel(config: Config, found: DataImport, now: datetime) -> None:
    """Stop it: a load under way stops before its next batch, and what it brought in stays."""
    if found.state in ("planned", "queued", "running"):
        if found.state == "planned":
            forget(config, found)
        found.state, found.finished_at = "cancelled", now


def forget(config: Config, found: DataImport) -> None:
    """Delete the file and its refused rows."""
    folder = uploaded.folder_of(config, found.organization_id, found.id)
    shutil.rmtree(folder, ignore_errors=True)


def refused_path(config: Config, found: DataImport) -> Path:
    """Where the refused rows are kept."""
    folder = uploaded.folder_of(config, found.organization_id, found.id)
    return folder / refused.NAME


def done_of(found: DataImport) -> Done:
    """How far it is."""
    return Done(**found.loaded) if found.loaded else Done(row=int(found.plan.get("after", 0)))
