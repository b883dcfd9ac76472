"""Where everything of a survey stands, in which order it is met, and every piece of logic it has."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from surveys import kinds
from surveys.carrying import widened
from surveys.entries import has_logic
from surveys.expressions import Value
from surveys.expressions.catalogue import operation
from surveys.looping import unrolled
from surveys.parts import Block, Choice, Definition, Logic, Page, Question, Turn

BEGINNING, THE_END = -1, 10**9
FIRST, LAST = -1.0, float(10**6)


class Site(NamedTuple):
    """A moment of a response: on which page, and where on it."""

    page: int
    at: float


class Use(NamedTuple):
    """A piece of logic: where it is written, when it is asked, and what for."""

    path: str
    logic: Logic
    site: Site
    what: str
    question: str = ""


class Atom(NamedTuple):
    """A question that takes an answer, and where it stands; ``asked`` is the whole question."""

    question: Question
    asked: Question
    page: int
    at: float
    is_beside: bool


class Span(NamedTuple):
    """Where a page may come in the order: the slots of its block, and its place in the block."""

    first: int
    last: int
    block: str
    place: int


class Places:
    """The order of a definition, as far as it is the same for everybody."""

    def __init__(self, definition: Definition) -> None:
        definition = unrolled(definition)
        self.definition = widened(definition)
        self.blocks = {block.key: block for block in definition.blocks}
        self.page_index: dict[str, int] = {}
        for index, page in enumerate(definition.pages):
            self.page_index.setdefault(page.of if isinstance(page, Turn) else page.key, index)
            self.page_index[page.key] = index
        self.spans = tuple(self._spans())
        self.atoms: dict[str, Atom] = {}
        self.asked: dict[str, tuple[int, int]] = {}
        self.groups: dict[str, list[str]] = {}
        self._index()
        self.skip_pages = tuple(
            index for index, page in enumerate(self.definition.pages) if page.skips
        )
        self.is_fixed = self._comes_as_written()
        self._passed = self._furthest() if self.is_fixed else []

    def _comes_as_written(self) -> bool:
        """Whether everybody meets the pages in the order they are written in."""
        slots = [span.first for span in self.spans]
        return (
            slots == sorted(slots)
            and all(span.first == span.last for span in self.spans)
            and all(block.page_order == "as_given" for block in self.blocks.values())
            and all(
                not isinstance(page, Turn) or page.turns.order == "as_given"
                for page in self.definition.pages
            )
        )

    def _furthest(self) -> list[int]:
        """For each page the furthest one that a skip before it may lead to."""
        found = []
        furthest = -1
        for page in self.definition.pages:
            found.append(furthest)
            for skip in page.skips:
                furthest = max(furthest, self.page_index.get(skip.to, THE_END))
        return found

    def skips_before(self, index: int) -> tuple[Sequence[int], bool]:
        """The pages with skips that come before a page, and whether for some people more of them do."""
        if self.is_fixed:
            return self.skip_pages[: bisect_left(self.skip_pages, index)], False
        orders = [
            (each, self.page_before(each, index)) for each in self.skip_pages if each != index
        ]
        return [each for each, is_before in orders if is_before is True], any(
            is_before is None for _, is_before in orders
        )

    def _index(self) -> None:
        for index, page in enumerate(self.definition.pages):
            for number, question in enumerate(page.questions):
                self.asked[question.key] = (index, number)
                atoms = kinds.atoms(question)
                keys = {atom.key for atom in atoms}
                for place, atom in enumerate(atoms):
                    is_beside = kinds.host(question, atom.key, keys) != ""
                    made = Atom(atom, question, index, _at(number, place, atoms), is_beside)
                    self.atoms[atom.key] = made
                    self._group(atom.key.removesuffix(".text") if is_beside else atom.key, made)

    def _group(self, key: str, atom: Atom) -> None:
        name = f"_text.{key}" if atom.is_beside else key
        parts = name.split(".")
        for end in range(1, len(parts)):
            self.groups.setdefault(".".join(parts[:end]), []).append(name)

    def _spans(self) -> Iterator[Span]:
        slots: dict[str, int] = {}
        lone: dict[int, int] = {}
        for index, page in enumerate(self.definition.pages):
            name = page.block if page.block in self.blocks else f"page {index}"
            if name not in slots:
                slots[name] = len(slots)
            lone[index] = slots[name]
        held: dict[str, list[int]] = {}
        for key, block in self.blocks.items():
            if block.randomizer and key in slots:
                held.setdefault(block.randomizer, []).append(slots[key])
        for index, page in enumerate(self.definition.pages):
            found = self.blocks.get(page.block)
            places = held.get(found.randomizer) if found is not None else None
            slot = lone[index]
            first, last = (min(places), max(places)) if places else (slot, slot)
            yield Span(first, last, page.block if found is not None else "", index)

    def page_before(self, first: int, second: int) -> bool | None:
        """Whether a page comes before another for everybody; None where that is drawn."""
        if BEGINNING in (first, second) or THE_END in (first, second) or first == second:
            return first < second
        if self._is_drawn(self.definition.pages[first], self.definition.pages[second]):
            return None
        one, other = self.spans[first], self.spans[second]
        if one.block and one.block == other.block:
            if self.blocks[one.block].page_order != "as_given":
                return None
            return one.place < other.place
        if one.last < other.first:
            return True
        return False if one.first > other.last else None

    def _is_drawn(self, first: Page, second: Page) -> bool:
        """Whether both are turns of one loop, which may come in another order."""
        return (
            isinstance(first, Turn)
            and isinstance(second, Turn)
            and first.within == second.within
            and first.about.key != second.about.key
            and first.turns.order != "as_given"
        )

    def is_before(self, atom: Atom, site: Site) -> bool | None:
        """Whether an answer is there at a moment for everybody; None where that is drawn."""
        if atom.page != site.page:
            return self.page_before(atom.page, site.page)
        is_own = int(atom.at) == int(site.at) and site.at >= 0
        drawn = self.definition.pages[atom.page].question_order != "as_given"
        if drawn and not is_own and 0 <= site.at < LAST:
            return None
        return atom.at < site.at

    def block_of(self, page: Page) -> Block | None:
        """The block of a page."""
        return self.blocks.get(page.block)

    def may_be_passed(self, page: int) -> bool:
        """Whether some skip of another page may lead past this one."""
        if self.is_fixed:
            return self._passed[page] > page
        for index in self.skip_pages:
            if index == page or self.page_before(index, page) is False:
                continue
            for skip in self.definition.pages[index].skips:
                goal = self.page_index.get(skip.to)
                if goal is None or (goal != page and self.page_before(goal, page) is not True):
                    return True
        return False

    def is_certain(self, atom: Atom) -> bool:
        """Whether everybody who has left the atom's page has answered it."""
        page = self.definition.pages[atom.page]
        block = self.block_of(page)
        question = atom.asked
        if not atom.question.is_required or atom.is_beside or question.show_if is not None:
            return False
        if page.show_if is not None or atom.question.show_if is not None:
            return False
        if isinstance(page, Turn) and page.turns.most is not None:
            return False
        if block is not None and (block.show_if is not None or block.randomizer):
            return False
        if question.choices_from is not None or question.rows_from is not None:
            return False
        if any(each.show_if is not None for each in (*question.choices, *question.rows)):
            return False
        return not self.may_be_passed(atom.page)


def _at(number: int, place: int, atoms: Sequence[Question]) -> float:
    """When an atom of a question is asked: all of them before what is asked of them together."""
    return number + 0.25 + 0.2 * place / len(atoms)


def uses(definition: Definition) -> Iterator[Use]:
    """Every piece of logic of a definition; that of a part once for each row or entry."""
    for i, field in enumerate(definition.data):
        if field.value is not None:
            yield Use(f"data[{i}].value", field.value, Site(BEGINNING, FIRST), "data")
    first_pages: dict[str, int] = {}
    for i, page in enumerate(definition.pages):
        first_pages.setdefault(page.block, i)
    for i, block in enumerate(definition.blocks):
        if block.show_if is not None and block.key in first_pages:
            site = Site(first_pages[block.key], FIRST)
            yield Use(f"blocks[{i}].show_if", block.show_if, site, "block")
    for i, page in enumerate(definition.pages):
        yield from _of_page(i, page)
    at_end = Site(THE_END, LAST)
    for i, ending in enumerate(definition.endings):
        if ending.show_if is not None:
            yield Use(f"endings[{i}].show_if", ending.show_if, at_end, "ending")
    for i, quota in enumerate(definition.quotas):
        if quota.when is not None:
            yield Use(f"quotas[{i}].when", quota.when, at_end, "quota")


def _of_page(i: int, page: Page) -> Iterator[Use]:
    if page.show_if is not None:
        yield Use(f"pages[{i}].show_if", page.show_if, Site(i, FIRST), "page")
    for j, skip in enumerate(page.skips):
        if skip.when is not None:
            yield Use(f"pages[{i}].skips[{j}].when", skip.when, Site(i, LAST), "skip")
    for j, question in enumerate(page.questions):
        yield from _of_question(question, f"pages[{i}].questions[{j}]", i, j)


def _of_question(question: Question, path: str, page: int, number: int) -> Iterator[Use]:
    before, after = Site(page, float(number)), Site(page, number + 0.5)
    key = question.key
    own = (
        ("show_if", question.show_if, before, "question"),
        ("required_if", question.required_if, after, "required"),
        ("value", question.value, before, "value"),
        ("default", question.default, before, "default"),
    )
    for name, logic, site, what in own:
        if logic is not None:
            yield Use(f"{path}.{name}", logic, site, what, key)
    for name, choices in (("choices", question.choices), ("rows", question.rows)):
        yield from _of_choices(choices, f"{path}.{name}", before, name[:-1], key)
    for k, check in enumerate(question.checks):
        yield Use(f"{path}.checks[{k}].valid_if", check.valid_if, after, "check", key)
    if any(has_logic(part) for part in question.parts):
        yield from _of_parts(
            replace(question, rows=tuple(map(_unconditional, question.rows))), path, page, number
        )


def _unconditional(row: Choice) -> Choice:
    """A row without its condition, which is looked at by itself."""
    return replace(row, show_if=None)


def _of_parts(question: Question, path: str, page: int, number: int) -> Iterator[Use]:
    places = {part.key: k for k, part in enumerate(question.parts)}
    atoms = kinds.atoms(question)
    for place, atom in enumerate(atoms):
        _, _, key = atom.key[len(question.key) + 1 :].partition(".")
        k = places.get(key)
        if k is None or not has_logic(question.parts[k]):
            continue
        at, own = _at(number, place, atoms), f"{path}.parts[{k}]"
        before, after = Site(page, at), Site(page, number + 0.5)
        for name, logic, site, what in (
            ("show_if", atom.show_if, before, "part"),
            ("required_if", atom.required_if, after, "required"),
            ("value", atom.value, before, "value"),
        ):
            if logic is not None:
                yield Use(f"{own}.{name}", logic, site, what, question.key)
        yield from _of_choices(atom.choices, f"{own}.choices", before, "choice", question.key)
        for m, check in enumerate(atom.checks):
            yield Use(f"{own}.checks[{m}].valid_if", check.valid_if, after, "check", question.key)


def _of_choices(
    choices: tuple[Choice, ...], path: str, site: Site, what: str, key: str
) -> Iterator[Use]:
    for k, each in enumerate(choices):
        if each.show_if is not None:
            yield Use(f"{path}[{k}].show_if", each.show_if, site, what, key)


def comparands(definition: Definition) -> dict[str, tuple[Value, ...]]:
    """The plain values each variable is compared with anywhere, by its path."""
    found: dict[str, dict[str, Value]] = {}
    for use in uses(definition):
        left: list[Value] = [use.logic]
        while left:
            each = left.pop()
            call = operation(each)
            if call is None:
                left.extend(each if isinstance(each, list) else ())
                continue
            given = call[1]
            left.extend(given)
            names = [
                part["var"] for part in given if isinstance(part, dict) and set(part) == {"var"}
            ]
            plain = [
                value
                for part in given
                for value in (part if isinstance(part, list) else [part])
                if isinstance(value, str | int | float)
            ]
            for name in names:
                if isinstance(name, str) and call[0] != "var":
                    found.setdefault(name, {}).update({repr(value): value for value in plain})
    return {name: tuple(values.values()) for name, values in found.items()}
