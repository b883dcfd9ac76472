"""The logic forms of the builder as fields of a definition.

A condition called ``show_if`` comes as rows (``show_if.0.path``, ``.operator``, ``.value``, ``.join``) or
as text (``show_if.text``), as its ``show_if.mode`` says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from surveys import editing, sentences
from surveys.definition import load
from surveys.editing import Document
from surveys.sentences import Join, Row
from surveys.subjects import Subject, subjects

Form = Mapping[str, Sequence[str]]
MOST_ROWS = 40
# The conditions an element has by the first word of its address.
CONDITIONS: Mapping[str, tuple[str, ...]] = {
    "question": ("show_if", "required_if"),
    "page": ("show_if",),
    "block": ("show_if",),
    "ending": ("show_if",),
    "quota": ("when",),
}
_ENTRY = re.compile(r"(skip|check)\.(\d{1,3})\.(?:to|message)")


def known_to(document: Document, address: str) -> dict[str, Subject]:
    """What the logic of an element can ask about: what was answered before it."""
    sort, _, key = address.partition(".")
    definition = load(document)
    if sort == "question":
        return subjects(definition, key.partition(".")[0])
    if sort == "page":
        return subjects(definition, key)
    return subjects(definition)


def known_after(document: Document, address: str) -> dict[str, Subject]:
    """What is known when an element has been answered: for checks, and for where a page leads."""
    definition = load(document)
    sort, _, key = address.partition(".")
    keys = [page.key for page in definition.pages]
    if sort == "page" and key in keys and keys.index(key) + 1 < len(keys):
        return subjects(definition, keys[keys.index(key) + 1])
    if sort == "question":
        asked = [each.key for each in definition.questions]
        place = asked.index(key.partition(".")[0]) + 1 if key.partition(".")[0] in asked else 0
        return subjects(definition, asked[place] if place < len(asked) else "")
    return subjects(definition)


def of_any(document: Document, address: str, form: Form) -> dict[str, object]:
    """The logic of an element, with the row that a button adds or takes away."""
    sort = address.partition(".")[0]
    before, after = known_to(document, address), known_after(document, address)
    button = _first(form, "row").split()
    fields: dict[str, object] = {
        name: condition(form, name, before, button)
        for name in CONDITIONS.get(sort, ())
        if f"{name}.mode" in form
    }
    if sort == "page" and "has_skips" in form:
        fields["skips"] = _entries(form, "skip", "to", "when", after, button)
    if sort == "question":
        if "has_checks" in form:
            fields["checks"] = _entries(form, "check", "message", "valid_if", after, button)
        for name in ("choices_from", "rows_from"):
            if name in form:
                source = _first(form, name)
                which = _first(form, f"{name}.which") or "chosen"
                fields[name] = {"question": source, "which": which} if source else None
        for name in ("value", "default"):
            if name in form:
                fields[name] = _first(form, name) or None
        fields |= _lines(document, address, form)
    return fields


def condition(
    form: Form, name: str, known: Mapping[str, Subject], button: Sequence[str] = ()
) -> Any:
    """One condition of a form: logic, or the text as typed where it was written as text."""
    if _first(form, f"{name}.mode") == "text":
        return _first(form, f"{name}.text") or None
    rows = _rows(form, name)
    if button[1:2] == [name] and button[0] == "add" and known:
        latest = [each for each in known.values() if not each.path.startswith("_")]
        join: Join = "or" if button[2:] == ["or"] else "and"
        rows.append(sentences.first_row((latest or list(known.values()))[-1], join))
    if button[:2] == ["remove", name] and button[2:] and button[2].isdecimal():
        rows = [row for number, row in enumerate(rows) if number != int(button[2])]
    return sentences.to_logic([sentences.fitting(row, known) for row in rows], known)


def _rows(form: Form, name: str) -> list[Row]:
    rows = []
    for number in range(MOST_ROWS):
        start = f"{name}.{number}"
        path = _first(form, f"{start}.path")
        if path:
            join: Join = "or" if _first(form, f"{start}.join") == "or" else "and"
            values = tuple(each.strip() for each in form.get(f"{start}.value", ()))
            rows.append(Row(join, path, _first(form, f"{start}.operator"), values))
    return rows


def _entries(
    form: Form, name: str, words: str, logic: str, known: Mapping[str, Subject], button: list[str]
) -> list[dict[str, Any]] | None:
    """Skips or checks: each a goal or a message with a condition."""
    numbers = sorted(
        {int(found[2]) for key in form if (found := _ENTRY.fullmatch(key)) and found[1] == name}
    )
    entries = []
    for number in numbers:
        if button == ["drop", name, str(number)]:
            continue
        when = condition(form, f"{name}.{number}.{logic}", known, button)
        entry = {words: _first(form, f"{name}.{number}.{words}"), logic: when}
        entries.append({key: value for key, value in entry.items() if value not in (None, "")})
    if button == ["new", name]:
        entries.append(_new_entry(form, name, known))
    return entries or None


def _new_entry(form: Form, name: str, known: Mapping[str, Subject]) -> dict[str, Any]:
    own = [each for each in known.values() if not each.path.startswith("_")]
    row = [sentences.first_row(own[-1])] if own else []
    when = sentences.to_logic(row, known)
    if name == "skip":
        return {"to": _first(form, "new_goal") or "end"} | (
            {"when": when} if when is not None else {}
        )
    return {
        "valid_if": True if when is None else when,
        "message": "This does not fit what was said before.",
    }


def _lines(document: Document, address: str, form: Form) -> dict[str, object]:
    """Conditions of single choices and rows, written as text."""
    question = editing.element(document, address) or {}
    found: dict[str, object] = {}
    for which in ("choices", "rows"):
        lines = {
            line["key"]: {"show_if": _first(form, f"line.{which}.{line['key']}.show_if") or None}
            for line in question.get(which, [])
            if f"line.{which}.{line['key']}.show_if" in form
        }
        if lines:
            found[which] = lines
    return found


def _first(form: Form, name: str) -> str:
    values = form.get(name, ())
    return values[0].strip() if values else ""
