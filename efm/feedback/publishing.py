"""Before a draft is published: what changes for respondents, what was found, what follows from it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from efm.feedback import authoring, revisions
from efm.models import Distribution, Response, Survey, SurveyVersion
from surveys import editing
from surveys.definition import Definition, checksum, load, minutes
from surveys.differences import Change, differences
from surveys.proof import Finding, prove
from surveys.review import review

_PAGE = re.compile(r"pages\[(\d+)\](?:\.questions\[(\d+)\])?")
_PART = re.compile(r"(blocks|randomizers|data|endings|quotas)\[(\d+)\]")


class Told(NamedTuple):
    """A finding with the element to mend it at."""

    finding: Finding
    at: str
    label: str


class Outlook(NamedTuple):
    """All there is to know before publishing."""

    survey: Survey
    version: SurveyVersion | None
    changes: Sequence[Change]
    findings: Sequence[Told]
    questions: int
    minutes: int
    links: int
    answered: int

    @property
    def errors(self) -> list[Told]:
        """What keeps the survey from being published."""
        return [each for each in self.findings if each.finding.level == "error"]

    @property
    def is_changed(self) -> bool:
        """Whether the draft differs from what is being answered."""
        return self.version is None or bool(self.changes)


def outlook(session: Session, survey: Survey) -> Outlook:
    """The draft against the version being answered."""
    document = dict(survey.draft)
    definition = authoring.read_draft(document)
    version = authoring.current_version(session, survey)
    changes: Sequence[Change] = ()
    if version is not None and version.checksum != checksum(definition):
        changes = differences(load(version.definition), definition)
    return Outlook(
        survey,
        version,
        changes,
        found(document, definition),
        sum(question.kind != "statement" for question in definition.questions),
        minutes(definition),
        _count(session, select(func.count()).where(Distribution.survey_id == survey.id).where(Distribution.closed_at.is_(None))),
        _count(session, select(func.count()).where(Response.survey_id == survey.id).where(Response.state == "complete")),
    )  # fmt: skip


def _count(session: Session, query: Any) -> int:
    return int(session.execute(query).scalar_one())


def found(document: Mapping[str, Any], definition: Definition) -> list[Told]:
    """What the proof and the review find, the gravest first."""
    order = ("error", "warning", "note")
    findings = sorted(
        (*prove(definition), *review(definition)), key=lambda each: order.index(each.level)
    )
    told = []
    for each in findings:
        at = address_of(document, each)
        told.append(Told(each, at, editing.label_of(dict(document), at)))
    return told


def address_of(document: Mapping[str, Any], finding: Finding) -> str:
    """The element a finding is about."""
    part = _PART.match(finding.path)
    page = _PAGE.match(finding.path)
    if part:
        sort = next(name for name, listed in editing.LISTS.items() if listed == part[1])
        listed = document.get(part[1], [])
        return f"{sort}.{listed[int(part[2])]['key']}" if int(part[2]) < len(listed) else "survey"
    if page and int(page[1]) < len(document["pages"]):
        found_page = document["pages"][int(page[1])]
        if page[2] and int(page[2]) < len(found_page["questions"]):
            return f"question.{found_page['questions'][int(page[2])]['key']}"
        return f"page.{found_page['key']}"
    if finding.question and editing.element(dict(document), f"question.{finding.question}"):
        return f"question.{finding.question}"
    return "survey"


def restore(
    session: Session, survey_id: uuid.UUID, number: int, now: datetime, *, user_id: uuid.UUID | None
) -> Survey:
    """Make a published version the draft again, as a change that can be undone; raises NotFound."""
    version = authoring.version(session, survey_id, number)
    survey = revisions.locked(session, survey_id)
    revisions.keep(
        session, survey, version.definition, f"Back to version {number}", now, user_id=user_id
    )
    return survey
