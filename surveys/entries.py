"""Parts of a question in their place: what is written once for every entry, for one of them.

Logic of a part may name the others of the same row or entry as ``_entry.key``, words beside a choice
as ``_text._entry.key.choice`` and the sentiment of a comment as ``_sentiment._entry.key``. The number
of the row or entry, counted from 1, is ``_entry._number``, the key of a row ``_entry._key``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from surveys.expressions.renaming import renamed
from surveys.parts import Logic, Question

ENTRY = "_entry"
NUMBER, KEY = "_number", "_key"
# Names a part cannot take, as they say something else of an entry.
RESERVED_PARTS = frozenset({NUMBER, KEY})
_BESIDE = ("_text", "_sentiment")


class Place(NamedTuple):
    """One row or entry: the key its answers are under, its number from 1, its own key."""

    path: str
    number: int
    key: str


def placed(part: Question, place: Place, text: str) -> Question:
    """A part as it is asked in one place, under its own key there."""
    made = replace(part, key=f"{place.path}.{part.key}", text=text)
    if not has_logic(part):
        return made
    return replace(
        made,
        show_if=at(part.show_if, place),
        required_if=at(part.required_if, place),
        value=at(part.value, place),
        checks=tuple(
            replace(check, valid_if=at(check.valid_if, place)) for check in part.checks
        ),
        choices=tuple(
            each if each.show_if is None else replace(each, show_if=at(each.show_if, place))
            for each in part.choices
        ),
    )  # fmt: skip


def has_logic(part: Question) -> bool:
    """Whether anything of a part depends on something."""
    return (
        part.show_if is not None
        or part.required_if is not None
        or part.value is not None
        or bool(part.checks)
        or any(each.show_if is not None for each in part.choices)
    )


def at(logic: Logic, place: Place) -> Logic:
    """Logic of a part as it is meant in one place."""
    if logic is None:
        return None
    made: Any = renamed(logic, lambda path: _named(path, place))
    return made  # type: ignore[no-any-return]


def _named(path: str, place: Place) -> Any:
    head, _, rest = path.partition(".")
    before = ""
    if head in _BESIDE:
        before = f"{head}."
        head, _, rest = rest.partition(".")
    if head != ENTRY:
        return path
    if not before and rest in RESERVED_PARTS:
        return [place.number if rest == NUMBER else place.key]
    return f"{before}{place.path}.{rest}" if rest else f"{before}{place.path}"
