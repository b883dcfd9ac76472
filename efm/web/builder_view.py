"""What the builder's page shows: outline, selected element, what was refused or changed by others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Flask, url_for
from jinja2 import Undefined
from sqlalchemy.orm import Session

from efm.clock import new_id
from efm.errors import EfmError
from efm.feedback import (
    bank_shelf,
    building,
    comment_threads,
    edits,
    edits_fields,
    edits_loops,
    logic_desk,
    media,
    outline,
    revisions,
)
from efm.models import Survey
from efm.web.headers import CSP as STAFF_CSP
from surveys import editing, translations
from surveys.editing import Document

# The live preview is a page of ours in a frame.
CSP = f"{STAFF_CSP}; frame-src 'self'"
TABS = ("content", "logic", "comments")
Form = Mapping[str, Sequence[str]]


def seen(
    session: Session,
    survey: Survey,
    at: str,
    args: Mapping[str, str],
    *,
    form: Form | None = None,
    error: EfmError | None = None,
) -> dict[str, Any]:
    """The page's values; `form` is what was sent when it was refused with `error`."""
    document: Document = dict(survey.draft)
    revision = survey.draft_revision
    typed = _typed(document, at, form) if isinstance(error, building.Refused) and form else None
    if isinstance(error, building.Refused | building.Asked) and form:
        revision = int(edits.first(form, "revision") or 0)
    chosen = outline.selected(document, outline.address(document, at), typed)
    tab = edits.first(form, "tab") if form else args.get("tab", "")
    waiting = comment_threads.waiting(session, survey.id)
    return {
        "survey": survey,
        "document": document,
        "revision": revision,
        "steps": revisions.steps(session, survey),
        "waiting": waiting,
        "outline": outline.pages(document, chosen.at, waiting),
        "around": {sort: outline.around(document, sort, chosen.at) for sort in editing.LISTS},
        "chosen": chosen,
        "tab": tab if tab in TABS else "content",
        "panel": "" if error else args.get("panel", ""),
        "args": args,
        "languages": translations.language_names(),
        "preview_url": preview_url(survey, chosen, args.get("language")),
        **_logic(document, chosen, tab, args),
        **_comments(session, survey, chosen, tab),
        **_bank(session, chosen, "" if error else args.get("panel", ""), args),
        **_problems(document, chosen.at, form, error),
    }


def _logic(
    document: Document, chosen: outline.Selected, tab: str, args: Mapping[str, str]
) -> dict[str, Any]:
    """The logic of what is selected, in full only where it is looked at."""
    if tab != "logic":
        return {}
    given = {name: args[name] for name in args if name.startswith("try.")}
    return {
        "desk": logic_desk.desk(document, chosen.at, chosen.part),
        "trial": logic_desk.trial(document, chosen.at, chosen.part, given),
    }


def _comments(
    session: Session, survey: Survey, chosen: outline.Selected, tab: str
) -> dict[str, Any]:
    """What reviewers said of what is selected."""
    if tab != "comments":
        return {}
    review = comment_threads.review(session, survey.id, dict(survey.draft))
    place = comment_threads.place_of(dict(survey.draft), chosen.at) or comment_threads.SURVEY
    return {"place": place, "threads": review.places.get(place, ()), "gone": review.gone,
            "new_key": new_id, "said": {}}  # fmt: skip


def _bank(
    session: Session, chosen: outline.Selected, panel: str, args: Mapping[str, str]
) -> dict[str, Any]:
    """What the bank has, where one chooses from it, and what it says of the question selected."""
    if panel == "bank":
        wanted = bank_shelf.Wanted(args.get("q", "").strip()[:100], args.get("topic", ""))
        offered = (
            ("Your organization’s questions", bank_shelf.own(session, wanted)),
            ("Standard questions", bank_shelf.standards(session, wanted)),
        )
        return {"offered": offered, "topics": bank_shelf.topics(session)}
    if panel == "keep":
        return {"topics": bank_shelf.topics(session)}
    origin = str(chosen.part.get("origin", ""))
    return {"origin": origin, "origin_name": bank_shelf.name_of(session, origin)}


def preview_url(survey: Survey, chosen: outline.Selected, language: str | None) -> str:
    """The address of the preview that shows what is selected."""
    values: dict[str, Any] = {"survey_id": survey.id, "language": language or None}
    if chosen.sort == "ending":
        return url_for("builder_preview.show", ending=chosen.key, **values)
    # The question that is worked on is seen, also where answers would have to bring it up.
    key = chosen.key.partition(".")[0] if chosen.sort == "question" else None
    anchor = key and f"q-{key}"
    return url_for(
        "builder_preview.show", page=chosen.page or None, question=key, _anchor=anchor, **values
    )


def _typed(document: Document, at: str, form: Form) -> Document | None:
    """The element with what was typed in it, right or wrong."""
    fields = edits.fields_of(document, form)
    try:
        return fields and editing.element(editing.with_fields(document, at, fields), at)
    except editing.EditRefused:
        return None


def _problems(
    document: Document, at: str, form: Form | None, error: EfmError | None
) -> dict[str, Any]:
    """What to say of a refusal: problems by field, theirs beside mine, or who refers to it."""
    told: dict[str, Any] = {"errors": {}, "sent": [], "collision": None, "asked": None}
    if error is None:
        return told
    if form is not None:
        left_out = ("csrf_token", "revision", "references")
        told["sent"] = [
            (name, value) for name in form if name not in left_out for value in form[name]
        ]
        told["sent_form"] = form
    if isinstance(error, building.Asked):
        return told | {"asked": error}
    if isinstance(error, building.Collision) and form is not None:
        return told | {"collision": _collision(document, error, form)}
    errors = edits_fields.by_field(document, at, error.problems) if error.problems else {}
    return told | {"errors": errors or {"_": error.message}}


def _collision(document: Document, error: building.Collision, form: Form) -> dict[str, Any]:
    """Theirs and mine, field by field where they differ."""
    fields = edits.fields_of(document, form)
    mine = _typed(document, error.address, form)
    rows = [
        (name, theirs, own)
        for name, theirs, own in edits_fields.compared(
            error.theirs or {}, mine or dict(fields or {})
        )
        if theirs != own
    ]
    label = editing.label_of(document, error.address)
    return {"label": label, "is_gone": error.theirs is None, "is_removal": fields is None,
            "rows": rows, "revision": error.revision, "at": error.address}  # fmt: skip


def _option_words(value: str) -> tuple[str, str]:
    return value, value.replace("_", " ").capitalize()


def _part_option(part: Mapping[str, Any]) -> tuple[str, str]:
    return part["key"], part.get("title") or part["key"]


def _logic_text(logic: Any) -> str:
    """Logic as text; what was typed as it was typed."""
    return (
        ""
        if isinstance(logic, Undefined)
        else logic
        if isinstance(logic, str)
        else logic_desk.written(logic)
    )


def install(app: Flask) -> None:
    """Give templates the options of settings and of other parts."""
    app.jinja_env.tests["set_in"] = lambda name, given: not name or bool(given.get(name))
    app.jinja_env.globals["media_parts"] = media.PARTS
    app.jinja_env.filters["twice"] = lambda value: (value, value)
    app.jinja_env.filters.update(
        option_words=_option_words, block_option=_part_option, logic_text=_logic_text
    )
    app.jinja_env.filters["loop_sources"] = lambda document, at: list(
        edits_loops.sources(document, at)
    )
