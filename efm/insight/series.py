"""The same question asked in several surveys, read as one series of a metric."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple, TypeAlias

from sqlalchemy.orm import Session

from efm.insight import cells, figures
from efm.insight.cells import Cell, Scope
from efm.insight.counting import zone_of
from efm.insight.dashboard import histogram
from efm.insight.figures import Figure
from efm.insight.filters import Filter, today_in

DAYS = 365

# A survey and the key of its question.
Place: TypeAlias = tuple[uuid.UUID, str]


class Series(NamedTuple):
    """The figure of all answers together, and that of each place by itself."""

    figure: Figure
    places: Mapping[Place, Figure]
    days: int


def series(
    session: Session,
    metric: str,
    joined: Collection[Place],
    beside: Collection[Place],
    now: datetime,
) -> Series:
    """The figures of the past year: of the places joined together, and of each place.

    Those `beside` are figured alone: they ask in other words, so they do not join.
    """
    until = today_in(zone := zone_of(session), now)
    wanted = Filter(until=until, since=until - timedelta(days=DAYS - 1))
    surveys = sorted({survey for survey, _ in (*joined, *beside)})
    found: dict[Place, list[Cell]] = {place: [] for place in (*joined, *beside)}
    for cell in cells.read(session, wanted, Scope(zone, surveys)):
        if cell.grouping != "question" or not cell.is_now or cell.metric != metric:
            continue
        assert cell.survey_id is not None
        assert cell.question_key is not None
        if (place := (cell.survey_id, cell.question_key)) in found:
            found[place].append(cell)
    measured = figures.METRICS[metric]
    together = [cell for place in joined for cell in found[place]]
    return Series(
        figures.figure(measured, histogram(together)),
        {place: figures.figure(measured, histogram(each)) for place, each in found.items()},
        DAYS,
    )
