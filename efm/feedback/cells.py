"""Cells of spreadsheets that no spreadsheet program will run as a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

# A formula may hide behind blanks, a byte-order mark or full-width letters (OWASP CSV injection).
RISKY = re.compile(
    r"^[\s\x00-\x20\u00a0\u200b-\u200f\u2028-\u202f\u2060\u3000\ufeff]*[=+\-@＝＋－＠﹢﹣﹦﹫−]"
)
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udfff]")


def safe_text(value: str) -> str:
    """The text as a cell: control characters gone, a leading apostrophe where it could be a formula."""
    value = CONTROL.sub("", value)
    if value[:1] in ("\t", "\r", "\n") or RISKY.match(value):
        return "'" + value
    return value


def cell(value: Any) -> Any:
    """A value as a cell: numbers stay numbers, times are ISO 8601, texts are made safe."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, Decimal)):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return safe_text(str(value))


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """A CSV in UTF-8 with a byte-order mark (so that Excel reads it right), in pieces."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    yield b"\xef\xbb\xbf"
    writer.writerow([safe_text(name) for name in header])
    for number, row in enumerate(rows):
        writer.writerow([cell(value) for value in row])
        if number % 200 == 199:
            yield buffer.getvalue().encode("utf-8")
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode("utf-8")
