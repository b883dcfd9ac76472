"""Which columns of a table are answers: ratings, words of satisfaction, comments, places, times."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

# Orders of words that surveys use for a scale, worst first; compared without case and blanks.
ORDERS: tuple[tuple[str, ...], ...] = (
    ("low", "medium", "high", "very high"),
    ("bad", "good", "better", "best"),
    ("poor", "fair", "good", "very good", "excellent"),
    ("very dissatisfied", "dissatisfied", "neutral", "satisfied", "very satisfied"),
    ("very unsatisfied", "unsatisfied", "neutral", "satisfied", "very satisfied"),
    ("strongly disagree", "disagree", "neutral", "agree", "strongly agree"),
    ("low", "medium", "high"),
    ("dissatisfied", "neutral", "satisfied"),
)
_RATING = re.compile(
    r"(^|_)(rating|stars?|csat|satisfaction|satisfied|score|nps|ces|effort|grade)(_|$)"
)
_NPS = re.compile(r"(^|_)(nps|likelihood_to_recommend|ltr)(_|$)")
_CES = re.compile(r"(^|_)(ces|effort|ease)(_|$)")
_RECOMMEND = re.compile(r"(^|_)(recommend(ed)?|would_recommend)(_|$)")
_COMMENT = re.compile(
    r"(^|_)(comments?|review|review_text|text|feedback|verbatim|remarks?|body)(_|$)"
)
_TITLE = re.compile(r"^(title|headline|subject|summary)$")
_PLACE = re.compile(r"(^|_)(touchpoint|department|store|shop|branch|category)(_|$)")
_WHEN = re.compile(r"(^|_)(submitted|answered|created|date|time|timestamp|on|at)(_|$)")
_YES = {
    "1": True,
    "0": False,
    "yes": True,
    "no": False,
    "true": True,
    "false": False,
    "y": True,
    "n": False,
}


def plain_name(name: str) -> str:
    """Review Text, reviewText and REVIEW-TEXT are all review_text."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")


def said_name(name: str) -> str:
    """A column's name as people read it."""
    words = plain_name(name).replace("_", " ")
    return words[:1].upper() + words[1:]


def plain_word(value: Any) -> str:
    """A word of a scale for comparing."""
    return re.sub(r"[\s_-]+", " ", str(value).strip().lower())


def number(value: Any) -> Decimal | None:
    """The value as a finite number, or None."""
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def truth(value: Any) -> bool | None:
    """Yes or no, or None when it is neither."""
    return _YES.get(plain_word(value))


@dataclass(frozen=True)
class Asked:
    """A column read as a question: `kind` of the survey engine, `words` worst first if it has any."""

    column: str
    key: str
    kind: str
    text: str
    points: int = 0
    words: tuple[str, ...] = ()
    is_csat: bool = False

    def value(self, raw: Any) -> Any:
        """The answer in the survey engine's JSON, or None when there is none."""
        if raw is None or str(raw).strip() == "":
            return None
        if self.kind == "long_text":
            return str(raw)
        if self.kind == "single_choice":
            found = truth(raw)
            return None if found is None else ("yes" if found else "no")
        if self.words:
            word = plain_word(raw)
            return self.words.index(word) + 1 if word in self.words else str(raw)
        given = number(raw)
        return int(given) if given is not None and given == int(given) else str(raw)


@dataclass(frozen=True)
class Found:
    """What a table says of answers: the questions, the place, the time, the title of a comment."""

    asked: tuple[Asked, ...]
    touchpoint: str | None
    when: str | None
    title: str | None


def _values(sample: Sequence[Mapping[str, Any]], column: str) -> list[Any]:
    return [row[column] for row in sample if str(row.get(column) or "").strip()]


def _order(values: Sequence[Any]) -> tuple[str, ...]:
    """The order of words all values belong to, or nothing."""
    given = {plain_word(value) for value in values}
    return next((order for order in ORDERS if len(given) > 1 and given <= set(order)), ())


def _scale(column: str, name: str, values: Sequence[Any]) -> Asked | None:
    """A column as a rating, when its name says so and its values are of a scale."""
    key, text = name[:40], said_name(column)
    words = _order(values)
    if words:
        kind = "csat" if len(words) == 5 and "satisfied" in " ".join(words) else "stars"
        return Asked(column, key, kind, text, len(words), words)
    numbers = [number(value) for value in values]
    if not numbers or any(n is None or n != int(n) for n in numbers):
        return None
    low, high = min(n for n in numbers if n is not None), max(n for n in numbers if n is not None)
    if _NPS.search(name) and low >= 0 and high <= 10:
        return Asked(column, key, "nps", text, 11)
    if _CES.search(name) and low >= 1 and high <= 7:
        return Asked(column, key, "ces", text, 7)
    if low >= 1 and high <= 5:
        return Asked(column, key, "stars", text, 5, is_csat=True)
    if low >= 1 and high <= 10:
        return Asked(column, key, "stars", text, 10)
    return None


def find(columns: Sequence[str], sample: Sequence[Mapping[str, Any]]) -> Found | None:
    """What the table says of answers; None when it has no rating, so it is no feedback."""
    asked: list[Asked] = []
    title = touchpoint = when = None
    for column in columns:
        name, values = plain_name(column), _values(sample, column)
        if not values or column.startswith("_"):
            continue
        if _RECOMMEND.search(name) and all(truth(v) is not None for v in values):
            asked.append(Asked(column, name[:40], "single_choice", "Would you recommend it?"))
        elif _RATING.search(name) or _NPS.search(name) or _CES.search(name):
            found = _scale(column, name, values)
            if found:
                asked.append(found)
        elif _TITLE.match(name):
            title = column
        elif _COMMENT.search(name) and any(" " in str(v).strip() for v in values):
            asked.append(Asked(column, name[:40], "long_text", said_name(column)))
        elif _PLACE.search(name) and touchpoint is None:
            touchpoint = column
        elif _WHEN.search(name) and when is None:
            when = column
    if not any(each.kind in ("nps", "csat", "ces", "stars") for each in asked):
        return None
    order = {"nps": 0, "csat": 0, "ces": 0, "stars": 0, "single_choice": 1, "long_text": 2}
    asked.sort(key=lambda each: order[each.kind])
    return Found(tuple(asked), touchpoint, when, title if any(
        each.kind == "long_text" for each in asked
    ) else None)  # fmt: skip
