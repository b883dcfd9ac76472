"""The jobs of sync: one run of one stream, gone on with until it ends."""

from __future__ import annotations

import uuid

from efm import queue
from efm.events.registry import JobContext, Registry
from efm.sync.runner import Runner

ATTEMPTS = 6


def run(context: JobContext, *, run_id: str, attempt: int = 0) -> None:
    """Run a slice of a sync run; what is not done is queued again for when it may go on."""
    assert context.organization_id is not None, "a sync run belongs to an organization"
    identity = uuid.UUID(run_id)
    runner = Runner(context.engine, context.config, context.organization_id, identity)
    again = runner.run(attempt=attempt, last_attempt=attempt + 1 >= ATTEMPTS)
    if again is None:
        return
    progressed = again.reason == "time slice"
    with context.unit() as session:
        queue.enqueue(
            session,
            "sync.run",
            lock=f"sync {runner.connection_id} {runner.stream_name}",
            at=again.at,
            run_id=identity,
            attempt=0 if progressed else attempt + 1,
        )


def register(registry: Registry) -> None:
    """Declare the jobs."""
    registry.job("sync.run", run)
