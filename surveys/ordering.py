"""In which order choices, rows, questions and blocks are shown to one person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from surveys.logic import draw
from surveys.parts import Choice, Order

T = TypeVar("T")


def arranged(
    parts: Sequence[T],
    order: Order,
    seed: str,
    name: str,
    *,
    key: Callable[[T], str],
    label: Callable[[T], str],
    is_fixed: Callable[[T], bool] = lambda _: False,
) -> tuple[T, ...]:
    """The parts in their order for this seed; fixed ones keep their places."""
    if order == "as_given" or len(parts) < 2:
        return tuple(parts)
    moving = [part for part in parts if not is_fixed(part)]
    if order == "random":
        # Keys make ties fall the same way everywhere.
        moving.sort(key=lambda part: (draw(seed, f"{name}.{key(part)}"), key(part)))
    elif order == "alphabetical":
        moving.sort(key=lambda part: (label(part).casefold(), key(part)))
    elif draw(seed, name) % 2:
        moving.reverse()
    left = iter(moving)
    return tuple(part if is_fixed(part) else next(left) for part in parts)


def choices_for(
    choices: Sequence[Choice], order: Order, seed: str, name: str
) -> tuple[Choice, ...]:
    """Choices or rows in order; "other" and "none of these" stay where they stand."""
    return arranged(
        choices,
        order,
        seed,
        name,
        key=lambda choice: choice.key,
        label=lambda choice: choice.label,
        is_fixed=lambda choice: choice.is_fixed or choice.takes_text or choice.is_exclusive,
    )
