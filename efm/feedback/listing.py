"""Surveys, distributions and responses as lists: a page at a time, with their counts."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, func, or_, select, text, tuple_
from sqlalchemy.orm import Session, defer

from efm.models import (
    Answer,
    Contact,
    Distribution,
    Invitation,
    Response,
    Score,
    Survey,
    SurveyVersion,
)

PAGE = 50


@dataclass(frozen=True)
class ResponseFilter:
    """Which responses: every field None or empty means all."""

    survey_id: uuid.UUID | None = None
    band: str | None = None
    sentiment: str | None = None
    channel: str | None = None
    touchpoint: str | None = None
    search: str = ""
    since: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True)
class Page:
    """One page of rows, newest first, and where the next begins."""

    rows: Sequence[Any]
    next_cursor: str | None


@dataclass
class Line:
    """One response as the list shows it."""

    response: Response
    survey_name: str
    contact_name: str
    scores: list[Score] = field(default_factory=list)
    comment: str = ""


SURVEY_SORTS = ("name", "state", "responses", "answered", "edited")
NO_FOLDER = "-"


def surveys(
    session: Session,
    *,
    state: str | None = None,
    search: str = "",
    folder: str | None = None,
    sort: str = "-edited",
) -> Sequence[Row[Any]]:
    """All surveys with how many answered and when last; a minus before the sort turns it round.

    The folder "-" stands for those in none.
    """
    counted = (
        select(
            Response.survey_id,
            func.count().label("n"),
            func.max(Response.submitted_at).label("last_at"),
        )
        .where(Response.state == "complete")
        .group_by(Response.survey_id)
        .subquery()
    )
    query = (
        select(Survey, func.coalesce(counted.c.n, 0).label("n"), counted.c.last_at)
        .outerjoin(counted, counted.c.survey_id == Survey.id)
        .options(defer(Survey.draft))
    )
    columns: dict[str, Any] = {
        "name": func.lower(Survey.name),
        "state": Survey.state,
        "responses": func.coalesce(counted.c.n, 0),
        "answered": counted.c.last_at,
        "edited": Survey.updated_at,
    }
    column = columns[sort.removeprefix("-")]
    query = query.order_by(
        column.desc().nulls_last() if sort.startswith("-") else column.asc().nulls_last(), Survey.id
    )
    if folder is not None:
        query = query.where(Survey.folder == ("" if folder == NO_FOLDER else folder))
    if state:
        query = query.where(Survey.state == state)
    if search:
        query = query.where(Survey.name.icontains(search, autoescape=True))
    return session.execute(query).all()


def folders(session: Session) -> list[tuple[str, int]]:
    """The folders there are, with how many surveys lie in each."""
    rows = session.execute(
        select(Survey.folder, func.count())
        .where(Survey.folder != "")
        .group_by(Survey.folder)
        .order_by(func.lower(Survey.folder), Survey.folder)
    ).all()
    return [(name, count) for name, count in rows]


def versions(session: Session, survey_id: uuid.UUID) -> Sequence[SurveyVersion]:
    """The published versions, newest first."""
    return session.scalars(
        select(SurveyVersion)
        .where(SurveyVersion.survey_id == survey_id)
        .order_by(SurveyVersion.number.desc())
    ).all()


def distributions(session: Session, survey_id: uuid.UUID | None = None) -> Sequence[Row[Any]]:
    """Distributions with their survey's name and how many started and answered, newest first."""
    counted = (
        select(
            Response.distribution_id,
            func.count().label("started"),
            func.count().filter(Response.state == "complete").label("answered"),
        )
        .group_by(Response.distribution_id)
        .subquery()
    )
    query = (
        select(
            Distribution,
            Survey.name.label("survey_name"),
            Survey.state.label("survey_state"),
            func.coalesce(counted.c.started, 0).label("started"),
            func.coalesce(counted.c.answered, 0).label("answered"),
        )
        .join(Survey, Survey.id == Distribution.survey_id)
        .outerjoin(counted, counted.c.distribution_id == Distribution.id)
        .order_by(Distribution.created_at.desc(), Distribution.id.desc())
        .limit(500)
    )
    if survey_id:
        query = query.where(Distribution.survey_id == survey_id)
    return session.execute(query).all()


def invitations(
    session: Session, distribution_id: uuid.UUID
) -> Sequence[Row[Invitation, str, str | None]]:
    """The personal links of a distribution with their contacts, in the order they were made."""
    return session.execute(
        select(Invitation, Contact.name, Contact.email)
        .join(Contact, Contact.id == Invitation.contact_id)
        .where(Invitation.distribution_id == distribution_id)
        .order_by(Invitation.id)
    ).all()


def narrowed(query: Any, wanted: ResponseFilter) -> Any:
    query = query.where(Response.state == "complete")
    if wanted.survey_id:
        query = query.where(Response.survey_id == wanted.survey_id)
    if wanted.channel:
        query = query.where(Response.channel == wanted.channel)
    if wanted.touchpoint:
        query = query.where(Response.touchpoint == wanted.touchpoint)
    if wanted.since:
        query = query.where(Response.submitted_at >= wanted.since)
    if wanted.before:
        query = query.where(Response.submitted_at < wanted.before)
    for metric, value in (("band", wanted.band), ("sentiment", wanted.sentiment)):
        if not value:
            continue
        matches = and_(
            Score.organization_id == Response.organization_id,
            Score.response_id == Response.id,
            Score.metric == "sentiment" if metric == "sentiment" else Score.metric != "sentiment",
            or_(Score.band == value, Score.state == value),
        )
        query = query.where(select(Score.response_id).where(matches).exists())
    if wanted.search:
        matches = and_(
            Answer.organization_id == Response.organization_id,
            Answer.response_id == Response.id,
            Answer.text.icontains(wanted.search, autoescape=True),
        )
        query = query.where(select(Answer.response_id).where(matches).exists())
    return query


def responses(
    session: Session, wanted: ResponseFilter, *, cursor: tuple[datetime, uuid.UUID] | None = None
) -> Page:
    """Complete responses, newest first, a page after `cursor`."""
    query = narrowed(
        select(Response, Survey.name, Contact.name)
        .join(Survey, Survey.id == Response.survey_id)
        .outerjoin(Contact, Contact.id == Response.contact_id),
        wanted,
    )
    if cursor:
        query = query.where(tuple_(Response.submitted_at, Response.id) < cursor)
    rows = session.execute(
        query.order_by(Response.submitted_at.desc(), Response.id.desc()).limit(PAGE + 1)
    ).all()
    shown = rows[:PAGE]
    lines = {row[0].id: Line(row[0], row[1], row[2] or "") for row in shown}
    _fill(session, lines)
    last = shown[-1][0] if len(rows) > PAGE else None
    token = f"{last.submitted_at.isoformat()}~{last.id}" if last else None
    return Page(list(lines.values()), token)


def _fill(session: Session, lines: Mapping[uuid.UUID, Line]) -> None:
    """Scores and the first comment of each line, in two statements for the whole page."""
    ids = list(lines)
    if not ids:
        return
    for score in session.scalars(
        select(Score).where(Score.response_id.in_(ids)).order_by(Score.metric, Score.question_key)
    ):
        lines[score.response_id].scores.append(score)
    for answer in session.scalars(
        select(Answer)
        .where(Answer.response_id.in_(ids))
        .where(Answer.text.is_not(None))
        .order_by(func.length(Answer.text).desc())
    ):
        line = lines[answer.response_id]
        line.comment = line.comment or answer.text or ""


def count(session: Session, wanted: ResponseFilter, *, most: int = 10_000) -> int:
    """How many responses match, counted up to `most`."""
    inner = narrowed(select(Response.id), wanted).limit(most).subquery()
    return session.scalar(select(func.count()).select_from(inner)) or 0


def read_cursor(token: str) -> tuple[datetime, uuid.UUID] | None:
    """A cursor from an address; None for one that was not made here."""
    try:
        at, _, identity = token.partition("~")
        moment = datetime.fromisoformat(at)
        return (moment, uuid.UUID(identity)) if moment.tzinfo else None
    except ValueError:
        return None


def answers_of(session: Session, response_id: uuid.UUID) -> dict[str, Answer]:
    """The answers of one response by question."""
    found = session.scalars(select(Answer).where(Answer.response_id == response_id))
    return {answer.question_key: answer for answer in found}


def scores_of(session: Session, response_id: uuid.UUID) -> Sequence[Score]:
    """The scores of one response."""
    return session.scalars(
        select(Score).where(Score.response_id == response_id).order_by(Score.metric)
    ).all()


def values_in_use(session: Session, column: str) -> list[str]:
    """The channels or touchpoints that distributions and responses use, for a filter."""
    if column not in ("channel", "touchpoint"):
        raise ValueError(column)
    rows = session.execute(
        text(
            f"SELECT DISTINCT {column} AS value FROM distributions WHERE {column} <> '' UNION"
            f" SELECT DISTINCT {column} FROM score_days WHERE {column} <> '' ORDER BY 1"
        )
    )
    return [row.value for row in rows][:200]
