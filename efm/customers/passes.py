"""The passes over all customers: the one under way, the last one, and whether another has a point."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from efm.models import Resolution

# What a source said is committed some time after the moment that is noted for it.
MARGIN = timedelta(hours=1)

_NEWS = text(
    "SELECT EXISTS (SELECT FROM identities WHERE said_at >= :since)"
    " OR EXISTS (SELECT FROM identity_rules WHERE updated_at >= :since)"
)
_ANYBODY = text("SELECT EXISTS (SELECT FROM identities)")


def begin(session: Session, now: datetime) -> uuid.UUID:
    """The pass that was cut, to be gone on with, or a new one."""
    found = session.scalars(select(Resolution).where(Resolution.state == "running")).first()
    if found is None:
        found = Resolution(state="running", started_at=now, heartbeat_at=now)
        session.add(found)
        session.flush()
    found.started_at = found.heartbeat_at = now
    return found.id


def latest(session: Session) -> Resolution | None:
    """The pass that began last."""
    return session.scalars(select(Resolution).order_by(Resolution.started_at.desc())).first()


def has_news(session: Session) -> bool:
    """Whether a pass could find anything: something was said or a rule changed since the last."""
    last = latest(session)
    if last is None:
        return bool(session.execute(_ANYBODY).scalar_one())
    if last.state != "succeeded":
        return True
    return bool(session.execute(_NEWS, {"since": last.started_at - MARGIN}).scalar_one())
