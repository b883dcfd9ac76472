"""Questions added, copied, moved and taken out; parts of a composite question alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surveys.editing.kinds import new_question
from surveys.editing.places import (
    Document,
    Edited,
    EditRefused,
    copied,
    find_page,
    find_question,
    finished,
    key_from,
    kind_title,
    pages,
    question_keys,
    quoted,
)
from surveys.editing.references import OnReferences, let_go, without_translations


def add_question(
    document: Mapping[str, Any],
    kind: str,
    page: str,
    *,
    after: str = "",
    text: str = "",
    ready: Document | None = None,
) -> Edited:
    """A new question on a page, at its end or after another; `ready` is one that was kept elsewhere."""
    made = copied(document)
    listed = pages(made)[find_page(made, page)]["questions"]
    taken = question_keys(made)
    if ready is None:
        question = new_question(kind, taken, text)
    else:
        question = copied(ready) | {"key": key_from(ready["key"], taken, "question")}
    place = next((i + 1 for i, each in enumerate(listed) if each["key"] == after), len(listed))
    listed.insert(place, question)
    what = f"Added a question: {kind_title(question['kind'])}"
    return Edited(finished(made), what, f"question.{question['key']}")


def add_to_question(document: Mapping[str, Any], question: str, kind: str) -> Edited:
    """A new part of a composite question, asked in each of its lines."""
    made = copied(document)
    found = find_question(made, question).question
    parts = found.setdefault("parts", [])
    part = new_question(kind, {each["key"] for each in parts})
    parts.append(part)
    return Edited(
        finished(made),
        f"Added a part to {quoted(found['text'])}",
        f"question.{question}.{part['key']}",
    )


def duplicate_question(document: Mapping[str, Any], path: str) -> Edited:
    """The question once more, right behind itself, under a key of its own."""
    made = copied(document)
    found = find_question(made, path)
    if "." in path:
        taken = {each["key"] for each in found.listed}
    else:
        taken = question_keys(made)
    key = key_from(found.question["key"], taken, "question")
    twin = copied(found.question) | {"key": key}
    found.listed.insert(found.place + 1, twin)
    parent = path.rpartition(".")[0]
    if not parent:
        _translate_too(made, path, key)
    at = f"{parent}.{key}" if parent else key
    return Edited(finished(made), f"Copied {quoted(twin['text'])}", f"question.{at}")


def _translate_too(document: Document, key: str, twin: str) -> None:
    """The copy says the same in the other languages."""
    for texts in document.get("translations", {}).values():
        for place in [each for each in texts if each.startswith(f"{key}.")]:
            texts[f"{twin}{place[len(key) :]}"] = texts[place]


def remove_question(
    document: Mapping[str, Any], path: str, on_references: OnReferences = "ask"
) -> Edited:
    """Without the question; raises InUse where others refer to it and nothing was said about them."""
    made = copied(document)
    found = find_question(made, path)
    if "." not in path and sum(len(page["questions"]) for page in pages(made)) == 1:
        raise EditRefused(
            "A survey needs at least one question. Add another before you remove this."
        )
    if "." in path and len(found.listed) == 1:
        raise EditRefused("At least one part is needed. Add another before you remove this.")
    let_go(made, f"question.{path}", on_references)
    found = find_question(made, path)
    words = found.question["text"]
    del found.listed[found.place]
    parent = path.rpartition(".")[0]
    if not parent:
        without_translations(made, f"{path}.")
    left = found.listed or [each for page in pages(made) for each in page["questions"]]
    near = left[min(found.place, len(left) - 1)]["key"]
    at = f"question.{parent}" if parent else f"question.{near}"
    return Edited(finished(made), f"Removed {quoted(words)}", at)


def move_question(document: Mapping[str, Any], path: str, page: str, place: int) -> Edited:
    """The question at this place (from 0) of a page, counted without itself."""
    made = copied(document)
    found = find_question(made, path)
    if "." in path:
        raise EditRefused("A part stays in its question.")
    goal = pages(made)[find_page(made, page)]["questions"]
    question = found.listed.pop(found.place)
    goal.insert(max(0, min(place, len(goal))), question)
    return Edited(finished(made), f"Moved {quoted(question['text'])}", f"question.{path}")


def shift_question(document: Mapping[str, Any], path: str, step: int) -> Edited:
    """The question one place up (-1) or down (1), at the end of its page onto the next one."""
    found = find_question(document, path)
    goal = found.place + step
    if "." in path:
        return _shift_part(document, path, step)
    listed = pages(document)
    if 0 <= goal < len(found.listed):
        return move_question(document, path, listed[found.page]["key"], goal)
    if not 0 <= found.page + step < len(listed):
        raise EditRefused("It stands first already." if step < 0 else "It stands last already.")
    page = listed[found.page + step]
    return move_question(document, path, page["key"], len(page["questions"]) if step < 0 else 0)


def _shift_part(document: Mapping[str, Any], path: str, step: int) -> Edited:
    made = copied(document)
    found = find_question(made, path)
    goal = found.place + step
    if not 0 <= goal < len(found.listed):
        raise EditRefused("It stands first already." if step < 0 else "It stands last already.")
    found.listed.insert(goal, found.listed.pop(found.place))
    what = f"Moved {quoted(found.question['text'])}"
    return Edited(finished(made), what, f"question.{path.partition('.')[0]}")
