"""Days and moments as programs write them: RFC 3339, a moment always with its zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})?", re.ASCII
).fullmatch
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII).fullmatch
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def read_moment(value: object) -> datetime:
    """A moment in UTC, to the microsecond. Raises ValueError with words for the sender."""
    found = _MOMENT(value) if type(value) is str else None
    if found is None:
        raise ValueError("Send a time such as 2026-01-31T12:00:00Z.")
    if found[1] is None:
        raise ValueError("Send the time with its zone, such as 2026-01-31T12:00:00Z.")
    try:
        moment = datetime.fromisoformat(found[0].upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError("There is no such time.") from error
    if not EARLIEST <= moment < LATEST:
        raise ValueError("Send a time between the years 1900 and 2200.")
    return moment


def read_day(value: object) -> date:
    """A day. Raises ValueError with words for the sender."""
    if type(value) is not str or not _DAY(value):
        raise ValueError("Send a day such as 2026-01-31.")
    try:
        day = date.fromisoformat(value)
    except ValueError as error:
        raise ValueError("There is no such day.") from error
    if not EARLIEST.date() <= day < LATEST.date():
        raise ValueError("Send a day between the years 1900 and 2200.")
    return day
