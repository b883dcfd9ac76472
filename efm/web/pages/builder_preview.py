"""A draft as respondents would see it: one page in the builder's frame, or a walk through it all."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, render_template, request, url_for

from efm.feedback import authoring, flow_map, rehearsal, test_runs
from efm.web import builder_view, preview_pages, unit
from efm.web.auth import principal
from efm.web.permissions import permission
from surveys.compiled import Compiled

pages = Blueprint("builder_preview", __name__)


@pages.get("/surveys/<uuid:survey_id>/preview")
@permission("surveys.view")
def show(survey_id: uuid.UUID) -> Response:
    """A page of the draft for itself, or an ending, in one of its languages."""
    survey = authoring.get(unit.session(), survey_id)
    compiled = rehearsal.compiled(survey.draft, request.args.get("language", ""))
    organization = str(principal().organization["name"])
    if "ending" in request.args:
        end = rehearsal.ending(compiled, request.args["ending"])
        return preview_pages.framed(preview_pages.ending(compiled.definition, end, organization))
    args = request.args
    asked = rehearsal.laid_out(compiled, args.get("page", ""), args.get("question", ""))
    html = preview_pages.page(
        compiled, asked, organization,
        action_url=url_for("builder.show", survey_id=survey_id), hidden={},
    )  # fmt: skip
    return preview_pages.framed(html)


@pages.get("/surveys/<uuid:survey_id>/test")
@permission("surveys.view")
def test(survey_id: uuid.UUID) -> Response:
    """The draft to be walked through; nothing of it is stored."""
    survey = authoring.get(unit.session(), survey_id)
    compiled = rehearsal.compiled(survey.draft)
    page = Response(
        render_template(
            "surveys/test.html", survey=survey, definition=compiled.definition, args=request.args
        )
    )
    page.headers["Content-Security-Policy"] = builder_view.CSP
    return page


@pages.get("/surveys/<uuid:survey_id>/test/page")
@permission("surveys.view")
def begin_test(survey_id: uuid.UUID) -> Response:
    """The first page of a walk."""
    survey = authoring.get(unit.session(), survey_id)
    compiled = rehearsal.compiled(survey.draft, request.args.get("language", ""))
    return _walked(compiled, test_runs.begin(compiled, request.args, unit.now()))


@pages.post("/surveys/<uuid:survey_id>/test/page")
@permission("surveys.view")
def go_on_test(survey_id: uuid.UUID) -> Response:
    """The next page of a walk, or how it ends."""
    survey = authoring.get(unit.session(), survey_id)
    compiled = rehearsal.compiled(survey.draft, request.args.get("language", ""))
    state = test_runs.States(unit.vault()).read(request.form.get("_state", ""))
    form = request.form.to_dict(flat=False)
    return _walked(compiled, test_runs.go_on(compiled, state, form, unit.now()))


def _walked(compiled: Compiled, stand: test_runs.Stand) -> Response:
    organization = str(principal().organization["name"])
    if stand.asked is None:
        html = preview_pages.ending(compiled.definition, stand.ending, organization)
        said = render_template("surveys/test_end.html", said=stand.said)
        return preview_pages.framed(html.replace("</main>", f"{said}</main>", 1))
    hidden = {
        "csrf_token": principal().csrf_token,
        "_state": test_runs.States(unit.vault()).write(stand.state),
    }
    return preview_pages.framed(
        preview_pages.page(
            compiled, stand.asked, organization, action_url=request.full_path.rstrip("?"),
            hidden=hidden, answers=stand.answers, cleaned=stand.cleaned, left=stand.left,
            is_walk=True,
        ),
        is_walk=True,
    )  # fmt: skip


@pages.get("/surveys/<uuid:survey_id>/map")
@permission("surveys.view")
def show_map(survey_id: uuid.UUID) -> str:
    """The pages, where each leads and when, and the endings."""
    survey = authoring.get(unit.session(), survey_id)
    drawn = flow_map.drawn(rehearsal.compiled(survey.draft).definition)
    return render_template("surveys/map.html", survey=survey, drawn=drawn)
