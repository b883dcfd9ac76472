"""What a locator of a QSF points at (``q://QID3/SelectableChoice/2``), as an expression of ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import unquote

from surveys.formats.qsf_conditions import both, either, first_given, size
from surveys.formats.qsf_parts import At, Place, Shape, Unknown, Visit
from surveys.formats.qsf_values import number
from surveys.parts import Logic
from surveys.strings import tidy

_LOCATOR = re.compile(r"q://(?:(\d{1,6})_)?([^/?]{1,100})(?:/([^?]*))?")
_LONG = 60
_NPS_GROUPS = {"1": (0, 6), "2": (7, 8), "3": (9, 10)}


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


class Answers:
    """All questions at all visits, and how their answers are read at a point of the flow."""

    def __init__(self, known: Container[str]) -> None:
        self.places: dict[str, list[Place]] = {}
        # All questions of the file: those without a place are never asked.
        self._known = known
        self.mark: Callable[[Place], str] | None = None

    def add(self, place: Place) -> None:
        """One more place where a question is asked."""
        self.places.setdefault(place.source, []).append(place)

    def keys_at(self, visit: Visit) -> set[str]:
        """The keys of the questions of a visit."""
        return {
            each.made.shape.key
            for places in self.places.values()
            for each in places
            if each.visit is visit
        }

    def _is_never_asked(self, wanted: Locator) -> bool:
        return wanted.source not in self.places and wanted.source in self._known

    def at(self, wanted: Locator, at: At) -> list[Place]:
        """The places a locator means here: of this visit, of the loop it names, or those before."""
        places = self.places.get(wanted.source)
        if not places:
            raise Unknown(f"The question {wanted.source} is not in the survey.")
        if wanted.loop:
            named = [
                each for each in places if each.visit.loop and each.visit.loop[0] == wanted.loop
            ]
            if not named:
                raise Unknown(f"The loop {wanted.loop} of {wanted.source} is not in the survey.")
            return named
        here = [each for each in places if at.visit is not None and each.visit is at.visit]
        return here or [each for each in places if each.number < at.number] or places

    def _shapes(self, wanted: Locator, at: At) -> list[Shape]:
        shapes = [each.made.shape for each in self.at(wanted, at)]
        if wanted.part:
            shapes = [each.parts[wanted.part] for each in shapes if wanted.part in each.parts]
        if not shapes or any(each.form == "none" for each in shapes):
            raise Unknown(f"The answers to {wanted.source} are not known here.")
        return shapes

    def selected(self, text: str, at: At) -> Logic:
        """Whether a choice, a row's choice or a scale point was selected."""
        wanted = locator(text)
        if wanted.source.endswith("_NPS_GROUP"):
            return self._in_group(wanted, at)
        if self._is_never_asked(wanted):
            return False
        return either([_selected(shape, wanted) for shape in self._shapes(wanted, at)])

    def _in_group(self, wanted: Locator, at: At) -> Logic:
        bounds = _NPS_GROUPS.get(wanted.ids[-1] if wanted.ids else "")
        asked = wanted._replace(source=wanted.source.removesuffix("_NPS_GROUP"))
        if bounds is None:
            raise Unknown("This group of an NPS question is not known here.")
        value = first_given([{"var": shape.key} for shape in self._shapes(asked, at)])
        answered: Logic = {"is_answered": [value]}
        return {"and": [answered, {">=": [value, bounds[0]]}, {"<=": [value, bounds[1]]}]}

    def value(self, text: str, at: At) -> Logic:
        """The value of an answer: its text, number, count or recoded value."""
        wanted = locator(text)
        if self._is_never_asked(wanted):
            return None
        if wanted.selector == "ChoiceGroup/SelectedChoices":
            return first_given([_labels(each) for each in reversed(self.at(wanted, at))])
        return first_given([_value(shape, wanted) for shape in reversed(self._shapes(wanted, at))])

    def is_ranking(self, text: str, at: At) -> bool:
        """Whether the locator means the place of a choice in a ranking."""
        wanted = locator(text)
        if self._is_never_asked(wanted):
            return False
        return (
            bool(wanted.ids)
            and all(each.form == "ranking" for each in self._shapes(wanted, at))
            and not wanted.selector.startswith(("ChoiceText", "Selected"))
        )

    def ranked(self, text: str, at: At, holds: Callable[[int], bool]) -> Logic:
        """Whether the place of a choice in a ranking, from 1, is one for which ``holds`` is true."""
        wanted = locator(text)
        shape = self._shapes(wanted, at)[-1]
        key = _of(shape.choices, wanted.ids[0])
        places = [n for n in range(1, len(shape.choices) + 1) if holds(n)]
        return either([{"==": [{"var": f"{shape.key}.{n - 1}"}, key]} for n in places])

    def displayed(self, text: str, at: At) -> Logic:
        """Whether a question, choice or scale point was displayed."""
        wanted = locator(text)
        if self._is_never_asked(wanted):
            return False
        found: list[Logic] = []
        for place in self.at(wanted, at):
            if place.number >= at.number:
                continue
            shown = both(*self.shown(place), *_offered(place, wanted))
            found.append(True if shown is None else shown)
        return either(found)

    def shown(self, place: Place) -> list[Logic]:
        """The conditions under which a question was shown; where they are long, what says so."""
        conditions = place.shown_if
        if conditions is not None and sum(map(size, conditions)) < _LONG:
            return conditions
        if self.mark is None:
            raise Unknown("Whether this was displayed is a matter of a draw.")
        return [{"==": [{"var": self.mark(place)}, 1]}]

    def path(self, text: str, at: At) -> tuple[str, bool]:
        """The path under which a text pipes an answer, and whether others might be meant as well."""
        wanted = locator(text)
        shapes = self._shapes(wanted, at)
        return _path(shapes[-1], wanted), len(shapes) == 1


def _of(known: object, source: str) -> str | int | float:
    found = known.get(source) if hasattr(known, "get") else None
    if found is None and hasattr(known, "get"):
        # What was carried forward has an x before its id.
        found = known.get(source.removeprefix("x"))
    if found is None:
        raise Unknown(f"There is no choice {source} in this question.")
    return found  # type: ignore[no-any-return]


def _row(shape: Shape, source: str) -> str:
    return f"{shape.key}.{_of(shape.rows, source)}{shape.cell}"


def _rows(shape: Shape) -> list[str]:
    return [f"{shape.key}.{row}{shape.cell}" for row in shape.rows.values()]


def _selected(shape: Shape, wanted: Locator) -> Logic:
    ids = wanted.ids[1:] if wanted.ids[:1] == ("Group",) else wanted.ids
    if wanted.selector not in ("SelectableChoice", "SelectableAnswer") or not ids:
        raise Unknown("What is to be selected is not known here.")
    if shape.form in ("single", "scale"):
        return {"==": [{"var": shape.key}, _of(shape.choices, ids[0])]}
    if shape.form == "rows_own" and ids[0] in shape.parts:
        own = shape.parts[ids[0]]
        if len(ids) == 1:
            return {"is_answered": [{"var": own.key}]}
        return {"==": [{"var": own.key}, _of(own.choices, ids[1])]}
    if shape.form in ("multiple", "ranking"):
        if len(ids) > 1 and shape.columns.get(ids[1]) == "off":
            return {"!": [{"in": [_of(shape.choices, ids[0]), {"var": shape.key}]}]}
        return {"in": [_of(shape.choices, ids[0]), {"var": shape.key}]}
    if shape.form == "swapped":
        row, column = (ids[1], ids[0]) if len(ids) > 1 else ("", ids[0])
        rows = [_row(shape, row)] if row else _rows(shape)
        return either([{"==": [{"var": each}, _of(shape.choices, column)]} for each in rows])
    if not shape.form.startswith("rows_"):
        raise Unknown("Nothing is selected in this question.")
    if wanted.selector == "SelectableAnswer":
        rows = [_row(shape, ids[0])] if len(ids) > 1 else _rows(shape)
        return either([_cell(shape, each, ids[-1]) for each in rows])
    if len(ids) == 1:
        return {"is_answered": [{"var": _row(shape, ids[0])}]}
    return _cell(shape, _row(shape, ids[0]), ids[1])


def _cell(shape: Shape, path: str, column: str) -> Logic:
    key = _of(shape.choices, column)
    if shape.form == "rows_multiple":
        return {"in": [key, {"var": path}]}
    if shape.form in ("rows_single", "rows_scale"):
        return {"==": [{"var": path}, key]}
    raise Unknown("Nothing is selected in this question.")


def _value(shape: Shape, wanted: Locator) -> Logic:
    selector, ids = wanted.selector, wanted.ids
    if selector in ("ChoiceTextEntryValue", "ChoiceNumericEntryValue", "SelectedChoicesTextEntry"):
        return {"var": _path(shape, wanted)}
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


def _labels(place: Place) -> Logic:
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


def _path(shape: Shape, wanted: Locator) -> str:
    """The path of the value a text entry, a number or a selection stands under."""
    selector, ids = wanted.selector, wanted.ids
    if ids and ids[0] in shape.beside and shape.form != "rows_text":
        return shape.beside[ids[0]]
    if shape.form in ("text", "number", "scale") and not selector.startswith("SelectableChoice"):
        return shape.key
    if shape.form.startswith("rows_") and ids and ids[0] in shape.rows:
        column = f".{_of(shape.columns, ids[1])}" if len(ids) > 1 and shape.columns else ""
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


def _offered(place: Place, wanted: Locator) -> Sequence[Logic]:
    """The conditions of the choice or the row a locator asks about, none for the whole question."""
    if wanted.selector not in ("ChoiceDisplayed", "AnswerDisplayed") or not wanted.ids:
        return ()
    shape, document = place.made.shape, place.made.document
    if wanted.part:
        if wanted.part not in shape.parts:
            raise Unknown("There is no such column.")
        shape = shape.parts[wanted.part]
    rows = wanted.selector == "ChoiceDisplayed" and bool(shape.rows)
    listed = document.get("rows" if rows else "choices")
    if document.get("rows_from" if rows else "choices_from") is not None:
        raise Unknown("Whether a choice that is carried over was displayed is not known here.")
    key = _of(shape.rows if rows else shape.choices, wanted.ids[0])
    for each in listed if isinstance(listed, list) else []:
        if each["key"] == key and each.get("show_if") is not None:
            return (each["show_if"],)
    return ()
