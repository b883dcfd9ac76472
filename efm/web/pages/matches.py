"""Who is who: pairs that may be one customer, what was merged, and how to separate them again."""

from __future__ import annotations

import uuid

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from efm import queue
from efm.customers import counting, desk, matches, passes, separating
from efm.errors import Conflict
from efm.web import doorway, unit
from efm.web.auth import principal
from efm.web.permissions import permission

pages = Blueprint("matches", __name__)


def _view() -> str:
    asked = request.args.get("view", "open")
    return asked if asked in desk.VIEWS else "open"


@pages.get("/customers/matches")
@permission("customers.merge")
def index() -> str:
    """Pairs that may be one customer, side by side, with the reasons."""
    session, view = unit.session(), _view()
    return render_template(
        "customers/matches.html", view=view, views=desk.VIEWS, counts=desk.counts(session),
        page=desk.page(session, view, request.args.get("after", "")),
        last=passes.latest(session),
    )  # fmt: skip


def _back(said: str, kind: str = "success") -> Response:
    flash(said, kind)
    view = request.form.get("view", "open")
    return redirect(url_for("matches.index", view=view if view in desk.VIEWS else None), code=303)


@pages.post("/customers/matches/look")
@permission("customers.merge")
def look() -> Response:
    """Compare all customers anew, in the background."""
    session = unit.session()
    key = f"identity.resolve {session.organization_id}"
    queue.enqueue(session, "identity.resolve", lock=key, once=key, is_asked=True)
    doorway.actor().note(session, unit.now(), "customers.compared")
    return _back("All customers are compared now. This page shows what is found.")


@pages.post("/customers/matches/<uuid:match_id>/accept")
@permission("customers.merge")
def accept(match_id: uuid.UUID) -> Response:
    """The two are one: merge them."""
    session, now = unit.session(), unit.now()
    try:
        made = matches.accept(session, match_id, now, by=principal().user_id)
    except Conflict as error:
        session.rollback()
        return _back(error.message, "warning")
    doorway.actor().note(session, now, "customers.merged", "merge", made)
    return _back("The two are one customer now. You can undo this under “Merged”.")


_DECIDED = {
    "different": "They stay two. Nobody will ask about this pair again.",
    "later": "The pair is kept under “Later”.",
    "open": "The pair waits to be decided again.",
}


@pages.post("/customers/matches/<uuid:match_id>/decide")
@permission("customers.merge")
def decide(match_id: uuid.UUID) -> Response:
    """Not the same, later, or open again."""
    session, now = unit.session(), unit.now()
    wanted = request.form.get("decision", "later")
    state = wanted if wanted in _DECIDED else "later"
    try:
        matches.decide(session, match_id, state, now, by=principal().user_id)
    except Conflict as error:
        session.rollback()
        return _back(error.message, "warning")
    doorway.actor().note(session, now, "match.decided", "match", match_id, decision=state)
    return _back(_DECIDED[state])


@pages.get("/customers/merges")
@permission("customers.merge")
def merges() -> str:
    """What was merged, by which rule, and the way back."""
    rows, next_cursor = desk.merges(unit.session(), request.args.get("after", "")[:200])
    return render_template(
        "customers/merges.html", rows=rows, next_cursor=next_cursor, rules=counting.RULES,
        counts=desk.counts(unit.session()), views=desk.VIEWS,
    )  # fmt: skip


@pages.post("/customers/merges/<uuid:merge_id>/undo")
@permission("customers.merge")
def undo(merge_id: uuid.UUID) -> Response:
    """Make two of one again."""
    session, now = unit.session(), unit.now()
    try:
        separating.undo(session, merge_id, now, by=principal().user_id)
    except Conflict as error:
        session.rollback()
        flash(error.message, "warning")
    else:
        doorway.actor().note(session, now, "customers.separated", "merge", merge_id)
        flash("They are two customers again, each with what is theirs.", "success")
    return redirect(url_for("matches.merges"), code=303)


@pages.post("/customers/identities/<uuid:identity_id>/separate")
@permission("customers.merge")
def separate(identity_id: uuid.UUID) -> Response:
    """Make what one source knows a customer of its own again."""
    session, now = unit.session(), unit.now()
    try:
        entity, made = separating.separate(session, identity_id, now, by=principal().user_id)
    except Conflict as error:
        session.rollback()
        flash(error.message, "warning")
        return redirect(url_for("customers.index"), code=303)
    doorway.actor().note(session, now, "customers.separated", entity, made)
    flash("This is a customer of its own again.", "success")
    if entity == "contact":
        return redirect(url_for("customers.show", contact_id=made), code=303)
    return redirect(url_for("customers.show_account", account_id=made), code=303)
