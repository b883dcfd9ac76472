"""Batches of 1,000 responses, scored and stored by two processes through the service's functions."""

from __future__ import annotations

import random
import time
import uuid
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from sqlalchemy import text

from efm import clock, process
from efm.db.engine import make_engine, unit
from efm.feedback import collect
from efm.feedback.collect import BATCH_LIMIT, Incoming, submit_batch
from surveys import sentiment
from tests.bench.options import Options
from tests.bench.processor import seconds_of
from tests.bench.stage import PROCESSES, stage

COMMENTS = (
    "Support was friendly and quick, but the invoice was wrong again and nobody knew.",
    "I waited forty minutes on the phone, terrible service. Please hire more of them.",
    "Great product, very happy with the new release! Setup took less than one minute.",
    "The engineer came on Tuesday and replaced the router. It works as it did before.",
)


def batch(survey_id: uuid.UUID, number: int, count: int) -> list[Incoming]:
    """Responses of the workload, each with a key of its own."""
    draw = random.Random(number)  # The same answers in every run.
    return [
        Incoming(
            survey_id,
            {
                "recommend": draw.randrange(11),
                "satisfaction": draw.randrange(1, 6),
                "effort": draw.randrange(1, 8),
                "reason": draw.choice(("order", "invoice", "fault", "contract")),
                "comment": draw.choice(COMMENTS),
            },
            key=f"batch-{number}-{place}",
        )
        for place in range(count)
    ]


def send(
    database_url: str, organization_id: uuid.UUID, survey_id: uuid.UUID, numbers: range
) -> tuple[float, float]:
    """Store these batches, one commit each; the seconds it took, and those of this processor."""
    engine = make_engine(database_url, pool_size=1)
    batches = [batch(survey_id, number, BATCH_LIMIT) for number in numbers]
    sentiment.load()
    with unit(engine, organization_id) as session:
        collect.target_of(session, survey_id, clock.now())
    process.settle()  # As the service's own processes do.
    began, used = time.perf_counter(), time.process_time()
    for rows in batches:
        with unit(engine, organization_id) as session:
            outcomes = submit_batch(session, rows, clock.now())
        assert all(outcome.state == "created" for outcome in outcomes)
    took = time.perf_counter() - began, time.process_time() - used
    engine.dispose()
    return took


def measure(options: Options) -> dict[str, Any]:
    """Measure, and count that every response has its answers, scores and event."""
    each = options.responses // BATCH_LIMIT // PROCESSES
    with stage() as made, ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        told = (made.app_url, made.organization_id, made.survey_id)
        parts = [range(n * each, (n + 1) * each) for n in range(PROCESSES)]
        before = seconds_of(made.database_pid)
        took = list(pool.map(send, *zip(*[(*told, part) for part in parts], strict=True)))
        database = seconds_of(made.database_pid) - before
        engine = make_engine(made.app_url, pool_size=1)
        with unit(engine, made.organization_id, read_only=True) as session:
            whole = session.execute(
                text(
                    "SELECT count(*) FROM responses r WHERE submit_key LIKE :keys"
                    " AND (SELECT count(*) FROM answers a WHERE a.response_id = r.id) = 5"
                    " AND (SELECT count(*) FROM scores s WHERE s.response_id = r.id) = 4"
                ),
                {"keys": "%:batch-%"},
            ).scalar_one()
            pending = session.execute(
                text("SELECT count(*) FROM scores WHERE state = 'pending'")
            ).scalar_one()
        engine.dispose()
    stored = each * BATCH_LIMIT * PROCESSES
    seconds = max(wall for wall, _ in took)
    service = sum(cpu for _, cpu in took)
    return {
        "what": "responses a second, batches of 1,000, two processes, fsync on",
        "responses": stored,
        "whole": whole,
        "pending": pending,
        "seconds": seconds,
        "rate": stored / seconds,
        "service_us": service / stored * 1e6,
        "database_us": database / stored * 1e6,
        "rate_by_processor_time": PROCESSES * stored / (service + database),
    }


def said(found: dict[str, Any]) -> list[str]:
    """What was found, in words."""
    return [
        f"{found['responses']:,} responses scored and stored in {found['seconds']:.1f} s: "
        f"{found['rate']:,.0f} a second (at least 5,000, stretch 8,000 on two free cores).",
        f"{found['whole']:,} of them have five answers and four scores; {found['pending']} comments "
        "took longer than their time and wait for the job.",
        f"Processor time of one: {found['service_us']:.0f} us in the service, "
        f"{found['database_us']:.0f} us in the database; two cores to themselves would do "
        f"{found['rate_by_processor_time']:,.0f} a second.",
    ]
