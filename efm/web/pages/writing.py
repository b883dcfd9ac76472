"""Writing back: the rules of a connection, what each would change, what became of what was written."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from connectors.errors import ConnectorError
from connectors.records import Target
from efm.errors import Conflict, Invalid, NotFound
from efm.models import Connection, WriteBack
from efm.sync import connections
from efm.web import unit
from efm.web.pages.connections import note
from efm.web.permissions import permission
from efm.writing import rules, showing
from efm.writing.values import VALUES

pages = Blueprint("writing", __name__)


def _targets(connection: Connection) -> tuple[list[Target], str]:
    """What may be written, and what stands in the way of asking."""
    try:
        with connections.plainly():
            made = connections.open_connector(unit.config(), unit.vault(), connection)
            return list(made.targets()), ""
    except ConnectorError as error:
        return [], error.message


def _rule(connection_id: uuid.UUID, rule_id: uuid.UUID) -> tuple[Connection, WriteBack]:
    session = unit.session()
    connection, rule = connections.get(session, connection_id), rules.get(session, rule_id)
    if rule.connection_id != connection.id:
        raise NotFound("There is no such rule of writing back.")
    return connection, rule


@pages.get("/connections/<uuid:connection_id>/writing")
@permission("connections.view")
def index(connection_id: uuid.UUID) -> str:
    """The rules of one connection, and what could be added."""
    session = unit.session()
    connection = connections.get(session, connection_id)
    targets, trouble = _targets(connection)
    made = rules.of_connection(session, connection.id)
    return render_template(
        "writing/index.html", connection=connection, trouble=trouble,
        lines=[showing.line(session, rule, targets) for rule in made],
        choices=showing.choices(targets, made),
    )  # fmt: skip


@pages.post("/connections/<uuid:connection_id>/writing")
@permission("connections.edit")
def create(connection_id: uuid.UUID) -> BaseResponse:
    """A new rule; what to write is mapped next."""
    connection = connections.get(unit.session(), connection_id)
    source, _, name = request.form.get("what", "").partition(" ")
    targets, trouble = _targets(connection)
    target = next((each for each in targets if each.name == name), None)
    if target is None:
        flash(trouble or "Choose what to write first.", "warning")
        return redirect(url_for(".index", connection_id=connection.id))
    rule = rules.create(unit.session(), connection, target, source, unit.now())
    note("writing.added", connection_id, target=target.name, source=source)
    return redirect(url_for(".show", connection_id=connection.id, rule_id=rule.id))


def _page(
    connection: Connection,
    rule: WriteBack,
    *,
    errors: Mapping[str, str] = {},
    typed: Mapping[str, str] | None = None,
) -> str:
    session = unit.session()
    targets, trouble = _targets(connection)
    target = next((each for each in targets if each.name == rule.target), None)
    if target is None and not trouble:
        trouble = f"“{rule.target}” may not be written any more."
    preview = None
    if target is not None and rule.fields and not errors:
        preview = showing.preview(session, rule, target, unit.config().public_url)
    return render_template(
        "writing/show.html", connection=connection, rule=rule, target=target, trouble=trouble,
        rows=showing.rows(rule, target, typed) if target else [], errors=errors, preview=preview,
        values=VALUES[rule.source], line=showing.line(session, rule, targets),
        items=showing.items(session, rule, request.args.get("state", "")),
        state=request.args.get("state", ""), source=rules.SOURCES[rule.source],
        bands=request.form.getlist("bands") if typed is not None else rule.filters.get("bands", []),
    )  # fmt: skip


@pages.get("/connections/<uuid:connection_id>/writing/<uuid:rule_id>")
@permission("connections.view")
def show(connection_id: uuid.UUID, rule_id: uuid.UUID) -> str:
    """One rule: its fields, what it would change, what was written."""
    return _page(*_rule(connection_id, rule_id))


@pages.post("/connections/<uuid:connection_id>/writing/<uuid:rule_id>")
@permission("connections.edit")
def save(connection_id: uuid.UUID, rule_id: uuid.UUID) -> Response | BaseResponse:
    """New fields; what differs then is written with the next run."""
    connection, rule = _rule(connection_id, rule_id)
    targets, trouble = _targets(connection)
    target = next((each for each in targets if each.name == rule.target), None)
    if target is None:
        raise Conflict(trouble or "This may not be written any more.")
    given = showing.read_fields(request.form, target)
    try:
        rules.change(
            unit.session(), rule, target, given,
            bands=request.form.getlist("bands"), on_conflict=request.form.get("on_conflict", ""),
        )  # fmt: skip
    except Invalid as error:
        unit.session().expire(rule)
        problems = {f"v.{name}": message for name, message in error.problems.items()}
        return Response(_page(connection, rule, errors=problems, typed=request.form), 422)
    note("writing.changed", connection_id, target=rule.target, fields=sorted(rule.fields))
    if rule.state == "on":
        rules.ask(unit.session(), rule, scope="all")
    flash("Saved. Below is what it would change.", "success")
    return _back(connection_id, rule_id)


def _back(connection_id: uuid.UUID, rule_id: uuid.UUID) -> BaseResponse:
    return redirect(url_for(".show", connection_id=connection_id, rule_id=rule_id))


ACTIONS: dict[str, str] = {
    "on": "It is on. What waits is being written now.",
    "pause": "Paused. Nothing is written until you turn it on again.",
    "try": "One record is being written. Look at it there, then turn the rule on.",
    "compare": "Everything is being compared; what differs is written.",
    "again": "What was refused is being tried again.",
}


@pages.post("/connections/<uuid:connection_id>/writing/<uuid:rule_id>/<action>")
@permission("connections.edit")
def act(connection_id: uuid.UUID, rule_id: uuid.UUID, action: str) -> BaseResponse:
    """Turn it on, pause it, try it on one record, compare everything, try refused ones again."""
    _, rule = _rule(connection_id, rule_id)
    session = unit.session()
    if action not in ACTIONS:
        raise NotFound("There is no such action.")
    if action == "on":
        rules.turn_on(session, rule)
    elif action == "pause":
        rules.pause(session, rule)
    elif action == "try":
        rules.try_one(session, rule)
    elif action == "compare":
        rules.ask(session, rule, scope="all")
    else:
        rules.try_again(session, rule, unit.now())
    note(f"writing.{action}", connection_id, target=rule.target)
    flash(ACTIONS[action], "success" if action != "pause" else "info")
    return _back(connection_id, rule_id)


@pages.post("/connections/<uuid:connection_id>/writing/<uuid:rule_id>/remove")
@permission("connections.edit")
def remove(connection_id: uuid.UUID, rule_id: uuid.UUID) -> BaseResponse:
    """Forget the rule; what was written stays there."""
    _, rule = _rule(connection_id, rule_id)
    rules.remove(unit.session(), rule)
    note("writing.removed", connection_id, target=rule.target)
    flash("The rule is gone. What was written stays in the other system.", "info")
    return redirect(url_for(".index", connection_id=connection_id))
