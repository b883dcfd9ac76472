"""Past responses brought into a survey: a file, what its columns become, the first rows as answers."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response as BaseResponse

from efm.errors import Conflict, Invalid, NotFound
from efm.events import audit
from efm.feedback import authoring
from efm.imports import requests as uploaded
from efm.imports.responses import mapping as mapped
from efm.imports.responses import preview as previews
from efm.imports.responses import requests
from efm.imports.responses.files import Rows
from efm.models import DataImport
from efm.sync import progress, uploads
from efm.web import unit
from efm.web.auth import principal
from efm.web.pages.responses_in_columns import lines
from efm.web.permissions import permission

pages = Blueprint("responses_in", __name__)
AT = "/surveys/<uuid:survey_id>/responses/import"
ONE = AT + "/<uuid:upload_id>"


def _note(action: str, found: DataImport, **detail: Any) -> None:
    who = principal()
    audit.record(
        unit.session(), unit.now(), who.label, action,
        user_id=who.user_id, subject_kind="data_import", subject_id=found.id,
        survey_id=str(found.survey_id), **detail,
    )  # fmt: skip


def _found(survey_id: uuid.UUID, upload_id: uuid.UUID) -> DataImport:
    return requests.get(unit.session(), survey_id, upload_id)


def _at(endpoint: str, found: DataImport) -> str:
    return url_for(f".{endpoint}", survey_id=found.survey_id, upload_id=found.id)


@pages.get(AT)
@permission("responses.import")
def index(survey_id: uuid.UUID) -> str:
    """Choose a file, and what was brought in before."""
    return _index(survey_id, {})


def _index(survey_id: uuid.UUID, errors: dict[str, str]) -> str:
    session = unit.session()
    survey = authoring.get(session, survey_id)
    return render_template(
        "responses_in/index.html", survey=survey, errors=errors,
        found=requests.newest(session, survey_id), accepted=",".join(uploads.ACCEPTED),
    )  # fmt: skip


@pages.post(AT)
@permission("responses.import")
def upload(survey_id: uuid.UUID) -> Response | BaseResponse:
    """Keep the file and guess its columns; what cannot be read is told."""
    chosen = request.files.get("files")
    try:
        if chosen is None or not chosen.filename:
            authoring.get(unit.session(), survey_id)
            raise Invalid("Choose a file.", problems={"files": "Choose a file."})
        found = requests.take(
            unit.session(), unit.config(), survey_id, chosen.filename, chosen.stream,  # type: ignore[arg-type]
            unit.now(), user_id=principal().user_id,
        )  # fmt: skip
    except Invalid as error:
        return Response(_index(survey_id, dict(error.problems or {"_": error.message})), 422)
    _note("responses_import.uploaded", found, file_name=found.file_name)
    return redirect(_at("show", found))


@pages.get(ONE)
@permission("responses.import")
def show(survey_id: uuid.UUID, upload_id: uuid.UUID) -> str:
    """One file: its columns and first rows, how far it is, or what came of it."""
    return _page(_found(survey_id, upload_id), {})


def _page(found: DataImport, errors: dict[str, str], chosen: mapped.ColumnMap | None = None) -> str:
    about = _planned(found, chosen, errors) if found.state == "planned" else {}
    return render_template("responses_in/show.html", **_context(found), **about)


def _planned(
    found: DataImport, chosen: mapped.ColumnMap | None, errors: dict[str, str]
) -> dict[str, Any]:
    """What the page of a file that waits shows: its columns, and its first rows as answers."""
    session = unit.session()
    chosen = chosen or mapped.from_document(found.plan)
    goal = mapped.goal_of(session, found.survey_id)  # type: ignore[arg-type]
    try:
        look = Rows(uploaded.path_of(unit.config(), found)).look()
    except Invalid as error:
        return {"errors": {"_": error.message}, "look": None}
    errors = errors or mapped.problems(chosen, goal)
    shown = None if errors else previews.preview(session, goal, chosen, look, unit.now())
    return {
        "look": look, "chosen": chosen, "errors": errors, "shown": shown,
        **lines(look, goal, chosen, errors, shown),
        "orders": mapped.ORDERS, "decimals": mapped.DECIMALS,
    }  # fmt: skip


def _context(found: DataImport) -> dict[str, Any]:
    done = requests.done_of(found)
    return {
        "found": found, "done": done, "words": _words(found),
        "is_stuck": uploaded.is_stuck(found, unit.now()),
        "is_there": uploaded.is_there(unit.config(), found),
        "has_refused": bool(done.refused) and requests.refused_path(unit.config(), found).is_file(),
        "survey": authoring.get(unit.session(), found.survey_id),  # type: ignore[arg-type]
    }  # fmt: skip


def _words(found: DataImport) -> str:
    """How far it is, in one line."""
    if found.state == "queued":
        return "Waiting for a worker."
    total = max(found.total, found.done) if found.total else None
    about = "" if found.plan.get("total_is_exact") else "about "
    of = f" of {about}{total:,}" if total else ""
    before = int(found.plan.get("done_before", 0))
    left = progress.seconds_left(
        found.done - before, total and total - before, found.started_at, unit.now()
    )
    said = progress.said_left(left)
    return f"{found.done:,}{of} rows read{', ' + said if said else ''}"


@pages.get(ONE + "/live")
@permission("responses.import")
def live(survey_id: uuid.UUID, upload_id: uuid.UUID) -> Response:
    """The part that changes while it is brought in."""
    html = render_template("responses_in/_live.html", **_context(_found(survey_id, upload_id)))
    response = Response(html)
    response.set_etag(hashlib.sha256(html.encode()).hexdigest()[:24])
    response.headers["Cache-Control"] = "private, no-cache"
    return response.make_conditional(request)  # type: ignore[return-value]


@pages.post(ONE + "/look")
@permission("responses.import")
def look(survey_id: uuid.UUID, upload_id: uuid.UUID) -> Response | BaseResponse:
    """Keep what was chosen for the columns and show the first rows by it."""
    found = _found(survey_id, upload_id)
    refused = _remember(found)
    return refused if refused is not None else redirect(_at("show", found) + "#rows")


@pages.post(ONE + "/start")
@permission("responses.import")
def start(survey_id: uuid.UUID, upload_id: uuid.UUID) -> Response | BaseResponse:
    """Bring the responses in, by what is chosen for the columns now."""
    found = _found(survey_id, upload_id)
    refused = _remember(found) if found.state == "planned" else None
    if refused is not None:
        return refused
    try:
        if not uploaded.is_there(unit.config(), found):
            raise Conflict("The uploaded file is no longer here. Upload it again.")
        requests.start(unit.session(), found, unit.now())
    except (Invalid, Conflict) as error:
        unit.session().rollback()
        fresh = _found(survey_id, upload_id)
        problems = dict(error.problems or {"_": error.message})
        return Response(_page(fresh, problems), error.status)
    _note("responses_import.started", found)
    return redirect(_at("show", found))


def _remember(found: DataImport) -> Response | None:
    """Keep the columns as the form sends them; the page again where one is not usable."""
    before = mapped.from_document(found.plan)
    columns = list(found.plan["columns"])
    chosen = mapped.from_form(columns, request.form, before)
    goal = mapped.goal_of(unit.session(), found.survey_id)  # type: ignore[arg-type]
    problems = mapped.problems(chosen, goal)
    if problems:
        return Response(_page(found, problems, chosen), 422)
    requests.remember(unit.session(), found, chosen)
    return None


@pages.post(ONE + "/cancel")
@permission("responses.import")
def cancel(survey_id: uuid.UUID, upload_id: uuid.UUID) -> BaseResponse:
    """Stop it; what is in stays."""
    found = _found(survey_id, upload_id)
    was = found.state
    requests.cancel(unit.config(), found, unit.now())
    _note("responses_import.cancelled", found)
    flash("Nothing was brought in." if was == "planned" else "Stopped. What is in stays.", "info")
    if was == "planned":
        return redirect(url_for(".index", survey_id=survey_id))
    return redirect(_at("show", found))


@pages.get(ONE + "/refused.csv")
@permission("responses.import")
def refused(survey_id: uuid.UUID, upload_id: uuid.UUID) -> BaseResponse:
    """The refused rows with line and reason."""
    found = _found(survey_id, upload_id)
    path = requests.refused_path(unit.config(), found)
    if not path.is_file():
        raise NotFound("There are no refused rows, or they were deleted.")
    name = f"{found.file_name.rpartition('.')[0]} refused.csv"
    return send_file(path.resolve(), "text/csv", as_attachment=True, download_name=name)


@pages.post(ONE + "/forget")
@permission("responses.import")
def forget(survey_id: uuid.UUID, upload_id: uuid.UUID) -> BaseResponse:
    """Delete the file and its refused rows; the responses that are in stay."""
    found = _found(survey_id, upload_id)
    if found.state in ("queued", "running"):
        raise Conflict("Stop it first.")
    requests.forget(unit.config(), found)
    _note("responses_import.forgotten", found)
    flash("The file and its refused rows are deleted. The responses stay.", "info")
    return redirect(_at("show", found))
