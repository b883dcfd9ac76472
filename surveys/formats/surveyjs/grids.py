"""Tables of SurveyJS that ask several questions in every row, and texts asked in a list."""

from __future__ import annotations

from collections.abc import Mapping

from surveys.formats.surveyjs.choices import Offered, choice_documents, offered
from surveys.formats.surveyjs.desk import Document, Json, OwnKeys, first, listed, mapping, said
from surveys.formats.surveyjs.elements import Element, Place
from surveys.formats.surveyjs.pieces import Piece
from surveys.formats.surveyjs.values import text_of

MOST_PARTS = 60
ROW = "answers"


class Grid(Element):
    """matrixdropdown: several questions of every row, all of them kinds with one answer."""

    is_atomic = False
    rows: list[Offered]
    parts: Mapping[str, Element]

    def prepare(self) -> None:
        """Read rows, and columns as questions of their own."""
        self.rows = self.own_rows()
        self.parts = self.own_parts()
        self.choices = self.rows
        self.specials: list[Offered] = []

    def own_rows(self) -> list[Offered]:
        """The rows of the table."""
        return offered(self.raw.get("rows"))

    def own_parts(self) -> dict[str, Element]:
        """The columns, each as a question in a row."""
        made: dict[str, Element] = {}
        keys = OwnKeys()
        for number, raw in enumerate(columns(self.raw)[:MOST_PARTS]):
            name = said(raw.get("name")) or f"column{number + 1}"
            key = keys.key(name, name, "part")
            where = f"{self.at.path}.columns[{number}]"
            place = f"{self.place}.parts.{key}"
            made[name] = self.desk.make(
                raw, key, Place(where, self.at.scope, place=place, is_part=True)
            )
        return made

    @property
    def is_useful(self) -> bool:
        """Whether anything is asked in it."""
        rows = bool(self.rows) or self.kind() == "entries"
        return rows and any(part.is_atomic and part.is_asked for part in self.parts.values())

    def kind(self) -> str:
        """A grid."""
        return "grid"

    def fill(self, document: Document) -> None:
        """Rows and parts."""
        self._fill_rows(document)
        parts = []
        for part in self.parts.values():
            if not part.is_atomic or not part.is_asked:
                self.approximate("A column that is not asked was left out.")
                continue
            parts.append(part.document())
            if part.outcome != "mapped":
                for reason in part.reasons:
                    self.approximate(reason)
        document["parts"] = parts
        totals = [
            raw for raw in columns(self.raw) if said(raw.get("totalType")) not in ("", "none")
        ]
        if totals or any(said(raw.get("totalExpression")) for raw in columns(self.raw)):
            self.approximate("Totals below the table are not shown.")

    def _fill_rows(self, document: Document) -> None:
        made = choice_documents(
            self.rows, self.desk, f"{self.place}.rows", f"{self.at.path}.rows", self.at.scope,
            show_if=self.raw.get("rowsVisibleIf"),
        )  # fmt: skip
        for row in made:
            row.pop("value", None)
        document["rows"] = made
        if said(first(self.raw, "rowOrder", "rowsOrder")) == "random":
            document["row_order"] = "random"

    def _require(self, document: Document) -> None:
        super()._require(document)
        if document.pop("is_required", None) and not self._asks_for_all():
            self.approximate("It may be left empty, where the source asks for something in it.")

    def _asks_for_all(self) -> bool:
        return all(part.raw.get("isRequired") is True for part in self.parts.values())

    def piece(self, path: str) -> Piece:
        """A table of rows, each a table of its parts."""
        rows = {text_of(row.value): self.row_piece(f"{path}.{row.key}") for row in self.rows}
        return Piece("table", parts=rows)

    def row_piece(self, path: str) -> Piece:
        """One row as a table of its parts."""
        return Piece(
            "table",
            parts={
                name: part.piece(f"{path}.{part.key}")
                if part.is_atomic and part.is_asked
                else Piece("broken", reason=f"It asks for {name[:60]!r}, which is not asked here.")
                for name, part in self.parts.items()
            },
        )

    def answer_of(self, given: object) -> None:
        """A whole table cannot be filled in beforehand."""
        return


class Texts(Grid):
    """multipletext: several short answers, shown as one row, or as rows where all are alike."""

    def prepare(self) -> None:
        """Read the items, and see whether they are all alike."""
        super().prepare()
        self.alike = self._alike()

    def _alike(self) -> str:
        """The matrix they are where all of them are alike; nothing where they are not."""
        kinds = {part.kind() for part in self.parts.values()}
        bare = [
            {name: value for name, value in part.raw.items() if name not in ("name", "title")}
            for part in self.parts.values()
        ]
        if len(kinds) != 1 or any(each != bare[0] for each in bare) or "defaultValue" in bare[0]:
            return ""
        only = kinds.pop()
        validators = {said(mapping(each).get("type")) for each in listed(bare[0].get("validators"))}
        if only == "short_text" and not validators:
            return "matrix_text"
        return "matrix_number" if only == "number" and validators <= {"numeric"} else ""

    @property
    def _first(self) -> Element:
        return next(iter(self.parts.values()))

    def own_rows(self) -> list[Offered]:
        """The one row they are in."""
        return [Offered(ROW, ROW, self.raw.get("title") or said(self.raw.get("name")) or ROW)]

    def own_parts(self) -> dict[str, Element]:
        """The items, each as a text in the row."""
        made: dict[str, Element] = {}
        keys = OwnKeys()
        for number, raw in enumerate(items(self.raw)[:MOST_PARTS]):
            name = said(raw.get("name")) or f"text{number + 1}"
            key = keys.key(name, name, "part")
            where = f"{self.at.path}.items[{number}]"
            place = f"{self.place}.parts.{key}"
            made[name] = self.desk.make(
                {"type": "text", **raw}, key, Place(where, self.at.scope, place=place, is_part=True)
            )
        return made

    def kind(self) -> str:
        """A matrix of texts, or a row of several kinds."""
        return self.alike or "grid"

    def fill(self, document: Document) -> None:
        """Rows of texts, or one row with its parts."""
        if not self.alike:
            super().fill(document)
            return
        rows = []
        for name, part in self.parts.items():
            label = self.desk.texts.say(
                part.raw.get("title"), f"{self.place}.rows.{part.key}", 2000, self.at.scope, name
            )
            rows.append({"key": part.key, "label": label})
        document["rows"] = rows

    def settings(self) -> Document:
        """Some row of a required one."""
        if not self.alike:
            return {}
        inner = self._first.document().get("settings")
        made: Document = dict(inner) if isinstance(inner, dict) else {}
        made.pop("placeholder", None)
        if self.raw.get("isRequired") is True and self._first.raw.get("isRequired") is not True:
            made["least_rows"] = 1
        return made

    def _require(self, document: Document) -> None:
        if self.alike:
            Element._require(self, document)
            if self._first.raw.get("isRequired") is True:
                document["is_required"] = True
        else:
            super()._require(document)

    def piece(self, path: str) -> Piece:
        """A table of the items."""
        inside = path if self.alike else f"{path}.{ROW}"
        if not self.alike:
            return self.row_piece(inside)
        parts = {name: part.piece(f"{path}.{part.key}") for name, part in self.parts.items()}
        return Piece("table", parts=parts)


def items(raw: Json) -> list[Json]:
    """The items of a list of texts, written as objects or as names."""
    return [mapping(each) or {"name": said(each)} for each in listed(raw.get("items")) if each]


def columns(raw: Json) -> list[Json]:
    """The columns of a table as questions, with what the table says for all of them."""
    made: list[Json] = []
    for each in listed(raw.get("columns")):
        column = dict(mapping(each)) or {"name": said(each)}
        if not said(column.get("name")):
            column["name"] = said(column.get("value"))
        kind = said(column.get("cellType")) or said(raw.get("cellType"))
        column["type"] = "dropdown" if kind in ("", "default") else kind
        if not column.get("choices") and not column.get("choicesFromQuestion"):
            column["choices"] = raw.get("choices")
        made.append(column)
    for name in ("detailElements",):
        made += [dict(mapping(each)) for each in listed(raw.get(name)) if mapping(each)]
    return made
