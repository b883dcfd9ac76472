"""Tryton's JSON on the wire: typed values, domains in base64, records with dots made flat.

Source: `trytond/protocols/jsonrpc.py` and `rest.py` of Tryton 8.2.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any


def _whole(given: Mapping[str, Any], *names: str) -> list[int]:
    return [int(given.get(name) or 0) for name in names]


def _moment(given: Mapping[str, Any]) -> datetime:
    day = date(*_whole(given, "year", "month", "day"))
    return datetime.combine(day, _time(given), UTC)


def _time(given: Mapping[str, Any]) -> time:
    hour, minute, second, micro = _whole(given, "hour", "minute", "second", "microsecond")
    return time(hour, minute, second, micro)


def _decimal(given: Mapping[str, Any]) -> Decimal:
    found = Decimal(str(given.get("decimal")))
    if not found.is_finite():
        raise ValueError("holds a number that is none")
    return found


_TYPED: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "Decimal": _decimal,
    "datetime": _moment,
    "date": lambda given: date(*_whole(given, "year", "month", "day")),
    "time": _time,
    "timedelta": lambda given: timedelta(seconds=float(given.get("seconds") or 0)),
    "bytes": lambda given: base64.b64decode(str(given.get("base64") or "")),
}


def decoded(value: Any) -> Any:
    """The value with Tryton's typed objects as Python's; times are UTC, as Tryton keeps them.

    Raises ValueError for an object that is damaged.
    """
    if isinstance(value, list):
        return [decoded(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    kind = value.get("__class__")
    if kind is None:
        return {str(name): decoded(each) for name, each in value.items()}
    try:
        return _TYPED[str(kind)](value)
    except (KeyError, TypeError, ValueError, OverflowError, InvalidOperation) as error:
        raise ValueError("holds a value of a kind that is not understood") from error


def encoded(value: Any) -> Any:
    """The value as Tryton takes it in JSON. Raises ValueError for one it has no form for."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, Decimal) and value.is_finite():
        return {"__class__": "Decimal", "decimal": str(value)}
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo else value
        names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
        return {"__class__": "datetime", **{name: getattr(moment, name) for name in names}}
    if isinstance(value, date):
        parts = {name: getattr(value, name) for name in ("year", "month", "day")}
        return {"__class__": "date", **parts}
    if isinstance(value, (list, tuple)):
        return [encoded(each) for each in value]
    if isinstance(value, Mapping):
        return {str(name): encoded(each) for name, each in value.items()}
    raise ValueError("cannot hold this kind of value")


def packed(value: Any) -> str:
    """A domain, an order or a context as the interface takes it: JSON in URL-safe base64."""
    text = json.dumps(encoded(value), separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode("ascii")


def flat(record: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The record with a value for each name: a related record is its id, `currency.code` what
    it says; of many related records a list with what was asked of each."""
    found: dict[str, Any] = {}
    for path in names:
        value: Any = record
        for name in path.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        found[path] = value.get("id") if isinstance(value, Mapping) else _bare(value)
    return found


def _bare(value: Any) -> Any:
    """The value without the names of models, which Tryton puts into every record."""
    if isinstance(value, Mapping):
        return {name: _bare(each) for name, each in value.items() if name != "__name__"}
    return [_bare(each) for each in value] if isinstance(value, list) else value
