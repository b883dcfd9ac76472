"""A draft as a form: what may be edited, and the definition the form comes back as."""

from __future__ import annotations

import copy
import re
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


def by_name(document: Mapping[str, Any], errors: Mapping[str, str]) -> dict[str, str]:
    """Problems by the form's names: `pages[1].questions[0].text` is that question's text field."""
    found = {}
    for where, message in errors.items():
        found[_name(document, where)] = message
    return found


_STEP = re.compile(r"([a-z_]+)\[(\d+)\]|([a-z_]+)")


def _name(document: Mapping[str, Any], where: str) -> str:
    """The form's name of a problem's path, or the path itself when the form has no such field."""
    here: Any = document
    parts: list[str] = []
    for match in _STEP.finditer(where):
        name, place, plain = match.groups()
        if name is None:
            parts.append(plain)
            here = here.get(plain) if isinstance(here, Mapping) else None
            continue
        items = here.get(name) if isinstance(here, Mapping) else None
        if not isinstance(items, list) or int(place) >= len(items):
            return where
        here = items[int(place)]
        word = {"pages": "page", "questions": "question", "choices": "choice"}.get(name, name)
        parts = [word, str(here.get("key"))] if word in ("page", "question") else [
            *parts, word, str(here.get("key")),
        ]  # fmt: skip
    joined = ".".join(parts)
    return joined.removesuffix(".label").replace(".settings.", ".setting.")
