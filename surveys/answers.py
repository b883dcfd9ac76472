"""From what a person or a program sent to answers, and from answers to what is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from surveys import kinds, translations
from surveys.compiled import compile as compiled
from surveys.definition import Definition, Question
from surveys.errors import AnswerError
from surveys.logic import to_json
from surveys.values import Answer, Cleaned, JsonValue, Refusal

__all__ = [
    "Answer",
    "Cleaned",
    "JsonValue",
    "all_to_json",
    "clean_form",
    "clean_json",
    "from_json",
    "to_json",
]


def clean_form(
    definition: Definition, page_index: int, form: Mapping[str, Sequence[str]]
) -> Cleaned:
    """Read one page of a form. Many responses to one definition: keep ``compile(definition)``."""
    return compiled(definition).clean_form_page(page_index, form)


def clean_json(definition: Definition, values: object, *, partial: bool = False) -> Cleaned:
    """Read a response given as JSON values by question key: numbers as numbers, choices as keys."""
    return compiled(definition).clean_all(values, partial=partial)


def all_to_json(answers: Mapping[str, Answer]) -> dict[str, JsonValue]:
    """All answers as ``clean_json`` reads them back."""
    return {key: to_json(answer) for key, answer in answers.items()}


def from_json(question: Question, value: object, language: str = "en") -> Answer:
    """The answer that ``to_json`` wrote for this question; raises AnswerError."""
    try:
        answer = kinds.kind(question.kind).readers(question).json(value)
    except Refusal as refusal:
        words = translations.text(language, f"errors.{refusal.code}", **refusal.blanks)
        raise AnswerError(question.key, words, refusal.code) from None
    if answer is None:
        words = translations.text(language, "errors.required")
        raise AnswerError(question.key, words, "required")
    return answer
