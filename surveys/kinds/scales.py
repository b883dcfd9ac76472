"""Kinds answered by a point on a scale: nps, csat, ces, stars, smileys, likert, scale and slider."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from surveys.kinds.base import Asked, Kind, Readers, Setting, simple_column, whole
from surveys.values import Answer, Refusal

_LABELS = (
    Setting("low_label", "text", "Words at the low end", "Empty: the usual words."),
    Setting("high_label", "text", "Words at the high end", "Empty: the usual words."),
)
_POINT_LABELS = Setting(
    "labels", "texts", "Words for every point", "From the lowest to the highest, one for each."
)
_DIRECTION = Setting(
    "direction",
    "option",
    "Which end is easy",
    "Agreement with 'it was easy' has its easy end high; effort spent has it low.",
    default="high_is_easy",
    options=("high_is_easy", "low_is_easy"),
)
_POINTS = Setting("points", "integer", "How many stars", default=5, minimum=3, maximum=10)
_IS_CSAT = Setting(
    "is_csat",
    "boolean",
    "Counts as satisfaction",
    "Five points only: four and five count as satisfied.",
    default=False,
)

_SMILEYS = Setting("points", "integer", "How many faces", default=5, minimum=3, maximum=5)
_AGREEMENT = Setting("points", "integer", "How many points", default=5, minimum=3, maximum=11)
_LOW = Setting("low", "integer", "Lowest point", default=1, minimum=-100, maximum=1000)
_HIGH = Setting("high", "integer", "Highest point", default=5, minimum=-99, maximum=1000)
_MOST_POINTS = 101


def _nps_points(_: Asked) -> tuple[int, ...]:
    return tuple(range(11))


def _csat_points(_: Asked) -> tuple[int, ...]:
    return tuple(range(1, 6))


def _ces_points(_: Asked) -> tuple[int, ...]:
    return tuple(range(1, 8))


def _star_points(question: Asked) -> tuple[int, ...]:
    return tuple(range(1, whole(question.settings.get("points"), 5) + 1))


def _agreement_points(question: Asked) -> tuple[int, ...]:
    return tuple(range(1, whole(question.settings.get("points"), 5) + 1))


def _scale_points(question: Asked) -> tuple[int, ...]:
    low = whole(question.settings.get("low"), 1)
    high = whole(question.settings.get("high"), 5)
    return tuple(range(low, min(max(high, low), low + _MOST_POINTS - 1) + 1))


def _check_scale(question: Asked) -> Iterable[tuple[str, str]]:
    low = whole(question.settings.get("low"), 1)
    high = whole(question.settings.get("high"), 5)
    if not low < high < low + _MOST_POINTS:
        yield "high", f"Set it above the lowest point, by at most {_MOST_POINTS - 1}."
    yield from _check_labels(question)


def _ces_ends(question: Asked) -> tuple[str, str]:
    if question.settings.get("direction") == "low_is_easy":
        return "ends.effort_low", "ends.effort_high"
    return "ends.agree_low", "ends.agree_high"


def _star_metrics(question: Asked) -> tuple[str, ...]:
    return ("csat",) if question.settings.get("is_csat") else ("mean",)


def _check_labels(question: Asked) -> Iterable[tuple[str, str]]:
    labels = question.settings.get("labels")
    points = SCALES[question.kind].points(question)
    if isinstance(labels, tuple) and labels and len(labels) != len(points):
        yield "labels", f"Give {len(points)} words, one for each point, or none."


def _check_stars(question: Asked) -> Iterable[tuple[str, str]]:
    yield from _check_labels(question)
    if question.settings.get("is_csat") and whole(question.settings.get("points"), 5) != 5:
        yield (
            "is_csat",
            "Satisfaction is counted on five points. Set points to 5 or is_csat to false.",
        )


def _readers(question: Asked) -> Readers:
    """A scale has few answers, so they are made once and looked up: nothing is built per response."""
    points = SCALES[question.kind].points(question)
    by_number: dict[float, Answer] = {
        point: Answer(question.key, question.kind, point) for point in points
    }
    by_text = {str(point): by_number[point] for point in points}
    low, high = points[0], points[-1]

    def form(typed: Sequence[str]) -> Answer | None:
        if len(typed) == 1:
            answer = by_text.get(typed[0]) or by_text.get(typed[0].strip())
            if answer is not None:
                return answer
        elif len(typed) > 1:
            raise Refusal("one_only")
        if not typed or not typed[0].strip():
            return None
        raise Refusal("scale", low=low, high=high)

    def json(value: object) -> Answer | None:
        # type() and not isinstance(): True is an int, and is not a one.
        if type(value) is int or (type(value) is float and value.is_integer()):
            answer = by_number.get(value)
            if answer is not None:
                return answer
        if value is None:
            return None
        raise Refusal("scale", low=low, high=high)

    return Readers(form, json)


_columns = simple_column(lambda answer: answer.number)

# What all kinds answered by a point have in common.
_scale = partial(Kind, answer="numeric", template="scale", readers=_readers, columns=_columns)

SCALES: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        _scale(
            name="nps",
            title="Likelihood to recommend (NPS)",
            settings=_LABELS,
            metrics=lambda _: ("nps",),
            points=_nps_points,
            ends=lambda _: ("ends.likely_low", "ends.likely_high"),
        ),
        _scale(
            name="csat",
            title="Satisfaction (CSAT)",
            settings=(*_LABELS, _POINT_LABELS),
            metrics=lambda _: ("csat",),
            points=_csat_points,
            ends=lambda _: ("ends.satisfied_low", "ends.satisfied_high"),
            check=_check_labels,
        ),
        _scale(
            name="ces",
            title="Effort (CES)",
            settings=(*_LABELS, _POINT_LABELS, _DIRECTION),
            metrics=lambda _: ("ces",),
            points=_ces_points,
            ends=_ces_ends,
            check=_check_labels,
        ),
        _scale(
            name="stars",
            title="Star rating",
            settings=(*_LABELS, _POINT_LABELS, _POINTS, _IS_CSAT),
            metrics=_star_metrics,
            points=_star_points,
            ends=lambda _: ("ends.stars_low", "ends.stars_high"),
            check=_check_stars,
        ),
        _scale(
            name="smileys",
            title="Faces",
            settings=(*_LABELS, _POINT_LABELS, _SMILEYS, _IS_CSAT),
            metrics=_star_metrics,
            points=_agreement_points,
            ends=lambda _: ("ends.satisfied_low", "ends.satisfied_high"),
            check=_check_stars,
        ),
        _scale(
            name="likert",
            title="Agreement (Likert)",
            settings=(*_LABELS, _POINT_LABELS, _AGREEMENT),
            metrics=lambda _: ("mean",),
            points=_agreement_points,
            ends=lambda _: ("ends.agree_low", "ends.agree_high"),
            check=_check_labels,
        ),
        _scale(
            name="scale",
            title="Scale",
            settings=(*_LABELS, _POINT_LABELS, _LOW, _HIGH),
            metrics=lambda _: ("mean",),
            points=_scale_points,
            ends=lambda _: ("ends.plain_low", "ends.plain_high"),
            check=_check_scale,
        ),
    )
}
