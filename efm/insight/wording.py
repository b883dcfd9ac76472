"""A linkage in words and in drawable numbers: shares as percent, money in its currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from babel.numbers import format_currency, get_currency_precision

from efm.insight.linkage import Linkage, Outcome
from surveys.statistics import MINIMUM_N, Difference, Estimate, is_small


@dataclass(frozen=True)
class Row:
    """One group as the page shows it; `drawn` holds low, value, high and the axis' ends."""

    label: str
    n: int
    value: str
    interval: str
    note: str
    drawn: dict[str, float] | None


@dataclass(frozen=True)
class Words:
    """A finding: its sentence, what it rests on, its rows."""

    title: str
    measure: str
    difference: str
    interval: str
    strength: str
    timing: str
    left_out: str
    rows: tuple[Row, ...]


def first_choice(outcomes: Sequence[Outcome]) -> str:
    """The outcome to begin with: dated before undated, shares such as renewal first."""
    ranked = sorted(outcomes, key=lambda o: (not o.is_dated, o.kind != "share", o.metric))
    return ranked[0].key if ranked else ""


def amount(outcome: Outcome, value: float | None, *, is_difference: bool = False) -> str:
    """A value as people read it."""
    if value is None:
        return "not known"
    sign = "+" if is_difference and value > 0 else ""
    if outcome.kind == "share":
        text = f"{value * 100:.1f}" + (" points" if is_difference else " %")
    elif outcome.kind == "money" and outcome.currency:
        digits = get_currency_precision(outcome.currency)
        whole = round(value / 10**digits)
        text = str(
            format_currency(whole, outcome.currency, "¤#,##0", locale="en", currency_digits=False)
        )
    else:
        text = f"{value:,.1f}"
    return sign + text.replace("-", "−")


def _interval(outcome: Outcome, low: float | None, high: float | None, *, diff: bool) -> str:
    if low is None or high is None:
        return "no interval: too few answers"
    return (
        f"{amount(outcome, low, is_difference=diff)} to {amount(outcome, high, is_difference=diff)}"
    )


def _row(label: str, outcome: Outcome, estimate: Estimate, ends: tuple[float, float]) -> Row:
    if estimate.n == 0:
        return Row(label, 0, "nobody", "", "No customer of this group has this outcome.", None)
    note = (
        f"Fewer than {MINIMUM_N} customers: read it as an anecdote." if is_small(estimate.n) else ""
    )
    drawn = None
    if estimate.low is not None and estimate.high is not None and estimate.value is not None:
        drawn = {
            "low": max(estimate.low, ends[0]), "value": estimate.value,
            "high": min(estimate.high, ends[1]), "minimum": ends[0], "maximum": ends[1],
        }  # fmt: skip
    return Row(
        label, estimate.n, amount(outcome, estimate.value),
        _interval(outcome, estimate.low, estimate.high, diff=False), note, drawn,
    )  # fmt: skip


def _ends(found: Linkage) -> tuple[float, float]:
    """The axis: from zero (or lower, where values are) to the highest end of any interval."""
    highs = [g.estimate.high or g.estimate.value or 0.0 for g in found.groups]
    lows = [g.estimate.low or 0.0 for g in found.groups if g.estimate.low is not None]
    high = max([*highs, 0.0]) or 1.0
    return min([0.0, *lows]), high * 1.05


def words(found: Linkage) -> Words:
    """The finding as the page tells it."""
    ends = _ends(found)
    rows = tuple(_row(g.label, found.outcome, g.estimate, ends) for g in found.groups)
    difference = found.difference
    name = found.outcome.label.lower() if found.outcome.kind == "share" else found.outcome.label
    said_of = {
        "share": f"Share of customers with “{name}”",
        "money": f"Mean {name} a customer",
        "number": f"Mean {name}",
    }[found.outcome.kind]
    return Words(
        title=_title(found, rows),
        measure=f"{said_of}, by {found.feedback.label}; 95 % interval ({_method(found)}).",
        difference=amount(found.outcome, difference.value, is_difference=True),
        interval=_interval(found.outcome, difference.low, difference.high, diff=True),
        strength=strength(difference),
        timing=_timing(found),
        left_out=f"{found.left_out:,} customers with this outcome are left out: "
        + ("they never answered." if found.window_days is None else "no answer before it, in time.")
        if found.left_out > 0
        else "",
        rows=rows,
    )


def _method(found: Linkage) -> str:
    return found.groups[0].estimate.method if found.groups else found.difference.method


def _title(found: Linkage, rows: Sequence[Row]) -> str:
    difference = found.difference
    if difference.value is None or not found.groups:
        return "Not enough answers with an outcome to compare yet"
    first, last = found.groups[0].label, found.groups[-1].label
    low, high = difference.low, difference.high
    if low is not None and high is not None and low <= 0 <= high:
        return f"No clear difference between {first.lower()} and {last.lower()}"
    more = "more" if difference.value > 0 else "less"
    size = amount(found.outcome, abs(difference.value), is_difference=True).lstrip("+")
    return f"{first}: {size} {more} {found.outcome.metric.replace('_', ' ')} than {last.lower()}"


def strength(difference: Difference) -> str:
    """What the test says, in words with its p."""
    if difference.p is None:
        return "too few answers for a test"
    p = "p < 0.001" if difference.p < 0.001 else f"p = {difference.p:.3f}"
    if difference.p < 0.01:
        return f"very likely real ({p})"
    if difference.p < 0.05:
        return f"likely real ({p})"
    return f"could be chance ({p})"


def _timing(found: Linkage) -> str:
    if found.timing == "cross-sectional":
        return (
            "Cross-sectional: the outcome has no date, so this shows what goes together, not what "
            "came first."
        )
    if found.outcome.kind == "money":
        return (
            f"Point in time: what came in during the {found.window_days} days after a customer's "
            "first answer; only answers whose days have all passed count."
        )
    return (
        f"Point in time: each customer's latest outcome with the last answer given before it, at "
        f"most {found.window_days} days earlier. Nothing said afterwards counts."
    )
