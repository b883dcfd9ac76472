"""Periods and steps of a dashboard by value: quarters, leap years, steps, what an address keeps."""

from __future__ import annotations

import uuid
from datetime import date

import pytest

from efm.insight import filters
from efm.insight.dashboard import step_after, step_of
from efm.insight.figures import CES, CSAT, NPS, figure, sentiment
from efm.web import numbers

SURVEY = uuid.UUID("00000000-0000-7000-8000-000000000001")


def read(today: date = date(2026, 11, 22), **arguments: str) -> filters.Filter:
    found, problems = filters.read(arguments, today, {SURVEY: "One"})
    assert not problems
    return found


@pytest.mark.parametrize(
    ("period", "today", "since"),
    [
        ("today", date(2026, 3, 1), date(2026, 3, 1)),
        ("7d", date(2026, 3, 1), date(2026, 2, 23)),
        ("30d", date(2026, 3, 1), date(2026, 1, 31)),
        ("90d", date(2026, 3, 31), date(2026, 1, 1)),
        ("quarter", date(2026, 1, 1), date(2026, 1, 1)),
        ("quarter", date(2026, 6, 30), date(2026, 4, 1)),
        ("quarter", date(2026, 12, 31), date(2026, 10, 1)),
        ("12m", date(2026, 11, 22), date(2025, 11, 23)),
        ("12m", date(2024, 2, 29), date(2023, 3, 1)),
        ("12m", date(2025, 2, 28), date(2024, 2, 29)),
        ("all", date(2026, 11, 22), None),
    ],
)
def test_periods(period: str, today: date, since: date | None) -> None:
    found = read(today, period=period)
    assert (found.since, found.until) == (since, today)


def test_the_period_before_is_as_long_and_ends_the_day_before() -> None:
    assert read(period="7d").previous == (date(2026, 11, 9), date(2026, 11, 15))
    assert read(period="today").previous == (date(2026, 11, 21), date(2026, 11, 21))
    assert read(period="all").previous is None


@pytest.mark.parametrize(
    ("period", "step"),
    [("today", "day"), ("30d", "day"), ("90d", "week"), ("12m", "month"), ("all", "month")],
)
def test_steps_fit_the_period(period: str, step: str) -> None:
    found = read(period=period)
    assert (found.step, found.is_step_chosen) == (step, False)


def test_a_period_that_ends_in_the_future_ends_today() -> None:
    found = read(**{"from": "2026-11-01", "to": "2030-01-01"})
    assert (found.period, found.until) == ("custom", date(2026, 11, 22))


def test_an_address_keeps_what_differs_from_the_usual() -> None:
    assert read().arguments() == {}
    given = {
        "survey": str(SURVEY),
        "period": "custom",
        "from": "2026-01-01",
        "to": "2026-02-01",
        "touchpoint": "Shop & more",
        "channel": "email",
        "by": "week",
    }
    found = read(**given)
    assert found.arguments() == given
    assert read(**found.arguments()) == found
    assert "touchpoint" not in found.arguments(touchpoint=None)


@pytest.mark.parametrize(
    ("day", "week", "month"),
    [
        (date(2026, 11, 22), date(2026, 11, 16), date(2026, 11, 1)),
        (date(2026, 11, 23), date(2026, 11, 23), date(2026, 11, 1)),
        (date(2026, 1, 1), date(2025, 12, 29), date(2026, 1, 1)),
    ],
)
def test_steps_begin_on_monday_and_on_the_first(day: date, week: date, month: date) -> None:
    assert (step_of(day, "day"), step_of(day, "week"), step_of(day, "month")) == (day, week, month)


def test_the_step_after() -> None:
    assert step_after(date(2026, 12, 31), "day") == date(2027, 1, 1)
    assert step_after(date(2025, 12, 29), "week") == date(2026, 1, 5)
    assert step_after(date(2026, 12, 1), "month") == date(2027, 1, 1)
    assert step_after(date(2024, 2, 1), "month") == date(2024, 3, 1)


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (45.4, "points", "45"),
        (-12.4, "points", "−12"),
        (-0.4, "points", "0"),
        (0.715, "share", "72 %"),
        (0.0, "share", "0 %"),
        (5.25, "scale", "5.2"),
        (-0.04, "scale", "0.0"),
        (None, "scale", "–"),
    ],
)
def test_numbers_are_written_for_people(value: float | None, unit: str, written: str) -> None:
    assert numbers.number(value, unit) == written  # type: ignore[arg-type]


def test_a_change_is_worded_by_size_direction_and_test() -> None:
    up = figure(NPS, {10: 90, 0: 10}, {10: 50, 0: 50})
    assert (numbers.change(up), numbers.direction(up), numbers.is_good(up)) == (
        "up 80 points",
        "up",
        True,
    )
    same = figure(CSAT, {5: 50, 1: 50}, {5: 50, 1: 50})
    assert (numbers.change(same), same.verdict, numbers.is_good(same)) == (
        "level",
        "could be chance",
        None,
    )
    even = figure(CES, {6: 10}, {5: 10})
    assert (even.verdict, numbers.change(even)) == ("too even to be tested", "up 1.0")
    few = figure(NPS, {10: 90, 0: 10}, {10: 4})
    assert (few.change, few.verdict, numbers.change(few)) == (None, "", "")
    assert figure(NPS, {10: 1}).standing == "few"
    assert figure(NPS, {}).standing == "none"


def test_sentiment_shares_leave_out_what_is_not_scored() -> None:
    said = sentiment({"positive": 6, "neutral": 2, "negative": 2, "pending": 5, "unscored": 7})
    assert (said.scored, said.comments) == (10, 22)
    assert said.share("positive").value == 0.6
