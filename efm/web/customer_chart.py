"""A customer's course drawn: what was said beside what was paid and how often we met, lane by lane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from babel.dates import format_date
from babel.numbers import format_compact_currency, get_currency_precision

from efm.customers.worth import FLOWS, Course, Line, Step
from efm.insight.figures import METRICS
from efm.web import context, numbers
from efm.web.charts import Drawn

LANE_HEIGHT = 84
# More money than this is only in the table: lanes must stay high enough to be read.
MOST_MONEY = 4
_FORMS: Mapping[Step, str] = {"month": "%b %Y", "quarter": "Q%q %Y", "year": "%Y"}
_SENTIMENTS = ("negative", "neutral", "positive")
# Within a lane the drawing keeps below its title.
_FOOT, _HEAD, _TITLE = 0.06, 0.7, 0.88
_NONE = "–"


@dataclass(frozen=True, slots=True)
class CourseChart(Drawn):
    """The drawing; `records` are its figures for the CSV, one for each line and step."""

    records: Sequence[Mapping[str, Any]] = ()

    def csv(self) -> bytes:
        """The figures as CSV."""
        return Drawn.csv(replace(self, rows=self.records))


@dataclass(frozen=True)
class _Lane:
    """One lane: its name, the lines in it (sentiments are stacked), its scale and what ends it."""

    title: str
    lines: tuple[Line, ...]
    low: float
    high: float

    def place(self, base: int, value: float) -> float:
        """The height of a value, in lanes from the foot of the drawing."""
        part = (value - self.low) / ((self.high - self.low) or 1)
        return round(base + _FOOT + (_HEAD - _FOOT) * part, 4)


def drawn(course: Course, *, is_read: bool = True) -> CourseChart | None:
    """The chart of a course; None where there is nothing to draw.

    `is_read` is whether the course has what was said, which not everybody may read.
    """
    if not course.lines:
        return None
    lanes = _lanes(course)
    rows: list[dict[str, Any]] = [
        {"part": "slot", "since": step.isoformat(), "y": 0, "lane": -1} for step in course.steps
    ]
    ticks: dict[float, str] = {}
    for number, lane in enumerate(lanes):
        base = len(lanes) - 1 - number
        rows.append({"part": "title", "shown": lane.title, "y": base + _TITLE, "lane": base})
        rows += _marks(course, lane, base)
        ends = {lane.low, 0.0, lane.high} if lane.low < 0 < lane.high else {lane.low, lane.high}
        ticks |= {lane.place(base, value): _end(lane.lines[0], value) for value in ends}
    order = sorted(ticks)
    return CourseChart(
        "course", "course", _title(course, is_read=is_read), _measure(course), _columns(course), _table(course), rows,
        {"from": "since", "line": "line", "currency": "currency", "value": "value", "low": "low",
         "high": "high", "n": "n"},
        {"lanes": len(lanes), "form": _FORMS[course.step], "ticks": order,
         "words": [ticks[each] for each in order]},
        _note(course, is_read=is_read), LANE_HEIGHT * len(lanes) + 30, _records(course),
    )  # fmt: skip


def _lanes(course: Course) -> list[_Lane]:
    lanes = [
        _Lane(_name(line), (line,), METRICS[line.name].lowest, METRICS[line.name].highest)
        for line in _scores(course)
    ]
    feelings = _sentiments(course)
    if feelings:
        most = max(sum(line.value(step) or 0 for line in feelings) for step in course.steps)
        title = "Comments, negative at the bottom"
        lanes.append(_Lane(title, tuple(feelings), 0, most))
    for line in [*_money(course)[:MOST_MONEY], *course.of("interaction")]:
        values = [value for step in course.steps if (value := line.value(step)) is not None]
        lanes.append(_Lane(_name(line), (line,), min(0.0, *values), max(0.0, *values)))
    return lanes


def _marks(course: Course, lane: _Lane, base: int) -> list[dict[str, Any]]:
    """The marks of one lane."""
    rows = []
    for step in course.steps:
        height = 0.0
        for line in lane.lines:
            value, cell = line.value(step), line.cells.get(step)
            if value is None or cell is None:
                continue
            told = {
                "since": step.isoformat(), "lane": base, "line": _name(line), "n": cell.n,
                "label": _step(step, course.step), "shown": _shown(line, value),
                "role": line.name if line.kind == "sentiment" else "accent",
            }  # fmt: skip
            if line.kind == "score":
                if cell.low is not None and cell.high is not None and cell.low < cell.high:
                    ends = {"y": lane.place(base, cell.low), "y2": lane.place(base, cell.high)}
                    rows.append({**told, **ends, "part": "range"})
                rows.append({**told, "y": lane.place(base, value), "part": "dot"})
                continue
            ends = {"y": lane.place(base, height), "y2": lane.place(base, height + value)}
            rows.append({**told, **ends, "part": "bar"})
            height += value if line.kind == "sentiment" else 0.0
    return rows


def _scores(course: Course) -> list[Line]:
    found = {line.name: line for line in course.of("score")}
    return [found[name] for name in METRICS if name in found]


def _sentiments(course: Course) -> list[Line]:
    found = {line.name: line for line in course.of("sentiment")}
    return [found[name] for name in _SENTIMENTS if name in found]


def _money(course: Course) -> list[Line]:
    """What was paid, by kind and currency, never added up; what has most entries goes first."""
    found = [*course.of("money"), *course.of("measured")]
    return sorted(found, key=lambda line: (-line.n, line.name, line.currency or ""))


def _name(line: Line) -> str:
    words = (line.name[:1].upper() + line.name[1:]).replace("_", " ")
    if line.kind == "score":
        metric = METRICS[line.name]
        return f"{metric.name} answers, {metric.lowest} to {metric.highest}"
    if line.kind == "sentiment":
        return f"{words} comments"
    if line.kind == "interaction":
        return words
    is_last = line.kind == "measured" and line.name not in FLOWS
    return f"{words}, {line.currency}" + (", last value" if is_last else "")


def _shown(line: Line, value: float) -> str:
    if line.kind == "score":
        return f"{value:.3g}"
    if line.currency:
        return context.money(value, line.currency)
    return numbers.count(round(value))


def _end(line: Line, value: float) -> str:
    """A value at the end of a lane's scale, short enough to stand beside it."""
    if not line.currency:
        return numbers.count(round(value))
    whole = value / 10 ** get_currency_precision(line.currency)
    return str(
        format_compact_currency(
            whole, line.currency, locale="en", fraction_digits=int(abs(whole) >= 1000)
        )
    )


def _step(since: date, step: Step) -> str:
    if step == "month":
        return numbers.step(since, "month")
    return str(format_date(since, "QQQ y" if step == "quarter" else "y", locale="en"))


def _title(course: Course, *, is_read: bool) -> str:
    """What there is, in one sentence."""
    scores = sum(line.n for line in _scores(course))
    comments = sum(line.n for line in course.of("sentiment"))
    met = numbers.plural(sum(line.n for line in course.of("interaction")), "interaction")
    first, last = (_step(course.steps[end], course.step) for end in (0, -1))
    span = f"in {first}" if first == last else f"{first} to {last}"
    if not is_read:
        return f"{met} beside what was paid, {span}"
    said = f"{numbers.plural(scores, 'score')} and {numbers.plural(comments, 'comment')}"
    return f"{said} beside {met}, {span}"


def _measure(course: Course) -> str:
    step = {"month": "month", "quarter": "quarter", "year": "year"}[course.step]
    return (
        f"By {step}. Points are the mean of that {step}’s answers on the question’s own scale, with a"
        " line from the lowest to the highest; bars are counts, or money in one currency"
    )


def _note(course: Course, *, is_read: bool) -> str:
    notes = []
    scores = sum(line.n for line in _scores(course))
    if not is_read:
        notes.append(
            "Your role does not include reading responses, so scores and comments are left out."
        )
    elif scores == 0:
        notes.append("No score in this time.")
    elif scores == 1:
        notes.append("One score is one answer, not a trend.")
    more = len(_money(course)) - MOST_MONEY
    if more > 0:
        notes.append(f"{numbers.plural(more, 'more kind')} of money only in the table.")
    unread = sum(line.n for line in course.of("sentiment") if line.name not in _SENTIMENTS)
    if unread:
        notes.append(f"{numbers.plural(unread, 'comment')} without a sentiment.")
    if course.earlier:
        first = _step(course.steps[0], course.step)
        notes.append(
            f"{numbers.plural(course.earlier, 'entry', 'entries')} before {first} left out."
        )
    if len(_money(course)) > 1:
        notes.append(
            "Kinds and currencies of money are never added up: one sum may be ordered, invoiced and paid."
        )
    return " ".join(notes)


def _columns(course: Course) -> list[dict[str, Any]]:
    names = [f"{_name(line)} (n)" for line in _scores(course)]
    if course.of("sentiment"):
        names.append("Comments")
    names += [f"{_name(line)} (n)" for line in _money(course)]
    names += ["Interactions"] if course.of("interaction") else []
    return [{"label": course.step.capitalize()}, *({"label": n, "is_number": True} for n in names)]


def _table(course: Course) -> list[list[str]]:
    return [
        [
            _step(step, course.step),
            *(_cell(line, step) for line in _scores(course)),
            *([_said(course, step)] if course.of("sentiment") else []),
            *(_cell(line, step) for line in _money(course)),
            *(_shown(line, line.value(step) or 0) for line in course.of("interaction")),
        ]
        for step in reversed(course.steps)
    ]


def _cell(line: Line, step: date) -> str:
    value, cell = line.value(step), line.cells.get(step)
    if value is None or cell is None:
        return _NONE
    return f"{_shown(line, value)} ({numbers.count(cell.n)})"


def _said(course: Course, step: date) -> str:
    """The comments of a step by how they read, "2 positive, 1 pending"."""
    found = [
        f"{numbers.count(line.cells[step].n)} {line.name}"
        for line in sorted(course.of("sentiment"), key=lambda line: line.name, reverse=True)
        if step in line.cells
    ]
    return ", ".join(found) or _NONE


def _records(course: Course) -> list[dict[str, Any]]:
    """The figures one by one; amounts are whole units of their currency here."""
    rows = []
    for line in course.lines:
        unit = 10 ** get_currency_precision(line.currency) if line.currency else 1
        for step in course.steps:
            cell, value = line.cells.get(step), line.value(step)
            if cell is None or value is None:
                continue
            low, high = (cell.low, cell.high) if line.kind == "score" else (None, None)
            rows.append(
                {"since": step.isoformat(), "line": _name(line), "currency": line.currency,
                 "value": value / unit, "low": low, "high": high, "n": cell.n}
            )  # fmt: skip
    return rows
