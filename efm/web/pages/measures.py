"""Measures: what is derived of customers' facts, by which SQL, and how it is set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from efm.errors import Invalid
from efm.events import audit
from efm.measures import jobs, listing, settings
from efm.web import unit
from efm.web.auth import principal
from efm.web.permissions import permission

pages = Blueprint("measures", __name__)


@pages.get("/insight/measures")
@permission("measures.view")
def index() -> str:
    """All measures: on or off, and how many customers have a value."""
    return render_template("measures/index.html", lines=listing.lines(unit.session()))


@pages.post("/insight/measures/derive")
@permission("measures.edit")
def derive() -> BaseResponse:
    """Derive what changed, without waiting for the clock."""
    jobs.ask(unit.session())
    flash("What changed is being derived now.", "info")
    return redirect(url_for(".index"))


def _page(
    name: str, *, errors: Mapping[str, str] = {}, typed: Mapping[str, list[str]] | None = None
) -> str:
    session = unit.session()
    line = listing.line(session, name)
    chosen = line.chosen
    fields = [
        {
            "of": each,
            "value": each.shown(chosen.values[each.name]) if typed is None
            else (typed.get(each.name, []) if each.kind == "connections"
                  else "".join(typed.get(each.name, [])[:1])),
        }
        for each in chosen.measure.parameters
    ]  # fmt: skip
    return render_template(
        "measures/show.html", line=line, fields=fields, errors=errors,
        is_on=chosen.is_on if typed is None else bool(typed.get("is_on")),
        connections=listing.connections(session), origins=listing.origins(session),
        brought=listing.brought(session, name),
        sql=[(each.words, listing.sql(chosen, each.entity)) for each in line.counts],
    )  # fmt: skip


@pages.get("/insight/measures/<name>")
@permission("measures.view")
def show(name: str) -> str:
    """One measure: what it says, who has a value, its settings and its SQL."""
    settings.get(name)
    return _page(name)


@pages.post("/insight/measures/<name>")
@permission("measures.edit")
def save(name: str) -> Response | BaseResponse:
    """Switch it on or off and set its parameters; what follows from them is derived anew."""
    measure, session = settings.get(name), unit.session()
    typed: dict[str, Any] = request.form.to_dict(flat=False)
    is_on = bool(typed.get("is_on"))
    try:
        settings.save(session, name, is_on, settings.read(measure, typed), unit.now())
    except Invalid as error:
        return Response(_page(name, errors=error.problems, typed=typed), 422)
    who = principal()
    audit.record(
        session, unit.now(), who.label, "measure.changed", user_id=who.user_id,
        subject_kind="measure", measure=name, is_on=is_on,
    )  # fmt: skip
    jobs.ask(session)
    flash(
        "Saved. The values are being derived now." if is_on
        else "Saved. It is off, and its values are being removed.",
        "success",
    )  # fmt: skip
    return redirect(url_for(".show", name=name))
