"""Insight: what customers said against what they did afterwards, with n, difference and interval."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from efm.errors import Invalid
from efm.insight import agreement, linkage, wording
from efm.web import unit
from efm.web.auth import principal
from efm.web.permissions import permission

pages = Blueprint("linkage", __name__)


@pages.get("/insight/linkage")
@permission("insight.view")
def show() -> str:
    """Choose what was said and what was done; read the finding."""
    session = unit.session()
    feedback, outcomes = linkage.feedback_choices(session), linkage.outcome_choices(session)
    said = request.args.get("said") or (feedback[0].key if feedback else "")
    done = request.args.get("done") or wording.first_choice(outcomes)
    found, problem = _found(said, done) if said and done else (None, "")
    return render_template(
        "linkage/show.html", feedback=feedback, outcomes=outcomes, said=said, done=done,
        found=found, problem=problem, words=wording.words(found) if found else None,
        overview=_overview(feedback, outcomes),
    )  # fmt: skip


def _found(said: str, done: str) -> tuple[linkage.Linkage | None, str]:
    zone = str(principal().organization["time_zone"])
    try:
        return linkage.link(unit.session(), said, done, time_zone=zone), ""
    except Invalid as error:
        return None, error.message


def _overview(feedback: list[linkage.Feedback], outcomes: list[linkage.Outcome]) -> list[Any]:
    """Every pairing there is, as a place to go on from; at most forty."""
    return [(f, o) for f in feedback[:5] for o in outcomes[:8]]


@pages.get("/insight/comments")
@permission("insight.view")
def comments() -> str:
    """Sentiment of comments against the ratings given with them."""
    return render_template("linkage/comments.html", found=agreement.by_rating(unit.session()))
