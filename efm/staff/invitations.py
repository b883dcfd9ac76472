"""Inviting people by mail: a link that works once, for one address, for seven days."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, func, select, text, update
from sqlalchemy.orm import Session

from efm.errors import Conflict, Gone, Invalid, NotFound
from efm.events import outbox
from efm.models import Membership, Organization, StaffToken, User
from efm.staff import letters, members, passwords
from efm.staff.actor import Actor
from efm.staff.forms import checked_email, checked_name
from efm.vault import new_token, token_hash

LASTS = timedelta(days=7)
ENDED = (
    "This invitation was used, withdrawn or is older than seven days. "
    "Ask the person who invited you to send another."
)


@dataclass(frozen=True)
class Invited:
    """What an open invitation says."""

    id: uuid.UUID
    organization_id: uuid.UUID
    organization: str
    email: str
    role: str


def waiting(session: Session, now: datetime) -> Sequence[StaffToken]:
    """Invitations that can still be accepted, the newest first."""
    return session.scalars(
        select(StaffToken)
        .where(
            StaffToken.purpose == "invitation",
            StaffToken.used_at.is_(None),
            StaffToken.expires_at > now,
        )
        .order_by(StaffToken.created_at.desc(), StaffToken.id)
        .limit(500)
    ).all()


def invite(
    session: Session, form: Mapping[str, str], may_give: frozenset[str], role_words: str,
    public_url: str, by: Actor, now: datetime,
) -> str:  # fmt: skip
    """Invite an address with a role and post the mail; returns the address.

    Raises Invalid for what was typed or for somebody who is here already, Forbidden for a role
    beyond the inviter's own.
    """
    problems: dict[str, str] = {}
    email = checked_email(form, "email", problems)
    role = form.get("role", "")
    if not problems:
        problems.update(_already_here(session, email, now))
    if problems:
        raise Invalid(problems=problems)
    members.check_role(role, may_give)
    token = new_token()
    invitation = StaffToken(
        purpose="invitation",
        email=email,
        role=role,
        token_hash=token_hash(token),
        invited_by_id=by.user_id,
        expires_at=now + LASTS,
    )
    session.add(invitation)
    session.flush()
    _post(session, email, role_words, token, public_url, by)
    by.note(session, now, "member.invited", "invitation", invitation.id, email=email, role=role)
    return email


def _already_here(session: Session, email: str, now: datetime) -> dict[str, str]:
    known = session.execute(
        select(Membership.is_active)
        .join(User, User.id == Membership.user_id)
        .where(User.email == email)
    ).one_or_none()
    if known is not None:
        return {
            "email": "This person is a member already."
            if known.is_active
            else "This person was a member before. Give them their access back in the list."
        }
    if any(invitation.email == email for invitation in waiting(session, now)):
        return {"email": "This person has an open invitation. Send it again in the list below."}
    return {}


def _post(
    session: Session, email: str, role_words: str, token: str, public_url: str, by: Actor
) -> None:
    organization = session.execute(
        select(Organization.name).where(Organization.id == session.info["organization_id"])
    ).scalar_one()
    body = letters.INVITATION.format(
        inviter=by.label, organization=organization, role=role_words,
        link=f"{public_url}/join/{token}",
    )  # fmt: skip
    outbox.post(session, email, f"Invitation to {organization}", body)


def get(session: Session, invitation_id: uuid.UUID) -> StaffToken:
    """An unused invitation of this organization, locked; raises NotFound."""
    found = session.scalars(
        select(StaffToken)
        .where(
            StaffToken.id == invitation_id,
            StaffToken.purpose == "invitation",
            StaffToken.used_at.is_(None),
        )
        .with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such open invitation.")
    return found


def resend(
    session: Session, invitation: StaffToken, role_words: str, public_url: str,
    by: Actor, now: datetime,
) -> None:  # fmt: skip
    """Send it again with a fresh link, good for another seven days; the old link ends."""
    token = new_token()
    invitation.token_hash = token_hash(token)
    invitation.expires_at = now + LASTS
    _post(session, invitation.email, role_words, token, public_url, by)
    by.note(session, now, "member.invited_again", "invitation", invitation.id,
            email=invitation.email)  # fmt: skip


def withdraw(session: Session, invitation: StaffToken, by: Actor, now: datetime) -> None:
    """End an invitation before it is used."""
    by.note(session, now, "member.invitation_withdrawn", "invitation", invitation.id,
            email=invitation.email)  # fmt: skip
    session.execute(delete(StaffToken).where(StaffToken.id == invitation.id))


def find(engine: Engine, token: str, now: datetime) -> Invited:
    """The open invitation of a link; raises Gone when there is none."""
    with engine.connect() as connection:
        row = connection.execute(
            text(
                "SELECT t.id, t.organization_id, t.email, t.role, o.name AS organization"
                " FROM efm_find_staff_token(:hash, 'invitation', :now) t"
                " JOIN efm_organizations() o ON o.id = t.organization_id"
            ),
            {"hash": token_hash(token), "now": now},
        ).one_or_none()
    if row is None:
        raise Gone(ENDED)
    return Invited(**row._mapping)


def _use(session: Session, invited: Invited, now: datetime) -> None:
    """Consume the invitation; of two at once exactly one goes on."""
    used = session.execute(
        update(StaffToken)
        .where(
            StaffToken.id == invited.id,
            StaffToken.used_at.is_(None),
            StaffToken.expires_at > now,
        )
        .values(used_at=now)
        .returning(StaffToken.id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if used is None:
        raise Gone(ENDED)


def accept_new(
    session: Session, invited: Invited, user_id: uuid.UUID, form: Mapping[str, str], now: datetime
) -> None:
    """Make the person and the membership; the unit is the inviting organization's and theirs."""
    problems: dict[str, str] = {}
    name = checked_name(form, "name", "yourself", problems)
    password = form.get("password", "")
    weak = passwords.weakness(password, invited.email, name, invited.organization)
    if weak:
        problems["password"] = weak
    if problems:
        raise Invalid(problems=problems)
    password_hash = passwords.hashed(password)
    _use(session, invited, now)
    session.add(User(id=user_id, email=invited.email, name=name, password_hash=password_hash))
    session.flush()
    _join(session, invited, user_id, now)


def accept(session: Session, invited: Invited, user_id: uuid.UUID, now: datetime) -> None:
    """Make a known person a member; the unit is the inviting organization's and theirs."""
    _use(session, invited, now)
    here = session.execute(select(func.count()).where(Membership.user_id == user_id)).scalar_one()
    if here:
        raise Conflict("You are a member of this organization already.")
    _join(session, invited, user_id, now)


def _join(session: Session, invited: Invited, user_id: uuid.UUID, now: datetime) -> None:
    membership = Membership(user_id=user_id, role=invited.role)
    session.add(membership)
    session.flush()
    Actor(invited.email, user_id).note(
        session, now, "member.joined", "member", membership.id, role=invited.role
    )
