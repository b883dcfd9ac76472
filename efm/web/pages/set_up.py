"""The first owner of an empty house, who proves by a code from the log that the server is theirs."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from efm.clock import new_id
from efm.errors import Conflict, Invalid
from efm.staff import attempts, founding
from efm.staff.forms import time_zones
from efm.web import auth, doorway, unit
from efm.web.permissions import PUBLIC, permission

pages = Blueprint("set_up", __name__)
TOO_OFTEN = "The set-up code was tried many times. Wait 15 minutes and try again."


def _page(values: dict[str, str], errors: dict[str, str]) -> str:
    zones = [(zone, zone.replace("_", " ")) for zone in time_zones()]
    return render_template("set_up/show.html", values=values, errors=errors, time_zones=zones)


@pages.get("/set-up")
@permission(PUBLIC)
def show() -> str | Response:
    """The form, while nobody works here yet."""
    if not founding.is_empty(unit.engine()):
        return redirect(url_for("sign_in.home"))  # type: ignore[return-value]
    return _page({"time_zone": "UTC"}, {})


@pages.post("/set-up")
@permission(PUBLIC)
def submit() -> Response | tuple[str, int]:
    """Make the organization and its owner, once, and let them in."""
    doorway.check_form()
    if not founding.is_empty(unit.engine()):
        raise Conflict("This service has been set up already. Sign in instead.")
    bucket = f"set-up:{auth.client_prefix()}"
    attempts.count(unit.engine(), bucket, 20, 900, TOO_OFTEN, unit.now())
    try:
        values = founding.check(unit.vault(), request.form.to_dict())
    except Invalid as error:
        return _page(request.form.to_dict(), error.problems), 422
    owner_id = new_id(unit.now())
    session = unit.use(None, owner_id)
    organization_id = founding.found(session, values, owner_id, unit.now())
    session.commit()
    flash(f"Welcome. {values['organization']} is ready.", "success")
    return doorway.let_in(
        organization_id, owner_id, values["email"], 1, "/", action="organization.founded"
    )
