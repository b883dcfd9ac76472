"""Matrices of SurveyJS: the same choice in every row."""

from __future__ import annotations

from surveys.formats.surveyjs.choices import (
    Offered,
    choice_documents,
    labels,
    offered,
    values,
)
from surveys.formats.surveyjs.desk import (
    Document,
    first,
    said,
    whole,
)
from surveys.formats.surveyjs.elements import Element
from surveys.formats.surveyjs.pieces import Piece
from surveys.formats.surveyjs.values import as_number, text_of

# Matrices whose columns are the points of a scale.
_POINTS = ("matrix_rating", "semantic_differential")


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
        hinted = said(self.raw.get("efmKind"))
        if hinted in _POINTS and _in_a_row(self.columns):
            return hinted
        if self.is_many or len(self.columns) < 2:
            return "matrix_multiple"
        return "matrix_dropdown" if hinted == "matrix_dropdown" else "matrix_single"

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
        if self.columns and kind not in _POINTS:
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
        if not self.rows or not self.columns:
            return made
        if kind in _POINTS:
            low, high = self.columns[0].value, self.columns[-1].value
            made |= {"low": whole(low, 1), "high": whole(high, 5)}
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
                is_many = self.kind() == "matrix_multiple"
                cell = Piece(
                    "many" if is_many else "one",
                    {"var": f"{path}.{row.key}"}, known, said_as,
                )  # fmt: skip
            rows[text_of(row.value)] = cell
        return Piece("table", parts=rows)

    def answer_of(self, given: object) -> None:
        """A whole table cannot be filled in beforehand."""
        return


def _in_a_row(columns_of: list[Offered]) -> bool:
    numbers = [as_number(each.value) for each in columns_of]
    start = numbers[0] if numbers else None
    return (
        start is not None
        and len(numbers) > 1
        and start.is_integer()
        and numbers == [start + place for place in range(len(numbers))]
    )
