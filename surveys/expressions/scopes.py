"""Reading data by dotted names, and the operators that run logic over each item of a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

from surveys.expressions.limits import Meter
from surveys.expressions.values import Value, clean, to_number, to_text, truthy

Run: TypeAlias = Callable[[object, Meter], Value]
_Read: TypeAlias = Callable[[object, Meter, Run], Value]
_Loop: TypeAlias = Callable[[Run, Run, "Run | None"], Run]


def _nothing(data: object, meter: Meter) -> Value:
    return None


class Scope(NamedTuple):
    """Where a variable is looked up: items of lists are clean already, the data is not yet."""

    is_inner: bool

    def value(self, found: object, meter: Meter) -> Value:
        """What was found, as the language knows it."""
        return found if self.is_inner else clean(found, meter)  # type: ignore[return-value]


def lookup(name: Value, scope: Scope, meter: Meter) -> _Read:
    """How to read this variable; no name at all is the whole of the data."""
    if name is None or name == "":
        return lambda data, meter, default: scope.value(data, meter)
    path = to_text(name, meter)
    meter.spend(len(path) >> 3)
    parts = path.split(".")

    def read(data: object, meter: Meter, default: Run) -> Value:
        found = data
        for part in parts:
            if isinstance(found, Mapping):
                if part not in found:
                    return default(data, meter)
                found = found[part]
            elif isinstance(found, list | tuple) and _is_index(part) and int(part) < len(found):
                found = found[int(part)]
            else:
                return default(data, meter)
        return scope.value(found, meter)

    return read


def missing(names: list[Value], data: object, meter: Meter, scope: Scope) -> list[Value]:
    """Those of the names whose value is null or empty text."""
    absent: list[Value] = []
    for name in names:
        meter.spend(1)
        value = lookup(name, scope, meter)(data, meter, _nothing)
        if value is None or value == "":
            absent.append(name)
    return absent


def some_missing(least: Value, names: Value, data: object, meter: Meter, scope: Scope) -> Value:
    """The missing names, unless at least so many are there."""
    listed: list[Value] = names if isinstance(names, list) else [names]
    absent = missing(listed, data, meter, scope)
    return [] if len(listed) - len(absent) >= to_number(least, meter) else absent


def _is_index(part: str) -> bool:
    return part.isascii() and part.isdigit() and len(part) < 10 and (part == "0" or part[0] != "0")


def _map(items: Run, body: Run, _: Run | None) -> Run:
    def run(data: object, meter: Meter) -> Value:
        return [body(each, meter) for each in _counted(items(data, meter), meter)]

    return run


def _filter(items: Run, body: Run, _: Run | None) -> Run:
    def run(data: object, meter: Meter) -> Value:
        listed = _counted(items(data, meter), meter)
        return [each for each in listed if truthy(body(each, meter))]

    return run


def _reduce(items: Run, body: Run, initial: Run | None) -> Run:
    def run(data: object, meter: Meter) -> Value:
        listed = _counted(items(data, meter), meter)
        value = initial(data, meter) if initial else None
        for each in listed:
            value = body({"current": each, "accumulator": value}, meter)
        return value

    return run


def _all(items: Run, body: Run, _: Run | None) -> Run:
    def run(data: object, meter: Meter) -> Value:
        listed = _counted(items(data, meter), meter)
        return bool(listed) and all(truthy(body(each, meter)) for each in listed)

    return run


def _some(items: Run, body: Run, _: Run | None) -> Run:
    def run(data: object, meter: Meter) -> Value:
        return any(truthy(body(each, meter)) for each in _counted(items(data, meter), meter))

    return run


def _none(items: Run, body: Run, _: Run | None) -> Run:
    some = _some(items, body, None)
    return lambda data, meter: not some(data, meter)


def _counted(items: Value, meter: Meter) -> list[Value]:
    """The list to go over; anything else is an empty one."""
    if not isinstance(items, list):
        return []
    meter.check_items(len(items), len(items))
    return items


LOOPS: Mapping[str, _Loop] = {
    "map": _map,
    "filter": _filter,
    "reduce": _reduce,
    "all": _all,
    "none": _none,
    "some": _some,
}
