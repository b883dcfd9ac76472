"""The form of a schedule: what was typed, the zones it may be in, what it means, the next moments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from efm.errors import Invalid
from efm.sync import schedules
from efm.sync.schedules import Schedule
from efm.web import unit
from efm.web.auth import principal

LONGEST = 120


def zones(schedule: Schedule) -> tuple[str, ...]:
    """The time zones a schedule may be in: the viewer's, the organization's, its own, and UTC."""
    who = principal()
    known = (schedule.zone, who.time_zone, str(who.organization["time_zone"]), "UTC")
    return tuple(dict.fromkeys(each for each in known if each))


def schedule_form(
    schedule: Schedule, given: Mapping[str, str] | None = None, *, is_own: bool | None = None
) -> dict[str, Any]:
    """What the form of a schedule shows: what was typed if anything was, and what it means.

    `is_own` is None for the form of a connection, and says else whether the stream has its own.
    """
    offered, now = zones(schedule), unit.now()
    values = schedule.form()
    values["zone"] = values["zone"] or offered[0]
    if is_own is False:
        values["kind"] = "connection"
    meant: Schedule | None = schedule
    if given is not None:
        values |= {name: given.get(name, "")[:LONGEST] for name in values}
        meant = _meant(given, offered)
    return {
        "values": values, "zones": [(each, each.replace("_", " ")) for each in offered],
        "units": list(schedules.UNITS), "upcoming": _upcoming(meant, now),
        "meaning": meant.words() if meant is not None and meant.is_set else "",
    }  # fmt: skip


def _meant(given: Mapping[str, str], offered: tuple[str, ...]) -> Schedule | None:
    try:
        return schedules.read(given, offered)
    except Invalid:
        return None


def _upcoming(schedule: Schedule | None, now: datetime) -> list[datetime]:
    return schedule.upcoming(now) if schedule is not None else []
