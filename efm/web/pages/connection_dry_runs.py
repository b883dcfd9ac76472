"""Dry runs of a stream: asked for, watched, and what they found shown record by record."""

from __future__ import annotations

import hashlib
import uuid

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from efm.errors import Conflict
from efm.models import DryRun
from efm.sync import connections, dry_runs
from efm.web import unit
from efm.web.auth import principal
from efm.web.pages.connections import note
from efm.web.permissions import permission

pages = Blueprint("connection_dry_runs", __name__)


@pages.post("/connections/<uuid:connection_id>/dry-runs")
@permission("connections.edit")
def create(connection_id: uuid.UUID) -> BaseResponse:
    """Find out what reading a stream would do, in the background."""
    session = unit.session()
    connection = connections.get(session, connection_id)
    if connection.state == "deleting":
        raise Conflict("This connection is being deleted.")
    made = dry_runs.request(
        session, connection, request.form.get("stream", "").replace("\0", ""), unit.now(),
        is_anew=bool(request.form.get("anew")), user_id=principal().user_id,
    )  # fmt: skip
    note("sync.rehearsed", connection_id, stream=made.stream, is_anew=made.is_anew)
    return _to(made)


def _to(found: DryRun) -> BaseResponse:
    return redirect(url_for(".show", connection_id=found.connection_id, dry_run_id=found.id))


def _draw(template: str, connection_id: uuid.UUID, dry_run_id: uuid.UUID) -> str:
    session, now = unit.session(), unit.now()
    connection = connections.get(session, connection_id)
    found = dry_runs.get(session, connection_id, dry_run_id)
    return render_template(
        f"connections/{template}", connection=connection, dry_run=found, now=now,
        is_silent=dry_runs.is_silent(found, now), is_open=found.finished_at is None,
    )  # fmt: skip


@pages.get("/connections/<uuid:connection_id>/dry-runs/<uuid:dry_run_id>")
@permission("connections.edit")
def show(connection_id: uuid.UUID, dry_run_id: uuid.UUID) -> str:
    """How far it is, or what it found."""
    return _draw("dry_run.html", connection_id, dry_run_id)


@pages.get("/connections/<uuid:connection_id>/dry-runs/<uuid:dry_run_id>/live")
@permission("connections.edit")
def live(connection_id: uuid.UUID, dry_run_id: uuid.UUID) -> Response:
    """The part that changes while it works."""
    html = _draw("_dry_run.html", connection_id, dry_run_id)
    response = Response(html)
    response.set_etag(hashlib.sha256(html.encode()).hexdigest()[:24])
    response.headers["Cache-Control"] = "private, no-cache"
    return response.make_conditional(request)  # type: ignore[return-value]


@pages.post("/connections/<uuid:connection_id>/dry-runs/<uuid:dry_run_id>/cancel")
@permission("connections.edit")
def cancel(connection_id: uuid.UUID, dry_run_id: uuid.UUID) -> BaseResponse:
    """Stop it."""
    session = unit.session()
    connections.get(session, connection_id)
    found = dry_runs.get(session, connection_id, dry_run_id)
    dry_runs.cancel(session, found, unit.now())
    flash("The dry run was stopped. Nothing was kept.", "info")
    return _to(found)
