"""What is done with the question bank: a question is kept, put into a survey, renamed, retired."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from efm.errors import Invalid
from efm.feedback import authoring, building
from efm.feedback.bank_shelf import find, handle_of, row_of, words_of
from efm.feedback.building import Saved
from efm.models import BankQuestion
from efm.staff.actor import Actor
from surveys import editing
from surveys.definition import dump
from surveys.editing import EditRefused
from surveys.strings import tidy

LONGEST_NAME, LONGEST_TOPIC = 200, 100


def keep(
    session: Session,
    survey_id: uuid.UUID,
    revision: int,
    key: str,
    given: Mapping[str, str],
    now: datetime,
    by: Actor,
) -> BankQuestion:
    """Keep a question of a draft in the bank; the draft's question remembers it from then on.

    Raises Invalid with what is wrong with the name, or with why the question cannot be kept.
    """
    draft = dict(authoring.get(session, survey_id).draft)
    try:
        kept = editing.taken_out(draft, key)
    except EditRefused as error:
        raise Invalid(problems={"_": str(error)}) from error
    name, topic = _named(given)
    known = session.scalars(select(BankQuestion).where(BankQuestion.name == name)).one_or_none()
    if known is not None:
        # Pressed twice: what is there is what was sent.
        if dict(known.definition) == dump(kept):
            return known
        raise Invalid(problems={"name": _taken(known)})
    row = BankQuestion(
        name=name, topic=topic, kind=kept.questions[0].kind, words=words_of(kept),
        definition=dump(kept), created_by_id=by.user_id, created_at=now, updated_at=now,
    )  # fmt: skip
    _add(session, row)
    building.edit(
        session, survey_id, revision, None,
        lambda document: editing.marked(document, key, handle_of(row), name),
        now, user_id=by.user_id,
    )  # fmt: skip
    by.note(session, now, "bank_question.kept", "bank_question", row.id, name=name)
    return row


def insert(
    session: Session,
    survey_id: uuid.UUID,
    revision: int,
    handle: str,
    place: Mapping[str, str],
    now: datetime,
    *,
    user_id: uuid.UUID | None,
) -> Saved:
    """Put a question of the bank into a draft, on a page at its end or after another question."""
    entry = find(session, handle)
    return building.edit(
        session, survey_id, revision, None,
        lambda document: editing.put_in(
            document, entry.definition, place.get("page", ""), after=place.get("after", ""),
            origin=handle, name=entry.name,
        ),
        now, user_id=user_id,
    )  # fmt: skip


def rename(
    session: Session, handle: str, given: Mapping[str, str], now: datetime, by: Actor
) -> None:
    """Another name and topic; raises Invalid."""
    row = row_of(session, handle)
    name, topic = _named(given)
    known = session.scalars(select(BankQuestion).where(BankQuestion.name == name)).one_or_none()
    if known is not None and known.id != row.id:
        raise Invalid(problems={"name": _taken(known)})
    if (row.name, row.topic) == (name, topic):
        return
    row.name, row.topic, row.updated_at = name, topic, now
    _add(session, row)
    by.note(session, now, "bank_question.renamed", "bank_question", row.id, name=name)


def retire(session: Session, handle: str, now: datetime, by: Actor) -> str:
    """Offer it no more; surveys that ask it go on. Returns its name."""
    row = row_of(session, handle)
    if row.retired_at is None:
        row.retired_at = row.updated_at = now
        by.note(session, now, "bank_question.retired", "bank_question", row.id, name=row.name)
    return row.name


def bring_back(session: Session, handle: str, now: datetime, by: Actor) -> str:
    """Offer it again. Returns its name."""
    row = row_of(session, handle)
    if row.retired_at is not None:
        row.retired_at, row.updated_at = None, now
        by.note(session, now, "bank_question.brought_back", "bank_question", row.id, name=row.name)
    return row.name


def _named(given: Mapping[str, str]) -> tuple[str, str]:
    """A name and a topic as they are stored; raises Invalid for each that does not fit."""
    name, topic = (" ".join(tidy(given.get(part, "")).split()) for part in ("name", "topic"))
    problems = {}
    if not name:
        problems["name"] = "Give it a name by which colleagues find it."
    for part, words, most in (("name", name, LONGEST_NAME), ("topic", topic, LONGEST_TOPIC)):
        if len(words) > most:
            problems[part] = f"This has {len(words)} characters; at most {most} fit."
    if problems:
        raise Invalid(problems=problems)
    return name, topic


def _taken(known: BankQuestion) -> str:
    if known.retired_at is not None:
        return "A retired question has this name. Choose another, or bring that one back."
    return "There is a question of this name already. Choose another name."


def _add(session: Session, row: BankQuestion) -> None:
    """Store the row; raises Invalid where somebody took the name in the same moment."""
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        raise Invalid(
            problems={"name": "There is a question of this name already. Choose another name."}
        ) from error
