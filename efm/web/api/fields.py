"""Fields of the API's schemas: strict, storable, with words a sender can act on.

A field is a plain function that reads a JSON value, and what JSON Schema says of it. Records of
customers are normalised by the connector kit's converters, so that a contact that comes by the API
and the same one from a CRM meet.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import orjson
from marshmallow import RAISE, Schema, ValidationError, fields

from connectors.converters import make
from efm.web.api.ingest import read_id, read_object
from efm.web.api.moments import read_day, read_moment
from surveys.strings import is_storable

Json = dict[str, Any]
Reader = Callable[[Any], Any]

ATTRIBUTES_BYTES = 16 * 1024
_DECIMAL = r"-?[0-9]{1,18}(\.[0-9]{1,6})?"
_is_decimal = re.compile(_DECIMAL, re.ASCII).fullmatch


class Strict(Schema):
    """A schema that takes nothing it does not know."""

    class Meta:
        unknown = RAISE

    error_messages = {  # noqa: RUF012 - as marshmallow declares it
        "unknown": "There is no such field.",
        "type": "Send a JSON object.",
    }


class Value(fields.Field[Any]):
    """A field read by a function, which raises ValueError with words for the sender."""

    default_error_messages = {  # noqa: RUF012 - as marshmallow declares it
        "required": "This is needed.",
        "null": "Send a value, not null.",
    }

    def __init__(self, reader: Reader, json: Json, help: str = "", **options: Any) -> None:
        options.setdefault("allow_none", not options.get("required", False))
        super().__init__(**options)
        self.reader = reader
        self.json = dict(json)
        if self.allow_none and "type" in json:
            self.json["type"] = [json["type"], "null"]
        if help:
            self.json["description"] = help

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        try:
            return self.reader(value)
        except ValueError as error:
            raise ValidationError(str(error)) from error


def described(_converter: Any, field: fields.Field[Any], **_: Any) -> Json:
    """What JSON Schema says of a field of ours; given to the documentation's converter."""
    return field.json if isinstance(field, Value) else {}


def text(longest: int, help: str = "", *, shortest: int = 0, **options: Any) -> Value:
    """Text as it is, without the spaces around it."""

    def read(value: object) -> str:
        if type(value) is not str:
            raise ValueError("Send text.")
        found = value.strip()
        if not shortest <= len(found) <= longest:
            raise ValueError(f"Send {shortest} to {longest} characters.")
        if not is_storable(found):
            raise ValueError("This text has characters that cannot be stored.")
        return found

    json = {"type": "string", "maxLength": longest} | ({"minLength": 1} if shortest else {})
    return Value(read, json, help, **options)


def converted(name: str, longest: int, example: str, help: str = "", **options: Any) -> Value:
    """Text read by one of the connector kit's converters (`email`, `e164`, `language`...)."""
    convert = make(name, {})

    def read(value: object) -> Any:
        if type(value) is not str:
            raise ValueError("Send text.")
        if len(value) > longest:
            raise ValueError(f"Send at most {longest} characters.")
        try:
            found = convert(value, {})
        except ValueError as error:
            raise ValueError(f"This {error}.") from error
        if found is None:
            if options.get("required"):
                raise ValueError("This is needed.")
        elif len(found) > longest or not is_storable(found):
            raise ValueError("This text cannot be stored; make it shorter or plainer.")
        return found

    return Value(
        read, {"type": "string", "maxLength": longest, "examples": [example]}, help, **options
    )


def identifier(help: str = "", **options: Any) -> Value:
    """A UUID in its usual spelling."""
    return Value(read_id, {"type": "string", "format": "uuid"}, help, **options)


def moment(help: str = "", **options: Any) -> Value:
    """A time with its zone."""
    return Value(read_moment, {"type": "string", "format": "date-time"}, help, **options)


def day(help: str = "", **options: Any) -> Value:
    """A calendar day."""
    return Value(read_day, {"type": "string", "format": "date"}, help, **options)


def whole(low: int, high: int, help: str = "", **options: Any) -> Value:
    """A whole number, as a JSON number without a fraction."""

    def read(value: object) -> int:
        if type(value) is not int:
            raise ValueError("Send a whole number.")
        if not low <= value <= high:
            raise ValueError(f"Send a whole number from {low} to {high}.")
        return value

    return Value(read, {"type": "integer", "minimum": low, "maximum": high}, help, **options)


def exact(help: str = "", **options: Any) -> Value:
    """A decimal number as text, so that no digit is lost on the way."""

    def read(value: object) -> Decimal:
        if type(value) is not str or not _is_decimal(value):
            raise ValueError(
                'Send the number as text, such as "12.50", with at most 6 digits after the point.'
            )
        return Decimal(value)

    json = {"type": "string", "pattern": f"^{_DECIMAL}$", "examples": ["12.50"]}
    return Value(read, json, help, **options)


def attributes(help: str = "", **options: Any) -> Value:
    """An object of the sender's own making."""

    def read(value: object) -> Json:
        found = read_object(value)
        if len(orjson.dumps(found)) > ATTRIBUTES_BYTES:
            raise ValueError(f"Send at most {ATTRIBUTES_BYTES // 1024} kB of attributes.")
        return found

    return Value(read, {"type": "object"}, help, **options)


def page_size(most: int, usual: int) -> Value:
    """How many rows of a list to give, from the query string."""

    def read(value: object) -> int:
        if type(value) is not str or not re.fullmatch("[0-9]{1,4}", value, re.ASCII):
            raise ValueError(f"Send a whole number from 1 to {most}.")
        if not 1 <= int(value) <= most:
            raise ValueError(f"Send a whole number from 1 to {most}.")
        return int(value)

    json = {"type": "integer", "minimum": 1, "maximum": most, "default": usual}
    return Value(read, json, "How many at once.", load_default=usual, allow_none=False)
