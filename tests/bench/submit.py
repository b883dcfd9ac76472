"""One response as JSON, durable and scored: POST /api/v1/responses against the yardstick's."""

from __future__ import annotations

from typing import Any

from tests.bench.load import Load
from tests.bench.options import Options
from tests.bench.services import compare, lines


def measure(options: Options) -> dict[str, Any]:
    """Measure."""
    return compare(
        options,
        lambda stage: Load("submit", "/api/v1/responses", threads=2),
        lambda stage: stage.api_token,
        lambda stage: str(stage.survey_id),
    )


def said(found: dict[str, Any]) -> list[str]:
    """What was found, in words."""
    words = lines(found, target=2.5, stretch=5)
    return [
        *words,
        f"p99 of ours is {found['ours']['p99']:.1f} ms (under 25 at 16 connections); of the ceiling, "
        f"which only inserts, {found['ceiling']['p99']:.1f} ms.",
    ]
