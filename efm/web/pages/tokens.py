"""API tokens: keys for programs."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from efm.clock import new_id
from efm.errors import Invalid
from efm.staff import tokens
from efm.web import doorway, unit
from efm.web.permissions import API_SCOPES, PERMISSIONS, permission

pages = Blueprint("tokens", __name__)


def _page(
    values: dict[str, str], chosen: list[str], errors: dict[str, str], fresh: str | None = None
) -> str:
    return render_template(
        "tokens/index.html",
        tokens=[
            (row, made_by, tokens.state(row, unit.now()))
            for row, made_by in tokens.all_of(unit.session())
        ],
        scopes=[(scope, PERMISSIONS[scope]) for scope in API_SCOPES],
        scope_words=PERMISSIONS,
        lifetimes=list(tokens.LIFETIMES.items()),
        form_id=new_id(unit.now()),
        values=values,
        chosen=chosen,
        errors=errors,
        fresh=fresh,
    )


@pages.get("/tokens")
@permission("tokens.manage")
def index() -> str:
    """The tokens and the form for another."""
    return _page({"lifetime": "90"}, [], {})


@pages.post("/tokens")
@permission("tokens.manage")
def create() -> tuple[str, int]:
    """Make a token and show it, this once."""
    chosen = request.form.getlist("scopes")
    try:
        token = tokens.create(
            unit.session(), request.form, chosen, API_SCOPES, doorway.actor(), unit.now()
        )
    except Invalid as error:
        return _page(request.form.to_dict(), chosen, error.problems), 422
    return _page({"lifetime": "90"}, [], {}, fresh=token), 201


@pages.post("/tokens/<uuid:token_id>/revoke")
@permission("tokens.manage")
def revoke(token_id: uuid.UUID) -> Response:
    """End a token."""
    name = tokens.revoke(unit.session(), token_id, doorway.actor(), unit.now())
    flash(f"The token “{name}” does not work any more.", "success")
    return redirect(url_for("tokens.index"), code=303)  # type: ignore[return-value]
