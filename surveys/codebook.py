"""What the columns of an export mean: the variables of a survey, over all of its versions.

A variable follows a question's key, not its wording: the newest wording names it, choices of older
versions are kept, and the code of a choice is its place in order of first publication, so that a
later version never renumbers what was exported before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal, TypeAlias

from surveys import kinds
from surveys.definition import Choice, Definition, Question
from surveys.kinds import Cell
from surveys.looping import unrolled
from surveys.values import Answer

VariableType: TypeAlias = Literal["text", "key", "flag", "whole", "number", "day", "moment"]
Measure: TypeAlias = Literal["nominal", "ordinal", "scale"]
Source: TypeAlias = Literal["response", "answer", "band", "sentiment", "sentiment_label", "data"]

NO_ANSWER_WORDS, NOT_ASKED_WORDS = "No answer", "Not asked in this version"
_CODES = (-99, -98)
# Beyond every number a question accepts.
_FAR_CODES = (-9_999_999_999_999, -9_999_999_999_998)
_DAY = date(2001, 2, 3)


@dataclass(frozen=True, slots=True)
class Value:
    """One value a variable can have: as it is exported, as a number, in words."""

    value: str | int
    code: int
    label: str


@dataclass(frozen=True, slots=True)
class Variable:
    """One column of an export.

    ``read`` gives the cell of an answer. ``versions`` are the numbers of the versions that have the
    variable; empty for what every response has. ``missing`` are the codes that stand for the two
    reasons of having no value, where a format marks them: no answer, not asked.
    """

    name: str
    label: str
    type: VariableType
    source: Source = "response"
    key: str = ""
    kind: str = ""
    text: str = ""
    metric: str = ""
    values: tuple[Value, ...] = ()
    versions: tuple[int, ...] = ()
    missing: tuple[int, int] | None = None
    is_point: bool = False
    read: Callable[[Answer | None], Cell] | None = field(default=None, compare=False, repr=False)

    @property
    def measure(self) -> Measure:
        """The level of measurement: names, an order, or distances."""
        if self.type in ("text", "key", "flag"):
            return "nominal"
        return "ordinal" if self.is_point else "scale"


@dataclass(slots=True)
class _Asked:
    """One question of one kind as the versions asked it, oldest first."""

    numbers: list[int]
    wordings: list[Question]
    language: str

    @property
    def newest(self) -> Question:
        return self.wordings[-1]

    def choices(self) -> dict[str, Choice]:
        """All choices any version offered in order of first publication, in the newest words."""
        return {choice.key: choice for wording in self.wordings for choice in wording.choices}


def variables(
    versions: Iterable[tuple[int, Definition]], comments: Collection[str] = ("long_text",)
) -> tuple[Variable, ...]:
    """The variables of a survey's questions and their scores, in the newest version's order.

    ``comments`` are the kinds whose texts are scored for sentiment.
    What only older versions asked comes last. Where a key changed its kind, the older kind is a
    variable of its own, named with the kind behind an at sign.
    """
    asked: dict[tuple[str, str], _Asked] = {}
    ordered = sorted(versions, key=lambda version: version[0])
    for number, definition in ordered:
        for question in leaves(definition):
            found = asked.setdefault(
                (question.key, question.kind), _Asked([], [], definition.language)
            )
            found.numbers.append(number)
            found.wordings.append(question)
            found.language = definition.language
    places: dict[tuple[str, str], None] = {}
    for _, definition in reversed(ordered):
        places |= dict.fromkeys((question.key, question.kind) for question in leaves(definition))
    kind_of: dict[str, str] = {}
    made: list[Variable] = []
    for key, kind in places:
        is_older_kind = kind_of.setdefault(key, kind) != kind
        about = _of_question(
            asked[key, kind], f"@{kind}" if is_older_kind else "", has_sentiment=kind in comments
        )
        made += about
    return (*made, *_beside(ordered))


def _beside(ordered: Sequence[tuple[int, Definition]]) -> Iterator[Variable]:
    """What a response knows beside its answers: data of the link and the customer, what was drawn,

    and the ending it was led to.
    """
    numbers: dict[str, list[int]] = {}
    labels: dict[str, str] = {}
    endings: dict[str, str] = {}
    with_endings: list[int] = []
    for number, definition in ordered:
        for each in definition.data:
            numbers.setdefault(each.key, []).append(number)
            labels[each.key] = f"Data: {each.name or each.key}"
        for randomizer in definition.randomizers:
            numbers.setdefault(randomizer.key, []).append(number)
            labels[randomizer.key] = f"Drawn: blocks of {randomizer.key}"
        if definition.endings:
            with_endings.append(number)
            endings |= {each.key: each.title or each.text[:80] for each in definition.endings}
    for key, versions in numbers.items():
        yield Variable(
            f"data.{key}", labels[key], "text", "data", key=key, versions=tuple(versions)
        )
    if endings:
        values = tuple(
            Value(key, code, text) for code, (key, text) in enumerate(endings.items(), 1)
        )
        yield Variable(
            "ending", "Ending", "key", "data", values=values, versions=tuple(with_endings)
        )


def leaves(definition: Definition) -> Iterator[Question]:
    """The questions that are answered; those a composite question consists of stand for it."""
    for question in unrolled(definition).questions:
        for each in kinds.atoms(question):
            if kinds.kind(each.kind).answer != "none":
                yield each


def _of_question(asked: _Asked, ending: str, *, has_sentiment: bool) -> list[Variable]:
    choices = asked.choices()
    newest = asked.newest
    if choices:
        newest = replace(newest, choices=tuple(choices.values()))
    numbers: dict[str, list[int]] = {}
    columns: dict[str, kinds.Column] = {}
    for number, wording in zip(asked.numbers, asked.wordings, strict=True):
        for column in kinds.kind(wording.kind).columns(wording):
            numbers.setdefault(column.name, []).append(number)
            columns[column.name] = column
    columns |= {column.name: column for column in kinds.kind(newest.kind).columns(newest)}
    about = _About(asked, newest, choices, ending)
    made = [
        about.answer(each, numbers[name])
        for name, column in columns.items()
        for each in _split(newest, column)
    ]
    for metric in kinds.metrics(newest):
        made.append(about.score(f"{metric}_band", metric, "band", "text"))
    if has_sentiment:
        made.append(about.score("sentiment", "sentiment", "sentiment", "number"))
        made.append(about.score("sentiment_label", "sentiment", "sentiment_label", "text"))
    return made


def _split(question: Question, column: kinds.Column) -> Iterator[kinds.Column]:
    """The column; one that holds numbers as well as texts is a column for each."""
    answer = Answer(question.key, question.kind)
    if kinds.kind(question.kind).answer != "text" or not isinstance(
        column.value(answer._replace(number=0.5)), float
    ):
        yield column
        return

    def number(answer: Answer | None) -> Cell:
        value = column.value(answer)
        return None if isinstance(value, str) else value

    def words(answer: Answer | None) -> Cell:
        value = column.value(answer)
        return value if isinstance(value, str) else None

    yield column._replace(value=number)
    yield column._replace(name=f"{column.name}.text", value=words)


_SCORE_WORDS = {
    "band": "group of the score",
    "sentiment": "sentiment from -1 to 1",
    "sentiment_label": "sentiment in words",
}


@dataclass(frozen=True, slots=True)
class _About:
    """Makes the variables of one question."""

    asked: _Asked
    question: Question
    choices: Mapping[str, Choice]
    ending: str

    def answer(self, column: kinds.Column, numbers: Sequence[int]) -> Variable:
        points = kinds.points(self.question)
        made = type_of(self.question, column)
        is_point = bool(points) and made == "whole"
        return Variable(
            name=column.name + self.ending,
            label=column.label,
            type=made,
            source="answer",
            key=self.question.key,
            kind=self.question.kind,
            text=self.question.text,
            values=self._values(made, is_point),
            versions=tuple(numbers),
            missing=None if made in ("text", "day") else self._missing(made, is_point),
            is_point=is_point,
            read=column.value,
        )

    def score(self, ending: str, metric: str, source: Source, made: VariableType) -> Variable:
        return Variable(
            name=f"{self.question.key}_{ending}{self.ending}",
            label=f"{self.question.text} ({_SCORE_WORDS[source]})",
            type=made,
            source=source,
            key=self.question.key,
            kind=self.question.kind,
            text=self.question.text,
            metric=metric,
            versions=tuple(self.asked.numbers),
            missing=None if made == "text" else _CODES,
        )

    def _values(self, made: VariableType, is_point: bool) -> tuple[Value, ...]:
        if made == "flag":
            return (Value(0, 0, "Not chosen"), Value(1, 1, "Chosen"))
        if made == "key":
            return tuple(
                Value(choice.key, code, choice.label)
                for code, choice in enumerate(self.choices.values(), 1)
            )
        scale = kinds.scale(self.question, self.asked.language) if is_point else None
        if scale is None:
            return ()
        if scale.words:
            worded = list(zip(scale.points, scale.words, strict=True))
        else:
            worded = [(scale.points[0], scale.low_words), (scale.points[-1], scale.high_words)]
        return tuple(Value(point, point, words) for point, words in worded)

    def _missing(self, made: VariableType, is_point: bool) -> tuple[int, int]:
        """Codes no answer can be: the far ones where an answer may be far below zero."""
        if is_point or kinds.kind(self.question.kind).answer == "choices":
            return _CODES
        lowest = [wording.settings.get("minimum") for wording in self.asked.wordings]
        is_above = all(isinstance(least, int | float) and least > max(_CODES) for least in lowest)
        return _CODES if is_above else _FAR_CODES


def type_of(question: Question, column: kinds.Column) -> VariableType:
    """What a column holds, found by asking it for the cells of answers the question could get."""
    shape = kinds.kind(question.kind).answer
    answer = Answer(question.key, question.kind)
    if shape == "numeric":
        if not isinstance(column.value(answer._replace(number=1)), int | float):
            return "text"
        is_whole = kinds.points(question) or question.settings.get("decimals", 1) == 0
        return "whole" if is_whole else "number"
    if shape == "text" and isinstance(column.value(answer._replace(number=0.5)), float):
        return "number"
    if shape == "date":
        return "day" if column.value(answer._replace(on=_DAY)) == _DAY.isoformat() else "text"
    if shape == "choices" and question.choices:
        return _type_of_choices(question, column, answer)
    return "text"


def _type_of_choices(question: Question, column: kinds.Column, answer: Answer) -> VariableType:
    keys = [choice.key for choice in question.choices]
    cells = [column.value(answer._replace(choices=(key,))) for key in keys]
    if all(cell == key for cell, key in zip(cells, keys, strict=True)):
        return "key"
    if all(isinstance(cell, int) and cell in (0, 1) for cell in cells):
        return "flag"
    if all(cell is None or isinstance(cell, int) for cell in cells):
        return "whole"
    return (
        "number" if all(cell is None or isinstance(cell, int | float) for cell in cells) else "text"
    )
