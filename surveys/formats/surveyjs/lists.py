"""Lists of SurveyJS that grow, and tables whose cells depend on one another, asked entry by entry."""

from __future__ import annotations

import re
from typing import TypeAlias

from surveys.formats.surveyjs.choices import Offered
from surveys.formats.surveyjs.desk import (
    Document,
    Json,
    OwnKeys,
    first,
    listed,
    mapping,
    said,
    whole,
)
from surveys.formats.surveyjs.elements import Element, Place
from surveys.formats.surveyjs.grids import MOST_PARTS, Grid, columns
from surveys.formats.surveyjs.pieces import Piece

MOST_ENTRIES = 30
_USUAL_ENTRIES = 5
_MOST_QUESTIONS = 150
_DEEPEST = 4
_RELATIVE = re.compile(
    r"\{\s*#?(?:row|panel|prevrow|nextrow|totalrow|prevpanel|nextpanel|parentpanel|rowindex|rowvalue"
    r"|rowname|rowtitle|panelindex|visiblepanelindex|visiblerowindex|parent|self)\b",
    re.I,
)
_SPREAD_KINDS = (
    "matrix matrixdropdown matrixdynamic paneldynamic multipletext html image expression file"
    " signaturepad imagemap empty"
)
_NOT_IN_ROWS = frozenset(_SPREAD_KINDS.split())
Inside: TypeAlias = "list[tuple[Json, str, tuple[tuple[str, object], ...]]]"


def is_relative(raw: object) -> bool:
    """Whether any condition or calculation in it asks for its own row or panel."""
    left: list[tuple[object, bool]] = [(raw, False)]
    while left:
        found, is_logic = left.pop()
        if isinstance(found, dict):
            left += [
                (part, name.endswith(("If", "xpression")))
                for name, part in found.items()
                if isinstance(name, str)
            ]
        elif isinstance(found, list):
            left += [(part, False) for part in found]
        elif is_logic and isinstance(found, str) and _RELATIVE.search(found):
            return True
    return False


def flat(
    raws: list[object], guards: tuple[tuple[str, object], ...], path: str, depth: int = 0
) -> Inside:
    """The questions of a panel that stands for each entry, those in panels inside it as well."""
    found: Inside = []
    for number, each in enumerate(raws):
        raw, where = mapping(each), f"{path}[{number}]"
        if said(raw.get("type")) == "panel":
            own = guards + tuple(
                (f"{where}.{name}", raw[name])
                for name in ("visibleIf", "enableIf")
                if raw.get(name)
            )
            if depth < _DEEPEST and raw.get("visible") is not False:
                inside = listed(first(raw, "elements", "questions"))
                found += flat(inside, own, f"{where}.elements", depth + 1)
        elif raw:
            found.append((raw, where, guards))
    return found


def inside_of(raw: Json, path: str) -> Inside:
    """The questions of each entry or row."""
    if said(raw.get("type")) == "paneldynamic":
        return flat(listed(raw.get("templateElements")), (), f"{path}.templateElements")[
            :MOST_PARTS
        ]
    return [
        (column, f"{path}.columns[{number}]", ())
        for number, column in enumerate(columns(raw)[:MOST_PARTS])
    ]


def must_be_spread(raw: Json) -> bool:
    """Whether a row or entry of this is more than a line of simple questions."""
    if said(raw.get("templateVisibleIf")):
        return True
    if said(raw.get("type")) != "paneldynamic" and is_relative(
        [raw.get("columns"), raw.get("detailElements")]
    ):
        return True
    if said(raw.get("type")) == "paneldynamic" and is_relative(raw.get("templateElements")):
        return True
    for child, _, guards in inside_of(raw, ""):
        kinds = {said(each.get("type")) for each in map(mapping, listed(child.get("validators")))}
        if (
            said(child.get("type")) in _NOT_IN_ROWS
            or guards
            or said(child.get("requiredIf"))
            or first(child, "showOtherItem", "hasOther", "showCommentArea", "hasComment") is True
            or kinds & {"regex", "expression", "regexvalidator", "expressionvalidator"}
            or said(child.get("inputType")) in ("datetime-local", "month", "week", "color")
            or said(child.get("choicesFromQuestion"))
        ):
            return True
    return False


class Count:
    """How many entries there are at first, and at most."""

    def __init__(self, raw: Json) -> None:
        is_panel = said(raw.get("type")) == "paneldynamic"
        names = ("panelCount", "minPanelCount", "maxPanelCount", "allowAddPanel")
        if not is_panel:
            names = ("rowCount", "minRowCount", "maxRowCount", "allowAddRows")
        count, least, most, may_add = names
        self.least = min(max(whole(raw.get(least), 0), 0), MOST_ENTRIES)
        given = min(max(whole(raw.get(count), 0 if is_panel else 2), 0), MOST_ENTRIES)
        self.first = max(given, self.least)
        limit = whole(raw.get(most), 100 if is_panel else 1000)
        bound = mapping(raw.get("bindings"))
        self.bound_to = said(bound.get("panelCount" if is_panel else "rowCount"))
        self.may_grow = raw.get(may_add) is not False or bool(self.bound_to)
        self.most = max(limit, self.first, 1) if self.may_grow else max(self.first, 1)


class Entries(Grid):
    """paneldynamic and matrixdynamic of simple questions: entries, as many as are wanted."""

    def prepare(self) -> None:
        """Read how many, and what is asked in each."""
        self.count = Count(self.raw)
        super().prepare()
        if self.count.most > MOST_ENTRIES:
            self.approximate(f"At most {MOST_ENTRIES} entries are asked for.")
        if self.count.bound_to:
            self.approximate("How many entries there are does not follow another answer.")

    def own_rows(self) -> list[Offered]:
        """There are no rows that are known beforehand."""
        return []

    def own_parts(self) -> dict[str, Element]:
        """The questions of each entry."""
        made: dict[str, Element] = {}
        keys = OwnKeys()
        for raw, path, guards in inside_of(self.raw, self.at.path):
            name = said(raw.get("name")) or f"part{len(made) + 1}"
            if name in made:
                continue
            key = keys.key(name, name, "part")
            place = f"{self.place}.parts.{key}"
            at = Place(path, self.at.scope, guards, place=place, is_part=True)
            made[name] = self.desk.make(raw, key, at)
        return made

    def kind(self) -> str:
        """Entries."""
        return "entries"

    def _fill_rows(self, document: Document) -> None:
        """Entries have no rows."""

    def settings(self) -> Document:
        """How many at least and at most."""
        needs = any(part.raw.get("isRequired") is True for part in self.parts.values())
        made: Document = {"maximum": min(self.count.most, MOST_ENTRIES)}
        if needs and self.count.least:
            made["minimum"] = self.count.least
        if needs and self.count.first > self.count.least:
            self.approximate("An entry that is left empty is none, where the source asks for it.")
        return made

    def _require(self, document: Document) -> None:
        Element._require(self, document)
        needs = any(part.raw.get("isRequired") is True for part in self.parts.values())
        if needs and self.count.least:
            document["is_required"] = True

    def piece(self, path: str) -> Piece:
        """A list of entries, each a table of its parts."""
        most = min(self.count.most, MOST_ENTRIES)
        return Piece(
            "table", entries=[self.row_piece(f"{path}.{number}") for number in range(1, most + 1)]
        )
