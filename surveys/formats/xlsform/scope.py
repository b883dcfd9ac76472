"""How expressions of an XLSForm read names: from the row they stand in, within their repetition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from surveys.formats.xlsform.choices import OTHER
from surveys.formats.xlsform.tree import Node
from surveys.formats.xlsform.units import At, Unit, Units
from surveys.formats.xpath.values import Copy, Untranslatable, Variable
from surveys.parts import Logic


class Surroundings(Protocol):
    """What a place asks of the form as a whole."""

    units: Units

    def existence(self, unit: Unit, repeat: Node, used: set[Unit]) -> Logic:
        """When the repetition a unit stands in is there."""

    def compute(self, unit: Unit) -> None:
        """Find out what a calculated unit comes to, once."""

    def drawn(self, name: str, at: At) -> str:
        """The path of a number drawn for each response."""


class Place:
    """A place in the form; what is read there is noted in ``used``."""

    def __init__(
        self,
        logics: Surroundings,
        node: Node,
        at: At,
        own: Unit | None = None,
        row: Mapping[str, str] | None = None,
        used: set[Unit] | None = None,
    ) -> None:
        self._logics = logics
        self._units: Units = logics.units
        self._node = node
        self._at = at
        self._own = own
        self._row = row
        self.used: set[Unit] = set() if used is None else used

    def itself(self) -> Variable:
        """The question the expression belongs to."""
        if self._own is None:
            raise Untranslatable("There is no answer it could mean by a point.")
        return self._own.variable()

    def variable(self, name: str) -> Variable:
        """The one value a name stands for here."""
        name = self._plain(name)
        if self._row is not None and name not in self._units.nodes and name in self._row:
            raise Untranslatable(f"{name!r} is a column here and no question.")
        node = self._nearest(self._units.nodes.get(name, ()))
        if node is None:
            return self._words_beside(name)
        return self._read(node, self._where(node))

    def every(self, name: str) -> Sequence[tuple[Logic, Variable]]:
        """All values of a name: one for each repetition it may have from here."""
        name = self._plain(name)
        node = self._nearest(self._units.nodes.get(name, ()))
        if node is None:
            return [(True, self._words_beside(name))]
        found: list[tuple[Logic, Variable]] = []
        for at in self._all(node):
            if (id(node), at) in self._units.by_place:
                unit = self._units.by_place[(id(node), at)]
                found.append((self._there(unit), self._read(node, at)))
        if not found:
            raise Untranslatable(f"{name!r} is not asked here.")
        return found

    def copies(self, name: str) -> Sequence[Copy] | None:
        """The repetitions of a repeated group."""
        node = self._nearest(
            [
                each
                for each in self._units.groups.get(self._plain(name), ())
                if each.kind == "repeat"
            ]
        )
        if node is None:
            return None
        found = []
        around = self._where(node)
        for number in range(1, self._units.copies[id(node)] + 1):
            at = (*around, number)
            unit = self._units.first_in.get((id(node), at))
            if unit is None:
                continue
            there = self._logics.existence(unit, node, self.used)
            found.append(Copy(there, Place(self._logics, node, at, used=self.used)))
        return found

    def position(self) -> int | None:
        """The number of this repetition."""
        return self._at[-1] if self._at else None

    def column(self, name: str) -> str | None:
        """A column of the choice that is looked at."""
        if self._row is None:
            return None
        if name in self._row:
            return self._row[name]
        return None if name in self._units.nodes and not self._is_column(name) else ""

    def in_row(self, row: Mapping[str, str]) -> Place:
        """The same place, looking at a row of a list."""
        return self.of(row=row)

    def items(self, name: str) -> Sequence[Mapping[str, str]]:
        """The rows of a list in the form."""
        rows = self._units.lists.columns(name)
        if rows is None:
            raise Untranslatable(f"The list {name[:60]!r} is not in the form.")
        return rows

    def drawn(self) -> str:
        """The path of a number drawn for each response and place."""
        return self._logics.drawn(self._own.key if self._own else self._node.name, self._at)

    def of(self, own: Unit | None = None, row: Mapping[str, str] | None = None) -> Place:
        """The same place, for the question itself or for one of its choices."""
        return Place(self._logics, self._node, self._at, own or self._own, row, self.used)

    def _is_column(self, name: str) -> bool:
        return self._units.lists.knows_column(self._node.choices, name)

    @staticmethod
    def _plain(name: str) -> str:
        if name.startswith("last-saved#"):
            raise Untranslatable("What was answered in an earlier response is not known here.")
        return name

    def _nearest(self, nodes: Sequence[Node]) -> Node | None:
        """Of several of one name the one whose groups are nearest."""
        if len(nodes) < 2:
            return nodes[0] if nodes else None
        around = set(map(id, _ancestors(self._node)))
        return max(nodes, key=lambda each: sum(id(a) in around for a in _ancestors(each)))

    def _where(self, node: Node) -> At:
        """In which repetitions a value is read from here: the same ones, else the first."""
        at: list[int] = []
        same = True
        for place, repeat in enumerate(node.repeats):
            own = self._repeats()
            same = same and place < len(own) and own[place] is repeat
            at.append(self._at[place] if same and place < len(self._at) else 1)
        return tuple(at)

    def _repeats(self) -> tuple[Node, ...]:
        return (
            (*self._node.repeats, self._node) if self._node.kind == "repeat" else self._node.repeats
        )

    def _all(self, node: Node) -> list[At]:
        own = self._repeats()
        places: list[At] = [()]
        same = True
        for place, repeat in enumerate(node.repeats):
            same = same and place < len(own) and own[place] is repeat and place < len(self._at)
            # From outside all repetitions are meant, from inside only one's own.
            numbers = [self._at[place]] if same else range(1, self._units.copies[id(repeat)] + 1)
            places = [(*each, number) for each in places for number in numbers]
        return places

    def _read(self, node: Node, at: At) -> Variable:
        unit = self._units.by_place.get((id(node), at))
        if unit is None:
            raise Untranslatable(f"{node.name!r} is not asked here.")
        if unit.shape.role == "computed" and unit is not self._own:
            self._logics.compute(unit)
        if not unit.is_known:
            raise Untranslatable(unit.unknown or f"The value of {node.name!r} is not known here.")
        if unit is not self._own:
            self.used.add(unit)
        return unit.variable()

    def _words_beside(self, name: str) -> Variable:
        """What was typed beside "other": the question or_other adds has its name and _other."""
        base = self._nearest(
            [
                each
                for each in self._units.nodes.get(name.removesuffix("_other"), ())
                if each.has_other
            ]
        )
        if base is not None and name.endswith("_other"):
            unit = self._units.by_place.get((id(base), self._where(base)))
            if unit is not None:
                self.used.add(unit)
                other = self._units.lists.key(OTHER)
                return Variable(f"_text.{unit.key}.{other}", "text")
        raise Untranslatable(f"There is no question called {name[:60]!r}.")

    def _there(self, unit: Unit) -> Logic:
        innermost = unit.node.repeats
        if not innermost:
            return True
        return self._logics.existence(unit, innermost[-1], self.used)


def _ancestors(node: Node) -> list[Node]:
    found = []
    above: Node | None = node
    while above is not None:
        found.append(above)
        above = above.parent
    return found
