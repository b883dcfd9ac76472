"""Lists and tables of SurveyJS whose cells depend on one another, asked entry by entry."""

from __future__ import annotations

from dataclasses import replace

from surveys.formats.surveyjs.choices import Offered, offered
from surveys.formats.surveyjs.desk import Document, said
from surveys.formats.surveyjs.elements import Element, Place
from surveys.formats.surveyjs.lists import Count, inside_of
from surveys.formats.surveyjs.names import filled
from surveys.formats.surveyjs.pieces import Piece, both, constant
from surveys.formats.surveyjs.values import text_of
from surveys.parts import Logic

_USUAL_ENTRIES = 5
_MOST_QUESTIONS = 150


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
        self.desk.room -= size * (len(self.inside) + 1)
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
            row = self.rows[number]
            words = self.desk.texts.say(row.label, f"{key}.text", 2000, scope, text_of(row.value))
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
