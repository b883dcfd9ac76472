"""Survey links as people open them: a page, a form sent, thanks. GET and HEAD never write."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from efm.errors import NotFound
from efm.feedback.files import Received
from efm.web import auth, shown_files, unit
from efm.web.permissions import PUBLIC, permission
from efm.web.reception import BODY_LIMIT, Reception, Reply, Visit
from surveys import theme
from surveys.kinds.files import MEGABYTE

pages = Blueprint("answer", __name__)
FORM_TYPE = "application/x-www-form-urlencoded"
FILES_TYPE = "multipart/form-data"
FILES_LIMIT = 60 * 1024 * 1024
MOST_PARTS = 2000


@pages.get("/s/<token>")
@permission(PUBLIC)
def show(token: str) -> Response:
    """The page a link leads to."""
    return respond(reception().show(token, request.args.to_dict(), visit()))


@pages.post("/s/<token>")
@permission(PUBLIC)
def send(token: str) -> Response:
    """A form sent to a link, with files or without."""
    if request.mimetype == FILES_TYPE:
        return respond(reception().send_files(token, *with_files(), visit()))
    return respond(reception().send(token, body(), visit()))


@pages.get("/themes/<name>.css")
@permission(PUBLIC)
def theme_style(name: str) -> Response:
    """The colours and the typeface of a survey; the name says them all, so it is kept for ever."""
    style = theme.stylesheet(name)
    if style is None:
        raise NotFound("There is no such theme.")
    response = Response(style, mimetype="text/css")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


@pages.get("/pictures/<uuid:picture_id>")
@permission(PUBLIC)
def picture(picture_id: uuid.UUID) -> Response:
    """A picture or a video a survey shows; it never changes under its address."""
    return shown_files.sent(reception().desk.reader, picture_id)


@pages.get("/s/<token>/thanks")
@permission(PUBLIC)
def thanks(token: str) -> Response:
    """What is said when all answers have arrived."""
    return respond(reception().thanks(token, request.args.to_dict(), visit()))


def reception() -> Reception:
    """The reception of this process."""
    found: Any = current_app.extensions["efm.reception"]
    return found  # type: ignore[no-any-return]


def visit() -> Visit:
    """What is known of this request beside its link."""
    return Visit(unit.now(), auth.client_prefix(), request.headers.get("Accept-Language", ""))


def body() -> bytes:
    """The form's bytes; refuses what is too large or no form."""
    if request.mimetype not in (FORM_TYPE, ""):
        raise UnsupportedMediaType
    if (request.content_length or 0) > BODY_LIMIT:
        raise RequestEntityTooLarge
    request.max_content_length = BODY_LIMIT
    return request.get_data(cache=False)


def with_files() -> tuple[dict[str, list[str]], list[Received]]:
    """The fields of a form and the files in it; refuses what is too large."""
    if (request.content_length or 0) > FILES_LIMIT:
        raise RequestEntityTooLarge
    request.max_content_length = FILES_LIMIT
    request.max_form_memory_size = BODY_LIMIT
    request.max_form_parts = MOST_PARTS
    form = request.form.to_dict(flat=False)
    received = [
        Received(key, each.filename or "", each.read(25 * MEGABYTE + 1))
        for key, each in request.files.items(multi=True)
        if each.filename
    ]
    return form, received


def respond(reply: Reply) -> Response:
    """The reply as a response."""
    response = Response(reply.html, status=reply.status, mimetype="text/html")
    if reply.location:
        response.headers["Location"] = reply.location
    if reply.leads_to:
        response.headers["Refresh"] = f"0; url={reply.leads_to}"
    if reply.retry_after_seconds:
        response.headers["Retry-After"] = str(reply.retry_after_seconds)
    return response
