"""From answers to scores: pure numbers with the cuts of the field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple, TypeAlias

from surveys import kinds
from surveys.definition import Definition, Question
from surveys.looping import unrolled
from surveys.values import Answer

Metric: TypeAlias = Literal["nps", "csat", "ces", "mean"]


class Score(NamedTuple):
    """A number derived from one answer: the metric it counts for, its value, its band if any."""

    metric: Metric
    question_key: str
    value: float
    band: str | None = None


def nps_band(value: float) -> str:
    """0 to 6 detractor, 7 and 8 passive, 9 and 10 promoter (Reichheld 2003)."""
    if value >= 9:
        return "promoter"
    return "passive" if value >= 7 else "detractor"


def csat_band(value: float) -> str:
    """On five points: 4 and 5 satisfied (top two boxes), 3 neutral, 1 and 2 dissatisfied."""
    if value >= 4:
        return "satisfied"
    return "neutral" if value >= 3 else "dissatisfied"


def ces_band(value: float) -> str:
    """On seven points of ease: 5 to 7 easy, 4 neutral, 1 to 3 difficult."""
    if value >= 5:
        return "easy"
    return "neutral" if value >= 4 else "difficult"


def score(definition: Definition, answers: Mapping[str, Answer]) -> tuple[Score, ...]:
    """The scores of a response, in the order of the questions; comments and choices have none.

    Effort asked the other way round (1 = least effort) is turned, so that for every ``ces`` high
    is easy. Answers to questions that are not in the definition are left out.
    """
    questions = unrolled(definition).questions
    atoms = (atom for question in questions for atom in kinds.atoms(question))
    return score_questions((atom for atom in atoms if kinds.metrics(atom)), answers)


def score_questions(
    questions: Iterable[Question], answers: Mapping[str, Answer]
) -> tuple[Score, ...]:
    """As ``score``, for questions already at hand."""
    scores = []
    for question in questions:
        answer = answers.get(question.key)
        if answer is not None and answer.number is not None:
            scores.append(_score(question, answer.number))
    return tuple(scores)


def _score(question: Question, value: float) -> Score:
    metric = next(iter(kinds.metrics(question)), "mean")
    if metric == "nps":
        return Score("nps", question.key, value, nps_band(value))
    if metric == "csat":
        return Score("csat", question.key, value, csat_band(value))
    if metric == "ces":
        if question.settings.get("direction") == "low_is_easy":
            value = 8 - value
        return Score("ces", question.key, value, ces_band(value))
    return Score("mean", question.key, value)
