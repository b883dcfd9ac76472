"""What a customer said against what they paid and how often they met us, month by month."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, TypeAlias

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

Step: TypeAlias = Literal["month", "quarter", "year"]
Kind: TypeAlias = Literal["score", "sentiment", "money", "measured", "interaction"]

_MONTHS: Mapping[Step, int] = {"month": 1, "quarter": 3, "year": 12}
# With more steps than this the next longer step is taken; of years the latest are kept.
MOST_STEPS: Mapping[Step, int] = {"month": 36, "quarter": 40, "year": 40}
# More than this cannot be told apart even where somebody asks for it.
MOST_ASKED = 60
# What is dated before has no month in every zone.
_EARLIEST = "0001-01-03"
FLOWS = frozenset(("cost", "costs", "margin", "profit", "refunds", "revenue", "sales", "spend"))
"""Measured amounts that add up over time; of others, such as a balance, the last value stands."""

_AT = "date_trunc('month', {} AT TIME ZONE :zone)::date"
_ON = "date_trunc('month', {})::date"
_IN = "{0} >= CAST(:since AS timestamptz) AND {0} < CAST(:until AS timestamptz)"
_DAYS = "{0} >= CAST(:first AS date) AND {0} <= CAST(:last AS date)"
_TOTALS = "count(*), sum({0})::numeric, min({0})::numeric, max({0})::numeric, {1}::numeric, {2}"
_NO_LAST = ("NULL", "NULL::date")


def _money(kind: str, table: str, month: str, where: str) -> str:
    totals = _TOTALS.format("x.amount_minor", *_NO_LAST)
    return (
        f"SELECT 'money', {kind}, x.currency, {month}, {totals} FROM {table} x"
        f" WHERE {{who}} AND {where} AND x.amount_minor IS NOT NULL GROUP BY 2, 3, 4"
    )


_LAST_AMOUNT = "(array_agg(x.amount_minor ORDER BY x.measured_on DESC, x.id DESC))[1]"
# Each part gives: kind, name, currency, month, n, total, low, high, last value and its day.
_PARTS = (
    "SELECT 'interaction', 'interactions', NULL, "
    + _AT.format("x.occurred_at")
    + ", count(*), 0::numeric, NULL::numeric, NULL::numeric, NULL::numeric, NULL::date"
    + f" FROM interactions x WHERE {{who}} AND {_IN.format('x.occurred_at')} GROUP BY 4",
    _money(
        "CASE WHEN x.kind = 'order' THEN 'ordered' ELSE x.kind END", "interactions",
        _AT.format("x.occurred_at"), _IN.format("x.occurred_at"),
    ),
    _money("'ordered'", "orders", _AT.format("x.ordered_at"), _IN.format("x.ordered_at")),
    _money(
        "'invoices paid'", "invoices", _ON.format("coalesce(x.paid_on, x.issued_on)"),
        "x.state = 'paid' AND " + _DAYS.format("coalesce(x.paid_on, x.issued_on)"),
    ),
    _money("'paid'", "payments", _AT.format("x.paid_at"), _IN.format("x.paid_at")),
    "SELECT 'measured', x.metric, x.currency, " + _ON.format("x.measured_on") + ", "
    + _TOTALS.format("x.amount_minor", _LAST_AMOUNT, "max(x.measured_on)")
    + f" FROM measurements x WHERE {{who}} AND {_DAYS.format('x.measured_on')}"
    " AND x.amount_minor IS NOT NULL GROUP BY 2, 3, 4",
)  # fmt: skip
# A score counts once for each response: of the questions of one metric the one that counts anywhere.
_SAID = f"""
SELECT CASE WHEN s.metric = 'sentiment' THEN 'sentiment' ELSE 'score' END,
    CASE WHEN s.metric <> 'sentiment' THEN s.metric
         WHEN s.state = 'scored' THEN coalesce(s.band, 'unscored') ELSE s.state END,
    NULL, {_AT.format("x.submitted_at")}, {_TOTALS.format("s.value", *_NO_LAST)}
FROM responses x
JOIN scores s ON s.organization_id = x.organization_id AND s.response_id = x.id
    AND s.metric IN ('nps', 'csat', 'ces', 'sentiment') AND (s.state = 'scored' OR s.metric = 'sentiment')
WHERE {{people}} AND x.state = 'complete' AND {_IN.format("x.submitted_at")}
    AND NOT EXISTS (
        SELECT FROM jsonb_to_recordset(CAST(:asides AS jsonb))
            AS a(survey_id uuid, metric text, question_key text)
        WHERE a.survey_id = x.survey_id AND a.metric = s.metric AND a.question_key = s.question_key)
GROUP BY 1, 2, 4"""


def _statement(is_account: bool, *, with_feedback: bool) -> TextClause:
    who = "x.account_id = :id" if is_account else "x.contact_id = :id"
    people = (
        "x.contact_id IN (SELECT id FROM contacts WHERE account_id = :id)" if is_account else who
    )
    parts = [each.format(who=who) for each in _PARTS]
    if with_feedback:
        parts.append(_SAID.format(people=people))
    names = "kind, name, currency, month, n, total, low, high, last, last_on"
    return text(f"SELECT * FROM ({' UNION ALL '.join(parts)}) t ({names})")


_STATEMENTS = {
    (is_account, with_feedback): _statement(is_account, with_feedback=with_feedback)
    for is_account in (False, True)
    for with_feedback in (False, True)
}


@dataclass(frozen=True, slots=True)
class Cell:
    """What one step holds of a line: how many, their sum, the lowest and highest, the last one."""

    n: int
    total: float = 0.0
    low: float | None = None
    high: float | None = None
    last: float | None = None
    last_on: date | None = None

    def joined(self, other: Cell) -> Cell:
        """Both together."""
        lows = [each for each in (self.low, other.low) if each is not None]
        highs = [each for each in (self.high, other.high) if each is not None]
        late = self if (self.last_on or date.min) >= (other.last_on or date.min) else other
        return Cell(
            self.n + other.n, self.total + other.total, min(lows, default=None),
            max(highs, default=None), late.last, late.last_on,
        )  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One thing over time; amounts are in the currency's smallest unit, scores in their own scale."""

    kind: Kind
    name: str
    currency: str | None
    cells: Mapping[date, Cell]

    @property
    def n(self) -> int:
        """How many entries it rests on."""
        return sum(cell.n for cell in self.cells.values())

    def value(self, since: date) -> float | None:
        """What stands for a step: a mean of scores, a sum of money, a count; None where nothing is."""
        cell = self.cells.get(since)
        if cell is None:
            return None
        if self.kind == "score":
            return cell.total / cell.n
        if self.kind == "money" or (self.kind == "measured" and self.name in FLOWS):
            return cell.total
        return cell.last if self.kind == "measured" else float(cell.n)


@dataclass(frozen=True)
class Course:
    """A customer's course in steps, the first day of each; `earlier` counts entries left out before."""

    step: Step
    steps: Sequence[date]
    lines: Sequence[Line]
    earlier: int = 0

    def of(self, kind: Kind) -> list[Line]:
        """The lines of one kind."""
        return [line for line in self.lines if line.kind == kind]


@dataclass(frozen=True)
class Span:
    """What is looked at: moments (`until` left out itself) and their days, both ends included."""

    since: datetime | None
    until: datetime
    first: date | None
    last: date
    zone: str
    step: Step | None = None


@dataclass
class _Found:
    """Monthly cells by line."""

    cells: dict[tuple[Kind, str, str | None], dict[date, Cell]] = field(default_factory=dict)

    def add(self, row: Any) -> None:
        low, high, last = (None if v is None else float(v) for v in (row.low, row.high, row.last))
        cell = Cell(row.n, float(row.total or 0), low, high, last, row.last_on)
        line = self.cells.setdefault((row.kind, row.name, row.currency), {})
        line[row.month] = line[row.month].joined(cell) if row.month in line else cell


def course(
    session: Session,
    customer_id: uuid.UUID,
    span: Span,
    *,
    is_account: bool,
    asides: Iterable[tuple[uuid.UUID, str, str]] | None = (),
) -> Course:
    """The course of a contact, or of an account and its people, over the span.

    `asides` are the questions (survey, metric, key) that do not count; None leaves out all that was
    said, for somebody who may not read it.
    """
    values = {
        "id": customer_id, "zone": span.zone, "since": span.since or _EARLIEST,
        "until": span.until, "first": span.first or _EARLIEST, "last": span.last,
    }  # fmt: skip
    if asides is not None:
        values["asides"] = json.dumps(
            [
                {"survey_id": str(survey), "metric": metric, "question_key": key}
                for survey, metric, key in asides
            ]
        )
    found = _Found()
    for row in session.execute(_STATEMENTS[is_account, asides is not None], values):
        found.add(row)
    return folded(found.cells, span.step)


def folded(
    found: Mapping[tuple[Kind, str, str | None], Mapping[date, Cell]], wanted: Step | None
) -> Course:
    """Monthly cells in steps that can be told apart, every step there even when nothing happened."""
    months = sorted({month for cells in found.values() for month in cells})
    if not months:
        return Course(wanted or "month", (), ())
    step, steps = _steps(months[0], months[-1], wanted)
    lines, earlier = [], 0
    for (kind, name, currency), cells in sorted(found.items(), key=lambda each: repr(each[0])):
        kept: dict[date, Cell] = {}
        for month, cell in cells.items():
            since = start(month, step)
            if since < steps[0]:
                earlier += cell.n
            else:
                kept[since] = kept[since].joined(cell) if since in kept else cell
        if kept:
            lines.append(Line(kind, name, currency, kept))
    return Course(step, steps, tuple(lines), earlier)


def start(day: date, step: Step) -> date:
    """The first day of the step a day is in."""
    size = _MONTHS[step]
    return date(day.year, (day.month - 1) // size * size + 1, 1)


def _steps(first: date, last: date, wanted: Step | None) -> tuple[Step, list[date]]:
    def count(step: Step) -> int:
        a, b = start(first, step), start(last, step)
        return ((b.year - a.year) * 12 + b.month - a.month) // _MONTHS[step] + 1

    chosen: Step = "year"
    if wanted and count(wanted) <= MOST_ASKED:
        chosen = wanted
    elif count("month") <= MOST_STEPS["month"]:
        chosen = "month"
    elif count("quarter") <= MOST_STEPS["quarter"]:
        chosen = "quarter"
    size, end = _MONTHS[chosen], start(last, chosen)
    n = min(count(chosen), MOST_ASKED if chosen == wanted else MOST_STEPS[chosen])
    at = end.year * 12 + end.month - 1 - size * (n - 1)
    return chosen, [date((at + size * i) // 12, (at + size * i) % 12 + 1, 1) for i in range(n)]
