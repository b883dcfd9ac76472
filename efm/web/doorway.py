"""Letting people in and out: the session's cookie, the form before it, and where they go next."""

from __future__ import annotations

import uuid

from flask import Response, g, redirect, request, url_for
from flask import current_app as app

from efm.db.engine import unit as new_unit
from efm.staff import sessions
from efm.staff.actor import Actor
from efm.web import auth, unit

LONGEST_NEXT = 2000


def local_path(wanted: str | None) -> str | None:
    """The path when it stays on this host, else None.

    Browsers drop tabs and line ends, and take a backslash for a slash; so both are refused.
    """
    if not wanted or len(wanted) > LONGEST_NEXT or not wanted.startswith("/"):
        return None
    if wanted.startswith("//") or "\\" in wanted or not wanted.isprintable():
        return None
    return wanted


def landing() -> str:
    """Where a signed-in person starts: the first page that exists and the role allows."""
    who = auth.principal()
    if "overview.show" in app.view_functions:
        return url_for("overview.show")
    return url_for("settings.show" if who.may("organization.edit") else "account.show")


def actor() -> Actor:
    """The principal of this request, for the audit log."""
    who = auth.principal()
    return Actor(who.label, who.user_id, g.get("request_id"))


def check_form() -> None:
    """Check the CSRF value of a public form, whoever is or is not signed in."""
    who: auth.Principal | None = g.get("principal")
    if who is not None:
        auth.check_csrf(who.csrf_token)
    else:
        auth.check_form_token()


def let_in(
    organization_id: uuid.UUID, user_id: uuid.UUID, email: str, version: int, where: str | None,
    action: str = "sign_in.succeeded",
) -> Response:  # fmt: skip
    """Start a session in that organization and send the person on; an older session ends."""
    let_out()
    session = unit.use(organization_id, user_id)
    agent = request.headers.get("User-Agent", "")
    token = sessions.start(session, user_id, version, agent, unit.now())
    Actor(email, user_id, g.get("request_id")).note(session, unit.now(), action)
    response: Response = redirect(local_path(where) or "/", code=303)  # type: ignore[assignment]
    auth.set_cookie(response, auth.cookie_name(), token)
    return response


def let_out(*, noted: bool = False) -> None:
    """End the session this request came with, at once, if there is one."""
    who: auth.Principal | None = g.get("principal")
    if who is None or who.session_id is None or who.user_id is None:
        return
    with new_unit(unit.engine(), who.organization_id, user_id=who.user_id) as session:
        sessions.end(session, who.user_id, who.session_id)
        if noted:
            actor().note(session, unit.now(), "sign_out.succeeded")
