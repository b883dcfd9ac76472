"""When streams are read by themselves: an interval or cron, of a connection or a stream's own."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.errors import NotSupported
from efm.errors import EfmError, Invalid
from efm.models import Connection, StreamSetting
from efm.sync import connections, crontab, quotas

UNITS = {"minutes": 1, "hours": 60, "days": 1440}
LONGEST_MINUTES = 60 * 24 * 31
KINDS = ("connection", "never", "every", "daily", "weekdays", "cron")
NEXT_SHOWN = 3
LATE_AFTER = 3
_TIME = re.compile(r"([01]?[0-9]|2[0-3])[:.]?([0-5][0-9])", re.ASCII)
_DAILY = re.compile(r"([0-9]+) ([0-9]+) \* \* (\*|1-5)", re.ASCII)


@dataclass(frozen=True)
class Schedule:
    """Every so many minutes, or at the times of a cron expression in a zone, or never."""

    every_minutes: int | None = None
    cron: str | None = None
    zone: str | None = None

    @classmethod
    def of(cls, row: Connection | StreamSetting) -> Schedule:
        """The schedule a row holds."""
        return cls(row.every_minutes, row.cron, row.zone)

    @property
    def is_set(self) -> bool:
        """Whether anything is read by itself."""
        return self.every_minutes is not None or self.cron is not None

    def next_after(self, moment: datetime) -> datetime | None:
        """The next turn after a moment; however many were missed, it is one."""
        if self.every_minutes is not None:
            return moment + timedelta(minutes=self.every_minutes)
        if self.cron is not None:
            return crontab.next_after(self.cron, crontab.zone_of(self.zone), moment)
        return None

    def upcoming(self, now: datetime, most: int = NEXT_SHOWN) -> list[datetime]:
        """The next turns from now on."""
        found: list[datetime] = []
        at = self.next_after(now)
        while at is not None and len(found) < most:
            found.append(at)
            at = self.next_after(at)
        return found

    def is_late(self, read_at: datetime, now: datetime) -> bool:
        """Whether three turns have passed since it was read."""
        turns = self.upcoming(read_at, LATE_AFTER)
        return len(turns) == LATE_AFTER and now > turns[-1]

    def words(self) -> str:
        """The schedule in words: every 6 hours, or at 06:30 every day (Europe/Berlin)."""
        if self.cron is not None:
            place = (self.zone or "UTC").replace("_", " ")
            return f"{crontab.words(self.cron)} ({place} time)"
        if self.every_minutes is None:
            return "only when you ask"
        for unit, size in (("day", 1440), ("hour", 60), ("minute", 1)):
            if self.every_minutes % size == 0:
                n = self.every_minutes // size
                return f"every {unit}" if n == 1 else f"every {n} {unit}s"
        return ""

    def form(self) -> dict[str, str]:
        """The schedule as its form has it."""
        said = {"kind": "never", "every": "", "unit": "hours", "at": "", "cron": "", "zone": ""}
        if self.every_minutes is not None:
            unit = next(
                u for u in ("days", "hours", "minutes") if not self.every_minutes % UNITS[u]
            )
            return said | {
                "kind": "every", "every": str(self.every_minutes // UNITS[unit]), "unit": unit,
            }  # fmt: skip
        if self.cron is None:
            return said
        said |= {"cron": self.cron, "zone": self.zone or "UTC"}
        plain = _DAILY.fullmatch(self.cron)
        if plain is None:
            return said | {"kind": "cron"}
        at = f"{int(plain[2]):02}:{int(plain[1]):02}"
        return said | {"kind": "daily" if plain[3] == "*" else "weekdays", "at": at, "cron": ""}


def read(form: Mapping[str, str], zones: tuple[str, ...] = ()) -> Schedule | None:
    """The schedule a form says; None for that of the connection.

    Raises Invalid with the problem beside the field. `zones` are those the form offered.
    """
    kind = form.get("kind") or ("every" if form.get("every", "").strip() else "never")
    if kind not in KINDS:
        raise _problem("kind", "Choose when it is read.")
    if kind == "connection":
        return None
    if kind == "never":
        return Schedule()
    if kind == "every":
        return Schedule(every_minutes=_minutes(form.get("every", ""), form.get("unit", "")))
    zone = form.get("zone", "")
    if zone not in zones:
        raise _problem("zone", "Choose the time zone from the list.")
    if kind == "cron":
        try:
            return Schedule(cron=crontab.read(form.get("cron", "")), zone=zone)
        except ValueError as error:
            raise _problem("cron", str(error)) from error
    found = _TIME.fullmatch(form.get("at", "").strip())
    if found is None:
        raise _problem("at", "Enter a time of day in hours and minutes, such as 06:30.")
    days = "*" if kind == "daily" else "1-5"
    return Schedule(cron=f"{int(found[2])} {int(found[1])} * * {days}", zone=zone)


def _problem(field: str, message: str) -> Invalid:
    return Invalid(message, problems={field: message})


def _minutes(number: str, unit: str) -> int:
    digits = number.strip()
    is_number = digits.isascii() and digits.isdigit() and len(digits) <= 6
    minutes = int(digits) * UNITS[unit] if is_number and unit in UNITS else 0
    if not 5 <= minutes <= LONGEST_MINUTES:
        raise _problem("every", "Enter a whole number that makes 5 minutes to 31 days.")
    return minutes


def put(row: Connection | StreamSetting, schedule: Schedule) -> None:
    """Write the schedule into a row."""
    row.every_minutes, row.cron, row.zone = schedule.every_minutes, schedule.cron, schedule.zone


def set_connection(
    session: Session, connection: Connection, schedule: Schedule, now: datetime
) -> None:
    """The schedule of the connection, and of every stream that follows it."""
    session.flush()
    session.refresh(connection, with_for_update=True)
    put(connection, schedule)
    for each in _settings(session, connection.id):
        if not each.has_own_schedule:
            apply(each, schedule, now)


def set_stream(
    session: Session,
    connection: Connection,
    setting: StreamSetting,
    schedule: Schedule | None,
    now: datetime,
) -> None:
    """A schedule of the stream's own; None to follow the connection's again."""
    session.flush()
    session.refresh(connection, with_for_update=True)
    setting.has_own_schedule = schedule is not None
    apply(setting, Schedule.of(connection) if schedule is None else schedule, now)


def apply(setting: StreamSetting, schedule: Schedule, now: datetime) -> None:
    """Read the stream by this schedule from now on."""
    put(setting, schedule)
    is_read = setting.is_enabled and not setting.is_paused
    setting.next_run_at = schedule.next_after(now) if is_read else None


def _settings(session: Session, connection_id: uuid.UUID) -> list[StreamSetting]:
    found = select(StreamSetting).where(StreamSetting.connection_id == connection_id)
    return list(session.scalars(found.order_by(StreamSetting.stream)))


def go_on(setting: StreamSetting, now: datetime) -> None:
    """After a pause: an interval begins at once, set times are waited for."""
    schedule = Schedule.of(setting)
    is_interval = schedule.every_minutes is not None
    setting.next_run_at = now if is_interval else schedule.next_after(now)


def start_due(session: Session, connection_id: uuid.UUID, stream: str, now: datetime) -> bool:
    """Request the run of a stream whose time has come, and set its next; whether there was one.

    Of two who look at once one finds the time moved. However many turns were missed while nobody
    looked, it is one run. While the source's calls of the day are used, it waits for new ones.
    """
    setting = session.scalars(
        select(StreamSetting)
        .where(StreamSetting.connection_id == connection_id, StreamSetting.stream == stream)
        .where(StreamSetting.next_run_at <= now)
        .with_for_update()
    ).one_or_none()
    if setting is None:
        return False
    try:
        connection = connections.get(session, connection_id)
        held_until = quotas.held_until(connection, now)
        if held_until is not None:
            setting.next_run_at = held_until
            return False
        setting.next_run_at = Schedule.of(setting).next_after(now)
        connections.request_run(session, connection_id, stream, now)
    except (EfmError, NotSupported):
        return False  # It was paused or is not read any more since the clock looked.
    return True
