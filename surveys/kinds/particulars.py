"""Kinds whose text has a form that is checked: email, url, phone, time of day, day and time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from urllib.parse import urlsplit

from surveys.kinds.base import Asked, Kind, Readers, simple_column, text_readers
from surveys.strings import tidy
from surveys.values import Answer, Refusal

LONGEST_EMAIL = 254  # RFC 5321, section 4.5.3.1.3, less the angle brackets.
LONGEST_URL = 2000
LONGEST_PHONE = 40
FEWEST_DIGITS, MOST_DIGITS = 5, 15  # E.164 allows 15; shorter than 5 reaches nobody outside.

# What HTML's own e-mail field takes, and letters of every script beside. Whether an address exists
# only a message to it can say, so nothing finer is claimed.
_LOCAL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}")
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")
_TOP = re.compile(r"[^\W\d_]{2,63}|xn--[a-z0-9-]{1,59}", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_PHONE = re.compile(r"\+?[0-9 ()./\u2010-\u2015-]+(?:(?:ext\.?|x|#) ?[0-9]{1,6})?", re.IGNORECASE)
_EXTENSION = re.compile(r"(?:ext|x|#)", re.IGNORECASE)
_DAY = re.compile(r"([0-9]{4})[-./]([0-9]{1,2})[-./]([0-9]{1,2})")
_TIME = re.compile(r"([0-9]{1,2})[:.]([0-9]{2})(?::[0-9]{2})?(?: ?([ap])\.?m\.?)?", re.IGNORECASE)
# Digits as they are typed on Arabic, Persian and Japanese keyboards.
_DIGITS = {first + n: str(n) for first in (0x660, 0x6F0, 0xFF10) for n in range(10)}


def _is_host(host: str) -> bool:
    """Whether it is a name of at least two labels, as people's addresses have."""
    labels = host.split(".")
    return (
        len(host) <= 253
        and len(labels) > 1
        and all(_LABEL.fullmatch(label) for label in labels)
        and _TOP.fullmatch(labels[-1]) is not None
    )


def email(text: str) -> str:
    """The address, its host in lower case. Raises Refusal."""
    local, at, host = text.rpartition("@")
    is_good = (
        at
        and len(text) <= LONGEST_EMAIL
        and _LOCAL.fullmatch(local)
        and not local.startswith(".")
        and not local.endswith(".")
        and ".." not in local
        and _is_host(host)
    )
    if not is_good:
        raise Refusal("email")
    return f"{local}@{host.lower()}"


def url(text: str) -> str:
    """An address of the web; "https://" is added where only the host was typed. Raises Refusal."""
    whole = (
        text if _SCHEME.match(text) and not _is_host(text.partition(":")[0]) else f"https://{text}"
    )
    if len(whole) > LONGEST_URL or any(sign.isspace() or sign in '<>"\\' for sign in whole):
        raise Refusal("url")
    try:
        parts = urlsplit(whole)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise Refusal("url") from None
    if parts.scheme.lower() not in ("http", "https") or "@" in parts.netloc or not _is_host(host):
        raise Refusal("url")
    return whole


def phone(text: str) -> str:
    """A telephone number as it was typed, of 5 to 15 digits. Raises Refusal."""
    text = " ".join(text.translate(_DIGITS).split())
    digits = sum(map(str.isdigit, _EXTENSION.split(text)[0]))
    if (
        len(text) > LONGEST_PHONE
        or not FEWEST_DIGITS <= digits <= MOST_DIGITS
        or not _PHONE.fullmatch(text)
    ):
        raise Refusal("phone")
    return text


def time(text: str) -> str:
    """A time of day as "14:30"; "2:30 pm" and "14.30" are understood. Raises Refusal."""
    found = _TIME.fullmatch(text.translate(_DIGITS))
    if found is None:
        raise Refusal("time")
    hour, minute, half = int(found[1]), int(found[2]), (found[3] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            raise Refusal("time")
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 23 or minute > 59:
        raise Refusal("time")
    return f"{hour:02}:{minute:02}"


def date_time(text: str) -> str:
    """A day and a time as "2026-01-31T14:30"; a blank between them will do. Raises Refusal."""
    day, _, clock = text.translate(_DIGITS).replace("T", " ").partition(" ")
    found = _DAY.fullmatch(day)
    try:
        if found is not None:
            on = date(*(int(part) for part in found.groups()))
            return f"{on.isoformat()}T{time(clock.strip())}"
    except (ValueError, Refusal):
        pass
    raise Refusal("date_time")


_CHECKS: Mapping[str, Callable[[str], str]] = {
    "email": email,
    "url": url,
    "phone": phone,
    "time": time,
    "date_time": date_time,
}


def _readers(question: Asked) -> Readers:
    key, kind = question.key, question.kind
    check = _CHECKS[kind]

    def read(text: str) -> Answer | None:
        if len(text) > LONGEST_URL * 2:
            raise Refusal(kind)
        text = tidy(text)
        return Answer(key, kind, None, check(text)) if text else None

    return text_readers(read)


def _kind(name: str, title: str, seconds: float) -> Kind:
    return Kind(
        name=name,
        title=title,
        answer="text",
        template="text",
        readers=_readers,
        columns=simple_column(lambda answer: answer.text),
        seconds=seconds,
    )


PARTICULARS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        _kind("email", "E-mail address", 10.0),
        _kind("phone", "Telephone number", 10.0),
        _kind("url", "Web address", 12.0),
        _kind("time", "Time of day", 8.0),
        _kind("date_time", "Day and time", 10.0),
    )
}
