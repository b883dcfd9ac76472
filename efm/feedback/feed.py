"""Surveys and responses as programs read them: plain values, a page at a time, in keyset order."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from efm.customers.records import PATIENCE
from efm.errors import NotFound
from efm.feedback import versions
from efm.models import Answer, Response, Score, Survey, SurveyVersion
from surveys import values
from surveys.answers import to_json
from surveys.definition import Definition, dump

Document = dict[str, Any]

# What a respondent sees. A definition may learn more than that one day; a program will not.
_SHOWN = ("title", "language", "introduction", "thank_you", "privacy", "anonymous", "pages")
_SHOWN_OF_PAGE = ("key", "title", "questions")
_SHOWN_OF_QUESTION = ("key", "kind", "text", "help", "is_required", "choices", "settings")

# Parts are many, so they are read as plain rows and not as objects.
_ANSWER = (
    Answer.response_id, Answer.question_key, Answer.kind, Answer.number, Answer.text,
    Answer.choices, Answer.on_day,
)  # fmt: skip
_SCORE = (
    Score.response_id, Score.metric, Score.question_key, Score.state, Score.value, Score.band,
    Score.language, Score.reason,
)  # fmt: skip


@dataclass(frozen=True)
class ResponseFilter:
    """Which responses: None means all. Times bound `submitted_at`, from inclusive, to exclusive."""

    survey_id: uuid.UUID | None = None
    contact_id: uuid.UUID | None = None
    submitted_from: datetime | None = None
    submitted_to: datetime | None = None


@dataclass(frozen=True)
class Slice:
    """Some rows of a list, and the id after which it goes on (None: this was the end)."""

    rows: Sequence[Document]
    last_id: uuid.UUID | None


def surveys(session: Session, after: uuid.UUID | None, limit: int) -> Slice:
    """Surveys, the newest first."""
    query = (
        select(Survey, SurveyVersion)
        .outerjoin(SurveyVersion, SurveyVersion.id == Survey.current_version_id)
        .order_by(Survey.id.desc())
    )
    if after:
        query = query.where(Survey.id < after)
    found = session.execute(query.limit(limit + 1)).all()
    rows = [_survey(survey, version) for survey, version in found[:limit]]
    return Slice(rows, rows[-1]["id"] if len(found) > limit else None)


def survey(session: Session, survey_id: uuid.UUID) -> Document:
    """One survey with the definition people answer now; raises NotFound."""
    found = _found_survey(session, survey_id)
    version = None
    if found.current_version_id is not None:
        version = session.get(
            SurveyVersion, (session.info["organization_id"], found.current_version_id)
        )
    definition = None
    if version is not None:
        definition = shown(versions.compiled(session, version.id).definition)
    return _survey(found, version) | {"definition": definition}


def survey_versions(
    session: Session, survey_id: uuid.UUID, after: uuid.UUID | None, limit: int
) -> Slice:
    """The published versions of a survey, the newest first; raises NotFound."""
    current = _found_survey(session, survey_id).current_version_id
    query = select(SurveyVersion).where(SurveyVersion.survey_id == survey_id)
    if after:
        query = query.where(SurveyVersion.id < after)
    found = session.scalars(query.order_by(SurveyVersion.id.desc()).limit(limit + 1)).all()
    rows = [_version(each) | {"is_current": each.id == current} for each in found[:limit]]
    return Slice(rows, rows[-1]["id"] if len(found) > limit else None)


def survey_version(session: Session, survey_id: uuid.UUID, version_id: uuid.UUID) -> Document:
    """One version with its definition; raises NotFound."""
    current = _found_survey(session, survey_id).current_version_id
    found = session.get(SurveyVersion, (session.info["organization_id"], version_id))
    if found is None or found.survey_id != survey_id:
        raise NotFound("There is no such version of this survey.")
    definition = shown(versions.compiled(session, version_id).definition)
    return _version(found) | {"is_current": found.id == current, "definition": definition}


def shown(definition: Definition) -> Document:
    """A definition as respondents see it."""
    whole: Any = dump(definition)
    made = {name: whole[name] for name in _SHOWN if name in whole}
    made["pages"] = [
        {name: page[name] for name in _SHOWN_OF_PAGE if name in page}
        | {
            "questions": [
                {name: question[name] for name in _SHOWN_OF_QUESTION if name in question}
                for question in page["questions"]
            ]
        }
        for page in whole["pages"]
    ]
    return made


def responses(
    session: Session, wanted: ResponseFilter, after: uuid.UUID | None, limit: int
) -> Slice:
    """Complete responses with answers and scores, those begun last first."""
    session.execute(PATIENCE)
    query = select(Response).where(Response.state == "complete")
    if wanted.survey_id:
        query = query.where(Response.survey_id == wanted.survey_id)
    if wanted.contact_id:
        query = query.where(Response.contact_id == wanted.contact_id)
    if wanted.submitted_from:
        query = query.where(Response.submitted_at >= wanted.submitted_from)
    if wanted.submitted_to:
        query = query.where(Response.submitted_at < wanted.submitted_to)
    if after:
        query = query.where(Response.id < after)
    found = session.scalars(query.order_by(Response.id.desc()).limit(limit + 1)).all()
    rows = _responses(session, found[:limit])
    return Slice(rows, rows[-1]["id"] if len(found) > limit else None)


def response(session: Session, response_id: uuid.UUID) -> Document:
    """One complete response; raises NotFound."""
    found = session.get(Response, (session.info["organization_id"], response_id))
    if found is None or found.state != "complete":
        raise NotFound("There is no such response.")
    return _responses(session, [found])[0]


def _found_survey(session: Session, survey_id: uuid.UUID) -> Survey:
    found = session.get(Survey, (session.info["organization_id"], survey_id))
    if found is None:
        raise NotFound("There is no such survey.")
    return found


def _survey(found: Survey, version: SurveyVersion | None) -> Document:
    return {
        "id": found.id,
        "name": found.name,
        "state": found.state,
        "current_version": _version(version) if version else None,
        "created_at": found.created_at,
        "updated_at": found.updated_at,
    }


def _version(found: SurveyVersion) -> Document:
    return {
        "id": found.id,
        "number": found.number,
        "published_at": found.published_at,
        "checksum": found.checksum,
    }


def _responses(session: Session, found: Sequence[Response]) -> list[Document]:
    """Responses with their parts, in two more statements however many there are."""
    ids = [each.id for each in found]
    rows = {each.id: _response(each) for each in found}
    if not ids:
        return []
    answers = select(*_ANSWER).where(Answer.response_id.in_(ids)).order_by(Answer.question_key)
    for answer in session.execute(answers):
        rows[answer.response_id]["answers"][answer.question_key] = _answer(answer)
    scores = select(*_SCORE).where(Score.response_id.in_(ids))
    for score in session.execute(scores.order_by(Score.metric, Score.question_key)):
        rows[score.response_id]["scores"].append(_score(score))
    return list(rows.values())


def _response(found: Response) -> Document:
    return {
        "id": found.id,
        "survey_id": found.survey_id,
        "version_id": found.version_id,
        "distribution_id": found.distribution_id,
        "contact_id": found.contact_id,
        "channel": found.channel,
        "touchpoint": found.touchpoint,
        "language": found.language,
        "attributes": found.attributes,
        "started_at": found.started_at,
        "submitted_at": found.submitted_at,
        "answers": {},
        "scores": [],
    }


def _answer(found: Any) -> Any:
    """An answer as the API takes it: what was read can be sent."""
    number = found.number
    if number is not None and number.is_integer():
        number = int(number)
    choices = None if found.choices is None else tuple(found.choices)
    return to_json(
        values.Answer(found.question_key, found.kind, number, found.text, choices, found.on_day)
    )


def _score(found: Any) -> Document:
    return {
        "metric": found.metric,
        "question": found.question_key,
        "state": found.state,
        "value": found.value,
        "band": found.band,
        "language": found.language,
        "reason": found.reason,
    }
