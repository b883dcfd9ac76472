"""The dashboard's data: figures, trend, touchpoints, rates and latest comments of one filter."""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from efm.insight import cells, comments, figures, headline, rates
from efm.insight.cells import Cell, Scope
from efm.insight.comments import Comment
from efm.insight.counting import zone_of
from efm.insight.figures import Figure, Histogram, Rate, Sentiment
from efm.insight.filters import Filter, Step, read, today_in
from efm.insight.headline import Asked

REMEMBERED = 64


@dataclass(frozen=True, slots=True)
class Point:
    """One step of a trend: the first day of it and its figure."""

    since: date
    figure: Figure


@dataclass(frozen=True, slots=True)
class Part:
    """A figure of one touchpoint, or of one question."""

    name: str
    figure: Figure
    is_main: bool = True


@dataclass(frozen=True, slots=True)
class Section:
    """Everything about one metric; `questions` are given when a survey asks it more than once."""

    figure: Figure
    trend: Sequence[Point]
    touchpoints: Sequence[Part]
    questions: Sequence[Part]


@dataclass(frozen=True, slots=True)
class Dashboard:
    """What the overview shows of one filter."""

    filter: Filter
    sections: Sequence[Section]
    responses: int
    responses_before: int | None
    arrived: Mapping[date, int]
    rates: Sequence[Rate]
    sentiment: Sentiment
    # How many comments there are by step, which bounds the search for the latest.
    commented: Mapping[date, int]
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class View:
    """What somebody asked for: the filter, what could not be followed, what there is to choose."""

    filter: Filter
    problems: Sequence[str]
    surveys: Mapping[uuid.UUID, str]
    scope: Scope
    asked: Asked
    today: date


def view(session: Session, arguments: Mapping[str, str], now: datetime) -> View:
    """The view an address asks for."""
    zone = zone_of(session)
    today = today_in(zone, now)
    surveys = headline.surveys(session)
    wanted, problems = read(arguments, today, surveys)
    chosen = list(surveys) if wanted.survey_id is None else [wanted.survey_id]
    asked = headline.asked(session, chosen)
    return View(wanted, problems, surveys, Scope(zone, chosen, asked.asides), asked, today)


def version(session: Session, view: View) -> str:
    """A text that differs whenever the dashboard of this view may differ; cheap to ask."""
    return cells.version(session, view.filter, view.scope)


def choices(session: Session, view: View) -> tuple[list[str], list[str]]:
    """The channels and touchpoints to choose from in the period of a view."""
    return cells.choices(session, view.filter, view.scope)


def latest_comments(session: Session, view: View, board: Dashboard) -> Sequence[Comment]:
    """The latest comments of a view, newest first: read each time, so an erased one is gone."""
    return comments.latest(session, board.filter, view.scope, board.commented)


class Memory:
    """The last dashboards made, by what they were made from; shared by the threads of a process.

    Figures only: no word that anybody wrote is kept.
    """

    def __init__(self, size: int = REMEMBERED) -> None:
        self._size = size
        self._made: OrderedDict[Any, Dashboard] = OrderedDict()
        self._guard = threading.Lock()

    def get(self, session: Session, view: View, version: str) -> Dashboard:
        """The dashboard of a view at a version, made now unless it was."""
        key = (
            session.info["organization_id"],
            view.filter,
            view.scope.zone,
            view.asked,
            tuple(view.surveys.items()),
            version,
        )
        with self._guard:
            found = self._made.get(key)
            if found is not None:
                self._made.move_to_end(key)
                return found
        made = make(session, view)
        with self._guard:
            self._made[key] = made
            while len(self._made) > self._size:
                self._made.popitem(last=False)
        return made


def make(session: Session, view: View) -> Dashboard:
    """Count and compute everything a view shows.

    Where most steps of a trend have too few answers for a figure, longer steps are taken, unless
    the step was asked for.
    """
    board = _make(session, view)
    while _is_thin(board) and (longer := _longer(board.filter)) is not None:
        board = _make(session, replace(view, filter=longer))
    return board


def _is_thin(board: Dashboard) -> bool:
    """Whether the best trend has a figure for less than half of its steps."""
    shares = [
        sum(point.figure.standing == "shown" for point in section.trend) / len(section.trend)
        for section in board.sections
        if section.figure.standing == "shown"
    ]
    return bool(shares) and max(shares) < 0.5


def _longer(wanted: Filter) -> Filter | None:
    """The filter with the next longer step, if the period holds at least two of them."""
    if wanted.is_step_chosen or wanted.since is None or wanted.step == "month":
        return None
    days = (wanted.until - wanted.since).days + 1
    if wanted.step == "day":
        return replace(wanted, step="week") if days >= 14 else None
    return replace(wanted, step="month") if days >= 60 else None


def _make(session: Session, view: View) -> Dashboard:
    found = cells.read(session, view.filter, view.scope)
    by_metric: dict[str, list[Cell]] = {}
    for cell in found:
        by_metric.setdefault(cell.metric, []).append(cell)
    responses = [cell for cell in by_metric.get("response", []) if cell.grouping == "slot"]
    said = [
        cell for cell in by_metric.get("sentiment", []) if cell.is_now and cell.grouping == "slot"
    ]
    now = [cell for cell in responses if cell.is_now]
    return Dashboard(
        filter=view.filter,
        sections=[
            _section(metric, by_metric.get(metric.key, []), view)
            for metric in figures.METRICS.values()
            if metric.key in by_metric or metric.key in view.asked.metrics
        ],
        responses=sum(cell.n for cell in now),
        responses_before=None
        if view.filter.previous is None
        else sum(cell.n for cell in responses if not cell.is_now),
        arrived=_filled(view.filter, slots_of(now)),
        rates=rates.read(session, view.filter, view.scope, _by(now, "bucket")),
        sentiment=figures.sentiment(_by(said, "bucket")),
        commented=slots_of(said),
        last_at=comments.last_at(session, view.filter, view.scope, slots_of(now)),
    )


def slots_of(found: Iterable[Cell]) -> dict[date, int]:
    """How many fell into each step, by its first day."""
    return dict(sorted(_by(found, "slot").items()))


def _section(metric: figures.Metric, found: Sequence[Cell], view: View) -> Section:
    main = [cell for cell in found if cell.is_main]
    now = [cell for cell in main if cell.is_now]
    before = None
    if view.filter.previous is not None:
        before = histogram(c for c in main if not c.is_now and c.grouping == "slot")
    slots = _grouped((c for c in now if c.grouping == "slot"), "slot")
    places = _grouped((c for c in now if c.grouping == "touchpoint"), "touchpoint")
    return Section(
        figures.figure(metric, histogram(c for c in now if c.grouping == "slot"), before),
        [
            Point(since, figures.figure(metric, histogram(slots.get(since, ()))))
            for since in _steps(view.filter, slots)
        ],
        _sorted(
            [Part(name, figures.figure(metric, histogram(some))) for name, some in places.items()]
        ),
        _questions(metric, [c for c in found if c.is_now and c.grouping == "question"], view),
    )


def _steps(wanted: Filter, found: Iterable[date]) -> list[date]:
    """The first days of all steps from the period's begin, or the first answer, to its end."""
    first = wanted.since or min(found, default=wanted.until)
    steps = [step_of(first, wanted.step)]
    while (following := step_after(steps[-1], wanted.step)) <= wanted.until:
        steps.append(following)
    return steps


def _filled(wanted: Filter, found: Mapping[date, int]) -> dict[date, int]:
    """The counts of every step, also of those that have none."""
    return {since: found.get(since, 0) for since in _steps(wanted, found)}


def step_of(day: date, step: Step) -> date:
    """The first day of the step a day belongs to; weeks begin on Monday."""
    if step == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if step == "week" else day


def step_after(first: date, step: Step) -> date:
    """The first day of the next step."""
    if step == "month":
        return (first + timedelta(days=31)).replace(day=1)
    return first + timedelta(days=7 if step == "week" else 1)


def _questions(metric: figures.Metric, found: Sequence[Cell], view: View) -> Sequence[Part]:
    """Each question apart, when one survey asks several of a metric."""
    if view.filter.survey_id is None or not any(a.metric == metric.key for a in view.scope.asides):
        return ()
    return _sorted(
        [
            Part(
                view.asked.texts.get((view.filter.survey_id, key), key),
                figures.figure(metric, histogram(some)),
                some[0].is_main,
            )
            for key, some in _grouped(found, "question_key").items()
        ]
    )


def histogram(found: Iterable[Cell]) -> Histogram:
    """How many answers of each value."""
    counts: dict[int, int] = {}
    for cell in found:
        value = int(cell.bucket)
        counts[value] = counts.get(value, 0) + cell.n
    return dict(sorted(counts.items()))


def _by(found: Iterable[Cell], name: str) -> dict[Any, int]:
    counts: dict[Any, int] = {}
    for cell in found:
        key = getattr(cell, name)
        counts[key] = counts.get(key, 0) + cell.n
    return counts


def _grouped(found: Iterable[Cell], name: str) -> dict[Any, list[Cell]]:
    groups: dict[Any, list[Cell]] = {}
    for cell in found:
        groups.setdefault(getattr(cell, name), []).append(cell)
    return groups


def _sorted(parts: list[Part]) -> list[Part]:
    """The highest value first; those with too few answers last, by name."""

    def place(part: Part) -> tuple[bool, float, str]:
        is_shown = part.figure.standing == "shown"
        return not is_shown, -(part.figure.estimate.value or 0.0) if is_shown else 0.0, part.name

    return sorted(parts, key=place)


def step_words(step: Step) -> str:
    """How a step is called within a sentence."""
    return {"day": "by day", "week": "by week, from Monday", "month": "by month"}[step]
