"""Distributions: anonymous links with their QR code, personal links for a list of people."""

from __future__ import annotations

import io
import uuid
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from efm.errors import Conflict, Invalid
from efm.events import audit
from efm.feedback import authoring, distributions, listing, people
from efm.feedback.cells import csv_lines
from efm.web import unit
from efm.web.auth import principal
from efm.web.context import zone
from efm.web.permissions import permission

pages = Blueprint("distributions", __name__)


@pages.get("/distributions")
@permission("distributions.view")
def index() -> str:
    """Every way surveys reach people."""
    return render_template("distributions/index.html", rows=listing.distributions(unit.session()))


@pages.get("/distributions/new")
@permission("distributions.edit")
def new() -> str:
    """Choose the survey and the kind of link."""
    return _form({"survey": request.args.get("survey", ""), "kind": "anonymous_link"}, {})


def _form(values: dict[str, str], errors: dict[str, str]) -> str:
    rows = [row.Survey for row in listing.surveys(unit.session(), state="open")]
    return render_template(
        "distributions/new.html", surveys=rows, values=values, errors=errors,
        touchpoints=listing.values_in_use(unit.session(), "touchpoint"),
    )  # fmt: skip


@pages.post("/distributions/new")
@permission("distributions.edit")
def create() -> Response | BaseResponse:
    """Make the link, or the links of a list of people."""
    form = request.form.to_dict()
    try:
        made = _made(form)
    except (Invalid, Conflict) as error:
        unit.session().rollback()
        return Response(_form(form, error.problems or {"_": error.message}), error.status)
    return redirect(url_for("distributions.show", distribution_id=made))


def _made(form: dict[str, str]) -> uuid.UUID:
    """The new distribution's id; raises Invalid with a message per field."""
    session, now, who = unit.session(), unit.now(), principal()
    wanted = distributions.read_form(form, zone())
    survey = authoring.get(session, wanted.survey_id)
    if survey.state != "open":
        raise Conflict("Publish the survey first; a link to a draft would lead nowhere.")
    if form.get("kind") == "personal_links":
        upload = request.files.get("people")
        data = upload.read(20_000_001) if upload else b""
        if not data or len(data) > 20_000_000:
            message = "Choose a CSV file of at most 20 MB."
            raise Invalid(message, problems={"people": message})
        found = people.take(session, data, now)
        if not found.contact_ids:
            message = "No line of the file could be used: " + _told(found.refused)
            raise Invalid(message, problems={"people": message})
        made = distributions.open_plain(
            session, survey.id, now, kind="personal_links", name=wanted.name,
            channel=wanted.channel, touchpoint=wanted.touchpoint,
        )  # fmt: skip
        made.closes_at = wanted.closes_at
        links = distributions.invite(
            session, unit.vault(), made, found.contact_ids, now, expires_at=wanted.closes_at
        )
        flash(f"{len(links):,} personal links are ready. Download them and send them.", "success")
        if found.refused:
            flash(f"{len(found.refused):,} lines were left out: {_told(found.refused)}", "warning")
    else:
        made = distributions.open_link(
            session, unit.vault(), survey.id, now, name=wanted.name, channel=wanted.channel,
            touchpoint=wanted.touchpoint, closes_at=wanted.closes_at, user_id=who.user_id,
        )  # fmt: skip
    _note("distribution.created", made.id, kind=made.kind)
    return made.id


def _told(refused: list[tuple[int, str]]) -> str:
    shown = "; ".join(f"line {number}: {reason}" for number, reason in refused[:5])
    return shown + (f"; and {len(refused) - 5:,} more" if len(refused) > 5 else "")


def _note(action: str, distribution_id: uuid.UUID, **detail: Any) -> None:
    who = principal()
    audit.record(
        unit.session(), unit.now(), who.label, action,
        user_id=who.user_id, subject_kind="distribution", subject_id=distribution_id, **detail,
    )  # fmt: skip


@pages.get("/distributions/<uuid:distribution_id>")
@permission("distributions.view")
def show(distribution_id: uuid.UUID) -> str:
    """One distribution: its link and QR code, or its personal links; how many answered."""
    found = distributions.get(unit.session(), distribution_id)
    rows = listing.distributions(unit.session(), found.survey_id)
    row = next(each for each in rows if each.Distribution.id == found.id)
    url = distributions.url_of(unit.config(), unit.vault(), found.id)
    return render_template(
        "distributions/show.html", distribution=found, row=row, now=unit.now(),
        url=url if found.kind == "anonymous_link" else None,
    )  # fmt: skip


@pages.get("/distributions/<uuid:distribution_id>/qr.<ending>")
@permission("distributions.view")
def qr(distribution_id: uuid.UUID, ending: str) -> Response:
    """The QR code of an anonymous link, as SVG or PNG."""
    import segno

    found = distributions.get(unit.session(), distribution_id)
    if found.kind != "anonymous_link" or ending not in ("svg", "png"):
        raise Conflict("Only an anonymous link has a QR code.")
    code = segno.make(distributions.url_of(unit.config(), unit.vault(), found.id), error="m")
    out = io.BytesIO()
    code.save(out, kind=ending, scale=8, border=4)
    kind = {"svg": "image/svg+xml", "png": "image/png"}[ending]
    return Response(out.getvalue(), mimetype=kind)


@pages.get("/distributions/<uuid:distribution_id>/links.csv")
@permission("distributions.edit")
def links(distribution_id: uuid.UUID) -> Response:
    """The personal links as CSV: who, the link, until when, whether answered."""
    found = distributions.get(unit.session(), distribution_id)
    config, vault = unit.config(), unit.vault()
    rows = (
        (name, email, distributions.url_of(config, vault, invitation.id),
         invitation.expires_at, invitation.answered_at)
        for invitation, name, email in listing.invitations(unit.session(), found.id)
    )  # fmt: skip
    body = b"".join(csv_lines(("name", "email", "link", "expires_at", "answered_at"), rows))
    return Response(
        body,
        mimetype="text/csv",
        headers={"Content-Disposition": 'attachment; filename="personal-links.csv"'},
    )


@pages.post("/distributions/<uuid:distribution_id>/close")
@permission("distributions.edit")
def close(distribution_id: uuid.UUID) -> BaseResponse:
    """Close a link, or open it again."""
    found = distributions.get(unit.session(), distribution_id)
    found.closed_at = None if found.closed_at else unit.now()
    _note("distribution.closed" if found.closed_at else "distribution.opened", found.id)
    flash("The link is closed." if found.closed_at else "The link takes answers again.", "success")
    return redirect(url_for("distributions.show", distribution_id=distribution_id))
