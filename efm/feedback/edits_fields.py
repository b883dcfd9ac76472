"""The fields of the builder's forms as values of a definition; what cannot be read goes on as typed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from efm.feedback import edits_loops
from surveys import editing
from surveys.editing import Document, Edited
from surveys.editing.choices import Which
from surveys.kinds import KINDS, Setting

Form = Mapping[str, Sequence[str]]
_FLAGS = ("takes_text", "is_text_required", "is_exclusive", "is_fixed")
_LINE = re.compile(r"line\.(choices|rows)\.([a-z0-9_]{1,40})\.label")
_WHOLE = re.compile(r"[+-]?\d{1,15}")


def text_of(form: Form, name: str) -> str | None:
    """Tidied words; None where the field is not there or empty."""
    values = form.get(name, ())
    return values[0].replace("\r\n", "\n").strip() or None if values else None


def number_of(form: Form, name: str) -> object:
    """A number, the words as typed where they are none, None where nothing was typed."""
    text = text_of(form, name)
    if text is None:
        return None
    plain = text.replace("\u2212", "-").replace(",", ".")
    if _WHOLE.fullmatch(plain):
        return int(plain)
    try:
        return float(plain)
    except ValueError:
        return text


def is_ticked(form: Form, name: str) -> bool:
    """Whether a box is ticked."""
    return bool(form.get(name))


def of_survey(document: Document, address: str, form: Form) -> dict[str, object]:
    """Title, language, introduction and the like."""
    names = ("name", "title", "language", "introduction", "thank_you", "privacy", "purpose")
    found: dict[str, object] = {name: text_of(form, name) for name in names if name in form}
    if "anonymous" in form:
        found["anonymous"] = form["anonymous"][0] == "yes"
    return found


def of_page(document: Document, address: str, form: Form) -> dict[str, object]:
    """Title, description, block and order of a page, and what it is asked about."""
    names = ("title", "description", "block", "question_order")
    found: dict[str, object] = {name: text_of(form, name) for name in names}
    return found | edits_loops.of_form(document, address, form)


def of_block(document: Document, address: str, form: Form) -> dict[str, object]:
    """Title, order and randomizer of a block, and what its pages are asked about."""
    names = ("title", "page_order", "randomizer")
    found: dict[str, object] = {name: text_of(form, name) for name in names}
    return found | edits_loops.of_form(document, address, form)


def of_ending(document: Document, address: str, form: Form) -> dict[str, object]:
    """Words and goal of an ending."""
    found: dict[str, object] = {name: text_of(form, name) for name in ("title", "text", "redirect")}
    return found | {"is_screen_out": is_ticked(form, "is_screen_out")}


def of_data(document: Document, address: str, form: Form) -> dict[str, object]:
    """Where a data field's value comes from."""
    found: dict[str, object] = {name: text_of(form, name) for name in ("source", "name")}
    if found["source"] == "value":
        found["value"] = _plain(text_of(form, "value"))
    lines = text_of(form, "choices")
    return found | {"choices": [line.strip() for line in lines.splitlines()] if lines else None}


def of_quota(document: Document, address: str, form: Form) -> dict[str, object]:
    """How many are wanted, and what happens beyond."""
    found: dict[str, object] = {name: text_of(form, name) for name in ("title", "action", "ending")}
    return found | {"limit": number_of(form, "limit")}


def of_randomizer(document: Document, address: str, form: Form) -> dict[str, object]:
    """How many of its blocks are shown, and how evenly."""
    return {"show": number_of(form, "show"), "is_even": is_ticked(form, "is_even")}


def _plain(text: str | None) -> object:
    """A plain value: words are put in quotes, so that they are not read as logic."""
    return None if text is None else {"cat": [text]}


def of_question(document: Document, address: str, form: Form) -> dict[str, object]:
    """Words, need of an answer, settings, choices and rows of a question."""
    question = editing.element(document, address) or {}
    kind = KINDS.get(question.get("kind", ""))
    found: dict[str, object] = {
        name: text_of(form, name) for name in ("text", "help") if name in form
    }
    if "text" in form and found["text"] is None:
        found["text"] = ""
    if "need" in form:
        need = form["need"][0]
        found |= {"is_required": need == "required", "is_requested": need == "requested"}
    for name in ("choice_order", "row_order"):
        if name in form:
            found[name] = text_of(form, name)
    if kind is not None and "has_settings" in form:
        found["settings"] = {each.name: _setting(form, each) for each in kind.settings}
    for which in ("choices", "rows"):
        lines = _lines(form, which)
        if lines:
            found[which] = lines
    return found


def _setting(form: Form, setting: Setting) -> object:
    name = f"setting.{setting.name}"
    if setting.type in ("integer", "number"):
        return number_of(form, name)
    if setting.type == "boolean":
        return is_ticked(form, name)
    text = text_of(form, name)
    if setting.type == "texts" and text is not None:
        return [line.strip() for line in text.splitlines() if line.strip()]
    return text


def _lines(form: Form, which: str) -> dict[str, dict[str, Any]]:
    """The fields of each choice or row that the form shows."""
    found: dict[str, dict[str, Any]] = {}
    for name in form:
        parts = _LINE.fullmatch(name)
        if parts is None or parts[1] != which:
            continue
        start = name.removesuffix("label")
        line: dict[str, Any] = {"label": text_of(form, name) or ""}
        for more in ("opposite", "image", "missing"):
            if start + more in form:
                line[more] = text_of(form, start + more)
        if start + "value" in form:
            line["value"] = number_of(form, start + "value")
            line |= {flag: is_ticked(form, start + flag) for flag in _FLAGS}
        found[parts[2]] = line
    return found


def with_new_lines(edited: Edited, form: Form) -> Edited:
    """And the choices and rows typed into the empty line, or pasted as a list."""
    key = edited.at.removeprefix("question.")
    lists: tuple[Which, ...] = ("choices", "rows")
    for which in lists:
        typed = [
            text_of(form, f"new.{which}") or "",
            *(text_of(form, f"paste.{which}") or "").split("\n"),
        ]
        if any(line.strip() for line in typed):
            edited = editing.add_choices(edited.document, key, which, typed)
    return edited


_AT = re.compile(r"(choices|rows)\[(\d+)\]")


def by_field(document: Document, address: str, problems: Mapping[str, str]) -> dict[str, str]:
    """Problems by the names of the fields in the element's form; what has no field is under ``_``."""
    start = _start(document, address)
    question = editing.element(document, address) or {}
    found: dict[str, str] = {}
    for path, message in problems.items():
        # A file that is refused is told beside its own field.
        other = path if path.startswith("media.") else "_"
        name = path.removeprefix(start) if path.startswith(start) else other
        name = re.sub(r"^settings\.(\w+)(\[\d+\])?", r"setting.\1", name)
        at = _AT.match(name)
        lines = question.get(at[1], []) if at else []
        if at and int(at[2]) < len(lines):
            name = f"line.{at[1]}.{lines[int(at[2])]['key']}{name[at.end() :]}"
        found[name if "[" not in name else "_"] = message
    return found


def _start(document: Document, address: str) -> str:
    """The path of an element's fields, as problems are told."""
    sort, _, key = address.partition(".")
    for i, page in enumerate(document["pages"]):
        if sort == "page" and page["key"] == key:
            return f"pages[{i}]."
        for j, question in enumerate(page["questions"]):
            if sort != "question" or question["key"] != key.partition(".")[0]:
                continue
            where = f"pages[{i}].questions[{j}]."
            parts = [part["key"] for part in question.get("parts", [])]
            part = key.partition(".")[2]
            return f"{where}parts[{parts.index(part)}]." if part in parts else where
    names = {"block": "blocks", "randomizer": "randomizers", "data": "data", "ending": "endings",
             "quota": "quotas"}  # fmt: skip
    for i, part in enumerate(document.get(names.get(sort, ""), [])):
        if part["key"] == key:
            return f"{names[sort]}[{i}]."
    return ""


def compared(theirs: Document, mine: Document) -> list[tuple[str, str, str]]:
    """The fields of two states of an element in words, one beside the other."""
    names = [name for name in {**mine, **theirs} if name not in ("key", "kind", "origin")]
    return [(_NAMES.get(name, name.replace("_", " ").capitalize()), _said(theirs.get(name)),
             _said(mine.get(name))) for name in names]  # fmt: skip


_NAMES = {
    "is_required": "An answer is required",
    "is_requested": "An answer is asked for once more",
    "show_if": "Shown when",
    "text": "Words",
}


def _said(value: object) -> str:
    if isinstance(value, Mapping):
        return "\n".join(f"{name.replace('_', ' ')}: {_said(value[name])}" for name in value)
    if isinstance(value, list | tuple):
        return "\n".join(
            str(each.get("label", each)) if isinstance(each, Mapping) else str(each)
            for each in value
        )
    if value is None or value is False:
        return ""
    return "yes" if value is True else str(value)
