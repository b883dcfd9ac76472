"""Surveys: the list, templates, the draft's texts, publication, versions."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from efm.errors import Conflict, Invalid
from efm.events import audit
from efm.feedback import authoring, comment_threads, drafting, listing
from efm.models import Survey
from efm.web import unit
from efm.web.auth import principal
from efm.web.permissions import permission
from surveys import kinds, library, translations
from surveys.definition import Definition, dump_yaml, load, minutes

pages = Blueprint("surveys", __name__)


def _note(action: str, survey_id: uuid.UUID, **detail: Any) -> None:
    who = principal()
    audit.record(
        unit.session(), unit.now(), who.label, action,
        user_id=who.user_id, subject_kind="survey", subject_id=survey_id, **detail,
    )  # fmt: skip


@pages.get("/surveys")
@permission("surveys.view")
def index() -> str:
    """All surveys."""
    wanted = {name: request.args.get(name, "").strip()[:100] for name in ("state", "q", "folder")}
    sort = request.args.get("sort", "")
    sort = sort if sort.removeprefix("-") in listing.SURVEY_SORTS else "-edited"
    rows = listing.surveys(
        unit.session(), state=wanted["state"] or None, search=wanted["q"],
        folder=wanted["folder"] or None, sort=sort,
    )  # fmt: skip
    return render_template(
        "surveys/index.html", rows=rows, wanted=wanted, sort=sort, sorts=listing.SURVEY_SORTS,
        folders=listing.folders(unit.session()), is_narrowed=any(wanted.values()),
    )  # fmt: skip


@pages.get("/surveys/new")
@permission("surveys.edit")
def choose() -> str:
    """The templates to start from."""
    templates = [(name, library.template(name)) for name in library.names()]
    return render_template("surveys/choose.html", templates=templates)


@pages.get("/surveys/new/<name>")
@permission("surveys.edit")
def preview_template(name: str) -> str:
    """One template, as it would be asked."""
    definition = library.template(name) if name in library.names() else None
    if definition is None:
        return choose()
    return render_template(
        "surveys/template.html", name=name, definition=definition, minutes=minutes(definition),
        t=_speaks(definition),
    )  # fmt: skip


@pages.post("/surveys/new")
@permission("surveys.edit")
def create() -> BaseResponse:
    """A survey from a template."""
    who = principal()
    survey = authoring.create_from_template(
        unit.session(), request.form.get("template", ""), unit.now(), user_id=who.user_id
    )
    _note("survey.created", survey.id, template=survey.template)
    return redirect(url_for("builder.show", survey_id=survey.id))


@pages.post("/surveys/new/blank")
@permission("surveys.edit")
def create_blank() -> BaseResponse:
    """A survey with one question to begin with."""
    survey = authoring.create_blank(unit.session(), unit.now(), user_id=principal().user_id)
    _note("survey.created", survey.id)
    return redirect(url_for("builder.show", survey_id=survey.id, at="survey"))


def _speaks(definition: Definition) -> Any:
    return partial(translations.text, definition.language)


@pages.get("/surveys/<uuid:survey_id>")
@permission("surveys.view")
def show(survey_id: uuid.UUID) -> str:
    """One survey: its state, its links, its versions, how many answered."""
    session = unit.session()
    survey = authoring.get(session, survey_id)
    definition = load(survey.draft)
    version = authoring.current_version(session, survey)
    return render_template(
        "surveys/show.html", survey=survey, definition=definition, version=version,
        is_changed=version is None or dict(version.definition) != dict(survey.draft),
        versions=listing.versions(session, survey_id),
        distributions=listing.distributions(session, survey_id), folders=listing.folders(session),
        kinds=kinds, t=_speaks(definition),
        open_comments=comment_threads.waiting(session, survey_id).total(),
    )  # fmt: skip


@pages.get("/surveys/<uuid:survey_id>/edit")
@permission("surveys.edit")
def edit(survey_id: uuid.UUID) -> str:
    """The draft's texts."""
    survey = authoring.get(unit.session(), survey_id)
    return _form(survey, dict(survey.draft), survey.draft_revision, {})


def _form(survey: Survey, document: dict[str, Any], revision: int, errors: dict[str, str]) -> str:
    return render_template(
        "surveys/edit.html", survey=survey, document=document, revision=revision,
        errors=errors, by_name=drafting.by_name(document, errors), kinds=kinds,
        languages=translations.language_names(),
    )  # fmt: skip


@pages.post("/surveys/<uuid:survey_id>/edit")
@permission("surveys.edit")
def save(survey_id: uuid.UUID) -> Response | BaseResponse:
    """Save the texts; nothing typed is lost when they have problems or somebody was first."""
    survey = authoring.get(unit.session(), survey_id)
    form = request.form.to_dict()
    document = drafting.edited(survey.draft, form)
    revision = int(form["revision"]) if form.get("revision", "").isdecimal() else 0
    try:
        authoring.save_draft(
            unit.session(), survey_id, document, revision, unit.now(), user_id=principal().user_id
        )
    except Invalid as error:
        return Response(_form(survey, document, revision, error.problems), 422)
    except Conflict as error:
        return Response(_form(survey, document, revision, {"_": error.message}), 409)
    _note("survey.edited", survey_id)
    flash("Saved. Nothing changes for respondents until you publish.", "success")
    return redirect(
        url_for("surveys.edit" if "move" in form else "surveys.show", survey_id=survey_id)
    )


@pages.post("/surveys/<uuid:survey_id>/folder")
@permission("surveys.edit")
def put_in_folder(survey_id: uuid.UUID) -> BaseResponse:
    """Put the survey into a folder, or take it out."""
    folder = authoring.put_in_folder(unit.session(), survey_id, request.form.get("folder", ""))
    _note("survey.moved", survey_id)
    flash(f"It is in the folder {folder}." if folder else "It is in no folder.", "success")
    return redirect(url_for("surveys.show", survey_id=survey_id))


@pages.post("/surveys/<uuid:survey_id>/publish")
@permission("surveys.publish")
def publish(survey_id: uuid.UUID) -> BaseResponse:
    """Freeze the draft as a version and take answers."""
    version = authoring.publish(unit.session(), survey_id, unit.now(), user_id=principal().user_id)
    _note("survey.published", survey_id, version=version.number)
    flash(f"Version {version.number} is open for answers.", "success")
    return redirect(url_for("surveys.show", survey_id=survey_id))


@pages.post("/surveys/<uuid:survey_id>/close")
@permission("surveys.publish")
def close(survey_id: uuid.UUID) -> BaseResponse:
    """Stop taking answers."""
    authoring.close(unit.session(), survey_id, unit.now())
    _note("survey.closed", survey_id)
    flash("The survey is closed. Its links now say so.", "success")
    return redirect(url_for("surveys.show", survey_id=survey_id))


@pages.get("/surveys/<uuid:survey_id>/versions/<int:number>.yaml")
@permission("surveys.view")
def download(survey_id: uuid.UUID, number: int) -> Response:
    """A published version as YAML."""
    version = authoring.version(unit.session(), survey_id, number)
    return Response(
        dump_yaml(load(version.definition)),
        mimetype="application/yaml",
        headers={"Content-Disposition": f'attachment; filename="survey-version-{number}.yaml"'},
    )
