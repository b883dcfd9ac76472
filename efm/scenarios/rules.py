"""The declared rules of the closed loop: which answer opens a case, who gets it, by when it is due."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

DUE_BUSINESS_DAYS = 2
SATURDAY = 5

# Who is given cases, in this order: the next role is asked only when nobody has the one before.
OWNER_ROLES = ("agent", "owner")

REASONS = {
    "detractor": "Detractor",
    "angry_comment": "Angry comment",
}
STATES = {
    "open": "Open",
    "answered": "Answered",
    "closed": "Closed",
}
RESOLUTIONS = {
    "resolved": "Resolved with the customer",
    "no_contact": "The customer could not be reached",
    "not_actionable": "Nothing can be done",
    "product_issue": "Passed on as a product issue",
    "mistake": "Not a real complaint",
}


def reason_for(payload: Mapping[str, Any]) -> str | None:
    """Why the response of this event opens a case, or None when it does not.

    A detractor gave 0 to 6 on the NPS question; of several, the lowest counts. An angry comment
    is one that `surveys.sentiment.is_angry` calls so: negative, with a sentence at -0.55 or below.
    """
    if (payload.get("bands") or {}).get("nps") == "detractor":
        return "detractor"
    return "angry_comment" if payload.get("is_angry") else None


def due_at(opened_at: datetime, zone: ZoneInfo, days: int = DUE_BUSINESS_DAYS) -> datetime:
    """The same time of day so many business days later, by the organization's clock.

    Saturdays and Sundays do not count; holidays are not known. The answer is in UTC.
    """
    local = opened_at.astimezone(zone)
    day = local.date()
    while days:
        day += timedelta(days=1)
        if day.weekday() < SATURDAY:
            days -= 1
    due = datetime.combine(day, local.time(), tzinfo=zone)
    return due.astimezone(opened_at.tzinfo)
