"""New passwords: by a mailed link that works once for an hour, or by knowing the old one."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, text, update
from sqlalchemy.orm import Session

from efm.db.engine import unit
from efm.errors import Gone, Invalid
from efm.events import outbox
from efm.models import StaffToken, User
from efm.staff import attempts, letters, passwords, second_step, sessions, sign_in
from efm.staff.actor import Actor
from efm.staff.sign_in import Person
from efm.vault import new_token, token_hash

LASTS = timedelta(hours=1)
ENDED = (
    "This link was used, is older than one hour, or the password was changed since. "
    "Ask for another one."
)
TOO_OFTEN = "A new password was asked for several times. Look into your mail, or wait an hour."
OPERATOR = Actor("The operator of this service", None)
PER_HOUR = 5
PER_NETWORK_AND_HOUR = 20


@dataclass(frozen=True)
class Reset:
    """What an open reset link stands for."""

    id: uuid.UUID
    organization_id: uuid.UUID
    user_id: uuid.UUID
    email: str


def ask(engine: Engine, email: str, *, network: str, public_url: str, now: datetime) -> None:
    """Mail a link to the person with this address, if there is one; the caller cannot tell.

    Raises TooMany after five requests an hour for one address, known or not.
    """
    email = email.strip().lower()[:320].replace("\0", "")
    attempts.count(
        engine, f"forgot-from:{network}", PER_NETWORK_AND_HOUR, 3600, TOO_OFTEN, now
    )  # fmt: skip
    attempts.count(engine, attempts.bucket("forgot", email), PER_HOUR, 3600, TOO_OFTEN, now)
    person = sign_in.find(engine, email)
    passwords.matches(None, "as much work for an unknown address as for a known one")
    if person is None or not person.is_active:
        return
    link = make_link(engine, person, public_url, Actor(person.email, person.id), now)
    if link is None:
        return
    place, address = link
    body = letters.RESET.format(name=person.name, email=person.email, link=address)
    with unit(engine, place, user_id=person.id) as session:
        outbox.post(session, person.email, "A new password", body)


def make_link(
    engine: Engine, person: Person, public_url: str, by: Actor, now: datetime
) -> tuple[uuid.UUID, str] | None:
    """A reset link and the organization it is kept in; None for a person without organization."""
    places = sign_in.places(engine, person.id)
    if not places:
        return None
    token = new_token()
    with unit(engine, places[0].organization_id, user_id=person.id) as session:
        session.add(
            StaffToken(
                purpose="reset",
                email=person.email,
                user_id=person.id,
                credential_version=person.credential_version,
                token_hash=token_hash(token),
                expires_at=now + LASTS,
            )
        )
        by.note(session, now, "password.reset_asked", "user", person.id)
    return places[0].organization_id, f"{public_url}/new-password/{token}"


def remove_second_step(engine: Engine, person: Person, now: datetime) -> None:
    """Take the second step off at the operator's word, and end every session of the person."""
    places = sign_in.places(engine, person.id)
    if not places:
        return
    with unit(engine, places[0].organization_id, user_id=person.id) as session:
        second_step.turn_off(session, person.id)
        sessions.raise_credential_version(session, person.id)
        OPERATOR.note(session, now, "member.second_step_removed", "user", person.id)


def find(engine: Engine, token: str, now: datetime) -> Reset:
    """The open reset of a link; raises Gone when there is none."""
    with engine.connect() as connection:
        row = connection.execute(
            text(
                "SELECT id, organization_id, user_id, email"
                " FROM efm_find_staff_token(:hash, 'reset', :now)"
            ),
            {"hash": token_hash(token), "now": now},
        ).one_or_none()
    if row is None:
        raise Gone(ENDED)
    return Reset(**row._mapping)


def finish(session: Session, reset: Reset, password: str, now: datetime) -> None:
    """Store the new password and end every session; the unit is the person's own.

    Raises Invalid for a weak password, Gone when the link was used meanwhile.
    """
    weak = passwords.weakness(password, reset.email)
    if weak:
        raise Invalid(problems={"password": weak})
    password_hash = passwords.hashed(password)
    used = session.execute(
        update(StaffToken)
        .where(StaffToken.id == reset.id, StaffToken.used_at.is_(None))
        .values(used_at=now)
        .returning(StaffToken.id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if used is None:
        raise Gone(ENDED)
    _store(session, reset.user_id, password_hash)
    session.execute(
        text("SELECT efm_record_sign_in(:user, true, :now, NULL)"),
        {"user": reset.user_id, "now": now},
    )
    session.execute(
        text("SELECT efm_forgive(:bucket)"), {"bucket": attempts.bucket("sign-in", reset.email)}
    )
    Actor(reset.email, reset.user_id).note(session, now, "password.reset")


def change(
    session: Session, person: Person, new: str, by: Actor, public_url: str, now: datetime
) -> int:
    """Store a new password and end every session; returns the new credential version.

    The caller has checked the old password. The unit is the person's own. Raises Invalid.
    """
    weak = passwords.weakness(new, person.email, person.name)
    if weak:
        raise Invalid(problems={"new_password": weak})
    version = _store(session, person.id, passwords.hashed(new))
    body = letters.CHANGED.format(
        name=person.name, email=person.email, link=f"{public_url}/forgot-password"
    )
    outbox.post(session, person.email, "Your password was changed", body)
    by.note(session, now, "password.changed")
    return version


def _store(session: Session, user_id: uuid.UUID, password_hash: str) -> int:
    session.execute(
        update(User)
        .where(User.id == user_id)
        .values(password_hash=password_hash)
        .execution_options(synchronize_session=False)
    )
    return sessions.raise_credential_version(session, user_id)
