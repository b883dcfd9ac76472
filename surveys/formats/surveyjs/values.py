"""How SurveyJS compares values: loosely, texts without regard to case, lists as sets."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

Known: TypeAlias = "bool | int | float | str | list[Known] | None"

_NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*", re.ASCII)
_LONGEST_NUMBER = 300


def as_number(value: object) -> float | None:
    """The number a value is or spells; None for all else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        try:
            return float(value) if math.isfinite(value) else None
        except OverflowError:
            return None
    if isinstance(value, str) and len(value) <= _LONGEST_NUMBER and _NUMBER.fullmatch(value):
        found = float(value)
        return found if math.isfinite(found) else None
    return None


def text_of(value: object) -> str:
    """A plain value as JavaScript writes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def converted(value: Known) -> Known:
    """A value as a variable gives it: "true" is true and "5" is 5, but "05" stays a text."""
    if not isinstance(value, str):
        return value
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    number = as_number(value)
    text = value.strip()
    if number is None or (text[0] == "0" and len(text) > 1 and text[1] not in ".,"):
        return value
    return int(number) if number.is_integer() and "." not in text else number


def is_empty(value: object) -> bool:
    """Whether nothing was answered; zero and false are answers."""
    return value is None or value == "" or value == [] or value == {}


def equal(left: Known, right: Known) -> bool:
    """``=``: 1 is "1", "a" is "A", a list is any list of the same values."""
    if is_empty(left) or is_empty(right):
        return is_empty(left) and is_empty(right)
    if isinstance(left, list) or isinstance(right, list):
        if not (isinstance(left, list) and isinstance(right, list)) or len(left) != len(right):
            return False
        return all(
            equal(a, b)
            for a, b in zip(sorted(left, key=text_of), sorted(right, key=text_of), strict=True)
        )
    if isinstance(left, str) and isinstance(right, str):
        return left.strip().lower() == right.strip().lower()
    if isinstance(left, bool) or isinstance(right, bool):
        if isinstance(left, str) or isinstance(right, str):
            return text_of(left).lower() == text_of(right).lower()
        return _counted(left) == _counted(right)
    return as_number(left) is not None and as_number(left) == as_number(right)


def less(left: Known, right: Known) -> bool:
    """``<``: of nothing never; texts by their letters, all else as numbers."""
    if left is None or right is None or isinstance(left, list) or isinstance(right, list):
        return False
    if isinstance(left, str) and isinstance(right, str):
        return left < right
    a, b = _counted(left), _counted(right)
    return a is not None and b is not None and a < b


def _counted(value: Known) -> float | None:
    return float(value) if isinstance(value, bool) else as_number(value)


def contains(left: Known, right: Known) -> bool:
    """Whether a list holds a value or all values of another, or a text a part."""
    if isinstance(left, list):
        if not left:
            return False
        wanted = right if isinstance(right, list) else [right]
        return all(any(equal(each, one) for each in left) for one in wanted)
    if is_empty(left) or not right or isinstance(right, list):
        return False
    return text_of(right).lower() in text_of(left).lower()


def any_of(left: Known, right: Known) -> bool:
    """Whether one of the values is among the others."""
    if is_empty(left):
        return is_empty(right)
    if is_empty(right):
        return True
    if not isinstance(left, list):
        return contains(right, left)
    return any(contains(left, one) for one in (right if isinstance(right, list) else [right]))


def all_of(left: Known, right: Known) -> bool:
    """Whether all of the values are among the others."""
    if not left and left != 0 and not is_empty(right):
        return False
    wanted = right if isinstance(right, list) else [right]
    return all(contains(left, one) for one in wanted)


def not_contains(left: Known, right: Known) -> bool:
    """The opposite of contains, true of no answer."""
    if is_empty(left):
        return isinstance(left, list) or not is_empty(right)
    return (isinstance(left, list) or bool(right)) and not contains(left, right)


COMPARISONS: Mapping[str, Callable[[Known, Known], bool]] = {
    "equal": equal,
    "notequal": lambda left, right: not equal(left, right),
    "less": less,
    "greater": lambda left, right: less(right, left),
    "lessorequal": lambda left, right: equal(left, right) or less(left, right),
    "greaterorequal": lambda left, right: equal(left, right) or less(right, left),
    "contains": contains,
    "notcontains": not_contains,
    "anyof": any_of,
    "noneof": lambda left, right: not any_of(left, right),
    "allof": all_of,
}
