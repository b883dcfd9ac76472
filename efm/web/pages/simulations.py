"""Made-up people who walk through a survey: let them walk, see how far they are, read what they met."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from efm.errors import Conflict, Invalid
from efm.feedback import authoring, listing, simulations
from efm.models import Simulation
from efm.sync import progress
from efm.web import unit
from efm.web.auth import principal
from efm.web.permissions import permission

pages = Blueprint("simulations", __name__)
AT = "/surveys/<uuid:survey_id>/simulation"
DRAFT = "draft"


@pages.get(AT)
@permission("surveys.view")
def show(survey_id: uuid.UUID) -> str:
    """What made-up people met in the newest simulation, or in the one that is asked for."""
    return _page(survey_id, {}, {})


@pages.post(AT)
@permission("surveys.view")
def start(survey_id: uuid.UUID) -> Response | BaseResponse:
    """Let made-up people walk."""
    form = request.form.to_dict()
    try:
        chosen = _chosen(form)
        simulations.request(
            unit.session(), survey_id, unit.now(), user_id=principal().user_id, **chosen
        )
    except (Invalid, Conflict) as error:
        unit.session().rollback()
        problems = dict(error.problems or {"_": error.message})
        return Response(_page(survey_id, form, problems), error.status)
    return redirect(url_for(".show", survey_id=survey_id))


def _chosen(form: dict[str, str]) -> dict[str, Any]:
    """Who walks through what; raises Invalid with the problems by field."""
    problems = {}
    n, seed = _whole(form.get("n", "")), _whole(form.get("seed", ""))
    if n is None or not 1 <= n <= simulations.MOST:
        problems["n"] = f"Enter a number from 1 to {simulations.MOST:,}."
    if seed is None or seed > simulations.LARGEST_SEED:
        problems["seed"] = f"Enter a number from 0 to {simulations.LARGEST_SEED:,}."
    of = form.get("of", DRAFT)
    number = None if of == DRAFT else _whole(of)
    if of != DRAFT and number is None:
        problems["of"] = "Choose the draft or a version."
    if problems:
        raise Invalid("Some values need another look.", problems=problems)
    return {"n": n, "seed": seed, "number": number}


def _whole(text: str) -> int | None:
    """A whole number as people write it."""
    text = text.strip().replace(",", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


@pages.get(AT + "/live")
@permission("surveys.view")
def live(survey_id: uuid.UUID) -> Response:
    """The part that changes while they walk."""
    html = render_template("surveys/simulation/_live.html", **_context(survey_id))
    response = Response(html)
    response.set_etag(hashlib.sha256(html.encode()).hexdigest()[:24])
    response.headers["Cache-Control"] = "private, no-cache"
    return response.make_conditional(request)  # type: ignore[return-value]


@pages.post(AT + "/cancel")
@permission("surveys.view")
def cancel(survey_id: uuid.UUID) -> BaseResponse:
    """Stop them; what they met so far is told."""
    authoring.get(unit.session(), survey_id)
    for each in simulations.newest(unit.session(), survey_id):
        simulations.cancel(each, unit.now())
    return redirect(url_for(".show", survey_id=survey_id))


def _page(survey_id: uuid.UUID, values: dict[str, str], errors: dict[str, str]) -> str:
    about = _context(survey_id)
    versions = [(str(number), f"Version {number}") for number in about["numbers"].values()]
    return render_template(
        "surveys/simulation/show.html", errors=errors, values=values,
        sources=[(DRAFT, "The draft as it is now"), *versions],
        usual=simulations.USUAL, most=simulations.MOST, **about,
    )  # fmt: skip


def _context(survey_id: uuid.UUID) -> dict[str, Any]:
    session = unit.session()
    survey = authoring.get(session, survey_id)
    every = simulations.newest(session, survey_id)
    wanted = request.args.get("run", type=uuid.UUID)
    found = simulations.get(session, survey_id, wanted) if wanted else next(iter(every), None)
    return {
        "survey": survey,
        "every": every,
        "found": found,
        "met": found.met if found is not None else {},
        "numbers": {each.id: each.number for each in listing.versions(session, survey_id)},
        "words": "" if found is None else _words(found),
        "is_under_way": found is not None and found.state in simulations.UNDER_WAY,
        "is_moving": found is not None and simulations.is_moving(found, unit.now()),
        "is_stuck": found is not None and simulations.is_stuck(found, unit.now()),
        "is_outdated": found is not None and simulations.is_outdated(survey, found),
    }


def _words(found: Simulation) -> str:
    """How far they are, in one line."""
    if found.state == "queued":
        return "Waiting for a worker."
    left = progress.said_left(
        progress.seconds_left(found.done, found.n, found.started_at, unit.now())
    )
    return f"{found.done:,} of {found.n:,} people have walked{', ' + left if left else ''}"
