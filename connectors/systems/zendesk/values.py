"""Values as Zendesk takes them; what it would not take is refused here in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

LONGEST = 65_536


def sendable(name: str, value: Any, kind: str, options: Sequence[str] = ()) -> Any:
    """A value of that kind as JSON; None empties the field.

    `options` are the only values taken, if there are any. Raises ValueError with a sentence.
    """
    if value is None:
        return None
    made = _made(name, value, kind)
    strange = [each for each in (made if isinstance(made, list) else [made]) if each not in options]
    if options and strange and made != "":
        some = ", ".join(options[:10]) + (", …" if len(options) > 10 else "")
        raise ValueError(f"The field {name} takes only: {some}.")
    return made


def _made(name: str, value: Any, kind: str) -> Any:
    if kind == "boolean":
        if not isinstance(value, bool):
            raise ValueError(f"The field {name} takes yes or no.")
        return value
    if kind in ("integer", "decimal"):
        return _number(name, value, kind)
    if kind == "date":
        return _day(name, value)
    if kind == "json":
        if not isinstance(value, (list, tuple)) or not all(isinstance(e, str) for e in value):
            raise ValueError(f"The field {name} takes a list of texts.")
        return list(value)
    return _text(name, value)


def _number(name: str, value: Any, kind: str) -> int | float:
    try:
        number = Decimal(str(value).strip())
    except (ArithmeticError, ValueError):
        number = Decimal("NaN")
    is_number = number.is_finite() and not isinstance(value, bool) and number.adjusted() < 18
    if not is_number or (kind == "integer" and number != number.to_integral_value()):
        raise ValueError(f"The field {name} cannot hold this number.")
    # JSON has one kind of number, and Zendesk keeps a few digits of it.
    return int(number) if number == number.to_integral_value() else float(number)


def _day(name: str, value: Any) -> str:
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).date().isoformat()  # fmt: skip
    if isinstance(value, date):
        return value.isoformat()
    try:
        return date.fromisoformat(str(value)[:10]).isoformat()
    except ValueError as error:
        raise ValueError(f"The field {name} takes a day such as 2026-01-31.") from error


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"The field {name} cannot hold this number.")
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if not isinstance(value, (str, int, float)):
        raise ValueError(f"The field {name} cannot hold this kind of value.")
    text = str(value)
    if len(text) > LONGEST:
        raise ValueError(f"The field {name} holds at most {LONGEST:,} characters.")
    return text
