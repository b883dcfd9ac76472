"""What a locator of a QSF means in a question of ours (``q://QID3/SelectableChoice/2``)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote

from surveys.formats.qsf.conditions import either
from surveys.formats.qsf.parts import Place, Shape, Unknown
from surveys.formats.qsf.values import number
from surveys.parts import Logic
from surveys.strings import tidy

_LOCATOR = re.compile(r"q://(?:(\d{1,6})_)?([^/?]{1,100})(?:/([^?]*))?")


class Locator(NamedTuple):
    """A locator taken apart."""

    source: str
    loop: str
    part: str
    selector: str
    ids: tuple[str, ...]


def locator(text: str) -> Locator:
    """The parts of a locator; raises Unknown."""
    found = _LOCATOR.fullmatch(tidy(text[:1000]))
    if found is None or found[2] == "undefined":
        raise Unknown("This condition is incomplete in the source.")
    source, _, part = unquote(found[2]).partition("#")
    parts = [unquote(each) for each in (found[3] or "").split("/") if each]
    if parts[:1] == ["ChoiceGroup"] and len(parts) > 1:
        parts = [f"ChoiceGroup/{parts[1]}", *parts[2:]]
    return Locator(source, found[1] or "", part, parts[0] if parts else "", tuple(parts[1:]))


def key_of(known: object, source: str) -> str | int | float:
    found = known.get(source) if hasattr(known, "get") else None
    if found is None and hasattr(known, "get"):
        # What was carried forward has an x before its id.
        found = known.get(source.removeprefix("x"))
    if found is None:
        raise Unknown(f"There is no choice {source} in this question.")
    return found  # type: ignore[no-any-return]


def _row(shape: Shape, source: str) -> str:
    return f"{shape.key}.{key_of(shape.rows, source)}{shape.cell}"


def _rows(shape: Shape) -> list[str]:
    return [f"{shape.key}.{row}{shape.cell}" for row in shape.rows.values()]


def selected(shape: Shape, wanted: Locator) -> Logic:
    ids = wanted.ids[1:] if wanted.ids[:1] == ("Group",) else wanted.ids
    if wanted.selector not in ("SelectableChoice", "SelectableAnswer") or not ids:
        raise Unknown("What is to be selected is not known here.")
    if shape.form in ("single", "scale"):
        return {"==": [{"var": shape.key}, key_of(shape.choices, ids[0])]}
    if shape.form == "rows_own" and ids[0] in shape.parts:
        own = shape.parts[ids[0]]
        if len(ids) == 1:
            return {"is_answered": [{"var": own.key}]}
        return {"==": [{"var": own.key}, key_of(own.choices, ids[1])]}
    if shape.form in ("multiple", "ranking"):
        if len(ids) > 1 and shape.columns.get(ids[1]) == "off":
            return {"!": [{"in": [key_of(shape.choices, ids[0]), {"var": shape.key}]}]}
        return {"in": [key_of(shape.choices, ids[0]), {"var": shape.key}]}
    if shape.form == "swapped":
        row, column = (ids[1], ids[0]) if len(ids) > 1 else ("", ids[0])
        rows = [_row(shape, row)] if row else _rows(shape)
        return either([{"==": [{"var": each}, key_of(shape.choices, column)]} for each in rows])
    if not shape.form.startswith("rows_"):
        raise Unknown("Nothing is selected in this question.")
    if wanted.selector == "SelectableAnswer":
        rows = [_row(shape, ids[0])] if len(ids) > 1 else _rows(shape)
        return either([_cell(shape, each, ids[-1]) for each in rows])
    if len(ids) == 1:
        return {"is_answered": [{"var": _row(shape, ids[0])}]}
    return _cell(shape, _row(shape, ids[0]), ids[1])


def _cell(shape: Shape, path: str, column: str) -> Logic:
    key = key_of(shape.choices, column)
    if shape.form == "rows_multiple":
        return {"in": [key, {"var": path}]}
    if shape.form in ("rows_single", "rows_scale"):
        return {"==": [{"var": path}, key]}
    raise Unknown("Nothing is selected in this question.")


def value(shape: Shape, wanted: Locator) -> Logic:
    selector, ids = wanted.selector, wanted.ids
    if selector in ("ChoiceTextEntryValue", "ChoiceNumericEntryValue", "SelectedChoicesTextEntry"):
        return {"var": path(shape, wanted)}
    if selector in ("SelectedChoicesCount", "ChoiceGroup/SelectedChoicesCount"):
        if shape.form.startswith("rows_"):
            cells: list[Logic] = [{"var": each} for each in _rows(shape)]
            return {"count": [*cells, None]}
        return {"count": [{"var": shape.key}]}
    if selector == "SelectedAnswerCount" and ids and shape.columns.get(ids[0]) == "on":
        return {"count": [{"var": shape.key}]}
    if selector in ("TotalSum", "ChoiceTotal") and shape.form == "rows_number":
        return {"sum": [{"var": each} for each in _rows(shape)]}
    if selector == "SelectedChoicesRecode" and shape.form == "multiple":
        recodes = {
            key: tidy(str(shape.recodes.get(s, s))[:200]) for s, key in shape.choices.items()
        }
        return _listed(shape.key, recodes, ",")
    if selector == "SelectedAnswerCount" and ids and shape.form == "rows_multiple":
        return {"count": [{"var": _row(shape, ids[0])}]}
    if selector == "SelectedAnswerCount" and ids and shape.form == "rows_single":
        return {"count": [{"var": _row(shape, ids[0])}, None]}
    if selector == "SelectedAnswerRecode" and ids and shape.form in ("rows_single", "rows_scale"):
        return _recoded(shape, _row(shape, ids[0]))
    if selector in ("SelectedChoicesRecode", "SelectedAnswerRecode") and shape.form in (
        "single",
        "scale",
    ):
        return _recoded(shape, shape.key)
    raise Unknown(f"What {selector or 'this'} means is not known here.")


def _recoded(shape: Shape, path: str) -> Logic:
    """The recoded value of what was chosen; the id itself where none is given."""
    branches: list[Logic] = []
    for source, key in shape.choices.items():
        recode = shape.recodes.get(source, source)
        value = number(recode)
        branches += [
            {"==": [{"var": path}, key]},
            value if value is not None else tidy(str(recode)[:200]),
        ]
    return {"if": [*branches, None]} if branches else None


def labels(place: Place) -> Logic:
    """The words of what was chosen, as the source pipes them."""
    shape = place.made.shape
    found = place.made.document.get("choices")
    if shape.form not in ("single", "multiple") or not isinstance(found, list):
        raise Unknown("The words of what is chosen there are not known here.")
    labels = {each["key"]: each["label"] for each in found if isinstance(each["label"], str)}
    if shape.form == "multiple":
        return _listed(shape.key, labels, ", ")
    branches: list[Logic] = []
    for key, label in labels.items():
        branches += [{"==": [{"var": shape.key}, key]}, label]
    return {"if": [*branches, None]}


def _listed(path: str, words: Mapping[str | int | float, str], between: str) -> Logic:
    """The words of all that was chosen, one after the other."""
    pieces: list[Logic] = [
        {"if": [{"in": [key, {"var": path}]}, f"{between}{word}", ""]}
        for key, word in words.items()
    ]
    return {"substr": [{"cat": pieces}, len(between)]}


def path(shape: Shape, wanted: Locator) -> str:
    """The path of the value a text entry, a number or a selection stands under."""
    selector, ids = wanted.selector, wanted.ids
    if ids and ids[0] in shape.beside and shape.form != "rows_text":
        return shape.beside[ids[0]]
    if shape.form in ("text", "number", "scale") and not selector.startswith("SelectableChoice"):
        return shape.key
    if shape.form.startswith("rows_") and ids and ids[0] in shape.rows:
        column = f".{key_of(shape.columns, ids[1])}" if len(ids) > 1 and shape.columns else ""
        if not column and len(shape.columns) > 1:
            raise Unknown("Which of the boxes of this row is meant is not known.")
        return _row(shape, ids[0]) + (column or "".join(f".{c}" for c in shape.columns.values()))
    if selector == "SelectedChoicesTextEntry" and len(shape.beside) == 1:
        return next(iter(shape.beside.values()))
    if (
        selector in ("ChoiceTextEntryValue", "SelectedChoicesTextEntry")
        and shape.beside
        and not ids
    ):
        return next(iter(shape.beside.values()))
    if selector.startswith("ChoiceGroup/Selected") and shape.form in (
        "single",
        "multiple",
        "ranking",
    ):
        return shape.key
    raise Unknown("This value is not known here.")
