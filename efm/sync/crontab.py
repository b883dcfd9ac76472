"""Cron expressions: checked, said in words, and their next moment by the clock on a wall.

The one door to croniter, which is asked about walls only; what a day without an hour or with one
twice means is said here. A time that is given happens once on each day: one that a spring day
skips happens that much later, one that an autumn day has twice happens the first time. Where the
hour is `*` it is a rhythm, which goes on through both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import croniter
from croniter.croniter import CroniterError

LONGEST = 100
SHORTEST_MINUTES = 5
# Names of months and days, numbers, and how they are listed; the library's own additions are left out.
_PART = re.compile(r"[0-9*/,\-]+|[0-9A-Za-z,\-]+", re.ASCII)
_NAMES = re.compile(
    r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat)", re.IGNORECASE
)
DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# As far as clocks are put forward or back at once.
_SHIFT = timedelta(hours=3)

EXAMPLE = (
    "Five parts: minute, hour, day of the month, month, day of the week; such as 30 6 * * 1-5."
)


def zone_of(name: str | None) -> ZoneInfo:
    """The time zone of that name; UTC for one that is not known (any more)."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def read(text: str) -> str:
    """The expression in small letters with single blanks. Raises ValueError in words for people."""
    parts = text.replace("\0", " ").lower().split()
    if len(parts) != 5 or len(" ".join(parts)) > LONGEST:
        raise ValueError(f"Enter a cron expression. {EXAMPLE}")
    for part in parts:
        if not _PART.fullmatch(part) or re.search("[a-z]", _NAMES.sub("", part)):
            raise ValueError(f"“{part[:20]}” is no part of a cron expression. {EXAMPLE}")
    expression = " ".join(parts)
    try:
        minutes = _numbers(expression)[0]
        croniter(expression, datetime(2024, 1, 1)).get_next(datetime)  # noqa: DTZ001 - a wall
    except (CroniterError, ValueError, KeyError, IndexError, OverflowError) as error:
        raise ValueError(
            f"“{expression}” names a time that does not exist, or is not understood. {EXAMPLE}"
        ) from error
    if _shortest(expression, minutes) < SHORTEST_MINUTES:
        raise ValueError(f"Leave at least {SHORTEST_MINUTES} minutes between two runs.")
    return expression


def _numbers(expression: str) -> list[list[int]]:
    """What each part stands for; an empty list for all."""
    found = croniter.expand(expression)[0]
    sizes = (60, 24, 31, 12, 7)
    return [
        [] if "*" in part or len(part) == size else sorted(int(n) for n in part)
        for part, size in zip(found, sizes, strict=False)
    ]


def _shortest(expression: str, minutes: Sequence[int]) -> int:
    """The fewest minutes between two moments of the expression."""
    every = minutes or range(60)
    gaps = [later - earlier for earlier, later in zip(every, list(every)[1:], strict=False)]
    if len(_numbers(expression)[1]) != 1:
        gaps.append(60 - every[-1] + every[0])
    return min(gaps, default=60)


def next_after(expression: str, zone: ZoneInfo, after: datetime) -> datetime:
    """The first moment of the expression later than `after`; both aware, the answer in UTC."""
    if not _numbers(expression)[1]:
        return _next_in_rhythm(expression, zone, after)
    return _next_at_a_time(expression, zone, after)


def _wall(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def _next_at_a_time(expression: str, zone: ZoneInfo, after: datetime) -> datetime:
    """Each wall time once. One that is skipped comes later by as much, behind others it preceded."""
    walls = croniter(expression, _wall(after, zone) - _SHIFT)
    best: datetime | None = None
    until: datetime | None = None
    while until is None or walls.get_current(datetime) < until:
        wall = walls.get_next(datetime)
        at = wall.replace(tzinfo=zone).astimezone(UTC)
        if at > after:
            best, until = min(best or at, at), until or wall + _SHIFT
    assert best is not None, "the loop ends behind the first moment"
    return best


def _next_in_rhythm(expression: str, zone: ZoneInfo, after: datetime) -> datetime:
    """The rhythm by the clock as it is set now; begun anew where the clock is set differently."""
    since, start = after, _wall(after, zone)
    while True:
        offset = _offset(since, zone)
        wall: datetime = croniter(expression, start).get_next(datetime)
        at = (wall - offset).replace(tzinfo=UTC)
        if _offset(at, zone) == offset:
            return at
        since = _change(since, at, zone)
        start = _wall(since, zone) - _MINUTE


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta(0)


def _change(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The first minute, after `low`, at which the clock is not set as at `low` any more."""
    before = _offset(low, zone)
    first, last = int(low.timestamp() // 60), int(high.timestamp() // 60)
    while last - first > 1:
        middle = (first + last) // 2
        at = datetime.fromtimestamp(middle * 60, UTC)
        first, last = (middle, last) if _offset(at, zone) == before else (first, middle)
    return datetime.fromtimestamp(last * 60, UTC)


def words(expression: str) -> str:
    """The expression as a sentence's end: at 06:30 on Monday to Friday."""
    minutes, hours, days, months, weekdays = _numbers(expression)
    said = [_time_words(minutes, hours)]
    if hours or days or weekdays:
        said.append(_day_words(days, weekdays))
    if months:
        said.append(f"in {_listed([MONTHS[n - 1] for n in months], months)}")
    return " ".join(said)


def _time_words(minutes: Sequence[int], hours: Sequence[int]) -> str:
    if not hours:
        step = _step(minutes)
        if step:
            return f"every {step} minutes" if step < 60 else "every hour, on the hour"
        named = _listed([str(n) for n in minutes], minutes)
        return f"{named} minutes past every hour"
    if len(minutes) * len(hours) <= 6:
        return "at " + _and([f"{hour:02}:{minute:02}" for hour in hours for minute in minutes])
    named = _listed([f"{n}" for n in hours], hours)
    step = _step(minutes)
    if step == 60:
        return f"on the hour at {named} o'clock"
    if step:
        return f"every {step} minutes in the hours {named}"
    return f"{_listed([str(n) for n in minutes], minutes)} minutes past the hours {named}"


def _step(minutes: Sequence[int]) -> int:
    """The minutes between evenly spaced ones that begin with the hour; 0 for others."""
    step = 60 // len(minutes) if minutes else 1
    return step if list(minutes or range(60)) == list(range(0, 60, step)) else 0


def _day_words(days: Sequence[int], weekdays: Sequence[int]) -> str:
    # Sunday ends the week on paper, whatever its number.
    order = sorted(weekdays, key=lambda n: n or 7)
    named = [DAYS[n] for n in order]
    on = "on " + _listed(named, [n or 7 for n in order]) if named else ""
    of = ("on day " + _listed([str(n) for n in days], days) + " of the month") if days else ""
    if on and of:
        return f"{of} and also {on}"  # Cron takes a day that either of the two names.
    return on or of or "every day"


def _listed(names: Sequence[str], numbers: Sequence[int]) -> str:
    """Names in a row, three or more neighbours as a span: Monday to Friday."""
    spans: list[list[int]] = []
    for place, number in enumerate(numbers):
        if spans and numbers[spans[-1][-1]] == number - 1:
            spans[-1].append(place)
        else:
            spans.append([place])
    said: list[str] = []
    for span in spans:
        some = [names[place] for place in span]
        said += [f"{some[0]} to {some[-1]}"] if len(some) > 2 else some
    return _and(said)


def _and(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
