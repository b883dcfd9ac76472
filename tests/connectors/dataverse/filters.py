"""The part of OData's filter language that the simulated environment understands."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

Row = Mapping[str, Any]
Test = Callable[[Row], bool]
_TOKEN = re.compile(
    r"\s*(?:(?P<in>Microsoft\.Dynamics\.CRM\.(?:Not)?In\(PropertyName='(?P<of>\w+)',"
    r"PropertyValues=(?P<list>\[[^\]]*\])\))"
    r"|(?P<text>'(?:[^']|'')*')|(?P<mark>[(),])"
    r"|(?P<word>[^\s(),']+))"
)
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "gt": lambda a, b: a is not None and b is not None and a > b,
    "ge": lambda a, b: a is not None and b is not None and a >= b,
    "lt": lambda a, b: a is not None and b is not None and a < b,
    "le": lambda a, b: a is not None and b is not None and a <= b,
}
_FUNCTIONS: Mapping[str, Callable[[str, str], bool]] = {
    "contains": lambda a, b: b in a,
    "startswith": lambda a, b: a.startswith(b),
    "endswith": lambda a, b: a.endswith(b),
}
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}").fullmatch


class Malformed(ValueError):
    """The filter cannot be read."""


def parse(text: str, known: Callable[[str], bool]) -> Test:
    """The test a filter makes. `known` says whether a property is there. Raises Malformed."""
    found = _Parser(text, known)
    test = found.either()
    if found.at < len(found.tokens):
        raise Malformed(f"Syntax error at position {found.at} in '{text}'.")
    return test


class _Parser:
    def __init__(self, text: str, known: Callable[[str], bool]) -> None:
        self.known, self.at = known, 0
        self.tokens: list[tuple[str, Any]] = []
        position, text = 0, text.strip()
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise Malformed(f"Syntax error at position {position} in '{text}'.")
            position = match.end()
            if match["in"]:
                self.tokens.append(("in", (match["in"], match["of"], json.loads(match["list"]))))
            else:
                kind = next(k for k in ("text", "mark", "word") if match[k] is not None)
                self.tokens.append((kind, match[kind]))

    def peek(self) -> tuple[str, Any]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def take(self) -> tuple[str, Any]:
        token = self.peek()
        self.at += 1
        return token

    def either(self) -> Test:
        tests = [self.both()]
        while self.peek() == ("word", "or"):
            self.take()
            tests.append(self.both())
        return lambda row: any(test(row) for test in tests)

    def both(self) -> Test:
        tests = [self.one()]
        while self.peek() == ("word", "and"):
            self.take()
            tests.append(self.one())
        return lambda row: all(test(row) for test in tests)

    def one(self) -> Test:
        kind, value = self.take()
        if (kind, value) == ("word", "not"):
            inner = self.one()
            return lambda row: not inner(row)
        if (kind, value) == ("mark", "("):
            inner = self.either()
            self.expect(")")
            return inner
        if kind == "in":
            return self.within(*value)
        if kind == "word" and value in _FUNCTIONS and self.peek() == ("mark", "("):
            self.take()
            name = self.column(self.take()[1])
            self.expect(",")
            wanted, function = str(self.literal()), _FUNCTIONS[value]
            self.expect(")")
            return lambda row: function(str(row.get(name) or "").lower(), wanted.lower())
        name, compare = self.column(value), _COMPARE.get(self.take()[1])
        if compare is None:
            raise Malformed("An operator was expected.")
        wanted = self.literal()
        return lambda row: compare(_comparable(row.get(name)), wanted)

    def within(self, text: str, name: str, values: list[str]) -> Test:
        column = name if self.known(name) else f"_{name}_value"
        self.column(column)
        wanted = {each.lower() for each in values}
        is_not = ".NotIn(" in text
        return lambda row: (str(row.get(column)).lower() in wanted) is not is_not

    def column(self, name: str) -> str:
        if not self.known(name):
            raise Malformed(f"Could not find a property named '{name}'.")
        return name

    def literal(self) -> Any:
        kind, value = self.take()
        if kind == "text":
            return value[1:-1].replace("''", "'").lower()
        if kind != "word":
            raise Malformed("A value was expected.")
        if value in ("null", "true", "false"):
            return {"null": None, "true": True, "false": False}[value]
        if _GUID(value):
            return value.lower()
        try:
            return _comparable(value) if "T" in value else Decimal(value)
        except ArithmeticError:
            raise Malformed(f"'{value}' is no value.") from None

    def expect(self, mark: str) -> None:
        if self.take() != ("mark", mark):
            raise Malformed(f"'{mark}' was expected.")


def _comparable(value: Any) -> Any:
    """A value as it is compared: moments as such, texts without regard to case (as SQL does)."""
    if not isinstance(value, str):
        return value
    try:
        return datetime.fromisoformat(value) if value[10:11] == "T" else value.lower()
    except ValueError:
        return value.lower()
