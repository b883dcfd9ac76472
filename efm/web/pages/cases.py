"""Cases: the list of what customers wait for, and one case with everything that can be done."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from efm.clock import new_id
from efm.errors import Conflict, Invalid
from efm.models import Case
from efm.scenarios import cases, listing, people, rules
from efm.scenarios.cases import Edit
from efm.scenarios.listing import CaseFilter
from efm.web import doorway, unit
from efm.web.auth import principal
from efm.web.permissions import permission

pages = Blueprint("cases", __name__)
Answer = Response | tuple[str, int]


def _uuid(value: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(value or "")
    except ValueError:
        return None


def _wanted() -> CaseFilter:
    """The filter the address names; what it names wrongly counts as not named."""
    view, owner = request.args.get("state", "open"), request.args.get("owner", "")
    named = {"mine": principal().user_id, "nobody": "nobody"}
    return CaseFilter(
        view=view if view in listing.VIEWS else "open",
        owner=named.get(owner) or _uuid(owner),
        reason=request.args.get("reason") if request.args.get("reason") in rules.REASONS else None,
    )


@pages.get("/cases")
@permission("cases.view")
def index() -> str:
    """What customers wait for, the most urgent first."""
    session, wanted, now = unit.session(), _wanted(), unit.now()
    after = listing.read_cursor(request.args.get("after", ""))
    return render_template(
        "cases/index.html", wanted=wanted, counts=listing.counts(session, wanted, now), now=now,
        page=listing.page(session, wanted, now, after=after), workers=people.workers(session),
        reasons=rules.REASONS, resolutions=rules.RESOLUTIONS, days=rules.DUE_BUSINESS_DAYS,
        arguments={k: v for k, v in request.args.items() if v and k != "after"},
    )  # fmt: skip


@pages.get("/cases/<uuid:case_id>")
@permission("cases.view")
def show(case_id: uuid.UUID) -> str:
    """One case: its state, what to do next, the answers that opened it, its story."""
    return _page(case_id, {}, {})


def _page(case_id: uuid.UUID, values: dict[str, str], errors: dict[str, str]) -> str:
    read = listing.read(unit.session(), case_id)
    # A form that comes back carries the revision as it is now: sent again, it means it.
    return render_template(
        "cases/show.html", read=read, case=read.case, values=values, errors=errors,
        now=unit.now(), key=new_id(), reasons=rules.REASONS, resolutions=rules.RESOLUTIONS,
        is_mine=read.case.owner_id == principal().user_id,
    )  # fmt: skip


@pages.post("/cases/<uuid:case_id>/take")
@permission("cases.work")
def take(case_id: uuid.UUID) -> Answer:
    """Make the case one's own."""
    who = principal().user_id or uuid.UUID(int=0)
    return _do(case_id, lambda edit: _assign(edit, who), "The case is yours.")


@pages.post("/cases/<uuid:case_id>/assign")
@permission("cases.work")
def assign(case_id: uuid.UUID) -> Answer:
    """Give the case to somebody."""
    owner = _uuid(request.form.get("owner")) or uuid.UUID(int=0)
    return _do(case_id, lambda edit: _assign(edit, owner), "The case has a new owner.")


def _assign(edit: Edit, owner_id: uuid.UUID) -> Case:
    return cases.assign(unit.session(), edit, owner_id, public_url=unit.config().public_url)


@pages.post("/cases/<uuid:case_id>/notes")
@permission("cases.work")
def note(case_id: uuid.UUID) -> Answer:
    """Add a note for colleagues."""
    body = request.form.get("note", "")
    return _do(case_id, lambda edit: cases.note(unit.session(), edit, body), "The note was added.")


@pages.post("/cases/<uuid:case_id>/answer")
@permission("cases.work")
def answer(case_id: uuid.UUID) -> Answer:
    """Answer the customer by mail, or keep what was said otherwise."""
    form, by_mail = request.form, request.form.get("how") == "mail"
    said = "The reply is on its way." if by_mail else "The answer was kept."
    return _do(
        case_id,
        lambda edit: cases.answer(
            unit.session(), edit, form.get("reply", ""), subject=form.get("subject", ""),
            is_by_mail=by_mail,
        ),
        said,
    )  # fmt: skip


@pages.post("/cases/<uuid:case_id>/close")
@permission("cases.work")
def close(case_id: uuid.UUID) -> Answer:
    """Close the case with how it ended."""
    form = request.form
    return _do(
        case_id,
        lambda edit: cases.close(
            unit.session(), edit, form.get("resolution", ""), form.get("closing", "")
        ),
        "The case is closed.",
    )


@pages.post("/cases/<uuid:case_id>/reopen")
@permission("cases.work")
def reopen(case_id: uuid.UUID) -> Answer:
    """Open a closed case again."""
    why = request.form.get("why", "")
    return _do(
        case_id, lambda edit: cases.reopen(unit.session(), edit, why), "The case is open again."
    )


def _do(case_id: uuid.UUID, change: Callable[[Edit], Any], said: str) -> Answer:
    """Make the change, or show the case again with what was typed and why it was refused."""
    revision = request.form.get("revision", "")
    edit = Edit(
        case_id=case_id,
        revision=int(revision) if revision.isascii() and revision.isdigit() else 0,
        by=doorway.actor(),
        name=principal().name,
        now=unit.now(),
        key=_uuid(request.form.get("key")) or new_id(),
    )
    try:
        change(edit)
    except (Invalid, Conflict) as error:
        unit.session().rollback()
        problems = error.problems or {"_": error.message}
        return _page(case_id, request.form.to_dict(), problems), error.status
    flash(said, "success")
    return redirect(url_for("cases.show", case_id=case_id), code=303)
