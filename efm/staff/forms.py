"""Checks that several forms of the staff share: names, addresses, time zones."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email

LONGEST_NAME = 200


def checked_name(form: Mapping[str, str], key: str, whose: str, problems: dict[str, str]) -> str:
    """A name on one line; notes a problem when it is missing or too long."""
    value = " ".join(form.get(key, "").replace("\0", "").split())
    if not value:
        problems[key] = f"Enter a name for {whose}."
    elif len(value) > LONGEST_NAME:
        problems[key] = f"Use at most {LONGEST_NAME} characters."
    return value


def checked_email(form: Mapping[str, str], key: str, problems: dict[str, str]) -> str:
    """An address in small letters; notes a problem when it cannot be one."""
    value = form.get(key, "").strip()
    if not value:
        problems[key] = "Enter an e-mail address."
        return ""
    try:
        found = validate_email(value, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        problems[key] = "This is not an e-mail address. It looks like name@example.org."
        return value
    return found.normalized.lower()


@cache
def time_zones() -> tuple[str, ...]:
    """The zones a person may choose: UTC and those named by region and place."""
    regions = ("Africa/", "America/", "Antarctica/", "Arctic/", "Asia/", "Atlantic/",
               "Australia/", "Europe/", "Indian/", "Pacific/")  # fmt: skip
    return ("UTC", *sorted(z for z in available_timezones() if z.startswith(regions)))


def checked_zone(form: Mapping[str, str], key: str, problems: dict[str, str]) -> str:
    """A time zone by its name, or nothing; notes a problem when it is not known."""
    value = form.get(key, "").strip()
    if value and value not in time_zones():
        problems[key] = "Choose a time zone from the list."
    return value
