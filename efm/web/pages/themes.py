"""How a survey looks: its colour, typeface and logo, with the page as respondents see it."""

from __future__ import annotations

import uuid
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from efm.errors import Conflict, Invalid
from efm.events import audit
from efm.feedback import authoring, files
from efm.web import builder_view, unit
from efm.web.auth import principal
from efm.web.permissions import permission
from surveys import fonts
from surveys import theme as themes
from surveys.definition import dump, load

pages = Blueprint("themes", __name__)


@pages.get("/surveys/<uuid:survey_id>/theme")
@permission("surveys.view")
def edit(survey_id: uuid.UUID) -> Response:
    """The theme of the draft."""
    return _page(survey_id, {}, {}, 200)


def _page(
    survey_id: uuid.UUID, typed: dict[str, str], errors: dict[str, str], status: int
) -> Response:
    survey = authoring.get(unit.session(), survey_id)
    given = {**load(survey.draft).theme, **typed}
    usable = {name: value for name, value in given.items() if name not in errors}
    html = render_template(
        "themes/edit.html", survey=survey, given=given, errors=errors, fonts=_fonts(), bundled=fonts.BUNDLED.get(usable.get("font", "")),
        colours=themes.colours(usable), weak=themes.weak(usable), usual=themes.USUAL,
    )  # fmt: skip
    return Response(html, status, headers={"Content-Security-Policy": builder_view.CSP})


def _fonts() -> list[tuple[str, str]]:
    """The typefaces to choose from; those that are fetched say how much that is."""
    ours = [
        (name, f"{font.title} \u2013 adds {font.kilobytes} kB")
        for name, font in fonts.BUNDLED.items()
    ]
    return [(name, name.capitalize()) for name in themes.DEVICES] + ours


@pages.post("/surveys/<uuid:survey_id>/theme")
@permission("surveys.edit")
def save(survey_id: uuid.UUID) -> Response | BaseResponse:
    """Save the theme of the draft; a logo that came along is kept as a picture."""
    survey = authoring.get(unit.session(), survey_id)
    definition = load(survey.draft)
    typed = {
        name: request.form.get(name, "").strip().lower() for name in ("brand", "brand_dark", "font")
    }
    given = {**definition.theme, **typed}
    if "without_logo" in request.form:
        given["logo"] = ""
    errors = themes.problems(given)
    try:
        upload = request.files.get("logo")
        if upload is not None and upload.filename and not errors:
            content = upload.read(files.MOST_PICTURE_BYTES + 1)
            picture = files.add_picture(unit.session(), upload.filename, content, unit.now())
            given["logo"] = f"/pictures/{picture}"
        if errors:
            raise Invalid("The theme has problems.", problems=errors)
        kept = {name: value for name, value in sorted(given.items()) if value}
        made = replace(definition, theme=MappingProxyType(kept))
        _store(survey_id, dump(made), survey.draft_revision)
    except (Invalid, Conflict) as error:
        problems = getattr(error, "problems", None) or {"logo": error.message}
        return _page(survey_id, typed, problems, error.status)
    flash("Saved. Respondents see it once you publish.", "success")
    return redirect(url_for(".edit", survey_id=survey_id))


def _store(survey_id: uuid.UUID, document: dict[str, Any], revision: int) -> None:
    session, now, who = unit.session(), unit.now(), principal()
    authoring.save_draft(
        session, survey_id, document, revision, now, user_id=who.user_id, what="Changed the theme"
    )
    audit.record(
        session, now, who.label, "survey.theme_changed",
        user_id=who.user_id, subject_kind="survey", subject_id=survey_id,
    )  # fmt: skip
