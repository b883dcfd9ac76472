"""From the body of a delivery to its records; a body may hold anything and is judged first."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from connectors.errors import ConnectorError
from connectors.records import Raw, Rejected
from connectors.signatures import WebhookRefused

MOST_RECORDS = 1_000
MOST_DEPTH = 32
_MILLISECONDS = 1e11
"""Numbers above are no seconds: they would be in the year 5138 and later."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Where a body holds what: paths of names joined by dots; empty as the settings say."""

    records: str
    kind: str
    time: str


@dataclass(frozen=True, slots=True)
class Body:
    """The records of a body, its kind (None when it names none), and what is no record."""

    kind: str | None
    records: Sequence[Raw]
    rejected: Sequence[Rejected] = ()


def parse(content: bytes) -> Any:
    """The JSON of a body. Raises WebhookRefused for anything else, and for nesting without end."""
    try:
        document = json.loads(content, parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise WebhookRefused("The delivery is not JSON, or is damaged.") from error
    if not _is_shallow(document):
        raise WebhookRefused(f"The delivery is nested more than {MOST_DEPTH} levels deep.")
    return document


def read(document: Any, shape: Shape, delivery_id: str) -> Body:
    """The records of a parsed body, each with `_delivery`, `_type` and `_timestamp`.

    Several records of one delivery are told apart by `_delivery` too, which then ends in their
    number. Raises WebhookRefused when there are none where they should be.
    """
    kind = at(document, shape.kind) if shape.kind else None
    found = at(document, shape.records) if shape.records else document
    if isinstance(found, Mapping):
        rows: Sequence[Any] = [found]
    elif isinstance(found, list):
        rows = found
    else:
        where = f"at “{shape.records}”" if shape.records else "in the body"
        raise WebhookRefused(f"The delivery holds no record {where}; look at the settings.")
    if len(rows) > MOST_RECORDS:
        raise WebhookRefused(f"The delivery holds more than {MOST_RECORDS:,} records.")
    moment = at(document, shape.time) if shape.time else None
    records: list[Raw] = []
    rejected: list[Rejected] = []
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping):
            shown = {"value": str(row)[:1000]}
            rejected.append(Rejected(None, number, "This is no record.", shown))
            continue
        own = at(row, shape.time) if shape.time else None
        records.append(
            {
                **row,
                "_delivery": delivery_id if len(rows) == 1 else f"{delivery_id}:{number}",
                "_type": kind if isinstance(kind, str) else None,
                "_timestamp": _moment(own) or _moment(moment),
            }
        )
    return Body(kind.strip() if isinstance(kind, str) else None, records, rejected)


def at(document: Any, path: str) -> Any:
    """What is found there, None when nothing is; a name with dots in it may stand for itself."""
    if isinstance(document, Mapping) and path in document:
        return document[path]
    for name in path.split("."):
        if not isinstance(document, Mapping):
            return None
        document = document.get(name)
    return document


def example(text: str, shape: Shape) -> list[Raw]:
    """The records of an example; none when there is none. Raises ConnectorError for a bad one."""
    if not text.strip():
        return []
    try:
        content = text.encode()
    except UnicodeEncodeError as error:
        raise ConnectorError("It holds broken Unicode.") from error
    return list(read(parse(content), shape, "example").records)


def _moment(value: Any) -> str | int | float | None:
    """A time as text or in seconds, also when it was given in thousandths; other things are none."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    if isinstance(value, str):
        return value.strip() or None
    return value / 1000 if _MILLISECONDS < value < 1000 * _MILLISECONDS else value or None


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("the number is too large")
    return number


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def _is_shallow(document: Any) -> bool:
    level = [document]
    for _ in range(MOST_DEPTH + 1):
        deeper: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                deeper.extend(each.values())
            elif isinstance(each, list):
                deeper.extend(each)
        if not deeper:
            return True
        level = deeper
    return False
