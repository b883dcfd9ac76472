"""One stream of a connection: how fresh it is, when it is read, pausing it, reading it anew."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from efm.errors import Conflict, Invalid, NotFound
from efm.models import Connection, StreamSetting
from efm.sync import advice, connections, control, listing, progress, schedules, setup
from efm.sync.schedules import Schedule
from efm.web import unit
from efm.web.pages.connections import note
from efm.web.permissions import permission
from efm.web.schedule_forms import schedule_form, zones

pages = Blueprint("connection_streams", __name__)


def _chosen(connection_id: uuid.UUID) -> tuple[Connection, StreamSetting]:
    """The connection and the stream that the address or the form names."""
    session = unit.session()
    connection = connections.get(session, connection_id)
    name = (request.args.get("stream") or request.form.get("stream", "")).replace("\0", "")
    return connection, setup.setting(session, connection_id, name)


def back(connection_id: uuid.UUID, stream: str) -> BaseResponse:
    """To the page of the stream."""
    return redirect(url_for("connection_streams.show", connection_id=connection_id, stream=stream))


def _page(
    connection: Connection,
    setting: StreamSetting,
    given: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> str:
    session = unit.session()
    line = listing.line(session, connection)
    filters = listing.RunFilters(stream=setting.stream)
    own = Schedule.of(setting)
    return render_template(
        "connections/stream.html", connection=connection, line=line, errors=errors, now=unit.now(),
        each=next(each for each in line.streams if each.name == setting.stream),
        runs=listing.runs(session, connection.id, most=8, filters=filters),
        form=schedule_form(own, given, is_own=setting.has_own_schedule),
        connection_words=Schedule.of(connection).words(), progress=progress, advice=advice,
    )  # fmt: skip


@pages.get("/connections/<uuid:connection_id>/stream")
@permission("connections.view")
def show(connection_id: uuid.UUID) -> str:
    """One stream."""
    return _page(*_chosen(connection_id))


@pages.post("/connections/<uuid:connection_id>/stream/schedule")
@permission("connections.edit")
def schedule(connection_id: uuid.UUID) -> Response | BaseResponse:
    """When this stream is read by itself."""
    connection, setting = _chosen(connection_id)
    try:
        wanted = schedules.read(request.form, zones(Schedule.of(setting)))
    except Invalid as error:
        return Response(_page(connection, setting, request.form, error.problems), 422)
    if request.form.get("go") == "look":
        return Response(_page(connection, setting, request.form))
    schedules.set_stream(unit.session(), connection, setting, wanted, unit.now())
    said = Schedule.of(setting).words()
    note("stream.scheduled", connection_id, stream=setting.stream, schedule=said)
    flash(f"Saved. “{setting.stream}” is read {said}.", "success")
    return back(connection_id, setting.stream)


@pages.post("/connections/<uuid:connection_id>/stream/pause")
@permission("connections.edit")
def pause(connection_id: uuid.UUID) -> BaseResponse:
    """Do not read this stream until it is resumed."""
    _, setting = _chosen(connection_id)
    control.pause_stream(unit.session(), setting, unit.now())
    note("stream.paused", connection_id, stream=setting.stream)
    flash(f"“{setting.stream}” is paused. What was read stays.", "info")
    return back(connection_id, setting.stream)


@pages.post("/connections/<uuid:connection_id>/stream/resume")
@permission("connections.edit")
def resume(connection_id: uuid.UUID) -> BaseResponse:
    """Read this stream again."""
    _, setting = _chosen(connection_id)
    control.resume_stream(setting, unit.now())
    note("stream.resumed", connection_id, stream=setting.stream)
    flash(f"“{setting.stream}” is resumed.", "success")
    return back(connection_id, setting.stream)


@pages.get("/connections/<uuid:connection_id>/anew")
@permission("connections.edit")
def ask_anew(connection_id: uuid.UUID) -> str:
    """What reading anew means, before it begins; of one stream, or of all of them."""
    connection = connections.get(unit.session(), connection_id)
    if connection.state != "active":
        raise Conflict("This connection is not active. Finish its set-up, or resume it first.")
    wanted = request.args.get("stream", "").replace("\0", "")
    line = listing.line(unit.session(), connection)
    streams = [each for each in line.chosen if each.is_read and wanted in ("", each.name)]
    if not streams:
        if wanted and not any(each.name == wanted for each in line.streams):
            raise NotFound("This stream is not chosen in this connection.")
        raise Conflict("It is not being read now. Start it first, or resume it.")
    return render_template(
        "connections/anew.html", connection=connection, stream=wanted, streams=streams,
        known=[each for each in streams if each.fresh.records is not None], now=unit.now(),
    )  # fmt: skip
