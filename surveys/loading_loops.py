"""How loops are read: what a page or a block is asked about, and whether that can be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from types import MappingProxyType

from surveys import kinds
from surveys.carrying import source_choices, widened
from surveys.looping import (
    COUNTING,
    MAX_TURNS,
    RESERVED_FIELDS,
    loops,
    most_counted,
    name_of,
    things,
    unrolled,
)
from surveys.parts import Carried, Definition, Item, Loop, Order, Question
from surveys.reading import Reader

MAX_FIELDS = 30
MAX_FIELD = 2000
# The longest key of an answer that is stored, and how many questions all turns may have together.
MAX_KEY = 200
MAX_ASKED = 20_000
WHICH: tuple[Carried, ...] = ("chosen", "not_chosen", "offered")
ORDERS: tuple[Order, ...] = ("as_given", "random", "reversed_for_half", "alphabetical")


def loop(reader: Reader, value: object, path: str) -> Loop | None:
    """A loop; None where none is given."""
    if value is None:
        return None
    given = reader.mapping(value, path, [each.name for each in fields(Loop)])
    taken: set[str] = set()
    listed = reader.each(given.get("items"), f"{path}.items", MAX_TURNS, "things")
    return Loop(
        over=reader.name(given.get("over"), f"{path}.over"),
        which=reader.option(given.get("which"), f"{path}.which", WHICH),
        items=tuple(_item(reader, part, where, taken) for where, part in listed),
        order=reader.option(given.get("order"), f"{path}.order", ORDERS),
        most=reader.whole(given.get("most"), f"{path}.most", least=1),
    )


def _item(reader: Reader, value: object, path: str, taken: set[str]) -> Item:
    given = reader.mapping(value, path, [each.name for each in fields(Item)])
    return Item(
        key=reader.key(given.get("key"), f"{path}.key", taken),
        label=reader.text(given.get("label"), f"{path}.label", MAX_FIELD),
        fields=MappingProxyType(_fields(reader, given.get("fields"), f"{path}.fields")),
    )


def _fields(reader: Reader, value: object, path: str) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > MAX_FIELDS:
        reader.refuse(path, "Write a mapping of names to texts.")
        return {}
    taken = set(RESERVED_FIELDS)
    found = {}
    for name, text in value.items():
        key = reader.key(name, f"{path}.{name if isinstance(name, str) else '?'}", taken)
        found[key] = reader.text(text, f"{path}.{key}", MAX_FIELD)
    return dict(sorted(found.items()))


def problems(made: Definition) -> Iterator[tuple[str, str]]:
    """What is wrong with the loops of a definition, with its paths."""
    if not loops(made):
        return
    found = list(_problems(made))
    yield from found
    if not found:
        yield from _too_much(made)


def _problems(made: Definition) -> Iterator[tuple[str, str]]:
    known = {question.key: question for question in widened(made).questions}
    looped = {block.key for block in made.blocks if block.loop is not None}
    first: dict[str, int] = {}
    for i, page in enumerate(made.pages):
        first.setdefault(page.block, i)
        if page.loop is not None and page.block in looped:
            yield f"pages[{i}].loop", "Its block is asked in a loop already; one of them has to do."
    for i, page in enumerate(made.pages):
        if page.loop is not None:
            yield from _of(page.loop, f"pages[{i}].loop", made, i, known)
    for i, block in enumerate(made.blocks):
        if block.loop is not None and block.key in first:
            yield from _of(block.loop, f"blocks[{i}].loop", made, first[block.key], known)
    yield from _reaching_in(made)


def _of(
    loop: Loop, path: str, made: Definition, page: int, known: Mapping[str, Question]
) -> Iterator[tuple[str, str]]:
    if not loop.over:
        if not loop.items:
            yield path, "Say what to ask about: a question under over, or a list under items."
        elif any(not each.label for each in loop.items):
            yield f"{path}.items", "Give each thing a label."
        return
    before = {each.key: other for other in made.pages[:page] for each in other.questions}
    if loop.over not in before:
        yield f"{path}.over", f"No earlier question is called {loop.over!r}."
        return
    if name_of(made, before[loop.over]):
        yield f"{path}.over", f"The question {loop.over!r} is asked in a loop itself."
        return
    source = known[loop.over]
    choices = source_choices(source)
    if not choices and source.kind != "entries":
        yield from _counted(loop, path, source)
        return
    keys = {each.key for each in choices}
    for j, each in enumerate(loop.items):
        if each.key not in keys:
            yield (
                f"{path}.items[{j}].key",
                f"The question {loop.over!r} has no choice {each.key!r}.",
            )
    if len(choices) > MAX_TURNS:
        yield f"{path}.over", f"It has more than {MAX_TURNS} choices, too many to ask about each."


def _counted(loop: Loop, path: str, source: Question) -> Iterator[tuple[str, str]]:
    if source.kind not in COUNTING:
        yield (
            f"{path}.over",
            f"The question {loop.over!r} has neither choices nor a number as answer.",
        )
    elif not most_counted(loop, source):
        yield f"{path}.most", "Say how often it asks at most, as the number itself has no limit."


def _reaching_in(made: Definition) -> Iterator[tuple[str, str]]:
    """Choices that are taken over from a question that is asked several times."""
    at = {each.key: name_of(made, page) for page in made.pages for each in page.questions}
    for i, page in enumerate(made.pages):
        for j, question in enumerate(page.questions):
            for name, carry in (
                ("choices_from", question.choices_from),
                ("rows_from", question.rows_from),
            ):
                if carry is None or at.get(carry.question, "") in ("", name_of(made, page)):
                    continue
                yield (
                    f"pages[{i}].questions[{j}].{name}.question",
                    f"The question {carry.question!r} is asked in a loop, so it has several answers.",
                )


def _too_much(made: Definition) -> Iterator[tuple[str, str]]:
    written = unrolled(made)
    keys = [atom.key for question in written.questions for atom in kinds.atoms(question)]
    longest = max(keys, key=len, default="")
    if len(longest) > MAX_KEY:
        yield (
            "pages",
            f"The answer {longest[:80]}… has too long a key. Shorten those of the choices.",
        )
    if len(keys) > MAX_ASKED:
        yield "pages", f"All turns of its loops ask {len(keys)} questions; {MAX_ASKED} is the most."
    for name, each in loops(made).items():
        if not things(each, {question.key: question for question in widened(made).questions}):
            yield "pages", f"The loop of {name.partition('.')[2]} has nothing to ask about."
