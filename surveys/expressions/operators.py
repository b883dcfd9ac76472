"""JsonLogic's operators that take values: comparing, counting, text and lists."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from surveys.expressions.limits import Meter
from surveys.expressions.values import (
    Value,
    is_less,
    leading_number,
    loosely_same,
    number,
    same,
    to_number,
    to_text,
    truthy,
    words,
)

Function: TypeAlias = Callable[[Sequence[Value], Meter], Value]


class Operator(NamedTuple):
    """How many arguments an operator takes (``most`` None: any number), and what it does.

    ``function`` is None where arguments are not all evaluated first.
    """

    least: int
    most: int | None
    function: Function | None = None


def _less(or_same: bool) -> Function:
    def less(given: Sequence[Value], meter: Meter) -> Value:
        return is_less(given[0], given[1], meter, or_same=or_same) and (
            len(given) == 2 or is_less(given[1], given[2], meter, or_same=or_same)
        )

    return less


def _add(given: Sequence[Value], meter: Meter) -> Value:
    return number(sum((leading_number(each, meter) for each in given), 0.0))


def _multiply(given: Sequence[Value], meter: Meter) -> Value:
    # JavaScript's reduce hands a lonely argument through as it is.
    if len(given) == 1:
        return given[0]
    return number(math.prod(leading_number(each, meter) for each in given))


def _subtract(given: Sequence[Value], meter: Meter) -> Value:
    numbers = [to_number(each, meter) for each in given]
    return number(-numbers[0] if len(numbers) == 1 else numbers[0] - numbers[1])


def _divide(given: Sequence[Value], meter: Meter) -> Value:
    divisor = to_number(given[1], meter)
    return number(to_number(given[0], meter) / divisor) if divisor else None


def _remainder(given: Sequence[Value], meter: Meter) -> Value:
    try:
        return number(math.fmod(to_number(given[0], meter), to_number(given[1], meter)))
    except ValueError:
        return None


def _extreme(choose: Callable[[list[float]], float]) -> Function:
    def extreme(given: Sequence[Value], meter: Meter) -> Value:
        numbers = [to_number(each, meter) for each in given]
        return None if any(map(math.isnan, numbers)) else number(choose(numbers))

    return extreme


def _is_in(given: Sequence[Value], meter: Meter) -> Value:
    part, whole = given
    if isinstance(whole, str):
        # JavaScript would look for the letters "null"; no answer is in no text.
        sought = to_text(part, meter)
        meter.spend((len(whole) + len(sought)) >> 6)
        return bool(whole) and part is not None and sought in whole
    return isinstance(whole, list) and any(same(part, each, meter) for each in whole)


def _concatenate(given: Sequence[Value], meter: Meter) -> Value:
    parts: list[str] = []
    length = 0
    for each in given:
        part = words(each, meter)
        length += len(part)
        meter.check_text(length, len(part))
        parts.append(part)
    return "".join(parts)


def _part_of_text(given: Sequence[Value], meter: Meter) -> Value:
    text = to_text(given[0], meter)
    start = _whole(given[1], meter)
    start = min(max(len(text) + start, 0) if start < 0 else start, len(text))
    stop = len(text)
    if len(given) == 3:
        length = _whole(given[2], meter)
        stop = max(stop + length, start) if length < 0 else min(start + length, stop)
    meter.check_text(stop - start, stop - start)
    return text[start:stop]


def _whole(value: Value, meter: Meter) -> int:
    wanted = to_number(value, meter)
    return 0 if math.isnan(wanted) else int(max(-1e9, min(1e9, wanted)))


def _merge(given: Sequence[Value], meter: Meter) -> Value:
    merged: list[Value] = []
    for each in given:
        added = each if isinstance(each, list) else [each]
        meter.check_items(len(merged) + len(added), len(added))
        merged.extend(added)
    return merged


STANDARD: Mapping[str, Operator] = {
    "==": Operator(2, 2, lambda given, meter: loosely_same(given[0], given[1], meter)),
    "===": Operator(2, 2, lambda given, meter: same(given[0], given[1], meter)),
    "!=": Operator(2, 2, lambda given, meter: not loosely_same(given[0], given[1], meter)),
    "!==": Operator(2, 2, lambda given, meter: not same(given[0], given[1], meter)),
    ">": Operator(2, 2, lambda given, meter: is_less(given[1], given[0], meter, or_same=False)),
    ">=": Operator(2, 2, lambda given, meter: is_less(given[1], given[0], meter, or_same=True)),
    "<": Operator(2, 3, _less(False)),
    "<=": Operator(2, 3, _less(True)),
    "!": Operator(1, 1, lambda given, _: not truthy(given[0])),
    "!!": Operator(1, 1, lambda given, _: truthy(given[0])),
    "+": Operator(0, None, _add),
    "-": Operator(1, 2, _subtract),
    "*": Operator(1, None, _multiply),
    "/": Operator(2, 2, _divide),
    "%": Operator(2, 2, _remainder),
    "max": Operator(1, None, _extreme(max)),
    "min": Operator(1, None, _extreme(min)),
    "in": Operator(2, 2, _is_in),
    "cat": Operator(0, None, _concatenate),
    "substr": Operator(2, 3, _part_of_text),
    "merge": Operator(0, None, _merge),
    "log": Operator(1, 1, lambda given, _: given[0]),
}
