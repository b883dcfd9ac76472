"""Signing in with address and password, the second step, and the way to the first page."""

from __future__ import annotations

from flask import Blueprint, Response, g, redirect, render_template, request, url_for

from efm.errors import Forbidden, Invalid
from efm.staff import founding, second_step, sign_in
from efm.web import auth, doorway, unit
from efm.web.permissions import PUBLIC, permission

pages = Blueprint("sign_in", __name__)
Answer = str | Response | tuple[str, int]


@pages.get("/")
@permission(PUBLIC)
def home() -> Response:
    """The way in: to the first page, to the sign-in, or to the set-up of an empty house."""
    if g.principal is not None:
        return redirect(doorway.landing())  # type: ignore[return-value]
    empty = founding.is_empty(unit.engine())
    return redirect(url_for("set_up.show" if empty else "sign_in.show"))  # type: ignore[return-value]


@pages.get("/sign-in")
@permission(PUBLIC)
def show() -> Answer:
    """The form."""
    where = doorway.local_path(request.args.get("next")) or "/"
    if g.principal is not None:
        return redirect(where)  # type: ignore[return-value]
    if founding.is_empty(unit.engine()):
        return redirect(url_for("set_up.show"))  # type: ignore[return-value]
    return render_template("sign_in/show.html", next=where, values={}, errors={})


@pages.post("/sign-in")
@permission(PUBLIC)
def submit() -> Answer:
    """Check the password; then the second step where the person has one, else in."""
    doorway.check_form()
    where = doorway.local_path(request.form.get("next")) or "/"
    email, password = request.form.get("email", ""), request.form.get("password", "")
    try:
        person = sign_in.check_password(
            unit.engine(), email, password, network=auth.client_prefix(), now=unit.now()
        )
        place = sign_in.first_place(unit.engine(), person)
    except (Invalid, Forbidden) as error:
        problems = error.problems or {"_": error.message}
        return _form(where, {"email": email}, problems), 422
    if person.totp_sealed:
        pending = second_step.pending(unit.vault(), person, where, unit.now())
        return render_template("sign_in/code.html", pending=pending, errors={})
    response = doorway.let_in(
        place.organization_id, person.id, person.email, person.credential_version, where
    )
    sign_in.renew_hash(unit.session(), person, password)
    return response


@pages.post("/sign-in/code")
@permission(PUBLIC)
def submit_code() -> Answer:
    """The second step: a code that works once."""
    doorway.check_form()
    pending = request.form.get("pending", "")
    try:
        person, where = second_step.check(
            unit.engine(), unit.vault(), pending, request.form.get("code", ""), unit.now()
        )
        place = sign_in.first_place(unit.engine(), person)
    except Invalid as error:
        page = render_template("sign_in/code.html", pending=pending, errors=error.problems)
        return page, 422
    except Forbidden as error:
        return _form("/", {}, error.problems or {"_": error.message}), 422
    return doorway.let_in(
        place.organization_id, person.id, person.email, person.credential_version, where
    )


@pages.get("/sign-in/code")
@permission(PUBLIC)
def show_code() -> Response:
    """The second step has no page of its own: it follows the password."""
    return redirect(url_for("sign_in.show"))  # type: ignore[return-value]


def _form(where: str, values: dict[str, str], errors: dict[str, str]) -> str:
    return render_template("sign_in/show.html", next=where, values=values, errors=errors)
