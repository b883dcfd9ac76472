"""Comparisons of XPath as logic: unanswered is no number, an empty text equals nothing."""

from __future__ import annotations

from surveys.formats.xpath.values import (
    NO_CHOICE,
    Typed,
    Untranslatable,
    all_of,
    answered,
    as_day,
    as_number,
    as_text,
    key_of,
    opposite,
    truth,
)
from surveys.parts import Logic

_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_DAYS = ("day", "moment")


def equal(left: Typed, right: Typed) -> Logic:
    """Whether two values are the same."""
    if left.constant is not None and right.constant is not None:
        return _same_constants(left, right)
    if left.constant is not None:
        left, right = right, left
    if "boolean" in (left.type, right.type) or "flag" in (left.type, right.type):
        return _same_truth(left, right)
    if right.constant == "":
        return {"is_empty": [left.logic]}
    if left.type in ("choice", "choices"):
        return _is_choice(left, right)
    if right.type in ("choice", "choices"):
        return _is_choice(right, left)
    if left.type in _DAYS or right.type in _DAYS:
        return _same_days(left, right)
    if left.type == "time" and isinstance(right.constant, str):
        return {"==": [left.logic, right.constant[:5]]}
    if left.type == "number" or right.type == "number":
        return _same_numbers(left, right)
    return {"==": [_whole(left, right), _whole(right, left)]}


def _same_constants(left: Typed, right: Typed) -> bool:
    if isinstance(left.constant, str) and isinstance(right.constant, str):
        return left.constant == right.constant
    try:
        return as_number(left).constant == as_number(right).constant
    except Untranslatable:
        return False


def _same_truth(left: Typed, right: Typed) -> Logic:
    """Booleans compare by truth; the texts true and false are how tools keep them."""
    if left.type not in ("boolean", "flag"):
        left, right = right, left
    if right.constant is not None:
        if right.constant == "":
            return {"is_empty": [left.logic]} if left.type == "flag" else False
        wanted = right.constant in ("true", "1", 1.0)
        if not wanted and right.constant not in ("false", "0", 0.0):
            wanted = bool(right.constant)
        return truth(left) if wanted else opposite(truth(left))
    other = truth(right)
    if isinstance(other, bool):
        return truth(left) if other else opposite(truth(left))
    return {"==": [{"!!": [truth(left)]}, {"!!": [other]}]}


def _is_choice(chosen: Typed, other: Typed) -> Logic:
    if other.constant is not None:
        name = other.constant
        if chosen.type == "choices" and isinstance(name, str) and " " in name.strip():
            keys: list[Logic] = [key_of(chosen.names, each) for each in name.split()]
            return {"===": [chosen.logic, keys]}
        if isinstance(name, str):
            name = name.strip() or name
        key = key_of(chosen.names, name)
        return False if key.startswith(NO_CHOICE) else {"==": [chosen.logic, key]}
    if chosen.type == other.type == "choice" and _keys_agree(chosen, other):
        return {"==": [chosen.logic, other.logic]}
    if other.type == "number":
        return _same_numbers(chosen, other)
    return {"==": [as_text(chosen), as_text(other)]}


def _keys_agree(left: Typed, right: Typed) -> bool:
    return all(right.names.get(name, key) == key for name, key in left.names.items())


def _same_days(left: Typed, right: Typed) -> Logic:
    if left.type not in _DAYS:
        left, right = right, left
    if right.type == "number":
        left = as_number(left)
        return _same_numbers(left, right)
    return {"==": [left.logic, as_day(right).logic]}


def _same_numbers(left: Typed, right: Typed) -> Logic:
    a, b = as_number(left), as_number(right)
    found: Logic = {"==": [a.logic, b.logic]}
    # Nothing equals nothing, as two empty texts do; what is calculated must be there first.
    return all_of(
        [*answered(() if a.is_safe else a.needs), *answered(() if b.is_safe else b.needs), found]
    )


def _whole(value: Typed, other: Typed) -> Logic:
    """A text to compare; one that is put together is '' and not null when nothing is in it."""
    logic = as_text(value)
    if other.is_variable or other.constant is not None or not value.is_variable:
        return logic
    return {"cat": [logic]}


def ordered(sign: str, left: Typed, right: Typed) -> Logic:
    """Whether one value is less or more than another: numbers, days or times of day."""
    if left.constant is not None and right.constant is None:
        return ordered(_TURNED[sign], right, left)
    if "moment" in (left.type, right.type) and left.type in (*_DAYS, "text"):
        sign = _by_day(sign, left, right)
    if left.type in _DAYS and (right.type in _DAYS or isinstance(right.constant, str)):
        return _ordered_texts(sign, left, as_day(right))
    if right.type in _DAYS and left.type in ("text", "any"):
        return _ordered_texts(sign, as_day(left), right)
    if left.type == "time" and (right.type == "time" or isinstance(right.constant, str)):
        if isinstance(right.constant, str):
            right = Typed(right.constant[:5], "time", constant=right.constant[:5])
        return _ordered_texts(sign, left, right)
    try:
        a, b = as_number(left), as_number(right)
    except Untranslatable:
        return False  # A text that is no number is NaN, which is neither less nor more.
    if isinstance(a.constant, float) and isinstance(b.constant, float):
        return _holds(sign, a.constant, b.constant)
    needs: list[Logic] = [*a.needs, *b.needs]
    # What is not answered counts as zero here: it matters only where zero would do.
    if a.is_safe and isinstance(b.constant, float) and not _holds(sign, 0.0, b.constant):
        needs = []
    return all_of([*answered(needs), {sign: [a.logic, b.logic]}])


def _ordered_texts(sign: str, left: Typed, right: Typed) -> Logic:
    needs = [*left.needs, *right.needs] if "=" in sign and left.needs and right.needs else []
    return all_of([*answered(needs), {sign: [left.logic, right.logic]}])


def _by_day(sign: str, left: Typed, right: Typed) -> str:
    """A day begins at midnight, and now is later than that: today is before now."""
    if right.type == "moment" and left.type != "moment":
        return {"<": "<=", ">=": ">"}.get(sign, sign)
    if left.type == "moment" and right.type != "moment":
        return {">": ">=", "<=": "<"}.get(sign, sign)
    return sign


def _holds(sign: str, left: float, right: float) -> bool:
    return {
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }[sign]
