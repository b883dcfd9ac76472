"""What is around the pages: blocks, endings, data fields, quotas, randomizers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surveys.editing.places import (
    LISTS,
    Document,
    Edited,
    EditRefused,
    copied,
    find_part,
    finished,
    key_from,
    label_of,
)
from surveys.editing.references import OnReferences, let_go, without_translations

_NEW: Mapping[str, Document] = {
    "block": {"title": "New block"},
    "randomizer": {},
    "data": {"source": "link"},
    "ending": {"title": "Thank you", "text": "Your answers have been saved."},
    "quota": {"title": "New quota", "limit": 100},
}


def add_part(document: Mapping[str, Any], sort: str, words: str = "") -> Edited:
    """A new block, ending, data field, quota or randomizer; its key comes from the words."""
    if sort not in LISTS:
        raise EditRefused("Choose what to add.")
    made = copied(document)
    listed = made.setdefault(LISTS[sort], [])
    taken = {part["key"] for part in listed} | ({"end"} if sort == "ending" else set())
    part: Document = {"key": key_from(words or sort, taken, sort)} | copied(_NEW[sort])
    if words and "title" in part:
        part["title"] = words
    if words and sort == "data":
        part["name"] = words
    listed.append(part)
    name = {"data": "data field"}.get(sort, sort)
    article = "an" if name[0] in "aeiou" else "a"
    return Edited(finished(made), f"Added {article} {name}", f"{sort}.{part['key']}")


def remove_part(
    document: Mapping[str, Any], address: str, on_references: OnReferences = "ask"
) -> Edited:
    """Without it; raises InUse where others refer to it. The pages of a block stay where they are."""
    made = copied(document)
    sort, _, key = address.partition(".")
    find_part(made, address)
    label = label_of(made, address)
    let_go(made, address, on_references)
    listed, place = find_part(made, address)
    del listed[place]
    if sort == "block":
        for page in made["pages"]:
            if page.get("block") == key:
                del page["block"]
    if sort == "randomizer":
        for block in made.get("blocks", []):
            if block.get("randomizer") == key:
                del block["randomizer"]
    if sort == "ending":
        without_translations(made, f"endings.{key}.")
    return Edited(finished(made), f"Removed {label}", "survey")


def move_part(document: Mapping[str, Any], address: str, step: int) -> Edited:
    """One place up (-1) or down (1) among its like; the first ending that fits is taken."""
    made = copied(document)
    listed, place = find_part(made, address)
    goal = place + step
    if not 0 <= goal < len(listed):
        raise EditRefused("It stands first already." if step < 0 else "It stands last already.")
    listed.insert(goal, listed.pop(place))
    return Edited(finished(made), f"Moved {label_of(made, address)}", address)


def settle(document: Mapping[str, Any], number: int) -> Edited:
    """Without one of the open points that an import left; a person has decided about it."""
    made = copied(document)
    left = made.get("unresolved", [])
    if not 0 <= number < len(left):
        raise EditRefused("This point is settled already.")
    point = left.pop(number)
    return Edited(finished(made), f"Settled an open point: {point['path']}", "survey")
