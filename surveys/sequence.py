"""In which order one person is led through the pages: blocks drawn, some of them left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from surveys.logic import Context
from surveys.ordering import arranged
from surveys.parts import Block, Definition, Turn
from surveys.steps import Leg


def sequence(definition: Definition, legs: Sequence[Leg], context: Context) -> tuple[Leg, ...]:
    """The pages in the order this person is led through them."""
    if not definition.blocks:
        return tuple(_in_turns(legs, context))
    by_block: dict[str, list[Leg]] = {}
    line: list[str | Leg] = []
    for leg in legs:
        if leg.block is None:
            line.append(leg)
            continue
        if leg.block.key not in by_block:
            line.append(leg.block.key)
        by_block.setdefault(leg.block.key, []).append(leg)
    blocks = {block.key: block for block in definition.blocks}
    led: list[Leg] = []
    for key in _drawn(definition, line, blocks, context):
        if isinstance(key, Leg):
            led.append(key)
        else:
            led += _arranged(by_block[key], blocks[key], context)
    return tuple(_in_turns(led, context))


def _arranged(legs: Sequence[Leg], block: Block, context: Context) -> Iterator[Leg]:
    """The pages of a block in its order; those of a loop stay together, turn by turn."""
    if isinstance(legs[0].page, Turn) and legs[0].page.within == f"block.{block.key}":
        parts = [list(same) for _, same in groupby(legs, key=_about)]
    else:
        parts = [list(legs)]
    for part in parts:
        units = [list(same) for _, same in groupby(part, key=_unit)]
        for unit in arranged(
            units,
            block.page_order,
            context.seed,
            f"block.{block.key}" + (f".{_about(part[0])}" if len(parts) > 1 else ""),
            key=lambda unit: unit[0].page.key,
            label=lambda unit: unit[0].page.title,
        ):
            yield from unit


def _in_turns(legs: Sequence[Leg], context: Context) -> Iterator[Leg]:
    """The pages with the turns of each loop in the order it declares."""
    for name, same in groupby(legs, key=_within):
        listed = list(same)
        page = listed[0].page
        if not name or not isinstance(page, Turn):
            yield from listed
            continue
        for turn in arranged(
            [list(of_one) for _, of_one in groupby(listed, key=_about)],
            page.turns.order,
            context.seed,
            f"loop.{name}",
            key=lambda turn: _about(turn[0]),
            label=_label,
        ):
            yield from turn


def _within(leg: Leg) -> str:
    return leg.page.within if isinstance(leg.page, Turn) else ""


def _about(leg: Leg) -> str:
    return leg.page.about.key if isinstance(leg.page, Turn) else ""


def _label(turn: Sequence[Leg]) -> str:
    page = turn[0].page
    return page.about.label if isinstance(page, Turn) else ""


def _unit(leg: Leg) -> str:
    """What moves as one: a page, or all turns of a page."""
    page = leg.page
    own = isinstance(page, Turn) and page.within == f"page.{page.of}"
    return page.within if own and isinstance(page, Turn) else page.key


def arms(definition: Definition, legs: Sequence[Leg], context: Context) -> dict[str, list[str]]:
    """The blocks each randomizer shows this person, in their order: what is stored of a draw."""
    randomizer_of = {block.key: block.randomizer for block in definition.blocks}
    shown: dict[str, list[str]] = {each.key: [] for each in definition.randomizers}
    for leg in sequence(definition, legs, context):
        key = leg.block.key if leg.block is not None else ""
        arm = shown.get(randomizer_of.get(key, ""))
        if arm is not None and key not in arm:
            arm.append(key)
    return shown


def _drawn(
    definition: Definition,
    sequence: Sequence[str | Leg],
    blocks: Mapping[str, Block],
    context: Context,
) -> list[str | Leg]:
    """The sequence with the blocks of each randomizer in their drawn order and number."""
    places: dict[str, list[int]] = {}
    for place, key in enumerate(sequence):
        if isinstance(key, str) and blocks[key].randomizer:
            places.setdefault(blocks[key].randomizer, []).append(place)
    drawn: list[str | Leg | None] = list(sequence)
    for randomizer in definition.randomizers:
        held = places.get(randomizer.key, [])
        names = [key for key in (sequence[place] for place in held) if isinstance(key, str)]
        stored = [each for each in context.drawn.get(randomizer.key, ()) if each in names]
        shown: Sequence[str] = stored or arranged(
            names,
            "random",
            context.seed,
            f"randomizer.{randomizer.key}",
            key=str,
            label=str,
        )
        if randomizer.show is not None:
            shown = shown[: randomizer.show]
        for place in held:
            drawn[place] = None
        for place, name in zip(held, shown, strict=False):
            drawn[place] = name
    return [each for each in drawn if each is not None]
