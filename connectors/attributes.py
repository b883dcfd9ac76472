"""What a source says beyond the canonical fields, in JSON's types and within limits."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from connectors.errors import RecordError
from connectors.scalars import as_text, safe_text

MAX_ATTRIBUTE = 100_000
MAX_ATTRIBUTES = 1_000_000


def is_safe(texts: list[str], attributes: Mapping[str, Any]) -> bool:
    """Whether all of it is text that a database can hold, within the limits: the quick answer."""
    try:
        whole = "".join([*texts, *attributes, *attributes.values()])
    except TypeError:
        return False
    if len(whole) > MAX_ATTRIBUTE or "\0" in whole:
        return False
    if whole.isascii():
        return True
    try:
        whole.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def require_safe(values: Mapping[str, Any], labels: Mapping[str, str]) -> None:
    """Refuses NUL and broken Unicode in canonical fields, naming the field."""
    for name, value in values.items():
        if isinstance(value, str):
            try:
                safe_text(value)
            except ValueError as error:
                known = None if name == "external_id" else values.get("external_id")
                raise RecordError(known, f"{labels.get(name, name)} {error}.", name) from error


def attributes_of(values: dict[str, Any], external_id: str) -> dict[str, Any]:
    """The attributes in JSON's types, within their limits."""
    size = 0
    for name, value in values.items():
        try:
            if type(value) is str:
                safe_text(value)
                length = len(value)
            else:
                value = values[name] = _json(value)
                length = len(value) if isinstance(value, str) else 16
                if isinstance(value, (dict, list)):
                    length = len(json.dumps(value))
            safe_text(name)
        except (ValueError, RecursionError) as error:
            reason = str(error) if type(error) is ValueError else "is nested too deeply"
            raise RecordError(external_id, f"“{name}” {reason}.", name) from error
        if length > MAX_ATTRIBUTE:
            raise RecordError(
                external_id,
                f"“{name}” is {length:,} characters long; the most is {MAX_ATTRIBUTE:,}.",
                name,
            )
        size += length
    if size > MAX_ATTRIBUTES:
        raise RecordError(
            external_id, f"The record holds {size:,} characters; the most is {MAX_ATTRIBUTES:,}."
        )
    return values


def _json(value: Any, depth: int = 0) -> Any:
    if depth > 32:
        raise ValueError("is nested too deeply")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if value.bit_length() > 128:
            raise ValueError("is too large for a number")
        return value
    if isinstance(value, str):
        return safe_text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return str(value) if value.is_finite() else None
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {safe_text(str(k)): _json(v, depth + 1) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json(each, depth + 1) for each in value]
    return as_text(str(value))
