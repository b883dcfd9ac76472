"""Whether a formula can hold at all: a search over all values that matter, bounded, never guessing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from surveys.expressions import ExpressionError, Value
from surveys.expressions.values import truthy
from surveys.logic import Data, put
from surveys.proof.formulas import Doubtful, Group, Known, Leaf, Node, Not, leaves
from surveys.proof.values import Compared, compared, is_understood, tried
from surveys.proof.variables import Variable

# What one search may cost, and all of a survey together, in looks at a part of a formula. A large
# formula is seldom decided by a long search, so it gets a short one.
STEPS, STEPS_IF_LARGE = 6_000, 1_500
ALL_STEPS = 600_000
_LARGE = 16
_MOST_LEAVES = 100
_MOST_VALUES = 400


class Spent(Exception):
    """A search has cost what it may."""


class Purse:
    """What is left of the steps of all searches."""

    def __init__(self, steps: int = ALL_STEPS) -> None:
        self.left = steps
        self.was_short = False


class _Search:
    """One search: values are given to variables one by one, the formula is looked at after each."""

    def __init__(self, formula: Node, purse: Purse) -> None:
        self.formula = formula
        self.purse = purse
        self.granted = self.left = min(STEPS, purse.left)
        self.seen: dict[int, bool | None] = {}
        self.values: dict[str, tuple[Value, ...]] = {}
        self.variables: dict[str, Variable] = {}
        # Which value a variable has, by its number in ``values``; a comparison that cannot be
        # decided stands for itself, and is true or false.
        self.given: dict[str, int] = {}
        self.open: set[int] = set()
        self.results: dict[tuple[int, tuple[int, ...]], bool | None] = {}
        self.pending = ""

    def prepare(self) -> None:
        """Find out which values to try."""
        found = []
        for leaf in leaves(self.formula):
            found.append(leaf)
            if len(found) > _MOST_LEAVES:
                raise Spent
        if len(found) > _LARGE:
            self.granted = self.left = min(self.left, STEPS_IF_LARGE)
        uses: dict[str, list[Compared]] = {}
        for leaf in found:
            self.left -= 1 + len(leaf.variables)
            for variable in leaf.variables:
                self.variables[variable.name] = variable
            use = _use(leaf)
            if use is None:
                self._open(leaf)
            elif len(leaf.variables) == 1:
                uses.setdefault(leaf.variables[0].name, []).append(use)
        for name, listed in uses.items():
            values = tried(self.variables[name].domain, listed)
            if values is None or len(values) > _MOST_VALUES:
                for leaf in found:
                    if name in {each.name for each in leaf.variables}:
                        self._open(leaf)
            else:
                self._allow(name, values, found)
        for leaf in found:
            for variable in leaf.variables:
                if id(leaf) not in self.open and variable.name not in self.values:
                    self._allow(variable.name, variable.domain.values, found)

    def _open(self, leaf: Leaf) -> None:
        self.open.add(id(leaf))
        self.values[leaf.key] = (False, True)

    def _allow(self, name: str, values: tuple[Value, ...], found: list[Leaf]) -> None:
        may_be_nothing = any(name in leaf.may_be_nothing for leaf in found)
        self.values[name] = (*values, None) if may_be_nothing or not values else values

    def can_hold(self) -> bool:
        """Whether some values make it hold, or may."""
        self.pending = ""
        self.seen.clear()
        found = self.look(self.formula)
        if found is not None:
            return found
        name = self.pending
        if not name:
            return True
        for number in range(len(self.values[name])):
            self.given[name] = number
            if self.can_hold():
                del self.given[name]
                return True
        self.given.pop(name, None)
        return False

    def look(self, node: Node) -> bool | None:
        """Whether a part holds with the values given so far; None where that is open."""
        self.left -= 1
        if self.left < 0:
            raise Spent
        return _LOOKS[type(node)](self, node)

    def _known(self, node: Known) -> bool | None:
        return node.value

    def _not(self, node: Not) -> bool | None:
        part = self.look(node.part)
        return None if part is None else not part

    def _doubtful(self, node: Doubtful) -> bool | None:
        return False if self.look(node.part) is False else None

    def _group(self, node: Group) -> bool | None:
        key = id(node)
        if key in self.seen:
            return self.seen[key]
        found: bool | None = not node.is_any
        for part in node.parts:
            held = self.look(part)
            if held is node.is_any:
                found = held
                break
            if held is None:
                found = None
        self.seen[key] = found
        return found

    def _leaf(self, leaf: Leaf) -> bool | None:
        if id(leaf) in self.open:
            if leaf.key in self.given:
                return bool(self.given[leaf.key])
            self.pending = self.pending or leaf.key
            return None
        numbers = []
        for variable in leaf.variables:
            number = self.given.get(variable.name)
            if number is None:
                self.pending = self.pending or variable.name
                return None
            numbers.append(number)
        key = (id(leaf), tuple(numbers))
        if key not in self.results:
            self.results[key] = self._value(leaf, numbers)
        return self.results[key]

    def _value(self, leaf: Leaf, numbers: list[int]) -> bool | None:
        self.left -= 2
        data: Data = {"_data": {}, "_text": {}, "_sentiment": {}}
        for variable, number in zip(leaf.variables, numbers, strict=True):
            value = self.values[variable.name][number]
            if value is not None:
                put(data, variable.name, value)
        try:
            return truthy(leaf.expression.evaluate(data))
        except ExpressionError:
            return None


_LOOKS: dict[type[Node], Callable[[_Search, Any], bool | None]] = {
    Known: _Search._known,
    Not: _Search._not,
    Doubtful: _Search._doubtful,
    Group: _Search._group,
    Leaf: _Search._leaf,
}


def _use(leaf: Leaf) -> Compared | None:
    """How a comparison is decided; None where it cannot be."""
    if any(each.domain.form != "listed" for each in leaf.variables):
        if len(leaf.variables) > 1:
            return None
        use = compared(leaf.logic, leaf.variables[0].name)
        if use is None or not is_understood(leaf.variables[0].domain, use):
            return None
        return use
    if any(len(each.domain.values) > _MOST_VALUES for each in leaf.variables):
        return None
    return Compared("", ())


def never(formula: Node, purse: Purse) -> bool | None:
    """Whether it is certain that the formula never holds; None where the search was cut short."""
    if isinstance(formula, Known):
        return formula.value is False
    search = _Search(formula, purse)
    try:
        search.prepare()
        return not search.can_hold()
    except Spent:
        purse.was_short = purse.was_short or purse.left < STEPS
        return None
    finally:
        purse.left -= search.granted - max(search.left, 0)
