"""What every response carries: request id, security headers, caching."""

from __future__ import annotations

import re
import time

from flask import Flask, Response, g, request
from structlog.contextvars import bind_contextvars, clear_contextvars

from efm.clock import new_id
from efm.web import access, auth, unit

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
ANSWER_CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; "
    "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,40}")


def begin() -> None:
    """Name the request and start its clock."""
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if REQUEST_ID.fullmatch(given) else new_id().hex
    g.started = time.perf_counter()
    clear_contextvars()
    bind_contextvars(request_id=g.request_id)


def fixed(*, is_answer: bool, is_secure: bool) -> dict[str, str]:
    """The headers that every response of an answer page, or of any other, carries alike."""
    headers = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer" if is_answer else "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    }
    if is_secure:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if is_answer:
        headers["X-Robots-Tag"] = "noindex, nofollow"
    return headers


def finish(response: Response) -> Response:
    """Headers, cookies of forms, one log line."""
    is_answer = request.path.startswith("/s/")
    headers = response.headers
    headers["X-Request-ID"] = g.get("request_id", "")
    headers.setdefault("Content-Security-Policy", ANSWER_CSP if is_answer else CSP)
    # A page may be shown in a frame of ours where its view says so.
    for name, value in fixed(is_answer=is_answer, is_secure=unit.config().is_secure).items():
        headers.setdefault(name, value)
    if not request.path.startswith("/static/"):
        headers.setdefault("Cache-Control", "no-store")
    for name, value in g.get("form_cookies", {}).items():
        auth.set_cookie(response, name, value, seconds=3600)
    route = request.url_rule.rule if request.url_rule else "unknown"
    elapsed = time.perf_counter() - g.get("started", time.perf_counter())
    access.note(request.method, route, response.status_code, elapsed)
    return response


def install(app: Flask) -> None:
    """Wire the request's beginning and end."""
    app.before_request(begin)
    app.before_request(auth.guard)
    app.after_request(finish)
    app.teardown_request(unit.close)
