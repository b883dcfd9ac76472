"""From a response's answers to the rows of its scores: metrics of the definition, sentiment of comments."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from surveys.compiled import Compiled
from surveys.sentiment import RESPONSE_SECONDS, Budget, Sentiment, is_angry, score
from surveys.values import Answer

SENTIMENT = "sentiment"
COMMENT_KINDS = frozenset({"long_text"})


class ScoreRow(NamedTuple):
    """One row of `scores`: exactly as stored, without the response it belongs to."""

    metric: str
    question_key: str
    state: str
    value: float | None = None
    band: str | None = None
    language: str | None = None
    reason: str | None = None
    model: str | None = None


class Scored(NamedTuple):
    """The scores of one response, whether a comment is angry, what the comments took to read."""

    rows: tuple[ScoreRow, ...]
    is_angry: bool = False
    seconds: float = 0.0

    @property
    def is_pending(self) -> bool:
        """Whether a comment still waits to be scored."""
        return any(row.state == "pending" for row in self.rows)


def score_answers(
    compiled: Compiled,
    answers: Mapping[str, Answer],
    language: str,
    *,
    seconds: float | None = RESPONSE_SECONDS,
) -> Scored:
    """Score a response within `seconds` of processor time; what exceeds them is left pending.

    Metrics never wait; only comments can. With `seconds=None` everything is read to its end.
    """
    rows = [
        ScoreRow(metric, key, "scored", float(value), band)
        for metric, key, value, band in compiled.score(answers)
    ]
    budget: Budget | None = None
    angry = False
    for answer in answers.values():
        if answer.text is None or answer.kind not in COMMENT_KINDS:
            continue
        if seconds is not None and budget is None:
            budget = Budget(time.thread_time, seconds)
        found = score(answer.text, language=language, budget=budget)
        rows.append(sentiment_row(answer.question_key, found))
        angry = angry or is_angry(answer.text, found)
    return Scored(tuple(rows), angry, 0.0 if budget is None else budget.spent)


def feeling(text: str, language: str) -> float | None:
    """The sentiment of a comment that decides what is asked next; None where it cannot be told."""
    budget = Budget(time.thread_time, RESPONSE_SECONDS)
    return score(text, language=language, budget=budget).value


def sentiment_row(question_key: str, found: Sentiment) -> ScoreRow:
    """The row of a comment's sentiment; only an unscored one keeps its reason."""
    return ScoreRow(
        SENTIMENT,
        question_key,
        found.state,
        found.value,
        found.label,
        found.language,
        found.reason if found.state == "unscored" else None,
        found.model,
    )


def in_event(scored: Scored) -> dict[str, Any]:
    """What an event says of the scores: the lowest value of each metric, its band, angry or not."""
    lowest: dict[str, ScoreRow] = {}
    for row in scored.rows:
        if row.value is None:
            continue
        before = lowest.get(row.metric)
        if before is None or before.value is None or row.value < before.value:
            lowest[row.metric] = row
    return {
        "metrics": {metric: row.value for metric, row in lowest.items()},
        "bands": {metric: row.band for metric, row in lowest.items() if row.band},
        "is_angry": scored.is_angry,
    }
