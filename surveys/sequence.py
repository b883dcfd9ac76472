"""In which order one person is led through the pages: blocks drawn, some of them left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from surveys.logic import Context
from surveys.ordering import arranged
from surveys.parts import Block, Definition
from surveys.steps import Leg


def sequence(definition: Definition, legs: Sequence[Leg], context: Context) -> tuple[Leg, ...]:
    """The pages in the order this person is led through them."""
    if not definition.blocks:
        return tuple(legs)
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
            continue
        led += arranged(
            by_block[key],
            blocks[key].page_order,
            context.seed,
            f"block.{key}",
            key=lambda leg: leg.page.key,
            label=lambda leg: leg.page.title,
        )
    return tuple(led)


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
