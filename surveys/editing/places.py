"""Where things stand in a document: addresses, keys made from words, what an operation gives back.

An address names one element: ``survey``, ``page.<key>``, ``question.<key>``, ``question.<key>.<part>``,
``block.<key>``, ``ending.<key>``, ``data.<key>``, ``quota.<key>``, ``randomizer.<key>``.
"""

from __future__ import annotations

import copy
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from surveys.definition import dump, load
from surveys.errors import DefinitionError, Problem, SurveyError
from surveys.kinds import KINDS

Document: TypeAlias = dict[str, Any]

# The lists of a document beside its pages, by the first word of an address.
LISTS = {
    "block": "blocks",
    "randomizer": "randomizers",
    "data": "data",
    "ending": "endings",
    "quota": "quotas",
}
_APART = (*LISTS.values(), "pages", "translations", "unresolved")
_LONGEST_KEY = 32
_LONGEST_SHOWN = 60
# Words that say little, left out of keys.
_SMALL = frozenset(
    ("a", "an", "the", "of", "to", "in", "on", "at", "for", "and", "or", "is", "are", "was", "were",
     "do", "does", "did", "you", "your")
)  # fmt: skip


class EditRefused(SurveyError):
    """An operation cannot be done: in words, with the problems by their paths where there are any."""

    def __init__(self, message: str, problems: tuple[Problem, ...] = ()) -> None:
        self.problems = problems
        super().__init__(message)


class Edited(NamedTuple):
    """What an operation gives: the new document, what was done in a sentence, the element to show."""

    document: Document
    what: str
    at: str


class Found(NamedTuple):
    """A question with the list it stands in; ``page`` is that of its page, also for a part."""

    page: int
    listed: list[Document]
    place: int
    question: Document


def copied(document: Mapping[str, Any]) -> Document:
    """The same document to be changed."""
    return copy.deepcopy(dict(document))


def finished(document: Mapping[str, Any]) -> Document:
    """The document in the form it is kept in; raises EditRefused where it is no definition."""
    try:
        return dump(load(document))
    except DefinitionError as error:
        words = "; ".join(dict.fromkeys(each.message for each in error.problems[:5]))
        raise EditRefused(words, tuple(error.problems)) from error


def pages(document: Mapping[str, Any]) -> list[Document]:
    """The pages."""
    listed: list[Document] = document["pages"]
    return listed


def find_page(document: Mapping[str, Any], key: str) -> int:
    """The index of a page; raises EditRefused."""
    for place, page in enumerate(pages(document)):
        if page["key"] == key:
            return place
    raise EditRefused("This page is gone. Somebody removed it in the meantime.")


def find_question(document: Mapping[str, Any], path: str) -> Found:
    """A question by its key, or a part of one by both keys with a dot; raises EditRefused."""
    key, _, part = path.partition(".")
    for number, page in enumerate(pages(document)):
        for place, question in enumerate(page["questions"]):
            if question["key"] != key:
                continue
            if not part:
                return Found(number, page["questions"], place, question)
            for within, each in enumerate(question.get("parts", [])):
                if each["key"] == part:
                    return Found(number, question["parts"], within, each)
    raise EditRefused("This question is gone. Somebody removed it in the meantime.")


def find_part(document: Mapping[str, Any], address: str) -> tuple[list[Document], int]:
    """A block, ending and the like with the list it stands in; raises EditRefused."""
    sort, _, key = address.partition(".")
    listed: list[Document] = document.get(LISTS.get(sort, ""), [])
    for place, part in enumerate(listed):
        if part["key"] == key:
            return listed, place
    raise EditRefused(f"This {sort} is gone. Somebody removed it in the meantime.")


def find(document: Document, address: str) -> Document:
    """What an address names; raises EditRefused."""
    sort, _, key = address.partition(".")
    if sort == "survey":
        return document
    if sort == "page":
        return pages(document)[find_page(document, key)]
    if sort == "question":
        return find_question(document, key).question
    listed, place = find_part(document, address)
    return listed[place]


def element(document: Document, address: str) -> Document | None:
    """What belongs to an address alone, without what has an address of its own; None where it is gone."""
    try:
        found = find(document, address)
    except EditRefused:
        return None
    if address == "survey":
        return {name: value for name, value in found.items() if name not in _APART}
    return {name: value for name, value in found.items() if name != "questions"}


def questions(document: Mapping[str, Any]) -> Iterator[Document]:
    """All questions in order, without parts."""
    for page in pages(document):
        yield from page["questions"]


def label_of(document: Document, address: str) -> str:
    """An element in a few words for people."""
    sort, _, key = address.partition(".")
    found = element(document, address)
    if found is None or sort == "survey":
        return "The survey" if sort == "survey" else f"A {sort} that is gone"
    if sort == "page":
        number = find_page(document, key) + 1
        return f"Page {number}" + (f", {shortly(found['title'])}" if found.get("title") else "")
    words = found.get("text") if sort == "question" else found.get("title") or found.get("name")
    return shortly(words or "") or key


def shortly(text: str) -> str:
    """The beginning of a text, for a sentence about it."""
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1].rstrip() + "…"


def quoted(text: str) -> str:
    """A text in a sentence."""
    return f"“{shortly(text)}”"


def key_from(words: str, taken: set[str], otherwise: str) -> str:
    """A key made from words, not yet taken; `otherwise` where the words give none. It joins the taken."""
    plain = unicodedata.normalize("NFKD", words.casefold()).encode("ascii", "ignore").decode()
    parts = [part for part in re.split(r"[^a-z0-9]+", plain) if part]
    useful = [part for part in parts if part not in _SMALL] or parts
    stem = ""
    for part in useful[:5]:
        if stem and len(stem) + len(part) + 1 > _LONGEST_KEY:
            break
        stem = f"{stem}_{part}" if stem else part[:_LONGEST_KEY]
    # A leading underscore or a bare number would be read as something else in logic.
    if not stem or stem[0].isdigit():
        stem = f"{otherwise}_{stem}" if stem else otherwise
    key, number = stem, 2
    while key in taken:
        key, number = f"{stem}_{number}", number + 1
    taken.add(key)
    return key


def question_keys(document: Mapping[str, Any]) -> set[str]:
    """The keys of all questions."""
    return {question["key"] for question in questions(document)}


def kind_title(name: str) -> str:
    """What a kind is called."""
    return KINDS[name].title if name in KINDS else name
