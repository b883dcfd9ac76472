"""The expressions of an XLSForm translated where they stand; what cannot be is told with its reason."""

from __future__ import annotations

import re
from typing import NamedTuple

from surveys.formats.naming import Keys
from surveys.formats.report import LogicItem
from surveys.formats.xlsform.scope import Place
from surveys.formats.xlsform.tree import Node
from surveys.formats.xlsform.units import At, Guard, Unit, Units
from surveys.formats.xpath import logic as xpath_logic
from surveys.formats.xpath.values import Typed, Untranslatable, all_of
from surveys.parts import Logic

# Random numbers are drawn from so many values, in the middle of as many equal parts of 0 to 1.
_DRAWS = 200
_DEEPEST = 15
_DYNAMIC = re.compile(r"\$\{|\A\s*[a-z][a-z:-]*\(.*\)\s*\Z", re.DOTALL)


class Told(NamedTuple):
    """What became of one expression of the source."""

    path: str
    text: str
    reason: str


class Read(NamedTuple):
    """A translated condition: its logic, what it reads, and why it could not be read."""

    logic: Logic
    used: frozenset[Unit] = frozenset()
    reason: str = ""


class Logics:
    """Translates expressions, each once, and tells what became of them."""

    def __init__(self, units: Units) -> None:
        self.units = units
        self.draws: dict[str, tuple[str, ...]] = {}
        self.values: dict[Unit, tuple[Typed | None, frozenset[Unit]]] = {}
        self._told: dict[tuple[int, str], Told] = {}
        self._guards: dict[tuple[int, At, str], Read] = {}
        self._drawn = Keys(each.key for each in units.all)
        self._depth = 0
        for unit in units.all:
            if unit.shape.role == "computed":
                self.compute(unit)

    def drawn(self, name: str, at: At) -> str:
        """The path of a data field with a number drawn for each response."""
        key = self._drawn.key((name, at), f"random_{name}")
        self.draws[key] = tuple(f"{(n + 0.5) / _DRAWS:.4f}" for n in range(_DRAWS))
        return f"_data.{key}"

    def place(self, node: Node, at: At, own: Unit | None = None) -> Place:
        """Where an expression of this row stands."""
        return Place(self, node, at, own)

    def tell(self, node: Node, what: str, text: str, reason: str = "") -> None:
        """Note an expression; once it could not be read in one repetition, it could not at all."""
        place = (id(node), what)
        known = self._told.get(place)
        if known is None or (reason and not known.reason):
            self._told[place] = Told(f"{node.name}.{what}", text, reason)

    def items(self) -> tuple[LogicItem, ...]:
        """All expressions with what became of them."""
        return tuple(
            LogicItem(each.path, each.text, "raw" if each.reason else "evaluated", each.reason)
            for each in self._told.values()
        )

    def condition(self, unit: Unit, what: str, text: str) -> Read:
        """An expression of a question as a condition; one that cannot be read is false."""
        scope = self.place(unit.node, unit.at, unit)
        try:
            logic = xpath_logic.condition(text, scope)
        except Untranslatable as error:
            self.tell(unit.node, what, text, str(error))
            return Read(False, frozenset(scope.used), str(error))
        self.tell(unit.node, what, text)
        return Read(logic, frozenset(scope.used))

    def guard(self, guard: Guard) -> Read:
        """The condition of a group, or of a repetition."""
        if guard.logic is not None:
            return Read(guard.logic, frozenset(guard.needs))
        place = (id(guard.node), guard.at, guard.text)
        if place not in self._guards:
            what = "relevant" if guard.text == guard.node.relevant else "repeat_count"
            source = guard.node.cell("control", "jr:count") if what != "relevant" else guard.text
            scope = self.place(guard.node, guard.at)
            reason, logic = "", Read(False).logic
            try:
                logic = xpath_logic.condition(guard.text, scope)
            except Untranslatable as error:
                reason = str(error)
            self.tell(guard.node, what, source, reason)
            self._guards[place] = Read(logic, frozenset(scope.used), reason)
        return self._guards[place]

    def existence(self, unit: Unit, repeat: Node, used: set[Unit]) -> Logic:
        """When the repetition a unit stands in is there."""
        if unit.entry is repeat and self.units.counting[id(repeat)] != "fixed":
            # An entry is there when something was answered in it.
            used.add(unit)
            return {"is_answered": [{"var": unit.key.rpartition(".")[0]}]}
        conditions = []
        for guard in unit.guards:
            if _is_inside(guard.node, repeat):
                continue
            read = self.guard(guard)
            if read.reason:
                raise Untranslatable(f"When {guard.node.name!r} is there is not known.")
            conditions.append(read.logic)
            used.update(read.used)
        return all_of(conditions)

    def compute(self, unit: Unit) -> None:
        """Find out what a calculated unit comes to, once; its type is set with it."""
        if unit in self.values:
            value = self.values[unit][0]
            if value is None and unit.is_known:
                raise Untranslatable(f"{unit.node.name!r} is calculated from itself.")
            return
        if self._depth >= _DEEPEST:
            raise Untranslatable(f"{unit.node.name!r} is calculated through too many others.")
        self.values[unit] = (None, frozenset())
        self._depth += 1
        try:
            self._compute(unit)
        finally:
            self._depth -= 1

    def _compute(self, unit: Unit) -> None:
        text, what = self._source(unit)
        if unit.node.type == "today":
            self.values[unit] = (Typed({"var": "_today"}, "day"), frozenset())
            return
        if not text:
            # A hidden value comes from a program, if at all.
            self.values[unit] = (Typed(None, "any"), frozenset())
            unit.type = "any"
            return
        if what == "default" and not is_dynamic(text):
            self.values[unit] = (Typed(text, "text"), frozenset())
            unit.type = "text"
            return
        scope = self.place(unit.node, unit.at, unit)
        try:
            value = xpath_logic.value(text, scope)
        except Untranslatable as error:
            self.tell(unit.node, what, text, str(error))
            unit.is_known, unit.unknown = False, f"{unit.node.name!r} cannot be calculated: {error}"
            self.values[unit] = (None, frozenset())
            return
        if value.type == "moment":
            unit.shape.lessen("approximated", "Only the day is kept of a moment, not the time.")
        self.tell(unit.node, what, text)
        self.values[unit] = (value, frozenset(scope.used))
        unit.type = (
            "flag" if value.type == "boolean" else "day" if value.type == "moment" else value.type
        )
        if value.type in ("choice", "choices"):
            unit.labels = dict(value.labels)
            unit.names = dict(value.names)

    @staticmethod
    def _source(unit: Unit) -> tuple[str, str]:
        calculation = unit.node.cell("bind", "calculate")
        if calculation:
            return calculation, "calculation"
        return unit.node.cell("default"), "default"


def is_dynamic(text: str) -> bool:
    """Whether a default is an expression and not the value itself."""
    return _DYNAMIC.search(text) is not None


def _is_inside(node: Node, repeat: Node) -> bool:
    above = node.parent
    while above is not None:
        if above is repeat:
            return True
        above = above.parent
    return False
