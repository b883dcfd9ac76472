"""The operators beyond JsonLogic: counting answers, chosen keys, text, rounding and days.

What was not answered stays unanswered in numbers and dates (null), is no text in the text
operators, and contains nothing. Dates are ISO text; today comes with the data, never from a clock.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal

from surveys.expressions.limits import Meter
from surveys.expressions.operators import Function, Operator
from surveys.expressions.values import Value, is_blank, number, same, to_number, to_text, words

_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ].*)?", re.ASCII | re.DOTALL)
_LONGEST_DATE = 60
_MOST_DAYS = 4_000_000
_MOST_DIGITS = 15
# A double has up to 309 digits before the point; rounding must never run out of them.
_EXACT = Context(prec=400)


def _all_given(given: Sequence[Value], meter: Meter) -> list[Value]:
    """The arguments, with lists among them opened."""
    opened: list[Value] = []
    for each in given:
        if isinstance(each, list):
            meter.spend(len(each))
            opened.extend(each)
        else:
            opened.append(each)
    return opened


def _count(given: Sequence[Value], meter: Meter) -> Value:
    if len(given) == 1 and isinstance(given[0], list):
        return len(given[0])
    return sum(not is_blank(each) for each in given)


def _numbers(given: Sequence[Value], meter: Meter) -> list[float]:
    return [to_number(each, meter) for each in _all_given(given, meter) if not is_blank(each)]


def _sum(given: Sequence[Value], meter: Meter) -> Value:
    return number(sum(_numbers(given, meter), 0.0))


def _average(given: Sequence[Value], meter: Meter) -> Value:
    numbers = _numbers(given, meter)
    return number(sum(numbers, 0.0) / len(numbers)) if numbers else None


def _measured(value: Value, meter: Meter) -> int | float | None:
    return None if is_blank(value) else number(to_number(value, meter))


def _round(given: Sequence[Value], meter: Meter) -> Value:
    """Half is rounded away from zero, as people do; the second argument is how many decimals."""
    value = _measured(given[0], meter)
    digits = _measured(given[1], meter) if len(given) == 2 else 0
    if value is None or digits is None or abs(digits) > _MOST_DIGITS:
        return None
    step = Decimal(1).scaleb(-int(digits))
    return number(float(Decimal(repr(value)).quantize(step, ROUND_HALF_UP, _EXACT)))


def _of_number(function: Callable[[float], float]) -> Function:
    def of_number(given: Sequence[Value], meter: Meter) -> Value:
        value = _measured(given[0], meter)
        return None if value is None else number(function(value))

    return of_number


def _of_real(function: Callable[..., float]) -> Function:
    """A function of real numbers; null where it has no value, such as the root of -1."""

    def of_real(given: Sequence[Value], meter: Meter) -> Value:
        numbers = [_measured(each, meter) for each in given]
        try:
            return number(function(*(float(each) for each in numbers if each is not None)))
        except (ValueError, OverflowError, ZeroDivisionError, TypeError):
            return None  # TypeError: one of the numbers was not given.

    return of_real


def _of_text(function: Callable[[str], str]) -> Function:
    def of_text(given: Sequence[Value], meter: Meter) -> Value:
        text = words(given[0], meter)
        meter.check_text(len(text), len(text))
        return meter.built_text(function(text))

    return of_text


def _compared(function: Callable[[str, str], bool]) -> Function:
    def compared(given: Sequence[Value], meter: Meter) -> Value:
        if given[0] is None or given[1] is None:
            return False
        text, part = to_text(given[0], meter), to_text(given[1], meter)
        meter.spend((len(text) + len(part)) >> 6)
        return function(text, part)

    return compared


_text_contains = _compared(lambda text, part: part in text)


def _contains(given: Sequence[Value], meter: Meter) -> Value:
    whole, part = given
    if isinstance(whole, list):
        return any(same(each, part, meter) for each in whole)
    return _text_contains(given, meter)


def _length(given: Sequence[Value], meter: Meter) -> Value:
    value = given[0]
    return len(value) if isinstance(value, list | dict) else len(words(value, meter))


def _keys(value: Value, meter: Meter) -> set[str]:
    """The choice keys of an answer or of a list; 1 and "1" are the same key."""
    chosen = value if isinstance(value, list) else [value]
    meter.spend(len(chosen))
    return {to_text(each, meter) for each in chosen if not is_blank(each)}


def _of_keys(function: Callable[[set[str], set[str]], bool]) -> Function:
    def of_keys(given: Sequence[Value], meter: Meter) -> Value:
        return function(_keys(given[0], meter), _keys(given[1], meter))

    return of_keys


def _day(value: Value) -> date | None:
    if not isinstance(value, str) or len(value) > _LONGEST_DATE:
        return None
    found = _DATE.fullmatch(value.strip())
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None


def _add_days(given: Sequence[Value], meter: Meter) -> Value:
    day, days = _day(given[0]), _measured(given[1], meter)
    if day is None or days is None or abs(days) > _MOST_DAYS:
        return None
    try:
        return (day + timedelta(days=math.floor(days))).isoformat()
    except OverflowError:
        return None


def _days_between(given: Sequence[Value], meter: Meter) -> Value:
    first, last = _day(given[0]), _day(given[1])
    return None if first is None or last is None else (last - first).days


def _of_day(function: Callable[[date], int]) -> Function:
    def of_day(given: Sequence[Value], meter: Meter) -> Value:
        day = _day(given[0])
        return None if day is None else function(day)

    return of_day


NAMED: Mapping[str, Operator] = {
    "count": Operator(1, None, _count),
    "sum": Operator(1, None, _sum),
    "avg": Operator(1, None, _average),
    "contains": Operator(2, 2, _contains),
    "starts_with": Operator(2, 2, _compared(str.startswith)),
    "ends_with": Operator(2, 2, _compared(str.endswith)),
    "lower": Operator(1, 1, _of_text(str.lower)),
    "upper": Operator(1, 1, _of_text(str.upper)),
    "trim": Operator(1, 1, _of_text(str.strip)),
    "length": Operator(1, 1, _length),
    "round": Operator(1, 2, _round),
    "floor": Operator(1, 1, _of_number(math.floor)),
    "ceil": Operator(1, 1, _of_number(math.ceil)),
    "abs": Operator(1, 1, _of_number(abs)),
    "power": Operator(2, 2, _of_real(math.pow)),
    "sqrt": Operator(1, 1, _of_real(math.sqrt)),
    "exp": Operator(1, 1, _of_real(math.exp)),
    "ln": Operator(1, 1, _of_real(math.log)),
    "sin": Operator(1, 1, _of_real(math.sin)),
    "cos": Operator(1, 1, _of_real(math.cos)),
    "tan": Operator(1, 1, _of_real(math.tan)),
    "asin": Operator(1, 1, _of_real(math.asin)),
    "acos": Operator(1, 1, _of_real(math.acos)),
    "atan": Operator(1, 1, _of_real(math.atan)),
    "is_empty": Operator(1, 1, lambda given, _: is_blank(given[0])),
    "is_answered": Operator(1, 1, lambda given, _: not is_blank(given[0])),
    "any_of": Operator(2, 2, _of_keys(lambda chosen, keys: not chosen.isdisjoint(keys))),
    "all_of": Operator(2, 2, _of_keys(lambda chosen, keys: keys <= chosen)),
    "none_of": Operator(2, 2, _of_keys(lambda chosen, keys: chosen.isdisjoint(keys))),
    "date_add_days": Operator(2, 2, _add_days),
    "days_between": Operator(2, 2, _days_between),
    "year": Operator(1, 1, _of_day(lambda day: day.year)),
    "month": Operator(1, 1, _of_day(lambda day: day.month)),
    "day": Operator(1, 1, _of_day(lambda day: day.day)),
}
