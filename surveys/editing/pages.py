"""Pages added, moved and taken out with their questions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surveys.editing.places import (
    Document,
    Edited,
    EditRefused,
    copied,
    find_page,
    finished,
    label_of,
    pages,
)
from surveys.editing.references import OnReferences, let_go, without_translations


def add_page(document: Mapping[str, Any], *, after: str = "", title: str = "") -> Edited:
    """A new page without questions, at the end or after another; it joins the block of that page."""
    made = copied(document)
    listed = pages(made)
    place = find_page(made, after) + 1 if after else len(listed)
    taken = {page["key"] for page in listed}
    number = len(listed) + 1
    while f"page_{number}" in taken:
        number += 1
    page: Document = {"key": f"page_{number}", "title": title, "questions": []}
    if after and "block" in listed[place - 1]:
        page["block"] = listed[place - 1]["block"]
    listed.insert(place, page)
    return Edited(finished(made), "Added a page", f"page.{page['key']}")


def remove_page(
    document: Mapping[str, Any], key: str, on_references: OnReferences = "ask"
) -> Edited:
    """Without the page and its questions; raises InUse where others refer to them."""
    made = copied(document)
    listed = pages(made)
    place = find_page(made, key)
    if not any(page["questions"] for page in listed if page["key"] != key):
        raise EditRefused(
            "A survey needs at least one question, and this page has the last. Add another first."
        )
    label = label_of(made, f"page.{key}")
    let_go(made, f"page.{key}", on_references)
    page = pages(made).pop(place)
    starts = [f"{question['key']}." for question in page["questions"]]
    without_translations(made, f"pages.{key}.", *starts)
    near = pages(made)[max(0, place - 1)]["key"]
    return Edited(
        finished(made),
        f"Removed {label.lower() if not page.get('title') else label}",
        f"page.{near}",
    )


def move_page(document: Mapping[str, Any], key: str, place: int) -> Edited:
    """The page at this place (from 0), counted without itself."""
    made = copied(document)
    listed = pages(made)
    here = find_page(made, key)
    if not 0 <= place < len(listed):
        raise EditRefused("It stands first already." if place < 0 else "It stands last already.")
    listed.insert(place, listed.pop(here))
    return Edited(finished(made), f"Moved a page from {here + 1} to {place + 1}", f"page.{key}")
