"""The overview: figures, trends and latest comments of a filter; live, drawn, and as tables."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
from flask import Blueprint, Response, current_app, render_template, request, url_for

from efm.charts import MEDIA_TYPE
from efm.insight import dashboard, filters
from efm.insight.dashboard import Dashboard, Memory, View
from efm.insight.filters import Filter
from efm.web import charts, numbers, unit
from efm.web.auth import principal
from efm.web.permissions import permission

pages = Blueprint("overview", __name__)

_memory = Memory()


def _asked() -> tuple[View, str]:
    """The view of this address and its version: whatever it shows changes with the version."""
    view = dashboard.view(unit.session(), request.args, unit.now())
    return view, dashboard.version(unit.session(), view)


def _etag(view: View, version: str) -> str:
    """The version with what else the shown words depend on."""
    who = principal()
    parts = (
        version,
        view.filter,
        view.today,
        sorted(view.surveys.items()),
        who.role,
        who.time_zone,
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]


def _tagged(etag: str, make: Any, media_type: str) -> Response:
    """304 when the caller has it already; else what `make` gives."""
    if request.if_none_match.contains(etag):
        response = Response(status=304)
    else:
        response = Response(make(), mimetype=media_type)
    response.set_etag(etag)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _context(view: View, board: Dashboard) -> dict[str, Any]:
    """What both the page and its live part show."""
    return {
        "view": view,
        "board": board,
        "wanted": view.filter,
        "arguments": view.filter.arguments(),
        "drawn": charts.drawn(board),
        "comments": dashboard.latest_comments(unit.session(), view, board)
        if principal().may("responses.view")
        else (),
        "numbers": numbers,
        "has": _has,
    }


def _has(endpoint: str) -> bool:
    """Whether there is a page to link to."""
    return endpoint in current_app.view_functions


def _choices(view: View) -> dict[str, Any]:
    """What the filters offer."""
    channels, touchpoints = dashboard.choices(unit.session(), view)
    return {
        "surveys": [("", "All surveys"), *((str(id_), name) for id_, name in view.surveys.items())],
        "periods": list(filters.PERIODS.items()),
        "touchpoints": [("", "All touchpoints"), *((name, name) for name in touchpoints)],
        "channels": [("", "All channels"), *((name, name) for name in channels)],
        "steps": [("", "Fitting step"), *filters.STEPS.items()],
    }


def _chips(view: View) -> list[dict[str, str]]:
    """The filters in use, each with the address without it."""
    wanted = view.filter
    used = {
        "survey": ("Survey", view.surveys[wanted.survey_id] if wanted.survey_id else ""),
        "period": ("Period", _period(wanted)),
        "touchpoint": ("Touchpoint", wanted.touchpoint),
        "channel": ("Channel", wanted.channel),
        "by": ("Trend by", wanted.step if wanted.is_step_chosen else ""),
    }
    return [
        {"label": label, "value": value, "remove_url": _without(wanted, name)}
        for name, (label, value) in used.items()
        if value
    ]


def _period(wanted: Filter) -> str:
    if wanted.period == filters.DEFAULT_PERIOD:
        return ""
    return numbers.days(wanted) if wanted.period == "custom" else filters.PERIODS[wanted.period]


def _without(wanted: Filter, name: str) -> str:
    gone: dict[str, str | None] = {name: None}
    if name == "period":
        gone |= {"from": None, "to": None}
    return url_for("overview.show", **wanted.arguments(**gone))  # type: ignore[arg-type]


@pages.get("/overview")
@permission("overview.view")
def show() -> str:
    """The page, complete without scripts."""
    view, version = _asked()
    if not view.surveys:
        return render_template("overview/empty.html", has=_has)
    board = _memory.get(unit.session(), view, version)
    return render_template(
        "overview/show.html",
        etag=f'"{_etag(view, version)}"',
        choices=_choices(view),
        chips=_chips(view),
        **_context(view, board),
    )


@pages.get("/overview/figures")
@permission("overview.view")
def figures() -> Response:
    """The live part: asked each second, answered in full only when something changed."""
    view, version = _asked()

    def make() -> str:
        board = _memory.get(unit.session(), view, version)
        return render_template("overview/_figures.html", **_context(view, board))

    return _tagged(_etag(view, version), make, "text/html")


@pages.get("/overview/charts/<name>.json")
@permission("overview.view")
def chart(name: str) -> Response:
    """One chart as Vega-Lite with its data inside."""
    view, version = _asked()
    found = charts.one(_memory.get(unit.session(), view, version), name)
    return _tagged(_etag(view, version), lambda: orjson.dumps(found.vega()), MEDIA_TYPE)


@pages.get("/overview/charts/<name>.csv")
@permission("overview.view")
def table(name: str) -> Response:
    """The table of one chart as CSV."""
    view, version = _asked()
    found = charts.one(_memory.get(unit.session(), view, version), name)
    named = f"{name}-{view.filter.until.isoformat()}.csv"
    return Response(
        found.csv(),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{named}"'},
    )
