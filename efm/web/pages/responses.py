"""Responses: the list, one response with its answers and scores, downloads."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import IO

from flask import Blueprint, Response, render_template, request

from efm.db.engine import TenantSession
from efm.errors import Invalid, NotFound
from efm.feedback import authoring, exports, files, listing, reading, sheets
from efm.feedback.listing import ResponseFilter
from efm.web import unit
from efm.web.auth import principal
from efm.web.permissions import permission

pages = Blueprint("responses", __name__)
# A file that is written whole before its first byte is sent keeps a person waiting, a millisecond a
# response, and proxies often wait no longer than a minute; larger ones are written by the command.
MOST_BUILT = 25_000


@pages.app_template_global("export_formats")
def export_formats() -> list[exports.Format]:
    """The kinds of files a page offers."""
    return list(exports.FORMATS.values())


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


@pages.get("/responses/<uuid:response_id>/files/<uuid:file_id>")
@permission("responses.view")
def file(response_id: uuid.UUID, file_id: uuid.UUID) -> Response:
    """A file that was handed over: always as a download, never shown by us."""
    found = files.read(unit.session(), response_id, file_id)
    response = Response(found.content, mimetype="application/octet-stream")
    response.headers.set("Content-Disposition", "attachment", filename=found.name)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@pages.get("/surveys/<uuid:survey_id>/responses.<ending>")
@permission("responses.export")
def export(survey_id: uuid.UUID, ending: str) -> Response:
    """The responses of a survey as a file; the list's filters narrow them."""
    kind = exports.FORMATS.get(ending)
    if kind is None:
        raise NotFound(f"Responses can be downloaded as {', '.join(exports.FORMATS)}.")
    wanted = replace(_wanted(), survey_id=survey_id)
    survey = authoring.get(unit.session(), survey_id)
    about = sheets.sheet(unit.session(), survey)
    found = _responses(about, wanted)
    name = exports.file_name(survey.name, ending, unit.now())
    if kind.stream is not None:
        return _download(kind.stream(about, found), kind.mimetype, name)
    if listing.count(unit.session(), wanted, most=MOST_BUILT + 1) > MOST_BUILT:
        raise Invalid(
            f"A page writes at most {MOST_BUILT:,} responses as {kind.title}. Narrow them, choose"
            " CSV, Parquet or JSON Lines, or ask whoever runs the service for"
            f" “efm responses export {survey_id} --to {ending}”."
        )
    unit.release()
    with exports.written(kind, about, found) as (path, _):
        return _download(_pieces(path.open("rb")), kind.mimetype, name)


@pages.get("/surveys/<uuid:survey_id>/codebook.csv")
@permission("responses.export")
def codebook(survey_id: uuid.UUID) -> Response:
    """What the columns of the files are called, hold and mean."""
    survey = authoring.get(unit.session(), survey_id)
    about = sheets.sheet(unit.session(), survey)
    name = exports.file_name(f"{survey.name} codebook", "csv", unit.now())
    return _download(exports.codebook_csv(about), "text/csv", name)


def _download(pieces: Iterator[bytes], mimetype: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(pieces, mimetype=mimetype, headers=headers)


def _responses(about: sheets.Sheet, wanted: ResponseFilter) -> Iterator[sheets.Gathered]:
    """The responses through a unit of its own, since the request's ends before the last is sent."""
    who, engine = principal(), unit.engine()

    def found() -> Iterator[sheets.Gathered]:
        with TenantSession(engine, who.organization_id, read_only=True) as session:
            yield from sheets.responses(session, about, wanted)

    return found()


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(65536):
            yield piece
