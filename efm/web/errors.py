"""Refusals as people and programs meet them: a kind page, or RFC 9457 problem details."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Flask, Response, g, redirect, render_template, request, url_for
from flask.globals import request_ctx
from sqlalchemy.exc import DBAPIError, OperationalError
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.wrappers import Response as BaseResponse

from efm import log
from efm.errors import EfmError, Invalid, SignInNeeded, TooMany, Unready
from efm.web import unit
from efm.web.pointers import where

logger = log.get("web")


def wants_json() -> bool:
    """Whether a program is asking."""
    return request.path.startswith("/api/")


def problem(
    status: int, title: str, detail: str = "", *, problems: dict[str, Any] | None = None
) -> Response:
    """A problem of RFC 9457, with the request's id and, for bad input, a list of errors."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail or title,
        "instance": request.path,
        "request_id": g.get("request_id", ""),
    }
    if problems:
        body["errors"] = [where(key) | {"detail": value} for key, value in problems.items()]
    return Response(orjson.dumps(body), status=status, mimetype="application/problem+json")


def _answer(status: int, title: str, detail: str, problems: dict[str, Any]) -> Response:
    if wants_json():
        return problem(status, title, detail, problems=problems)
    if request_ctx.url_adapter is None:  # A host that is not ours: no page of ours has an address.
        return Response(f"{title}\n", status=status, mimetype="text/plain")
    page = render_template(
        "errors/error.html", status=status, heading=title, message=detail, problems=problems
    )
    return Response(page, status=status, mimetype="text/html")


def refused(error: EfmError) -> BaseResponse:
    """One of our refusals."""
    unit.finish(commit=False)
    if isinstance(error, SignInNeeded) and not wants_json() and request.method == "GET":
        return redirect(url_for("sign_in.show", next=request.full_path.rstrip("?")))
    title, message = error.title, error.message
    if isinstance(error, SignInNeeded) and wants_json():
        title, message = NO_TOKEN
    response = _answer(error.status, title, message, error.problems)
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    if isinstance(error, Unready):
        response.headers["Retry-After"] = "5"
    if isinstance(error, SignInNeeded):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


NO_TOKEN = (
    "A valid API token is needed",
    "Send the header “Authorization: Bearer TOKEN” with a token that is neither expired nor revoked. "
    "Whoever may manage tokens makes them in Settings.",
)
TOO_LONG = (
    "This took too long and was stopped. Ask for less at once: a shorter period, fewer rows, one "
    "survey or one customer."
)
HTTP_WORDS = {
    400: "The request could not be read",
    404: "Not found",
    405: "This address does not take that method",
    413: "This is too large",
    414: "This address is too long",
    415: "This media type is not understood",
}


def http_error(error: HTTPException) -> BaseResponse:
    """Werkzeug's own refusals, in our words; redirects pass."""
    if error.code is None or error.code < 400:
        return error.get_response()
    unit.finish(commit=False)
    if isinstance(error, SecurityError):
        # Without a host of ours no address can be written, so there is no page to show.
        return Response("This host name is not served here.\n", 400, mimetype="text/plain")
    title = HTTP_WORDS.get(error.code, error.name)
    detail = {
        404: "There is nothing at this address, or it is not yours to see.",
        413: "What was sent is larger than this page takes. Send less at once.",
    }.get(error.code, error.description or title)
    response = _answer(error.code, title, detail, {})
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after"):
            response.headers[name] = value
    return response


def unready(error: Exception) -> BaseResponse:
    """The database is away or busy: said as such, with when to come back."""
    if getattr(getattr(error, "orig", None), "sqlstate", None) == "57014":
        logger.warning("statement.stopped", path_rule=str(request.url_rule))
        return refused(Unready(TOO_LONG))
    logger.warning("database.unreachable", error=type(error).__name__, exc_info=error)
    return refused(Unready("The database cannot be reached right now. Try again in a few seconds."))


def database_refused(error: DBAPIError) -> BaseResponse:
    """A value PostgreSQL cannot hold (a NUL, a number out of range) is the sender's; the rest is ours."""
    state = getattr(error.orig, "sqlstate", "") or ""
    if state.startswith("22"):
        return refused(Invalid("A value has characters or a size that cannot be stored."))
    if state in ("57014", "55P03", "53300", "57P01"):
        return unready(error)
    return unexpected(error)


def unexpected(error: Exception) -> BaseResponse:
    """A fault of ours: logged whole, told with the request's id."""
    unit.finish(commit=False)
    logger.error("request.failed", path_rule=str(request.url_rule), exc_info=error)
    return _answer(
        500,
        "The request could not be completed",
        "This is a fault of the service, not of what you sent. Nothing was saved. Try again; if it "
        "stays, tell your administrator the request id.",
        {},
    )


def install(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(EfmError, refused)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(OperationalError, unready)
    app.register_error_handler(DBAPIError, database_refused)
    app.register_error_handler(Exception, unexpected)
