"""Stored answers as the survey engine knows them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from surveys.values import Answer


def answer_of(
    key: str,
    kind: str,
    number: float | None,
    text: str | None,
    choices: Sequence[str] | None,
    on_day: date | None,
) -> Answer:
    """The answer of its six stored columns."""
    return Answer(key, kind, number, text, None if choices is None else tuple(choices), on_day)
