"""Days and times as sources write them: declared formats in, dates and aware UTC times out."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Parser = Callable[[str], datetime | None]

_TOKENS = {
    "yyyy": r"(?P<y>\d{4})",
    "yy": r"(?P<s>\d{2})",
    "mm": r"(?P<m>\d{1,2})",
    "dd": r"(?P<d>\d{1,2})",
    "hh": r"(?P<H>\d{1,2})",
    "nn": r"(?P<M>\d{2})",
    "ss": r"(?P<S>\d{2})",
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXCEL = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's day has no zone
_LONGEST = 64

EXAMPLES = (
    "iso", "yyyymmdd", "dd/mm/yyyy", "mm/dd/yyyy", "dd.mm.yyyy", "dd-mm-yyyy", "yyyy/mm/dd",
    "dd/mm/yyyy hh:nn", "dd/mm/yyyy hh:nn:ss", "mm/dd/yyyy hh:nn", "epoch", "epoch_ms", "excel",
)  # fmt: skip
"""Formats to offer. Any other made of yyyy yy mm dd hh nn ss, or of strptime's %, works too."""


def zone(name: str) -> tzinfo:
    """The time zone of that IANA name. Raises ValueError when there is none."""
    try:
        return UTC if name.upper() in ("UTC", "Z") else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"“{name}” is not a time zone, such as Europe/Berlin") from error


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < 1e15 else None


def _epoch(divisor: float) -> Parser:
    def parse(text: str) -> datetime | None:
        value = _number(text)
        return None if value is None else _EPOCH + timedelta(seconds=value / divisor)

    return parse


def _excel(text: str) -> datetime | None:
    value = _number(text)
    # Before March 1900 spreadsheets count a day that never was; such numbers are not dates.
    if value is None or not 61 <= value < 2958466:
        return None
    return _EXCEL + timedelta(seconds=round(value * 86400))


def _named(pattern: str) -> Parser:
    compact = pattern.lower() in ("yyyymmdd", "ddmmyyyy", "mmddyyyy")
    source = re.escape(pattern.lower()).replace(r"\ ", " ")
    for token, expression in _TOKENS.items():
        fixed = expression.replace("{1,2}", "{2}") if compact else expression
        source = source.replace(token, fixed, 1)
    match = re.compile(source, re.ASCII).fullmatch

    def parse(text: str) -> datetime | None:
        found = match(text)
        if found is None:
            return None
        part = found.groupdict()
        year = int(part["y"]) if part.get("y") else _century(int(part["s"]))
        try:
            return datetime(  # noqa: DTZ001 - the declared zone is given by the caller
                year,
                int(part["m"]),
                int(part["d"]),
                int(part.get("H") or 0),
                int(part.get("M") or 0),
                int(part.get("S") or 0),
            )
        except ValueError:
            return None

    return parse


def _century(short: int) -> int:
    """Two-digit years as POSIX reads them: 69 to 99 are 1900s, the rest 2000s."""
    return short + (1900 if short >= 69 else 2000)


def _strptime(pattern: str) -> Parser:
    def parse(text: str) -> datetime | None:
        try:
            return datetime.strptime(text, pattern)  # noqa: DTZ007 - the caller gives the zone
        except ValueError:
            return None

    return parse


_ISO_ONLY = [_iso]


def parser(pattern: str) -> Parser:
    """The parser of one declared format. Raises ValueError for a format that names no day."""
    special: dict[str, Parser] = {
        "iso": _iso,
        "epoch": _epoch(1),
        "epoch_ms": _epoch(1000),
        "excel": _excel,
    }
    if pattern.lower() in special:
        return special[pattern.lower()]
    if "%" in pattern:
        return _strptime(pattern)
    lower = pattern.lower()
    if "yy" in lower and "mm" in lower and "dd" in lower:
        return _named(pattern)
    raise ValueError(f"“{pattern}” is not a date format, such as dd/mm/yyyy or %d %b %Y")


def _parse(value: object, parsers: Sequence[Parser], described: str) -> datetime:
    text = str(value).strip()
    if len(text) <= _LONGEST:
        for parse in parsers:
            try:
                moment = parse(text)
            except OverflowError:
                continue
            if moment is not None:
                return moment
    raise ValueError(f"is not a date in the form {described}")


def to_utc(value: object, parsers: Sequence[Parser], home: tzinfo, described: str) -> datetime:
    """An aware UTC time; a time without a zone is read in `home` (its first meaning if doubled)."""
    if type(value) is str and parsers == _ISO_ONLY:
        moment = _iso(value) or _parse(value, parsers, described)
    elif isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day)  # noqa: DTZ001
    else:
        moment = _parse(value, parsers, described)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=home)
    if moment.tzinfo is UTC:
        return moment
    try:
        return moment.astimezone(UTC)
    except (OverflowError, ValueError) as error:
        raise ValueError("is outside the years 1 to 9999") from error


def to_day(value: object, parsers: Sequence[Parser], home: tzinfo | None, described: str) -> date:
    """A calendar day; a time with a zone is first carried to `home`, if one is declared."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    moment = value if isinstance(value, datetime) else _parse(value, parsers, described)
    if moment.tzinfo is not None and home is not None:
        try:
            moment = moment.astimezone(home)
        except (OverflowError, ValueError) as error:
            raise ValueError("is outside the years 1 to 9999") from error
    return moment.date()
