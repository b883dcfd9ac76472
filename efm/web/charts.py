"""The overview's charts: what each finds, its rows, its table twin and its CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from efm import charts
from efm.errors import NotFound
from efm.insight.dashboard import Dashboard, Part, Section, step_words
from efm.insight.figures import Figure, Metric
from efm.insight.filters import Step
from efm.insight.findings import best_and_worst
from efm.web import numbers

# Intervals are drawn on at least this much of the scale, so that chance does not look like a slope.
_LEAST_SPAN: Mapping[str, float] = {"nps": 40.0, "csat": 0.2, "ces": 1.0}
MOST_PARTS = 40
ROW_HEIGHT = 30
_FORMS: Mapping[Step, str] = {"day": "%-d %b", "week": "%-d %b", "month": "%b %Y"}
_STEPS: Mapping[Step, str] = {"day": "Day", "week": "Week", "month": "Month"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Drawn:
    """One chart: the finding, the measure, the rows of the drawing and those of its table."""

    name: str
    spec: str
    title: str
    measure: str
    columns: Sequence[Mapping[str, Any]]
    table: Sequence[Sequence[str]]
    rows: Sequence[Mapping[str, Any]]
    # What the CSV holds: its headings and the keys of the rows, unrounded.
    fields: Mapping[str, str]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    height: int | None = None

    def vega(self) -> dict[str, Any]:
        """The Vega-Lite with its data inside."""
        return charts.fill(self.spec, self.rows, self.parameters, self.height)

    def csv(self) -> bytes:
        """The figures as CSV for spreadsheets: with a byte order mark, no text read as a formula."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(self.fields)
        for row in self.rows:
            writer.writerow([_plain(row[key]) for key in self.fields.values()])
        return ("\ufeff" + out.getvalue()).encode()


def _plain(cell: object) -> object:
    """A cell as a spreadsheet should take it: text is never a formula, None is empty."""
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        return "'" + cell
    return round(cell, 6) if isinstance(cell, float) else cell


def _estimates(first: str, metric: Metric, key: str = "label") -> dict[str, str]:
    return {first: key, metric.name: "value", "low": "low", "high": "high", "n": "n"}


def drawn(board: Dashboard) -> dict[str, Drawn]:
    """All charts of a dashboard that have something to show, by name."""
    found = [answers(board)] if board.responses else []
    for section in board.sections:
        if section.figure.standing != "shown":
            continue
        if any(point.figure.standing == "shown" for point in section.trend):
            found.append(trend(board, section))
        found.append(scale(section))
        if len(section.touchpoints) > 1:
            found.append(touchpoints(section))
        if section.questions:
            found.append(questions(section))
    return {each.name: each for each in found}


def one(board: Dashboard, name: str) -> Drawn:
    """One chart; raises NotFound when this dashboard has none of that name."""
    found = drawn(board).get(name)
    if found is None:
        raise NotFound("This chart has nothing to show just now.")
    return found


def trend(board: Dashboard, section: Section) -> Drawn:
    """The metric over time with its interval."""
    metric, step = section.figure.metric, board.filter.step
    rows: list[dict[str, Any]] = []
    for point in section.trend:
        row = _row(point.figure, numbers.step(point.since, step))
        rows.append({"since": point.since.isoformat(), **row})
    shown = [row for row in rows if row["value"] is not None]
    rises = len(shown) < 2 or shown[-1]["value"] >= shown[-2]["value"]
    shown[-1]["told"] = "above" if rises else "below"
    few = len(rows) - len(shown)
    return Drawn(
        f"trend-{metric.key}",
        f"trend-{metric.key}",
        _moved(board, section.figure),
        f"{metric.name} {step_words(step)}, with its 95 % interval ({section.figure.estimate.method})",
        _columns(_STEPS[step], metric),
        [_cells(row) for row in rows],
        rows,
        _estimates("since", metric, "since"),
        {
            **_domain(metric, rows),
            "form": _FORMS[step],
        },
        f"{numbers.plural(few, step)} with fewer than 5 answers left out of the drawing."
        if few
        else "",
    )


def scale(section: Section) -> Drawn:
    """How many gave each answer."""
    metric, counts, n = section.figure.metric, section.figure.counts, section.figure.n
    groups = {
        name: sum(counts.get(value, 0) for value in range(first, last + 1)) / n
        for name, _, first, last in metric.groups
    }
    rows: list[dict[str, Any]] = [
        {
            "answer": value,
            "responses": counts.get(value, 0),
            "share": numbers.number(counts.get(value, 0) / n, "share"),
            "per_cent": f"{100 * counts.get(value, 0) / n:.0f}",
            "part": counts.get(value, 0) / n,
            "group": next(name for name, _, a, z in metric.groups if a <= value <= z),
        }
        for value in metric.scale
    ]
    (low, low_share), _, (high, high_share) = groups.items()
    return Drawn(
        f"scale-{metric.key}",
        f"scale-{metric.key}",
        f"{numbers.number(high_share, 'share')} {high.lower()},"
        f" {numbers.number(low_share, 'share')} {low.lower()}",
        f"{metric.name} answers from {metric.lowest} to {metric.highest}, with the share of each in %,"
        f" n = {numbers.count(n)}",
        [
            {"label": "Answer", "is_number": True},
            {"label": "Answers", "is_number": True},
            {"label": "Share", "is_number": True},
            {"label": "Group"},
        ],
        [[str(r["answer"]), numbers.count(r["responses"]), r["share"], r["group"]] for r in rows],
        rows,
        {"answer": "answer", "answers": "responses", "share": "part", "group": "group"},
    )


def touchpoints(section: Section) -> Drawn:
    """The metric by touchpoint, the highest first."""
    metric = section.figure.metric
    return _parts(
        f"touchpoints-{metric.key}", metric, section.touchpoints, "Touchpoint", "touchpoint"
    )


def questions(section: Section) -> Drawn:
    """The metric by question, where a survey asks several."""
    metric = section.figure.metric
    return _parts(f"questions-{metric.key}", metric, section.questions, "Question", "question")


def answers(board: Dashboard) -> Drawn:
    """How many responses came, over time."""
    step = board.filter.step
    rows: list[dict[str, Any]] = [
        {
            "since": since.isoformat(),
            "label": numbers.step(since, step),
            "responses": n,
        }
        for since, n in board.arrived.items()
    ]
    most = max(rows, key=lambda row: row["responses"])
    return Drawn(
        "answers",
        "answers",
        f"{numbers.plural(board.responses, 'response')}"
        + (f", most {_within(most['label'], step)}" if board.responses > 1 < len(rows) else ""),
        f"Complete responses {step_words(step)}",
        [
            {"label": _STEPS[step]},
            {"label": "Responses", "is_number": True},
        ],
        [[row["label"], numbers.count(row["responses"])] for row in rows],
        rows,
        {"since": "since", "responses": "responses"},
        {"form": _FORMS[step]},
    )


def _within(label: str, step: Step) -> str:
    """When most came: "on 5 Jan 2026", "in the week of 5 Jan 2026", "in Jan 2026"."""
    if step == "day":
        return f"on {label}"
    return f"in the w{label[1:]}" if step == "week" else f"in {label}"


def _parts(name: str, metric: Metric, parts: Sequence[Part], column: str, noun: str) -> Drawn:
    shown = [part for part in parts if part.figure.standing == "shown"]
    few = [part for part in parts if part.figure.standing != "shown"]
    rows = [
        _row(part.figure, part.name or f"(no {noun})", index < MOST_PARTS)
        for index, part in enumerate((*shown, *few))
    ]
    left_out = []
    if few:
        left_out.append(
            f"{numbers.plural(len(few), noun)} with fewer than 5 answers: "
            + ", ".join(part.name or f"(no {noun})" for part in few[:5])
            + ("…" if len(few) > 5 else ".")
        )
    if len(shown) > MOST_PARTS:
        left_out.append(f"{len(shown) - MOST_PARTS} lower ones are in the table only.")
    if noun == "question":
        counts = next((part.name for part in parts if part.is_main), "")
        left_out.append(f"The {metric.name} above counts the first question asked: “{counts}”")
    return Drawn(
        name,
        f"parts-{metric.key}",
        best_and_worst(metric, shown, noun),
        f"{metric.name} by {noun} with its 95 % interval, highest first",
        _columns(column, metric),
        [_cells(row) for row in rows],
        rows,
        _estimates(noun, metric),
        _domain(metric, rows),
        " ".join(left_out),
        60 + ROW_HEIGHT * min(len(shown), MOST_PARTS),
    )


def _row(figure: Figure, label: str, is_drawn: bool = True) -> dict[str, Any]:
    """One row of a drawing; below the minimum n there is no value, only n."""
    estimate, is_shown = figure.estimate, figure.standing == "shown"
    return {
        "value": estimate.value if is_shown else None,
        "low": estimate.low if is_shown else None,
        "high": estimate.high if is_shown else None,
        "label": label,
        "shown": numbers.number(estimate.value, estimate.unit) if is_shown else "too few",
        "interval": numbers.interval(estimate) if is_shown else "–",
        "n": estimate.n,
        "told": "",
        "is_drawn": is_drawn and is_shown,
    }


def _columns(first: str, metric: Metric) -> list[dict[str, Any]]:
    return [
        {"label": first},
        {"label": metric.name, "is_number": True},
        {"label": "95 % interval", "is_number": True},
        {"label": "n", "is_number": True},
    ]


def _cells(row: Mapping[str, Any]) -> list[str]:
    return [row["label"], row["shown"], row["interval"], numbers.count(row["n"])]


def _domain(metric: Metric, rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """The part of the scale that is drawn: all intervals and at least the least span, with room."""
    ends = [row[key] for row in rows for key in ("low", "value", "high") if row[key] is not None]
    if not ends:
        return {"bottom": metric.minimum, "top": metric.maximum}
    low, high = min(ends), max(ends)
    missing = max(0.0, _LEAST_SPAN[metric.key] - (high - low))
    room = missing / 2 + 0.06 * (high - low + missing)
    return {
        "bottom": max(metric.minimum, low - room),
        "top": min(metric.maximum + 0.06 * (high - low + missing), high + room),
    }


def _moved(board: Dashboard, figure: Figure) -> str:
    """What the trend says as a whole, no more than the test allows."""
    name, towards = figure.metric.name, numbers.direction(figure)
    value = numbers.number(figure.estimate.value, figure.estimate.unit)
    if towards is None or figure.change is None or figure.change.value is None:
        return f"{name} is {value}"
    before = numbers.since(board.filter)
    if figure.verdict != "likely real" or towards == "level":
        return f"{name} is {value}, not clearly different from {before}"
    moved = "rose" if towards == "up" else "fell"
    size = numbers.size(figure.change.value, figure.change.unit)
    return f"{name} {moved} by {size}, to {value}, compared with {before}"
