"""Reviewers comment on a draft: they open threads, reply, settle them and open them again.

What is written carries a key made with the form: sent twice, it counts once. Each new comment is
told by mail to those who work on the survey or spoke in the thread.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from efm.errors import Conflict, Invalid, NotFound
from efm.events import outbox
from efm.feedback import authoring, comment_letters
from efm.feedback.comment_threads import place_of
from efm.models import ReviewComment, ReviewThread, Survey
from efm.staff.actor import Actor
from surveys import editing
from surveys.strings import tidy

LONGEST = 5000


@dataclass(frozen=True)
class Voice:
    """Who comments on which survey; the key makes what is written count once."""

    survey_id: uuid.UUID
    by: Actor
    name: str
    now: datetime
    key: uuid.UUID
    public_url: str


def open_thread(session: Session, voice: Voice, at: str, body: str) -> ReviewThread:
    """Comment on a place of the draft; raises Invalid for an empty text, Conflict for a place that went."""
    survey = authoring.get(session, voice.survey_id)
    told = _told(session, voice)
    if told is not None:
        return _thread(session, survey, told.thread_id)
    body = _text(body)
    document = dict(survey.draft)
    place = place_of(document, at)
    if place is None:
        raise Conflict(
            "What you commented on was removed in the meantime. Your comment is still below: choose "
            "another place for it."
        )
    thread = ReviewThread(
        survey_id=survey.id, at=place, label=editing.label_of(document, place)[:200],
        opened_at=voice.now,
    )  # fmt: skip
    session.add(thread)
    session.flush()
    _say(session, voice, survey, thread, body)
    return thread


def reply(session: Session, voice: Voice, thread_id: uuid.UUID, body: str) -> ReviewThread:
    """Add to a thread; one that was settled opens again. Raises Invalid for an empty text."""
    survey = authoring.get(session, voice.survey_id)
    thread = _thread(session, survey, thread_id)
    if _told(session, voice) is None:
        body = _text(body)
        thread.resolved_at = thread.resolved_by_name = None
        _say(session, voice, survey, thread, body)
    return thread


def resolve(session: Session, voice: Voice, thread_id: uuid.UUID) -> ReviewThread:
    """Settle a thread; it stays to be read."""
    thread = _thread(session, authoring.get(session, voice.survey_id), thread_id)
    if thread.resolved_at is None:
        thread.resolved_at, thread.resolved_by_name = voice.now, voice.name[:200]
        _note(session, voice, "comment.resolved", thread)
    return thread


def reopen(session: Session, voice: Voice, thread_id: uuid.UUID) -> ReviewThread:
    """Open a settled thread again."""
    thread = _thread(session, authoring.get(session, voice.survey_id), thread_id)
    if thread.resolved_at is not None:
        thread.resolved_at = thread.resolved_by_name = None
        _note(session, voice, "comment.reopened", thread)
    return thread


def _thread(session: Session, survey: Survey, thread_id: uuid.UUID) -> ReviewThread:
    """A thread of this survey, held until the unit ends."""
    found = session.scalars(
        select(ReviewThread)
        .where(ReviewThread.id == thread_id, ReviewThread.survey_id == survey.id)
        .with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such comment.")
    return found


def _told(session: Session, voice: Voice) -> ReviewComment | None:
    """What was written with this key already."""
    return session.get(ReviewComment, (session.info["organization_id"], voice.key))


def _say(session: Session, voice: Voice, survey: Survey, thread: ReviewThread, body: str) -> None:
    session.add(
        ReviewComment(
            id=voice.key, thread_id=thread.id, body=body, author_id=voice.by.user_id,
            written_at=voice.now,
        )
    )  # fmt: skip
    session.flush()
    _note(session, voice, "comment.written", thread)
    for person in comment_letters.recipients(session, survey, thread, voice.by.user_id):
        subject, text = comment_letters.letter(
            person.name, voice.name, survey, thread, body, voice.public_url
        )
        outbox.post(session, person.email, subject, text)


def _note(session: Session, voice: Voice, action: str, thread: ReviewThread) -> None:
    voice.by.note(session, voice.now, action, "survey", voice.survey_id, at=thread.at)


def _text(value: str) -> str:
    """What was typed, without what cannot be stored; raises Invalid when empty or too long."""
    body = tidy(value)
    if not body:
        raise Invalid(problems={"body": "Write the comment first."})
    if len(body) > LONGEST:
        raise Invalid(
            problems={"body": f"This has {len(body):,} characters; at most {LONGEST:,} fit."}
        )
    return body
