"""The lists of choices of an XLSForm: their keys here, and the conditions a filter sets on each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from surveys.formats.naming import Keys, plain
from surveys.formats.xlsform.book import Book, Row
from surveys.formats.xlsform.tree import Node
from surveys.formats.xpath.parsing import straight

OTHER = "other"
_NEGATIVE = re.compile(r"-(?=[\d.])")


class Offered(NamedTuple):
    """One choice: the source's name of it, our key, and its rows; several rows have one name

    where a filter tells them apart.
    """

    name: str
    key: str
    row: Row
    others: tuple[Row, ...] = ()
    takes_text: bool = False

    @property
    def is_repeated(self) -> bool:
        """Whether rows of the same name say different things."""
        return any(
            each.get(column) != text
            for each in self.others
            for column, text in self.row.items()
            if column[0] == "label"
        )

    @property
    def columns(self) -> Sequence[Mapping[str, str]]:
        """The plain columns of its rows, as filters name them."""
        return [columns_of(each) for each in (self.row, *self.others)]


def columns_of(row: Row) -> dict[str, str]:
    """The columns of a choice by their names; labels without their languages."""
    found: dict[str, str] = {}
    for column, value in row.items():
        found.setdefault(column[0] if len(column) < 3 else "::".join(column), straight(value))
    return found


class Lists:
    """All lists; the same name has the same key in every list, so that answers can be compared."""

    def __init__(self, book: Book) -> None:
        self.rows: dict[str, list[Row]] = {}
        self.external: dict[str, list[Row]] = {}
        self._keys = Keys()
        self._offered: dict[tuple[str, bool, bool], tuple[Offered, ...]] = {}
        self.filters: frozenset[str] = frozenset()
        for rows, into in ((book.choices, self.rows), (book.external_choices, self.external)):
            listed = ""
            for row in rows:
                listed = row.get(("list name",), "") or listed
                name = row.get(("name",), "") or row.get(("label",), "")
                if listed and name:
                    into.setdefault(listed, []).append(row)

    def key(self, name: str) -> str:
        """Our key of a choice's name; ``-99`` is not taken for ``99``."""
        return self._keys.key(name, plain(_NEGATIVE.sub("minus_", name, count=1)), "c")

    def offered(self, node: Node) -> tuple[Offered, ...]:
        """The choices of a question, "other" added where the row asks for it."""
        is_external = node.type == "select external"
        place = (node.choices, is_external, node.has_other)
        if place not in self._offered:
            rows = (self.external if is_external else self.rows).get(node.choices, [])
            by_name: dict[str, list[Row]] = {}
            for row in rows:
                name = straight(row.get(("name",), "") or row.get(("label",), "")).strip()
                by_name.setdefault(name, []).append(row)
            made = [
                Offered(name, self.key(name), same[0], tuple(same[1:]))
                for name, same in by_name.items()
            ]
            if node.has_other and OTHER not in by_name and made:
                made.append(Offered(OTHER, self.key(OTHER), {("label",): "Other"}))
            if node.has_other:
                made = [each._replace(takes_text=each.name == OTHER) for each in made]
            self._offered[place] = tuple(made)
        return self._offered[place]

    def columns(self, name: str) -> list[dict[str, str]] | None:
        """The rows of a list as an expression looks into them."""
        rows = self.rows.get(name)
        return None if rows is None else [columns_of(row) for row in rows]

    def knows_column(self, choices: str, column: str) -> bool:
        """Whether any choice of a list has something in this column."""
        return any(each[0] == column for row in self.rows.get(choices, []) for each in row)
