"""The organization's settings."""

from __future__ import annotations

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
        time_zones=[(zone, zone.replace("_", " ")) for zone in time_zones()],
        languages=organization.languages(),
        currencies=organization.currencies(),
    )


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
