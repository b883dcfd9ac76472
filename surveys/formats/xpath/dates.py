"""ODK's functions of days as logic; of the moment only the day is known, so the rest is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from surveys.formats.xpath.parsing import Binary, Node
from surveys.formats.xpath.values import (
    EPOCH,
    Translator,
    Typed,
    Untranslatable,
    as_day,
    as_number,
    as_text,
    settled,
)
from surveys.parts import Logic

Function: TypeAlias = Callable[[Translator, tuple[Node, ...]], Typed]
_PLACE = re.compile(r"%([a-zA-Z%])|([^%]+)")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# 1970-01-01 was a Thursday.
_WEEKDAYS = ("Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed")


def _today(translator: Translator, given: tuple[Node, ...]) -> Typed:
    return Typed({"var": "_today"}, "day")


def _now(translator: Translator, given: tuple[Node, ...]) -> Typed:
    return Typed({"var": "_today"}, "moment")


def _date(translator: Translator, given: tuple[Node, ...]) -> Typed:
    """date(); a day plus a number of days is said so."""
    node = given[0]
    if isinstance(node, Binary) and node.operator in ("+", "-"):
        left, right = translator.value(node.left), translator.value(node.right)
        if left.type in ("day", "moment") and right.type == "number":
            days: Logic = right.logic
            if node.operator == "-":
                days = -days if isinstance(days, int | float) else {"*": [-1, days]}
            return Typed(
                {"date_add_days": [settled(as_day(left)), days]},
                "day",
                (*left.needs, *right.needs),
            )
    return as_day(translator.value(node))


def _days(translator: Translator, given: tuple[Node, ...]) -> Typed:
    value = translator.value(given[0])
    return as_number(value if value.type == "moment" else as_day(value))


def _formatted(translator: Translator, given: tuple[Node, ...]) -> Typed:
    """format-date(): the parts of ISO text put together."""
    value, pattern = translator.value(given[0]), translator.value(given[1])
    if not isinstance(pattern.constant, str):
        raise Untranslatable("How the day is written is calculated.")
    places = _PLACE.findall(pattern.constant)
    if value.type in ("time", "text") and all(place in "HMS%" for place, _ in places if place):
        moment: Logic = {"cat": [as_text(value)]}
        hours: dict[str, Logic] = {
            "H": {"substr": [moment, 0, 2]},
            "M": {"substr": [moment, 3, 2]},
            "S": "00",
        }
        return _together(places, hours, moment, value)
    day = as_day(value)
    text: Logic = {"cat": [day.logic]}
    month: Logic = {"month": [day.logic]}
    weekday: Logic = {"%": [{"days_between": [EPOCH, day.logic]}, 7]}
    parts: dict[str, Logic] = {
        "Y": {"substr": [text, 0, 4]},
        "y": {"substr": [text, 2, 2]},
        "m": {"substr": [text, 5, 2]},
        "n": month,
        "d": {"substr": [text, 8, 2]},
        "e": {"day": [day.logic]},
        "b": _one_of(month, _MONTHS, 1),
        "a": _one_of({"if": [{"<": [weekday, 0]}, {"+": [weekday, 7]}, weekday]}, _WEEKDAYS, 0),
    }
    return _together(places, parts, day.logic, day)


def _together(
    places: list[tuple[str, str]], parts: Mapping[str, Logic], value: Logic, typed: Typed
) -> Typed:
    written: list[Logic] = []
    for place, plain in places:
        if plain or place == "%":
            written.append(plain or "%")
        elif place in parts:
            written.append(parts[place])
        else:
            raise Untranslatable(f"%{place} in a pattern of dates is not known here.")
    if not typed.needs:
        return Typed({"cat": written}, "text")
    found: Logic = {"if": [{"is_answered": [value]}, {"cat": written}, None]}
    return Typed(found, "text", (found,))


def _one_of(number: Logic, words: tuple[str, ...], first: int) -> Logic:
    branches: list[Logic] = []
    for place, word in enumerate(words, first):
        branches += [{"==": [number, place]}, word]
    return {"if": branches}


DATES: Mapping[str, tuple[Function, int, int]] = {
    "today": (_today, 0, 0),
    "now": (_now, 0, 0),
    "date": (_date, 1, 1),
    "date-time": (_date, 1, 1),
    "decimal-date-time": (_days, 1, 1),
    "decimal-date": (_days, 1, 1),
    "format-date": (_formatted, 2, 2),
    "format-date-time": (_formatted, 2, 2),
}
