"""Files somebody uploads to be brought in: planned at once, loaded by a job, found again later."""

from __future__ import annotations

import shutil
import uuid
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.errors import ConnectorError
from connectors.money import EXPONENTS
from connectors.systems.files.connector import Files
from efm import queue
from efm.clock import new_id
from efm.config import Config
from efm.errors import Conflict, Invalid, NotFound
from efm.imports import plan as planning
from efm.models import DataImport
from efm.sync import connections, preview, uploads

SHOWN_ROWS = 5
SHOWN_COLUMNS = 12
LISTED = 50
STUCK_AFTER = timedelta(minutes=5)


def folder_of(config: Config, organization_id: uuid.UUID, import_id: uuid.UUID) -> Path:
    """Where the uploaded file waits until it is loaded."""
    return connections.folder_of(config, organization_id) / "imports" / str(import_id)


def path_of(config: Config, found: DataImport) -> Path:
    """The uploaded file."""
    return folder_of(config, found.organization_id, found.id) / found.file_name


def take(
    session: Session,
    config: Config,
    name: str,
    source: BinaryIO,
    now: datetime,
    *,
    currency: str,
    user_id: uuid.UUID | None = None,
) -> DataImport:
    """Keep an uploaded file and say what it is; nothing of it is loaded yet.

    Raises Invalid when it is empty, too large, or nothing in it is recognised.
    """
    organization_id, made_id = session.info["organization_id"], new_id()
    folder = folder_of(config, organization_id, made_id)
    try:
        path = uploads.keep(folder, name, source)
        plan = planning.plan(path, currency=currency)
        document, total = _document(path, plan, currency)
    except Invalid as error:
        shutil.rmtree(folder, ignore_errors=True)
        said = error.message.replace(str(folder), "").replace(str(folder.resolve()), "")
        raise Invalid(said, problems=error.problems or {"files": said}) from error
    made = DataImport(
        id=made_id, file_name=path.name, name=plan.name[:200], currency=currency, plan=document,
        total=total, requested_by_id=user_id, created_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def _document(path: Path, plan: planning.Plan, currency: str) -> tuple[dict[str, Any], int | None]:
    """The plan as it is shown: sentences and some rows; and how many rows there are, about."""
    try:
        connector = Files(planning.connector_settings(path.resolve(), currency))
        sample = preview.sample(connector, connector.streams()[0])
    except ConnectorError as error:
        raise Invalid(f"{path.name}: {error.message}") from error
    if not sample.records:
        why = f": {sample.refused[0]}" if sample.refused else ""
        raise Invalid(f"{path.name} has no row that can be read{why or '.'}")
    names = [name for name in sample.names if not name.startswith("_")]
    rows = [
        [
            "" if row.get(name) is None else str(row.get(name))[:200]
            for name in names[:SHOWN_COLUMNS]
        ]
        for row in sample.records[:SHOWN_ROWS]
    ]
    parts = [bool(plan.mappings), plan.definition is not None]
    return {
        "sentences": plan.describe(),
        "columns": names[:SHOWN_COLUMNS],
        "more_columns": max(0, len(names) - SHOWN_COLUMNS),
        "rows": _storable(rows),
        "passes": sum(parts),
        "total_is_exact": sample.is_whole,
        "looked_at": len(sample.records) + len(sample.refused),
        "refused": dict(Counter(sample.refused).most_common(3)),
    }, sample.total


def _storable(rows: list[list[str]]) -> list[list[str]]:
    """Cells as the database can hold them: no NUL, no lone surrogates."""
    return [
        [cell.replace("\0", "\ufffd").encode("utf-8", "replace").decode() for cell in row]
        for row in rows
    ]


def get(session: Session, import_id: uuid.UUID) -> DataImport:
    """The import; raises NotFound for a missing one and for a stranger's alike."""
    found = session.get(DataImport, (session.info["organization_id"], import_id))
    if found is None or found.survey_id is not None:
        raise NotFound("There is no such import.")
    return found


def newest(session: Session) -> list[DataImport]:
    """The newest imports."""
    return list(
        session.scalars(
            select(DataImport)
            .where(DataImport.survey_id.is_(None))
            .order_by(DataImport.created_at.desc(), DataImport.id.desc())
            .limit(LISTED)
        )
    )


def is_stuck(found: DataImport, now: datetime) -> bool:
    """Whether nothing was heard of a load under way for minutes."""
    heard = found.heartbeat_at or found.created_at
    return found.state == "running" and now - heard > STUCK_AFTER


def start(
    session: Session, found: DataImport, name: str, target: str, currency: str, now: datetime
) -> None:
    """Put the load in the queue; one that ended badly goes on where it was.

    Raises Conflict when it is under way, Invalid when the name, target or currency is not usable.
    """
    if found.state not in ("planned", "failed", "cancelled") and not is_stuck(found, now):
        raise Conflict("This file is being brought in already.")
    name = " ".join(name.replace("\0", "").split())[:200]
    problems = {}
    if not any(letter.isalnum() for letter in name):
        problems["name"] = "Enter a name with letters or digits."
    if target not in ("own", "here"):
        problems["target"] = "Choose where it goes."
    if currency not in EXPONENTS:
        problems["currency"] = "Enter a currency code of three letters, such as EUR."
    if problems:
        raise Invalid("Some values need another look.", problems=problems)
    found.name, found.target, found.currency = name, target, currency
    found.state, found.error, found.finished_at = "queued", None, None
    found.done, found.phase, found.started_at = 0, "", None
    session.flush()
    queue.enqueue(session, "data.import", lock=f"data.import {found.id}", import_id=found.id)


def cancel(config: Config, found: DataImport, now: datetime) -> None:
    """Stop it: a load under way stops after its batch, and what it brought in stays."""
    if found.state in ("planned", "queued", "running"):
        if found.state == "planned":
            shutil.rmtree(folder_of(config, found.organization_id, found.id), ignore_errors=True)
        found.state, found.finished_at = "cancelled", now


def is_there(config: Config, found: DataImport) -> bool:
    """Whether the uploaded file is still kept, so that it can be started (again)."""
    return path_of(config, found).is_file()
