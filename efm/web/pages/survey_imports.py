"""Surveys of other tools brought in: what could be carried over is told before the draft is made."""

from __future__ import annotations

import base64
import binascii
import zlib

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from efm.errors import Invalid
from efm.events import audit
from efm.feedback import authoring
from efm.web import unit
from efm.web.auth import principal
from efm.web.permissions import permission
from surveys.definition import Definition, from_json, to_json
from surveys.errors import DefinitionError
from surveys.formats.detecting import read
from surveys.formats.errors import FormatError
from surveys.formats.report import Imported, Outcome

pages = Blueprint("survey_imports", __name__)

LARGEST = 10 * 1024 * 1024
LARGEST_DEFINITION = 16 * 1024 * 1024
OUTCOMES: tuple[Outcome, ...] = ("mapped", "approximated", "raw", "dropped")


def _read() -> Imported:
    """The uploaded survey; raises FormatError in words."""
    upload = request.files.get("file")
    content = upload.read(LARGEST + 1) if upload else b""
    if upload is None or not upload.filename:
        raise FormatError("Choose a file.")
    if len(content) > LARGEST:
        raise FormatError(f"The file is larger than {LARGEST >> 20} MB, more than a survey has.")
    return read(upload.filename, content)


@pages.get("/surveys/import")
@permission("surveys.edit")
def choose() -> str:
    """Which file."""
    return render_template("surveys/import.html", errors={})


@pages.post("/surveys/import")
@permission("surveys.edit")
def show() -> Response:
    """What the file holds and how faithfully it was read; nothing is saved yet."""
    try:
        found = _read()
    except FormatError as error:
        return Response(render_template("surveys/import.html", errors={"file": str(error)}), 422)
    packed = base64.b64encode(zlib.compress(to_json(found.definition), 9)).decode()
    return Response(
        render_template(
            "surveys/imported.html", definition=found.definition, report=found.report,
            counts=[(name, found.report.count(name)) for name in OUTCOMES], packed=packed,
        )
    )  # fmt: skip


@pages.post("/surveys/import/confirm")
@permission("surveys.edit")
def confirm() -> BaseResponse:
    """Make the draft."""
    who = principal()
    definition = _unpacked(request.form.get("definition", ""))
    survey = authoring.create(unit.session(), definition, unit.now(), user_id=who.user_id)
    audit.record(
        unit.session(), unit.now(), who.label, "survey.created", user_id=who.user_id,
        subject_kind="survey", subject_id=survey.id, from_file=True,
    )  # fmt: skip
    flash("The draft is made. Nobody sees it until you publish.", "success")
    return redirect(url_for("builder.show", survey_id=survey.id))


def _unpacked(packed: str) -> Definition:
    """The definition the report's page carried along; raises Invalid for anything else."""
    try:
        inflate = zlib.decompressobj()
        content = inflate.decompress(base64.b64decode(packed, validate=True), LARGEST_DEFINITION)
        return from_json(content)
    except (binascii.Error, zlib.error, DefinitionError, ValueError) as error:
        raise Invalid("What was sent is no survey. Choose the file once more.") from error
