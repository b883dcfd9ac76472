"""The product beside the yardstick under the same load, and the database's own ceiling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from efm.config import THREADS
from tests.bench.load import Figure, Load, interleaved, middle, pgbench, wrk
from tests.bench.options import Options
from tests.bench.stage import Stage, serving, stage

PORTS = (8391, 8392)
# One thread a process is what this service is quickest with here; more only wait for one another.
YARDSTICK_THREADS = 1


def compare(
    options: Options, load: Callable[[Stage], Load], *arguments: Callable[[Stage], str]
) -> dict[str, Any]:
    """Both services and the ceiling in interleaved rounds; medians, ratios and every round."""
    threads = options.threads or THREADS
    with (
        stage() as made,
        serving(made, "tests.bench.yardstick.wsgi:app", PORTS[0], YARDSTICK_THREADS) as usual,
        serving(made, "wsgi:application", PORTS[1], threads) as ours,
    ):
        given = [argument(made) for argument in arguments]
        what = load(made)
        turns = iter(range(10_000))

        def measured(served: Any) -> Callable[[], Figure]:
            return lambda: wrk(made, served, what, options.seconds, *given, f"run{next(turns)}")

        for served in (usual, ours):
            wrk(made, served, what, 1.0, *given, f"run{next(turns)}")  # Caches fill, plans settle.
        found = interleaved(
            {
                "ours": measured(ours),
                "yardstick": measured(usual),
                "ceiling": lambda: pgbench(made, options.seconds),
            },
            options.rounds,
        )
    middles = {name: middle(figures) for name, figures in found.items()}
    mine, usual_one, ceiling = middles["ours"], middles["yardstick"], middles["ceiling"]
    return {
        "what": "completed responses a second, median of the rounds",
        **{name: asdict(figure) for name, figure in middles.items()},
        "ratio": mine.rate / usual_one.rate,
        "ratio_of_processor_time": (usual_one.service_us + usual_one.database_us)
        / max(1.0, mine.service_us + mine.database_us),
        "share_of_ceiling": mine.rate / ceiling.rate,
        "rounds": {name: [round(each.rate, 1) for each in f] for name, f in found.items()},
        "threads": {"ours": threads, "yardstick": YARDSTICK_THREADS},
    }


def lines(found: dict[str, Any], target: float, stretch: float) -> list[str]:
    """The comparison as people read it."""
    said = [
        f"{'':12}{'a second':>10}{'p50 ms':>9}{'p99 ms':>9}{'CPU us':>9}{'of it DB':>10}  errors"
    ]
    for name in ("ours", "yardstick", "ceiling"):
        each = found[name]
        all_us = each["service_us"] + each["database_us"]
        said.append(
            f"{name:12}{each['rate']:10,.0f}{each['p50']:9.1f}{each['p99']:9.1f}{all_us:9,.0f}"
            f"{each['database_us']:10,.0f}  {each['errors']}"
        )
    said.append(
        f"ours is {found['ratio']:.2f} times the yardstick (at least {target:g}, stretch "
        f"{stretch:g}), {found['ratio_of_processor_time']:.2f} times by processor time, and "
        f"{found['share_of_ceiling']:.2f} of the ceiling (pgbench, one commit a response)."
    )
    return said
