"""Kinds that weigh choices against one another: ranking, constant sum, best and worst (MaxDiff)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from types import MappingProxyType

from surveys.kinds.base import (
    Asked,
    Cell,
    Column,
    Kind,
    Readers,
    Setting,
    no_columns,
    no_readers,
    whole,
)
from surveys.parts import Choice, Question
from surveys.values import Answer, Refusal


def _read_ranking(question: Asked) -> Readers:
    """Keys in the order given. A form gives each choice its place: ``key=2`` or a list of keys."""
    known = {choice.key for choice in question.choices}
    maximum = whole(question.settings.get("maximum"), len(known))
    # Where choices may be missing for a person, how many are to be ranked is judged with those shown.
    least = 1 if _may_lack(question) else _least_ranked(question)

    def read(ranked: Sequence[object]) -> Answer | None:
        if not ranked:
            return None
        if any(type(each) is not str or each not in known for each in ranked):
            raise Refusal("choice")
        if len(set(ranked)) < len(ranked):
            raise Refusal("rank_twice")
        if len(ranked) > maximum:
            raise Refusal("too_many", maximum=maximum)
        if len(ranked) < least:
            raise Refusal("rank_all", minimum=least)
        return Answer(question.key, question.kind, choices=tuple(str(each) for each in ranked))

    def form(typed: Sequence[str]) -> Answer | None:
        places: dict[int, str] = {}
        plain: list[str] = []
        for each in typed:
            key, is_placed, place = each.partition("=")
            if not is_placed:
                if key:
                    plain.append(key)
                continue
            if not place.strip():
                continue
            if not place.strip().isdecimal() or len(place) > 6:
                raise Refusal("rank_number", maximum=len(known))
            if int(place) in places:
                raise Refusal("rank_twice")
            places[int(place)] = key
        return read(plain or [places[place] for place in sorted(places)])

    def json(value: object) -> Answer | None:
        if value is None:
            return None
        if type(value) is not list and type(value) is not tuple:
            raise Refusal("choice_list")
        return read(value)

    return Readers(form, json)


def _may_lack(question: Asked) -> bool:
    return question.choices_from is not None or any(
        each.show_if is not None for each in question.choices
    )


def _least_ranked(question: Asked) -> int:
    """How many of the offered choices are to be ranked."""
    offered = len(question.choices)
    maximum = whole(question.settings.get("maximum"), offered)
    return min(whole(question.settings.get("minimum"), 0) or maximum, offered)


def _judge_ranking(question: Asked, answers: Mapping[str, Answer]) -> None:
    answer = answers.get(question.key)
    least = _least_ranked(question)
    if answer is not None and len(answer.choices or ()) < least:
        raise Refusal("rank_all", minimum=least)


def _rank_columns(question: Asked) -> tuple[Column, ...]:
    """One column a choice: its place, 1 the first; empty where it was not ranked."""

    def column(key: str, label: str) -> Column:
        def cell(answer: Answer | None) -> Cell:
            ranked = () if answer is None else answer.choices or ()
            return ranked.index(key) + 1 if key in ranked else None

        return Column(f"{question.key}.{key}", f"{question.text}: {label} (place)", cell)

    return tuple(column(choice.key, choice.label) for choice in question.choices)


def _shares(question: Asked) -> tuple[Asked, ...]:
    settings = MappingProxyType(
        {"minimum": 0, "decimals": whole(question.settings.get("decimals"), 0)}
    )
    return tuple(
        Question(
            key=f"{question.key}.{choice.key}",
            kind="number",
            text=f"{question.text}: {choice.label}",
            show_if=choice.show_if,
            settings=settings,
        )
        for choice in question.choices
    )


def _judge_sum(question: Asked, answers: Mapping[str, Answer]) -> None:
    given = [
        answer.number or 0
        for choice in question.choices
        if (answer := answers.get(f"{question.key}.{choice.key}")) is not None
    ]
    total = question.settings.get("total", 100)
    if not given and not question.is_required:
        return
    if not given:
        raise Refusal("required")
    if isinstance(total, int | float) and abs(sum(given) - total) > 1e-9:
        raise Refusal("total", total=total, sum=round(sum(given), 6))


def sets_of(question: Asked) -> tuple[tuple[Choice, ...], ...]:
    """The sets a best-worst question shows: each of ``size`` choices, chosen so that pairs of

    choices meet about equally often; the same for everybody, as the answers' keys must be.
    """
    choices = tuple(question.choices)
    size = min(whole(question.settings.get("size"), 4), len(choices))
    count = whole(question.settings.get("sets"), 0) or -(-3 * len(choices) // max(size, 1))
    met = dict.fromkeys(combinations(range(len(choices)), 2), 0)
    seen = [0] * len(choices)
    sets = []
    for _ in range(count):
        chosen: list[int] = []
        while len(chosen) < size:
            left = [each for each in range(len(choices)) if each not in chosen]
            chosen.append(
                min(
                    left,
                    key=lambda each: (
                        seen[each],
                        sum(met[min(each, other), max(each, other)] for other in chosen),
                        each,
                    ),
                )
            )
        for each in chosen:
            seen[each] += 1
        for first, second in combinations(sorted(chosen), 2):
            met[first, second] += 1
        sets.append(tuple(choices[each] for each in sorted(chosen)))
    return tuple(sets)


def _best_worst(question: Asked) -> tuple[Asked, ...]:
    return tuple(
        Question(
            key=f"{question.key}.{number}.{end}",
            kind="single_choice",
            text=f"{question.text} ({number}, {end})",
            is_required=question.is_required,
            choices=shown,
        )
        for number, shown in enumerate(sets_of(question), 1)
        for end in ("best", "worst")
    )


def _judge_best_worst(question: Asked, answers: Mapping[str, Answer]) -> None:
    for number in range(1, len(sets_of(question)) + 1):
        best = answers.get(f"{question.key}.{number}.best")
        worst = answers.get(f"{question.key}.{number}.worst")
        if best is not None and worst is not None and best.choices == worst.choices:
            raise Refusal("best_is_worst")


def _check_ranking(question: Asked) -> Iterable[tuple[str, str]]:
    # How many are carried over depends on what is answered.
    offered = len(question.choices) if question.choices_from is None else 1000
    minimum = whole(question.settings.get("minimum"), 0)
    maximum = whole(question.settings.get("maximum"), offered)
    if offered and minimum > offered:
        yield "minimum", f"Only {offered} choices are offered. Set it to {offered} or less."
    if maximum < minimum:
        yield "maximum", f"It is less than the minimum of {minimum}. Set it to {minimum} or more."


def _check_best_worst(question: Asked) -> Iterable[tuple[str, str]]:
    if question.choices_from is not None or any(
        each.show_if is not None for each in question.choices
    ):
        yield (
            "sets",
            "Its sets are the same for everybody; ask it of choices that are always shown.",
        )


ORDERING: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            name="ranking",
            title="Ranking",
            answer="choices",
            template="ranking",
            readers=_read_ranking,
            columns=_rank_columns,
            settings=(
                Setting("minimum", "integer", "Rank at least", "Empty: all.", minimum=1),
                Setting("maximum", "integer", "Rank at most", "Empty: all.", minimum=1),
            ),
            check=_check_ranking,
            judge=_judge_ranking,
            has_choices=True,
            takes_many=True,
            seconds=15.0,
        ),
        Kind(
            name="constant_sum",
            title="Share out a total",
            answer="none",
            template="array",
            readers=no_readers,
            columns=no_columns,
            settings=(
                Setting("total", "number", "The total", default=100, minimum=0.000001),
                Setting("decimals", "integer", "Decimal places", default=0, minimum=0, maximum=6),
                Setting("unit", "text", "Unit", "Such as % or points."),
            ),
            has_choices=True,
            expand=_shares,
            judge=_judge_sum,
            seconds=20.0,
        ),
        Kind(
            name="max_diff",
            title="Best and worst (MaxDiff)",
            answer="none",
            template="array",
            readers=no_readers,
            columns=no_columns,
            settings=(
                Setting("size", "integer", "Choices in a set", default=4, minimum=2, maximum=8),
                Setting("sets", "integer", "Sets", "Empty: each choice is seen three times.", minimum=1, maximum=40),
                Setting("best_label", "text", "Words for the best", "Empty: Best."),
                Setting("worst_label", "text", "Words for the worst", "Empty: Worst."),
            ),
            has_choices=True,
            least_choices=3,
            check=_check_best_worst,
            expand=_best_worst,
            judge=_judge_best_worst,
            seconds=12.0,
        ),
    )
}  # fmt: skip
