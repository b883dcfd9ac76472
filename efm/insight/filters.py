"""What a dashboard is asked for: survey, period, touchpoint, channel and step, read from the address."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

Step: TypeAlias = Literal["day", "week", "month"]

PERIODS: Mapping[str, str] = {
    "today": "Today",
    "7d": "Last 7 days",
    "30d": "Last 30 days",
    "90d": "Last 90 days",
    "quarter": "This quarter",
    "12m": "Last 12 months",
    "all": "All time",
    "custom": "From a day to a day",
}
DEFAULT_PERIOD = "90d"
STEPS: Mapping[Step, str] = {"day": "Day", "week": "Week", "month": "Month"}
# More points than this cannot be told apart, and a table of them is not read.
LONGEST_IN_DAYS: Mapping[Step, int] = {"day": 92, "week": 735}
EARLIEST = date(1970, 1, 1)
LONGEST_TOUCHPOINT = 200
LONGEST_CHANNEL = 60


@dataclass(frozen=True, slots=True)
class Filter:
    """What is looked at; days are those of the organization's time zone, both ends included.

    `since` None means from the first answer on; empty `touchpoint` and `channel` mean all of them.
    """

    until: date
    since: date | None
    period: str = DEFAULT_PERIOD
    survey_id: uuid.UUID | None = None
    touchpoint: str = ""
    channel: str = ""
    step: Step = "month"
    is_step_chosen: bool = False

    @property
    def previous(self) -> tuple[date, date] | None:
        """The equally long period right before, first and last day; None when all is looked at."""
        if self.since is None:
            return None
        days = (self.until - self.since).days + 1
        return self.since - timedelta(days=days), self.since - timedelta(days=1)

    def arguments(self, **changed: str | None) -> dict[str, str]:
        """The address of this view as query arguments, with some changed (None takes one out)."""
        found: dict[str, str | None] = {
            "survey": None if self.survey_id is None else str(self.survey_id),
            "period": None if self.period == DEFAULT_PERIOD else self.period,
            "touchpoint": self.touchpoint,
            "channel": self.channel,
            "by": self.step if self.is_step_chosen else None,
        }
        if self.period == "custom" and self.since is not None:
            found |= {"from": self.since.isoformat(), "to": self.until.isoformat()}
        return {name: value for name, value in (found | changed).items() if value}


def read(
    arguments: Mapping[str, str], today: date, surveys: Mapping[uuid.UUID, str]
) -> tuple[Filter, list[str]]:
    """The filter an address asks for, and what could not be followed, in plain words.

    `surveys` are the names of those that may be looked at. What cannot be followed is left at its
    default.
    """
    problems: list[str] = []
    period, since, until = _period(arguments, today, problems)
    step, is_chosen = _step(arguments.get("by", ""), since, until, problems)
    return Filter(
        until=until,
        since=since,
        period=period,
        survey_id=_survey(arguments.get("survey", ""), surveys, problems),
        touchpoint=_text(arguments, "touchpoint", LONGEST_TOUCHPOINT, problems),
        channel=_text(arguments, "channel", LONGEST_CHANNEL, problems),
        step=step,
        is_step_chosen=is_chosen,
    ), problems


def today_in(zone: str, now: datetime) -> date:
    """The day it is in a time zone."""
    return now.astimezone(ZoneInfo(zone)).date()


def _period(
    arguments: Mapping[str, str], today: date, problems: list[str]
) -> tuple[str, date | None, date]:
    named = arguments.get("period", "")
    first, last = arguments.get("from", "").strip(), arguments.get("to", "").strip()
    if named == "custom" or (not named and (first or last)):
        custom = _custom(first, last, today, problems)
        if custom is not None:
            return "custom", *custom
        named = DEFAULT_PERIOD
    if named and named not in PERIODS:
        problems.append("That period is not known, so the last 90 days are shown.")
        named = DEFAULT_PERIOD
    named = named or DEFAULT_PERIOD
    return named, _since(named, today), today


def _since(period: str, today: date) -> date | None:
    if period == "all":
        return None
    if period == "quarter":
        return date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)
    if period == "12m":
        leap = (today.month, today.day) == (2, 29)
        return date(today.year - 1, today.month, 28 if leap else today.day) + timedelta(days=1)
    days = 1 if period == "today" else int(period.removesuffix("d"))
    return today - timedelta(days=days - 1)


def _custom(first: str, last: str, today: date, problems: list[str]) -> tuple[date, date] | None:
    """The days somebody wrote; a last day in the future is today."""
    otherwise = "so the last 90 days are shown."
    try:
        since = date.fromisoformat(first)
        until = min(date.fromisoformat(last), today) if last else today
    except ValueError:
        problems.append(f"The period needs two days such as 2026-01-31, {otherwise}")
        return None
    if since > today:
        problems.append(f"The period begins in the future, {otherwise}")
    elif since > until:
        problems.append(f"The period ends before it begins, {otherwise}")
    elif since < EARLIEST:
        problems.append(f"The period begins before 1970, {otherwise}")
    else:
        return since, until
    return None


def _step(wanted: str, since: date | None, until: date, problems: list[str]) -> tuple[Step, bool]:
    """Day, week or month; without a wish the one that gives some 10 to 31 points."""
    days = None if since is None else (until - since).days + 1
    usual: Step = "month" if days is None or days > 190 else "week" if days > 31 else "day"
    if not wanted:
        return usual, False
    for step in STEPS:
        if wanted == step:
            if step == "month" or (days is not None and days <= LONGEST_IN_DAYS[step]):
                return step, True
            problems.append(f"The period is too long to be shown by {step}; it is by {usual}.")
            return usual, False
    problems.append(f"A trend goes by day, week or month; it is by {usual}.")
    return usual, False


def _survey(wanted: str, surveys: Mapping[uuid.UUID, str], problems: list[str]) -> uuid.UUID | None:
    if not wanted:
        return None
    try:
        found = uuid.UUID(wanted)
    except ValueError:
        found = None
    if found not in surveys:
        problems.append("That survey is not there, so all surveys are shown.")
        return None
    return found


def _text(arguments: Mapping[str, str], name: str, longest: int, problems: list[str]) -> str:
    value = arguments.get(name, "").strip()
    if len(value) > longest or not value.isprintable():
        problems.append(f"That {name} is not one there can be, so every {name} is shown.")
        return ""
    return value
