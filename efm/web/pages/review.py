"""Reviewing a draft: it is read through beside what was said of it; threads are opened and settled."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Flask, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from efm.clock import new_id
from efm.errors import Conflict, Invalid
from efm.feedback import authoring, comment_threads, commenting, outline
from efm.feedback.commenting import Voice
from efm.models import ReviewThread, Survey
from efm.web import builder_view, doorway, unit
from efm.web.auth import principal
from efm.web.permissions import permission
from surveys.definition import load
from surveys.kinds import KINDS
from surveys.sentences import sentence
from surveys.subjects import subjects

pages = Blueprint("review", __name__)


def _install(app: Flask) -> None:
    app.jinja_env.filters["logic_said"] = sentence


pages.record_once(lambda state: _install(state.app))  # type: ignore[arg-type]


@pages.get("/surveys/<uuid:survey_id>/review")
@permission("surveys.view")
def show(survey_id: uuid.UUID) -> str:
    """The draft with the comments on it."""
    return _page(authoring.get(unit.session(), survey_id), {})


def _page(survey: Survey, said: Mapping[str, str]) -> str:
    session, definition = unit.session(), load(survey.draft)
    return render_template(
        "surveys/review.html", survey=survey, definition=definition, kinds=KINDS, said=said,
        review=comment_threads.review(session, survey.id, dict(survey.draft)),
        waiting=comment_threads.waiting(session, survey.id), subjects=subjects(definition),
        new_key=new_id,
    )  # fmt: skip


@pages.post("/surveys/<uuid:survey_id>/review/threads")
@permission("surveys.view")
def comment(survey_id: uuid.UUID) -> Response | BaseResponse:
    """Comment on the survey, a page or a question."""
    form = request.form
    return _do(
        survey_id,
        lambda voice: commenting.open_thread(
            unit.session(), voice, form.get("at", ""), form.get("body", "")
        ),
    )


@pages.post("/surveys/<uuid:survey_id>/review/threads/<uuid:thread_id>/replies")
@permission("surveys.view")
def reply(survey_id: uuid.UUID, thread_id: uuid.UUID) -> Response | BaseResponse:
    """Reply in a thread."""
    body = request.form.get("body", "")
    return _do(
        survey_id,
        lambda voice: commenting.reply(unit.session(), voice, thread_id, body),
        str(thread_id),
    )


@pages.post("/surveys/<uuid:survey_id>/review/threads/<uuid:thread_id>/resolve")
@permission("surveys.view")
def resolve(survey_id: uuid.UUID, thread_id: uuid.UUID) -> Response | BaseResponse:
    """Settle a thread."""
    return _do(survey_id, lambda voice: commenting.resolve(unit.session(), voice, thread_id))


@pages.post("/surveys/<uuid:survey_id>/review/threads/<uuid:thread_id>/reopen")
@permission("surveys.view")
def reopen(survey_id: uuid.UUID, thread_id: uuid.UUID) -> Response | BaseResponse:
    """Open a settled thread again."""
    return _do(survey_id, lambda voice: commenting.reopen(unit.session(), voice, thread_id))


def _do(
    survey_id: uuid.UUID, act: Callable[[Voice], ReviewThread], thread: str = ""
) -> Response | BaseResponse:
    """Do it and go back to where it was asked for, or show that again with what was typed."""
    voice = Voice(
        survey_id, doorway.actor(), principal().name, unit.now(), _key(), unit.config().public_url
    )
    is_built = request.form.get("back") == "build" and principal().may("surveys.edit")
    try:
        made = act(voice)
    except (Invalid, Conflict) as error:
        said = {"at": request.form.get("at", ""), "thread": thread,
                "body": request.form.get("body", ""),
                "error": error.problems.get("body") or error.message}  # fmt: skip
        return _refused(survey_id, said, error.status, is_built=is_built)
    if is_built:
        where = url_for("builder.show", survey_id=survey_id, at=made.at, tab="comments")
    else:
        where = url_for("review.show", survey_id=survey_id, _anchor=f"thread-{made.id}")
    return redirect(where, 303)


def _key() -> uuid.UUID:
    try:
        return uuid.UUID(request.form.get("key", ""))
    except ValueError:
        return new_id()


def _refused(
    survey_id: uuid.UUID, said: dict[str, str], status: int, *, is_built: bool
) -> Response:
    session = unit.session()
    survey = authoring.get(session, survey_id)
    place = comment_threads.place_of(dict(survey.draft), said["at"])
    if place is None and not said["thread"]:
        said["at"] = comment_threads.SURVEY
    if not is_built:
        return Response(_page(survey, said), status)
    at = outline.address(dict(survey.draft), said["at"])
    view: dict[str, Any] = builder_view.seen(session, survey, at, {"tab": "comments"})
    page = Response(render_template("surveys/build.html", **(view | {"said": said})), status)
    page.headers["Content-Security-Policy"] = builder_view.CSP
    return page
