"""Kinds answered by choosing from a list: one or several, by words or by pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from surveys.kinds.base import Asked, Cell, Column, Kind, Readers, Setting, whole
from surveys.values import Answer, Refusal

_MINIMUM = Setting("minimum", "integer", "Choose at least", default=0, minimum=0, maximum=200)
_MAXIMUM = Setting(
    "maximum", "integer", "Choose at most", "Empty: no limit.", minimum=1, maximum=200
)

_SELECT_ALL = Setting("has_select_all", "boolean", "Offer to choose all at once", default=None)


def _read_single(question: Asked) -> Readers:
    known = {
        choice.key: Answer(question.key, question.kind, choices=(choice.key,))
        for choice in question.choices
    }

    def form(typed: Sequence[str]) -> Answer | None:
        if len(typed) > 1:
            raise Refusal("one_only")
        if not typed or not typed[0]:
            return None
        answer = known.get(typed[0])
        if answer is None:
            raise Refusal("choice")
        return answer

    def json(value: object) -> Answer | None:
        if value is None:
            return None
        answer = known.get(value) if type(value) is str else None
        if answer is None:
            raise Refusal("choice")
        return answer

    return Readers(form, json)


def _read_multiple(question: Asked) -> Readers:
    order = {choice.key: place for place, choice in enumerate(question.choices)}
    minimum = whole(question.settings.get("minimum"), 0)
    maximum = whole(question.settings.get("maximum"), len(order))
    key, kind = question.key, question.kind
    alone = frozenset(place for place, choice in enumerate(question.choices) if choice.is_exclusive)

    def read(chosen: Iterable[object]) -> Answer | None:
        places: set[int] = set()
        for choice in chosen:
            place = order.get(choice) if type(choice) is str else None
            if place is None:
                raise Refusal("choice")
            places.add(place)
        if not places:
            return None
        if alone and len(places) > 1 and not alone.isdisjoint(places):
            raise Refusal("exclusive")
        # "None of these" is a whole answer, however many others would have been asked for.
        if len(places) < minimum and alone.isdisjoint(places):
            raise Refusal("too_few", minimum=minimum)
        if len(places) > maximum:
            raise Refusal("too_many", maximum=maximum)
        choices = tuple(question.choices[place].key for place in sorted(places))
        return Answer(key, kind, choices=choices)

    def form(typed: Sequence[str]) -> Answer | None:
        return read(choice for choice in typed if choice)

    def json(value: object) -> Answer | None:
        if value is None:
            return None
        if type(value) is not list and type(value) is not tuple:
            raise Refusal("choice_list")
        return read(value)

    return Readers(form, json)


def _single_columns(question: Asked) -> tuple[Column, ...]:
    labels = {choice.key: choice.label for choice in question.choices}

    def chosen(answer: Answer | None) -> Cell:
        return answer.choices[0] if answer is not None and answer.choices else None

    def label(answer: Answer | None) -> Cell:
        return labels.get(answer.choices[0]) if answer is not None and answer.choices else None

    return (
        Column(question.key, question.text, chosen),
        Column(f"{question.key}.label", f"{question.text} (words)", label),
    )


def _multiple_columns(question: Asked) -> tuple[Column, ...]:
    """One column a choice: 1 chosen, 0 not chosen, empty where the question was not answered."""

    def column(key: str, label: str) -> Column:
        def cell(answer: Answer | None) -> Cell:
            return None if answer is None else int(key in (answer.choices or ()))

        return Column(f"{question.key}.{key}", f"{question.text}: {label}", cell)

    return tuple(column(choice.key, choice.label) for choice in question.choices)


def _check_multiple(question: Asked) -> Iterable[tuple[str, str]]:
    # How many are carried over depends on what is answered.
    offered = len(question.choices) if question.choices_from is None else 1000
    minimum = whole(question.settings.get("minimum"), 0)
    maximum = whole(question.settings.get("maximum"), offered)
    if minimum > offered:
        yield "minimum", f"Only {offered} choices are offered. Set it to {offered} or less."
    if maximum < minimum:
        yield "maximum", f"It is less than the minimum of {minimum}. Set it to {minimum} or more."


# What all kinds with one choice have in common.
_single = partial(
    Kind,
    answer="choices",
    template="choices",
    readers=_read_single,
    columns=_single_columns,
    has_choices=True,
)

CHOOSING: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        _single(
            name="single_choice",
            title="One choice",
            seconds=7.0,
        ),
        _single(
            name="dropdown",
            title="One choice from a long list",
            seconds=8.0,
        ),
        _single(
            name="picture_choice",
            title="One of several pictures",
            seconds=7.0,
        ),
        _single(
            name="yes_no",
            title="Yes or no",
            fixed_choices=(("yes", "choice_yes"), ("no", "choice_no")),
            seconds=4.0,
        ),
        Kind(
            name="multiple_choice",
            title="Several choices",
            answer="choices",
            template="choices",
            readers=_read_multiple,
            columns=_multiple_columns,
            settings=(_MINIMUM, _MAXIMUM, _SELECT_ALL),
            check=_check_multiple,
            has_choices=True,
            takes_many=True,
            seconds=9.0,
        ),
    )
}
