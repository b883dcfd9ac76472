"""A database's values as records hold them, and as a state of JSON gives them back exactly."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any
from uuid import UUID

from connectors.errors import CursorExpired

Convert = Callable[[Any], Any]

MOST_BYTES = 4096
MOST_TEXT = 100_000
"""Longer bytes are left out and longer texts cut, already by the database where it can."""
_SAFE = 2**53
_LARGEST = 2**63


def converter(kind: str, home: tzinfo) -> Convert:
    """What makes a value of a field of that type; times without a zone are read in `home`.

    A value that does not fit its type (infinity as a date, a word in a column of numbers) becomes
    text, so that it is seen and stops nobody.
    """
    own: dict[str, Convert] = {
        "integer": _integer, "decimal": _decimal, "float": _float, "boolean": _boolean,
        "date": _date, "datetime": lambda value: _datetime(value, home), "json": _json,
        "any": _any,
    }  # fmt: skip
    convert: Convert = own.get(kind, text)

    def read(value: Any) -> Any:
        return None if value is None else convert(value)

    return read


def text(value: Any) -> str | None:
    """The value as text: without NUL, at most `MOST_TEXT` long; bytes as hex."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).hex() if len(value) <= MOST_BYTES else None
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, (dict, list, tuple)):
        value = json.dumps(_json(value), ensure_ascii=False)
    said = str(value).replace("\0", "")
    return said if len(said) <= MOST_TEXT else said[: MOST_TEXT - 1] + "…"


def _any(value: Any) -> Any:
    """As the database keeps it, where a column has no type."""
    return _float(value) if isinstance(value, (int, float, Decimal)) else text(value)


def _integer(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (Decimal, float)) and math.isfinite(value) and value == int(value):
        value = int(value)
    if isinstance(value, int):
        return value if -_LARGEST <= value < _LARGEST else Decimal(value)
    return text(value)


def _decimal(value: Any) -> Any:
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return _integer(value) if isinstance(value, int) else _finite(value)
    if isinstance(value, float) and math.isfinite(value):
        return Decimal(repr(value))
    return text(value)


def _finite(value: Decimal) -> Any:
    return value if value.is_finite() else str(value)


def _float(value: Any) -> Any:
    if isinstance(value, float) and math.isfinite(value):
        return value
    return _decimal(value)


def _boolean(value: Any) -> Any:
    if isinstance(value, bytes) and len(value) == 1:
        value = value[0]
    return bool(value) if value in (0, 1) else text(value)


def _date(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.date() if value.time() == time.min else value.isoformat()
    if isinstance(value, date):
        return value
    said = text(value)
    try:
        return date.fromisoformat(str(said))
    except ValueError:
        return said


def _datetime(value: Any, home: tzinfo) -> Any:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _from_epoch(value)
    moment = value
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            return text(value)
    if isinstance(moment, datetime):
        return moment if moment.tzinfo else moment.replace(tzinfo=home)
    return text(value)


def _from_epoch(value: float) -> Any:
    """Seconds or milliseconds since 1970, where they are times of our age."""
    seconds = value / 1000 if abs(value) >= 1e11 else value
    if not math.isfinite(seconds) or not 1e8 <= abs(seconds) < 1e11:
        return text(value)
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


def _json(value: Any, depth: int = 0) -> Any:
    """JSON's own types; a text that is JSON is read (drivers differ in that)."""
    if isinstance(value, str) and depth == 0:
        if len(value) > MOST_TEXT:
            return text(value)
        try:
            return _json(json.loads(value), 1)
        except (ValueError, RecursionError):
            return text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -_LARGEST <= value < _LARGEST else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if depth > 100:
        return text(repr(value))
    if isinstance(value, Mapping):
        return {str(k).replace("\0", ""): _json(v, depth + 1) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_json(each, depth + 1) for each in value]
    return text(value)


def keep(values: Sequence[Any]) -> str:
    """Values of a key as text from which `restore` gives them back, equal in type and value."""
    return json.dumps([_tagged(value) for value in values], ensure_ascii=True)


def _tagged(value: Any) -> Any:
    if isinstance(value, str):
        is_odd = "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value)
        return ["text", value.encode("utf-8", "surrogatepass").hex()] if is_odd else value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < _SAFE else ["int", str(value)]
    if isinstance(value, float):
        return ["float", value.hex()]
    if isinstance(value, (bytes, bytearray, memoryview)):
        return ["bytes", bytes(value).hex()]
    if isinstance(value, (datetime, date, time)):
        return [type(value).__name__, value.isoformat()]
    if isinstance(value, timedelta):
        return ["days", f"{value.days} {value.seconds} {value.microseconds}"]
    return ["uuid" if isinstance(value, UUID) else "decimal", str(value)]


_RESTORE: Mapping[str, Callable[[str], Any]] = {
    "int": int,
    "float": float.fromhex,
    "text": lambda said: bytes.fromhex(said).decode("utf-8", "surrogatepass"),
    "bytes": bytes.fromhex,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "days": lambda said: timedelta(*(int(part) for part in said.split())),
    "uuid": UUID,
    "decimal": Decimal,
}


def restore(kept: str, count: int) -> list[Any]:
    """The values `keep` kept. Raises CursorExpired when these are not `count` readable values."""
    try:
        found = json.loads(kept)
        if not isinstance(found, list) or len(found) != count:
            raise ValueError("another key")
        return [
            _RESTORE[each[0]](str(each[1])) if isinstance(each, list) else each for each in found
        ]
    except (ValueError, TypeError, KeyError, IndexError, ArithmeticError) as error:
        raise CursorExpired("The stored position is damaged; reading starts anew.") from error
