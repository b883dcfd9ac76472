"""The unit of work of a request: one session, committed by the edge; GET and HEAD cannot write."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from flask import current_app, g, request
from sqlalchemy import Engine

from efm import clock
from efm.config import Config
from efm.db.engine import TenantSession
from efm.vault import Vault

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def engine() -> Engine:
    """The serving engine."""
    found: Engine = current_app.extensions["efm.engine"]
    return found


def vault() -> Vault:
    """The vault."""
    found: Vault = current_app.extensions["efm.vault"]
    return found


def config() -> Config:
    """The configuration."""
    found: Config = current_app.extensions["efm.config"]
    return found


def now() -> datetime:
    """The moment of this request: asked once, so that all rows agree."""
    moment: datetime | None = g.get("now")
    if moment is None:
        moment = g.now = clock.now()
    return moment


def session() -> TenantSession:
    """The request's session, of the principal's organization.

    On GET and HEAD PostgreSQL itself refuses to write.
    """
    found: TenantSession | None = g.get("session")
    if found is None:
        who: Any = g.get("principal")
        found = g.session = open_session(
            who.organization_id if who else None, who.user_id if who else None
        )
    return found


def open_session(
    organization_id: uuid.UUID | None, user_id: uuid.UUID | None = None
) -> TenantSession:
    """A session for this request's method; `use` makes it the request's own."""
    return TenantSession(
        engine(), organization_id, user_id=user_id, read_only=request.method in SAFE_METHODS
    )


def use(organization_id: uuid.UUID | None, user_id: uuid.UUID | None = None) -> TenantSession:
    """Make this request's unit one of the given organization (a link told it)."""
    old: TenantSession | None = g.pop("session", None)
    if old is not None:
        old.close()
    g.session = open_session(organization_id, user_id)
    return g.session  # type: ignore[no-any-return]


def release() -> None:
    """Keep what was done so far and give the connection back while something outside is asked.

    Another system may think for a minute, and no transaction waits for it; what was read stays usable.
    """
    found: TenantSession | None = g.get("session")
    if found is not None:
        found.commit()


def finish(*, commit: bool) -> None:
    """End the unit: all of it or nothing."""
    found: TenantSession | None = g.get("session")
    if found is not None:
        if commit:
            found.commit()
        else:
            found.rollback()


def close(_error: BaseException | None = None) -> None:
    """Give the connection back, whatever happened."""
    found: TenantSession | None = g.pop("session", None)
    if found is not None:
        found.close()
