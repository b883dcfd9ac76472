"""A draft as respondents would see it: one page in the builder's frame."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, request, url_for

from efm.feedback import authoring, rehearsal
from efm.web import preview_pages, unit
from efm.web.auth import principal
from efm.web.permissions import permission

pages = Blueprint("builder_preview", __name__)


@pages.get("/surveys/<uuid:survey_id>/preview")
@permission("surveys.view")
def show(survey_id: uuid.UUID) -> Response:
    """A page of the draft, or an ending, in one of its languages; nothing is hidden by logic."""
    survey = authoring.get(unit.session(), survey_id)
    compiled = rehearsal.compiled(survey.draft, request.args.get("language", ""))
    organization = str(principal().organization["name"])
    if "ending" in request.args:
        end = rehearsal.ending(compiled, request.args["ending"])
        return preview_pages.framed(preview_pages.ending(compiled.definition, end, organization))
    html = preview_pages.page(
        compiled, rehearsal.laid_out(compiled, request.args.get("page", "")), organization,
        languages=[], action_url=url_for("builder.show", survey_id=survey_id), hidden={}, values={},
    )  # fmt: skip
    return preview_pages.framed(html)
