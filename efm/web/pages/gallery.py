"""Every component in every state, in development only: for looking at, and for photographs in tests."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from types import SimpleNamespace
from typing import Any

from flask import Blueprint, render_template, request

from efm.errors import NotFound
from efm.web import unit
from efm.web.pages.gallery_questions import ANSWERS, longest, survey
from efm.web.permissions import PUBLIC, permission
from surveys import kinds, translations
from surveys.parts import Question

pages = Blueprint("gallery", __name__)


def _looks() -> dict[str, Any]:
    """The theme, direction and language asked for in the address."""
    if not unit.config().is_development:
        raise NotFound("There is nothing at this address.")
    given = request.args
    language = given.get("language", "en")
    return {
        "theme": given.get("theme", ""),
        "direction": "rtl" if given.get("direction") == "rtl" else "ltr",
        "language": language if language in translations.LANGUAGES else "en",
    }


@pages.get("/gallery")
@permission(PUBLIC)
def show() -> str:
    """The components of staff pages."""
    return render_template("gallery.html", **_looks())


@pages.get("/gallery/answer")
@permission(PUBLIC)
def answer() -> str:
    """The kinds of questions: plain, answered, wrong or long, as the address says."""
    looks = _looks()
    t = partial(translations.text, looks["language"])
    state = request.args.get("state", "plain")
    definition = longest() if state == "long" else survey()
    questions = [
        question
        for question in definition.questions
        if question.kind == request.args.get("kind", question.kind)
    ]
    return render_template(
        "gallery_answer.html",
        questions=questions,
        values=ANSWERS if state in ("answered", "wrong") else {},
        errors=_errors(questions, t("errors.required")) if state == "wrong" else {},
        t=t,
        organization=SimpleNamespace(name="Northwind Telecom"),
        **looks,
    )


def _errors(questions: Iterable[Question], words: str) -> dict[str, str]:
    """An error at each question, and at the first part of each composite one."""
    keys = [question.key for question in questions]
    keys += [kinds.atoms(question)[0].key for question in questions if kinds.atoms(question)]
    return dict.fromkeys(keys, words)
