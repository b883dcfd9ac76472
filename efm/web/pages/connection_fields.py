"""The last steps of a connection's set-up: mapping fields with real records beside, and starting."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from connectors.entities import ENTITIES
from connectors.errors import ConnectorError
from connectors.mapping import Mapping as FieldMap
from connectors.records import Stream
from efm.errors import Conflict, Invalid
from efm.models import Connection, StreamSetting
from efm.sync import connections, editing, hooks, preview, schedules, setup
from efm.sync.schedules import Schedule
from efm.web import unit
from efm.web.auth import principal
from efm.web.pages.connection_setup import onwards, steps
from efm.web.pages.connections import note
from efm.web.permissions import permission
from efm.web.schedule_forms import schedule_form, zones

pages = Blueprint("connection_fields", __name__)


def _sampled(connection: Connection, name: str) -> tuple[Stream | None, preview.Sample, str]:
    """The stream, its first records, and what keeps us from reading them."""
    try:
        connector = connections.open_connector(unit.config(), unit.vault(), connection)
        unit.release()
        with connections.plainly():
            stream = connector.stream(name)
            sample = preview.sample(connector, stream)
        if not sample.records and hooks.takes_webhooks(connection.connector):
            called = hooks.samples(unit.session(), unit.config(), unit.vault(), connection, name)
            sample = preview.Sample(tuple(called), len(called), (), True)
        return stream, sample, ""
    except ConnectorError as error:
        said = connections.without_folder(unit.config(), connection, error.message)
        return None, preview.Sample(), said


def _context(
    connection: Connection,
    setting: StreamSetting,
    draft: Sequence[Mapping[str, Any]],
    found: tuple[Stream | None, preview.Sample, str],
) -> dict[str, Any]:
    """What the editor and its preview show."""
    stream, sample, trouble = found
    beside = [FieldMap.from_document(each) for each in draft]
    names = list(stream.fields) if stream and stream.fields else sample.names
    return {
        "connection": connection, "setting": setting, "trouble": trouble, "sample": sample,
        "sections": editing.sections(draft), "entities": ENTITIES,
        "previews": [preview.preview(each, sample, beside) for each in draft],
        "choices": _choices(names, sample), "option_help": editing.OPTION_HELP,
        "made": [each[:1].upper() + each[1:] for each in setup.made_of(draft)],
    }  # fmt: skip


def _choices(names: Sequence[str], sample: preview.Sample) -> list[tuple[str, str]]:
    """What a field may come from, each with a value it has."""
    found = [("", "Not mapped")]
    said = {"_row": "the row's number", "_file": "the file's name"}
    for name in dict.fromkeys([*names, *sample.names]):
        example, label = sample.example(name), said.get(name, name)
        found.append((editing.FIELD + name, f"{label} ({example})" if example else label))
    return [*found, (editing.CONSTANT, "A fixed value"), (editing.JOIN, "Several fields joined")]


def _draw(
    connection: Connection,
    setting: StreamSetting,
    draft: Sequence[Mapping[str, Any]],
    errors: Mapping[str, str],
) -> str:
    context = _context(connection, setting, draft, _sampled(connection, setting.stream))
    chosen = [each.stream for each in setup.chosen(unit.session(), connection.id)]
    return render_template(
        "connections/fields.html", errors=errors, chosen=chosen,
        steps=steps("fields", connection), **context,
    )  # fmt: skip


@pages.get("/connections/<uuid:connection_id>/fields", endpoint="fields")
@permission("connections.edit")
def show_fields(connection_id: uuid.UUID) -> str:
    """The mapping of one stream, with what it makes of real records."""
    connection = connections.get(unit.session(), connection_id)
    setting = setup.setting(unit.session(), connection_id, request.args.get("stream", ""))
    draft = editing.draft_of(setting)
    errors = editing.problems(draft) if request.args.get("problems") else {}
    return _draw(connection, setting, draft, errors)


@pages.post("/connections/<uuid:connection_id>/fields")
@permission("connections.edit")
def save_fields(connection_id: uuid.UUID) -> Response | BaseResponse:
    """Keep what was typed, with its mistakes; go on when it has none."""
    connection = connections.get(unit.session(), connection_id)
    setting = setup.setting(unit.session(), connection_id, request.args.get("stream", ""))
    draft = editing.read(request.form, _stream_for_adding(connection, setting))
    editing.keep_draft(setting, draft)
    unit.release()
    errors = editing.problems(draft)
    if request.form.get("go", "save") != "save":
        return Response(_draw(connection, setting, draft, {}))
    if errors:
        return Response(_draw(connection, setting, draft, errors), 422)
    return onwards(connection, setting.stream)


def _stream_for_adding(connection: Connection, setting: StreamSetting) -> Stream | None:
    """The stream, when a mapping is to be added that begins with its key."""
    return _sampled(connection, setting.stream)[0] if request.form.get("go") == "add" else None


@pages.post("/connections/<uuid:connection_id>/fields/preview")
@permission("connections.edit")
def show_preview(connection_id: uuid.UUID) -> str:
    """The preview of what is typed now, for the page to swap in; the draft is kept on the way."""
    connection = connections.get(unit.session(), connection_id)
    setting = setup.setting(unit.session(), connection_id, request.args.get("stream", ""))
    draft = editing.read(request.form, None)
    editing.keep_draft(setting, draft)
    unit.release()
    context = _context(connection, setting, draft, _sampled(connection, setting.stream))
    return render_template(
        "connections/_preview.html", errors=editing.problems(draft), is_fragment=True, **context
    )


def _consequences(connection: Connection) -> list[setup.Consequence]:
    settings = setup.chosen(unit.session(), connection.id)
    try:
        connector = connections.open_connector(unit.config(), unit.vault(), connection)
        trouble = ""
    except ConnectorError as error:
        connector, trouble = None, error.message
    unit.release()
    found = []
    for each in settings:
        told = setup.consequence(each, connector)
        told.trouble = connections.without_folder(
            unit.config(), connection, told.trouble or trouble
        )
        found.append(told)
    return found


def _draw_start(
    connection: Connection, given: Mapping[str, str] | None, errors: Mapping[str, str]
) -> str:
    return render_template(
        "connections/start.html", connection=connection, found=_consequences(connection),
        form=schedule_form(Schedule.of(connection), given), errors=errors,
        steps=steps("start", connection),
    )  # fmt: skip


def _schedule_problems(connection: Connection) -> dict[str, str]:
    try:
        schedules.read(request.form, zones(Schedule.of(connection)))
    except Invalid as error:
        return dict(error.problems)
    return {}


@pages.get("/connections/<uuid:connection_id>/start")
@permission("connections.edit")
def start(connection_id: uuid.UUID) -> str:
    """What will happen, before it does."""
    connection = connections.get(unit.session(), connection_id)
    return _draw_start(connection, None, {})


@pages.post("/connections/<uuid:connection_id>/start")
@permission("connections.edit")
def begin(connection_id: uuid.UUID) -> Response | BaseResponse:
    """Put the mappings to use and read now."""
    session = unit.session()
    connection = connections.get(session, connection_id)
    if request.form.get("go") == "look":
        errors = _schedule_problems(connection)
        return Response(_draw_start(connection, request.form, errors), 422 if errors else 200)
    try:
        wanted = schedules.read(request.form, zones(Schedule.of(connection))) or Schedule()
        runs = setup.start(session, connection, wanted, unit.now(), user_id=principal().user_id)
    except (Invalid, Conflict) as error:
        session.rollback()
        errors = error.problems or {"_": error.message}
        return Response(_draw_start(connection, request.form, errors), 422)
    note("connection.started", connection_id, streams=[run.stream for run in runs])
    flash(f"Reading begins. After that it is read {wanted.words()}.", "success")
    return redirect(url_for("connections.show", connection_id=connection_id))
