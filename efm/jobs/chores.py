"""The house's own chores: what is due for every organization, what was lost, what is forgotten.

The clock enqueues these; each looks at what there is to do and enqueues the work itself.
"""

from __future__ import annotations

from datetime import timedelta

import orjson
from sqlalchemy import text

from efm import log, queue
from efm.db.engine import unit
from efm.events.registry import JobContext, Registry
from efm.models import SyncRun
from efm.sync import schedules

logger = log.get("chores")

KEPT_DAYS = 7
FAILED_JOBS_KEPT_DAYS = 30
LOST_AFTER_SECONDS = 30.0
# Somebody who handed over a file may come back to the rest of the page a day later.
FILES_KEPT_DAYS = 2
# Thousands of organizations' chores fall due at one moment; what somebody waits for goes first.
BEHIND_THE_REST = -10

_RECOVER = text(
    """
    UPDATE procrastinate_jobs AS job SET
        status = (CASE
            WHEN job.attempts + 1 >= coalesce((CAST(:attempts AS jsonb) ->> job.task_name)::int, 1)
            THEN 'failed' ELSE 'todo' END)::procrastinate_job_status,
        attempts = job.attempts + 1,
        scheduled_at = now(),
        worker_id = NULL,
        queueing_lock = NULL,
        abort_requested = false,
        args = job.args || '{"_error": "The worker that ran this job ended before it was done."}'
    WHERE job.status = 'doing' AND NOT EXISTS (
        SELECT 1 FROM procrastinate_workers AS worker
        WHERE worker.id = job.worker_id
          AND worker.last_heartbeat >= now() - make_interval(secs => :seconds))
    RETURNING job.id, job.task_name, job.status::text
    """
)
_FORGET_JOBS = text(
    """
    DELETE FROM procrastinate_jobs AS job
    WHERE job.status IN ('failed', 'succeeded', 'cancelled', 'aborted') AND NOT EXISTS (
        SELECT 1 FROM procrastinate_events AS event
        WHERE event.job_id = job.id AND event.at >= :before)
    """
)


def register(registry: Registry) -> None:
    """Declare the chores. A chore that fails is done again at the next tick, so few attempts do."""

    def each_organization(context: JobContext, job: str) -> None:
        if job in registry.jobs:
            enqueue_for_each(context, job)

    def start_syncs(context: JobContext) -> None:
        start_due_syncs(context)
        resume_lost_syncs(context)

    def recover(context: JobContext) -> None:
        recover_jobs(context, {job.name: job.attempts for job in registry.jobs.values()})

    registry.job("house.each_organization", each_organization, attempts=2)
    registry.job("house.start_syncs", start_syncs, attempts=2)
    registry.job("house.recover_jobs", recover, attempts=2)
    registry.job("house.forget", forget, attempts=2)


def enqueue_for_each(context: JobContext, job: str) -> int:
    """Enqueue a job for every organization, unless one still waits there; how many were looked at."""
    with context.engine.connect() as connection:
        ids = connection.execute(text("SELECT id FROM efm_organizations()")).scalars().all()
    for organization_id in ids:
        with unit(context.engine, organization_id) as session:
            key = f"{job}:{organization_id}"
            queue.enqueue(session, job, lock=key, once=key, priority=BEHIND_THE_REST)
    return len(ids)


def start_due_syncs(context: JobContext) -> int:
    """Request a run of each stream whose time has come, and set its next time; how many there were.

    The next time and the run are one transaction, and only the one who moves the time requests it.
    """
    now = context.now()
    with context.engine.connect() as connection:
        due = connection.execute(text("SELECT * FROM efm_due_streams(:now)"), {"now": now}).all()
    started = 0
    for organization_id, connection_id, stream in due:
        with unit(context.engine, organization_id) as session:
            started += schedules.start_due(session, connection_id, stream, now)
    return started


def resume_lost_syncs(context: JobContext) -> int:
    """Enqueue again the runs whose worker is gone; how many there were.

    A run that was told to come back later looks the same. The lock puts the new job behind the one
    that waits for its time, which ends the run; so nothing is asked of a source before that.
    """
    with context.engine.connect() as connection:
        lost = connection.execute(
            text("SELECT * FROM efm_lost_runs(:now)"), {"now": context.now()}
        ).all()
    for organization_id, run_id in lost:
        with unit(context.engine, organization_id) as session:
            run = session.get_one(SyncRun, (organization_id, run_id))
            lock = f"sync {run.connection_id}"
            queue.enqueue(session, "sync.run", lock=lock, once=f"sync:{run_id}", run_id=run_id)
    return len(lost)


def recover_jobs(context: JobContext, attempts: dict[str, int]) -> int:
    """Put back the jobs whose worker has shown no sign of life; how many there were.

    A job that was lost as often as it may be tried has failed: it may be what ends the workers.
    """
    values = {"attempts": orjson.dumps(attempts).decode(), "seconds": LOST_AFTER_SECONDS}
    with context.engine.begin() as connection:
        rows = connection.execute(_RECOVER, values).all()
    for job_id, name, status in rows:
        logger.warning("job.recovered", job=name, job_id=job_id, status=status)
    return len(rows)


def forget(context: JobContext) -> None:
    """Delete what is no longer needed: handled events, old keys, ended sessions, failed jobs."""
    now = context.now()
    with context.engine.begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = '10min'"))
        connection.execute(
            text("SELECT efm_forget(:before)"), {"before": now - timedelta(days=KEPT_DAYS)}
        )
        connection.execute(
            text("SELECT efm_forget_files(:before)"),
            {"before": now - timedelta(days=FILES_KEPT_DAYS)},
        )
        connection.execute(_FORGET_JOBS, {"before": now - timedelta(days=FAILED_JOBS_KEPT_DAYS)})
