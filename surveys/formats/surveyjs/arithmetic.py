"""Sums, products and joined texts of SurveyJS expressions as our logic."""

from __future__ import annotations

from surveys.formats.surveyjs.functions import exact, number, zero
from surveys.formats.surveyjs.pieces import MOST_PARTS, Piece, Unknown, both, either, plain
from surveys.formats.surveyjs.values import as_number, text_of
from surveys.parts import Logic

_LARGEST_POWER = 8

ARITHMETIC = frozenset({"plus", "minus", "mul", "div", "mod", "power"})


def calculated(sign: str, left: Piece, right: Piece) -> Piece:
    """Two pieces put together by a sign; raises Unknown."""
    for each in (left, right):
        if each.shape in ("broken", "table", "many"):
            raise Unknown(each.reason or "A list is calculated with.")
    if sign == "plus":
        return _added(plain(left), plain(right))
    first, second = zero(left), zero(right)
    if sign == "minus":
        return exact({"-": [first, second]}, left, right)
    if sign == "mul":
        return exact({"*": [first, second]}, plain(left), plain(right))
    if sign == "div":
        return number({"/": [first, second]}, is_fraction=True)
    if sign == "mod":
        return number({"%": [first, second]})
    if not isinstance(right.value, int) or not 0 <= right.value <= _LARGEST_POWER:
        raise Unknown("A power is taken that is not a small number written out.")
    return exact({"*": [1, *[first] * right.value]}, plain(left))


def _added(left: Piece, right: Piece) -> Piece:
    """Numbers are added, anything else is put one after the other."""
    words, numbers = [*_joined(left), *_joined(right)], [*_addends(left), *_addends(right)]
    if max(len(words), len(numbers)) > MOST_PARTS:
        raise Unknown("It has too many parts.")
    if _is_words(left) or _is_words(right):
        return Piece("text", {"cat": [*words]})
    total = exact({"sum": [*numbers]}, left, right)
    if left.shape in ("number", "constant") and right.shape in ("number", "constant"):
        return total
    numeric: Logic = both(*(_is_numeric(each) for each in (left, right)))
    return Piece("any", {"if": [numeric, total.logic, {"cat": [left.logic, right.logic]}]})


_DIGITS = r"^[+-]?[0-9]+([.][0-9]+)?$"


def _is_numeric(piece: Piece) -> Logic:
    if piece.shape == "number" or piece.shape == "constant":
        return True
    return either({"is_empty": [piece.logic]}, {"matches": [piece.logic, _DIGITS]})


def _is_words(piece: Piece) -> bool:
    if piece.shape == "constant":
        return isinstance(piece.value, str) and as_number(piece.value) is None
    return piece.shape in ("date", "now")


def _joined(piece: Piece) -> list[Logic]:
    if isinstance(piece.logic, dict) and isinstance(inside := piece.logic.get("cat"), list):
        return inside
    return [text_of(piece.value) if piece.shape == "constant" else piece.logic]


def _addends(piece: Piece) -> list[Logic]:
    if isinstance(piece.logic, dict) and isinstance(inside := piece.logic.get("sum"), list):
        return inside
    return [as_number(piece.value) or 0 if piece.shape == "constant" else piece.logic]
