"""The people of an organization: their roles, and who may still come in."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from efm.errors import Conflict, Forbidden, Invalid, NotFound
from efm.models import Membership, StaffSession, User
from efm.models.staff import ROLES
from efm.staff import sessions
from efm.staff.actor import Actor

LAST_OWNER = "This is the last owner. Make somebody else an owner first."


@dataclass(frozen=True)
class Member:
    """One person in the list of people."""

    id: uuid.UUID
    user_id: uuid.UUID
    name: str
    email: str
    role: str
    is_active: bool
    has_second_step: bool
    last_seen_at: datetime | None


def all_of(session: Session) -> Sequence[Member]:
    """Everybody of the organization, those who work here first, by name."""
    seen = (
        select(StaffSession.user_id, func.max(StaffSession.last_seen_at).label("at"))
        .group_by(StaffSession.user_id)
        .subquery()
    )
    rows = session.execute(
        select(Membership, User, seen.c.at)
        .join(User, User.id == Membership.user_id)
        .outerjoin(seen, seen.c.user_id == Membership.user_id)
        .order_by(Membership.is_active.desc(), func.lower(User.name), User.id)
    ).all()
    return [
        Member(
            id=membership.id,
            user_id=user.id,
            name=user.name,
            email=user.email,
            role=membership.role,
            is_active=membership.is_active,
            has_second_step=user.totp_sealed is not None,
            last_seen_at=at,
        )
        for membership, user, at in rows
    ]


def get(session: Session, membership_id: uuid.UUID) -> tuple[Membership, User]:
    """A membership of this organization and its person; raises NotFound."""
    row = session.execute(
        select(Membership, User)
        .join(User, User.id == Membership.user_id)
        .where(Membership.id == membership_id)
        .with_for_update(of=Membership)
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such person in this organization.")
    return row[0], row[1]


def _keep_an_owner(session: Session, leaving: Membership) -> None:
    """Refuse to leave the organization without an owner; changes come one after the other."""
    if leaving.role != "owner" or not leaving.is_active:
        return
    owners = session.execute(
        select(func.count()).where(Membership.role == "owner", Membership.is_active)
    ).scalar_one()
    if owners < 2:
        raise Conflict(LAST_OWNER)


def change_role(
    session: Session, membership_id: uuid.UUID, role: str, may_give: frozenset[str],
    by: Actor, now: datetime,
) -> str:  # fmt: skip
    """Give a person another role; returns their name.

    Raises Invalid for an unknown role, Forbidden for one beyond the giver's own (or for a person
    who stands above the giver), Conflict for the last owner.
    """
    check_role(role, may_give)
    _lock(session)
    membership, user = get(session, membership_id)
    if membership.role not in may_give:
        raise Forbidden("This person's role goes beyond yours, so you cannot change it.")
    if role != membership.role:
        if role != "owner":
            _keep_an_owner(session, membership)
        by.note(session, now, "member.role_changed", "member", membership.id,
                was=membership.role, role=role)  # fmt: skip
        membership.role = role
    return user.name


def _lock(session: Session) -> None:
    """Let changes to an organization's people happen one after the other."""
    organization_id = session.info["organization_id"]
    session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"),
        {"key": f"members:{organization_id}"},
    )


def check_role(role: str, may_give: frozenset[str]) -> None:
    """Raise Invalid for an unknown role and Forbidden for one beyond the giver's own."""
    if role not in ROLES:
        raise Invalid(problems={"role": "Choose a role from the list."})
    if role not in may_give:
        raise Forbidden("You can give only roles that your own role includes.")


def deactivate(
    session: Session, membership_id: uuid.UUID, may_give: frozenset[str], by: Actor, now: datetime
) -> str:
    """End a person's access to this organization now; returns their name."""
    _lock(session)
    membership, user = get(session, membership_id)
    if membership.role not in may_give:
        raise Forbidden("This person's role goes beyond yours, so you cannot end their access.")
    if membership.is_active:
        _keep_an_owner(session, membership)
        membership.is_active = False
        sessions.end_all_of(session, membership.user_id)
        by.note(session, now, "member.deactivated", "member", membership.id)
    return user.name


def reactivate(
    session: Session, membership_id: uuid.UUID, may_give: frozenset[str], by: Actor, now: datetime
) -> str:
    """Give a person their access back; returns their name."""
    membership, user = get(session, membership_id)
    if membership.role not in may_give:
        raise Forbidden("You can let back only people whose role your own includes.")
    if not membership.is_active:
        membership.is_active = True
        by.note(session, now, "member.reactivated", "member", membership.id)
    return user.name


def remove_second_step(session: Session, membership_id: uuid.UUID, by: Actor, now: datetime) -> str:
    """Take the second step off a person who lost their device; only an owner can.

    Raises Conflict for a person who also belongs to another organization.
    """
    membership, user = get(session, membership_id)
    done = session.execute(
        text("SELECT efm_remove_second_step(:user)"), {"user": membership.user_id}
    ).scalar_one()
    if not done:
        raise Conflict(
            f"{user.name} belongs to another organization too, or you are not an owner, so only the "
            "operator of this service can remove the second step (efm staff reset-password)."
        )
    by.note(session, now, "member.second_step_removed", "member", membership.id)
    return user.name
