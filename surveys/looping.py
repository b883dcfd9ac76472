"""Loops written out: a page that is asked once for each of several things becomes a page for each.

Answers of the page ``rating`` about the choice ``shop`` are under ``rating.shop``: the key of the thing
keeps them stable, whatever it is called and wherever it stands. Within a turn the questions of the loop
are named as they are written, and mean those of the same turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from surveys import kinds, piping
from surveys.carrying import source_choices, widened
from surveys.expressions.renaming import renamed
from surveys.kinds.base import whole
from surveys.localizing import worded
from surveys.parts import (
    Carry,
    Choice,
    Definition,
    Item,
    Logic,
    Loop,
    Page,
    Question,
    Turn,
)

LOOP = "_loop"
TEXT, KEY, NUMBER = "text", "key", "number"
# Names a field of a thing cannot take.
RESERVED_FIELDS = frozenset({TEXT, KEY, NUMBER})
MAX_TURNS = 100
# Kinds whose answer is a number that may say how often.
COUNTING = frozenset({"number", "slider", "scale", "stars", "nps", "calculated", "hidden"})


class Thing(NamedTuple):
    """What one turn is about: its words, and when it has its turn."""

    item: Item
    when: Logic
    # Where more is answered of an entry, the path of that entry.
    entry: str = ""


def unrolled(definition: Definition) -> Definition:
    """The definition with its loops written out; the same where there are none."""
    if not loops(definition):
        return definition
    return replace(
        definition,
        pages=tuple(_pages(definition)),
        blocks=tuple(replace(each, loop=None) for each in definition.blocks),
    )


def loops(definition: Definition) -> dict[str, Loop]:
    """The loops of a definition: by the key of the block they repeat, or of the page."""
    found = {f"block.{each.key}": each.loop for each in definition.blocks if each.loop is not None}
    found |= {f"page.{each.key}": each.loop for each in definition.pages if each.loop is not None}
    return found


def name_of(definition: Definition, page: Page) -> str:
    """The name of the loop a page is asked in; nothing where it is asked once."""
    if page.loop is not None:
        return f"page.{page.key}"
    is_within = any(each.key == page.block and each.loop is not None for each in definition.blocks)
    return f"block.{page.block}" if page.block and is_within else ""


def _pages(definition: Definition) -> Iterator[Page]:
    known = {question.key: question for question in widened(definition).questions}
    repeated = loops(definition)
    held: dict[str, list[tuple[int, Page]]] = {}
    for index, page in enumerate(definition.pages):
        held.setdefault(name_of(definition, page), []).append((index, page))
    done: set[str] = set()
    for page in definition.pages:
        name = name_of(definition, page)
        if not name:
            yield page
        elif name not in done:
            done.add(name)
            yield from _turns(name, repeated[name], held[name], known)


def _turns(
    name: str, loop: Loop, pages: list[tuple[int, Page]], known: Mapping[str, Question]
) -> Iterator[Turn]:
    own = frozenset(question.key for _, page in pages for question in page.questions)
    goals = {page.key: place for place, (_, page) in enumerate(pages)}
    for number, thing in enumerate(things(loop, known), 1):
        maker = _Maker(thing, number, own)
        for place, (index, page) in enumerate(pages):
            made = maker.page(page, {key for key, at in goals.items() if at > place})
            yield Turn(
                **{each: getattr(made, each) for each in Page.__dataclass_fields__},
                of=page.key,
                place=index,
                about=thing.item,
                within=name,
                turns=loop,
                when=thing.when,
            )


def things(loop: Loop, known: Mapping[str, Question]) -> list[Thing]:
    """All a loop may ask about, in their order as given; ``known`` are questions by their keys."""
    source = known.get(loop.over)
    if not loop.over or source is None:
        return [Thing(each, None) for each in loop.items][:MAX_TURNS]
    more = {each.key: each for each in loop.items}
    if source.kind == "entries":
        return [_entry(source, number) for number in range(1, _most_entries(source) + 1)]
    if source_choices(source):
        return [_choice(loop, source, each, more) for each in source_choices(source)][:MAX_TURNS]
    up_to = range(1, most_counted(loop, source) + 1)
    return [_counted(loop, number, more.get(str(number))) for number in up_to]


def most_counted(loop: Loop, source: Question) -> int:
    """How often a number may ask at most; 0 where nothing bounds it."""
    points = kinds.points(source)
    high = points[-1] if points else source.settings.get("maximum")
    bounds = [int(each) for each in (high, loop.most) if isinstance(each, int | float)]
    return max(0, min([*bounds, MAX_TURNS])) if bounds else 0


def _most_entries(source: Question) -> int:
    return whole(source.settings.get("maximum"), 10)


def _counted(loop: Loop, number: int, more: Item | None) -> Thing:
    item = _with(Item(str(number), str(number)), more)
    return Thing(item, {">=": [{"var": loop.over}, number]})


def _entry(source: Question, number: int) -> Thing:
    path = f"{source.key}.{number}"
    asked = [part.key for part in source.parts if part.kind != "calculated"]
    answered: list[Logic] = [{"is_answered": [{"var": f"{path}.{key}"}]} for key in asked]
    words = piping.pipe(f"{path}.{asked[0]}", str(number)) if asked else str(number)
    when: Logic = {"or": answered} if len(answered) > 1 else answered[0]
    return Thing(Item(str(number), words), when, path)


def _choice(loop: Loop, source: Question, choice: Choice, more: Mapping[str, Item]) -> Thing:
    label = choice.label
    if choice.takes_text and "{" not in label and "\n" not in label:
        label = piping.pipe(f"_text.{source.key}.{choice.key}", label[:200])
    item = _with(Item(choice.key, label), more.get(choice.key))
    is_taken = _taken(source, choice)
    if loop.which == "not_chosen":
        is_taken = _not(is_taken)
    conditions = [choice.show_if, source.show_if] if loop.which != "chosen" else []
    if loop.which != "offered":
        conditions.append(is_taken)
    return Thing(item, _all(conditions))


def _with(item: Item, more: Item | None) -> Item:
    """A thing with what is said more of it."""
    if more is None:
        return item
    return replace(item, label=more.label or item.label, fields=more.fields)


def _taken(source: Question, choice: Choice) -> Logic:
    """That a choice was chosen, or something in a row answered."""
    kind = kinds.kind(source.kind)
    if kind.expand is None:
        asked: Logic = {"var": source.key}
        return {"contains": [asked, choice.key]} if kind.takes_many else {"==": [asked, choice.key]}
    path = f"{source.key}.{choice.key}"
    if source.kind == "constant_sum":
        return {">": [{"var": path}, 0]}
    if not source.parts:
        return {"is_answered": [{"var": path}]}
    inside: list[Logic] = [
        {"is_answered": [{"var": f"{path}.{part.key}"}]} for part in source.parts
    ]
    return {"or": inside} if len(inside) > 1 else inside[0]


def _not(logic: Logic) -> Logic:
    return {"!": [logic]}


def _all(conditions: list[Logic]) -> Logic:
    found: list[Logic] = [each for each in conditions if each is not None]
    if not found:
        return None
    return {"and": found} if len(found) > 1 else found[0]


class _Maker:
    """Writes pages of a loop as they are asked about one thing."""

    def __init__(self, thing: Thing, number: int, own: frozenset[str]) -> None:
        self._thing = thing
        self._item = thing.item
        self._number = number
        self._own = own

    def page(self, page: Page, goals: set[str]) -> Page:
        """A page of this turn; ``goals`` are pages of the loop that follow it in the same turn."""
        key = self._item.key
        said = worded(page, lambda _, text: piping.repiped(text, self._piped))
        skips = tuple(
            replace(
                each,
                to=f"{each.to}.{key}" if each.to in goals else each.to,
                when=self._logic(each.when),
            )
            for each in page.skips
        )
        return replace(
            said,
            key=f"{page.key}.{key}",
            loop=None,
            show_if=_all([self._thing.when, self._logic(page.show_if)]),
            skips=skips,
            questions=tuple(self._asked(each) for each in said.questions),
        )

    def _asked(self, question: Question) -> Question:
        made = self._question(question)
        return replace(
            made,
            key=f"{question.key}.{self._item.key}",
            choices_from=self._carry(question.choices_from),
            rows_from=self._carry(question.rows_from),
        )

    def _question(self, question: Question) -> Question:
        logic = self._logic
        return replace(
            question,
            required_if=logic(question.required_if),
            show_if=logic(question.show_if),
            choices=self._choices(question.choices),
            rows=self._choices(question.rows),
            parts=tuple(self._question(each) for each in question.parts),
            checks=tuple(
                replace(each, valid_if=logic(each.valid_if)) for each in question.checks
            ),
            value=logic(question.value),
            default=logic(question.default),
        )  # fmt: skip

    def _choices(self, choices: tuple[Choice, ...]) -> tuple[Choice, ...]:
        return tuple(
            each if each.show_if is None else replace(each, show_if=self._logic(each.show_if))
            for each in choices
        )

    def _carry(self, carry: Carry | None) -> Carry | None:
        if carry is None or carry.question not in self._own:
            return carry
        return replace(carry, question=f"{carry.question}.{self._item.key}")

    def _logic(self, logic: Logic) -> Logic:
        made: Any = renamed(logic, self._named) if logic is not None else None
        return made  # type: ignore[no-any-return]

    def _named(self, path: str) -> Any:
        """A variable as it is named in this turn, or what it always is there."""
        before, head, rest = _split(path)
        if head == LOOP:
            return self._of_thing(before, rest)
        if head not in self._own:
            return path
        return f"{before}{head}.{self._item.key}" + (f".{rest}" if rest else "")

    def _of_thing(self, before: str, name: str) -> Any:
        if name == NUMBER:
            return [self._number]
        if name == KEY:
            return [self._item.key]
        if name == TEXT:
            return [self._item.label]
        if name in self._item.fields:
            return [self._item.fields[name]]
        return f"{before}{self._thing.entry}.{name}" if self._thing.entry else [None]

    def _piped(self, path: str) -> str | list[str]:
        found = self._named(path)
        return (
            ["" if each is None else f"{each}" for each in found]
            if isinstance(found, list)
            else found
        )


def _split(path: str) -> tuple[str, str, str]:
    head, _, rest = path.partition(".")
    if head not in ("_text", "_sentiment"):
        return "", head, rest
    inside, _, rest = rest.partition(".")
    return f"{head}.", inside, rest
