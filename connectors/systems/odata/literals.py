"""Values as OData v4 writes them into addresses (ABNF of the URL conventions, section 6)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

_WHOLE = re.compile(r"[+-]?\d{1,40}", re.ASCII).fullmatch
_NUMBER = re.compile(r"[+-]?\d{1,60}(\.\d{1,60})?([eE][+-]?\d{1,3})?", re.ASCII).fullmatch
_GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}").fullmatch
_DATE = re.compile(r"-?\d{4,6}-\d\d-\d\d", re.ASCII).fullmatch
_TIME = re.compile(r"\d\d:\d\d(:\d\d(\.\d{1,12})?)?", re.ASCII).fullmatch
_MOMENT = re.compile(
    r"-?\d{4,6}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,12})?)?(Z|[+-]\d\d:\d\d)", re.ASCII
).fullmatch
_DURATION = re.compile(r"[+-]?P[0-9DTHMS.]{1,60}", re.ASCII).fullmatch
_ENUM = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(,[A-Za-z_][A-Za-z0-9_]*)*", re.ASCII).fullmatch
_PLAIN = {
    "Edm.Guid": _GUID,
    "Edm.Date": _DATE,
    "Edm.TimeOfDay": _TIME,
    "Edm.DateTimeOffset": _MOMENT,
    "Edm.Decimal": _NUMBER,
    "Edm.Double": _NUMBER,
    "Edm.Single": _NUMBER,
    "Edm.Int64": _WHOLE,
    "Edm.Int32": _WHOLE,
    "Edm.Int16": _WHOLE,
    "Edm.Byte": _WHOLE,
    "Edm.SByte": _WHOLE,
}


def literal(kind: str, value: Any, enum: bool = False) -> str:
    """The value as a literal of that type, not yet escaped for an address.

    Raises ValueError for a value that is none of that type, so nothing else can slip in.
    """
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if kind == "Edm.String":
        if "\0" in text:
            raise ValueError("a text with a NUL character cannot be asked for")
        return "'" + text.replace("'", "''") + "'"
    if kind == "Edm.Boolean" and text in ("true", "false"):
        return text
    if kind == "Edm.Duration" and _DURATION(text):
        return f"duration'{text}'"
    if enum and _ENUM(text):
        return f"{kind}'{text}'"
    if kind in _PLAIN and _PLAIN[kind](text):
        return text
    raise ValueError(f"the value is no {kind.removeprefix('Edm.')}")


def moment(kind: str, value: datetime) -> str:
    """A moment as a literal, cut to the second (or to the day where the property is a day)."""
    utc = value.astimezone(UTC)
    return utc.strftime("%Y-%m-%d" if kind == "Edm.Date" else "%Y-%m-%dT%H:%M:%SZ")


def key_predicate(parts: Sequence[tuple[str, str, Any]]) -> str:
    """`('A''B')` or `(a=1,b='x')` from (name, type, value), escaped for the path of an address."""
    escaped = [(name, quote(literal(kind, value), safe="")) for name, kind, value in parts]
    if len(escaped) == 1:
        return f"({escaped[0][1]})"
    return "(" + ",".join(f"{name}={value}" for name, value in escaped) + ")"


def after(parts: Sequence[tuple[str, str, Any]]) -> str:
    """The condition for what follows a key in the order of its parts."""
    found = []
    for position, (name, kind, value) in enumerate(parts):
        same = [f"{n} eq {literal(k, v)}" for n, k, v in parts[:position]]
        found.append(" and ".join([*same, f"{name} gt {literal(kind, value)}"]))
    return found[0] if len(found) == 1 else " or ".join(f"({each})" for each in found)


def query(options: dict[str, str]) -> str:
    """System query options as a query string; spaces as %20, which is all some services take."""
    return "&".join(f"{quote(n, safe='$')}={quote(v, safe='')}" for n, v in options.items())
