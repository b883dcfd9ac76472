"""Accepting an invitation: GET shows it, POST makes the person a member."""

from __future__ import annotations

from flask import Blueprint, Response, g, render_template, request

from efm.clock import new_id
from efm.errors import Conflict, Forbidden, Invalid
from efm.staff import invitations, sign_in
from efm.web import doorway, unit
from efm.web.permissions import PUBLIC, ROLE_LABELS, ROLE_WORDS, permission

pages = Blueprint("joining", __name__)


def _page(token: str, values: dict[str, str], errors: dict[str, str]) -> str:
    invited = invitations.find(unit.engine(), token, unit.now())
    who = g.principal
    return render_template(
        "members/join.html",
        token=token,
        invited=invited,
        role=ROLE_LABELS[invited.role],
        role_words=ROLE_WORDS[invited.role],
        is_known=sign_in.find(unit.engine(), invited.email) is not None,
        is_same=who is not None and who.email == invited.email,
        signed_in_as=who.email if who is not None else None,
        values=values,
        errors=errors,
    )


@pages.get("/join/<token>")
@permission(PUBLIC)
def show(token: str) -> str:
    """What the invitation says."""
    return _page(token, {}, {})


@pages.post("/join/<token>")
@permission(PUBLIC)
def accept(token: str) -> Response | tuple[str, int]:
    """Accept: a known person signed in under the invited address, a new one with a password."""
    doorway.check_form()
    invited = invitations.find(unit.engine(), token, unit.now())
    person = sign_in.find(unit.engine(), invited.email)
    try:
        if person is None:
            return _welcome(invited)
        if g.principal is None or g.principal.user_id != person.id:
            raise Forbidden(f"Sign in as {invited.email} first; then open the link again.")
        session = unit.use(invited.organization_id, person.id)
        invitations.accept(session, invited, person.id, unit.now())
    except (Invalid, Conflict, Forbidden) as error:
        values = request.form.to_dict()
        return _page(token, values, error.problems or {"_": error.message}), error.status
    session.commit()
    version = person.credential_version
    return doorway.let_in(invited.organization_id, person.id, person.email, version, "/")


def _welcome(invited: invitations.Invited) -> Response:
    """A new person: store them, let them in."""
    user_id = new_id(unit.now())
    session = unit.use(invited.organization_id, user_id)
    invitations.accept_new(session, invited, user_id, request.form, unit.now())
    session.commit()
    return doorway.let_in(invited.organization_id, user_id, invited.email, 1, "/")
