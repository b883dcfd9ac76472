"""One's own account: name, time zone, password, second step, signed-in browsers, organizations."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from efm.errors import Invalid, NotFound
from efm.staff import people, resets, second_step, sessions, sign_in
from efm.staff.forms import time_zones
from efm.web import auth, doorway, unit
from efm.web.permissions import PUBLIC, ROLE_LABELS, SIGNED_IN, permission

pages = Blueprint("account", __name__)
Answer = Response | tuple[str, int]


def _page(values: dict[str, str], errors: dict[str, str]) -> str:
    who = auth.principal()
    me = people.myself(unit.session())
    return render_template(
        "account/show.html",
        me=me,
        role=ROLE_LABELS.get(who.role or "", ""),
        time_zones=[("", f"Same as the organization ({who.organization['time_zone']})")]
        + [(zone, zone.replace("_", " ")) for zone in time_zones()],
        sessions=[
            (row, sessions.browser(row.user_agent), row.id == who.session_id)
            for row in sessions.running(unit.session(), me.id, unit.now())
        ],
        values={"name": me.name, "time_zone": me.time_zone or ""} | values,
        errors=errors,
    )


@pages.get("/account")
@permission(SIGNED_IN)
def show() -> str:
    """The page."""
    return _page({}, {})


@pages.post("/account")
@permission(SIGNED_IN)
def update() -> Answer:
    """Change name and time zone."""
    try:
        people.update(unit.session(), request.form, doorway.actor(), unit.now())
    except Invalid as error:
        return _page(request.form.to_dict(), error.problems), 422
    return _done("Your account was saved.")


@pages.post("/account/password")
@permission(SIGNED_IN)
def change_password() -> Answer:
    """Change the password; every other browser is signed out."""
    try:
        person = _proved("current_password")
        version = resets.change(
            unit.session(), person, request.form.get("new_password", ""),
            doorway.actor(), unit.config().public_url, unit.now(),
        )  # fmt: skip
    except Invalid as error:
        unit.session().rollback()
        return _page({}, error.problems), 422
    return _stay("Your password was changed. Every other browser was signed out.", version)


@pages.get("/account/second-step")
@permission(SIGNED_IN)
def second_step_form() -> str | Response:
    """Show the QR code; nothing is stored until a code proves that the app has it."""
    if people.myself(unit.session()).totp_sealed is not None:
        return redirect(url_for("account.show"))  # type: ignore[return-value]
    return _second_step_page({})


def _offered() -> str:
    who = auth.principal()
    me = people.myself(unit.session())
    assert who.session_id is not None
    return second_step.fresh_secret(unit.vault(), me.id, who.session_id, me.credential_version)


def _second_step_page(errors: dict[str, str]) -> str:
    secret = _offered()
    uri = second_step.address(secret, auth.principal().email)
    return render_template(
        "account/second_step.html",
        picture=second_step.picture(uri),
        secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        errors=errors,
    )


@pages.post("/account/second-step")
@permission(SIGNED_IN)
def turn_on_second_step() -> Answer:
    """Turn the second step on."""
    try:
        person = _proved("password")
        second_step.turn_on(
            unit.session(), unit.engine(), unit.vault(), person.id, _offered(),
            request.form.get("code", ""), unit.now(),
        )  # fmt: skip
    except Invalid as error:
        return _second_step_page(error.problems), 422
    doorway.actor().note(unit.session(), unit.now(), "second_step.turned_on")
    return _done("The second step is on. From now on you need your app to sign in.")


@pages.post("/account/second-step/remove")
@permission(SIGNED_IN)
def turn_off_second_step() -> Answer:
    """Turn it off again, by the password."""
    try:
        person = _proved("second_step_password")
    except Invalid as error:
        return _page({}, error.problems), 422
    second_step.turn_off(unit.session(), person.id)
    doorway.actor().note(unit.session(), unit.now(), "second_step.turned_off")
    version = sessions.raise_credential_version(unit.session(), person.id)
    return _stay("The second step is off.", version)


@pages.post("/account/sessions/end-others")
@permission(SIGNED_IN)
def end_other_sessions() -> Response:
    """Sign every other browser out, in every organization."""
    who = auth.principal()
    assert who.user_id is not None
    version = sessions.raise_credential_version(unit.session(), who.user_id)
    doorway.actor().note(unit.session(), unit.now(), "session.others_ended")
    return _stay("Every other browser was signed out.", version)


@pages.post("/account/sessions/<uuid:session_id>/end")
@permission(SIGNED_IN)
def end_session(session_id: uuid.UUID) -> Response:
    """Sign one browser out."""
    who = auth.principal()
    assert who.user_id is not None
    if not sessions.end(unit.session(), who.user_id, session_id):
        raise NotFound("This browser is signed out already.")
    doorway.actor().note(unit.session(), unit.now(), "session.ended")
    return _done("That browser was signed out.")


@pages.post("/organizations/<uuid:organization_id>/switch")
@permission(SIGNED_IN)
def switch(organization_id: uuid.UUID) -> Response:
    """Go to another organization one belongs to, with a new session."""
    who = auth.principal()
    assert who.user_id is not None
    places = sign_in.places(unit.engine(), who.user_id)
    if organization_id not in {place.organization_id for place in places}:
        raise NotFound("You do not belong to such an organization.")
    version = people.myself(unit.session()).credential_version
    return doorway.let_in(
        organization_id, who.user_id, who.email, version, "/", action="session.switched"
    )


@pages.post("/sign-out")
@permission(PUBLIC)
def sign_out() -> Response:
    """End the session: the row goes, so a copied cookie is worth nothing."""
    doorway.check_form()
    doorway.let_out(noted=True)
    response: Response = redirect(url_for("sign_in.show"), code=303)  # type: ignore[assignment]
    response.delete_cookie(auth.cookie_name(), secure=unit.config().is_secure, httponly=True)
    flash("You are signed out.", "success")
    return response


def _proved(field: str) -> sign_in.Person:
    """The person, once the password typed again is right; raises Invalid at that field."""
    try:
        return sign_in.check_again(
            unit.engine(), auth.principal().email, request.form.get(field, ""), unit.now()
        )
    except Invalid as error:
        raise Invalid(problems={field: "This is not your password."}) from error


def _stay(message: str, version: int) -> Response:
    """After every session ended: this browser goes on, with a new one."""
    who = auth.principal()
    assert who.user_id is not None
    token = sessions.start(
        unit.session(), who.user_id, version, request.headers.get("User-Agent", ""), unit.now()
    )
    response = _done(message)
    auth.set_cookie(response, auth.cookie_name(), token)
    return response


def _done(message: str) -> Response:
    flash(message, "success")
    return redirect(url_for("account.show"), code=303)  # type: ignore[return-value]
