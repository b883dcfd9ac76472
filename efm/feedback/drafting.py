"""A draft as a form: what may be edited, and the definition the form comes back as."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

PROSE = ("name", "title", "language", "introduction", "thank_you", "privacy")


def edited(draft: Mapping[str, Any], form: Mapping[str, str]) -> dict[str, Any]:
    """The draft with the form's texts in it; questions marked for removal are left out.

    Names: the prose itself; `question.<key>.text|help|is_required|remove|up|down`,
    `question.<key>.choice.<choice key>`, `question.<key>.setting.<setting>`, `page.<key>.title`.
    What the form does not name stays as it is.
    """
    document: dict[str, Any] = copy.deepcopy(dict(draft))
    for name in PROSE:
        if name in form:
            document[name] = form[name].replace("\r\n", "\n").strip()
    for page in document.get("pages", []):
        key = f"page.{page.get('key')}.title"
        if key in form:
            page["title"] = form[key].strip()
        page["questions"] = [
            _question(question, form)
            for question in page.get("questions", [])
            if f"question.{question.get('key')}.remove" not in form
        ]
    document["pages"] = [page for page in document.get("pages", []) if page["questions"]]
    _move(document, form)
    return document


def _question(question: dict[str, Any], form: Mapping[str, str]) -> dict[str, Any]:
    start = f"question.{question.get('key')}."
    if start + "text" not in form:
        return question
    question["text"] = form[start + "text"].replace("\r\n", "\n").strip()
    question["help"] = form.get(start + "help", "").replace("\r\n", "\n").strip()
    question["is_required"] = start + "is_required" in form
    if not question["is_required"]:
        del question["is_required"]
    for choice in question.get("choices", []):
        label = form.get(f"{start}choice.{choice.get('key')}")
        if label is not None:
            choice["label"] = label.strip()
    for name in question.get("settings", {}):
        value = form.get(f"{start}setting.{name}")
        if value is not None and isinstance(question["settings"][name], str):
            question["settings"][name] = value.strip()
    return question


def _move(document: dict[str, Any], form: Mapping[str, str]) -> None:
    """Move one question one place up or down within its page, or to the neighbouring page."""
    wanted = form.get("move", "")
    key, _, way = wanted.rpartition(".")
    if way not in ("up", "down"):
        return
    pages = document["pages"]
    for number, page in enumerate(pages):
        questions = page["questions"]
        place = next((i for i, q in enumerate(questions) if q.get("key") == key), None)
        if place is None:
            continue
        step = -1 if way == "up" else 1
        if 0 <= place + step < len(questions):
            questions[place], questions[place + step] = questions[place + step], questions[place]
        elif 0 <= number + step < len(pages):
            moved = questions.pop(place)
            neighbour = pages[number + step]["questions"]
            neighbour.insert(len(neighbour) if step < 0 else 0, moved)
            document["pages"] = [each for each in pages if each["questions"]]
        return
