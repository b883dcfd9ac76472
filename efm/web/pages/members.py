"""The people of the organization: inviting, roles, ending access; and accepting an invitation."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from efm.errors import Conflict, Forbidden, Invalid
from efm.staff import invitations, members
from efm.web import auth, doorway, unit
from efm.web.permissions import ROLE_LABELS, ROLE_WORDS, permission, roles_within

pages = Blueprint("members", __name__)


@pages.get("/members")
@permission("members.manage")
def index() -> str:
    """Everybody, and who is still invited."""
    return _page({}, {})


def _page(values: dict[str, str], errors: dict[str, str]) -> str:
    who = auth.principal()
    may_give = roles_within(who.permissions)
    return render_template(
        "members/index.html",
        members=members.all_of(unit.session()),
        invitations=invitations.waiting(unit.session(), unit.now()),
        roles=[(key, ROLE_LABELS[key]) for key in ROLE_LABELS if key in may_give],
        role_words=ROLE_WORDS,
        role_labels=ROLE_LABELS,
        may_give=may_give,
        values=values,
        errors=errors,
    )


@pages.post("/members")
@permission("members.manage")
def invite() -> Response | tuple[str, int]:
    """Invite an address."""
    who = auth.principal()
    auth.hit(
        f"invite:{who.organization_id}", 100, 3600,
        "A hundred invitations went out in the last hour. Send the next ones later.",
    )  # fmt: skip
    role = request.form.get("role", "")
    try:
        email = invitations.invite(
            unit.session(), request.form, roles_within(who.permissions),
            ROLE_LABELS.get(role, ""), unit.config().public_url, doorway.actor(), unit.now(),
        )  # fmt: skip
    except Invalid as error:
        unit.session().rollback()
        return _page(request.form.to_dict(), error.problems), 422
    flash(f"The invitation for {email} is on its way.", "success")
    return _back()


@pages.post("/members/<uuid:member_id>/role")
@permission("members.manage")
def change_role(member_id: uuid.UUID) -> Response:
    """Give a person another role."""
    who = auth.principal()
    role = request.form.get("role", "")
    try:
        name = members.change_role(
            unit.session(), member_id, role, roles_within(who.permissions),
            doorway.actor(), unit.now(),
        )  # fmt: skip
    except (Conflict, Invalid, Forbidden) as error:
        return _refused(error)
    flash(f"{name} is now {ROLE_LABELS[role]}.", "success")
    return _back()


@pages.post("/members/<uuid:member_id>/deactivate")
@permission("members.manage")
def deactivate(member_id: uuid.UUID) -> Response:
    """End a person's access."""
    who = auth.principal()
    try:
        name = members.deactivate(
            unit.session(), member_id, roles_within(who.permissions), doorway.actor(), unit.now()
        )
    except (Conflict, Forbidden) as error:
        return _refused(error)
    flash(f"{name} has no access any more and was signed out.", "success")
    return _back()


@pages.post("/members/<uuid:member_id>/reactivate")
@permission("members.manage")
def reactivate(member_id: uuid.UUID) -> Response:
    """Give a person their access back."""
    who = auth.principal()
    name = members.reactivate(
        unit.session(), member_id, roles_within(who.permissions), doorway.actor(), unit.now()
    )
    flash(f"{name} has access again.", "success")
    return _back()


@pages.post("/members/<uuid:member_id>/remove-second-step")
@permission("members.manage")
def remove_second_step(member_id: uuid.UUID) -> Response:
    """For a person who lost their device."""
    try:
        name = members.remove_second_step(
            unit.session(), member_id, doorway.actor(), unit.now()
        )  # fmt: skip
    except Conflict as error:
        return _refused(error)
    flash(f"{name} signs in with the password alone until they set up a new app.", "success")
    return _back()


@pages.post("/members/invitations/<uuid:invitation_id>/resend")
@permission("members.manage")
def resend(invitation_id: uuid.UUID) -> Response:
    """Send an invitation again."""
    auth.hit(f"resend:{invitation_id}", 5, 3600, "It was sent five times in the last hour.")
    invitation = invitations.get(unit.session(), invitation_id)
    words = ROLE_LABELS.get(invitation.role or "", "")
    invitations.resend(
        unit.session(), invitation, words, unit.config().public_url, doorway.actor(), unit.now()
    )
    flash(f"A new invitation for {invitation.email} is on its way; the old link ended.", "success")
    return _back()


@pages.post("/members/invitations/<uuid:invitation_id>/withdraw")
@permission("members.manage")
def withdraw(invitation_id: uuid.UUID) -> Response:
    """End an invitation."""
    invitation = invitations.get(unit.session(), invitation_id)
    invitations.withdraw(unit.session(), invitation, doorway.actor(), unit.now())
    flash(f"The invitation for {invitation.email} was withdrawn.", "success")
    return _back()


def _back() -> Response:
    return redirect(url_for("members.index"), code=303)  # type: ignore[return-value]


def _refused(error: Conflict | Invalid | Forbidden) -> Response:
    """Nothing was changed: say why on the list."""
    unit.session().rollback()
    flash(next(iter(error.problems.values()), error.message), "error")
    return _back()
