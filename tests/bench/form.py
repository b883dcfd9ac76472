"""A completed form, GET and POST, durable and scored: a survey link against the yardstick's."""

from __future__ import annotations

from typing import Any

from efm.config import THREADS
from tests.bench.load import CONNECTIONS, Load
from tests.bench.options import Options
from tests.bench.services import PORTS, compare, lines
from tests.bench.stage import serving, stage
from tests.bench.walks import PEOPLE, publish, walked


def measure(options: Options) -> dict[str, Any]:
    """Measure; each connection is one person, who sends back the key of the form that was shown.

    Then a survey of 30 questions with logic on every page is answered page by page.
    """
    found = compare(
        options,
        lambda stage: Load("form", f"/s/{stage.link_token}", threads=CONNECTIONS, requests=2),
    )
    with (
        stage() as made,
        serving(made, "wsgi:application", PORTS[1], options.threads or THREADS) as ours,
    ):
        token = publish(made)
        walked(ours, token, 1.0)
        found["logic"] = walked(ours, token, options.seconds)
    return found


def said(found: dict[str, Any]) -> list[str]:
    """What was found, in words."""
    logic = found["logic"]
    return [
        *lines(found, target=2, stretch=3),
        f"30 questions with logic on every page, {PEOPLE} people at once: {logic['requests']:,} "
        f"requests, {logic['responses']:,} responses, p50 {logic['p50']:.1f} ms, p95 "
        f"{logic['p95']:.1f} ms (under 200), p99 {logic['p99']:.1f} ms.",
    ]
