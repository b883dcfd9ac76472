"""The ways through a survey as formulas: when a page is reached, when a question is shown."""

from __future__ import annotations

from surveys.parts import Definition, Page
from surveys.proof.deciding import Purse, never
from surveys.proof.formulas import (
    TRUE,
    UNKNOWN,
    Formulas,
    Leaf,
    Node,
    all_of,
    any_of,
    leaves,
    negated,
)
from surveys.proof.places import FIRST, LAST, Places, Site
from surveys.proof.variables import Variable, Variables

# How far a skip that is itself skipped over is looked into, and how many skips are looked at.
_DEEPEST = 1
_MOST_SKIPS = 12
# How many answers a question rests on are asked whether they can be there at all.
_MOST_SOURCES = 8


class Ways:
    """The ways through one definition."""

    def __init__(self, definition: Definition) -> None:
        self.places = Places(definition)
        self.definition = self.places.definition
        self.variables = Variables(self.places)
        self.formulas = Formulas(self.variables)
        self.purse = Purse()
        self._reached: dict[tuple[int, int], Node] = {}
        self._sources: dict[str, Node] = {}

    def page_shown(self, index: int) -> Node:
        """The conditions of a page and of its block."""
        page = self.definition.pages[index]
        block = self.places.block_of(page)
        site = Site(index, FIRST)
        own = self.formulas.of(page.show_if, site)
        return own if block is None else all_of([self.formulas.of(block.show_if, site), own])

    def page_reached(self, index: int, depth: int = 0) -> Node:
        """That no skip leads past a page and its conditions hold."""
        key = (index, depth)
        found = self._reached.get(key)
        if found is None:
            found = all_of([self.page_shown(index), *self._not_passed(index, depth)])
            self._reached[key] = found
        return found

    def _not_passed(self, index: int, depth: int) -> list[Node]:
        before, is_drawn = self.places.skips_before(index)
        parts = []
        # A skip that is not looked at may lead past or not; that only leaves more possible here,
        # and within "not passed" it is said to be unknown.
        left_out = len(before) > _MOST_SKIPS
        for each in before[-_MOST_SKIPS:]:
            passes = self._passes(each, index)
            if passes is None:
                continue
            reached = UNKNOWN if depth >= _DEEPEST else self.page_reached(each, depth + 1)
            parts.append(negated(all_of([passes, reached])))
        if left_out or is_drawn:
            parts.append(UNKNOWN)
        return parts

    def _passes(self, skipping: int, index: int) -> Node | None:
        """That the skips of a page lead past another; None where none of them can."""
        page = self.definition.pages[skipping]
        taken: list[Node] = []
        ways: list[Node] = []
        for skip in page.skips:
            when = self.formulas.of(skip.when, Site(skipping, LAST))
            here = all_of([*map(negated, taken), when])
            taken.append(when)
            goal = self.places.page_index.get(skip.to)
            if goal is None:
                ways.append(here)
            elif goal > skipping and goal != index:
                is_past = self.places.page_before(goal, index)
                if is_past is not True:
                    ways.append(here if is_past is False else all_of([here, UNKNOWN]))
        return any_of(ways) if ways else None

    def question_shown(self, page: int, number: int) -> Node:
        """That a page is reached and a question on it is shown."""
        question = self.definition.pages[page].questions[number]
        own = self.formulas.of(question.show_if, Site(page, float(number)))
        return all_of([self.page_reached(page), own])

    def is_never(self, formula: Node) -> bool:
        """Whether it is certain that nobody meets the formula, given that answers come from questions

        that are shown.
        """
        found = never(formula, self.purse)
        if found is not False:
            return found is True
        sources = self._of_sources(formula)
        return bool(sources) and never(all_of([formula, *sources]), self.purse) is True

    def is_always(self, formula: Node) -> bool:
        """Whether it is certain that the formula holds for everybody."""
        return never(negated(formula), self.purse) is True

    def _of_sources(self, formula: Node) -> list[Node]:
        """For each answer the formula reads: it is not there, or its question is shown."""
        found: dict[str, Node] = {}
        left = [formula]
        while left and len(found) < _MOST_SOURCES:
            for leaf in leaves(left.pop()):
                for variable in leaf.variables:
                    if variable.name in found or len(found) >= _MOST_SOURCES:
                        continue
                    source = self._source(variable)
                    if source is not TRUE:
                        found[variable.name] = source
                        left.append(source)
        return list(found.values())

    def _source(self, variable: Variable) -> Node:
        known = self._sources.get(variable.name)
        if known is None:
            known = self._sources[variable.name] = self._shown_or_nothing(variable)
        return known

    def _shown_or_nothing(self, variable: Variable) -> Node:
        atom = variable.atom
        if atom is None or self.places.is_certain(atom):
            return TRUE
        shown = self.question_shown(*self.places.asked[atom.asked.key])
        if shown is TRUE:
            return TRUE
        nothing = Leaf(
            {"is_empty": [{"var": variable.name}]}, (variable,), frozenset({variable.name})
        )
        return any_of([nothing, shown])

    def page_of(self, page: int) -> Page:
        """A page with carried choices written out."""
        return self.definition.pages[page]
