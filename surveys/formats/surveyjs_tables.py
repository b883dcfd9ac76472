"""Tables of SurveyJS: the same question of every row, several questions of every row, texts in a list."""

from __future__ import annotations

from collections.abc import Mapping

from surveys.formats.naming import Keys
from surveys.formats.surveyjs_choices import (
    Offered,
    choice_documents,
    labels,
    offered,
    values,
)
from surveys.formats.surveyjs_desk import Document, Json, first, listed, mapping, said
from surveys.formats.surveyjs_elements import Element, Place
from surveys.formats.surveyjs_pieces import Piece
from surveys.formats.surveyjs_values import text_of

MOST_PARTS = 60
ROW = "answers"


class Matrix(Element):
    """matrix: one or several of the same columns in every row."""

    is_atomic = False

    def prepare(self) -> None:
        """Read rows and columns."""
        self.rows = offered(self.raw.get("rows"))
        self.columns = offered(self.raw.get("columns"))
        self.choices = self.rows
        self.specials: list[Offered] = []
        self.is_many = said(self.raw.get("cellType")) == "checkbox"
        if self.raw.get("cells"):
            self.approximate("The words inside its cells were left out.")

    def kind(self) -> str:
        """A matrix; a plain choice where it has no rows, words where it has no columns."""
        if not self.columns:
            return "matrix_text" if self.rows else "statement"
        if not self.rows:
            return "single_choice" if len(self.columns) > 1 else "consent"
        return "matrix_multiple" if self.is_many or len(self.columns) < 2 else "matrix_single"

    def fill(self, document: Document) -> None:
        """Rows and columns with their conditions."""
        raw, path, scope = self.raw, self.at.path, self.at.scope
        kind = self.kind()
        if kind == "statement":
            self.is_asked = False
            self.outcome = "raw"
            self.reasons.append("It has neither rows nor columns.")
            return
        if kind == "consent":
            document["choices"] = [{"key": "agreed", "label": text_of(self.columns[0].value)}]
            self.approximate("It has no rows and one column, so it is asked as an agreement.")
            return
        if self.columns:
            document["choices"] = choice_documents(
                self.columns, self.desk, f"{self.place}.choices", f"{path}.columns", scope,
                show_if=raw.get("columnsVisibleIf"), many=self.is_many,
            )  # fmt: skip
        if self.rows:
            document["rows"] = choice_documents(
                self.rows, self.desk, f"{self.place}.rows", f"{path}.rows", scope,
                show_if=raw.get("rowsVisibleIf"),
            )  # fmt: skip
            for row in document["rows"]:  # type: ignore[attr-defined]
                row.pop("value", None)
            if said(first(raw, "rowOrder", "rowsOrder")) == "random":
                document["row_order"] = "random"
        if kind == "matrix_multiple" and not self.is_many:
            self.approximate("Its only column is ticked or not.")
        if kind == "matrix_text":
            self.approximate("It has no columns, so its rows are answered in words.")

    def _require(self, document: Document) -> None:
        super()._require(document)
        if first(self.raw, "eachRowRequired", "isAllRowRequired") is True:
            document["is_required"] = True
            document.pop("required_if", None)

    def settings(self) -> Document:
        """Whether every row, or only some row, is asked for."""
        made: Document = {}
        kind = self.kind()
        if not kind.startswith("matrix"):
            return made
        every = first(self.raw, "eachRowRequired", "isAllRowRequired") is True
        if self.raw.get("isRequired") is True and not every:
            made["least_rows"] = 1
        if self.raw.get("eachRowUnique") is True and kind == "matrix_single":
            made["is_unique"] = True
        return made

    def piece(self, path: str) -> Piece:
        """A table of its rows."""
        known, said_as = values(self.columns), dict(labels(self.columns, self.desk))
        if not self.rows:
            return Piece("one", {"var": path}, known, said_as)
        rows = {}
        for row in self.rows:
            cell: Piece
            if self.kind() == "matrix_text":
                cell = Piece("text", {"var": f"{path}.{row.key}"})
            else:
                shape = self.kind() == "matrix_multiple"
                cell = Piece(
                    "many" if shape and self.is_many else "one" if not shape else "many",
                    {"var": f"{path}.{row.key}"}, known, said_as,
                )  # fmt: skip
            rows[text_of(row.value)] = cell
        return Piece("table", parts=rows)

    def answer_of(self, given: object) -> None:
        """A whole table cannot be filled in beforehand."""
        return


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
        keys = Keys()
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
                for name, part in self.parts.items()
                if part.is_atomic and part.is_asked
            },
        )

    def answer_of(self, given: object) -> None:
        """A whole table cannot be filled in beforehand."""
        return


class Texts(Grid):
    """multipletext: several short answers, shown as one row, or as rows where all are alike."""

    @property
    def is_plain(self) -> bool:
        """Whether all of them are texts that may be left empty."""
        return all(
            part.kind() == "short_text" and not part.raw.get("isRequired")
            and not part.raw.get("validators") and not part.raw.get("maxLength")
            for part in self.parts.values()
        )  # fmt: skip

    def own_rows(self) -> list[Offered]:
        """The one row they are in."""
        return [Offered(ROW, ROW, self.raw.get("title") or said(self.raw.get("name")) or ROW)]

    def own_parts(self) -> dict[str, Element]:
        """The items, each as a text in the row."""
        made: dict[str, Element] = {}
        keys = Keys()
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
        return "matrix_text" if self.is_plain else "grid"

    def fill(self, document: Document) -> None:
        """Rows of texts, or one row with its parts."""
        if not self.is_plain:
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
        if not self.is_plain:
            return {}
        made: Document = {"max_length": 1000}
        if self.raw.get("isRequired") is True:
            made["least_rows"] = 1
        return made

    def _require(self, document: Document) -> None:
        if self.is_plain:
            Element._require(self, document)
        else:
            super()._require(document)

    def piece(self, path: str) -> Piece:
        """A table of the items."""
        inside = path if self.is_plain else f"{path}.{ROW}"
        if not self.is_plain:
            return self.row_piece(inside)
        parts = {
            name: Piece("text", {"var": f"{path}.{part.key}"}) for name, part in self.parts.items()
        }
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
