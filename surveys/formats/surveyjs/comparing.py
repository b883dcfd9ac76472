"""Comparisons of SurveyJS as our logic, such that a walk decides as the source would."""

from __future__ import annotations

from surveys.formats.surveyjs.pieces import (
    Piece,
    Unknown,
    among,
    answered,
    both,
    either,
    opposite,
    plain,
    valued,
)
from surveys.formats.surveyjs.values import (
    COMPARISONS,
    Known,
    as_number,
    converted,
    equal,
    is_empty,
    text_of,
)
from surveys.parts import Logic

_SIGNS = {"less": "<", "greater": ">", "lessorequal": "<=", "greaterorequal": ">="}
_TURNED = {
    "less": "greater",
    "greater": "less",
    "lessorequal": "greaterorequal",
    "greaterorequal": "lessorequal",
    "equal": "equal",
    "notequal": "notequal",
}


def compared(sign: str, left: Piece, right: Piece) -> Logic:
    """The comparison of two pieces; raises Unknown."""
    for piece in (left, right):
        if piece.shape in ("broken", "table"):
            raise Unknown(piece.reason or "A whole table is compared.")
    compare = COMPARISONS[sign]
    if left.shape == "constant" and right.shape == "constant":
        return compare(left.value, right.value)
    if left.shape == "one" and right.shape == "constant":
        return among(left, lambda value: compare(value, right.value))
    if left.shape == "constant" and right.shape == "one":
        return among(right, lambda value: compare(left.value, value))
    if sign == "notequal":
        return opposite(compared("equal", left, right))
    if sign == "noneof":
        return opposite(compared("anyof", left, right))
    if right.shape == "constant":
        return _with_constant(sign, left, right.value)
    if left.shape == "constant" and right.shape == "now":
        left = Piece("date", left.logic)
    elif left.shape == "constant" and sign in _TURNED:
        return compared(_TURNED[sign], right, left)
    if left.shape == "constant":
        return _in_constant(sign, left.value, right)
    return _of_two(sign, left, right)


def _with_constant(sign: str, left: Piece, value: Known) -> Logic:
    if left.shape == "many":
        return _many(sign, left, value)
    if left.shape == "truth":
        return _truth(sign, left, value)
    if sign == "equal":
        return _equal(left, value)
    if sign in _SIGNS:
        return _ordered(sign, left, value)
    return _picked(sign, left, value)


def _many(sign: str, left: Piece, value: Known) -> Logic:
    """Several choices compared with values written out."""
    wanted = value if isinstance(value, list) else [value]
    if sign == "equal":
        if is_empty(value):
            return {"is_empty": [left.logic]}
        if not isinstance(value, list):
            return False
        keys = [_key(left, each) for each in wanted]
        if None in keys:
            return False
        return both({"all_of": [left.logic, [*keys]]}, {"==": [{"count": [left.logic]}, len(keys)]})
    if sign in ("contains", "allof"):
        keys = [_key(left, each) for each in wanted]
        if not keys:
            return answered(left.logic) if sign == "contains" else True
        if None in keys:
            return False
        if len(keys) == 1:
            return {"in": [keys[0], left.logic]}
        return {"all_of": [left.logic, [*keys]]}
    if sign == "notcontains":
        return opposite(_many("contains", left, value))
    if sign == "anyof":
        if is_empty(value):
            return True
        keys = [key for each in wanted if (key := _key(left, each)) is not None]
        return {"any_of": [left.logic, [*keys]]} if keys else False
    raise Unknown("Several choices are compared by size.")


def _key(piece: Piece, value: Known) -> str | None:
    """Our key of a value of the source."""
    found = (key for key, own in piece.values.items() if equal(converted(own), value))
    return next(found, None)


def _truth(sign: str, left: Piece, value: Known) -> Logic:
    if sign != "equal":
        raise Unknown("Something true or false is compared by size.")
    if value is True or as_number(value) == 1 or text_of(value).lower() == "true":
        return left.logic
    is_false = value is False or as_number(value) == 0 or text_of(value).lower() == "false"
    return opposite(left.logic) if is_false else False


def _equal(left: Piece, value: Known) -> Logic:
    variable = left.logic
    if is_empty(value):
        return {"is_empty": [variable]}
    if isinstance(value, list):
        return False
    if isinstance(value, bool):
        if left.shape == "number":
            return {"==": [variable, int(value)]}
        if left.shape == "text":
            return {"==": [{"lower": [variable]}, text_of(value)]}
        return {"in": [variable, [value, text_of(value)]]}
    number = as_number(value)
    if number is not None and left.shape not in ("date", "now"):
        return {"==": [variable, _whole(number)]}
    if left.shape == "number":
        return False
    if left.shape in ("date", "now"):
        return {"==": [variable, text_of(value)]}
    return {"==": [{"lower": [variable]}, text_of(value).strip().lower()]}


def _ordered(sign: str, left: Piece, value: Known) -> Logic:
    if isinstance(value, list):
        return False
    if value is None or value == "":
        return {"is_empty": [left.logic]} if sign.endswith("orequal") else False
    symbol = _SIGNS[sign]
    number = float(value) if isinstance(value, bool) else as_number(value)
    if number is None:
        # No answer is no text, so it is neither before nor after one.
        return False if left.shape == "number" else {symbol: [left.logic, text_of(value)]}
    zero = {"<": number > 0, ">": number < 0, "<=": number >= 0, ">=": number <= 0}[symbol]
    compared: Logic = {symbol: [left.logic, _whole(number)]}
    return both(answered(left.logic), compared) if zero else compared


def _picked(sign: str, left: Piece, value: Known) -> Logic:
    """A text or number that contains, or is one of, values written out."""
    if left.shape in ("date", "now"):
        left = Piece("text", left.logic)
    if sign == "notcontains":
        if not value:
            raise Unknown("It asks whether nothing is contained.")
        return opposite(_picked("contains", left, value))
    if isinstance(value, list) and sign == "anyof":
        return either(*(_equal(left, each) for each in value)) if value else True
    if isinstance(value, list) and sign == "allof":
        return both(*(_picked("contains", left, each) for each in value))
    if isinstance(value, list):
        raise Unknown("It asks whether a text contains a list.")
    if not value:
        return False
    if sign == "anyof":
        return both(
            answered(left.logic), {"contains": [text_of(value).lower(), {"lower": [left.logic]}]}
        )
    return {"contains": [{"lower": [left.logic]}, text_of(value).lower()]}


def _in_constant(sign: str, value: Known, right: Piece) -> Logic:
    """Values written out that contain, or are among, an answer."""
    if right.shape == "many":
        keys = [_key(right, each) for each in (value if isinstance(value, list) else [value])]
        known: list[Logic] = [key for key in keys if key is not None]
        if sign == "anyof":
            return {"any_of": [right.logic, known]} if known else False
        if sign in ("contains", "allof") and isinstance(value, list):
            return both(answered(right.logic), {"all_of": [known, right.logic]})
        raise Unknown("A value is searched for several choices.")
    if isinstance(value, list):
        found = either(*(_equal(right, each) for each in value))
        return opposite(found) if sign == "notcontains" else found
    contains = both(
        answered(right.logic),
        {"contains": [text_of(value).lower(), {"lower": [valued(right)]}]},
    )
    return opposite(contains) if sign == "notcontains" else contains


def _of_two(sign: str, left: Piece, right: Piece) -> Logic:
    if left.shape == "many" or right.shape == "many":
        return _of_lists(sign, left, right)
    if "truth" in (left.shape, right.shape):
        if sign != "equal":
            raise Unknown("Something true or false is compared by size.")
        return {"==": [{"!!": [valued(left)]}, {"!!": [valued(right)]}]}
    if sign == "equal" and left.shape == right.shape == "one" and left.values == right.values:
        return {"==": [left.logic, right.logic]}
    left, right = plain(left), plain(right)
    if sign == "equal":
        days = ("date", "now")
        if left.shape == right.shape == "number" or (left.shape in days and right.shape in days):
            return {"==": [left.logic, right.logic]}
        # A day is its first moment, and the moment of answering a later one; the other way round
        # the source cuts the moment down to its day.
        if right.shape == "now" and left.shape != "now":
            return False
        return {"==": [{"lower": [left.logic]}, {"lower": [right.logic]}]}
    if sign in _SIGNS:
        symbol = _SIGNS[sign]
        if right.shape == "now" and left.shape != "now":
            symbol = {"<": "<=", ">=": ">"}.get(symbol, symbol)
        return both(
            answered(left.logic), answered(right.logic), {symbol: [left.logic, right.logic]}
        )
    contains = both(
        answered(right.logic),
        {"contains": [{"lower": [left.logic]}, {"lower": [right.logic]}]},
    )
    return opposite(contains) if sign == "notcontains" else contains


def _of_lists(sign: str, left: Piece, right: Piece) -> Logic:
    """Answers of several choices compared with others."""
    if left.values == right.values:
        first, second = left.logic, right.logic
    else:
        first, second = valued(left), valued(right)
    if left.shape == right.shape == "many":
        if sign == "equal":
            return both({"all_of": [first, second]}, {"all_of": [second, first]})
        if sign == "anyof":
            return either(both({"is_empty": [right.logic]}), {"any_of": [first, second]})
        if sign in ("contains", "allof"):
            return both(answered(left.logic), {"all_of": [first, second]})
    elif sign == "equal":
        return both({"is_empty": [left.logic]}, {"is_empty": [right.logic]})
    elif left.shape == "many" and sign in ("contains", "allof", "anyof"):
        return {"any_of": [first, second]}
    elif right.shape == "many" and sign == "anyof":
        return {"any_of": [second, first]}
    if sign == "notcontains":
        return opposite(_of_lists("contains", left, right))
    raise Unknown("Several choices are compared by size.")


def _whole(number: float) -> int | float:
    return int(number) if number.is_integer() and abs(number) < 2**53 else number
