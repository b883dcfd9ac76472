"""Comments of reviewers to be read: the threads of a survey by the places of its draft."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from efm.models import ReviewComment, ReviewThread, User
from surveys import editing
from surveys.editing import Document

SURVEY = "survey"
SHOWN = 500


class Said(NamedTuple):
    """One comment with who wrote it."""

    id: uuid.UUID
    body: str
    author: str
    written_at: datetime


class Thread(NamedTuple):
    """What was said about one place, oldest first."""

    id: uuid.UUID
    at: str
    label: str
    opened_at: datetime
    resolved_at: datetime | None
    resolved_by: str
    comments: tuple[Said, ...]

    @property
    def is_open(self) -> bool:
        """Whether it waits to be settled."""
        return self.resolved_at is None


class Review(NamedTuple):
    """All threads of a survey by their places; `gone` are those whose place is no longer there."""

    places: Mapping[str, Sequence[Thread]]
    gone: Sequence[Thread]


def place_of(document: Document, at: str) -> str | None:
    """The place a comment is kept at; None where there is no such place.

    A part of a question is commented on with its question, whatever has no page with the survey.
    """
    sort, _, key = at.partition(".")
    address = f"question.{key.partition('.')[0]}" if sort == "question" else at
    if sort not in ("question", "page"):
        return SURVEY if editing.element(document, address) is not None else None
    return address if editing.element(document, address) is not None else None


def review(session: Session, survey_id: uuid.UUID, document: Document) -> Review:
    """The threads of a survey, open ones first; each at its place in this document."""
    places: dict[str, list[Thread]] = {}
    gone: list[Thread] = []
    for thread in _threads(session, survey_id):
        if thread.at == SURVEY or editing.element(document, thread.at) is not None:
            places.setdefault(thread.at, []).append(thread)
        else:
            gone.append(thread)
    return Review(places, gone)


def waiting(session: Session, survey_id: uuid.UUID) -> Counter[str]:
    """How many threads of a survey wait to be settled, by the place they were opened at."""
    rows = session.execute(
        select(ReviewThread.at, func.count().label("n"))
        .where(ReviewThread.survey_id == survey_id, ReviewThread.resolved_at.is_(None))
        .group_by(ReviewThread.at)
    )
    return Counter({row.at: row.n for row in rows})


def _threads(session: Session, survey_id: uuid.UUID) -> list[Thread]:
    rows = session.scalars(
        select(ReviewThread)
        .where(ReviewThread.survey_id == survey_id)
        .order_by(ReviewThread.resolved_at.desc().nulls_first(), ReviewThread.opened_at.desc())
        .limit(SHOWN)
    ).all()
    said: dict[uuid.UUID, list[Said]] = {row.id: [] for row in rows}
    written = session.execute(
        select(ReviewComment, func.coalesce(User.name, "Somebody who left"))
        .outerjoin(User, User.id == ReviewComment.author_id)
        .where(ReviewComment.thread_id.in_(list(said)))
        .order_by(ReviewComment.written_at, ReviewComment.id)
    ).all()
    for comment, author in written:
        said[comment.thread_id].append(Said(comment.id, comment.body, author, comment.written_at))
    return [
        Thread(
            row.id, row.at, row.label, row.opened_at, row.resolved_at, row.resolved_by_name or "",
            tuple(said[row.id]),
        )
        for row in rows
    ]  # fmt: skip
