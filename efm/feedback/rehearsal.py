"""A draft tried out before anybody answers it: a page laid out whole; nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from surveys.asking import AskedPage
from surveys.compiled import Compiled
from surveys.definition import load
from surveys.kinds import kind
from surveys.parts import Choice, Ending, Page, Question
from surveys.piping import piped


def compiled(document: Mapping[str, Any], language: str = "") -> Compiled:
    """The draft made ready, in one of its languages."""
    return Compiled(load(document)).speaking(language)


def ending(made: Compiled, key: str) -> Ending | None:
    """An ending by its key; None stands for plain thanks."""
    found = next((each for each in made.definition.endings if each.key == key), None)
    return (
        None
        if found is None
        else replace(found, title=_blank(found.title), text=_blank(found.text))
    )


def laid_out(made: Compiled, key: str) -> AskedPage:
    """A page with all its questions, whatever logic says; the first where there is no such page."""
    legs = made.flow.legs
    place = made.flow.places.get(key, 0)
    page = legs[place].page
    shown = tuple(_filled(each) for each in page.questions if kind(each.kind).is_asked)
    return AskedPage(
        _titled(replace(page, questions=shown)), place, place, len(legs), place + 1 == len(legs)
    )


def _titled(page: Page) -> Page:
    return replace(page, title=_blank(page.title), description=_blank(page.description))


def _blank(text: str) -> str:
    """A text whose places show what would be put in."""
    return piped(text, lambda path: f"[{path}]")


def _filled(question: Question) -> Question:
    return replace(
        question,
        text=_blank(question.text),
        help=_blank(question.help),
        choices=tuple(map(_choice, question.choices)),
        rows=tuple(map(_choice, question.rows)),
    )


def _choice(choice: Choice) -> Choice:
    return replace(choice, label=_blank(choice.label)) if "{{" in choice.label else choice
