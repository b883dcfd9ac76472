"""What a page or a block is asked about, as the builder's form has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from surveys import editing
from surveys.editing import Document
from surveys.editing.places import key_from, shortly
from surveys.kinds import KINDS
from surveys.looping import COUNTING

Form = Mapping[str, Sequence[str]]
# Chosen instead of a question: a list that is written here.
LIST = "_list"


def of_form(document: Document, address: str, form: Form) -> dict[str, object]:
    """The loop of a page or block; nothing where the form says nothing of it."""
    over = _first(form, "loop.over")
    if over is None:
        return {}
    if not over:
        return {"loop": None}
    part = editing.element(document, address) or {}
    before = part.get("loop") or {}
    made: dict[str, Any] = {"over": over}
    items = before.get("items", []) if over == before.get("over") else []
    if over == LIST:
        made = {}
        labels = _first(form, "loop.items")
        items = _items(before.get("items", []), (labels or "").splitlines())
    elif _first(form, "loop.which"):
        made["which"] = _first(form, "loop.which")
    if items:
        made["items"] = items
    if _first(form, "loop.order"):
        made["order"] = _first(form, "loop.order")
    most = _first(form, "loop.most")
    if most:
        made["most"] = int(most) if most.isascii() and most.isdecimal() and len(most) < 10 else most
    return {"loop": made}


def _first(form: Form, name: str) -> str | None:
    values = form.get(name, ())
    return values[0].replace("\r\n", "\n").strip() if values else None


def _items(before: Sequence[Document], labels: Sequence[str]) -> list[Document]:
    """The things of a list: what keeps its words keeps its key, and so does what only changed them."""
    wanted = list(dict.fromkeys(label.strip() for label in labels if label.strip()))
    known = {each.get("label", ""): each for each in before}
    new = [label for label in wanted if label not in known]
    gone = [each for label, each in known.items() if label not in wanted]
    if len(new) == len(gone):
        known |= {label: {**each, "label": label} for label, each in zip(new, gone, strict=True)}
    taken = {each["key"] for each in before}
    return [
        known.get(label) or {"key": key_from(label, taken, "thing"), "label": label}
        for label in wanted
    ]


def sources(document: Document, address: str) -> Iterator[tuple[str, str]]:
    """The questions a page or block may be asked about: key and words of each."""
    sort, _, key = address.partition(".")
    looped = {each["key"] for each in document.get("blocks", []) if each.get("loop")}
    for page in document["pages"]:
        if page.get("key" if sort == "page" else "block") == key:
            return
        if page.get("loop") or page.get("block") in looped:
            continue
        for question in page["questions"]:
            kind = KINDS.get(question["kind"])
            if kind is None:
                continue
            if kind.has_choices or kind.has_rows or kind.name == "entries" or kind.name in COUNTING:
                yield question["key"], shortly(question.get("text") or question["key"])
