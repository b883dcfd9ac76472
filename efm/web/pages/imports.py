"""Bringing data files in: uploaded, recognised, planned before anything happens, watched, found again."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from efm.errors import Conflict, Invalid
from efm.events import audit
from efm.imports import requests
from efm.models import DataImport
from efm.sync import progress, uploads
from efm.web import unit
from efm.web.auth import principal
from efm.web.permissions import permission

pages = Blueprint("imports", __name__)

MOST_FILES = 20


def _note(action: str, found: DataImport, **detail: Any) -> None:
    who = principal()
    audit.record(
        unit.session(), unit.now(), who.label, action,
        user_id=who.user_id, subject_kind="data_import", subject_id=found.id, **detail,
    )  # fmt: skip


@pages.get("/import")
@permission("data.import")
def index() -> str:
    """Choose files, and what was brought in before."""
    return _index({})


def _index(errors: dict[str, str]) -> str:
    return render_template(
        "imports/index.html", found=requests.newest(unit.session()), errors=errors,
        accepted=",".join(uploads.ACCEPTED), most=MOST_FILES,
    )  # fmt: skip


@pages.post("/import")
@permission("data.import")
def upload() -> Response | BaseResponse:
    """Keep the files and plan each; what cannot be used is told, the others wait to be looked at."""
    chosen = [f for f in request.files.getlist("files") if f.filename][:MOST_FILES]
    who, made, problems = principal(), [], []
    for each in chosen:
        try:
            found = requests.take(
                unit.session(), unit.config(), each.filename or "", each.stream, unit.now(),  # type: ignore[arg-type]
                currency=str(who.organization["currency"]), user_id=who.user_id,
            )  # fmt: skip
            _note("data_import.planned", found, file_name=found.file_name)
            made.append(found)
        except Invalid as error:
            problems.append(error.message)
    if not made:
        message = " ".join(problems) or "Choose at least one file."
        return Response(_index({"files": message}), 422)
    for message in problems:
        flash(message, "error")
    if len(made) > 1:
        return redirect(url_for(".index"))
    return redirect(url_for(".show", import_id=made[0].id))


def _words(found: DataImport) -> str:
    """How far it is, in one line."""
    if found.state == "queued":
        return "Waiting for a worker."
    passes = int(found.plan.get("passes", 1))
    phase = {"records": "records", "responses": "responses"}.get(found.phase, "rows")
    total = max(found.total, found.done) if found.total else None
    about = "" if found.plan.get("total_is_exact") else "about "
    of = f" of {about}{total:,}" if total else ""
    left = progress.seconds_left(*_overall(found, passes), found.started_at, unit.now())
    said = progress.said_left(left)
    return f"{found.done:,}{of} {phase} brought in{', ' + said if said else ''}"


def _overall(found: DataImport, passes: int) -> tuple[int, int | None]:
    """Done and total over the one or two passes a file takes."""
    if not found.total:
        return found.done, None
    before = found.total if passes == 2 and found.phase == "responses" else 0
    return min(before + found.done, found.total * passes), found.total * passes


def _context(found: DataImport) -> dict[str, Any]:
    done, total = _overall(found, int(found.plan.get("passes", 1)))
    return {
        "found": found, "words": _words(found), "done": done, "total": total,
        "is_stuck": requests.is_stuck(found, unit.now()),
        "is_there": requests.is_there(unit.config(), found),
    }  # fmt: skip


@pages.get("/import/<uuid:import_id>")
@permission("data.import")
def show(import_id: uuid.UUID) -> str:
    """One file: its plan, how far it is, or what came of it."""
    return _page(requests.get(unit.session(), import_id), {}, {})


def _page(found: DataImport, values: dict[str, str], errors: dict[str, str]) -> str:
    return render_template("imports/show.html", errors=errors, values=values, **_context(found))


@pages.get("/import/<uuid:import_id>/live")
@permission("data.import")
def live(import_id: uuid.UUID) -> Response:
    """The part that changes while it is brought in."""
    html = render_template(
        "imports/_live.html", **_context(requests.get(unit.session(), import_id))
    )
    response = Response(html)
    response.set_etag(hashlib.sha256(html.encode()).hexdigest()[:24])
    response.headers["Cache-Control"] = "private, no-cache"
    return response.make_conditional(request)  # type: ignore[return-value]


@pages.post("/import/<uuid:import_id>/start")
@permission("data.import")
def start(import_id: uuid.UUID) -> Response | BaseResponse:
    """Bring it in."""
    found = requests.get(unit.session(), import_id)
    form = request.form.to_dict()
    try:
        if not requests.is_there(unit.config(), found):
            raise Conflict("The uploaded file is no longer here. Upload it again.")
        requests.start(
            unit.session(), found, form.get("name", found.name), form.get("target", found.target),
            form.get("currency", found.currency).strip().upper(), unit.now(),
        )  # fmt: skip
    except (Invalid, Conflict) as error:
        unit.session().rollback()
        fresh = requests.get(unit.session(), import_id)
        return Response(_page(fresh, form, error.problems or {"_": error.message}), error.status)
    _note("data_import.started", found, target=found.target)
    return redirect(url_for(".show", import_id=import_id))


@pages.post("/import/<uuid:import_id>/cancel")
@permission("data.import")
def cancel(import_id: uuid.UUID) -> BaseResponse:
    """Stop it; what is in stays."""
    found = requests.get(unit.session(), import_id)
    was = found.state
    requests.cancel(unit.config(), found, unit.now())
    _note("data_import.cancelled", found)
    flash("Nothing was brought in." if was == "planned" else "Stopped. What is in stays.", "info")
    return redirect(
        url_for(".index") if was == "planned" else url_for(".show", import_id=import_id)
    )
