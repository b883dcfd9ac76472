"""A person's own account."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from efm.errors import Invalid, NotFound
from efm.models import User
from efm.staff.actor import Actor
from efm.staff.forms import checked_name, checked_zone


def myself(session: Session) -> User:
    """The person this unit acts for."""
    found = session.scalars(select(User).where(User.id == session.info["user_id"])).one_or_none()
    if found is None:
        raise NotFound("Your account is not there any more.")
    return found


def update(session: Session, form: Mapping[str, str], by: Actor, now: datetime) -> None:
    """Change name and time zone; raises Invalid with every problem."""
    problems: dict[str, str] = {}
    name = checked_name(form, "name", "yourself", problems)
    zone = checked_zone(form, "time_zone", problems)
    if problems:
        raise Invalid(problems=problems)
    me = myself(session)
    if (me.name, me.time_zone or "") != (name, zone):
        me.name, me.time_zone = name, zone or None
        by.note(session, now, "account.changed")
