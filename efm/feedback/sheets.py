"""The responses of a survey as rows under its variables, read in pieces so that memory stays flat."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import Enum
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from efm.feedback.listing import ResponseFilter, narrowed
from efm.feedback.score import COMMENT_KINDS
from efm.feedback.stored import answer_of
from efm.models import Answer as AnswerRow
from efm.models import Contact, Response, Score, Survey, SurveyVersion
from surveys import codebook, variable_names
from surveys.codebook import Variable
from surveys.definition import load
from surveys.values import Answer

CHUNK = 1000

FIXED = (
    Variable("response_id", "Response", "text"),
    Variable("submitted_at", "Submitted (UTC)", "moment"),
    Variable("started_at", "Started (UTC)", "moment"),
    Variable("version", "Version of the survey", "whole"),
    Variable("language", "Language", "text"),
    Variable("channel", "Channel", "text"),
    Variable("touchpoint", "Touchpoint", "text"),
    Variable("contact", "Name of the contact", "text"),
    Variable("email", "E-mail address of the contact", "text"),
)  # fmt: skip


class Missing(Enum):
    """Why a cell has no value, where it is not simply unanswered (None)."""

    NOT_ASKED = "not asked"


NOT_ASKED: Final = Missing.NOT_ASKED
Cell: TypeAlias = (
    "str | int | float | date | datetime | uuid.UUID | Literal[Missing.NOT_ASKED] | None"
)


class Scored(NamedTuple):
    """A score of one answer."""

    state: str
    value: float | None
    band: str | None
    language: str | None


@dataclass(slots=True)
class Gathered:
    """One response with all that belongs to it; scores by question key and metric."""

    fixed: tuple[Any, ...]
    version_id: uuid.UUID
    data: Mapping[str, Any] = field(default_factory=dict)
    ending: str | None = None
    answers: dict[str, Answer] = field(default_factory=dict)
    scores: dict[tuple[str, str], Scored] = field(default_factory=dict)


_Reader: TypeAlias = Callable[[Gathered], Cell]


@dataclass(frozen=True)
class Sheet:
    """What an export of a survey consists of before a response is read."""

    survey_id: uuid.UUID
    survey_name: str
    variables: tuple[Variable, ...]
    numbers: Mapping[uuid.UUID, int]
    plans: Mapping[uuid.UUID, tuple[tuple[int, _Reader], ...]]

    @property
    def names(self) -> list[str]:
        """The names of the columns, each once."""
        return [variable.name for variable in self.variables]

    def cells(self, response: Gathered) -> list[Cell]:
        """The row of a response, a cell a variable."""
        row: list[Cell] = [NOT_ASKED] * len(self.variables)
        row[: len(FIXED)] = response.fixed
        for place, read in self.plans[response.version_id]:
            row[place] = read(response)
        return row


def sheet(session: Session, survey: Survey) -> Sheet:
    """The variables of every version of the survey, and how each version's responses fill them."""
    found = session.execute(
        select(SurveyVersion.id, SurveyVersion.number, SurveyVersion.definition).where(
            SurveyVersion.survey_id == survey.id
        )
    ).all()
    numbers = {row.id: row.number for row in found}
    asked = codebook.variables(((row.number, load(row.definition)) for row in found), COMMENT_KINDS)
    variables = [*FIXED, *asked]
    names = variable_names.unique(variable.name for variable in variables)
    return Sheet(
        survey.id,
        survey.name,
        tuple(replace(each, name=name) for each, name in zip(variables, names, strict=True)),
        numbers,
        {version_id: _plan(variables, number) for version_id, number in numbers.items()},
    )


def _plan(variables: Sequence[Variable], number: int) -> tuple[tuple[int, _Reader], ...]:
    """Which columns a version's responses can fill, and from what."""
    return tuple(
        (place, _reader(variable))
        for place, variable in enumerate(variables)
        if number in variable.versions
    )


def _reader(variable: Variable) -> _Reader:
    key, kind, metric = variable.key, variable.kind, variable.metric
    if variable.source == "data":
        return _data_reader(key)
    read = variable.read
    if read is not None:
        is_day = variable.type == "day"

        def answered(response: Gathered) -> Cell:
            answer = response.answers.get(key)
            value = read(answer if answer is not None and answer.kind == kind else None)
            return date.fromisoformat(value) if is_day and isinstance(value, str) else value

        return answered

    def scored(response: Gathered) -> Cell:
        score = response.scores.get((key, metric))
        if score is None:
            return None
        if variable.source == "sentiment":
            return score.value
        return score.band or score.state if variable.source == "sentiment_label" else score.band

    return scored


def _data_reader(key: str) -> _Reader:
    """Reads a value kept beside the answers; without a key the ending. A list is its parts in order."""

    def known(response: Gathered) -> Cell:
        value = response.data.get(key) if key else response.ending
        if isinstance(value, list):
            return ", ".join(map(str, value)) or None
        return None if value is None or value == "" else str(value)

    return known


def responses(session: Session, about: Sheet, wanted: ResponseFilter) -> Iterator[Gathered]:
    """The complete responses, oldest first."""
    query = narrowed(
        select(
            Response.id, Response.submitted_at, Response.started_at, Response.version_id,
            Response.language, Response.channel, Response.touchpoint, Contact.name, Contact.email,
            Response.attributes, Response.ending,
        ).outerjoin(Contact, Contact.id == Response.contact_id),
        replace(wanted, survey_id=about.survey_id),
    ).order_by(Response.submitted_at, Response.id)  # fmt: skip
    part = query
    while found := session.execute(part.limit(CHUNK)).all():
        gathered = {
            row[0]: Gathered(
                (*row[:3], about.numbers[row[3]], *row[4:-2]), row[3], row[-2], row[-1]
            )
            for row in found
        }
        _fill(session, gathered)
        yield from gathered.values()
        part = query.where(
            tuple_(Response.submitted_at, Response.id) > (found[-1][1], found[-1][0])
        )


def _fill(session: Session, gathered: Mapping[uuid.UUID, Gathered]) -> None:
    answers = select(
        AnswerRow.response_id, AnswerRow.question_key, AnswerRow.kind, AnswerRow.number,
        AnswerRow.text, AnswerRow.choices, AnswerRow.on_day,
    ).where(AnswerRow.response_id.in_(gathered))  # fmt: skip
    for answer in session.execute(answers):
        gathered[answer[0]].answers[answer[1]] = as_value(*answer[1:])
    scores = select(
        Score.response_id, Score.question_key, Score.metric, Score.state, Score.value, Score.band,
        Score.language,
    ).where(Score.response_id.in_(gathered))  # fmt: skip
    for score in session.execute(scores):
        gathered[score[0]].scores[score[1], score[2]] = Scored(*score[3:])


def as_value(
    key: str,
    kind: str,
    number: float | None,
    text: str | None,
    choices: Sequence[str] | None,
    on_day: date | None,
) -> Answer:
    """A stored answer as the survey engine's value; whole numbers are whole again."""
    if number is not None and number.is_integer():
        number = int(number)
    return answer_of(key, kind, number, text, choices, on_day)
