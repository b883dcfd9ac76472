"""The question bank: the organization's questions and the standard ones, how each looks, who asks it."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from efm.errors import Invalid
from efm.feedback import bank, bank_shelf, rehearsal
from efm.feedback.bank_shelf import Entry, Place, Wanted
from efm.insight.figures import METRICS
from efm.insight.series import Series, series
from efm.web import builder_view, doorway, numbers, preview_pages, unit
from efm.web.auth import principal
from efm.web.permissions import permission
from surveys import translations
from surveys.definition import dump
from surveys.kinds import KINDS

pages = Blueprint("bank", __name__)


@pages.get("/bank-questions")
@permission("surveys.view")
def index() -> str:
    """All questions that match, the organization's own first."""
    session, args = unit.session(), request.args
    wanted = Wanted(
        args.get("q", "").strip()[:100], args.get("topic", ""), args.get("kind", ""),
        args.get("state") == "retired",
    )  # fmt: skip
    return render_template(
        "bank/index.html", wanted=wanted, topics=bank_shelf.topics(session), kinds=KINDS,
        own=bank_shelf.own(session, wanted), standards=bank_shelf.standards(session, wanted),
    )  # fmt: skip


@pages.get("/bank-questions/<handle>")
@permission("surveys.view")
def show(handle: str) -> Response:
    """One question: how it looks, what is known about it, the surveys that ask it."""
    return _page(handle, {}, {})


def _page(handle: str, values: dict[str, str], errors: dict[str, str]) -> Response:
    session = unit.session()
    entry = bank_shelf.find(session, handle)
    places = bank_shelf.places(session, entry)
    view = {
        "series": _series(entry, places), "numbers": numbers,
        "entry": entry, "kind": KINDS[entry.question.kind], "values": values, "errors": errors,
        "places": places, "topics": bank_shelf.topics(session),
        "languages": translations.language_names(), "args": request.args,
    }  # fmt: skip
    page = Response(render_template("bank/show.html", **view), 422 if errors else 200)
    page.headers["Content-Security-Policy"] = builder_view.CSP
    return page


def _series(entry: Entry, places: Sequence[Place]) -> Series | None:
    """The figures of a loyalty question in the surveys that ask it, for who may see figures."""
    metric = next((each for each in entry.metrics if each in METRICS), None)
    asked = [place for place in places if place.is_published]
    if metric is None or not asked or not principal().may("overview.view"):
        return None
    joined = [(place.survey_id, place.key) for place in asked if not place.is_reworded]
    beside = [(place.survey_id, place.key) for place in asked if place.is_reworded]
    return series(unit.session(), metric, joined, beside, unit.now())


@pages.get("/bank-questions/<handle>/drawn")
@permission("surveys.view")
def drawn(handle: str) -> Response:
    """The question as respondents see it, for a frame in our own pages."""
    entry = bank_shelf.find(unit.session(), handle)
    compiled = rehearsal.compiled(dump(entry.definition), request.args.get("language", ""))
    return preview_pages.framed(preview_pages.alone(compiled, rehearsal.laid_out(compiled, "")))


@pages.post("/bank-questions/<handle>")
@permission("surveys.edit")
def rename(handle: str) -> Response | BaseResponse:
    """Give it another name and topic."""
    form = request.form.to_dict()
    try:
        bank.rename(unit.session(), handle, form, unit.now(), doorway.actor())
    except Invalid as error:
        return _page(handle, form, error.problems)
    flash("Saved. Surveys that ask it stay as they are.", "success")
    return redirect(url_for("bank.show", handle=handle), 303)


@pages.post("/bank-questions/<handle>/retire")
@permission("surveys.edit")
def retire(handle: str) -> BaseResponse:
    """Offer it no more."""
    name = bank.retire(unit.session(), handle, unit.now(), doorway.actor())
    flash(f"“{name}” is retired. Surveys that ask it go on asking it.", "success")
    return redirect(url_for("bank.show", handle=handle), 303)


@pages.post("/bank-questions/<handle>/bring-back")
@permission("surveys.edit")
def bring_back(handle: str) -> BaseResponse:
    """Offer it again."""
    name = bank.bring_back(unit.session(), handle, unit.now(), doorway.actor())
    flash(f"“{name}” is offered in the builder again.", "success")
    return redirect(url_for("bank.show", handle=handle), 303)
