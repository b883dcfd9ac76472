"""Responses: the list, one response with its answers and scores, downloads."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import IO

from flask import Blueprint, Response, render_template, request

from efm.db.engine import TenantSession
from efm.errors import NotFound
from efm.feedback import authoring, exports, listing, reading
from efm.feedback.listing import ResponseFilter
from efm.web import unit
from efm.web.auth import principal
from efm.web.permissions import permission

pages = Blueprint("responses", __name__)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _wanted() -> ResponseFilter:
    """The filter the address names."""
    given = request.args
    try:
        survey_id = uuid.UUID(given["survey"]) if given.get("survey") else None
    except ValueError:
        survey_id = None
    return ResponseFilter(
        survey_id=survey_id,
        band=given.get("band") or None,
        sentiment=given.get("sentiment") or None,
        channel=given.get("channel") or None,
        touchpoint=given.get("touchpoint") or None,
        search=given.get("q", "").replace("\0", "").strip()[:200],
    )


@pages.get("/responses")
@permission("responses.view")
def index() -> str:
    """What customers said, newest first."""
    session, wanted = unit.session(), _wanted()
    page = listing.responses(
        session, wanted, cursor=listing.read_cursor(request.args.get("after", ""))
    )
    return render_template(
        "responses/index.html", page=page, wanted=wanted, count=listing.count(session, wanted),
        surveys=[row.Survey for row in listing.surveys(session)],
        channels=listing.values_in_use(session, "channel"),
        touchpoints=listing.values_in_use(session, "touchpoint"),
        arguments={k: v for k, v in request.args.items() if v and k != "after"},
    )  # fmt: skip


@pages.get("/responses/<uuid:response_id>")
@permission("responses.view")
def show(response_id: uuid.UUID) -> str:
    """One response: what was asked, what was answered, how it scored."""
    return render_template("responses/show.html", read=reading.read(unit.session(), response_id))


@pages.get("/surveys/<uuid:survey_id>/responses.<ending>")
@permission("responses.export")
def export(survey_id: uuid.UUID, ending: str) -> Response:
    """All responses of a survey as CSV or XLSX."""
    survey = authoring.get(unit.session(), survey_id)
    wanted = ResponseFilter(survey_id=survey_id)
    if ending not in ("csv", "xlsx"):
        raise NotFound("Responses can be downloaded as .csv or .xlsx.")
    name = exports.file_name(survey.name, ending, unit.now())
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if ending == "csv":
        return Response(_stream(survey_id, wanted), mimetype="text/csv", headers=headers)
    file = exports.as_xlsx(unit.session(), survey_id, wanted)
    return Response(_pieces(file), mimetype=XLSX, headers=headers)


def _stream(survey_id: uuid.UUID, wanted: ResponseFilter) -> Iterator[bytes]:
    """The CSV through a unit of its own, since the request's ends before the last piece is sent."""
    who, engine = principal(), unit.engine()

    def pieces() -> Iterator[bytes]:
        with TenantSession(engine, who.organization_id, read_only=True) as session:
            yield from exports.as_csv(session, survey_id, wanted)

    return pieces()


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(65536):
            yield piece
