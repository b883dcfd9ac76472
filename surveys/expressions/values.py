"""Values of the expression language, and JavaScript's ways of turning one into another."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from surveys.expressions.limits import Meter

Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | None"
JsonValue: TypeAlias = Value

# JavaScript counts in doubles: beyond this two whole numbers may look the same.
_LARGEST_WHOLE = 2**53
# Longer than any number that is meant; reading digits is quadratic.
_LONGEST_NUMBER = 400
# More than this was typed to be looked at for long, not to be left empty.
_LONGEST_BLANK = 1_000
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_INFINITY = re.compile(r"[+-]?Infinity")
_OTHER_BASE = re.compile(r"0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)")
_BASES = {"x": 16, "o": 8, "b": 2}


def number(value: float) -> int | float | None:
    """A number as JSON has it: whole ones as int, and None where JavaScript has NaN or infinity."""
    if isinstance(value, int):
        if -_LARGEST_WHOLE <= value <= _LARGEST_WHOLE:
            return int(value)
        try:
            value = float(value)
        except OverflowError:
            return None
    if not math.isfinite(value):
        return None
    if value == (whole := int(value)) and abs(whole) <= _LARGEST_WHOLE:
        return whole
    return value


def clean(value: object, meter: Meter, depth: int = 0) -> Value:
    """A value from outside as the language knows it, copied.

    Dates become ISO text, tuples lists, decimals numbers; NaN, infinity and anything else None.
    """
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, list | tuple | Mapping):
        meter.spend(len(value))
        _check_depth(depth, meter)
        if isinstance(value, Mapping):
            return {
                key: clean(each, meter, depth + 1)
                for key, each in value.items()
                if isinstance(key, str)
            }
        return [clean(each, meter, depth + 1) for each in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return number(float(value)) if value.is_finite() else None
    return None


def truthy(value: Value) -> bool:
    """JsonLogic's truth: empty lists are false, "0" and empty objects are true."""
    return bool(value) or isinstance(value, dict)


def is_blank(value: Value) -> bool:
    """Whether nothing was answered: null, blank text, or nothing chosen. Zero and false are answers."""
    if isinstance(value, str):
        return not value or (len(value) <= _LONGEST_BLANK and value.isspace())
    return value is None or (isinstance(value, list | dict) and not value)


def to_number(value: Value, meter: Meter) -> float:
    """JavaScript's ``Number(value)``; may be NaN."""
    if isinstance(value, int | float):
        return float(value)
    if value is None:
        return 0.0
    if isinstance(value, dict):
        return math.nan
    text = value if isinstance(value, str) else to_text(value, meter)
    text = text.strip() if len(text) <= _LONGEST_NUMBER else "?"
    if not text:
        return 0.0
    if _NUMBER.fullmatch(text):
        return float(text)
    if _INFINITY.fullmatch(text):
        return -math.inf if text[0] == "-" else math.inf
    if _OTHER_BASE.fullmatch(text):
        try:
            return float(int(text[2:], _BASES[text[1].lower()]))
        except OverflowError:
            return math.inf
    return math.nan


def leading_number(value: Value, meter: Meter) -> float:
    """JavaScript's ``parseFloat(value)``: the number a text begins with; NaN without one."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    text = to_text(value, meter)[:_LONGEST_NUMBER].lstrip()
    if found := _NUMBER.match(text):
        return float(found[0])
    if found := _INFINITY.match(text):
        return -math.inf if text[0] == "-" else math.inf
    return math.nan


def to_text(value: Value, meter: Meter, depth: int = 0) -> str:
    """JavaScript's ``String(value)``; lists are joined by commas, null in them is nothing."""
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number_text(value)
    if isinstance(value, dict):
        return "[object Object]"
    meter.spend(len(value))
    _check_depth(depth, meter)
    parts: list[str] = []
    length = 0
    for each in value:
        part = "" if each is None else to_text(each, meter, depth + 1)
        length += len(part) + 1
        meter.check_text(length - 1, len(part))
        parts.append(part)
    return ",".join(parts)


def words(value: Value, meter: Meter) -> str:
    """A value as text for the text operators: like ``to_text``, but null is no text at all."""
    return "" if value is None else to_text(value, meter)


def same(left: Value, right: Value, meter: Meter, depth: int = 0) -> bool:
    """``===``, with lists and objects equal when their contents are.

    JavaScript compares those by identity, which no expression over answers could use.
    """
    meter.spend(1)
    if isinstance(left, list):
        if not isinstance(right, list) or len(left) != len(right):
            return False
        _check_depth(depth, meter)
        return all(same(a, b, meter, depth + 1) for a, b in zip(left, right, strict=True))
    if isinstance(left, dict):
        if not isinstance(right, dict) or left.keys() != right.keys():
            return False
        _check_depth(depth, meter)
        return all(same(each, right[key], meter, depth + 1) for key, each in left.items())
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, str) and isinstance(right, str):
        meter.spend(min(len(left), len(right)) >> 6)
    return left == right


def loosely_same(left: Value, right: Value, meter: Meter) -> bool:
    """``==``: null equals only null, true is 1, text is read as a number, a list as its text."""
    if left is None or right is None:
        return left is right
    if isinstance(left, list | dict) and isinstance(right, list | dict):
        return same(left, right, meter)
    left, right = _primitive(left, meter), _primitive(right, meter)
    if isinstance(left, str) and isinstance(right, str):
        return same(left, right, meter)
    return to_number(left, meter) == to_number(right, meter)


def is_less(left: Value, right: Value, meter: Meter, *, or_same: bool) -> bool:
    """``<`` and ``<=``: two texts by their letters, all else as numbers; never true of NaN."""
    left, right = _primitive(left, meter), _primitive(right, meter)
    if isinstance(left, str) and isinstance(right, str):
        meter.spend(min(len(left), len(right)) >> 6)
        return left <= right if or_same else left < right
    a, b = to_number(left, meter), to_number(right, meter)
    return a <= b if or_same else a < b


def _primitive(value: Value, meter: Meter) -> Value:
    return to_text(value, meter) if isinstance(value, list | dict) else value


def _number_text(value: float) -> str:
    if isinstance(value, int):
        return str(value)
    if 1e-6 <= abs(value) < 1e21:
        return format(Decimal(repr(value)), "f").removesuffix(".0")
    mantissa, _, power = repr(value).partition("e")
    return f"{mantissa.removesuffix('.0')}e{int(power):+d}" if power else mantissa


def _check_depth(depth: int, meter: Meter) -> None:
    if depth >= meter.limits.depth:
        meter.refuse_depth()
