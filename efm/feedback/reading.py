"""One response as people read it: the questions as they were asked, the answers in words."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from efm.errors import NotFound
from efm.feedback import listing, versions
from efm.feedback.stored import answer_of
from efm.models import Answer, Contact, Distribution, Response, Score, Survey, SurveyVersion
from surveys.asking import in_words
from surveys.definition import Question
from surveys.kinds.files import key_of, name_of
from surveys.values import Answer as AnswerValue


@dataclass(frozen=True)
class Line:
    """A question, the answer in words (None: not answered), its scores, its files by id and name."""

    question: Question
    said: str | None
    scores: Sequence[Score]
    files: Sequence[tuple[uuid.UUID, str]] = ()


@dataclass(frozen=True)
class Read:
    """A response with all around it."""

    response: Response
    survey: Survey
    version: SurveyVersion
    distribution: Distribution
    contact: Contact | None
    lines: Sequence[Line]


def _files(stored: Answer | None) -> list[tuple[uuid.UUID, str]]:
    if stored is None or stored.kind != "file_upload":
        return []
    return [(uuid.UUID(key_of(each)), name_of(each)) for each in stored.choices or ()]


def _value(stored: Answer) -> AnswerValue:
    return answer_of(
        stored.question_key,
        stored.kind,
        stored.number,
        stored.text,
        stored.choices,
        stored.on_day,
    )


def read(session: Session, response_id: uuid.UUID) -> Read:
    """A complete response; raises NotFound for a missing, unfinished or a stranger's one."""
    organization_id = session.info["organization_id"]
    response = session.get(Response, (organization_id, response_id))
    if response is None or response.state != "complete":
        raise NotFound("There is no such response.")
    survey = session.get_one(Survey, (organization_id, response.survey_id))
    version = session.get_one(SurveyVersion, (organization_id, response.version_id))
    distribution = session.get_one(Distribution, (organization_id, response.distribution_id))
    contact = None
    if response.contact_id is not None:
        contact = session.get(Contact, (organization_id, response.contact_id))
    atoms = versions.compiled(session, response.version_id).atoms.values()
    answers = listing.answers_of(session, response_id)
    scores = listing.scores_of(session, response_id)
    lines = [
        Line(
            question,
            in_words(question, _value(answers[question.key])) if question.key in answers else None,
            [score for score in scores if score.question_key == question.key],
            _files(answers.get(question.key)),
        )
        for question in atoms
        if question.kind != "statement" and (question.key in answers or "." not in question.key)
    ]
    return Read(response, survey, version, distribution, contact, lines)
