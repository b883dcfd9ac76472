"""Setting a connection up: system, settings, check, streams, fields, start; each step keeps its draft."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from connectors import registry, settings
from connectors.base import Connector
from connectors.errors import ConnectorError
from connectors.records import Stream
from efm import clock
from efm.errors import Conflict, Invalid, NotFound
from efm.models import Connection
from efm.sync import connections, editing, setup, uploads
from efm.web import unit
from efm.web.auth import principal
from efm.web.pages.connections import note
from efm.web.permissions import permission

pages = Blueprint("connection_setup", __name__)


def steps(current: str, connection: Connection | None) -> list[dict[str, str | None]]:
    """The steps at the side, each with how it stands."""
    chosen = setup.chosen(unit.session(), connection.id) if connection else []
    ready = [s for s in chosen if not editing.problems(editing.draft_of(s))]
    is_ok = connection.is_check_ok if connection else None
    first = chosen[0].stream if chosen else None
    done = {
        "settings": connection is not None,
        "check": bool(is_ok),
        "streams": bool(chosen),
        "fields": bool(chosen) and len(ready) == len(chosen),
        "start": connection is not None and connection.state in ("active", "paused"),
    }
    labels = {"settings": "Settings", "check": "Check", "streams": "What to read",
              "fields": "Map fields", "start": "Start"}  # fmt: skip
    rooms = dict.fromkeys(labels, "connection_setup") | {
        "fields": "connection_fields", "start": "connection_fields",
    }  # fmt: skip
    found: list[dict[str, str | None]] = []
    for name, label in labels.items():
        state = "current" if name == current else "done" if done[name] else "waiting"
        if name == "check" and is_ok is False and name != current:
            state = "problem"
        query: dict[str, Any] = {"stream": first} if name == "fields" and first else {}
        is_open = connection is not None and (name not in ("fields", "start") or chosen)
        url = None
        if connection is not None and is_open:
            url = url_for(f"{rooms[name]}.{name}", connection_id=connection.id, **query)
        words = f"{len(ready)} of {len(chosen)}" if name == "fields" and chosen else None
        found.append({"label": label, "url": url, "state": state, "note": words})
    return found


def onwards(connection: Connection, after: str = "") -> BaseResponse:
    """To the next stream whose fields wait, or to the last step."""
    for each in setup.chosen(unit.session(), connection.id):
        waits = "draft" in each.mapping and each.stream > after
        if waits or editing.problems(editing.draft_of(each)):
            return redirect(
                url_for("connection_fields.fields", connection_id=connection.id, stream=each.stream)
            )
    return redirect(url_for("connection_fields.start", connection_id=connection.id))


@pages.get("/connections/new")
@permission("connections.edit")
def choose() -> str:
    """The systems there are connectors for."""
    return render_template(
        "connections/choose.html", kinds=connections.kinds(unit.config()).values(),
        broken=registry.broken(),
    )  # fmt: skip


def _kind(name: str) -> type[Connector]:
    found = connections.kinds(unit.config()).get(name)
    if found is None:
        raise NotFound("There is no such connector here.")
    return found


def _draw(
    kind: type[Connector] | None, connection: Connection | None, name: str,
    values: Mapping[str, Any], errors: Mapping[str, str],
) -> str:  # fmt: skip
    """The settings form, drawn from the connector's declaration."""
    takes = kind is not None and connections.takes_files(kind.name)
    folder = uploads.folder_of(unit.config(), principal().organization_id, connection.id) if connection else None  # fmt: skip
    own = str(values.get("folder", "")) == str(folder)
    masked = settings.mask(kind.Config, values) if kind else values
    shown = {n: "" if n == "folder" and own else v for n, v in masked.items()}
    return render_template(
        "connections/settings.html", kind=kind, connection=connection, name=name, values=shown,
        errors=errors, form=settings.form(kind.Config) if kind else [], mask=settings.MASK,
        takes_files=takes, files=uploads.names(folder) if folder and takes else [],
        may_name_folder=bool(unit.config().file_roots) or (bool(shown.get("folder")) and not own),
        accepted=",".join(uploads.ACCEPTED), steps=steps("settings", connection),
    )  # fmt: skip


def _first_values(kind: type[Connector]) -> dict[str, Any]:
    """What a new form begins with; uploads are complete when they arrive, so nothing waits."""
    found = {each.name: each.default for each in settings.form(kind.Config)}
    if connections.takes_files(kind.name):
        # The organization's currency is a proposal: mapping and summary name it again.
        found |= {"settle_seconds": 0, "currency": principal().organization["currency"]}
    return found


@pages.get("/connections/new/<connector>")
@permission("connections.edit")
def new(connector: str) -> str:
    """The settings of a new connection."""
    kind = _kind(connector)
    return _draw(kind, None, "", _first_values(kind), {})


@pages.post("/connections/new/<connector>")
@permission("connections.edit")
def create(connector: str) -> Response | BaseResponse:
    """Keep the settings as a draft connection, then check it."""
    kind, made_id = _kind(connector), clock.new_id()
    given = settings.read_form(kind.Config, request.form.to_dict())
    folder = uploads.folder_of(unit.config(), principal().organization_id, made_id)
    try:
        made = connections.create(
            unit.session(), unit.vault(), connector, request.form.get("name", ""),
            _with_files(kind, given, folder), unit.now(), connection_id=made_id,
        )  # fmt: skip
        _keep_files(kind, given, folder)
    except (Invalid, Conflict) as error:
        unit.session().rollback()
        shutil.rmtree(folder, ignore_errors=True)
        page = _draw(kind, None, request.form.get("name", ""), given, _again(error))
        return Response(page, 422)
    note("connection.created", made.id, connector=connector, name=made.name)
    return _check(made)


def _with_files(kind: type[Connector], given: dict[str, Any], folder: Any) -> dict[str, Any]:
    """The settings with the folder of uploads filled in, unless a folder was named."""
    if not connections.takes_files(kind.name) or given.get("folder"):
        return given
    # An upload is complete when it is there, so there is nothing to wait for.
    return {"settle_seconds": 0, **given, "folder": str(folder)}


def _keep_files(kind: type[Connector], given: Mapping[str, Any], folder: Any) -> None:
    """Store the uploads; without any, and without a folder, there is nothing to read."""
    if not connections.takes_files(kind.name):
        return
    chosen = [f for f in request.files.getlist("files") if f.filename]
    uploads.keep_all(folder, ((f.filename or "", f.stream) for f in chosen))  # type: ignore[misc]
    if not given.get("folder") and not uploads.names(folder):
        message = "Choose at least one file."
        raise Invalid(message, problems={"files": message})


def _again(error: Invalid | Conflict) -> dict[str, str]:
    """The problems, and that files must be chosen anew (a page cannot choose them)."""
    problems = error.problems or {"_": error.message}
    if any(f.filename for f in request.files.getlist("files")):
        problems.setdefault("files", "Choose the files again; they were not kept.")
    return problems


@pages.get("/connections/<uuid:connection_id>/settings", endpoint="settings")
@permission("connections.edit")
def show_settings(connection_id: uuid.UUID) -> str:
    """The settings, secrets as dots."""
    connection = connections.get(unit.session(), connection_id)
    kind = registry.catalog().available.get(connection.connector)
    values = connections.masked_settings(connection) if kind else {}
    return _draw(kind, connection, connection.name, values, {})


@pages.post("/connections/<uuid:connection_id>/settings")
@permission("connections.edit")
def save_settings(connection_id: uuid.UUID) -> Response | BaseResponse:
    """Keep the settings, then check them."""
    connection = connections.get(unit.session(), connection_id)
    kind = _kind(connection.connector)
    given = settings.read_form(kind.Config, request.form.to_dict())
    folder = uploads.folder_of(unit.config(), connection.organization_id, connection.id)
    try:
        _keep_files(kind, given, folder)
        connections.rename(unit.session(), connection, request.form.get("name", ""))
        connections.change(
            unit.session(), unit.vault(), connection, _with_files(kind, given, folder)
        )
    except (Invalid, Conflict) as error:
        unit.session().rollback()
        page = _draw(kind, connection, request.form.get("name", ""), given, _again(error))
        return Response(page, 422)
    note("connection.changed", connection.id)
    return _check(connection)


@pages.post("/connections/<uuid:connection_id>/files/delete")
@permission("connections.edit")
def delete_file(connection_id: uuid.UUID) -> BaseResponse:
    """Delete one uploaded file."""
    connection = connections.get(unit.session(), connection_id)
    folder = uploads.folder_of(unit.config(), connection.organization_id, connection.id)
    uploads.drop(folder, request.form.get("file", ""))
    note("connection.file_deleted", connection.id)
    flash("The file is deleted. What was read from it stays.", "info")
    return redirect(url_for(".settings", connection_id=connection_id))


def _check(connection: Connection) -> BaseResponse:
    unit.release()
    connections.check(unit.config(), unit.vault(), connection, unit.now())
    return redirect(url_for(".check", connection_id=connection.id))


@pages.get("/connections/<uuid:connection_id>/check")
@permission("connections.edit")
def check(connection_id: uuid.UUID) -> str:
    """What the other system said when it was asked last."""
    connection = connections.get(unit.session(), connection_id)
    return render_template(
        "connections/check.html", connection=connection, steps=steps("check", connection)
    )


@pages.post("/connections/<uuid:connection_id>/check")
@permission("connections.edit")
def check_again(connection_id: uuid.UUID) -> BaseResponse:
    """Ask it again."""
    return _check(connections.get(unit.session(), connection_id))


def _offered(connection: Connection) -> tuple[Sequence[Stream], str]:
    """The streams the source offers now, or what keeps us from knowing."""
    try:
        connector = connections.open_connector(unit.config(), unit.vault(), connection)
        unit.release()
        with connections.plainly():
            return connector.streams(), ""
    except ConnectorError as error:
        return (), connections.without_folder(unit.config(), connection, error.message)


def _draw_streams(connection: Connection, errors: Mapping[str, str]) -> str:
    offered, problem = _offered(connection)
    chosen = {each.stream for each in setup.chosen(unit.session(), connection.id)}
    return render_template(
        "connections/streams.html", connection=connection, offered=offered, problem=problem,
        chosen=chosen or ({each.name for each in offered} if len(offered) <= 5 else set()),
        gone=sorted(chosen - {each.name for each in offered}), errors=errors,
        steps=steps("streams", connection),
        made_of=lambda stream: setup.made_of([m.document() for m in connections.proposed(stream)]),
    )  # fmt: skip


@pages.get("/connections/<uuid:connection_id>/streams")
@permission("connections.edit")
def streams(connection_id: uuid.UUID) -> str:
    """What there is to read."""
    return _draw_streams(connections.get(unit.session(), connection_id), {})


@pages.post("/connections/<uuid:connection_id>/streams")
@permission("connections.edit")
def choose_streams(connection_id: uuid.UUID) -> Response | BaseResponse:
    """Keep what was chosen and go on to its fields."""
    connection = connections.get(unit.session(), connection_id)
    offered, problem = _offered(connection)
    try:
        setup.choose(
            unit.session(), connection, offered, request.form.getlist("streams"), unit.now()
        )
    except Invalid as error:
        unit.session().rollback()
        errors = {"_": problem} if problem else error.problems
        return Response(_draw_streams(connection, errors), 422)
    note("connection.streams_chosen", connection_id)
    return onwards(connection)
