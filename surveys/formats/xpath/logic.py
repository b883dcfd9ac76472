"""XPath of XLSForms as our logic: paths, operators and comparisons; functions have their own room."""

from __future__ import annotations

from typing import cast

from surveys.expressions import ExpressionError, compile_expression
from surveys.formats.xpath.compare import equal, ordered
from surveys.formats.xpath.functions import call
from surveys.formats.xpath.parsing import (
    Binary,
    Call,
    Negative,
    Node,
    Number,
    Path,
    Text,
    XPathError,
    parse,
)
from surveys.formats.xpath.values import (
    Scope,
    Typed,
    Untranslatable,
    all_of,
    any_of,
    as_day,
    as_number,
    constant,
    of_variable,
    opposite,
    settled,
    truth,
)
from surveys.parts import Logic


def translate(text: str, scope: Scope) -> Typed:
    """The logic of an expression; raises Untranslatable with the reason and nothing else."""
    try:
        found = Reader(scope).value(parse(text))
        _check(found.logic)
    except (XPathError, ExpressionError) as error:
        raise Untranslatable(str(error)) from None
    return found


def condition(text: str, scope: Scope) -> Logic:
    """An expression as a condition: true or false."""
    found = truth(translate(text, scope))
    _check_or_refuse(found)
    return found


def value(text: str, scope: Scope) -> Typed:
    """An expression as a value to keep: null where XPath has NaN or no value."""
    found = translate(text, scope)
    found = found._replace(logic=settled(found), is_safe=True)
    _check_or_refuse(found.logic)
    return found


def _check(logic: Logic) -> None:
    # Logic is JSON; the two aliases only differ in name.
    compile_expression(logic)


def _check_or_refuse(logic: Logic) -> None:
    try:
        _check(logic)
    except ExpressionError as error:
        raise Untranslatable(str(error)) from None


class Reader:
    """Turns one tree into logic; names are read in ``scope``."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def value(self, node: Node) -> Typed:
        """The logic of a part of the tree."""
        if isinstance(node, Number | Text):
            return constant(node.value)
        if isinstance(node, Negative):
            part = as_number(self.value(node.part))
            if isinstance(part.constant, float):
                return constant(-part.constant)
            return part._replace(logic={"*": [-1, part.logic]}, is_variable=False)
        if isinstance(node, Call):
            return call(self, node)
        if isinstance(node, Path):
            return self.path(node)
        return self.binary(node)

    def truth(self, node: Node) -> Logic:
        """A part of the tree as a condition."""
        return truth(self.value(node))

    def number(self, node: Node) -> Typed:
        """A part of the tree as a number."""
        return as_number(self.value(node))

    def within(self, scope: Scope) -> Reader:
        """The same where names are read otherwise."""
        return Reader(scope)

    def binary(self, node: Binary) -> Typed:
        sign = node.operator
        if sign in ("and", "or"):
            parts = [self.truth(each) for each in _chain(node, sign)]
            return Typed(all_of(parts) if sign == "and" else any_of(parts), "boolean")
        left, right = self.value(node.left), self.value(node.right)
        if sign in ("=", "!="):
            same = equal(left, right)
            return Typed(same if sign == "=" else opposite(same), "boolean")
        if sign in ("<", "<=", ">", ">="):
            return Typed(ordered(sign, left, right), "boolean")
        return self.calculated(sign, left, right)

    def calculated(self, sign: str, left: Typed, right: Typed) -> Typed:
        """Arithmetic; two days differ by a number of days."""
        if sign == "-" and {left.type, right.type} <= {"day", "moment"}:
            first, last = settled(as_day(right)), settled(as_day(left))
            return Typed(
                {"days_between": [first, last]},
                "number",
                (*left.needs, *(each for each in right.needs if each not in left.needs)),
            )
        left, right = as_number(left), as_number(right)
        if isinstance(left.constant, float) and isinstance(right.constant, float):
            return _folded(sign, left.constant, right.constant)
        name = {"+": "+", "-": "-", "*": "*", "div": "/", "mod": "%"}[sign]
        needs = (*left.needs, *(each for each in right.needs if each not in left.needs))
        terms: list[Logic] = [left.logic, right.logic]
        if name in ("+", "*") and isinstance(left.logic, dict) and set(left.logic) == {name}:
            terms = [*cast("list[Logic]", left.logic[name]), right.logic]
        is_safe = name in ("+", "*") and left.is_safe and right.is_safe
        return Typed({name: terms}, "number", needs, is_safe)

    def path(self, node: Path) -> Typed:
        """The one value a path leads to."""
        if node.call is not None:
            return self.looked_up(node)
        if node.start == "" and len(node.steps) == 1 and node.steps[0].name != ".":
            column = None
            if not node.steps[0].conditions:
                column = self.scope.column(node.steps[0].name)
            if column is not None:
                return constant(column)
        name = self.name(node)
        if name == ".":
            return of_variable(self.scope.itself())
        return of_variable(self.scope.variable(name))

    def name(self, node: Path) -> str:
        """The name a path ends with; where in the groups it lies does not matter, names are few."""
        if any(step.conditions for step in node.steps):
            raise Untranslatable("A path with conditions is only understood within count or sum.")
        names = [step.name for step in node.steps if step.name not in (".", "..")]
        if node.start in ("", "/"):
            if not names:
                if all(step.name == "." for step in node.steps):
                    return "."
                raise Untranslatable("A path to a group is no value.")
            return names[-1]
        return names[-1] if names else node.start

    def looked_up(self, node: Path) -> Typed:
        """A column of a list of choices: the item of an instance that a condition picks, and its child."""
        call = node.call
        assert call is not None
        steps = [step for step in node.steps if step.name != "."]
        if call.name == "current":
            return self.path(Path("", node.steps))
        if (
            call.name != "instance"
            or len(call.arguments) != 1
            or not isinstance(call.arguments[0], Text)
            or len(steps) != 3
            or steps[0].name != "root"
            or len(steps[1].conditions) != 1
        ):
            raise Untranslatable(f"What {call.name}() leads to is not in the file.")
        rows = self.scope.items(call.arguments[0].value)
        if len(rows) > 300:
            raise Untranslatable("The list that is looked into is too long.")
        branches: list[Logic] = []
        for row in rows:
            inside = self.within(self.scope.in_row(row))
            branches += [
                inside.truth(steps[1].conditions[0]),
                row.get(steps[2].name) or None,
            ]
        found: Logic = {"if": [*branches, None]}
        return Typed(found, "any", (found,))


def _chain(node: Binary, sign: str) -> list[Node]:
    """The parts of a chain of one operator, without going down once for each."""
    parts: list[Node] = []
    rest: Node = node
    while isinstance(rest, Binary) and rest.operator == sign:
        parts.append(rest.right)
        rest = rest.left
    return [rest, *reversed(parts)]


def _folded(sign: str, left: float, right: float) -> Typed:
    if sign in ("div", "mod") and right == 0:
        raise Untranslatable("It divides by zero.")
    found = {
        "+": lambda: left + right,
        "-": lambda: left - right,
        "*": lambda: left * right,
        "div": lambda: left / right,
        "mod": lambda: left - right * int(left / right),
    }[sign]()
    return constant(float(found))
