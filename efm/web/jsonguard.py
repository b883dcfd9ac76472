"""The door for JSON from outside: read fast, and refuse what is ambiguous, bottomless or unstorable.

orjson reads the body and refuses most of what is not JSON (NaN, lone surrogates, broken UTF-8, a
byte order mark). What it lets through, one walk over the result finds: nesting, and three signs of
something doubtful. A key that came twice shows in the colons: each key has one, so there are as
many in the text as keys and colons inside strings together, unless a key was dropped. Only a
doubtful body is read again, slowly and exactly, to say what is wrong or that nothing is.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

import orjson

from efm.errors import EfmError

MOST_DEPTH = 32
SINGLE_BYTES = 1024 * 1024
BATCH_BYTES = 16 * 1024 * 1024
_LONGEST_INTEGER = 20
_LONGEST_NUMBER = 400
_LARGEST_NUMBER = 1e300
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1


class Unreadable(EfmError):
    """The body is not JSON, or JSON that cannot be taken for one thing only."""

    status = 400
    title = "The body could not be read as JSON"


class TooLarge(EfmError):
    """The body is longer than this address takes."""

    status = 413
    title = "The body is too large"


class WrongType(EfmError):
    """The body is said to be something else than JSON in UTF-8."""

    status = 415
    title = "Send JSON in UTF-8"


def check_type(content_type: str, encoding: str = "") -> None:
    """Refuse a body that is not declared as plain JSON in UTF-8; raises WrongType."""
    kind, _, rest = content_type.partition(";")
    if kind.strip().lower() != "application/json":
        raise WrongType("Send the body with the header Content-Type: application/json.")
    for part in rest.split(";"):
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset" and value.strip(" \"'").lower() not in (
            "utf-8",
            "utf8",
        ):
            raise WrongType("JSON is always UTF-8. Send the body without another charset.")
    if encoding.strip().lower() not in ("", "identity"):
        raise WrongType("Send the body as it is, without a Content-Encoding.")


def check_size(length: int, most: int) -> None:
    """Refuse a body of more than `most` bytes; raises TooLarge."""
    if length > most:
        raise TooLarge(f"Send at most {most // 1024:,} kB at once, in smaller batches if need be.")


def read(raw: bytes) -> Any:
    """The document of a body. Raises Unreadable."""
    if not raw.strip(b" \t\r\n"):
        raise Unreadable("The body is empty. Send a JSON object.")
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"The body is not JSON: {error}.") from error
    except RecursionError as error:
        _too_deep(error)
    if _is_doubtful(document, raw):
        return _read_exactly(raw)
    return document


def _is_doubtful(document: Any, raw: bytes) -> bool:
    """Whether a key may have come twice, a number been bent, or a NUL be inside.

    Raises Unreadable when a value lies within more than MOST_DEPTH lists and objects.
    """
    keys = depth = 0
    is_bent = False
    texts: list[str] = []
    level: list[Any] = [document]
    while level:
        if depth > MOST_DEPTH:
            _too_deep()
        depth += 1
        below: list[Any] = []
        for each in level:
            kind = type(each)
            if kind is str:
                texts.append(each)
            elif kind is dict:
                keys += len(each)
                texts.extend(each)
                below.extend(each.values())
            elif kind is list:
                below.extend(each)
            elif kind is float and not 1e-300 < abs(each) < 9e18:
                is_bent = True  # An integer beyond 64 bits, or an exponent that left nothing.
        level = below
    if is_bent or b"\\u0000" in raw or b"\\u003a" in raw or b"\\u003A" in raw:
        return True
    colons = raw.count(b":")
    return colons != keys and colons != keys + "".join(texts).count(":")


def _too_deep(cause: Exception | None = None) -> NoReturn:
    raise Unreadable(f"The body nests lists and objects deeper than {MOST_DEPTH}.") from cause


def _read_exactly(raw: bytes) -> Any:
    """Read again with every key and number looked at. Raises Unreadable, or finds nothing wrong."""
    document = json.loads(
        raw.decode("utf-8"),
        object_pairs_hook=_once_each,
        parse_int=_integer,
        parse_float=_number,
        strict=True,
    )
    _refuse_nul(document)
    return document


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise Unreadable("A name comes twice in one object. Send each name once.")
    return made


def _integer(digits: str) -> int:
    if len(digits) <= _LONGEST_INTEGER + 1:
        value = int(digits)
        if _SMALLEST <= value <= _LARGEST:
            return value
    raise Unreadable("A whole number is too large. Send at most 64 bits.")


def _number(digits: str) -> float:
    if len(digits) <= _LONGEST_NUMBER:
        value = float(digits)
        mantissa = digits.lower().partition("e")[0]
        if abs(value) <= _LARGEST_NUMBER and (value != 0 or not mantissa.strip("-0.")):
            return value
    raise Unreadable("A number is too long, too large or too small to be kept.")


def _refuse_nul(document: Any) -> None:
    level: list[Any] = [document]
    while level:
        each = level.pop()
        if type(each) is dict:
            level.extend(each)
            level.extend(each.values())
        elif type(each) is list:
            level.extend(each)
        elif type(each) is str and "\0" in each:
            raise Unreadable("A text contains a NUL character, which cannot be stored.")
