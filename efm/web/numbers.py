"""Figures as people read them: numbers with their unit, intervals, changes, days."""

from __future__ import annotations

from datetime import date

from babel.dates import format_date

from efm.insight.figures import CES, CSAT, Figure
from efm.insight.filters import Filter, Step
from surveys.statistics import Estimate, Unit

MINUS = "−"
_NONE = "–"


def count(n: int) -> str:
    """A count with thousands apart."""
    return f"{n:,}"


def plural(n: int, one: str, many: str = "") -> str:
    """A count with its noun: "1 answer", "2,310 answers"."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def number(value: float | None, unit: Unit) -> str:
    """A value in its unit: points whole, shares in per cent, scales with one place."""
    if value is None:
        return _NONE
    written = f"{100 * value:.0f} %" if unit == "share" else f"{value:.{int(unit == 'scale')}f}"
    return _signed(written)


def interval(estimate: Estimate) -> str:
    """The 95 % interval in words, or why there is none."""
    if estimate.low is None or estimate.high is None:
        return "no interval: all answers are equal" if estimate.n else ""
    if estimate.unit == "share":
        return f"{100 * estimate.low:.0f} to {100 * estimate.high:.0f} %"
    return f"{number(estimate.low, estimate.unit)} to {number(estimate.high, estimate.unit)}"


def size(value: float, unit: Unit) -> str:
    """How large a change is, without its sign."""
    if unit == "share":
        return plural(round(abs(100 * value)), "point")
    return plural(round(abs(value)), "point") if unit == "points" else f"{abs(value):.1f}"


def direction(figure: Figure) -> str | None:
    """up, down or level as it is shown; None where nothing is compared."""
    change = figure.change
    if change is None or change.value is None:
        return None
    if size(change.value, change.unit) in ("0 points", "0.0"):
        return "level"
    return "up" if change.value > 0 else "down"


def change(figure: Figure) -> str:
    """The change in words; empty where nothing is compared."""
    towards = direction(figure)
    if towards is None or figure.change is None or figure.change.value is None:
        return ""
    if towards == "level":
        return "level"
    return f"{towards} {size(figure.change.value, figure.change.unit)}"


def is_good(figure: Figure) -> bool | None:
    """Whether a change that is likely real is good news; None while it could be chance."""
    if figure.verdict != "likely real" or figure.change is None or not figure.change.value:
        return None
    return figure.change.value > 0


def since(wanted: Filter) -> str:
    """What a figure is compared with: "the 90 days before"."""
    if wanted.since is None:
        return ""
    days = (wanted.until - wanted.since).days + 1
    return "the day before" if days == 1 else f"the {days} days before"


def day(value: date) -> str:
    """A day: "5 Jan 2026"."""
    return str(format_date(value, "d MMM y", locale="en"))


def step(value: date, step: Step) -> str:
    """A step of a trend by its first day."""
    if step == "month":
        return str(format_date(value, "MMM y", locale="en"))
    return f"Week of {day(value)}" if step == "week" else day(value)


def days(wanted: Filter) -> str:
    """The period written out."""
    if wanted.since is None:
        return f"until {day(wanted.until)}"
    if wanted.since == wanted.until:
        return day(wanted.since)
    return f"{day(wanted.since)} to {day(wanted.until)}"


def whisker(figure: Figure) -> dict[str, float] | None:
    """What the drawn interval of a tile needs, in the numbers the tile shows."""
    estimate, metric = figure.estimate, figure.metric
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return None
    factor = 100.0 if metric is CSAT else 1.0
    found = {
        "low": factor * estimate.low,
        "value": factor * estimate.value,
        "high": factor * estimate.high,
        "minimum": int(factor * metric.minimum),
        "maximum": int(factor * metric.maximum),
    }
    return found if metric in (CSAT, CES) else found | {"reference": 0}


def _signed(written: str) -> str:
    if written.startswith("-") and written.strip("-0. %") == "":
        return written.removeprefix("-")
    return written.replace("-", MINUS)
