"""Which values are worth trying: enough to tell apart all that some comparisons tell apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import combinations, pairwise
from math import ceil, floor, isfinite, isnan

from surveys.expressions import Limits, Value
from surveys.expressions.catalogue import operation
from surveys.expressions.limits import Meter
from surveys.expressions.values import to_number, to_text
from surveys.proof.variables import Domain

_EQUAL = frozenset({"==", "!=", "===", "!=="})
_ORDER = frozenset({"<", "<=", ">", ">="})
_KEYS = frozenset({"any_of", "all_of", "none_of"})
_FILLED = frozenset({"is_empty", "is_answered"})
# A text nobody compares with: it stands for all other texts.
OTHER = "\ue000 other"
_MOST_LITERALS = 60
_MOST_KEYS = 6


class Compared:
    """How one comparison uses its only variable; ``literals`` are what it is compared with."""

    __slots__ = ("literals", "operator")

    def __init__(self, operator: str, literals: Sequence[Value]) -> None:
        self.operator = operator
        self.literals = literals


def compared(logic: Value, name: str) -> Compared | None:
    """How a comparison uses this variable; None where that is no plain comparison."""
    if logic == {"var": name}:
        return Compared("", ())
    call = operation(logic)
    if call is None:
        return None
    operator, given = call
    places = [place for place, each in enumerate(given) if each == {"var": name}]
    if len(places) != 1 or operator not in _EQUAL | _ORDER | _KEYS | _FILLED | {"in", "contains"}:
        return None
    others = [each for place, each in enumerate(given) if place != places[0]]
    if operator == "in" and places[0] == 1:
        operator = "contains"
    elif operator in _KEYS | {"in"} and places[0] == 0 and others and isinstance(others[0], list):
        others = list(others[0])
    elif operator in _KEYS | {"contains"} and places[0] != 0:
        return None
    if any(isinstance(each, list | dict) for each in others):
        return None
    return Compared(operator, others)


def tried(domain: Domain, uses: Iterable[Compared]) -> tuple[Value, ...] | None:
    """Values that stand for all of the domain under these comparisons; None where none can."""
    used = list(uses)
    if domain.form == "listed":
        return domain.values
    if sum(len(each.literals) for each in used) > _MOST_LITERALS:
        return None
    return {"number": _numbers, "text": _texts, "day": _days, "many": _chosen, "any": _anything}[
        domain.form
    ](domain, used)


def is_understood(domain: Domain, use: Compared) -> bool:
    """Whether a comparison with values of this domain can be decided by trying some."""
    return domain.form == "listed" or tried(domain, [use]) is not None


def _meter() -> Meter:
    return Meter(Limits())


def _numbers(domain: Domain, uses: list[Compared]) -> tuple[Value, ...] | None:
    points = {0.0}
    for use in uses:
        if use.operator == "contains":
            return None
        points |= {to_number(each, _meter()) for each in use.literals}
    points = {each for each in points if not isnan(each) and isfinite(each)}
    low = -1e12 if domain.low is None else domain.low
    high = 1e12 if domain.high is None else domain.high
    points |= {low, high}
    values: set[float] = set()
    for each in points:
        values |= {floor(each) - 1, floor(each), ceil(each), floor(each) + 1}
    if not domain.is_whole:
        values |= points
        values |= {(first + second) / 2 for first, second in pairwise(sorted(values))}
    kept = sorted(each for each in values if low <= each <= high)
    return tuple(int(each) if each == int(each) else each for each in kept)


def _texts(_: Domain, uses: list[Compared]) -> tuple[Value, ...] | None:
    values: dict[str, None] = {}
    for use in uses:
        if use.operator in _ORDER or use.operator == "contains":
            return None
        for each in use.literals:
            if isinstance(each, bool | float | int) and use.operator not in _KEYS | {
                "===",
                "!==",
                "in",
            }:
                return None
            if isinstance(each, str) and use.operator in ("==", "!=") and not each.strip():
                continue
            if each is not None:
                values[to_text(each, _meter())] = None
    return (*(each for each in values if each.strip()), OTHER)


def _days(domain: Domain, uses: list[Compared]) -> tuple[Value, ...] | None:
    written = [domain.first, domain.last]
    for use in uses:
        if use.operator == "contains":
            return None
        for each in use.literals:
            if each is not None and (not isinstance(each, str) or _day(each) is None):
                return None
            written.append(each or "")
    days = {day for each in written if each and (day := _day(each)) is not None} or {
        date(2000, 1, 1)
    }
    near = {
        day + timedelta(days=step)
        for day in days
        for step in (-1, 0, 1)
        if date.min < day < date.max
    } | days
    first, last = _day(domain.first) or date.min, _day(domain.last) or date.max
    return tuple(each.isoformat() for each in sorted(near) if first <= each <= last)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # Days are compared by their letters, so only this one way of writing them is in order.
    return day if day.isoformat() == text else None


def _chosen(domain: Domain, uses: list[Compared]) -> tuple[Value, ...] | None:
    """Of many choices only those that are named matter, and whether any other is chosen."""
    named: dict[str, None] = {}
    for use in uses:
        if use.operator not in _KEYS | _FILLED | {"contains", ""}:
            return None
        named |= {to_text(each, _meter()): None for each in use.literals if each is not None}
    keys = [str(each) for each in domain.values if each in named]
    other = next((str(each) for each in domain.values if each not in named), None)
    if len(keys) > _MOST_KEYS or other is None:
        return None
    found: list[Value] = []
    for size in range(len(keys) + 1):
        for each in combinations(keys, size):
            found += [[*each], [*each, other]] if each else [[other]]
    return tuple(found)


def _anything(_: Domain, uses: list[Compared]) -> tuple[Value, ...] | None:
    """What comes with a link may be any text, and a program may give a number or a list."""
    values: dict[str, None] = {}
    for use in uses:
        if use.operator in _ORDER | _KEYS | {"contains"}:
            return None
        for each in use.literals:
            if each is None:
                continue
            if not isinstance(each, str) or not isnan(to_number(each, _meter())):
                return None
            values[each] = None
    lists: list[Value] = [[text] for text in values]
    return (*values, *lists, OTHER, "", " ", 0, 1, [], {})
