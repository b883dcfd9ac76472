"""A completed form, GET and POST, durable and scored: a survey link against the yardstick's."""

from __future__ import annotations

from typing import Any

from tests.bench.load import CONNECTIONS, Load
from tests.bench.options import Options
from tests.bench.services import compare, lines


def measure(options: Options) -> dict[str, Any]:
    """Measure; each connection is one person, who sends back the key of the form that was shown."""
    return compare(
        options,
        lambda stage: Load("form", f"/s/{stage.link_token}", threads=CONNECTIONS, requests=2),
    )


def said(found: dict[str, Any]) -> list[str]:
    """What was found, in words."""
    return lines(found, target=2, stretch=3)
