"""Proving who somebody is: address and password, counted, locked, and equal for unknown addresses."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, text, update
from sqlalchemy.orm import Session

from efm.db.engine import unit
from efm.errors import Forbidden, Invalid
from efm.models import User
from efm.staff import attempts, passwords
from efm.staff.actor import Actor

NOBODY = uuid.UUID(int=0)
LIMIT = 10
WINDOW_SECONDS = 15 * 60
WRONG = "That e-mail address and password do not belong together."
PAUSED = "There were too many attempts to sign in. Wait 15 minutes and try again, or reset your password."
NOT_A_MEMBER = (
    "Your password is right, but you are not a member of any organization any more. "
    "Ask an owner to invite you again."
)


@dataclass(frozen=True)
class Person:
    """A member of the staff as the sign-in sees them."""

    id: uuid.UUID
    email: str
    name: str
    password_hash: str | None
    totp_sealed: bytes | None
    is_active: bool
    locked_until: datetime | None
    credential_version: int

    def is_locked(self, now: datetime) -> bool:
        return self.locked_until is not None and self.locked_until > now


@dataclass(frozen=True)
class Place:
    """An organization a person belongs to."""

    organization_id: uuid.UUID
    name: str
    role: str


def find(engine: Engine, email: str) -> Person | None:
    """The person with this address, in whatever organization."""
    with engine.connect() as connection:
        row = connection.execute(
            text(
                "SELECT id, email, name, password_hash, totp_sealed, is_active, locked_until,"
                " credential_version FROM efm_sign_in(:email)"
            ),
            {"email": email.strip().lower()[:320]},
        ).one_or_none()
    return Person(**row._mapping) if row is not None else None


def places(engine: Engine, user_id: uuid.UUID) -> list[Place]:
    """The organizations of a person, the oldest first."""
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT organization_id, name, role FROM efm_user_organizations(:user)"),
            {"user": user_id},
        ).all()
    return [Place(**row._mapping) for row in rows]


def check_password(
    engine: Engine, email: str, password: str, *, network: str, now: datetime
) -> Person:
    """The person whose address and password these are.

    Raises TooMany after 10 attempts in 15 minutes for the address or 10 failures from the network,
    and Invalid, with the same words after the same work, for an unknown address, a wrong password,
    a locked or a closed account.
    """
    email = email.strip().lower()[:320].replace("\0", "")
    ours, theirs = attempts.bucket("sign-in", email), f"sign-in-from:{network}"
    attempts.refuse_over(engine, theirs, LIMIT, WINDOW_SECONDS, PAUSED, now)
    attempts.count(engine, ours, LIMIT, WINDOW_SECONDS, PAUSED, now)
    person = find(engine, email)
    is_right = passwords.matches(person.password_hash if person else None, password)
    if person is None or not is_right or not person.is_active or person.is_locked(now):
        attempts.add(engine, theirs, WINDOW_SECONDS, now)
        record_failure(engine, person, now, "password")
        raise Invalid(WRONG, problems={"email": WRONG})
    if not person.totp_sealed:
        record_success(engine, person, now)
    return person


def check_again(engine: Engine, email: str, password: str, now: datetime) -> Person:
    """The signed-in person, once their password is typed right again; counted like a sign-in."""
    ours = attempts.bucket("again", email)
    attempts.count(engine, ours, LIMIT, WINDOW_SECONDS, PAUSED, now)
    person = find(engine, email)
    if person is None or not passwords.matches(person.password_hash, password):
        raise Invalid(WRONG)
    attempts.forgive(engine, ours)
    return person


def record_success(engine: Engine, person: Person, now: datetime) -> None:
    """Forget the failures: every step has been passed."""
    attempts.forgive(engine, attempts.bucket("sign-in", person.email))
    _record(engine, person.id, True, now)


def record_failure(engine: Engine, person: Person | None, now: datetime, step: str) -> None:
    """Count a failure; after ten the account is locked for 15 minutes. Noted in each organization."""
    if person is not None and person.is_locked(now):
        return
    _record(engine, person.id if person else NOBODY, False, now)
    if person is None:
        # A known address writes two rows more; as many are written here, so that time tells nothing.
        places(engine, NOBODY)
        for _ in range(2):
            attempts.add(engine, f"nobody:{uuid.uuid4().hex[:2]}", WINDOW_SECONDS, now)
        return
    for place in places(engine, person.id):
        with unit(engine, place.organization_id, user_id=person.id) as session:
            Actor(person.email, person.id).note(session, now, "sign_in.failed", step=step)


def _record(engine: Engine, user_id: uuid.UUID, is_ok: bool, now: datetime) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("SELECT efm_record_sign_in(:user, :ok, :now, NULL)"),
            {"user": user_id, "ok": is_ok, "now": now},
        )


def first_place(engine: Engine, person: Person) -> Place:
    """Where a person arrives; raises Forbidden when every membership has ended."""
    found = places(engine, person.id)
    if not found:
        raise Forbidden(NOT_A_MEMBER)
    return found[0]


def renew_hash(session: Session, person: Person, password: str) -> None:
    """Hash again with today's parameters; the unit must be the person's own."""
    if person.password_hash and passwords.is_outdated(person.password_hash):
        session.execute(
            update(User)
            .where(User.id == person.id)
            .values(password_hash=passwords.hashed(password))
        )
