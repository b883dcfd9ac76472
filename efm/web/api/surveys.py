"""/api/v1/surveys: what is asked, and every version that was ever answered."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response

from efm.feedback import feed
from efm.web import unit
from efm.web.api import body, cursors, given
from efm.web.api.room import Room, listed
from efm.web.api.schemas import Page
from efm.web.permissions import permission

room = Room("surveys", "What is asked, and every version that was ever answered.")


@room.get("")
@room.arguments(Page, location="query")
@room.response(200, given.page_of(given.SurveySummary))
@permission("surveys.view")
def index(query: dict[str, Any]) -> Response:
    """List surveys, the newest first"""
    after = cursors.after("surveys", query)
    found = feed.surveys(unit.session(), after, query["limit"])
    return listed(found.rows, cursors.next_after("surveys", found.last_id))


@room.get("/<uuid:survey_id>")
@room.response(200, given.Survey)
@permission("surveys.view")
def show(survey_id: uuid.UUID) -> Response:
    """Get a survey with the questions people answer now"""
    return body.reply(feed.survey(unit.session(), survey_id))


@room.get("/<uuid:survey_id>/versions")
@room.arguments(Page, location="query")
@room.response(200, given.page_of(given.ListedVersion))
@permission("surveys.view")
def versions(query: dict[str, Any], survey_id: uuid.UUID) -> Response:
    """List the published versions of a survey, the newest first"""
    after = cursors.after("versions", query)
    found = feed.survey_versions(unit.session(), survey_id, after, query["limit"])
    return listed(found.rows, cursors.next_after("versions", found.last_id))


@room.get("/<uuid:survey_id>/versions/<uuid:version_id>")
@room.response(200, given.Version)
@permission("surveys.view")
def version(survey_id: uuid.UUID, version_id: uuid.UUID) -> Response:
    """Get one version with its questions"""
    return body.reply(feed.survey_version(unit.session(), survey_id, version_id))
