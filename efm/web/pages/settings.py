"""The organization's settings."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from efm.errors import Invalid
from efm.staff import organization
from efm.staff.forms import time_zones
from efm.web import doorway, unit
from efm.web.permissions import permission

pages = Blueprint("settings", __name__)


@pages.get("/settings")
@permission("organization.edit")
def show() -> str:
    """The form."""
    found = organization.get(unit.session())
    keys = ("name", "time_zone", "language", "currency")
    return _page({key: getattr(found, key) for key in keys}, {})


def _page(values: dict[str, str], errors: dict[str, str]) -> str:
    return render_template(
        "settings/show.html",
        values=values,
        errors=errors,
        time_zones=_with(values, "time_zone", [(z, z.replace("_", " ")) for z in time_zones()]),
        languages=_with(values, "language", organization.languages()),
        currencies=_with(values, "currency", organization.currencies()),
    )


def _with(
    values: dict[str, str], key: str, options: Sequence[tuple[str, str]]
) -> Sequence[tuple[str, str]]:
    """The options, and what is set now when they do not offer it."""
    now = values.get(key, "")
    return options if not now or now in dict(options) else [(now, now), *options]


@pages.post("/settings")
@permission("organization.edit")
def update() -> Response | tuple[str, int]:
    """Save it."""
    try:
        organization.update(unit.session(), request.form, doorway.actor(), unit.now())
    except Invalid as error:
        return _page(request.form.to_dict(), error.problems), 422
    flash("The settings were saved.", "success")
    return redirect(url_for("settings.show"), code=303)  # type: ignore[return-value]
