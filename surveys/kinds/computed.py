"""Kinds nobody is asked: values calculated from other answers, and values that came with the link."""

from __future__ import annotations

from math import isfinite

from surveys.kinds.base import Asked, Cell, Kind, Readers, simple_column
from surveys.strings import is_storable, tidy
from surveys.values import Answer, Refusal

LONGEST = 2000
LARGEST = 1e15


def _readers(question: Asked) -> Readers:
    """A number or a text from a program; nothing from a form, where nobody is asked."""

    def read(text: str) -> Answer | None:
        text = tidy(text)[:LONGEST]
        return Answer(question.key, question.kind, None, text) if text else None

    def json(value: object) -> Answer | None:
        if isinstance(value, bool):
            return read("true" if value else "false")
        if isinstance(value, int | float):
            if abs(value) > LARGEST or not isfinite(value):
                raise Refusal("number")
            return Answer(question.key, question.kind, value)
        if isinstance(value, str) and is_storable(value):
            return read(value)
        if value is None:
            return None
        raise Refusal("not_text")

    return Readers(lambda typed: None, json)


def _cell(answer: Answer) -> Cell:
    return answer.text if answer.number is None else answer.number


COMPUTED: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            name="calculated",
            title="Calculated value",
            answer="text",
            template="none",
            readers=_readers,
            columns=simple_column(_cell),
            is_asked=False,
            seconds=0.0,
        ),
        Kind(
            name="hidden",
            title="Hidden value",
            answer="text",
            template="none",
            readers=_readers,
            columns=simple_column(_cell),
            is_asked=False,
            seconds=0.0,
        ),
    )
}
