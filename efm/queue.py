"""Enqueues a job in the caller's transaction: committed with the work, or never there."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

_DEFER = text(
    "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(:queue, :task, :priority, :lock, :queueing_lock,"
    " CAST(:args AS jsonb), CAST(:at AS timestamptz))::procrastinate_job_to_defer_v1])"
)
_DEFER_TICK = text(
    "SELECT procrastinate_defer_periodic_job_v2(:queue, NULL, :queueing_lock, :task, 0, :id,"
    " CAST(:tick AS bigint), CAST(:args AS jsonb))"
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
    priority: int = 0,
    **arguments: Any,
) -> None:
    """Put a job in the queue.

    `lock` serialises jobs of the same key; `once` skips the job when one with that key still waits.
    Jobs of a higher `priority` are taken first, those of the same in the order they came.
    """
    if once is not None and session.execute(_EXISTS, {"queueing_lock": once}).first():
        return
    organization_id: uuid.UUID | None = session.info.get("organization_id")
    if organization_id is not None:
        arguments.setdefault("organization_id", organization_id)
    values = {
        "queue": queue,
        "task": task,
        "priority": priority,
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


def enqueue_tick(
    connection: Connection,
    task: str,
    tick: int,
    *,
    name: str = "",
    queue: str = "default",
    **arguments: Any,
) -> bool:
    """Put the job of one tick of the clock in the queue; False when that tick has had its job.

    `name` tells ticks of one task apart. The database remembers the last tick of each, so two
    clocks that strike together make one job; and while a tick's job waits no further one is added.
    """
    values = {
        "queue": queue,
        "queueing_lock": f"tick:{task}:{name}",
        "task": task,
        "id": name,
        "tick": tick,
        "args": orjson.dumps(arguments).decode(),
    }
    try:
        with connection.begin_nested():
            return connection.execute(_DEFER_TICK, values).scalar_one() is not None
    except IntegrityError:
        return False  # The job of an earlier tick still waits.
