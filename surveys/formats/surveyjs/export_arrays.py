"""Our matrices, grids and entries written as elements of SurveyJS."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from surveys.formats.surveyjs.export_ledger import Element, Ledger, choice_elements
from surveys.parts import Question

# How a question inside another is written: the question, the ledger, the place of its texts.
Write: TypeAlias = Callable[[Question, Ledger, str], Element]


def matrix(question: Question, ledger: Ledger, made: Element, place: str) -> None:
    """The same choice in every row."""
    what, settings = f"The question {question.key}", question.settings
    made["type"] = "matrix"
    if question.kind in ("matrix_rating", "semantic_differential"):
        low, high = settings.get("low", 1), settings.get("high", 5)
        made["columns"] = [str(each) for each in range(int(str(low)), int(str(high)) + 1)]
        for name in ("low_label", "high_label"):
            if settings.get(name):
                ledger.lose(f"{what}: words at the ends of its scale were left out.")
    else:
        made["columns"] = choice_elements(question.choices, ledger, f"{place}.choices", what)
    if question.kind not in ("matrix_single", "matrix_multiple"):
        made["efmKind"] = question.kind
    if question.kind == "matrix_multiple":
        made["cellType"] = "checkbox"
        if settings.get("minimum") or settings.get("maximum"):
            ledger.lose(f"{what}: how many are chosen in a row was left out.")
    if question.choices_from is not None or question.choice_order != "as_given":
        ledger.lose(f"{what}: the order or origin of its columns was left out.")
    _rows(question, ledger, made, place)
    if settings.get("is_unique"):
        made["eachRowUnique"] = True
    if question.is_required and "least_rows" not in settings:
        made["eachRowRequired"] = True
    elif settings.get("least_rows") not in (None, 1) or (
        "least_rows" in settings and not question.is_required
    ):
        ledger.lose(f"{what}: how many rows are asked for was left out.")


def _rows(question: Question, ledger: Ledger, made: Element, place: str) -> None:
    what = f"The question {question.key}"
    made["rows"] = choice_elements(question.rows, ledger, f"{place}.rows", what)
    if question.row_order == "random":
        made["rowOrder"] = "random"
    elif question.row_order != "as_given":
        ledger.lose(f"{what}: its rows stand as they are given.")
    if question.rows_from is not None:
        ledger.lose(f"{what}: its rows are not taken over from another question.")
        if not made["rows"]:
            made["rows"] = ["?"]


def texts(question: Question, ledger: Ledger, made: Element, place: str) -> None:
    """A matrix of texts as a list of texts."""
    what = f"The question {question.key}"
    made["type"] = "multipletext"
    made["items"] = [
        {"name": each.key, "title": ledger.text(each.label, f"{place}.rows.{each.key}"),
         "maxLength": question.settings.get("max_length", 200)}
        for each in question.rows
    ] or [{"name": "text"}]  # fmt: skip
    if question.kind == "matrix_number":
        settings = question.settings
        names = (("minimum", "minValue"), ("maximum", "maxValue"))
        ends = {theirs: settings[name] for name, theirs in names if name in settings}
        for item in made["items"]:
            del item["maxLength"]
            item["inputType"] = "number"
            if ends:
                item["validators"] = [{"type": "numeric", **ends}]
        ledger.lose(f"{what}: its numbers may have any decimal places.")
    extra = [each for each in question.rows if each.show_if is not None or each.is_fixed]
    if extra or question.row_order != "as_given" or question.rows_from is not None:
        ledger.lose(f"{what}: conditions, order or origin of its rows were left out.")
    if any(each.value is not None or each.missing or each.image for each in question.rows):
        ledger.lose(f"{what}: figures and pictures of its rows were left out.")
    least = question.settings.get("least_rows")
    if question.is_required and least is None:
        for item in made["items"]:
            item["isRequired"] = True
    elif least is not None and (least != 1 or not question.is_required):
        ledger.lose(f"{what}: how many rows are asked for was left out.")


def grid(question: Question, ledger: Ledger, made: Element, place: str, write: Write) -> None:
    """Several questions a row."""
    made["type"] = "matrixdropdown"
    _rows(question, ledger, made, place)
    made["columns"] = [
        _column(each, ledger, f"{place}.parts.{each.key}", write) for each in question.parts
    ]
    if question.is_required:
        for column in made["columns"]:
            column["isRequired"] = True
        ledger.lose(f"The question {question.key}: each of its columns is required by itself.")


def _column(part: Question, ledger: Ledger, place: str, write: Write) -> Element:
    column = write(part, ledger, place)
    kind = column.pop("type")
    known = ("dropdown", "checkbox", "radiogroup", "text", "comment", "boolean", "rating", "slider")
    if kind not in known:
        ledger.lose(f"The column {part.key} is asked as plain text; it was {part.kind}.")
        kind = "text"
    return column | {"cellType": kind}


def entries(question: Question, ledger: Ledger, made: Element, place: str, write: Write) -> None:
    """Entries as panels."""
    settings = question.settings
    made["type"] = "paneldynamic"
    made["templateElements"] = [
        write(each, ledger, f"{place}.parts.{each.key}") for each in question.parts
    ]
    made["maxPanelCount"] = settings.get("maximum", 5)
    if settings.get("minimum"):
        made["minPanelCount"] = settings["minimum"]
