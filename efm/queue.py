"""Enqueues a job in the caller's transaction: committed with the work, or never there."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

_DEFER = text(
    "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(:queue, :task, 0, :lock, :queueing_lock,"
    " CAST(:args AS jsonb), CAST(:at AS timestamptz))::procrastinate_job_to_defer_v1])"
)
_EXISTS = text(
    "SELECT 1 FROM procrastinate_jobs WHERE queueing_lock = :queueing_lock AND status = 'todo'"
)


def enqueue(
    session: Session,
    task: str,
    *,
    lock: str | None = None,
    once: str | None = None,
    at: datetime | None = None,
    queue: str = "default",
    **arguments: Any,
) -> None:
    """Put a job in the queue.

    `lock` serialises jobs of the same key; `once` skips the job when one with that key still waits.
    """
    if once is not None and session.execute(_EXISTS, {"queueing_lock": once}).first():
        return
    organization_id: uuid.UUID | None = session.info.get("organization_id")
    if organization_id is not None:
        arguments.setdefault("organization_id", organization_id)
    values = {
        "queue": queue,
        "task": task,
        "lock": lock,
        "queueing_lock": once,
        "args": orjson.dumps(arguments).decode(),
        "at": at,
    }
    if once is None:
        session.execute(_DEFER, values)
        return
    try:
        with session.begin_nested():
            session.execute(_DEFER, values)
    except IntegrityError:
        return  # Another transaction queued the same work a moment ago.
