"""Choices and rows of a question: added one by one or as a pasted list, moved, taken out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from surveys.editing.places import (
    Document,
    Edited,
    EditRefused,
    copied,
    find_question,
    finished,
    key_from,
    quoted,
)
from surveys.editing.references import OnReferences, let_go, without_translations
from surveys.loading import MAX_CHOICES, MAX_LABEL

Which: TypeAlias = Literal["choices", "rows"]
_ONE = {"choices": "choice", "rows": "row"}


def add_choices(
    document: Mapping[str, Any], question: str, which: Which, labels: Sequence[str]
) -> Edited:
    """New choices or rows with these words, each line one; a key is made of the words once.

    They come before "other" and "none of these" at the end. In a row ``left | right`` gives both ends.
    """
    made = copied(document)
    found = find_question(made, question).question
    listed: list[Document] = found.setdefault(which, [])
    words = [line.strip()[:MAX_LABEL] for line in labels if line.strip()]
    if not words:
        raise EditRefused(f"Write the words of the {_ONE[which]}.")
    if len(listed) + len(words) > MAX_CHOICES:
        raise EditRefused(f"At most {MAX_CHOICES} are possible; {len(listed)} are there already.")
    taken = {each["key"] for each in listed}
    place = len(listed)
    while place and (listed[place - 1].get("takes_text") or listed[place - 1].get("is_exclusive")):
        place -= 1
    for number, line in enumerate(words):
        label, _, opposite = (part.strip() for part in line.partition("|"))
        has_ends = bool(opposite and label and which == "rows")
        choice = {"key": key_from(label if has_ends else line, taken, _ONE[which])}
        choice |= {"label": label, "opposite": opposite} if has_ends else {"label": line}
        listed.insert(place + number, choice)
    said = quoted(words[0]) if len(words) == 1 else f"{len(words)} {which}"
    return Edited(
        finished(made), f"Added {said} to {quoted(found['text'])}", f"question.{question}"
    )


def remove_choice(
    document: Mapping[str, Any],
    question: str,
    which: Which,
    key: str,
    on_references: OnReferences = "ask",
) -> Edited:
    """Without this choice or row; raises InUse where logic or a text refers to it."""
    made = copied(document)
    listed, place = _find(made, question, which, key)
    let_go(made, f"question.{question}", on_references, choice=key)
    listed, place = _find(made, question, which, key)
    label = listed.pop(place)["label"]
    without_translations(made, f"{question}.{which}.{key}", f"{question}.{which}.{key}.")
    return Edited(
        finished(made), f"Removed the {_ONE[which]} {quoted(label)}", f"question.{question}"
    )


def move_choice(
    document: Mapping[str, Any], question: str, which: Which, key: str, step: int
) -> Edited:
    """This choice or row one place up (-1) or down (1)."""
    made = copied(document)
    listed, place = _find(made, question, which, key)
    goal = place + step
    if not 0 <= goal < len(listed):
        raise EditRefused("It stands first already." if step < 0 else "It stands last already.")
    choice = listed.pop(place)
    listed.insert(goal, choice)
    what = f"Moved the {_ONE[which]} {quoted(choice['label'])}"
    return Edited(finished(made), what, f"question.{question}")


def _find(document: Document, question: str, which: Which, key: str) -> tuple[list[Document], int]:
    listed: list[Document] = find_question(document, question).question.get(which, [])
    for place, each in enumerate(listed):
        if each["key"] == key:
            return listed, place
    raise EditRefused(f"This {_ONE[which]} is gone. Somebody removed it in the meantime.")
