"""The bare entrance in front of Flask, for the few paths every answer takes.

Links are answered by the same reception as in Flask, and a single response of the API by the same
reading and storing. Whatever is out of the ordinary (a refusal of the API, an unusual header, a
fault) is handed to Flask as it came, so that there is one answer to everything.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import orjson
from structlog.contextvars import bind_contextvars, clear_contextvars

from efm import clock, log
from efm.clock import new_id
from efm.config import Config
from efm.errors import EfmError, Unready
from efm.web import headers
from efm.web.access import QuickNotes
from efm.web.api.room import STANDING, standing_headers
from efm.web.bodies import Bodies
from efm.web.flask import EfmFlask
from efm.web.permissions import permission_of
from efm.web.quick_ingest import QuickIngest
from efm.web.reception import BODY_LIMIT, Reception, Reply, Visit

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LINK = "/s/<token>"
THANKS = "/s/<token>/thanks"
INGEST = "/api/v1/responses"
# Method, path and permission of what is answered here. Flask has the same, and must agree.
ROUTES = (
    ("GET", LINK, "public"),
    ("POST", LINK, "public"),
    ("GET", THANKS, "public"),
    ("POST", INGEST, "responses.write"),
)
# How long a link, a token or a survey may be remembered (twice that while one thread looks again).
# What it no longer allows is refused by the statement that stores, so this is only for how long a
# page may still be shown.
KEEP_SECONDS = 0.25
FORM_TYPE = "application/x-www-form-urlencoded"
# A reply without a body may not even say how long it is (RFC 9110, section 8.6).
NOTHING_TO_SHOW = 204
JSON_TYPES = ("application/json", "application/json; charset=utf-8")

_TOKEN = re.compile(r"/s/([A-Za-z0-9_-]{1,64})(/thanks)?")
_LINES = {int(status): f"{int(status)} {status.phrase.upper()}" for status in HTTPStatus}

logger = log.get("web")


class Entrance:
    """A WSGI application: answers what it can by itself, and passes on the rest."""

    def __init__(self, app: EfmFlask, *, keep_seconds: float = KEEP_SECONDS) -> None:
        config: Config = app.extensions["efm.config"]
        reception: Reception = app.extensions["efm.reception"]
        self.app = app
        self._bodies = Bodies(config.threads)
        self._hops = config.proxy_hops
        self._hosts = frozenset(config.trusted_hosts)
        self._reception = reception.keeping(keep_seconds)
        self._ingest = QuickIngest(app, keep_seconds)
        self._notes = QuickNotes(config.log_format, config.log_level)
        self._page_headers = _fixed(is_answer=True, is_secure=config.is_secure)
        self._api_headers = _fixed(is_answer=False, is_secure=config.is_secure)
        self._routes = _agreed(app)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        try:
            occupied = self._bodies.take(environ)
        except EfmError as error:
            return self._refused(error, environ, start_response)
        try:
            return self._answered(environ, start_response)
        finally:
            for place in occupied:
                place.release()

    def _answered(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        if path.startswith("/s/"):
            answer = self._link(path, environ)
        elif path == INGEST and INGEST in self._routes and environ["REQUEST_METHOD"] == "POST":
            answer = self._single(environ)
        else:
            answer = None
        if answer is None:
            return self.app(environ, start_response)
        status, fields, content = answer
        start_response(_LINES[status], fields)
        return [content]

    def _refused(
        self, error: EfmError, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Say why a body is not waited for; the connection ends with it."""
        started, request_id = self._begin(environ)
        content = f"{error.title}\n".encode()
        fields = [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(content))),
            ("Connection", "close"),
            ("Retry-After", "5"),
            ("X-Request-ID", request_id),
            *self._api_headers,
        ]
        seconds = time.perf_counter() - started
        self._notes.note(request_id, environ["REQUEST_METHOD"], "body", error.status, seconds)
        start_response(_LINES[error.status], fields)
        return [content]

    def _link(self, path: str, environ: WSGIEnvironment) -> Answer | None:
        """A link's page, a form sent to it, or its thanks; None to pass on."""
        found = _TOKEN.fullmatch(path)
        method = environ["REQUEST_METHOD"]
        if found is None or not self._is_ordinary(environ):
            return None
        token, is_thanks = found[1], found[2] is not None
        started, request_id = self._begin(environ)
        visit = Visit(clock.now(), self._prefix(environ), environ.get("HTTP_ACCEPT_LANGUAGE", ""))
        body = b""
        try:
            if method == "GET":
                given = environ.get("QUERY_STRING", "")
                query = {name: each[0] for name, each in parse_qs(given).items()} if given else {}
                if is_thanks:
                    reply = self._reception.thanks(token, query, visit)
                else:
                    reply = self._reception.show(token, query, visit)
            elif method == "POST" and not is_thanks:
                length = _length(environ, FORM_TYPE, BODY_LIMIT)
                if length is None:
                    return None
                body = environ["wsgi.input"].read(length)
                reply = self._reception.send(token, body, visit)
            else:
                return None
        except Exception as error:
            _pass_on(environ, body, error)
            return None
        seconds = time.perf_counter() - started
        route = THANKS if is_thanks else LINK
        self._notes.note(request_id, method, route, reply.status, seconds)
        return self._page(reply, request_id)

    def _single(self, environ: WSGIEnvironment) -> Answer | None:
        """One response of a program; None to pass on."""
        length = _length(environ, "application/json", self._ingest.most_bytes)
        if length is None or not self._is_ordinary(environ) or self._ingest.is_unusual(environ):
            return None
        started, request_id = self._begin(environ)
        body = b""
        try:
            token = self._ingest.token(environ)
            if token is None or not self._ingest.may_ask(token, environ, clock.now()):
                return None
            body = environ["wsgi.input"].read(length)
            taken = self._ingest.store(token, body, environ, clock.now())
        except Unready as error:
            # Flask would only ask the same busy database again.
            logger.warning("database.unreachable", error=type(error).__name__)
            taken = _unready(error, environ, request_id)
        except Exception as error:
            _pass_on(environ, body, error)
            return None
        if taken is None:
            environ["wsgi.input"] = BytesIO(body)
            return None
        status, content, more = taken
        self._notes.note(request_id, "POST", INGEST, status, time.perf_counter() - started)
        kind = "application/json" if status < 400 else "application/problem+json"
        fields = [
            ("Content-Type", kind),
            ("Content-Length", str(len(content))),
            ("X-Request-ID", request_id),
            *self._api_headers,
            *more,
        ]
        return status, fields, content

    def _page(self, reply: Reply, request_id: str) -> Answer:
        content = reply.html.encode()
        fields = [("X-Request-ID", request_id), *self._page_headers]
        if reply.status != NOTHING_TO_SHOW:
            fields.append(("Content-Type", "text/html; charset=utf-8"))
            fields.append(("Content-Length", str(len(content))))
        if reply.location:
            fields.append(("Location", reply.location))
        if reply.leads_to:
            fields.append(("Refresh", f"0; url={reply.leads_to}"))
        if reply.retry_after_seconds:
            fields.append(("Retry-After", str(reply.retry_after_seconds)))
        return reply.status, fields, content

    def _begin(self, environ: WSGIEnvironment) -> tuple[float, str]:
        """Start the request's clock and name it, as Flask's pages do."""
        given = environ.get("HTTP_X_REQUEST_ID", "")
        request_id = given if headers.REQUEST_ID.fullmatch(given) else new_id().hex
        clear_contextvars()
        bind_contextvars(request_id=request_id)
        return time.perf_counter(), request_id

    def _is_ordinary(self, environ: WSGIEnvironment) -> bool:
        """Whether the host is one of ours, when they are told; Flask refuses the others."""
        if not self._hosts:
            return True
        host = environ.get("HTTP_HOST", "")
        return host in self._hosts or host.partition(":")[0] in self._hosts

    def _prefix(self, environ: WSGIEnvironment) -> str:
        """The caller's network, seen through as many proxies as there are."""
        address: str = environ.get("REMOTE_ADDR") or "unknown"
        if self._hops:
            passed = [each.strip() for each in environ.get("HTTP_X_FORWARDED_FOR", "").split(",")]
            if len(passed) >= self._hops and passed[-self._hops]:
                address = passed[-self._hops]
        return ":".join(address.split(":")[:4]) if ":" in address else address


Answer = tuple[int, list[tuple[str, str]], bytes]


def _unready(
    error: Unready, environ: WSGIEnvironment, request_id: str
) -> tuple[int, bytes, list[tuple[str, str]]]:
    """The problem that Flask's side would send."""
    problem = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "detail": error.message,
        "instance": INGEST,
        "request_id": request_id,
    }
    more = [("Retry-After", "5"), *standing_headers(environ.get(STANDING))]
    return error.status, orjson.dumps(problem), more


def _agreed(app: EfmFlask) -> frozenset[str]:
    """The paths Flask has too, with the same permission; raises TypeError when it has another."""
    declared = {
        (method, rule.rule): permission_of(app.view_functions[rule.endpoint])
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }
    for method, path, permission in ROUTES:
        if declared.get((method, path), permission) != permission:
            raise TypeError(f"{method} {path} is declared with two permissions.")
    return frozenset(path for method, path, _ in ROUTES if (method, path) in declared)


def _fixed(*, is_answer: bool, is_secure: bool) -> list[tuple[str, str]]:
    policy = headers.ANSWER_CSP if is_answer else headers.CSP
    return [
        ("Content-Security-Policy", policy),
        *headers.fixed(is_answer=is_answer, is_secure=is_secure).items(),
        ("Cache-Control", "no-store"),
    ]


def _length(environ: WSGIEnvironment, content_type: str, most: int) -> int | None:
    """The body's length when it is of that type, of known length and not too long."""
    given = environ.get("CONTENT_TYPE", "").lower()
    if given != content_type and given not in JSON_TYPES[1:]:
        return None
    if not given.startswith(content_type) or environ.get("HTTP_CONTENT_ENCODING"):
        return None
    length = environ.get("CONTENT_LENGTH", "")
    if not length.isascii() or not length.isdigit() or len(length) > 9 or int(length) > most:
        return None
    return int(length)


def _pass_on(environ: WSGIEnvironment, body: bytes, error: Exception) -> None:
    """Give the body back, so that Flask meets the same refusal or fault and says it in full."""
    environ["wsgi.input"] = BytesIO(body)
    if not isinstance(error, EfmError):
        logger.error("entrance.failed", exc_info=error)
