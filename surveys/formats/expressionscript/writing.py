"""Our logic written as ExpressionScript; what it cannot say raises Unwritable."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from surveys.expressions.catalogue import operation
from surveys.parts import Logic

Sort: TypeAlias = Literal["number", "text", "choice", "marks", "date"]

_SAME = {"==": "==", "===": "==", "!=": "!=", "!==": "!="}
_RELATED = {"<": "<", "<=": "<=", ">": ">", ">=": ">="}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_CALLED = {
    "sum": "sum", "max": "max", "min": "min", "round": "round", "floor": "floor", "ceil": "ceil",
    "abs": "abs", "length": "strlen", "lower": "strtolower", "upper": "strtoupper", "trim": "trim",
    "substr": "substr", "cat": "join",
}  # fmt: skip
_DEEPEST = 40


class Unwritable(Exception):
    """Logic has a part ExpressionScript has no words for; the message says which."""


@dataclass(frozen=True, slots=True)
class Written:
    """A variable as the other tool names it.

    ``codes`` are codes by our keys; of a multiple choice ``parts`` are the names of its options, and
    ``mark`` is what a chosen one holds.
    """

    name: str
    sort: Sort
    codes: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    mark: str = "Y"


Lookup: TypeAlias = Callable[[str], "Written | None"]


def write_condition(logic: Logic, lookup: Lookup) -> str:
    """A condition as ExpressionScript; raises Unwritable."""
    return _Writer(lookup).truth(logic)


def write_value(logic: Logic, lookup: Lookup) -> str:
    """A value as ExpressionScript; raises Unwritable."""
    return _Writer(lookup).value(logic)


def quoted(text: str) -> str:
    """A text as ExpressionScript has it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


class _Writer:
    """Writes one expression."""

    def __init__(self, lookup: Lookup) -> None:
        self.lookup = lookup
        self.depth = 0

    def truth(self, logic: Logic) -> str:
        """A part that is asked for its truth."""
        if isinstance(logic, bool):
            return "1" if logic else "0"
        call = operation(logic)
        if call is None:
            return self.value(logic)
        name, given = call
        self.depth += 1
        if self.depth > _DEEPEST:
            raise Unwritable("logic that nests too deeply")
        try:
            return self._truth(name, given, logic)
        finally:
            self.depth -= 1

    def _truth(self, name: str, given: list[Logic], logic: Logic) -> str:
        if name in ("and", "or"):
            return "(" + f" {name} ".join(self.truth(each) for each in given) + ")"
        if name in ("!", "!!"):
            return f"{'!' if name == '!' else ''}({self.truth(given[0])})"
        if name in _SAME:
            return self._same(_SAME[name], given)
        if name in _RELATED:
            return self._related(name, given)
        if name in ("in", "contains"):
            whole, part = (given[1], given[0]) if name == "in" else given
            return self._chosen(whole, part)
        if name in ("any_of", "all_of", "none_of"):
            return self._of(name, given)
        if name in ("is_empty", "is_answered"):
            return self._blank(name, given[0])
        if name == "matches" and isinstance(given[1], str):
            return f"regexMatch({quoted(_delimited(given[1]))}, {self.value(given[0])})"
        if name == "if" and len(given) == 3:
            return f"if({self.truth(given[0])}, {self.truth(given[1])}, {self.truth(given[2])})"
        if name == "var":
            found = self.variable(logic)
            if found.sort == "marks":
                return (
                    "(" + " or ".join(f"!is_empty({each})" for each in found.parts.values()) + ")"
                )
            return f"!is_empty({found.name})" if found.sort != "number" else f"({found.name} != 0)"
        return self.value(logic)

    def variable(self, logic: Logic) -> Written:
        """The variable a part reads."""
        path = logic["var"] if isinstance(logic, dict) and list(logic) == ["var"] else None
        if isinstance(path, list):
            path = path[0] if path else None
        found = self.lookup(path) if isinstance(path, str) else None
        if found is None:
            raise Unwritable(
                f"what it reads ({path})" if isinstance(path, str) else "a computed name"
            )
        return found

    def _is_variable(self, logic: Logic) -> Written | None:
        return self.variable(logic) if isinstance(logic, dict) and "var" in logic else None

    def _same(self, sign: str, given: list[Logic]) -> str:
        left, right = given
        if not isinstance(left, dict) and isinstance(right, dict):
            left, right = right, left
        if right is None:
            return self._blank("is_empty" if sign == "==" else "is_answered", left)
        found = self._is_variable(left)
        if found is not None and found.sort == "choice" and isinstance(right, str | int | float):
            code = found.codes.get(str(right))
            if code is None:
                return "0" if sign == "==" else "1"
            return f"{found.name} {sign} {quoted(code)}"
        if found is not None and found.sort == "marks":
            raise Unwritable("a comparison of all that was chosen at once")
        return f"({self.value(left)} {sign} {self.value(right)})"

    def _related(self, name: str, given: list[Logic]) -> str:
        if len(given) == 3:
            first = self._related(name, [given[0], given[1]])
            return f"({first} and {self._related(name, [given[1], given[2]])})"
        left, right = given
        if not isinstance(left, dict) and isinstance(right, dict):
            name, left, right = _MIRRORED[name], right, left
        compared = f"({self.value(left)} {name} {self.value(right)})"
        found = self._is_variable(left)
        is_number = isinstance(right, int | float) and not isinstance(right, bool)
        if found is None or not is_number or not isinstance(right, int | float):
            return compared
        # What is not answered counts as zero here and as nothing there.
        of_zero = {"<": right > 0, "<=": right >= 0, ">": right < 0, ">=": right <= 0}[name]
        return f"(is_empty({found.name}) or {compared})" if of_zero else compared

    def _chosen(self, whole: Logic, part: Logic) -> str:
        found = self._is_variable(whole)
        if found is None and isinstance(whole, list):
            return self._of("any_of", [part, whole])
        if found is None or not isinstance(part, str):
            raise Unwritable("a search in something calculated")
        if found.sort == "marks":
            name = found.parts.get(part)
            return f'{name} == "{found.mark}"' if name else "0"
        if found.sort == "choice":
            return self._same("==", [whole, part])
        raise Unwritable("a search for words in a text")

    def _of(self, name: str, given: list[Logic]) -> str:
        keys = given[1] if isinstance(given[1], list) else [given[1]]
        word = " and " if name == "all_of" else " or "
        parts = [self._chosen(given[0], each) for each in keys]
        joined = f"({word.join(parts)})" if parts else "0"
        return f"!({joined})" if name == "none_of" else joined

    def _blank(self, name: str, logic: Logic) -> str:
        found = self._is_variable(logic)
        if found is not None and found.sort == "marks":
            sign = "==" if name == "is_empty" else ">"
            return f"(count({', '.join(found.parts.values())}) {sign} 0)"
        inside = found.name if found is not None else self.value(logic)
        return f"{'!' if name == 'is_answered' else ''}is_empty({inside})"

    def value(self, logic: Logic) -> str:
        """A part that is asked for its value."""
        if isinstance(logic, bool):
            return "1" if logic else "0"
        if logic is None:
            return '""'
        if isinstance(logic, int | float):
            return repr(logic) if logic >= 0 else f"({logic!r})"
        if isinstance(logic, str):
            return quoted(logic)
        call = operation(logic)
        if call is None:
            raise Unwritable("a list where a value must stand")
        name, given = call
        if name == "var":
            found = self.variable(logic)
            if found.sort == "marks":
                raise Unwritable("all that was chosen at once")
            return found.name
        return self._calculated(name, given, logic)

    def _calculated(self, name: str, given: list[Logic], logic: Logic) -> str:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise Unwritable("logic that nests too deeply")
        try:
            if name == "if":
                return self._cases(given)
            if name in _CALLED:
                return f"{_CALLED[name]}({', '.join(self.value(each) for each in given)})"
            if name in ("+", "-", "*", "/") and len(given) > 1:
                return "(" + f" {name} ".join(self.value(each) for each in given) + ")"
            if name in ("+", "-"):
                return (
                    f"{name}{self.value(given[0])}"
                    if name == "-"
                    else f"({self.value(given[0])} * 1)"
                )
            if name == "count":
                return self._count(given)
            if name == "avg":
                values = ", ".join(self.value(each) for each in given)
                return f"(sum({values}) / count({values}))"
            if name in ("year", "month", "day"):
                shape = {"year": "Y", "month": "n", "day": "j"}[name]
                return f"date({quoted(shape)}, strtotime({self.value(given[0])}))"
            if name in ("merge", "filter", "map", "reduce", "all", "some", "none", "%"):
                raise Unwritable(f"the operator {name}")
        finally:
            self.depth -= 1
        if name in ("and", "or", "!", "!!", "in", "contains", "any_of", "all_of", "none_of", "is_empty",
                    "is_answered", "matches", *_SAME, *_RELATED):  # fmt: skip
            return self.truth(logic)
        raise Unwritable(f"the operator {name}")

    def _cases(self, given: list[Logic]) -> str:
        if len(given) == 1:
            return self.value(given[0])
        rest = self._cases(given[2:]) if len(given) > 2 else '""'
        return f"if({self.truth(given[0])}, {self.value(given[1])}, {rest})"

    def _count(self, given: list[Logic]) -> str:
        names: list[str] = []
        for each in given:
            found = self._is_variable(each)
            names += found.parts.values() if found and found.sort == "marks" else [self.value(each)]
        return f"count({', '.join(names)})"


def _delimited(pattern: str) -> str:
    """A pattern with Perl's delimiters."""
    flags = ""
    if pattern.startswith("(?i)"):
        pattern, flags = pattern[4:], "i"
    return f"/{pattern.replace('/', chr(92) + '/')}/{flags}"
