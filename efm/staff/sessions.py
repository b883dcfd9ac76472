"""Signed-in browsers: a row for each, found by the hash of its cookie, ended by deleting it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.orm import Session

from efm.models import StaffSession, User
from efm.vault import new_token, token_hash

LASTS = timedelta(hours=12)


def start(
    session: Session, user_id: uuid.UUID, credential_version: int, user_agent: str, now: datetime
) -> str:
    """Start a session in the unit's organization; returns the token for the cookie."""
    token = new_token()
    session.add(
        StaffSession(
            user_id=user_id,
            token_hash=token_hash(token),
            csrf_token=new_token(),
            credential_version=credential_version,
            last_seen_at=now,
            expires_at=now + LASTS,
            user_agent=user_agent[:200],
        )
    )
    session.flush()
    return token


def end(session: Session, user_id: uuid.UUID, session_id: uuid.UUID) -> bool:
    """End one session of this person; False when there is none of that id."""
    result = session.execute(
        delete(StaffSession).where(StaffSession.id == session_id, StaffSession.user_id == user_id)
    )
    return isinstance(result, CursorResult) and result.rowcount == 1


def end_all_of(session: Session, user_id: uuid.UUID) -> None:
    """End every session of this person in the unit's organization."""
    session.execute(delete(StaffSession).where(StaffSession.user_id == user_id))


def running(session: Session, user_id: uuid.UUID, now: datetime) -> Sequence[StaffSession]:
    """The person's sessions that have not run out, the latest used first."""
    return session.scalars(
        select(StaffSession)
        .join(User, User.id == StaffSession.user_id)
        .where(
            StaffSession.user_id == user_id,
            StaffSession.expires_at > now,
            StaffSession.last_seen_at > now - timedelta(minutes=30),
            StaffSession.credential_version == User.credential_version,
        )
        .order_by(StaffSession.last_seen_at.desc())
        .limit(50)
    ).all()


def raise_credential_version(session: Session, user_id: uuid.UUID) -> int:
    """End every session and open reset link of this person, everywhere; returns the new version."""
    version: int = session.execute(
        update(User)
        .where(User.id == user_id)
        .values(credential_version=User.credential_version + 1)
        .returning(User.credential_version)
        .execution_options(synchronize_session=False)
    ).scalar_one()
    return version


def browser(user_agent: str) -> str:
    """What a person would call this browser: "Firefox on Windows"."""
    names = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"),
             ("Safari/", "Safari"))  # fmt: skip
    systems = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"),
               ("Windows", "Windows"), ("Mac OS X", "Mac"), ("Linux", "Linux"))  # fmt: skip
    name = next((said for mark, said in names if mark in user_agent), "A browser")
    system = next((said for mark, said in systems if mark in user_agent), "")
    return f"{name} on {system}" if system else name
