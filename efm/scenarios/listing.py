"""Cases as a list, a page at a time, with their counts; and one case with all that belongs to it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import Session

from efm.feedback import reading
from efm.models import Answer, Case, CaseNote, Contact, Mail, Score, Survey
from efm.models import Response as Given
from efm.scenarios import cases, people

PAGE = 50
VIEWS = ("open", "overdue", "answered", "closed", "all")


@dataclass(frozen=True)
class CaseFilter:
    """Which cases: a view (one of VIEWS), whose, for what reason; None means any.

    `owner` is a person's id or "nobody".
    """

    view: str = "open"
    owner: uuid.UUID | str | None = None
    reason: str | None = None


@dataclass
class Line:
    """One case as the list shows it."""

    case: Case
    survey_name: str = ""
    contact_name: str = ""
    owner_name: str = ""
    scores: list[Score] = field(default_factory=list)
    comment: str = ""


@dataclass(frozen=True)
class Page:
    """One page of cases and where the next begins."""

    lines: Sequence[Line]
    next_cursor: str | None


def _narrowed(query: Any, wanted: CaseFilter) -> Any:
    """The query for an owner and a reason, whatever the view."""
    if wanted.owner == "nobody":
        query = query.where(Case.owner_id.is_(None))
    elif wanted.owner is not None:
        query = query.where(Case.owner_id == wanted.owner)
    if wanted.reason is not None:
        query = query.where(Case.reason == wanted.reason)
    return query


def _viewed(query: Any, view: str, now: datetime) -> Any:
    """The query for one view; what is overdue is open and past its time."""
    if view == "overdue":
        return query.where(Case.state == "open", Case.due_at < now)
    return query if view == "all" else query.where(Case.state == view)


def counts(session: Session, wanted: CaseFilter, now: datetime) -> Mapping[str, int]:
    """How many cases each view has, for the owner and reason asked for."""
    rows = session.execute(
        _narrowed(
            select(
                Case.state,
                func.count().label("n"),
                func.count().filter(Case.due_at < now).label("late"),
            ),
            wanted,
        ).group_by(Case.state)
    ).all()
    found = dict.fromkeys(VIEWS, 0)
    for row in rows:
        found[row.state] = row.n
        found["all"] += row.n
        if row.state == "open":
            found["overdue"] = row.late
    return found


def page(
    session: Session, wanted: CaseFilter, now: datetime, *, after: tuple[datetime, uuid.UUID] | None
) -> Page:
    """A page of cases: what is to be done by its due time, what is done with the latest first."""
    is_to_do = wanted.view in ("open", "overdue", "answered")
    moment = {"closed": Case.closed_at, "all": Case.opened_at}.get(wanted.view, Case.due_at)
    query: Select[Case] = _viewed(_narrowed(select(Case), wanted), wanted.view, now)
    if after is not None:
        place = tuple_(moment, Case.id)
        query = query.where(place > after if is_to_do else place < after)
    order = (moment, Case.id) if is_to_do else (moment.desc(), Case.id.desc())
    found = session.scalars(query.order_by(*order).limit(PAGE + 1)).all()
    lines = [Line(case) for case in found[:PAGE]]
    _fill(session, lines)
    if len(found) <= PAGE:
        return Page(lines, None)
    last = lines[-1].case
    at = getattr(last, moment.key)
    return Page(lines, f"{at.isoformat()}~{last.id}")


def read_cursor(token: str) -> tuple[datetime, uuid.UUID] | None:
    """A cursor from an address; None for one that was not made here."""
    try:
        at, _, identity = token.partition("~")
        moment = datetime.fromisoformat(at)
        return (moment, uuid.UUID(identity)) if moment.tzinfo else None
    except ValueError:
        return None


def _fill(session: Session, lines: Sequence[Line]) -> None:
    """What each line tells besides its case: a statement for each kind of thing, for all lines."""
    by_response = {line.case.response_id: line for line in lines}
    if not by_response:
        return
    for response_id, survey, contact in session.execute(
        select(Given.id, Survey.name, Contact.name)
        .join(Survey, Survey.id == Given.survey_id)
        .outerjoin(Contact, Contact.id == Given.contact_id)
        .where(Given.id.in_(by_response))
    ):
        by_response[response_id].survey_name = survey
        by_response[response_id].contact_name = contact or ""
    names = people.names(session, {line.case.owner_id for line in lines})
    for line in lines:
        line.owner_name = names.get(line.case.owner_id, "") if line.case.owner_id else ""
    for score in session.scalars(
        select(Score).where(Score.response_id.in_(by_response)).order_by(Score.metric)
    ):
        by_response[score.response_id].scores.append(score)
    for answer in session.scalars(
        select(Answer)
        .where(Answer.response_id.in_(by_response), Answer.text.is_not(None))
        .order_by(func.length(Answer.text).desc())
    ):
        line = by_response[answer.response_id]
        line.comment = line.comment or answer.text or ""


@dataclass(frozen=True)
class Told:
    """One line of a case's story, who wrote it, and what became of its mail."""

    note: CaseNote
    writer: str
    mail: Mail | None


@dataclass(frozen=True)
class Read:
    """A case with the response that opened it, its people and its story, newest first."""

    case: Case
    response: reading.Read
    owner_name: str
    story: Sequence[Told]
    workers: Sequence[people.Worker]

    @property
    def contact(self) -> Contact | None:
        return self.response.contact


def read(session: Session, case_id: uuid.UUID) -> Read:
    """A case with all that belongs to it; raises NotFound."""
    case = cases.get(session, case_id)
    notes = session.execute(
        select(CaseNote, Mail)
        .outerjoin(
            Mail, (Mail.organization_id == CaseNote.organization_id) & (Mail.id == CaseNote.id)
        )
        .where(CaseNote.case_id == case_id)
        .order_by(CaseNote.written_at.desc(), CaseNote.id.desc())
    ).all()
    names = people.names(session, {row[0].user_id for row in notes} | {case.owner_id})
    story = [
        Told(
            row[0], names.get(row[0].user_id, "Somebody who left") if row[0].user_id else "", row[1]
        )
        for row in notes
    ]
    return Read(
        case=case,
        response=reading.read(session, case.response_id),
        owner_name=names.get(case.owner_id, "somebody who left") if case.owner_id else "",
        story=story,
        workers=people.workers(session),
    )
