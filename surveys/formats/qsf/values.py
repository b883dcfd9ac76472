"""The values of a QSF file as they are meant: maps written as lists, numbers and truth as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import isfinite

from surveys.strings import tidy

_LARGEST = 2**53
_LONGEST_ID = 200
_LONGEST_NUMBER = 40
_NOTHING: Mapping[str, object] = {}


def mapping(value: object) -> Mapping[str, object]:
    """An object; a list as the object PHP made it of, with its places from 0 as names."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list):
        return {str(place): part for place, part in enumerate(value)}
    return _NOTHING


def listed(value: object) -> list[object]:
    """The parts of a list, or of an object that stands where a list is meant."""
    if isinstance(value, list):
        return value
    return list(value.values()) if isinstance(value, dict) else []


def name(value: object) -> str:
    """An id: text or a number, '' for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    if isinstance(value, int):
        return str(value) if abs(value) < 10**15 else ""
    return tidy(value[:_LONGEST_ID])


def entries(value: object) -> dict[str, Mapping[str, object]]:
    """Choices, answers and the like by id; a bare text stands for what is displayed."""
    found: dict[str, Mapping[str, object]] = {}
    for key, part in mapping(value).items():
        source = name(key)
        if isinstance(part, dict):
            found[source] = part
        elif isinstance(part, str | int | float) and not isinstance(part, bool):
            found[source] = {"Display": part}
    return found


def numbered(value: object) -> Iterator[object]:
    """The parts under whole numbers, in the order of these numbers."""
    places = [key for key in mapping(value) if key.isascii() and key.isdigit() and len(key) < 10]
    for key in sorted(places, key=int):
        yield mapping(value)[key]


def in_order(found: Iterable[str], order: object) -> list[str]:
    """The ids in their order; those the order does not name come last."""
    known = list(found)
    first = [each for each in dict.fromkeys(map(name, listed(order))) if each in set(known)]
    return first + [each for each in known if each not in set(first)]


def number(value: object) -> int | float | None:
    """A number, also one written as text; None for anything else."""
    if isinstance(value, str):
        try:
            value = float(value) if len(value) <= _LONGEST_NUMBER else None
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not -_LARGEST <= value <= _LARGEST or not isfinite(value):
        return None
    return int(value) if value == int(value) else float(value)


def whole(value: object) -> int | None:
    """A whole number, also one written as text; None for anything else."""
    found = number(value)
    return found if isinstance(found, int) else None


def is_on(value: object) -> bool:
    """Whether a switch is on: true, "true", "on", 1."""
    if isinstance(value, str):
        return value.strip().lower() in ("true", "on", "yes", "1")
    return value is True or value == 1
