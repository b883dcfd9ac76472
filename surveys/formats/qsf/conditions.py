"""Conditions joined and turned round, without what says nothing or says it twice."""

from __future__ import annotations

from collections.abc import Iterable

from surveys.expressions import ExpressionError, compile_expression
from surveys.parts import Logic

# Beyond so many parts nobody reads on, and comparing each with each would take long.
_COMPARED = 60
_SURELY_FITS = 30


def both(*conditions: Logic) -> Logic:
    """All of the conditions, None where there is none."""
    given: list[Logic] = [each for each in conditions if each is not None]
    if not given:
        return None
    return _joined("and", given, True)


def either(conditions: Iterable[Logic]) -> Logic:
    """One of the conditions; without any, false."""
    return _joined("or", list(conditions), False)


def opposite(condition: Logic) -> Logic:
    """That the condition does not hold."""
    if isinstance(condition, bool):
        return not condition
    if isinstance(condition, dict) and isinstance(inside := condition.get("!"), list):
        return inside[0]
    return {"!": [condition]}


def first_given(values: list[Logic]) -> Logic:
    """The first of the values that is not empty."""
    if not values:
        return None
    if len(values) == 1:
        return values[0]
    branches: list[Logic] = []
    for each in values[:-1]:
        branches += [{"is_answered": [each]}, each]
    return {"if": [*branches, values[-1]]}


def size(condition: Logic, most: int = 3000) -> int:
    """How many parts a condition has, counted up to so many."""
    left: list[Logic] = [condition]
    count = 0
    while left and count < most:
        part = left.pop()
        count += 1
        if isinstance(part, dict):
            left.extend(part.values())
        elif isinstance(part, list):
            left.extend(part)
    return count


def fits(condition: Logic) -> bool:
    """Whether a condition can be kept: it is neither too large nor nests too deeply."""
    if size(condition) < _SURELY_FITS:
        return True
    try:
        compile_expression(condition)
    except ExpressionError:
        return False
    return True


def _joined(operator: str, conditions: list[Logic], says_nothing: bool) -> Logic:
    parts: list[Logic] = []
    for each in conditions:
        inside = each.get(operator) if isinstance(each, dict) else None
        for part in inside if isinstance(inside, list) else [each]:
            if part is (not says_nothing):
                return part
            if part is not says_nothing and (len(parts) > _COMPARED or part not in parts):
                parts.append(part)
    if not parts:
        return says_nothing
    if len(parts) <= _COMPARED and any(opposite(each) in parts for each in parts):
        return not says_nothing
    return {operator: parts} if len(parts) > 1 else parts[0]
