"""Where an ending leads on to: a web address whose path and query may have answers and data put in.

What is put in is written in percent signs, so it stays the value it is: it cannot name another host,
add a parameter or climb out of its folder, whatever a person answered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import quote, unquote

from surveys.piping import PLACE

# Host and all that stands before it; and the rest, into which values are put.
_PARTS = re.compile(r"(https?://[^\s<>\"'\\/?#{}]+)((?:[/?#].*)?)", re.DOTALL)
_PLAIN = re.compile(r"[^\s<>\"'\\]*")
LONGEST = 8000
LONGEST_VALUE = 200

NOT_ONE = "Write a web address that begins with https:// or http://."
NOT_THERE = (
    "Values can be put into the path of the address, and after the = of a parameter. "
    "Its host, the names of its parameters and what follows a # stay as they are."
)
NOT_NAMED = "Write what is put in as {{key}}, or as {{key|what else}}."


def problem(address: str) -> str:
    """What is wrong with an address to lead on to; nothing when it is one."""
    parts = _PARTS.fullmatch(address)
    if parts is None:
        return NOT_THERE if _PARTS.fullmatch(_masked(address)) else NOT_ONE
    rest = _masked(parts[2])
    if not _PLAIN.fullmatch(rest):
        return NOT_ONE if "{{" not in rest else NOT_NAMED
    if "{{" in rest:
        return NOT_NAMED
    return "" if all(_may_stand(rest, found.start()) for found in _places(parts[2])) else NOT_THERE


def filled(address: str, value_of: Callable[[str], str | None]) -> str:
    """The address with its values put in; with none of them where it would be far too long."""
    parts = _PARTS.fullmatch(address)
    if parts is None or "{{" not in address:
        return address
    made = parts[1] + _filled(parts[2], value_of)
    return made if len(made) <= LONGEST else parts[1] + _filled(parts[2], lambda path: None)


def _filled(rest: str, value_of: Callable[[str], str | None]) -> str:
    at = len(re.split("[?#]", _masked(rest), maxsplit=1)[0])
    path = "/".join(_segment(each, value_of) for each in _segments(rest[:at]))
    return path + PLACE.sub(lambda found: _put(found, value_of), rest[at:])


def _segments(path: str) -> Iterator[str]:
    """The folders of a path; a slash in what is shown instead of a value parts none."""
    start = 0
    masked = _masked(path)
    while (at := masked.find("/", start)) >= 0:
        yield path[start:at]
        start = at + 1
    yield path[start:]


def _segment(segment: str, value_of: Callable[[str], str | None]) -> str:
    """One folder of a path; one that a value would turn into a way up is left empty."""
    made = PLACE.sub(lambda found: _put(found, value_of), segment)
    return "" if made != segment and unquote(made) in (".", "..") else made


def _put(found: re.Match[str], value_of: Callable[[str], str | None]) -> str:
    value = value_of(found[1]) or (found[2] or "").strip()
    return quote(value[:LONGEST_VALUE], safe="", errors="replace")


def _places(rest: str) -> Iterator[re.Match[str]]:
    return (found for found in PLACE.finditer(rest) if found[1] is not None)


def _masked(rest: str) -> str:
    """The text with each place as so many plain letters, so that only its own signs part it."""
    return PLACE.sub(lambda found: "x" * len(found[0]) if found[1] else found[0], rest)


def _may_stand(masked: str, at: int) -> bool:
    before = masked[:at]
    if "#" in before:
        return False
    _, is_query, query = before.partition("?")
    return not is_query or "=" in query.rpartition("&")[2]
