"""The builder: a survey's draft with its outline, a live preview and the settings of what is selected."""

from __future__ import annotations

import uuid
from typing import Any, Literal

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from efm.errors import Conflict, Invalid
from efm.feedback import authoring, building, edits, media, outline, revisions
from efm.models import Survey
from efm.web import builder_view, kind_shelf, shown_files, unit
from efm.web.auth import principal
from efm.web.permissions import permission
from surveys import editing

pages = Blueprint("builder", __name__)
pages.record_once(lambda state: kind_shelf.install(state.app))  # type: ignore[arg-type]
pages.record_once(lambda state: builder_view.install(state.app))  # type: ignore[arg-type]


def _form() -> dict[str, list[str]]:
    return request.form.to_dict(flat=False)


def _page(survey: Survey, at: str, status: int = 200, **more: Any) -> Response:
    """The builder with this element selected."""
    view = builder_view.seen(unit.session(), survey, at, request.args, **more)
    page = Response(render_template("surveys/build.html", **view), status)
    page.headers["Content-Security-Policy"] = builder_view.CSP
    return page


@pages.get("/surveys/<uuid:survey_id>/build")
@permission("surveys.edit")
def show(survey_id: uuid.UUID) -> Response:
    """The draft, with `at` selected."""
    survey = authoring.get(unit.session(), survey_id)
    return _page(survey, outline.address(dict(survey.draft), request.args.get("at", "")))


@pages.post("/surveys/<uuid:survey_id>/build")
@permission("surveys.edit")
def act(survey_id: uuid.UUID) -> Response | BaseResponse:
    """One operation; what was typed stays on the page when it is refused or somebody was first."""
    form, session = _form(), unit.session()
    wish, revision = edits.wish(form), request.form.get("revision", 0, int)
    try:
        saved = building.edit(
            session, survey_id, revision, wish.touched, wish.operation, unit.now(),
            user_id=principal().user_id,
        )  # fmt: skip
    except (building.Collision, building.Asked, building.Refused) as error:
        survey = authoring.get(session, survey_id)
        return _page(survey, edits.first(form, "at"), error.status, form=form, error=error)
    tab = request.form.get("tab") if saved.at == edits.first(form, "at") else None
    return redirect(url_for("builder.show", survey_id=survey_id, at=saved.at, tab=tab or None), 303)


@pages.post("/surveys/<uuid:survey_id>/build/media")
@permission("surveys.edit")
def show_media(survey_id: uuid.UUID) -> Response | BaseResponse:
    """Bring in the picture or the video a statement shows, or take one away."""
    form, session, at = _form(), unit.session(), request.form.get("at", "")
    without = [name.removeprefix("without.") for name in form if name.startswith("without.")]
    try:
        files = shown_files.brought({f"media.{part}": part for part in media.PARTS})
        settings = media.settings_of(session, list(files.values()), without, unit.now())
        building.edit(
            session, survey_id, request.form.get("revision", 0, int), None,
            lambda document: editing.set_fields(document, at, {"settings": settings}),
            unit.now(), user_id=principal().user_id,
        )  # fmt: skip
    except (Invalid, building.Refused) as error:
        survey = authoring.get(session, survey_id)
        return _page(survey, outline.address(dict(survey.draft), at), error.status, error=error)
    return redirect(url_for("builder.show", survey_id=survey_id, at=at), 303)


def _step(survey_id: uuid.UUID, way: Literal["undo", "redo"]) -> Response | BaseResponse:
    session = unit.session()
    survey = revisions.locked(session, survey_id)
    at = request.form.get("at", "")
    try:
        revisions.step(session, survey, way, unit.now(), user_id=principal().user_id)
    except Conflict as error:
        return _page(survey, outline.address(dict(survey.draft), at), 409, error=error)
    at = outline.address(dict(survey.draft), at)
    return redirect(url_for("builder.show", survey_id=survey_id, at=at), 303)


@pages.post("/surveys/<uuid:survey_id>/build/undo")
@permission("surveys.edit")
def undo(survey_id: uuid.UUID) -> Response | BaseResponse:
    """Take the last change back."""
    return _step(survey_id, "undo")


@pages.post("/surveys/<uuid:survey_id>/build/redo")
@permission("surveys.edit")
def redo(survey_id: uuid.UUID) -> Response | BaseResponse:
    """Do again what was taken back last."""
    return _step(survey_id, "redo")


@pages.get("/surveys/<uuid:survey_id>/revisions")
@permission("surveys.edit")
def history(survey_id: uuid.UUID) -> str:
    """What was changed lately, by whom."""
    survey = authoring.get(unit.session(), survey_id)
    lines = revisions.history(unit.session(), survey)
    return render_template("surveys/revisions.html", survey=survey, lines=lines)


@pages.post("/surveys/<uuid:survey_id>/revisions")
@permission("surveys.edit")
def return_to(survey_id: uuid.UUID) -> BaseResponse:
    """Make an earlier revision the draft again."""
    session = unit.session()
    survey = revisions.locked(session, survey_id)
    revision = request.form.get("revision", 0, int)
    revisions.return_to(session, survey, revision, unit.now(), user_id=principal().user_id)
    return redirect(url_for("builder.show", survey_id=survey_id), 303)
