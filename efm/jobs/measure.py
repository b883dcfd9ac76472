"""Measures the outbox and the job queue on the database given, for `efm bench jobs`."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from dataclasses import dataclass
from statistics import median

from sqlalchemy import Engine, text

from efm import clock, queue
from efm.config import Config
from efm.db.engine import unit
from efm.events.registry import JobContext, Registry
from efm.jobs.drain import BATCH, drain_batch
from efm.jobs.worker import JobWorker
from efm.vault import Vault

KIND = "bench.happened"
PING = "bench.ping"
QUEUE = "bench"

_APPEND = text(
    "INSERT INTO events (organization_id, id, kind, payload, occurred_at)"
    " SELECT :organization, gen_random_uuid(), :kind, jsonb_build_object('n', n, 'channel', 'link'),"
    " now() FROM generate_series(1, :n) AS n"
)


@dataclass(frozen=True)
class Drained:
    """How fast events were handled, in batches of `batch`, each batch one durable commit."""

    events: int
    seconds: float
    batch: int

    @property
    def per_second(self) -> float:
        return self.events / self.seconds


@dataclass(frozen=True)
class Latency:
    """From the commit that queued a job on an idle worker to its function's first line, in ms."""

    n: int
    p50_ms: float
    p99_ms: float
    longest_ms: float


def measure_drain(
    config: Config, engine: Engine, organization_id: uuid.UUID, n: int = 20_000
) -> Drained:
    """Append `n` events and drain them through a handler that reads each; the handled rows stay.

    Other events that wait on this database would be finished unhandled: use one of its own.
    """
    with unit(engine, organization_id) as session:
        session.execute(_APPEND, {"organization": organization_id, "kind": KIND, "n": n})
    seen: list[int] = []
    registry = Registry(config, Vault(config.secret_key))
    registry.on(KIND, lambda _session, events, _now: seen.extend(e.payload["n"] for e in events))
    began = time.perf_counter()
    while drain_batch(engine, registry, clock.now()):
        pass
    seconds = time.perf_counter() - began
    assert len(seen) == len(set(seen)) == n, "an event was lost or doubled"
    return Drained(n, seconds, BATCH)


def measure_latency(
    config: Config, engine: Engine, organization_id: uuid.UUID, n: int = 200
) -> Latency:
    """Queue `n` jobs, one after the other, for a worker that has nothing else to do."""
    arrived, at = threading.Semaphore(0), [0.0]

    def ping(_context: JobContext) -> None:
        at[0] = time.perf_counter()
        arrived.release()

    registry = Registry(config, Vault(config.secret_key))
    registry.job(PING, ping)
    worker = JobWorker(config, engine, registry, queue=QUEUE)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(worker.run(),))
    thread.start()

    def one() -> float:
        with unit(engine, organization_id) as session:
            queue.enqueue(session, PING, queue=QUEUE)
        queued = time.perf_counter()
        if not arrived.acquire(timeout=30):
            raise TimeoutError("The worker took no job within 30 seconds.")
        return (at[0] - queued) * 1000

    try:
        for _ in range(5):
            one()  # The first jobs pay for connections and plans.
        taken = sorted(max(0.0, one()) for _ in range(n))
    finally:
        loop.call_soon_threadsafe(worker.stop)
        thread.join(30)
        loop.close()
    return Latency(n, median(taken), taken[min(n - 1, int(n * 0.99))], taken[-1])
