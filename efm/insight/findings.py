"""What may be said of many figures at once: tests that allow for looking at all of them."""

from __future__ import annotations

from collections.abc import Sequence

from efm.insight.dashboard import Part
from efm.insight.figures import REAL_BELOW, Metric, figure


def best_and_worst(metric: Metric, parts: Sequence[Part], noun: str) -> str:
    """A sentence on the highest and lowest of parts sorted by value, the highest first.

    They were picked from k parts because they differ most, so the difference counts only below
    0.05 divided by the number of pairs (Bonferroni).
    """
    if not parts:
        return f"No {noun} has enough answers"
    if len(parts) == 1:
        return f"Only one {noun} has enough answers"
    best, worst = parts[0], parts[-1]
    change = figure(metric, best.figure.counts, worst.figure.counts).change
    pairs = len(parts) * (len(parts) - 1) // 2
    if change is None or change.p is None or change.p >= REAL_BELOW / pairs:
        return f"No {noun} clearly differs from another"
    return f"Highest: {named(best, noun)}; lowest: {named(worst, noun)}"


def named(part: Part, noun: str) -> str:
    """The name of a part, cut to a title's length."""
    name = part.name or f"no {noun}"
    return name if len(name) <= 60 else name[:59].rstrip() + "…"
