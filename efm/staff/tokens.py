"""API tokens: made with scopes and an end, shown once, kept as a hash, revoked."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from efm.errors import Invalid, NotFound
from efm.models import ApiToken, User
from efm.staff.actor import Actor
from efm.staff.forms import checked_name
from efm.vault import token_hash

PREFIX = "efm_live_"
LIFETIMES = {"30": "30 days", "90": "90 days", "365": "One year", "": "Until it is revoked"}
MOST = 200


def all_of(session: Session) -> Sequence[tuple[ApiToken, str | None]]:
    """Every token with the name of who made it: those that work first, the newest first."""
    rows = session.execute(
        select(ApiToken, User.name)
        .outerjoin(User, User.id == ApiToken.created_by_id)
        .order_by(ApiToken.revoked_at.is_not(None), ApiToken.created_at.desc(), ApiToken.id)
        .limit(MOST * 2)
    ).all()
    return [(row[0], row[1]) for row in rows]


def state(token: ApiToken, now: datetime) -> str:
    """`active`, `expired` or `revoked`."""
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.expires_at is not None and token.expires_at <= now else "active"


def create(
    session: Session, form: Mapping[str, str], scopes: Sequence[str], allowed: Collection[str],
    by: Actor, now: datetime,
) -> str:  # fmt: skip
    """Make a token; returns it, for the only time it can be seen.

    `id` in the form is the token's own, so that a form sent twice makes one. Raises Invalid.
    """
    problems: dict[str, str] = {}
    name = checked_name(form, "name", "the token", problems)
    chosen = [scope for scope in allowed if scope in scopes]
    if not chosen or set(scopes) - set(allowed):
        problems["scopes"] = "Choose at least one thing that the token may do."
    lifetime = form.get("lifetime", "")
    if lifetime not in LIFETIMES:
        problems["lifetime"] = "Choose how long the token works."
    token_id = _form_id(session, form, problems)
    if problems:
        raise Invalid(problems=problems)
    token = PREFIX + secrets.token_urlsafe(32)
    row = ApiToken(
        id=token_id,
        name=name,
        hint=token[-4:],
        token_hash=token_hash(token),
        scopes=chosen,
        created_by_id=by.user_id,
        expires_at=now + timedelta(days=int(lifetime)) if lifetime else None,
    )
    session.add(row)
    session.flush()
    by.note(session, now, "token.created", "token", row.id, name=name, scopes=chosen)
    return token


def _form_id(session: Session, form: Mapping[str, str], problems: dict[str, str]) -> uuid.UUID:
    """The id that the form brought, unless a token has it already."""
    try:
        found = uuid.UUID(form.get("id", ""))
    except ValueError:
        found = uuid.UUID(int=0)
        problems["_"] = "This form is not complete. Reload the page and fill it in again."
    if session.scalar(select(ApiToken.id).where(ApiToken.id == found)) is not None:
        problems["_"] = (
            "This form was sent before, and its token was shown then. If you did not keep it, "
            "revoke it below and make another."
        )
    return found


def revoke(session: Session, token_id: uuid.UUID, by: Actor, now: datetime) -> str:
    """End a token now; returns its name. Raises NotFound."""
    row = session.scalars(
        select(ApiToken).where(ApiToken.id == token_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such token in this organization.")
    if row.revoked_at is None:
        row.revoked_at = now
        by.note(session, now, "token.revoked", "token", row.id, name=row.name)
    return row.name


def touch(
    engine: Engine, organization_id: uuid.UUID, token_id: uuid.UUID,
    last_used_at: datetime | None, now: datetime,
) -> None:  # fmt: skip
    """Remember that a token is in use, at most once a minute, apart from the request's own unit."""
    if last_used_at is not None and now - last_used_at < timedelta(minutes=1):
        return
    with engine.begin() as connection:
        connection.execute(
            text("SELECT set_config('efm.organization', :organization, true)"),
            {"organization": str(organization_id)},
        )
        connection.execute(
            text(
                "UPDATE api_tokens SET last_used_at = :now WHERE id = :id"
                " AND (last_used_at IS NULL OR last_used_at < :now)"
            ),
            {"now": now, "id": token_id},
        )
