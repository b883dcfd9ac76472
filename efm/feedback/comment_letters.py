"""The mail about a new comment on a draft, and who gets it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from efm.models import DraftRevision, Membership, ReviewComment, ReviewThread, Survey, User

# The roles that may see surveys; somebody whose role changed since is told no more.
ROLES = ("owner", "designer", "analyst")
MOST = 50
EXCERPT = 600


class Person(NamedTuple):
    """Somebody who is told."""

    name: str
    email: str


def recipients(
    session: Session, survey: Survey, thread: ReviewThread, writer_id: uuid.UUID | None
) -> Sequence[Person]:
    """Who works on the survey or spoke in the thread and may see it still, without the writer."""
    editors = select(DraftRevision.saved_by_id).where(DraftRevision.survey_id == survey.id)
    authors = select(ReviewComment.author_id).where(ReviewComment.thread_id == thread.id)
    query = (
        select(User.name, User.email)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.is_active, User.is_active, Membership.role.in_(ROLES))
        .where(
            or_(User.id.in_(editors), User.id.in_(authors), User.id == survey.created_by_id),
        )
        .order_by(User.id)
        .limit(MOST)
    )
    if writer_id is not None:
        query = query.where(User.id != writer_id)
    return [Person(*row) for row in session.execute(query)]


def letter(
    name: str, writer: str, survey: Survey, thread: ReviewThread, body: str, public_url: str
) -> tuple[str, str]:
    """Subject and body of the mail."""
    place = "the survey as a whole" if thread.at == "survey" else f"“{thread.label}”"
    said = body if len(body) <= EXCERPT else body[:EXCERPT].rsplit(" ", 1)[0] + " …"
    quoted = "\n".join(f"> {line}" for line in said.split("\n"))
    parts = [
        f"Hello {name},",
        f"{writer} commented on {place} in “{survey.name}”:",
        quoted,
        f"Read and reply: {public_url}/surveys/{survey.id}/review#thread-{thread.id}",
        "You get this mail because you worked on this survey or commented on it.",
    ]
    return f"New comment on {survey.name}", "\n\n".join(parts) + "\n"
