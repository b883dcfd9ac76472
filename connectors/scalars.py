"""Single values as safe text and exact numbers, whatever type a source delivers them in."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any


def safe_text(text: str) -> str:
    """The text, if a database can hold it. Raises ValueError for NUL and broken Unicode."""
    if "\0" in text:
        raise ValueError("contains a NUL character")
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise ValueError("contains broken Unicode") from error
    return text


def as_text(value: Any) -> str:
    """A scalar as text: 12.0 becomes 12, times become ISO 8601. ValueError for lists and objects.

    Whether a database can hold the text is asked once for the whole record (`is_safe`).
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (float, Decimal)):
        number = exact(value)
        return str(int(number)) if number == number.to_integral_value() else format(number, "f")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    raise ValueError("is not a single value")


def exact(value: float | Decimal) -> Decimal:
    """A float by its shortest decimal text, so that no binary digits appear."""
    number = Decimal(repr(value)) if isinstance(value, float) else value
    if not number.is_finite() or abs(number.adjusted()) > 300:
        raise ValueError("is not a number")
    return number
