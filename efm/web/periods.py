"""A period in an address: from a day to a day, both included, in the viewer's time zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EARLIEST, LATEST = date(1900, 1, 1), date(2999, 12, 31)


@dataclass(frozen=True)
class Period:
    """The days that are looked at; None is open at that end."""

    zone: str
    first: date | None = None
    last: date | None = None

    @property
    def since(self) -> datetime | None:
        """The moment the first day begins."""
        return _begins(self.first, self.zone) if self.first else None

    @property
    def until(self) -> datetime | None:
        """The moment after the last day."""
        return _begins(self.last + timedelta(days=1), self.zone) if self.last else None

    @property
    def is_open(self) -> bool:
        """Whether nothing was narrowed."""
        return self.first is None and self.last is None

    def arguments(self) -> dict[str, str]:
        """The period as it stands in an address."""
        found = {"from": self.first, "to": self.last}
        return {name: day.isoformat() for name, day in found.items() if day}


def _begins(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(zone))


def read(arguments: Mapping[str, str], zone: str) -> tuple[Period, list[str]]:
    """The period an address asks for, and in plain words what could not be followed."""
    problems: list[str] = []
    first = _day(arguments.get("from", ""), problems)
    last = _day(arguments.get("to", ""), problems)
    if first and last and first > last:
        problems.append("The period ends before it begins, so all time is shown.")
        first = last = None
    return Period(zone, first, last), problems


def _day(written: str, problems: list[str]) -> date | None:
    written = written.strip()
    if not written:
        return None
    try:
        day = date.fromisoformat(written)
    except ValueError:
        problems.append("A period needs days such as 2026-01-31; what is not one was left out.")
        return None
    if not EARLIEST <= day <= LATEST:
        problems.append(
            "A period lies between the years 1900 and 2999; the other day was left out."
        )
        return None
    return day
