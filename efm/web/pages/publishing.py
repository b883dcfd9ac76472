"""Publishing: what changes, what was found, and the way back to an older version."""

from __future__ import annotations

import uuid

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from efm.events import audit
from efm.feedback import authoring, comment_threads, listing, publishing
from efm.web import unit
from efm.web.auth import principal
from efm.web.permissions import permission

pages = Blueprint("publishing", __name__)


@pages.get("/surveys/<uuid:survey_id>/publish")
@permission("surveys.publish")
def show(survey_id: uuid.UUID) -> str:
    """The draft against the version being answered, with what the proof found."""
    session = unit.session()
    outlook = publishing.outlook(session, authoring.get(session, survey_id))
    return render_template(
        "surveys/publish.html", outlook=outlook, survey=outlook.survey,
        versions=listing.versions(session, survey_id),
        open_comments=comment_threads.waiting(session, survey_id).total(),
    )  # fmt: skip


@pages.post("/surveys/<uuid:survey_id>/versions/<int:number>/restore")
@permission("surveys.edit")
def restore(survey_id: uuid.UUID, number: int) -> BaseResponse:
    """Make a published version the draft again."""
    who = principal()
    publishing.restore(unit.session(), survey_id, number, unit.now(), user_id=who.user_id)
    audit.record(
        unit.session(), unit.now(), who.label, "survey.restored", user_id=who.user_id,
        subject_kind="survey", subject_id=survey_id, version=number,
    )  # fmt: skip
    flash(f"Version {number} is the draft again. Publish it when you are ready.", "success")
    return redirect(url_for("builder.show", survey_id=survey_id))
