"""A survey in other languages: how complete each is, its texts side by side, files for translators."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from efm.errors import Conflict, Invalid, NotFound
from efm.events import audit
from efm.feedback import authoring, media, translating
from efm.models import Survey
from efm.web import shown_files, unit
from efm.web.auth import principal
from efm.web.permissions import permission
from surveys import translations as words
from surveys.definition import Definition, dump, load
from surveys.kinds import KINDS
from surveys.localizing import files, texts
from surveys.translating import Taken, completeness, take, take_files, without

pages = Blueprint("translations", __name__)
# What a file that is shown is called, by the name of its setting.
FILES = {
    setting.name: setting.label
    for kind in KINDS.values()
    for setting in kind.settings
    if setting.type == "media"
}
ENDINGS = {
    "xlf": ("application/xliff+xml", translating.as_xliff),
    "xlsx": (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        translating.as_xlsx,
    ),
}


@pages.get("/surveys/<uuid:survey_id>/translations")
@permission("surveys.view")
def index(survey_id: uuid.UUID) -> str:
    """The languages of a survey."""
    return _index(survey_id, {})


def _index(survey_id: uuid.UUID, errors: dict[str, str]) -> str:
    survey = authoring.get(unit.session(), survey_id)
    return render_template(
        "translations/index.html", survey=survey, errors=errors,
        languages=completeness(load(survey.draft)), names=words.language_names(),
    )  # fmt: skip


@pages.post("/surveys/<uuid:survey_id>/translations")
@permission("surveys.edit")
def add(survey_id: uuid.UUID) -> Response | BaseResponse:
    """Begin another language."""
    survey = authoring.get(unit.session(), survey_id)
    try:
        language = translating.language_of(request.form.get("language", ""))
        if language in load(survey.draft).languages:
            raise Invalid("", problems={"language": "The survey has this language already."})
    except Invalid as error:
        return Response(_index(survey_id, error.problems), 422)
    return redirect(url_for(".edit", survey_id=survey_id, language=language))


@pages.get("/surveys/<uuid:survey_id>/translations/<language>")
@permission("surveys.view")
def edit(survey_id: uuid.UUID, language: str) -> str:
    """The texts of a survey beside those of one language."""
    return _page(survey_id, language)


def _page(
    survey_id: uuid.UUID,
    language: str,
    *,
    errors: Mapping[str, str] = {},
    taken: Taken | None = None,
    typed: Mapping[str, str] = {},
) -> str:
    survey, definition, language = _opened(survey_id, language)
    return render_template(
        "translations/edit.html", survey=survey, code=language, errors=errors, taken=taken,
        texts=texts(definition), translated={**definition.translations.get(language, {}), **typed},
        files=[(place, _part(place), each) for place, each in files(definition).items()],
        file_names=FILES, parts=media.PARTS,
        names=words.language_names(), original=definition,
        written=Definition("", language, ()).direction,
        is_shipped=words.base(language) == language.partition("-")[0], endings=ENDINGS,
    )  # fmt: skip


def _opened(survey_id: uuid.UUID, language: str) -> tuple[Survey, Definition, str]:
    """A survey with its draft, and the code of one of the languages it may be translated to."""
    survey = authoring.get(unit.session(), survey_id)
    definition = load(survey.draft)
    return survey, definition, _known(language, definition)


def _part(place: str) -> str:
    """Which part of a statement the file at a place is, such as its captions."""
    return place.rpartition(".")[2]


def _known(language: str, definition: Definition) -> str:
    try:
        code = translating.language_of(language)
    except Invalid as error:
        raise NotFound("There is no such language.") from error
    if code == definition.language:
        raise NotFound("This is the survey's own language; its texts are edited in the survey.")
    return code


@pages.post("/surveys/<uuid:survey_id>/translations/<language>")
@permission("surveys.edit")
def save(survey_id: uuid.UUID, language: str) -> Response | BaseResponse:
    """Save the texts of one language, typed or from a file."""
    survey, definition, language = _opened(survey_id, language)
    upload = request.files.get("file")
    try:
        if upload is not None and upload.filename:
            content = upload.read(translating.MOST_BYTES + 1)
            given = translating.read(upload.filename, content, language)
        else:
            given = translating.from_form(definition, language, request.form.to_dict())
        taken = take(definition, given)
        _store(survey_id, taken.definition, _revision(survey), f"Translated to {language}")
    except (Invalid, Conflict) as error:
        problems = getattr(error, "problems", None) or {"file": error.message}
        typed = translating.from_form(definition, language, request.form.to_dict()).texts
        return Response(_page(survey_id, language, errors=problems, typed=typed), error.status)
    _note("survey.translated", survey_id, language=language, texts=taken.taken)
    if taken.unknown or taken.broken or taken.outdated:
        return Response(_page(survey_id, language, taken=taken))
    texts_are = "text is" if taken.taken == 1 else "texts are"
    flash(f"Saved: {taken.taken} {texts_are} new or changed.", "success")
    return redirect(url_for(".edit", survey_id=survey_id, language=language))


@pages.post("/surveys/<uuid:survey_id>/translations/<language>/files")
@permission("surveys.edit")
def save_files(survey_id: uuid.UUID, language: str) -> Response | BaseResponse:
    """Bring in what one language shows of its own, such as captions, or take it away."""
    survey, definition, language = _opened(survey_id, language)
    places = files(definition)
    without_own = [place for place in places if f"without.{place}" in request.form]
    try:
        brought = shown_files.brought({f"file.{place}": _part(place) for place in places})
        addresses = media.addresses_of(unit.session(), brought, without_own, unit.now())
        if not addresses:
            raise Invalid("Choose a file to bring in, or one to take away.")
        made = take_files(definition, language, addresses)
        _store(survey_id, made, _revision(survey), f"Files in {language}")
    except (Invalid, Conflict) as error:
        problems = getattr(error, "problems", None) or {"file": error.message}
        return Response(_page(survey_id, language, errors=problems), error.status)
    _note("survey.translated", survey_id, language=language, files=len(addresses))
    flash("Saved.", "success")
    return redirect(url_for(".edit", survey_id=survey_id, language=language))


@pages.post("/surveys/<uuid:survey_id>/translations/<language>/remove")
@permission("surveys.edit")
def remove(survey_id: uuid.UUID, language: str) -> BaseResponse:
    """Take a language away."""
    survey = authoring.get(unit.session(), survey_id)
    definition = load(survey.draft)
    made = without(definition, language)
    _store(survey_id, made, survey.draft_revision, f"Removed the language {language[:40]}")
    _note("survey.translation_removed", survey_id, language=language[:40])
    flash("The language is removed from the draft.", "success")
    return redirect(url_for(".index", survey_id=survey_id))


@pages.get("/surveys/<uuid:survey_id>/translations/<language>.<ending>")
@permission("surveys.view")
def download(survey_id: uuid.UUID, language: str, ending: str) -> Response:
    """The texts as a file for translators."""
    survey = authoring.get(unit.session(), survey_id)
    definition = load(survey.draft)
    if ending not in ENDINGS:
        raise NotFound("Texts can be downloaded as XLIFF or XLSX.")
    language = _known(language, definition)
    mimetype, write = ENDINGS[ending]
    response = Response(write(definition, language), mimetype=mimetype)
    name = f"survey-texts-{language}.{ending}"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _revision(survey: Survey) -> int:
    """The revision the page was made from; a file is laid over whatever stands now."""
    given = request.form.get("revision", "")
    return int(given) if given.isdecimal() and len(given) < 10 else survey.draft_revision


def _store(survey_id: uuid.UUID, definition: Definition, revision: int, what: str) -> None:
    authoring.save_draft(
        unit.session(), survey_id, dump(definition), revision, unit.now(),
        user_id=principal().user_id, what=what,
    )  # fmt: skip


def _note(action: str, survey_id: uuid.UUID, **detail: Any) -> None:
    who = principal()
    audit.record(
        unit.session(), unit.now(), who.label, action,
        user_id=who.user_id, subject_kind="survey", subject_id=survey_id, **detail,
    )  # fmt: skip
