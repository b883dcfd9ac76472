"""Logic with its variables under other names, such as those of one entry among several."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from surveys.expressions.catalogue import operation
from surveys.expressions.scopes import LOOPS
from surveys.expressions.values import JsonValue

# What stands for a variable: its other name, or logic that takes its place.
Rename = Callable[[str], JsonValue]
_NAMING = frozenset({"missing", "missing_some"})


def renamed(logic: JsonValue, rename: Rename) -> JsonValue:
    """The logic with each variable as ``rename`` has it: another name, or ``[logic]`` in its place.

    Inside map, filter and their kin names are those of an item, so they stay.
    """
    if isinstance(logic, list):
        return [renamed(each, rename) for each in logic]
    call = operation(logic)
    if call is None:
        return logic
    name, given = call
    if name == "var":
        return _variable(given, rename)
    if name in LOOPS:
        items, body, *initial = given
        return {name: [renamed(items, rename), body, *(renamed(each, rename) for each in initial)]}
    if name in _NAMING:
        return {name: [_names(each, rename) for each in given]}
    return {name: [renamed(each, rename) for each in given]}


def _variable(given: Sequence[JsonValue], rename: Rename) -> JsonValue:
    if not given or not isinstance(given[0], str):
        return {"var": [renamed(each, rename) for each in given]}
    found = rename(given[0])
    if isinstance(found, list):
        return found[0]
    if len(given) == 1:
        return {"var": found}
    return {"var": [found, *(renamed(each, rename) for each in given[1:])]}


def _names(given: JsonValue, rename: Rename) -> JsonValue:
    """Names that are listed as texts; what is always there needs no name."""
    if isinstance(given, str):
        found = rename(given)
        return given if isinstance(found, list) else found
    if isinstance(given, list):
        return [_names(each, rename) for each in given]
    return renamed(given, rename)
