"""The builder and the question bank: a question goes into the bank, or comes from it into the draft."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from efm.errors import EfmError, Invalid
from efm.feedback import authoring, bank, building
from efm.feedback.bank_shelf import handle_of
from efm.web import builder_view, doorway, unit
from efm.web.auth import principal
from efm.web.permissions import permission

pages = Blueprint("builder_bank", __name__)


def _refused(survey_id: uuid.UUID, error: EfmError, panel: str) -> Response:
    """The builder with the panel as it was, what was typed in it, and why it was refused."""
    form = request.form.to_dict()
    survey = authoring.get(unit.session(), survey_id)
    view = builder_view.seen(unit.session(), survey, form.get("at", ""), form | {"panel": panel})
    view["errors"] = error.problems or {"_": error.message}
    page = Response(render_template("surveys/build.html", **view), error.status)
    page.headers["Content-Security-Policy"] = builder_view.CSP
    return page


@pages.post("/surveys/<uuid:survey_id>/build/from-bank")
@permission("surveys.edit")
def insert(survey_id: uuid.UUID) -> Response | BaseResponse:
    """Put a question of the bank into the draft."""
    form = request.form.to_dict()
    try:
        saved = bank.insert(
            unit.session(), survey_id, request.form.get("revision", 0, int),
            form.get("handle", ""), form, unit.now(), user_id=principal().user_id,
        )  # fmt: skip
    except building.Refused as error:
        return _refused(survey_id, error, "bank")
    return redirect(url_for("builder.show", survey_id=survey_id, at=saved.at), 303)


@pages.post("/surveys/<uuid:survey_id>/build/to-bank")
@permission("surveys.edit")
def keep(survey_id: uuid.UUID) -> Response | BaseResponse:
    """Keep a question of the draft in the bank."""
    form, at = request.form.to_dict(), request.form.get("at", "")
    try:
        row = bank.keep(
            unit.session(), survey_id, request.form.get("revision", 0, int),
            at.removeprefix("question."), form, unit.now(), doorway.actor(),
        )  # fmt: skip
    except Invalid as error:
        return _refused(survey_id, error, "keep")
    kept = handle_of(row)
    return redirect(url_for("builder.show", survey_id=survey_id, at=at, kept=kept), 303)
