"""Revisions of a draft: each saved change is kept, one goes back and forth among them, old ones go."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from efm.errors import Conflict, NotFound
from efm.models import DraftRevision, Survey, User

KEPT = 200
SHOWN = 50


class Steps(NamedTuple):
    """The sentences of what would be undone and done again; None where there is nothing."""

    undo: str | None
    redo: str | None


class Line(NamedTuple):
    """One revision in the history."""

    revision: int
    what: str
    saved_at: datetime
    who: str
    is_current: bool


def locked(session: Session, survey_id: uuid.UUID) -> Survey:
    """The survey, held until the unit ends so that revisions follow one another."""
    survey = session.execute(
        select(Survey).where(Survey.id == survey_id).with_for_update()
    ).scalar_one_or_none()
    if survey is None:
        raise NotFound("There is no such survey.")
    return survey


def keep(
    session: Session,
    survey: Survey,
    document: Mapping[str, Any],
    what: str,
    now: datetime,
    *,
    user_id: uuid.UUID | None = None,
    restores: int | None = None,
) -> None:
    """Make this document the draft, as the next revision of a locked survey."""
    _begin(session, survey)
    survey.draft_revision += 1
    session.add(
        DraftRevision(
            survey_id=survey.id,
            revision=survey.draft_revision,
            restores=restores or survey.draft_revision,
            document=dict(document),
            what=what[:300],
            saved_at=now,
            saved_by_id=user_id,
        )
    )
    survey.draft = dict(document)
    survey.name = str(document.get("name") or document.get("title") or survey.name)[:200]
    survey.updated_at = now
    session.execute(
        delete(DraftRevision)
        .where(DraftRevision.survey_id == survey.id)
        .where(DraftRevision.revision <= survey.draft_revision - KEPT)
    )
    session.flush()


def _begin(session: Session, survey: Survey) -> None:
    """The draft as it stands is a revision too, so that the first change can be taken back."""
    if at(session, survey.id, survey.draft_revision) is None:
        session.add(
            DraftRevision(
                survey_id=survey.id,
                revision=survey.draft_revision,
                restores=survey.draft_revision,
                document=survey.draft,
                what="As it was before",
                saved_at=survey.updated_at,
                saved_by_id=survey.created_by_id,
            )
        )
        session.flush()


def at(session: Session, survey_id: uuid.UUID, revision: int) -> DraftRevision | None:
    """One revision, None where it is no longer kept."""
    return session.scalars(
        select(DraftRevision)
        .where(DraftRevision.survey_id == survey_id)
        .where(DraftRevision.revision == revision)
    ).one_or_none()


def base_of(
    session: Session, survey: Survey, revision: int, user_id: uuid.UUID | None
) -> Mapping[str, Any] | None:
    """The document somebody worked on: of `revision`, or of their own changes right after it."""
    if revision == survey.draft_revision:
        return survey.draft
    rows = session.execute(
        select(DraftRevision.revision, DraftRevision.saved_by_id)
        .where(DraftRevision.survey_id == survey.id)
        .where(DraftRevision.revision > revision)
        .order_by(DraftRevision.revision)
    ).all()
    for number, saved_by in rows:
        if saved_by != user_id or number != revision + 1:
            break
        revision = number
    found = at(session, survey.id, revision)
    return None if found is None else found.document


def steps(session: Session, survey: Survey) -> Steps:
    """What could be undone and done again now."""
    back, forth = _back(session, survey), _forth(session, survey)
    undone = at(session, survey.id, _node(session, survey)) if back is not None else None
    return Steps(undone.what if undone else None, forth.what if forth else None)


def step(
    session: Session,
    survey: Survey,
    way: Literal["undo", "redo"],
    now: datetime,
    *,
    user_id: uuid.UUID | None,
) -> str:
    """Go one change back or forth as a new revision; says what. Raises Conflict where there is none."""
    goal = _back(session, survey) if way == "undo" else _forth(session, survey)
    if goal is None:
        raise Conflict(
            "There is nothing to undo." if way == "undo" else "There is nothing to redo."
        )
    if way == "undo":
        undone = at(session, survey.id, _node(session, survey))
        what = f"Undone: {undone.what if undone else 'a change'}"
    else:
        what = f"Done again: {goal.what}"
    keep(session, survey, goal.document, what, now, user_id=user_id, restores=goal.restores)
    return what


def return_to(
    session: Session, survey: Survey, revision: int, now: datetime, *, user_id: uuid.UUID | None
) -> None:
    """Make an earlier revision the draft again, as a change of its own; raises NotFound."""
    found = at(session, survey.id, revision)
    if found is None:
        raise NotFound("This revision is no longer kept.")
    keep(session, survey, found.document, f"Back to revision {revision}", now, user_id=user_id)


def history(session: Session, survey: Survey) -> Sequence[Line]:
    """The latest revisions, newest first, with who saved them."""
    rows = session.execute(
        select(
            DraftRevision.revision, DraftRevision.what, DraftRevision.saved_at,
            func.coalesce(User.name, "").label("who"),
        )
        .outerjoin(User, User.id == DraftRevision.saved_by_id)
        .where(DraftRevision.survey_id == survey.id)
        .order_by(DraftRevision.revision.desc())
        .limit(SHOWN)
    ).all()  # fmt: skip
    return [Line(*row, is_current=row.revision == survey.draft_revision) for row in rows]


def _node(session: Session, survey: Survey) -> int:
    """The change whose document the draft is now."""
    found = session.execute(
        select(DraftRevision.restores)
        .where(DraftRevision.survey_id == survey.id)
        .where(DraftRevision.revision == survey.draft_revision)
    ).scalar_one_or_none()
    return survey.draft_revision if found is None else found


def _before(session: Session, survey_id: uuid.UUID, node: int) -> DraftRevision | None:
    """The change that a change was made on."""
    made_on = at(session, survey_id, node - 1)
    if made_on is None or made_on.restores == made_on.revision:
        return made_on
    return at(session, survey_id, made_on.restores)


def _back(session: Session, survey: Survey) -> DraftRevision | None:
    return _before(session, survey.id, _node(session, survey))


def _forth(session: Session, survey: Survey) -> DraftRevision | None:
    """The change undone last: it leads from the newest change back to where the draft stands."""
    here = _node(session, survey)
    newest = session.execute(
        select(func.max(DraftRevision.revision))
        .where(DraftRevision.survey_id == survey.id)
        .where(DraftRevision.revision == DraftRevision.restores)
    ).scalar_one_or_none()
    if newest is None or newest == here:
        return None
    step = at(session, survey.id, newest)
    for _ in range(KEPT):
        before = _before(session, survey.id, step.revision) if step is not None else None
        if before is None:
            return None
        if before.revision == here:
            return step
        step = before
    return None
