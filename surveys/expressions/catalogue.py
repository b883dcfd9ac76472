"""Every operator of the language by its name, and what any logic must be to be logic."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from surveys.expressions.errors import NotLogic, TooLarge, UnknownOperator, WrongArguments
from surveys.expressions.limits import Limits
from surveys.expressions.named import NAMED
from surveys.expressions.operators import STANDARD, Operator
from surveys.expressions.values import JsonValue, number
from surveys.strings import shown

OPERATORS: Mapping[str, Operator] = {
    **STANDARD,
    **NAMED,
    "var": Operator(0, 2),
    "missing": Operator(0, None),
    "missing_some": Operator(2, 2),
    "if": Operator(0, None),
    "?:": Operator(0, None),
    "and": Operator(1, None),
    "or": Operator(1, None),
    "map": Operator(2, 2),
    "filter": Operator(2, 2),
    "reduce": Operator(2, 3),
    "all": Operator(2, 2),
    "none": Operator(2, 2),
    "some": Operator(2, 2),
    "matches": Operator(2, 2),
}


def operation(logic: JsonValue) -> tuple[str, list[JsonValue]] | None:
    """The operator and arguments of logic; None for a plain value.

    An object with one key is an operation, as in JsonLogic; any other object is a value, unread.
    """
    if not isinstance(logic, dict) or len(logic) != 1:
        return None
    ((name, given),) = logic.items()
    return name, given if isinstance(given, list) else [given]


def check_call(name: str, count: int, path: str) -> Operator:
    """The operator of this name, if it takes so many arguments."""
    operator = OPERATORS.get(name)
    if operator is None:
        near = difflib.get_close_matches(name[:40], OPERATORS, 1)
        hint = f"write {near[0]}" if near else "take one of the list"
        raise UnknownOperator(
            f"There is no operator {shown(name) or 'without a name'}; {hint}.", path
        )
    least, most, _ = operator
    if count < least or (most is not None and count > most):
        wanted = f"at least {least}" if most is None else " or ".join(map(str, {least, most}))
        if most is not None and most - least > 1:
            wanted = f"{least} to {most}"
        raise WrongArguments(f"Give {name} {wanted} arguments, not {count}.", path)
    return operator


def checked(logic: object, limits: Limits) -> JsonValue:
    """Logic if it is JSON within its bounds, in its normal form.

    Looked at without recursion, so that no nesting is too deep to be refused. Then copied: whole
    numbers as int, those JSON has no place for as null, arguments always a list but for a plain
    variable name, ``?:`` as ``if``.
    """
    left = limits.nodes
    # What is read without operators: the inside of a plain object.
    seen: list[tuple[object, int]] = [(logic, 1)]
    while seen:
        value, depth = seen.pop()
        left -= 1
        if depth > limits.depth + 1:
            raise TooLarge(f"Logic nests deeper than {limits.depth} levels; divide it.")
        if isinstance(value, dict):
            _check_names(value, limits)
            inside: list[object] = list(value.values())
            if len(value) == 1 and isinstance(inside[0], list):
                inside = inside[0]
        elif isinstance(value, list):
            inside = value
        else:
            _check_plain(value, limits)
            continue
        if len(inside) > left:
            left = -1
        if left < len(seen):
            raise TooLarge(f"Logic has more than {limits.nodes:,} parts; divide it.")
        seen.extend((each, depth + 1) for each in inside)
    return _normal(logic, is_plain=False)


def _check_names(value: dict[object, object], limits: Limits) -> None:
    for name in value:
        if not isinstance(name, str):
            raise NotLogic(f"Give names of objects as text, not {shown(name)}.")
        _check_plain(name, limits)


def _check_plain(value: object, limits: Limits) -> None:
    if isinstance(value, str):
        if len(value) > limits.text:
            raise TooLarge(
                f"A text in logic is longer than {limits.text:,} characters; shorten it."
            )
    elif value is not None and not isinstance(value, bool | int | float):
        raise NotLogic(f"Give JSON values as logic, not a {type(value).__name__}.")


def _normal(value: object, *, is_plain: bool) -> JsonValue:
    if isinstance(value, list):
        return [_normal(each, is_plain=is_plain) for each in value]
    if isinstance(value, dict):
        if is_plain or len(value) != 1:
            return {name: _normal(each, is_plain=True) for name, each in value.items()}
        ((name, given),) = value.items()
        listed = given if isinstance(given, list) else [given]
        normal = [_normal(each, is_plain=False) for each in listed]
        if name == "var" and len(normal) == 1 and isinstance(normal[0], str):
            return {name: normal[0]}
        return {"if" if name == "?:" else name: normal}
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value)
    assert value is None or isinstance(value, str | bool)
    return value
