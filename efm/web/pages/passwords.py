"""A new password for somebody who cannot sign in: asking for the link, and using it."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from efm.errors import Invalid
from efm.staff import resets
from efm.staff.forms import checked_email
from efm.web import auth, doorway, unit
from efm.web.permissions import PUBLIC, permission

pages = Blueprint("passwords", __name__)


@pages.get("/forgot-password")
@permission(PUBLIC)
def forgot() -> str:
    """Ask for the address."""
    return render_template("sign_in/forgot.html", is_sent=False, values={}, errors={})


@pages.post("/forgot-password")
@permission(PUBLIC)
def ask() -> str | tuple[str, int]:
    """Answer the same for every address."""
    doorway.check_form()
    problems: dict[str, str] = {}
    email = checked_email(request.form, "email", problems)
    if problems:
        page = render_template(
            "sign_in/forgot.html", is_sent=False, values={"email": email}, errors=problems
        )
        return page, 422
    resets.ask(
        unit.engine(), email, network=auth.client_prefix(),
        public_url=unit.config().public_url, now=unit.now(),
    )  # fmt: skip
    return render_template("sign_in/forgot.html", is_sent=True, values={"email": email}, errors={})


@pages.get("/new-password/<token>")
@permission(PUBLIC)
def choose(token: str) -> str:
    """The form behind the mailed link; looking at it uses nothing up."""
    reset = resets.find(unit.engine(), token, unit.now())
    return render_template("sign_in/new_password.html", token=token, email=reset.email, errors={})


@pages.post("/new-password/<token>")
@permission(PUBLIC)
def finish(token: str) -> Response | tuple[str, int]:
    """Store it, end every session, and lead to the sign-in (where a second step still asks)."""
    doorway.check_form()
    reset = resets.find(unit.engine(), token, unit.now())
    session = unit.use(reset.organization_id, reset.user_id)
    try:
        resets.finish(session, reset, request.form.get("password", ""), unit.now())
    except Invalid as error:
        page = render_template(
            "sign_in/new_password.html", token=token, email=reset.email, errors=error.problems
        )
        return page, 422
    flash("Your new password is stored. Sign in with it.", "success")
    return redirect(url_for("sign_in.show"), code=303)  # type: ignore[return-value]
