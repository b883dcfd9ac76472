"""Reading the audit log: what was done, by whom, when, newest first."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from efm.models import AuditEntry, Membership, User

PAGE = 50

# What actions are called where people read them; one that is not here reads as its own words.
ACTIONS = {
    "account.changed": "Changed their account",
    "member.deactivated": "Ended somebody's access",
    "member.invitation_withdrawn": "Withdrew an invitation",
    "member.invited": "Invited somebody",
    "member.invited_again": "Sent an invitation again",
    "member.joined": "Joined the organization",
    "member.reactivated": "Gave somebody their access back",
    "member.role_changed": "Changed somebody's role",
    "member.second_step_removed": "Removed somebody's second step",
    "organization.changed": "Changed the organization's settings",
    "organization.founded": "Founded the organization",
    "password.changed": "Changed their password",
    "password.reset": "Chose a new password by a mailed link",
    "password.reset_asked": "Asked for a new password by mail",
    "second_step.turned_off": "Turned their second step off",
    "second_step.turned_on": "Turned their second step on",
    "session.ended": "Signed out another browser",
    "session.others_ended": "Signed out every other browser",
    "session.switched": "Came from another organization",
    "sign_in.failed": "Failed to sign in",
    "sign_in.succeeded": "Signed in",
    "sign_out.succeeded": "Signed out",
    "token.created": "Made an API token",
    "token.revoked": "Revoked an API token",
}


@dataclass(frozen=True)
class Filters:
    """What part of the log is wanted; empty parts mean all."""

    action: str = ""
    user_id: uuid.UUID | None = None
    from_on: date | None = None
    until_on: date | None = None
    before: tuple[datetime, uuid.UUID] | None = None


def words(action: str) -> str:
    """An action as people say it."""
    return ACTIONS.get(action) or action.replace(".", " ").replace("_", " ").capitalize()


def page(session: Session, filters: Filters, zone: ZoneInfo) -> tuple[Sequence[AuditEntry], bool]:
    """One page of the log and whether there is more; days are those of the zone."""
    query = select(AuditEntry).order_by(AuditEntry.acted_at.desc(), AuditEntry.id.desc())
    if filters.action:
        query = query.where(AuditEntry.action == filters.action)
    if filters.user_id is not None:
        query = query.where(AuditEntry.user_id == filters.user_id)
    if filters.from_on is not None:
        query = query.where(AuditEntry.acted_at >= _midnight(filters.from_on, zone))
    if filters.until_on is not None:
        after = _midnight(filters.until_on + timedelta(days=1), zone)
        query = query.where(AuditEntry.acted_at < after)
    if filters.before is not None:
        at, row_id = filters.before
        query = query.where(tuple_(AuditEntry.acted_at, AuditEntry.id) < tuple_(at, row_id))
    rows = session.scalars(query.limit(PAGE + 1)).all()
    return rows[:PAGE], len(rows) > PAGE


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone)


def actions(session: Session) -> list[tuple[str, str]]:
    """The kinds of action in this organization's log, by name."""
    found = session.scalars(select(AuditEntry.action).distinct()).all()
    return sorted(((action, words(action)) for action in found), key=lambda pair: pair[1])


def people(session: Session) -> list[tuple[str, str]]:
    """The people who can stand in the log, by name."""
    rows = session.execute(
        select(User.id, User.name, User.email)
        .join(Membership, Membership.user_id == User.id)
        .order_by(User.name, User.id)
    ).all()
    return [(str(row.id), f"{row.name} ({row.email})") for row in rows]
