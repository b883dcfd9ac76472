"""A draft as the builder shows it: the outline of its pages, and what is selected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from surveys import editing
from surveys.editing import Document
from surveys.kinds import KINDS, Kind
from surveys.kinds import kind as kind_named

SORTS = ("survey", "page", "question", "block", "ending", "data", "quota", "randomizer")
_LOGIC = ("show_if", "required_if", "checks", "choices_from", "rows_from", "value")


class Item(NamedTuple):
    """One line of the outline."""

    at: str
    key: str
    kind: str
    words: str
    is_required: bool
    has_logic: bool
    is_current: bool
    comments: int = 0


class Part(NamedTuple):
    """A page in the outline with its questions, or one of the other lists."""

    at: str
    key: str
    words: str
    has_logic: bool
    is_current: bool
    items: tuple[Item, ...]
    block: str = ""
    comments: int = 0


class Selected(NamedTuple):
    """The element that is shown at the side, and the page it is seen on."""

    at: str
    sort: str
    key: str
    part: Document
    page: str
    kind: Kind | None
    place: int
    among: int


def pages(document: Mapping[str, Any], at: str, waiting: Mapping[str, int]) -> list[Part]:
    """The pages with their questions; `waiting` are the open comments by their places."""
    blocks = {each["key"]: each.get("title") or each["key"] for each in document.get("blocks", [])}
    top = ".".join(at.split(".")[:2])
    return [
        Part(
            f"page.{page['key']}",
            page["key"],
            page.get("title", ""),
            "show_if" in page or "loop" in page or bool(page.get("skips")),
            at == f"page.{page['key']}",
            tuple(_item(question, top, waiting) for question in page["questions"]),
            blocks.get(page.get("block", ""), ""),
            waiting.get(f"page.{page['key']}", 0),
        )
        for page in document["pages"]
    ]


def _item(question: Mapping[str, Any], at: str, waiting: Mapping[str, int]) -> Item:
    has_logic = any(name in question for name in _LOGIC) or any(
        "show_if" in line for name in ("choices", "rows") for line in question.get(name, ())
    )
    address = f"question.{question['key']}"
    return Item(
        address,
        question["key"],
        question["kind"],
        question["text"],
        bool(question.get("is_required")),
        has_logic,
        address == at,
        waiting.get(address, 0),
    )


def around(document: Mapping[str, Any], sort: str, at: str) -> list[Item]:
    """The blocks, endings and the like."""
    listed = document.get(editing.LISTS[sort], [])
    return [
        Item(
            f"{sort}.{part['key']}",
            part["key"],
            sort,
            part.get("title") or part.get("name") or part["key"],
            False,
            any(name in part for name in ("show_if", "when")),
            at == f"{sort}.{part['key']}",
        )
        for part in listed
    ]


def address(document: Document, wanted: str) -> str:
    """The element meant: an address, or a question's plain key; else the first question."""
    sort = wanted.partition(".")[0]
    if sort in SORTS and editing.element(document, wanted) is not None:
        return wanted
    if wanted and editing.element(document, f"question.{wanted}") is not None:
        return f"question.{wanted}"
    for page in document["pages"]:
        for question in page["questions"]:
            return f"question.{question['key']}"
    return "survey"


def selected(document: Document, at: str, part: Document | None = None) -> Selected:
    """What is selected; `part` stands for it where somebody typed something that was refused."""
    sort, _, key = at.partition(".")
    found = part if part is not None else editing.element(document, at) or {}
    page, place, among = "", 0, 0
    for number, each in enumerate(document["pages"]):
        keys = [question["key"] for question in each["questions"]]
        if sort == "page" and each["key"] == key:
            page, place, among = key, number + 1, len(document["pages"])
        elif sort == "question" and key.partition(".")[0] in keys:
            page, among = each["key"], len(keys)
            place = keys.index(key.partition(".")[0]) + 1
    kind = kind_named(found["kind"]) if sort == "question" and found.get("kind") in KINDS else None
    return Selected(at, sort, key, found, page or _seen_on(document, sort), kind, place, among)


def _seen_on(document: Document, sort: str) -> str:
    """The page to look at beside what is on no page: the first."""
    return str(document["pages"][0]["key"]) if sort == "survey" else ""
