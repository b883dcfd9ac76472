"""Surveys as designers work on them: created, edited as a draft, published, closed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from efm.errors import Conflict, Invalid, NotFound
from efm.events import outbox
from efm.feedback import revisions
from efm.models import Survey, SurveyVersion
from surveys import library, proof
from surveys.definition import Definition, checksum, dump, load
from surveys.editing import new_question
from surveys.errors import DefinitionError
from surveys.strings import tidy

BLANK_QUESTION = "How likely are you to recommend us to a friend or colleague?"


def get(session: Session, survey_id: uuid.UUID) -> Survey:
    """The survey; raises NotFound for a missing one and for a stranger's alike."""
    organization_id = session.info["organization_id"]
    found = session.get(Survey, (organization_id, survey_id))
    if found is None:
        raise NotFound("There is no such survey.")
    return found


def create(
    session: Session,
    definition: Definition,
    now: datetime,
    *,
    name: str | None = None,
    template: str | None = None,
    user_id: uuid.UUID | None = None,
) -> Survey:
    """A new survey whose draft is `definition`."""
    survey = Survey(
        name=(name or definition.name or definition.title)[:200],
        template=template,
        draft=dump(definition),
        created_by_id=user_id,
        created_at=now,
        updated_at=now,
    )
    session.add(survey)
    session.flush()
    return survey


def create_from_template(
    session: Session, template: str, now: datetime, *, user_id: uuid.UUID | None = None
) -> Survey:
    """A new survey from one of `surveys.library.names()`; raises NotFound for another name."""
    if template not in library.names():
        raise NotFound("There is no such template.")
    definition = library.template(template)
    return create(session, definition, now, template=template, user_id=user_id)


def create_blank(session: Session, now: datetime, *, user_id: uuid.UUID | None = None) -> Survey:
    """A new survey with one question to begin with."""
    page = {"key": "page_1", "questions": [new_question("nps", set(), BLANK_QUESTION)]}
    definition = load({"title": "New survey", "language": "en", "pages": [page]})
    return create(session, definition, now, user_id=user_id)


def read_draft(document: Mapping[str, Any]) -> Definition:
    """The definition of an edited draft; raises Invalid with every problem by its path."""
    try:
        return load(document)
    except DefinitionError as error:
        raise Invalid(
            "The survey has problems.", problems={p.path: p.message for p in error.problems}
        ) from error


def save_draft(
    session: Session,
    survey_id: uuid.UUID,
    document: Mapping[str, Any],
    revision: int,
    now: datetime,
    *,
    user_id: uuid.UUID | None = None,
    what: str = "Edited the texts on one page",
) -> Survey:
    """Store an edited draft made on top of `revision`.

    Raises Conflict when somebody saved meanwhile, Invalid when the definition has problems.
    """
    definition = read_draft(document)
    survey = revisions.locked(session, survey_id)
    if survey.draft_revision != revision:
        raise Conflict(
            "Somebody else saved this survey after you opened it. Your texts are still on this page; "
            "open the survey in a second tab to compare, then save again."
        )
    revisions.keep(session, survey, dump(definition), what, now, user_id=user_id)
    return survey


def publish(
    session: Session, survey_id: uuid.UUID, now: datetime, *, user_id: uuid.UUID | None = None
) -> SurveyVersion:
    """Freeze the draft as the next version and open the survey with it.

    Publishing an unchanged draft gives the version that stands; a published version never changes.
    Raises Invalid with what the proof calls errors, by their paths.
    """
    survey = revisions.locked(session, survey_id)
    definition = read_draft(survey.draft)
    mark = checksum(definition)
    current = current_version(session, survey)
    if current is not None and current.checksum == mark:
        survey.state = "open"
        return current
    if problems := proof.errors(definition):
        raise Invalid("The survey cannot be published as it is.", problems=problems)
    last = session.execute(
        select(func.max(SurveyVersion.number)).where(SurveyVersion.survey_id == survey_id)
    ).scalar_one()
    version = SurveyVersion(
        survey_id=survey_id,
        number=(last or 0) + 1,
        definition=dump(definition),
        checksum=mark,
        published_at=now,
        published_by_id=user_id,
    )
    session.add(version)
    session.flush()
    survey.current_version_id = version.id
    survey.state = "open"
    survey.updated_at = now
    outbox.append(session, "survey.published", now, survey_id, version=version.number)
    return version


def put_in_folder(session: Session, survey_id: uuid.UUID, folder: str) -> str:
    """Put the survey into the folder of this name; an empty one takes it out of any."""
    survey = get(session, survey_id)
    survey.folder = tidy(folder)[:100].strip()
    return survey.folder


def close(session: Session, survey_id: uuid.UUID, now: datetime) -> Survey:
    """Stop taking answers; links then say that the survey has closed."""
    survey = get(session, survey_id)
    if survey.state == "draft":
        raise Conflict("This survey was never published, so there is nothing to close.")
    survey.state = "closed"
    survey.updated_at = now
    outbox.append(session, "survey.closed", now, survey_id)
    return survey


def current_version(session: Session, survey: Survey) -> SurveyVersion | None:
    """The version being answered, or None before the first publication."""
    if survey.current_version_id is None:
        return None
    return session.get(SurveyVersion, (survey.organization_id, survey.current_version_id))


def version(session: Session, survey_id: uuid.UUID, number: int) -> SurveyVersion:
    """A published version by its number; raises NotFound."""
    found = session.scalars(
        select(SurveyVersion)
        .where(SurveyVersion.survey_id == survey_id)
        .where(SurveyVersion.number == number)
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such version.")
    return found
