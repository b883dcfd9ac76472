"""Connections: how each stands, live; running, scheduling, pausing and deleting them."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from connectors import registry
from connectors.errors import NotSupported
from efm.errors import Conflict, Invalid, NotFound
from efm.events import audit
from efm.models import Connection
from efm.sync import (
    advice,
    connections,
    control,
    hooks,
    listing,
    progress,
    quotas,
    runner,
    schedules,
    setup,
)
from efm.sync.schedules import Schedule
from efm.web import unit
from efm.web.auth import principal
from efm.web.permissions import permission
from efm.web.schedule_forms import schedule_form, zones

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
        broken=registry.broken(),
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
        "advice": advice,
        "quotas": quotas,
        "held_until": quotas.held_until(connection, unit.now()),
    }


@pages.get("/connections/<uuid:connection_id>")
@permission("connections.view")
def show(connection_id: uuid.UUID) -> str:
    """One connection: its streams, what runs now, what ran before."""
    connection = connections.get(unit.session(), connection_id)
    return _page(connection)


def _page(
    connection: Connection,
    given: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> str:
    session, takes = unit.session(), hooks.takes_webhooks(connection.connector)
    return render_template(
        "connections/show.html", errors=errors, form=schedule_form(Schedule.of(connection), given),
        hook_url=hooks.url_of(unit.config(), unit.vault(), connection) if takes else "",
        deliveries=hooks.recent(session, connection.id) if takes else [],
        **_context(connection),
    )  # fmt: skip


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
    """Every run, newest first, or those that the filters let pass."""
    session = unit.session()
    connection = connections.get(session, connection_id)
    filters = listing.RunFilters.read(request.args)
    after = request.args.get("after", "")[:100]
    return render_template(
        "connections/runs.html", connection=connection, progress=progress, advice=advice,
        page=listing.runs(session, connection_id, after, filters=filters), filters=filters,
        states=listing.STATES, starters=listing.STARTERS,
        pairs=[(each.stream,) * 2 for each in setup.chosen(session, connection_id)],
    )  # fmt: skip


def _back(connection_id: uuid.UUID) -> BaseResponse:
    stream = request.form.get("from", "")
    if stream:
        return redirect(
            url_for("connection_streams.show", connection_id=connection_id, stream=stream)
        )
    return redirect(url_for("connections.show", connection_id=connection_id))


@pages.post("/connections/<uuid:connection_id>/runs")
@permission("connections.edit")
def run(connection_id: uuid.UUID) -> Response | BaseResponse:
    """Read one stream now, or all of them; `anew` forgets how far it was read.

    While the source's calls of the day are used, it asks first whether the rest may be.
    """
    session = unit.session()
    connection = connections.get(session, connection_id)
    if connection.state != "active":
        raise Conflict("This connection is not active. Finish its set-up, or resume it first.")
    wanted = request.form.get("stream", "")
    read = setup.in_order(session, connection_id)
    names = [each.stream for each in read if wanted in ("", each.stream)]
    if wanted and not names:
        raise NotFound("This stream is not read in this connection.")
    if not wanted:
        names = [each.stream for each in read if not each.is_paused]
    held_until = quotas.held_until(connection, unit.now())
    if held_until is not None and not request.form.get("uses_rest"):
        return Response(_ask_rest(connection, held_until), 409)
    for name in names:
        _request(connection_id, name)
    return _back(connection_id)


def _ask_rest(connection: Connection, held_until: datetime) -> str:
    """Nothing was begun: the calls of the day are used, and somebody has to want the rest."""
    kept = {name: request.form.get(name, "") for name in ("stream", "anew", "from")}
    return render_template(
        "connections/rest.html", connection=connection, held_until=held_until, quotas=quotas,
        fields={name: value for name, value in kept.items() if value} | {"uses_rest": "1"},
    )  # fmt: skip


def _request(connection_id: uuid.UUID, stream: str) -> None:
    session, now, is_anew = unit.session(), unit.now(), bool(request.form.get("anew"))
    uses_rest = bool(request.form.get("uses_rest"))
    if is_anew:
        control.restart(session, connection_id, stream, now)
    try:
        connections.request_run(
            session, connection_id, stream, now, user_id=principal().user_id, uses_rest=uses_rest
        )
    except NotSupported as error:
        raise Conflict(error.message) from error
    note("sync.requested", connection_id, stream=stream, is_anew=is_anew, uses_rest=uses_rest)


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
    """When the streams without a schedule of their own are read by themselves."""
    connection = connections.get(unit.session(), connection_id)
    try:
        wanted = schedules.read(request.form, zones(Schedule.of(connection))) or Schedule()
    except Invalid as error:
        return Response(_page(connection, request.form, error.problems), 422)
    if request.form.get("go") == "look":
        return Response(_page(connection, request.form))
    schedules.set_connection(unit.session(), connection, wanted, unit.now())
    note("connection.scheduled", connection_id, schedule=wanted.words())
    flash(f"Saved. The connection is read {wanted.words()}.", "success")
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
    flash("Resumed. What is read at an interval is read within a minute.", "success")
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
