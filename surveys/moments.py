"""Days and moments as files write them, in several forms; which of two numbers is the day is told."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, tzinfo
from typing import Literal, TypeAlias

DayOrder: TypeAlias = Literal["dmy", "mdy"]

_LONGEST = 64
_NUMBERS = re.compile(r"(\d{1,4})([-./])(\d{1,2})\2(\d{1,4})", re.ASCII)
_NAMED = re.compile(r"(\d{1,2})\.?[ -]([a-z]{3,9})\.?,?[ -](\d{4})", re.ASCII | re.IGNORECASE)
_NAMED_FIRST = re.compile(r"([a-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})", re.I | re.ASCII)
_CLOCK = re.compile(
    r"[ T,]*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?(?: ?([ap])\.?m\.?)?( ?(?:UTC|GMT|Z))?",
    re.ASCII | re.IGNORECASE,
)
_SECONDS = re.compile(r"\d{10}|\d{13}", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def day(value: object, order: DayOrder = "dmy") -> date | None:
    """The day of a cell; None when it names none."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = str(value).strip()
    if len(text) > _LONGEST:
        return None
    if len(text) > 10:
        found = moment(text, order, UTC)
        if found is not None and _SECONDS.fullmatch(text) is None:
            return found.date()
    read = _day(text, order)
    return read[0] if read is not None and not read[1] else None


def moment(value: object, order: DayOrder, zone: tzinfo) -> datetime | None:
    """The moment of a cell; one that names no zone is of `zone`. None when it names none."""
    if isinstance(value, datetime):
        return _within(value, zone)
    if isinstance(value, date):
        return _within(datetime(value.year, value.month, value.day), zone)  # noqa: DTZ001 - given next
    text = str(value).strip()
    if len(text) > _LONGEST:
        return None
    try:
        return _within(datetime.fromisoformat(text), zone)
    except ValueError:
        pass
    if _SECONDS.fullmatch(text):
        return datetime.fromtimestamp(int(text) / (1000 if len(text) == 13 else 1), UTC)
    read = _day(text, order)
    if read is None:
        return None
    on, rest = read
    if not rest:
        return _within(datetime(on.year, on.month, on.day), zone)  # noqa: DTZ001 - given next
    return _at(on, rest, zone)


def _at(on: date, rest: str, zone: tzinfo) -> datetime | None:
    """The day at the time of day that follows it."""
    found = _CLOCK.fullmatch(rest)
    if found is None:
        return None
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    if found[4]:
        hour = hour % 12 + (12 if found[4].lower() == "p" else 0)
    try:
        read = datetime(on.year, on.month, on.day, hour, minute, second)  # noqa: DTZ001 - given next
    except ValueError:
        return None
    return _within(read, UTC if found[5] else zone)


def _within(value: datetime, zone: tzinfo) -> datetime | None:
    try:
        return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
    except (OverflowError, ValueError):
        return None


def _day(text: str, order: DayOrder) -> tuple[date, str] | None:
    """The day a text begins with, and what follows it."""
    found = _NUMBERS.match(text)
    if found is not None:
        parts = _sorted(found[1], found[3], found[4], order)
        rest = text[found.end() :]
    elif (found := _NAMED.match(text)) is not None:
        parts = (int(found[3]), _month(found[2]), int(found[1]))
        rest = text[found.end() :]
    elif (found := _NAMED_FIRST.match(text)) is not None:
        parts = (int(found[3]), _month(found[1]), int(found[2]))
        rest = text[found.end() :]
    else:
        return None
    try:
        return date(*parts), rest
    except ValueError:
        return None


def _sorted(first: str, second: str, third: str, order: DayOrder) -> tuple[int, int, int]:
    """Year, month, day of three numbers. The order holds for all: no cell is read the other way."""
    if len(first) == 4:
        return int(first), int(second), int(third)
    if len(first) == 3 or len(third) in (1, 3):
        return 0, 0, 0
    # Two digits as POSIX reads them: 69 to 99 are of the last century.
    year = int(third) + (0 if len(third) == 4 else 1900 if int(third) >= 69 else 2000)
    return (year, int(second), int(first)) if order == "dmy" else (year, int(first), int(second))


def _month(name: str) -> int:
    short = name.lower()[:3]
    return _MONTHS.index(short) + 1 if short in _MONTHS else 0


def order_of(values: Iterable[object]) -> DayOrder | None:
    """The order that these cells speak for; None when they fit both."""
    spoken: set[DayOrder] = set()
    for value in values:
        found = _NUMBERS.match(str(value).strip()[:_LONGEST]) if isinstance(value, str) else None
        if found is None or len(found[1]) > 2:
            continue
        if int(found[1]) > 12:
            spoken.add("dmy")
        elif int(found[3]) > 12:
            spoken.add("mdy")
    return spoken.pop() if len(spoken) == 1 else None
