"""The questions of an XLSForm one by one, repeated groups unrolled, each with the groups it stands in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from surveys.formats.naming import Keys
from surveys.formats.xlsform import entries as grids
from surveys.formats.xlsform.choices import Lists
from surveys.formats.xlsform.kinds import Shape, shape, typed
from surveys.formats.xlsform.tables import is_table, split
from surveys.formats.xlsform.tree import Node, Tree
from surveys.formats.xpath.values import Type, Variable
from surveys.loading import MAX_QUESTIONS, RESERVED
from surveys.parts import Logic

# As many repetitions as entries have by default, where nothing says how many there are.
USUAL_COPIES = 5
MOST_COPIES = 30
_MOST_UNITS = MAX_QUESTIONS - 20
# All choices of all questions; each is a line of the survey.
_MOST_OFFERED = 40_000
At = tuple[int, ...]
Counting = Literal["fixed", "counted", "asked"]


@dataclass(slots=True, eq=False)
class Guard:
    """When a group is there: its own expression, or logic of ours for a repetition."""

    node: Node
    at: At
    text: str = ""
    logic: Logic = None
    needs: tuple[Unit, ...] = ()


@dataclass(slots=True, eq=False)
class Unit:
    """One question in one repetition, ``at`` the numbers of the repetitions around it.

    ``page`` names the page it belongs to, ``table`` the matrix it is a row of. ``guards`` are the
    groups around it that are not always there.
    """

    node: Node
    at: At
    key: str
    shape: Shape
    guards: tuple[Guard, ...]
    page: tuple[Node, At]
    table: tuple[Node, ...] = ()
    asks_for: tuple[Node, int] | None = None
    entry: Node | None = None
    path: str = ""
    type: Type = "text"
    names: dict[str, str] | None = None
    labels: dict[str, str] = field(default_factory=dict)
    is_known: bool = True
    unknown: str = ""

    def variable(self) -> Variable:
        """The unit as expressions see it."""
        names = self.shape.names if self.names is None else self.names
        return Variable(self.path or self.key, self.type, names, self.labels)


class Units:
    """All units in the order of the sheet, found again by node and repetition."""

    def __init__(self, tree: Tree, lists: Lists) -> None:
        self.lists = lists
        self.all: list[Unit] = []
        self.by_place: dict[tuple[int, At], Unit] = {}
        self.nodes: dict[str, list[Node]] = {}
        self.shapes: dict[int, Shape] = {}
        self.copies: dict[int, int] = {}
        self.counting: dict[int, Counting] = {}
        self.entries: set[int] = set()
        self.groups: dict[str, list[Node]] = {}
        self.left_out: list[Node] = []
        self.first_in: dict[tuple[int, At], Unit] = {}
        self._keys = Keys(RESERVED)
        for node in _nodes(tree.root):
            into = self.nodes if node.kind == "question" else self.groups
            into.setdefault(node.name, []).append(node)
            if node.kind == "question":
                self.shapes[id(node)] = shape(node, lists)
        self._plan(tree)
        self._emit(tree.root, (), (), (tree.root, ()))

    def _plan(self, tree: Tree) -> None:
        """How often each repeated group is unrolled, so that all fits into one survey."""
        repeats = [node for node in _nodes(tree.root) if node.kind == "repeat"]
        for node in repeats:
            count = node.cell("control", "jr:count").strip()
            is_plain = (not count or count.isdecimal()) and not node.repeats
            is_fixed = count.isdecimal()
            if is_plain and grids.is_simple(node, self.shapes, is_fixed=is_fixed):
                self.entries.add(id(node))
            if count.isdecimal() and len(count) < 5:
                self.counting[id(node)] = "fixed"
                self.copies[id(node)] = max(min(int(count), MOST_COPIES), 1)
            else:
                self.counting[id(node)] = "counted" if count else "asked"
                depth = len(node.repeats)
                self.copies[id(node)] = USUAL_COPIES if depth == 0 else 3 if depth == 1 else 2
                if id(node) in self.entries:
                    self.copies[id(node)] = grids.USUAL_ENTRIES
        while repeats and self._size(tree.root) > _MOST_UNITS:
            unrolled = [each for each in repeats if id(each) not in self.entries]
            most = max((self.copies[id(each)] for each in unrolled), default=1)
            if most == 1:
                break
            for each in unrolled:
                self.copies[id(each)] = min(self.copies[id(each)], most - 1)
        self._shorten(tree)

    def _shorten(self, tree: Tree) -> None:
        """Let the answer be typed where all choices together would be too many."""
        left = _MOST_OFFERED
        for node in tree.leaves():
            made = self.shapes[id(node)]
            cost = len(made.offered)
            for repeat in node.repeats:
                cost *= 1 if id(repeat) in self.entries else self.copies[id(repeat)]
            if cost > left:
                self.shapes[id(node)] = typed(len(made.offered))
            else:
                left -= cost

    def _size(self, node: Node) -> int:
        if node.kind == "question":
            return 1 + bool(self.shapes[id(node)].twin)
        if id(node) in self.entries:
            return 1
        inside = sum(self._size(each) for each in node.children)
        return inside if node.kind == "group" else (inside + 1) * self.copies[id(node)]

    def _emit(self, node: Node, at: At, guards: tuple[Guard, ...], page: tuple[Node, At]) -> None:
        for part in split(node, self.shapes):
            if isinstance(part, tuple):
                self._table(node, part, at, guards, page)
            elif part.kind == "question":
                self._question(part, at, guards, page)
            elif part.kind == "repeat":
                self._repeat(part, at, _with(guards, part, at), page)
            else:
                inside = page if _is_one_page(page[0]) else (part, at)
                self._emit(part, at, _with(guards, part, at), inside)

    def _question(
        self, node: Node, at: At, guards: tuple[Guard, ...], page: tuple[Node, At]
    ) -> None:
        made = self.shapes[id(node)]
        if made.role == "nothing":
            return
        if len(self.all) >= _MOST_UNITS:
            self.left_out.append(node)
            return
        unit = Unit(
            node, at, self._key(node, at), made, guards, page, type=made.type,
            is_known=made.is_value_known,
        )  # fmt: skip
        if made.role == "data":
            unit.path = f"_data.{unit.key}"
        self._add(unit)

    def _table(
        self,
        group: Node,
        rows: tuple[Node, ...],
        at: At,
        guards: tuple[Guard, ...],
        page: tuple[Node, At],
    ) -> None:
        """The rows of one matrix: each a unit, found under the key of the matrix and its own."""
        name = group.name if is_table(group, rows) else f"{rows[0].name}_table"
        table = self._keys.key(("table", id(rows[0]), at), _numbered(name, at), "t")
        inside = Keys()
        for node in rows:
            row = inside.key(id(node), node.name, "r")
            unit = Unit(
                node, at, f"{table}.{row}", self.shapes[id(node)], guards, page, rows,
                type=self.shapes[id(node)].type,
            )  # fmt: skip
            self._add(unit)

    def _repeat(self, node: Node, at: At, guards: tuple[Guard, ...], page: tuple[Node, At]) -> None:
        if id(node) in self.entries:
            self._entries(node, at, guards, page)
            return
        counting, count = self.counting[id(node)], self.copies[id(node)]
        there: tuple[Guard, ...] = ()
        for number in range(1, count + 1):
            here = (*at, number)
            if counting == "counted":
                text = node.cell("control", "jr:count")
                there = (Guard(node, at, f"({text}) >= {number}"),)
            elif counting == "asked" and number > 1:
                there = (self._more(node, at, number, (*guards, *there)),)
            inside = (node, here)
            self._emit(node, here, (*guards, *there), inside)

    def _entries(
        self, node: Node, at: At, guards: tuple[Guard, ...], page: tuple[Node, At]
    ) -> None:
        """The parts of each entry, under the key of the group, the entry's number and their own."""
        key = self._keys.key((id(node), at), node.name, "entries")
        inside = Keys()
        keys = {id(part): inside.key(id(part), part.name) for part in grids.parts(node)}
        for number in range(1, self.copies[id(node)] + 1):
            for part in grids.parts(node):
                made = self.shapes[id(part)]
                unit = Unit(
                    part, (*at, number), f"{key}.{number}.{keys[id(part)]}", made, guards, page,
                    type=made.type, entry=node, is_known=made.is_value_known,
                )  # fmt: skip
                self._add(unit)

    def _more(self, node: Node, at: At, number: int, guards: tuple[Guard, ...]) -> Guard:
        """The question whether there is one more, asked before each repetition but the first."""
        key = self._keys.key(
            ("more", id(node), at, number), _numbered(f"{node.name}_more", (*at, number))
        )
        unit = Unit(
            node, (*at, number), key, Shape("yes_no", "choice", names={"yes": "yes", "no": "no"}),
            guards, (node, (*at, number - 1)), asks_for=(node, number),
        )  # fmt: skip
        self.all.append(unit)
        return Guard(node, at, logic={"==": [{"var": key}, "yes"]}, needs=(unit,))

    def _key(self, node: Node, at: At) -> str:
        return self._keys.key((id(node), at), _numbered(node.name, at))

    def new_key(self, source: object, name: str) -> str:
        """A key for what the form has no name for."""
        return self._keys.key(("new", id(source), name), name)

    def _add(self, unit: Unit) -> None:
        self.all.append(unit)
        self.by_place[(id(unit.node), unit.at)] = unit
        for depth, repeat in enumerate(unit.node.repeats, 1):
            self.first_in.setdefault((id(repeat), unit.at[:depth]), unit)


def _numbered(name: str, at: At) -> str:
    """A name with the numbers of its repetitions behind it."""
    if not at:
        return name
    ending = "".join(f"_{number}" for number in at)
    return name[: 38 - len(ending)] + ending


def _with(guards: tuple[Guard, ...], node: Node, at: At) -> tuple[Guard, ...]:
    return (*guards, Guard(node, at, node.relevant)) if node.relevant else guards


def _is_one_page(node: Node) -> bool:
    """Whether all of a group is shown together: groups inside it begin no page of their own."""
    while node is not None:
        if "field-list" in node.appearance:
            return True
        if node.parent is None:
            return False
        node = node.parent
    return False


def _nodes(root: Node) -> Iterator[Node]:
    left = list(reversed(root.children))
    while left:
        node = left.pop()
        yield node
        left.extend(reversed(node.children))
