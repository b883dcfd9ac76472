"""The outbox drained in batches, and how soon an idle worker begins a job."""

from __future__ import annotations

import statistics
from dataclasses import asdict
from typing import Any

from efm import config as configuration
from efm import log
from efm.db.engine import make_engine
from efm.jobs.measure import measure_drain, measure_latency
from tests.bench.options import Options
from tests.bench.stage import stage


def measure(options: Options) -> dict[str, Any]:
    """As many drains of 20,000 events as rounds, then 200 jobs one after the other."""
    log.configure("json", "error")
    with stage() as made:
        config = configuration.load(made.environ)
        engine = make_engine(made.app_url, application="efm bench")
        drained = [
            measure_drain(config, engine, made.organization_id) for _ in range(options.rounds)
        ]
        latency = measure_latency(config, engine, made.organization_id)
        engine.dispose()
    rates = [each.per_second for each in drained]
    return {
        "events": drained[0].events,
        "batch": drained[0].batch,
        "rates": rates,
        "rate": statistics.median(rates),
        "latency": asdict(latency),
    }


def said(found: dict[str, Any]) -> list[str]:
    """What was found, in words."""
    latency = found["latency"]
    return [
        f"{found['events']:,} events in batches of {found['batch']:,}, {len(found['rates'])} times: "
        f"median {found['rate']:,.0f} a second, {min(found['rates']):,.0f} to "
        f"{max(found['rates']):,.0f} (at least 5,000).",
        f"{latency['n']} jobs on an idle worker: begun after {latency['p50_ms']:.1f} ms (p50), "
        f"{latency['p99_ms']:.1f} ms (p99, under 20), {latency['longest_ms']:.1f} ms at most.",
    ]
