"""Logic written as text a person reads: ``nps <= 6 and tier == "Gold"``."""

from __future__ import annotations

import json
from collections.abc import Sequence

from surveys.expressions.catalogue import check_call, checked, operation
from surveys.expressions.grammar import (
    ADDED,
    ATOM,
    BETWEEN,
    CHAINS,
    INFIX,
    MULTIPLIED,
    NAME,
    NOT,
    RESERVED,
    SIGNED,
    WORD,
    WRITTEN,
)
from surveys.expressions.limits import Limits
from surveys.expressions.values import JsonValue

_PREFIX = {"!": ("not ", NOT), "-": ("-", SIGNED), "+": ("+", SIGNED)}


def write(logic: JsonValue, *, limits: Limits | None = None) -> str:
    """Logic as text; raises ExpressionError where ``compile_expression`` would.

    ``parse`` gives the same logic back in its normal form (``normal``): arguments always a list but
    for a plain variable name, ``?:`` as ``if``, numbers as JSON has them.
    """
    return _written(checked(logic, limits or Limits()), "", 0)


def normal(logic: JsonValue, *, limits: Limits | None = None) -> JsonValue:
    """Logic in the one form its text gives back."""
    return checked(logic, limits or Limits())


def _written(logic: JsonValue, path: str, least: int) -> str:
    """A part as text, in brackets where it binds less than ``least``."""
    text, binds = _part(logic, path)
    return f"({text})" if binds < least else text


def _part(logic: JsonValue, path: str) -> tuple[str, int]:
    if isinstance(logic, list):
        inside = ", ".join(_written(each, f"{path}[{i}]", 0) for i, each in enumerate(logic))
        return f"[{inside}]", ATOM
    call = operation(logic)
    if call is None:
        return json.dumps(logic, ensure_ascii=False), ATOM
    name, given = call
    path = f"{path}.{name}" if path else name
    check_call(name, len(given), path)
    if name == "var" and isinstance(logic, dict) and isinstance(logic["var"], str):
        return _variable(logic["var"]), ATOM
    if len(given) == 1 and name in _PREFIX:
        return _prefixed(name, given[0], path)
    binds = INFIX.get(name, 0)
    if binds and (len(given) == 2 or (len(given) > 2 and name in CHAINS | BETWEEN)):
        return _infix(name, binds, given, path), binds
    word = WRITTEN.get(name, name)
    if not WORD.fullmatch(word) or word in RESERVED:
        word = _backquoted(word)
    inside = ", ".join(_written(each, f"{path}[{i}]", 0) for i, each in enumerate(given))
    return f"{word}({inside})", ATOM


def _prefixed(name: str, given: JsonValue, path: str) -> tuple[str, int]:
    sign, binds = _PREFIX[name]
    inside = _written(given, f"{path}[0]", binds)
    # A sign before digits is part of the number, and two signs are hard to read.
    if binds == SIGNED and inside[0] in "+-0123456789":
        inside = f"({inside})"
    return f"{sign}{inside}", binds


def _infix(name: str, binds: int, given: Sequence[JsonValue], path: str) -> str:
    first = operation(given[0])
    # The first of a - b - c may stand bare; a + b within + would be taken for one longer sum.
    is_bare = binds in (ADDED, MULTIPLIED) and not (first and first[0] == name and name in CHAINS)
    parts = [
        _written(each, f"{path}[{i}]", binds if is_bare and i == 0 else binds + 1)
        for i, each in enumerate(given)
    ]
    return f" {name} ".join(parts)


def _variable(name: str) -> str:
    if name == "":
        return "@"
    return name if NAME.fullmatch(name) and name not in RESERVED else _backquoted(name)


def _backquoted(name: str) -> str:
    inside = json.dumps(name, ensure_ascii=False)[1:-1].replace("`", "\\`")
    return f"`{inside}`"
