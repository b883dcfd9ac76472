"""The jobs of sync: runs gone on with until they end, dry runs, rejected records again, deletion."""

from __future__ import annotations

import uuid

from connectors.errors import Throttled, Transient
from efm import queue
from efm.events.registry import JobContext, Registry
from efm.sync import control, dry_runs, hooks, replay
from efm.sync.runner import Runner

ATTEMPTS = 6


def run(context: JobContext, *, run_id: str, attempt: int = 0) -> None:
    """Run a slice of a sync run; what is not done is queued again for when it may go on."""
    assert context.organization_id is not None, "a sync run belongs to an organization"
    identity = uuid.UUID(run_id)
    runner = Runner(
        context.engine, context.config, context.organization_id, identity,
        is_stopping=context.is_stopping,
    )  # fmt: skip
    again = runner.run(attempt=attempt, last_attempt=attempt + 1 >= ATTEMPTS)
    if again is None:
        return
    progressed = again.reason == "time slice"
    with context.unit() as session:
        queue.enqueue(
            session,
            "sync.run",
            lock=f"sync {runner.connection_id}",
            at=again.at,
            run_id=identity,
            attempt=0 if progressed else attempt + 1,
        )


def replay_all(context: JobContext, *, connection_id: str, stream: str) -> None:
    """Try every open rejected record of a stream again, a batch a transaction."""
    connection, after = uuid.UUID(connection_id), None
    while True:
        with context.unit() as session:
            batch = replay.open_ones(session, connection, stream, after)
            if not batch:
                return
            after = batch[-1].id
            replay.replay(session, batch, context.now())


def delete(context: JobContext, *, connection_id: str) -> None:
    """Delete what came through a connection, part by part, and then the connection."""
    connection = uuid.UUID(connection_id)
    while not context.is_stopping():
        with context.unit() as session:
            if control.remove_part(session, connection):
                continue
            control.remove_rest(session, context.config, connection)
            return
    with context.unit() as session:
        key = f"sync.delete {connection_id}"
        queue.enqueue(session, "sync.delete", lock=key, connection_id=connection_id)


def receive(context: JobContext, *, delivery_id: str) -> None:
    """Take in what a webhook brought; what passes by itself is tried again."""
    assert context.organization_id is not None, "a delivery belongs to an organization"
    identity = uuid.UUID(delivery_id)
    try:
        hooks.take(context.engine, context.config, context.organization_id, identity, context.now())
    except (Throttled, Transient) as error:
        if not context.is_last_attempt:
            raise
        with context.unit() as session:
            hooks.give_up(session, identity, error.message, context.now())


def rehearse(context: JobContext, *, dry_run_id: str) -> None:
    """Find out what reading a stream would do."""
    assert context.organization_id is not None, "a dry run belongs to an organization"
    dry_runs.run(
        context.engine, context.config, context.organization_id, uuid.UUID(dry_run_id),
        is_stopping=context.is_stopping,
    )  # fmt: skip


def forget(context: JobContext) -> None:
    """Forget what webhooks brought once it was taken in, and what dry runs found out."""
    with context.unit() as session:
        hooks.forget(session, context.now())
        dry_runs.forget(session, context.now())


def register(registry: Registry) -> None:
    """Declare the jobs."""
    registry.job("sync.run", run)
    registry.job("sync.replay", replay_all)
    registry.job("sync.delete", delete)
    registry.job("sync.receive", receive, attempts=8)
    registry.job("sync.rehearse", rehearse, attempts=2)
    registry.job("sync.forget", forget)
