"""Connections: how each stands, live; running, scheduling, pausing and deleting them."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from connectors import registry
from connectors.errors import NotSupported
from efm.errors import Conflict, Invalid, NotFound
from efm.events import audit
from efm.models import Connection
from efm.sync import connections, control, hooks, listing, progress, runner, setup
from efm.web import unit
from efm.web.auth import principal
from efm.web.permissions import permission

pages = Blueprint("connections", __name__)


def note(action: str, connection_id: uuid.UUID, **detail: Any) -> None:
    """One line of the audit log about a connection; never a setting's value."""
    who = principal()
    audit.record(
        unit.session(), unit.now(), who.label, action,
        user_id=who.user_id, subject_kind="connection", subject_id=connection_id, **detail,
    )  # fmt: skip


@pages.get("/connections")
@permission("connections.view")
def index() -> str:
    """All connections."""
    return render_template(
        "connections/index.html", lines=listing.overview(unit.session()), now=unit.now(),
        broken=registry.broken(), said_every=control.said_every,
    )  # fmt: skip


def _context(connection: Connection) -> dict[str, Any]:
    """What both the page and its live part show."""
    session = unit.session()
    return {
        "connection": connection,
        "line": listing.line(session, connection),
        "runs": listing.runs(session, connection.id, most=8),
        "now": unit.now(),
        "progress": progress,
        "said_every": control.said_every,
    }


@pages.get("/connections/<uuid:connection_id>")
@permission("connections.view")
def show(connection_id: uuid.UUID) -> str:
    """One connection: its streams, what runs now, what ran before."""
    connection = connections.get(unit.session(), connection_id)
    return _page(connection, *_schedule(connection))


def _page(
    connection: Connection, number: str, every: str, errors: Mapping[str, str] | None = None
) -> str:
    session, takes = unit.session(), hooks.takes_webhooks(connection.connector)
    return render_template(
        "connections/show.html", number=number, every=every, errors=errors,
        units=list(control.UNITS),
        hook_url=hooks.url_of(unit.config(), unit.vault(), connection) if takes else "",
        deliveries=hooks.recent(session, connection.id) if takes else [],
        **_context(connection),
    )  # fmt: skip


def _schedule(connection: Connection) -> tuple[str, str]:
    settings = setup.chosen(unit.session(), connection.id)
    return control.split_every(next((s.every_minutes for s in settings if s.every_minutes), None))


@pages.get("/connections/<uuid:connection_id>/live")
@permission("connections.view")
def live(connection_id: uuid.UUID) -> Response:
    """The part that changes while something runs."""
    connection = connections.get(unit.session(), connection_id)
    html = render_template("connections/_live.html", **_context(connection))
    response = Response(html)
    response.set_etag(hashlib.sha256(html.encode()).hexdigest()[:24])
    response.headers["Cache-Control"] = "private, no-cache"
    return response.make_conditional(request)  # type: ignore[return-value]


@pages.get("/connections/<uuid:connection_id>/runs")
@permission("connections.view")
def runs(connection_id: uuid.UUID) -> str:
    """Every run, newest first."""
    connection = connections.get(unit.session(), connection_id)
    page = listing.runs(unit.session(), connection_id, request.args.get("after", "")[:100])
    return render_template(
        "connections/runs.html", connection=connection, page=page, progress=progress
    )


def _back(connection_id: uuid.UUID) -> BaseResponse:
    return redirect(url_for("connections.show", connection_id=connection_id))


@pages.post("/connections/<uuid:connection_id>/runs")
@permission("connections.edit")
def run(connection_id: uuid.UUID) -> BaseResponse:
    """Read one stream now, or all of them; `anew` forgets how far it was read."""
    session = unit.session()
    connection = connections.get(session, connection_id)
    if connection.state != "active":
        raise Conflict("This connection is not active. Finish its set-up, or resume it first.")
    wanted = request.form.get("stream", "")
    names = [each.stream for each in setup.in_order(session, connection_id)]
    if wanted and wanted not in names:
        raise NotFound("This stream is not read in this connection.")
    for name in [wanted] if wanted else names:
        _request(connection_id, name)
    return _back(connection_id)


def _request(connection_id: uuid.UUID, stream: str) -> None:
    session, now, is_anew = unit.session(), unit.now(), bool(request.form.get("anew"))
    if is_anew:
        control.restart(session, connection_id, stream, now)
    try:
        connections.request_run(session, connection_id, stream, now, user_id=principal().user_id)
    except NotSupported as error:
        raise Conflict(error.message) from error
    note("sync.requested", connection_id, stream=stream, is_anew=is_anew)


@pages.post("/connections/<uuid:connection_id>/runs/<uuid:run_id>/cancel")
@permission("connections.edit")
def cancel(connection_id: uuid.UUID, run_id: uuid.UUID) -> BaseResponse:
    """Stop a run; what it committed stays."""
    session = unit.session()
    connections.get(session, connection_id)
    found = listing.run_of(session, connection_id, run_id)
    if found is None:
        raise NotFound("There is no such run.")
    runner.cancel(session, found, unit.now())
    note("sync.cancelled", connection_id, stream=found.stream)
    flash("The run was stopped. What it read stays; the next run goes on from there.", "info")
    return _back(connection_id)


@pages.post("/connections/<uuid:connection_id>/schedule")
@permission("connections.edit")
def schedule(connection_id: uuid.UUID) -> Response | BaseResponse:
    """How often every stream is read by itself."""
    connection = connections.get(unit.session(), connection_id)
    number, every = request.form.get("every", ""), request.form.get("unit", "")
    try:
        minutes = control.read_every(number, every)
    except Invalid as error:
        return Response(_page(connection, number[:10], every, error.problems), 422)
    for setting in setup.chosen(unit.session(), connection_id):
        control.schedule(setting, minutes, unit.now())
    note("connection.scheduled", connection_id, every_minutes=minutes)
    flash(f"Saved. The connection is read {control.said_every(minutes)}.", "success")
    return _back(connection_id)


@pages.post("/connections/<uuid:connection_id>/deliveries")
@permission("connections.edit")
def receive_again(connection_id: uuid.UUID) -> BaseResponse:
    """Try the webhook calls that failed once more."""
    connections.get(unit.session(), connection_id)
    n = hooks.try_again(unit.session(), connection_id)
    note("sync.deliveries_tried", connection_id, deliveries=n)
    flash(f"{n} {'call is' if n == 1 else 'calls are'} being tried again.", "info")
    return _back(connection_id)


@pages.post("/connections/<uuid:connection_id>/pause")
@permission("connections.edit")
def pause(connection_id: uuid.UUID) -> BaseResponse:
    """Read nothing until resumed."""
    connection = connections.get(unit.session(), connection_id)
    control.pause(unit.session(), connection, unit.now())
    note("connection.paused", connection_id)
    flash("Paused. Nothing is read until you resume it.", "info")
    return _back(connection_id)


@pages.post("/connections/<uuid:connection_id>/resume")
@permission("connections.edit")
def resume(connection_id: uuid.UUID) -> BaseResponse:
    """Read again."""
    connection = connections.get(unit.session(), connection_id)
    control.resume(unit.session(), connection, unit.now())
    note("connection.resumed", connection_id)
    flash("Resumed. Streams with a schedule are read within a minute.", "success")
    return _back(connection_id)


def _ask(connection: Connection, error: str = "") -> str:
    return render_template(
        "connections/delete.html", connection=connection, error=error,
        held=control.held_words(unit.session(), connection.id),
    )  # fmt: skip


@pages.get("/connections/<uuid:connection_id>/delete")
@permission("connections.edit")
def ask_delete(connection_id: uuid.UUID) -> str:
    """What would go, before it goes."""
    return _ask(connections.get(unit.session(), connection_id))


@pages.post("/connections/<uuid:connection_id>/delete")
@permission("connections.edit")
def delete(connection_id: uuid.UUID) -> Response | BaseResponse:
    """Delete it with what came from it."""
    connection = connections.get(unit.session(), connection_id)
    if request.form.get("confirmation", "").strip().lower() != "delete":
        return Response(_ask(connection, "Type the word delete to go on."), 422)
    name = connection.name
    is_gone = control.remove(unit.session(), unit.config(), connection, unit.now())
    note("connection.deleted", connection_id, name=name)
    flash(
        f"“{name}” is deleted." if is_gone else f"“{name}” is being deleted; this takes a while.",
        "success",
    )
    return redirect(url_for("connections.index"))
