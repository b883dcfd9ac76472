"""What a name in a SurveyJS expression stands for, as our logic: a choice, a number, a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from surveys.errors import SurveyError
from surveys.formats.surveyjs.values import Known, as_number, converted, text_of
from surveys.parts import Logic

MOST_PARTS = 1500
# "now" is the moment of answering, which our logic knows by its day; "truth" is true or false.
Shape: TypeAlias = Literal[
    "constant", "one", "many", "number", "text", "date", "now", "truth", "any", "table", "broken"
]


class Unknown(SurveyError):
    """A piece of logic that cannot be carried over, and why, in words for people."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A value of the source as our logic.

    ``values`` are the source's values by our keys where choices are meant, ``labels`` their words.
    ``parts`` are rows, columns and panels by their names, ``entries`` the panels or rows of a list
    that grows. ``value`` is that of a constant; ``reason`` says why a broken one is broken.
    """

    shape: Shape
    logic: Logic = None
    values: Mapping[str, Known] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, Piece] = field(default_factory=dict)
    entries: Sequence[Piece] = ()
    value: Known = None
    reason: str = ""
    is_fraction: bool = False

    def of(self, name: str) -> Piece | None:
        """A part by its name, letters' case put aside where nothing else fits."""
        found = self.parts.get(name)
        if found is None and self.parts:
            small = name.lower()
            found = next((each for key, each in self.parts.items() if key.lower() == small), None)
        return found


def constant(value: Known) -> Piece:
    """A value written out."""
    is_fraction = isinstance(value, float) and not value.is_integer()
    return Piece("constant", _literal(value), value=value, is_fraction=is_fraction)


def _literal(value: Known) -> Logic:
    return [_literal(each) for each in value] if isinstance(value, list) else value


def truth(logic: Logic) -> Piece:
    """What is true or false."""
    return constant(logic) if isinstance(logic, bool) else Piece("truth", logic)


def both(*parts: Logic) -> Logic:
    """All of these; what is plainly true is left out."""
    return _joined("and", parts, True)


def either(*parts: Logic) -> Logic:
    """One of these; what is plainly false is left out."""
    return _joined("or", parts, False)


def _joined(sign: str, parts: Sequence[Logic], nothing: bool) -> Logic:
    flat: list[Logic] = []
    for part in parts:
        if isinstance(part, dict) and sign in part and isinstance(inside := part[sign], list):
            flat += inside
        elif part is (not nothing):
            return not nothing
        elif part is not nothing:
            flat.append(part)
    if not flat:
        return nothing
    if len(flat) > MOST_PARTS:
        raise Unknown("It has too many parts.")
    return flat[0] if len(flat) == 1 else {sign: flat}


_OPPOSITE = {"==": "!=", "!=": "=="}


def opposite(logic: Logic) -> Logic:
    """What is true where this is not."""
    if isinstance(logic, bool):
        return not logic
    if isinstance(logic, dict) and len(logic) == 1:
        ((sign, given),) = logic.items()
        if sign in _OPPOSITE:
            return {_OPPOSITE[sign]: given}
        if sign == "!" and isinstance(given, list):
            return given[0]
        if sign in ("is_empty", "is_answered"):
            return {"is_answered" if sign == "is_empty" else "is_empty": given}
    return {"!": [logic]}


def among(piece: Piece, holds: Callable[[Known], bool]) -> Logic:
    """The condition on a choice that the source's value of what was chosen fulfils something."""
    chosen = [key for key, value in piece.values.items() if holds(converted(value))]
    others = [key for key in piece.values if key not in chosen]
    variable = piece.logic
    if holds(None):
        if not chosen:
            return {"is_empty": [variable]}
        if not others:
            return True
        return opposite(_is_one(variable, others))
    if not chosen:
        return False
    return {"is_answered": [variable]} if not others else _is_one(variable, chosen)


def _is_one(variable: Logic, keys: Sequence[str]) -> Logic:
    if len(keys) == 1:
        return {"==": [variable, keys[0]]}
    return {"in": [variable, list(keys)]}


def valued(piece: Piece) -> Logic:
    """The source's value of a piece, where our own key of a choice would be another."""
    if piece.shape == "one":
        return _chain(piece.logic, piece.values)
    if piece.shape == "many":
        if _says_itself(piece.values):
            return piece.logic
        return {"map": [piece.logic, _chain({"var": ""}, piece.values)]}
    if piece.shape in ("table", "broken"):
        raise Unknown(piece.reason or "A whole table cannot be calculated with.")
    return piece.logic


def labelled(piece: Piece) -> Logic:
    """The words of what was chosen."""
    return _chain(piece.logic, piece.labels) if piece.shape == "one" else valued(piece)


def _says_itself(values: Mapping[str, Known]) -> bool:
    return all(text_of(value) == key for key, value in values.items())


def _chain(variable: Logic, values: Mapping[str, Known]) -> Logic:
    if _says_itself(values):
        return variable
    chain: list[Logic] = []
    for key, value in values.items():
        chain += [{"==": [variable, key]}, _literal(converted(value))]
    return {"if": [*chain, None]}


def plain(piece: Piece) -> Piece:
    """A choice as the values it stands for; any other piece as it is."""
    if piece.shape != "one":
        return piece
    numbers = [as_number(converted(value)) for value in piece.values.values()]
    shape: Shape = "number" if numbers and None not in numbers else "any"
    is_fraction = any(number is not None and not number.is_integer() for number in numbers)
    return replace(piece, shape=shape, logic=valued(piece), values={}, is_fraction=is_fraction)


def settled(logic: Logic) -> Logic:
    """Logic that stands by itself in a definition, where a bare text would be read as an expression."""
    return {"cat": [logic]} if isinstance(logic, str) else logic


def answered(logic: Logic) -> Logic:
    """Whether something was answered."""
    return {"is_answered": [logic]}
