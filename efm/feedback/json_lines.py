"""Responses as JSON Lines: one a line, answers by question key, scores by question and metric."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from efm.feedback.sheets import FIXED, Gathered, Sheet
from surveys.answers import all_to_json

_LINES = 200


def as_json_lines(_: Sheet, found: Iterable[Gathered]) -> Iterator[bytes]:
    """The responses as lines of UTF-8, in pieces."""
    held: list[bytes] = []
    for response in found:
        held.append(orjson.dumps(document(response), option=orjson.OPT_APPEND_NEWLINE))
        if len(held) == _LINES:
            yield b"".join(held)
            held = []
    if held:
        yield b"".join(held)


def document(response: Gathered) -> dict[str, Any]:
    """A response as JSON; what was not answered is left out."""
    scores: dict[str, dict[str, Any]] = {}
    for (key, metric), score in sorted(response.scores.items()):
        scores.setdefault(key, {})[metric] = {
            "state": score.state,
            "value": score.value,
            "band": score.band,
            **({"language": score.language} if score.language else {}),
        }
    return {
        **{each.name: value for each, value in zip(FIXED, response.fixed, strict=True)},
        "answers": all_to_json(response.answers),
        "scores": scores,
    }
