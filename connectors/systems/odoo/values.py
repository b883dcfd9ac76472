"""Odoo's values as records hold them, and values of ours as Odoo takes them."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from connectors.systems.odoo.server import Field

LARGEST = 2**31 - 1


def flat(given: Mapping[str, Any], fields: Iterable[Field]) -> dict[str, Any]:
    """The record with one value for each field: false means empty but for yes-or-no fields, and a
    link is its id beside what it is called."""
    found: dict[str, Any] = {}
    for each in fields:
        value = given.get(each.name)
        if each.type == "many2one":
            found[each.name], found[f"{each.name}.name"] = _link(value)
        elif each.type == "boolean":
            found[each.name] = bool(value) if isinstance(value, (bool, int)) else None
        elif value is False or value is None or value == "":
            found[each.name] = None
        else:
            found[each.name] = _fitting(value, each.type)
    return found


def _link(value: Any) -> tuple[int | None, str | None]:
    if isinstance(value, list) and value and type(value[0]) is int:
        name = value[1] if len(value) > 1 else None
        return value[0], name if isinstance(name, str) and name else None
    return (value, None) if type(value) is int else (None, None)


def _fitting(value: Any, kind: str) -> Any:
    """The value if it is of its field's kind, as text where it is not."""
    if kind in ("one2many", "many2many", "binary", "json"):
        return value
    if kind in ("integer", "float", "monetary", "many2one_reference"):
        if isinstance(value, (int, float)) and math.isfinite(value):
            return int(value) if kind in ("integer", "many2one_reference") else float(value)
        return None
    return value if isinstance(value, str) else str(value)[:1000]


def sendable(field: Field, value: Any) -> Any:
    """A value as Odoo takes it; None empties the field.

    Raises ValueError with a sentence for a value it cannot take.
    """
    if value is None or value == "":
        return False
    try:
        return _SENT.get(field.type, _text)(field, value)
    except (ValueError, TypeError, OverflowError, ArithmeticError) as error:
        if str(error).startswith("The "):
            raise
        what = _WANTED.get(field.type, "another value")
        raise ValueError(f"The field {field.name} takes {what}.") from error


def _text(field: Field, value: Any) -> str:
    if isinstance(value, (bytes, Mapping, list, tuple, set)):
        raise TypeError
    text = value if isinstance(value, str) else str(value)
    require_text(text)
    if field.type == "html":
        return marked_up(text)
    return text


def require_text(text: str) -> None:
    """Raises ValueError for a text that cannot be stored."""
    if any((ch < " " and ch not in "\t\n\r") or "\ud800" <= ch <= "\udfff" for ch in text):
        raise ValueError("The text holds a character that cannot be stored.")
    if "\ufffe" in text or "\uffff" in text:
        raise ValueError("The text holds a character that cannot be stored.")


def marked_up(text: str) -> str:
    """Plain text as HTML, with its lines; nothing in it becomes a tag."""
    lines = html.escape(text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return f"<p>{'<br>'.join(lines)}</p>"


def _whole(field: Field, value: Any) -> int:
    number = Decimal(str(value))
    # The size is asked first: a number of a million digits takes minutes to write out.
    if isinstance(value, bool) or abs(number) > LARGEST or number != int(number):
        raise ValueError
    return int(number)


def _number(field: Field, value: Any) -> float:
    number = float(value)
    if isinstance(value, bool) or not math.isfinite(number):
        raise ValueError
    return number


def _flag(field: Field, value: Any) -> bool:
    text = str(value).strip().lower()
    if text in ("true", "1", "yes"):
        return True
    if text in ("false", "0", "no"):
        return False
    raise ValueError


def _day(field: Field, value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).date().isoformat() if value.tzinfo else f"{value:%Y-%m-%d}"
    if isinstance(value, date):
        return value.isoformat()
    return datetime.fromisoformat(str(value)).date().isoformat()


def _moment(field: Field, value: Any) -> str:
    if isinstance(value, date) and not isinstance(value, datetime):
        value = value.isoformat()
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    found = found.astimezone(UTC) if found.tzinfo else found
    return found.strftime("%Y-%m-%d %H:%M:%S")


def _choice(field: Field, value: Any) -> str:
    if str(value) not in field.choices:
        raise ValueError(f"The field {field.name} takes one of: {', '.join(field.choices)}.")
    return str(value)


_SENT = {
    "integer": _whole, "many2one": _whole, "float": _number, "monetary": _number,
    "boolean": _flag, "date": _day, "datetime": _moment, "selection": _choice,
}  # fmt: skip
_WANTED = {
    "integer": "a whole number", "many2one": "the id of a record", "float": "a number",
    "monetary": "a number", "boolean": "true or false", "date": "a day, such as 2026-11-22",
    "datetime": "a moment, such as 2026-11-22T09:30:00Z",
}  # fmt: skip
