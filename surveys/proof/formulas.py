"""Conditions as formulas of and, or and not over single comparisons, whose values may be unknown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from surveys.expressions import Expression, ExpressionError, compile_expression, normal
from surveys.expressions.catalogue import operation
from surveys.expressions.values import JsonValue, truthy
from surveys.parts import Logic
from surveys.proof.places import Site
from surveys.proof.variables import Variable, Variables

# Operators that never run beyond the bounds of logic over what people answer. Others may build long
# texts or run over lists, and a condition that runs beyond its bounds is false as a whole.
_BOUNDED = frozenset(
    {
        "var", "and", "or", "!", "!!", "if", "==", "!=", "===", "!==", "<", "<=", ">", ">=", "in",
        "contains", "any_of", "all_of", "none_of", "is_empty", "is_answered", "+", "-", "*", "/", "%",
        "min", "max", "round", "floor", "ceil", "abs", "year", "month", "day", "days_between",
        "date_add_days", "starts_with", "ends_with",
    }
)  # fmt: skip


class Node:
    """A formula."""

    __slots__ = ()


class Known(Node):
    """True, false, or not to be known (None)."""

    __slots__ = ("value",)

    def __init__(self, value: bool | None) -> None:
        self.value = value


class Group(Node):
    """All of the parts hold, or, where ``is_any``, one of them."""

    __slots__ = ("is_any", "parts")

    def __init__(self, parts: Sequence[Node], *, is_any: bool) -> None:
        self.parts = tuple(parts)
        self.is_any = is_any


class Not(Node):
    """The part does not hold."""

    __slots__ = ("part",)

    def __init__(self, part: Node) -> None:
        self.part = part


class Doubtful(Node):
    """A condition that may run beyond its bounds, and then does not hold."""

    __slots__ = ("part",)

    def __init__(self, part: Node) -> None:
        self.part = part


class Leaf(Node):
    """One comparison. ``may_be_nothing`` are those of its variables that may have no value then."""

    __slots__ = ("expression", "key", "logic", "may_be_nothing", "variables")

    def __init__(
        self, logic: JsonValue, variables: tuple[Variable, ...], may_be_nothing: frozenset[str]
    ) -> None:
        self.key = json.dumps(logic, sort_keys=True)
        self.logic = logic
        self.expression: Expression = compile_expression(logic)
        self.variables = variables
        self.may_be_nothing = may_be_nothing


TRUE, FALSE, UNKNOWN = Known(True), Known(False), Known(None)


def all_of(parts: Sequence[Node]) -> Node:
    """A formula that holds where all parts do."""
    left = [part for part in parts if part is not TRUE]
    if any(part is FALSE for part in left):
        return FALSE
    return left[0] if len(left) == 1 else Group(left, is_any=False) if left else TRUE


def any_of(parts: Sequence[Node]) -> Node:
    """A formula that holds where one part does."""
    left = [part for part in parts if part is not FALSE]
    if any(part is TRUE for part in left):
        return TRUE
    return left[0] if len(left) == 1 else Group(left, is_any=True) if left else FALSE


def negated(part: Node) -> Node:
    """A formula that holds where the part does not."""
    if isinstance(part, Known):
        return part if part.value is None else FALSE if part.value else TRUE
    return part.part if isinstance(part, Not) else Not(part)


def leaves(node: Node) -> Iterator[Leaf]:
    """The comparisons of a formula, shared ones once."""
    seen: set[int] = set()
    left = [node]
    while left:
        each = left.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, Leaf):
            yield each
        elif isinstance(each, Group):
            left.extend(each.parts)
        elif isinstance(each, Not | Doubtful):
            left.append(each.part)


class Formulas:
    """Makes formulas of logic; the same logic at the same moment gives the same one."""

    def __init__(self, variables: Variables) -> None:
        self.variables = variables
        self._made: dict[tuple[str, Site], Node] = {}

    def of(self, logic: Logic, site: Site) -> Node:
        """The formula of a condition; no condition always holds."""
        if logic is None:
            return TRUE
        try:
            plain = normal(logic)
        except ExpressionError:
            return UNKNOWN
        key = (json.dumps(plain, sort_keys=True), site)
        found = self._made.get(key)
        if found is None:
            found = self._node(plain, site)
            if not isinstance(found, Known) and _is_boundless(plain):
                found = Doubtful(found)
            self._made[key] = found
        return found

    def _node(self, logic: JsonValue, site: Site) -> Node:
        call = operation(logic)
        if call is None:
            # A list with anything in it is true, whatever the parts come to.
            return TRUE if truthy(logic) else FALSE
        name, given = call
        if name in ("and", "or"):
            parts = [self._node(each, site) for each in given]
            return all_of(parts) if name == "and" else any_of(parts)
        if name == "!":
            return negated(self._node(given[0], site))
        if name == "!!":
            return self._node(given[0], site)
        if name == "if":
            return self._branches(given, site)
        return self._leaf(logic, site)

    def _branches(self, given: Sequence[JsonValue], site: Site) -> Node:
        parts = [self._node(each, site) for each in given]
        found = parts.pop() if len(parts) % 2 else FALSE
        for when, then in reversed(list(zip(parts[::2], parts[1::2], strict=True))):
            found = any_of([all_of([when, then]), all_of([negated(when), found])])
        return found

    def _leaf(self, logic: JsonValue, site: Site) -> Node:
        try:
            expression = compile_expression(logic)
        except ExpressionError:
            return UNKNOWN
        if not expression.is_closed:
            return UNKNOWN
        read: dict[str, Variable] = {}
        for path in expression.paths:
            named = self.variables.named(path)
            if named.problem or not named.is_fixed:
                return UNKNOWN
            read |= {each.name: each for each in named.variables}
        # What is asked later is found by another look; here it only is not known.
        if any(self.variables.is_there(each, site) is not True for each in read.values()):
            return UNKNOWN
        if not read:
            return self._constant(expression)
        may_be = {name for name, each in read.items() if self.variables.may_be_nothing(each, site)}
        return Leaf(logic, tuple(read.values()), frozenset(may_be))

    def _constant(self, expression: Expression) -> Node:
        try:
            return TRUE if truthy(expression.evaluate({})) else FALSE
        except ExpressionError:
            return UNKNOWN


def _is_boundless(logic: JsonValue) -> bool:
    left = [logic]
    while left:
        each = left.pop()
        call = operation(each)
        if call is not None:
            if call[0] not in _BOUNDED:
                return True
            left.extend(call[1])
        elif isinstance(each, list):
            left.extend(each)
    return False
