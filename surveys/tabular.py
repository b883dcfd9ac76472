"""Cells of a table read as answers: the JSON value a survey takes, or why a cell cannot be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any, Literal, TypeAlias

from surveys.moments import DayOrder, day
from surveys.strings import shown
from surveys.targets import NO, YES, Shape, Target, Words, choice_words, plain, point_words
from surveys.values import JsonValue

Read: TypeAlias = Callable[[Any], "JsonValue | bool | None"]
Decimals: TypeAlias = Literal[".", ","]

_KEPT = 2000
# What programs write where there is no value; a choice that is called so is found before.
_NOTHING = frozenset({"n/a", "na", "null", "#n/a", "#null!", "nan", "none", "-", "."})
_LEADING = re.compile(r"(-?\d{1,4})\s*(?:[-–—:=.)(]|\s)\s*\D")
_SPACES = str.maketrans("", "", " \u00a0\u202f\u2009'’")
_GROUPED = {
    ".": re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?"),
    ",": re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+(?:,\d+)?"),
}
_PLAIN = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d{1,3})?")
_SIGNS = ("\n", ";", "|", ",")


class Unreadable(ValueError):
    """A cell that cannot be read, with the reason in words."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How a file writes: the order of day and month, the sign before decimals."""

    order: DayOrder = "dmy"
    decimals: Decimals = "."


def reader(target: Target, habits: Habits) -> Read:
    """How the cells of a column become what the target takes; None is no answer.

    The reader raises Unreadable. What it gives is still to be judged by the survey. A target that
    is one choice of several gives whether it was chosen, or its place.
    """
    return _READERS[target.shape](target, habits)


def _said(value: Any) -> str:
    """A cell as text; whole numbers without a point."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def _remembering(read: Callable[[str], Any]) -> Read:
    """The same few words come again and again; each is looked up once."""
    known: dict[str, Any] = {}

    def cell(value: Any) -> Any:
        if value is None or value == "":
            return None
        text = value if isinstance(value, str) else _said(value)
        if text in known:
            return known[text]
        found = read(text)
        if len(known) < _KEPT and len(text) < 500:
            known[text] = found
        return found

    return cell


def _is_nothing(text: str) -> bool:
    return not text.strip() or text.strip().lower() in _NOTHING


def _point(target: Target, _: Habits) -> Read:
    words = point_words(target)

    def read(text: str) -> Any:
        found = words.find(text)
        if found is not None:
            return found
        if _is_nothing(text):
            return None
        given = number(text, ".")
        if given is not None and given == int(given):
            return int(given)
        leading = _LEADING.match(text.strip())
        if leading is not None:
            return int(leading[1])
        raise Unreadable(f"“{shown(text)}” is no point of the scale and none of its words.")

    return _remembering(read)


def _one(target: Target, _: Habits) -> Read:
    words = choice_words(target)
    is_consent = target.question.kind == "consent"

    def read(text: str) -> Any:
        found = words.find(text)
        if found is not None:
            return found
        if _is_nothing(text) or (is_consent and plain(text) in NO):
            return None
        given = number(text, ".")
        found = words.find(f"{given:g}") if given is not None else None
        if found is None:
            raise Unreadable(f"“{shown(text)}” is none of the choices.")
        return found

    return _remembering(read)


def _several(target: Target, _: Habits) -> Read:
    words = choice_words(target)

    def read(text: str) -> Any:
        found = words.find(text)
        if found is not None:
            return [found]
        if _is_nothing(text):
            return None
        for sign in _SIGNS:
            if sign in text:
                keys = _split(text, sign, words)
                if keys is not None:
                    return list(dict.fromkeys(keys)) if target.shape == "several" else keys
        raise Unreadable(f"“{shown(text)}” is not a list of the choices.")

    remembered = _remembering(read)

    def cell(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return remembered("\n".join(map(str, value))) if value else None
        return remembered(value)

    return cell


def _split(text: str, sign: str, words: Words[str]) -> list[str] | None:
    """The choices a cell lists; a label may hold the sign that divides, so longer ones go first."""
    parts = text.split(sign)[:200]
    keys: list[str] = []
    at = 0
    while at < len(parts):
        if not parts[at].strip():
            at += 1
            continue
        for end in range(min(len(parts), at + 8), at, -1):
            found = words.find(sign.join(parts[at:end]))
            if found is not None:
                keys.append(found)
                at = end
                break
        else:
            return None
    return keys


def _chosen(target: Target, _: Habits) -> Read:
    own = {target.choice}
    for wording in target.wordings:
        own |= {plain(each.label) for each in wording.choices if each.key == target.choice}
    yes, no = {plain(each) or each for each in YES}, {plain(each) or each for each in NO}

    def read(text: str) -> Any:
        word = plain(text) or text.strip()
        if word in yes or word in own or text.strip() == target.choice:
            return True
        if word in no:
            return False
        if _is_nothing(text):
            return None
        given = number(text, ".")
        if given is not None and given in (0, 1):
            return bool(given)
        raise Unreadable(f"“{shown(text)}” says neither chosen (1) nor not chosen (0).")

    return _remembering(read)


def _place(_: Target, __: Habits) -> Read:
    def read(text: str) -> Any:
        given = None if _is_nothing(text) else number(text, ".")
        if _is_nothing(text) or given == 0:
            return None
        if given is None or given != int(given) or not 1 <= given <= 1000:
            raise Unreadable(f"“{shown(text)}” is no place in an order, such as 1.")
        return int(given)

    return _remembering(read)


def number(text: str, decimals: Decimals) -> float | None:
    """The number a text writes; signs that group thousands are passed over. None when it is none."""
    text = text.strip().translate(_SPACES).replace("\u2212", "-")
    if len(text) > 40:
        return None
    if _GROUPED[decimals].fullmatch(text):
        text = text.replace("," if decimals == "." else ".", "")
    if not _PLAIN.fullmatch(text):
        return None
    found = float(text.replace(",", "."))
    return found if isfinite(found) else None


def decimals_of(values: list[str]) -> Decimals | None:
    """The sign before decimals that these cells speak for; None when they fit both."""
    spoken: set[Decimals] = set()
    for value in values:
        text = value.strip().translate(_SPACES)
        for sign, other in ((".", ","), (",", ".")):
            whole, found, rest = text.rpartition(sign)
            is_one = (
                found and whole.lstrip("+-").replace(other, "").isdecimal() and rest.isdecimal()
            )
            if is_one and (len(rest) != 3 or other in whole or len(whole.lstrip("+-")) > 3):
                spoken.add(sign)  # type: ignore[arg-type]
    return spoken.pop() if len(spoken) == 1 else None


def _number(_: Target, habits: Habits) -> Read:
    def cell(value: Any) -> Any:
        if value is None or value == "":
            return None
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return _whole(value)
        text = str(value)
        given = number(text, habits.decimals)
        if given is None:
            if _is_nothing(text):
                return None
            raise Unreadable(f"“{shown(text)}” is no number.")
        return _whole(given)

    return cell


def _whole(value: float | Decimal) -> int | float:
    if isinstance(value, int):
        return value
    given = float(value)
    if not isfinite(given):
        raise Unreadable("The number is without end.")
    return int(given) if given.is_integer() and abs(given) < 1e15 else given


def _day(_: Target, habits: Habits) -> Read:
    def cell(value: Any) -> Any:
        if value is None or value == "":
            return None
        found = day(value, habits.order)
        if found is None:
            if _is_nothing(str(value)):
                return None
            raise Unreadable(f"“{shown(value)}” is no day that can be read.")
        return found.isoformat()

    return cell


def _text(_: Target, __: Habits) -> Read:
    return lambda value: None if value is None or value == "" else _said(value)


def _value(_: Target, __: Habits) -> Read:
    """What came with the link: a number stays one."""

    def cell(value: Any) -> Any:
        if value is None or value == "":
            return None
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return _whole(value)
        text = _said(value)
        is_number = re.fullmatch(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,10})?", text)
        return _whole(float(text)) if is_number else text

    return cell


_READERS: Mapping[Shape, Callable[[Target, Habits], Read]] = {
    "point": _point,
    "one": _one,
    "several": _several,
    "ranked": _several,
    "chosen": _chosen,
    "place": _place,
    "number": _number,
    "day": _day,
    "text": _text,
    "value": _value,
}
