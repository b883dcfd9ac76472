"""What a question kind declares, and the vocabulary its declaration is written in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from surveys.parts import Question, SettingValue
from surveys.strings import is_storable
from surveys.values import Answer, Refusal

AnswerShape: TypeAlias = Literal["numeric", "choices", "text", "date", "none"]
# "prose" is a longer text, "media" the address of a file that was brought in to be shown.
SettingType: TypeAlias = Literal[
    "integer", "number", "boolean", "text", "texts", "prose", "media", "date", "option"
]


# A question as kinds see it.
Asked: TypeAlias = Question
FormReader: TypeAlias = Callable[[Sequence[str]], Answer | None]
JsonReader: TypeAlias = Callable[[object], Answer | None]
Cell: TypeAlias = str | int | float | None


class Readers(NamedTuple):
    """How one question's answer is read: from the strings of a form, from a JSON value.

    Both return None for "not answered" and raise Refusal for anything that is not an answer.
    """

    form: FormReader
    json: JsonReader


class Column(NamedTuple):
    """One column of an export: a stable name, words for people, the cell for an answer.

    ``key`` is the key of that answer: the question's, or that of a part of a composite one.
    """

    name: str
    label: str
    value: Callable[[Answer | None], Cell]
    key: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a kind; forms, checks and docs are drawn from it. No default means optional.

    ``of`` names the setting without which this one says nothing.
    """

    name: str
    type: SettingType
    label: str
    help: str = ""
    default: SettingValue | None = None
    minimum: float | None = None
    maximum: float | None = None
    options: tuple[str, ...] = ()
    of: str = ""


def no_strings(_: Asked) -> tuple[str, ...]:
    """The default where a kind has no metrics."""
    return ()


def no_points(_: Asked) -> tuple[int, ...]:
    """The default where a kind has no scale."""
    return ()


def no_ends(_: Asked) -> tuple[str, str] | None:
    """The default where a scale's ends have no words of their own."""
    return None


def accept_all(_: Asked, __: Mapping[str, Answer]) -> None:
    """The default where the answers of a question's parts need not fit one another."""


def no_problems(_: Asked) -> Iterable[tuple[str, str]]:
    """The default where settings need no check across one another."""
    return ()


@dataclass(frozen=True, slots=True)
class Kind:
    """A question kind: what it asks, how its answer is read, shown, scored and exported.

    ``template`` names the drawing ('scale', 'choices', 'text', 'number', 'date', 'statement').
    ``ends`` gives the translation keys of the default words for both ends of a scale. ``check``
    yields (setting, message) for settings that contradict one another. ``fixed_choices`` are the
    keys of choices that are always the same, each with the translation key of its usual words.
    ``expand`` gives the questions a composite one consists of, each asked and answered by itself
    under a key with dots (``matrix.row``); ``judge`` raises Refusal where their answers do not fit one
    another. ``is_asked`` is false for what nobody is shown. ``seconds`` is what an answer takes beyond reading, for the estimate shown before a survey.
    """

    name: str
    title: str
    answer: AnswerShape
    template: str
    readers: Callable[[Asked], Readers]
    columns: Callable[[Asked], tuple[Column, ...]]
    settings: tuple[Setting, ...] = ()
    metrics: Callable[[Asked], tuple[str, ...]] = no_strings
    points: Callable[[Asked], tuple[int, ...]] = no_points
    ends: Callable[[Asked], tuple[str, str] | None] = no_ends
    check: Callable[[Asked], Iterable[tuple[str, str]]] = no_problems
    has_choices: bool = False
    least_choices: int = 1
    has_rows: bool = False
    has_parts: bool = False
    takes_many: bool = False
    is_asked: bool = True
    expand: Callable[[Asked], tuple[Asked, ...]] | None = None
    judge: Callable[[Asked, Mapping[str, Answer]], None] = accept_all
    fixed_choices: tuple[tuple[str, str], ...] = ()
    seconds: float = 5.0

    def setting(self, question: Asked, name: str) -> SettingValue | None:
        """The question's value of a setting, or the kind's default."""
        if name in question.settings:
            return question.settings[name]
        return next(setting.default for setting in self.settings if setting.name == name)


def whole(value: SettingValue | None, otherwise: int) -> int:
    """A setting read as a whole number."""
    return int(value) if isinstance(value, int | float) else otherwise


def one_of(typed: Sequence[str]) -> str:
    """The one string a form sent for a question, trimmed; '' where it sent none."""
    return typed[0].strip() if typed else ""


def text_readers(read: Callable[[str], Answer | None]) -> Readers:
    """Readers of a kind that is given as one text; `read` makes the answer of it, or refuses it."""

    def form(typed: Sequence[str]) -> Answer | None:
        if len(typed) > 1:
            raise Refusal("one_only")
        return read(typed[0]) if typed else None

    def json(value: object) -> Answer | None:
        if value is None:
            return None
        if type(value) is not str:
            raise Refusal("not_text")
        if not is_storable(value):
            raise Refusal("characters")
        return read(value)

    return Readers(form, json)


def no_readers(_: Asked) -> Readers:
    """Readers of what takes no answer itself: a statement, or a question answered by its parts."""

    def form(typed: Sequence[str]) -> Answer | None:
        return None

    def json(value: object) -> Answer | None:
        if value is None:
            return None
        raise Refusal("no_answer")

    return Readers(form, json)


def no_columns(_: Asked) -> tuple[Column, ...]:
    """Columns of what takes no answer itself."""
    return ()


def simple_column(value: Callable[[Answer], Cell]) -> Callable[[Asked], tuple[Column, ...]]:
    """Columns of a kind that fills exactly one cell, named by the question's key."""

    def columns(question: Asked) -> tuple[Column, ...]:
        def cell(answer: Answer | None) -> Cell:
            return None if answer is None else value(answer)

        return (Column(question.key, question.text, cell),)

    return columns
