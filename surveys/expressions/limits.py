"""The bounds of an expression, and the meter that holds evaluation to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from surveys.expressions.errors import TooLarge, TooLong

# Closures call one another as deep as logic nests; more would meet the interpreter's own bound.
_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class Limits:
    """How deep and large logic may be, and how much one evaluation may do and build."""

    depth: int = 32
    nodes: int = 2_000
    steps: int = 100_000
    text: int = 10_000
    items: int = 10_000

    def __post_init__(self) -> None:
        if not 1 <= self.depth <= _DEEPEST:
            raise ValueError(f"Give a depth from 1 to {_DEEPEST}.")
        if min(self.nodes, self.steps, self.text, self.items) < 1:
            raise ValueError("Give bounds of at least 1.")


class Meter:
    """Counts the steps of one evaluation; work on long text and lists costs by length."""

    __slots__ = ("left", "limits")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.left = limits.steps

    def spend(self, steps: int) -> None:
        """Take steps off what is left; raises TooLong when nothing is."""
        self.left -= steps
        if self.left < 0:
            raise TooLong(
                f"This takes more than {self.limits.steps:,} steps; shorten the lists or the logic."
            )

    def built_text(self, text: str) -> str:
        """Text that was put together, if it is not too long."""
        self.check_text(len(text), len(text))
        return text

    def check_text(self, length: int, added: int) -> None:
        """Refuse a text of this length before it is built; ``added`` of it is new work."""
        self.spend(added >> 6)
        if length > self.limits.text:
            raise TooLarge(
                f"This text is longer than {self.limits.text:,} characters; shorten its parts."
            )

    def check_items(self, length: int, added: int) -> None:
        """Refuse a list of this length before it is built; ``added`` of it is new work."""
        self.spend(added)
        if length > self.limits.items:
            raise TooLarge(f"This list has more than {self.limits.items:,} items; shorten it.")

    def refuse_depth(self) -> NoReturn:
        """Say that a value nests too deeply."""
        raise TooLarge(f"This value nests deeper than {self.limits.depth} levels; flatten it.")
