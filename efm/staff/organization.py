"""The organization's own settings: name, time zone, language, currency."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache

from babel import Locale
from babel.core import get_global
from babel.numbers import get_territory_currencies
from sqlalchemy import select
from sqlalchemy.orm import Session

from efm import queue
from efm.errors import Invalid, NotFound
from efm.insight.jobs import ROLL_UP
from efm.models import Organization
from efm.staff.actor import Actor
from efm.staff.forms import checked_name, checked_zone

LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da", "fi", "nb", "cs", "tr",
             "uk", "ja", "zh", "ko", "ar", "he")  # fmt: skip
# The currencies most people look for come first in the list.
USUAL_CURRENCIES = ("EUR", "USD", "GBP", "CHF", "JPY")


@cache
def languages() -> tuple[tuple[str, str], ...]:
    """Languages to choose from, each in its own words."""
    return tuple((code, str(Locale(code).get_display_name()).capitalize()) for code in LANGUAGES)


@cache
def currencies() -> tuple[tuple[str, str], ...]:
    """Currencies that are legal tender somewhere today: code and name."""
    names = Locale("en").currencies
    known = {
        str(code)
        for territory in get_global("territory_currencies")
        for code in get_territory_currencies(territory)
    }
    rest = sorted(known & set(names) - set(USUAL_CURRENCIES))
    return tuple((code, f"{code} – {names[code]}") for code in (*USUAL_CURRENCIES, *rest))


def get(session: Session) -> Organization:
    """The organization of this unit."""
    found = session.scalars(
        select(Organization).where(Organization.id == session.info["organization_id"])
    ).one_or_none()
    if found is None:
        raise NotFound("This organization is not there any more.")
    return found


def update(session: Session, form: Mapping[str, str], by: Actor, now: datetime) -> None:
    """Change the settings; raises Invalid with every problem."""
    problems: dict[str, str] = {}
    organization = get(session)
    wanted = {
        "name": checked_name(form, "name", "the organization", problems),
        "time_zone": checked_zone(form, "time_zone", problems) or "UTC",
        "language": form.get("language", ""),
        "currency": form.get("currency", ""),
    }
    if wanted["language"] not in dict(languages()):
        problems["language"] = "Choose a language from the list."
    if wanted["currency"] not in dict(currencies()):
        problems["currency"] = "Choose a currency from the list."
    # What an import or the command line has set may stay, also when the list does not offer it.
    kept = [key for key in problems if wanted[key] and wanted[key] == getattr(organization, key)]
    if set(problems) - set(kept):
        raise Invalid(problems=problems)
    changed = {key: value for key, value in wanted.items() if getattr(organization, key) != value}
    for key, value in changed.items():
        setattr(organization, key, value)
    if "time_zone" in changed:
        # Closed days are other days now; until they are counted again they are read live.
        key = f"{ROLL_UP}:{organization.id}"
        queue.enqueue(session, ROLL_UP, lock=key, once=key)
    if changed:
        by.note(session, now, "organization.changed", "organization", organization.id, **changed)
