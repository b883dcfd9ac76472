"""Lists of SurveyJS that grow, and tables whose cells depend on one another, asked entry by entry."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TypeAlias

from surveys.formats.naming import Keys
from surveys.formats.surveyjs_choices import Offered, offered
from surveys.formats.surveyjs_desk import Document, Json, first, listed, mapping, said, whole
from surveys.formats.surveyjs_elements import Element, Place
from surveys.formats.surveyjs_names import filled
from surveys.formats.surveyjs_pieces import Piece, both, constant
from surveys.formats.surveyjs_tables import MOST_PARTS, Grid, columns
from surveys.formats.surveyjs_values import text_of
from surveys.parts import Logic

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
        keys = Keys()
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


class Spread(Element):
    """A list or table asked one entry after the other, each question by itself."""

    is_atomic = False
    is_asked = False

    def prepare(self) -> None:
        """Make the questions of every entry."""
        raw = self.raw
        self.inside = inside_of(raw, self.at.path)
        self.count = Count(raw)
        self.rows = offered(raw.get("rows")) if said(raw.get("type")) == "matrixdropdown" else []
        self.choices = self.rows
        self.specials: list[Offered] = []
        room = max(min(_MOST_QUESTIONS, self.desk.room) // max(len(self.inside), 1), 1)
        if self.rows:
            size = min(len(self.rows), room)
            if size < len(self.rows):
                self.approximate(f"Only the first {size} rows are asked.")
        else:
            usual = max(self.count.first, _USUAL_ENTRIES)
            size = min(self.count.most, usual if self.count.most > 10 else self.count.most, room)
            if size < self.count.most:
                self.approximate(f"At most {size} entries are asked for.")
        self.desk.room -= size * len(self.inside)
        self.entries = [Piece("table", parts={}) for _ in range(size)]
        self.members: list[list[Element]] = []
        for number in range(size):
            self.members.append(self._members(number))
        self.approximate(
            "Its rows are asked one after the other." if self.rows
            else "Its entries are asked one after the other, a further one once the last is begun."
        )  # fmt: skip

    def _members(self, number: int) -> list[Element]:
        """The questions of one entry."""
        scope = replace(self.at.scope, near={**self.at.scope.near, **self._near(number)})
        parts = self.entries[number].parts
        assert isinstance(parts, dict)
        label = text_of(self.rows[number].value) if self.rows else str(number + 1)
        made: list[Element] = []
        for raw, path, guards in self.inside:
            name = said(raw.get("name"))
            key = self.desk.keys.key(
                (self.key, number, path), f"{self.key[:16]}_{label[:10]}_{name}"
            )
            template = said(self.raw.get("templateVisibleIf"))
            around = ((f"{self.at.path}.templateVisibleIf", template),) if template else ()
            at = Place(path, scope, (*self.at.guards, *around, *guards))
            element = self.desk.make(raw, key, at)
            element.is_silent = number > 0
            if name and name not in parts:
                parts[name] = element.piece(key)
                comment = element.comment_piece()
                if comment is not None:
                    parts[f"{name}-Comment"] = comment
            made.append(element)
        return made

    def _near(self, number: int) -> dict[str, Piece]:
        """What the names of the place mean in an entry."""
        here = self.entries[number]
        nothing = Piece("table", parts=_Nothing())
        before = self.entries[number - 1] if number else nothing
        after = self.entries[number + 1] if number + 1 < len(self.entries) else nothing
        if said(self.raw.get("type")) == "paneldynamic":
            place = constant(number)
            outer = self.at.scope.near.get("panel")
            near = {
                "panel": here, "prevPanel": before, "nextPanel": after, "panelIndex": place,
                "visiblePanelIndex": place,
            }  # fmt: skip
            return near | ({"parentPanel": outer} if outer is not None else {})
        near = {"row": here, "prevRow": before, "nextRow": after, "rowIndex": constant(number + 1)}
        if self.rows:
            row = self.rows[number]
            name = constant(row.value)
            title = constant(self.desk.texts.words(row.label))
            near |= {"rowValue": name, "rowName": name, "rowTitle": title}
        return near

    def kind(self) -> str:
        """A heading."""
        return "statement"

    def piece(self, path: str) -> Piece:
        """A list of entries, or rows by their names."""
        if not self.rows:
            return Piece("table", entries=self.entries)
        return Piece(
            "table",
            parts={
                text_of(row.value): entry
                for row, entry in zip(self.rows, self.entries, strict=False)
            },
        )

    def documents(self) -> list[Document]:
        """A heading, and all questions of all entries."""
        heading = self.document()
        shown: Logic = heading.get("show_if")  # type: ignore[assignment]
        made = [heading]
        for number, members in enumerate(self.members):
            when = self._asked_if(number)
            around: list[Logic] = []
            for each in (shown, when):
                if each is not None:
                    around.append(each)
            label = self._label(number, members, around)
            if label is not None:
                made.append(label)
            for member in members:
                member.at = replace(member.at, shown=(*member.at.shown, *around))
                made += member.documents()
        if self.raw.get("isRequired") is True:
            self.approximate("It may be left empty, where the source asks for something in it.")
        self.report()
        return made

    def _asked_if(self, number: int) -> Logic:
        """When an entry is asked: the first ones always, a further one once the last is begun."""
        if self.rows:
            row = self.rows[number]
            return self.desk.condition(
                row.raw.get("visibleIf") or self.raw.get("rowsVisibleIf"), f"{self.at.path}.rows",
                replace(self.at.scope, near={**self.at.scope.near, "item": constant(row.value)}),
            )  # fmt: skip
        if self.count.bound_to:
            return self.desk.condition(
                f"{{{self.count.bound_to}}} >= {number + 1}",
                f"{self.at.path}.bindings",
                self.at.scope,
            )
        if number < max(self.count.first, 1):
            return None
        return filled([self.entries[number - 1]])

    def _label(self, number: int, members: list[Element], around: list[Logic]) -> Document | None:
        """The words above an entry."""
        if not members:
            return None
        key = self.desk.keys.key(
            (self.key, number, "heading"), f"{self.key[:24]}_{number + 1}_entry"
        )
        scope = members[0].at.scope
        if self.rows:
            words = self.desk.texts.say(self.rows[number].label, f"{key}.text", 2000, scope)
        else:
            words = self.desk.texts.say(self.raw.get("templateTitle"), f"{key}.text", 2000, scope)
            words = words or f"{number + 1}."
        made: Document = {"key": key, "kind": "statement", "text": words}
        logic = both(*around)
        if logic is not True:
            made["show_if"] = logic
        return made


class _Nothing(dict[str, Piece]):
    """An entry before the first or after the last: all of it is empty."""

    def get(self, _: str, __: object = None) -> Piece:
        return Piece("constant")
