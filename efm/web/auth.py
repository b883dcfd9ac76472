"""Who is asking: the session cookie, the API token, CSRF, and the permission of the route."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from flask import Response, current_app, g, request
from sqlalchemy import text

from efm.errors import Forbidden, NotFound, SignInNeeded
from efm.staff import attempts, tokens
from efm.vault import new_token, token_hash
from efm.web import unit
from efm.web.permissions import PUBLIC, ROLE_PERMISSIONS, SIGNED_IN, permission_of

IDLE = timedelta(minutes=30)
TOUCH_AFTER = timedelta(minutes=1)


@dataclass(frozen=True)
class Principal:
    """A person of the staff or a program, in one organization."""

    kind: str
    id: uuid.UUID
    organization_id: uuid.UUID
    user_id: uuid.UUID | None
    name: str
    email: str
    role: str | None
    permissions: frozenset[str]
    csrf_token: str
    session_id: uuid.UUID | None
    organization: Mapping[str, object]
    time_zone: str

    def may(self, permission: str) -> bool:
        """Whether this principal holds a permission."""
        return permission in (PUBLIC, SIGNED_IN) or permission in self.permissions

    @property
    def label(self) -> str:
        """How the audit log names it."""
        return self.email or f"API token {self.name}"


def cookie_name() -> str:
    """The session cookie's name; `__Host-` where TLS lets the browser enforce it."""
    return "__Host-efm" if unit.config().is_secure else "efm"


def principal() -> Principal:
    """The principal of this request; raises SignInNeeded when there is none."""
    found: Principal | None = g.get("principal")
    if found is None:
        raise SignInNeeded
    return found


def guard() -> None:
    """Before each request: find the principal, check CSRF, check the declared permission."""
    if request.url_rule is None:
        return  # Not found or method not allowed: Flask answers that itself.
    check_host()
    view = current_app.view_functions[request.endpoint or ""]
    needed = permission_of(view) or "undeclared"
    if needed == PUBLIC:
        if not request.path.startswith(FOR_ANYBODY):
            g.principal = _from_cookie()
        return
    g.principal = _from_bearer() if request.path.startswith("/api/") else _from_cookie()
    if g.principal is None:
        raise SignInNeeded
    if g.principal.kind == "user" and request.method not in unit.SAFE_METHODS:
        check_csrf(g.principal.csrf_token)
    if not g.principal.may(needed):
        raise Forbidden(
            f"Your {'token' if g.principal.kind == 'token' else 'role'} does not include "
            f"“{needed}”. Ask an owner of the organization for it."
        )


# Public paths that are the same for everybody, whoever is signed in.
FOR_ANYBODY = ("/static/", "/favicon.ico", "/s/", "/hooks/", "/livez", "/readyz", "/metrics")
ANSWER_PATHS = ("/s/", "/static/", "/favicon.ico", "/themes/", "/pictures/", "/livez", "/readyz")


def check_host() -> None:
    """Where answer pages have a host name of their own, staff pages are not found there."""
    answers, staff = unit.config().answer_host, unit.config().public_host
    if answers != staff and request.host == answers and not request.path.startswith(ANSWER_PATHS):
        raise NotFound("There is nothing at this address.")


def check_csrf(expected: str) -> None:
    """Refuse a write that another site made the browser send."""
    check_same_site()
    given = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise Forbidden("This form has expired. Go back, reload the page and send it again.")


def check_same_site() -> None:
    """Refuse a request that the browser says comes from elsewhere."""
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        raise Forbidden("This form was sent from another site.")
    origin = request.headers.get("Origin")
    if origin and origin != "null":
        allowed = {request.host, urlsplit(unit.config().public_url).netloc}
        if urlsplit(origin).netloc not in allowed:
            raise Forbidden("This form was sent from another site.")


def _from_cookie() -> Principal | None:
    token = request.cookies.get(cookie_name())
    if not token or len(token) > 64:
        return None
    now = unit.now()
    with unit.engine().connect() as connection:
        row = connection.execute(
            text("SELECT * FROM efm_find_session(:hash, :now)"),
            {"hash": token_hash(token), "now": now},
        ).one_or_none()
    if row is None or now - row.last_seen_at > IDLE:
        return None
    if now - row.last_seen_at > TOUCH_AFTER:
        _touch(row.organization_id, row.session_id, now)
    return Principal(
        kind="user",
        id=row.user_id,
        organization_id=row.organization_id,
        user_id=row.user_id,
        name=row.user_name,
        email=row.email,
        role=row.role,
        permissions=ROLE_PERMISSIONS[row.role],
        csrf_token=row.csrf_token,
        session_id=row.session_id,
        organization={
            "name": row.organization_name,
            "slug": row.slug,
            "time_zone": row.time_zone,
            "language": row.language,
            "currency": row.currency,
            "is_synthetic": row.is_synthetic,
        },
        time_zone=row.user_time_zone or row.time_zone,
    )


def _touch(organization_id: uuid.UUID, session_id: uuid.UUID, now: datetime) -> None:
    """Remember that the session is in use; apart from the request's own unit, which may only read."""
    with unit.engine().begin() as connection:
        connection.execute(
            text("SELECT set_config('efm.organization', :organization, true)"),
            {"organization": str(organization_id)},
        )
        connection.execute(
            text("UPDATE staff_sessions SET last_seen_at = :now WHERE id = :id"),
            {"now": now, "id": session_id},
        )


def _from_bearer() -> Principal | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > 200:
        return None
    return token_principal(token.strip())


def token_principal(token: str) -> Principal | None:
    """The program that holds this API token, or None when it is unknown, expired or revoked."""
    now = unit.now()
    with unit.engine().connect() as connection:
        row = connection.execute(
            text("SELECT * FROM efm_find_api_token(:hash)"), {"hash": token_hash(token)}
        ).one_or_none()
    if row is None or row.revoked_at is not None or (row.expires_at and row.expires_at <= now):
        return None
    tokens.touch(unit.engine(), row.organization_id, row.id, row.last_used_at, now)
    return Principal(
        kind="token",
        id=row.id,
        organization_id=row.organization_id,
        user_id=None,
        name=row.name,
        email="",
        role=None,
        permissions=frozenset(row.scopes),
        csrf_token="",
        session_id=None,
        organization={},
        time_zone="UTC",
    )


def hit(bucket: str, limit: int, seconds: int, message: str) -> None:
    """Count an attempt; raises TooMany once `limit` is passed within the window."""
    attempts.count(unit.engine(), bucket, limit, seconds, message, unit.now())


def client_prefix() -> str:
    """The caller's network: the address for IPv4, the /64 for IPv6."""
    address = request.remote_addr or "unknown"
    return ":".join(address.split(":")[:4]) if ":" in address else address


FORM_COOKIE = "efm_form"


def form_token(response_cookies: dict[str, str]) -> str:
    """The CSRF value of a form shown before sign-in; its nonce goes out as a cookie."""
    nonce = request.cookies.get(FORM_COOKIE, "")
    if not 20 <= len(nonce) <= 64:
        nonce = new_token()
    response_cookies[FORM_COOKIE] = nonce
    return unit.vault().sign("form", nonce)


def check_form_token() -> None:
    """Check a form that was shown before sign-in."""
    check_same_site()
    nonce = request.cookies.get(FORM_COOKIE, "")
    if not nonce or not unit.vault().is_signed(request.form.get("csrf_token", ""), "form", nonce):
        raise Forbidden("This form has expired. Go back, reload the page and send it again.")


def set_cookie(response: Response, name: str, value: str, *, seconds: int | None = None) -> None:
    """A cookie that scripts cannot read and other sites do not send."""
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path="/",
        secure=unit.config().is_secure,
        httponly=True,
        samesite="Lax",
    )
