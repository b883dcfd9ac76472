"""The words asked beside a choice: "Other, please say"."""

from __future__ import annotations

from types import MappingProxyType

from surveys.kinds.base import Asked
from surveys.parts import Question

LONGEST = 500


def beside(question: Asked) -> tuple[Asked, ...]:
    """One short text for each choice that takes words, under the keys of both and ``text``."""
    return tuple(
        Question(
            key=f"{question.key}.{choice.key}.text",
            kind="short_text",
            text=f"{question.text}: {choice.label}",
            settings=MappingProxyType({"max_length": LONGEST}),
        )
        for choice in question.choices
        if choice.takes_text
    )
