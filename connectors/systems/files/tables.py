"""What every kind of file is read as: a header and batches of rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol, TypeVar

from connectors.errors import ConfigError
from connectors.records import Raw, Rejected

MOST_COLUMNS = 2_000
LONGEST_VALUE = 1 << 20
_SHOWN = 1_000


@dataclass(slots=True)
class Batch:
    """Rows of a file up to and including `row` (as a spreadsheet counts: the header is 1)."""

    row: int
    records: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.records) + len(self.rejected)


class Table(Protocol):
    """An open file: its column names, about how many rows, and its rows in batches."""

    names: list[str]
    total: int | None

    def batches(self, after: int, size: int) -> Iterator[Batch]:
        """Batches of at most `size` rows, beginning after row `after` (0: from the start)."""


def unique_names(header: Iterable[Any], file: str) -> list[str]:
    """Column names as they are used: trimmed, never empty, never twice, no leading underscore.

    Raises ConfigError when there are none, too many, or unusable ones.
    """
    names: list[str] = []
    seen: set[str] = set()
    times: dict[str, int] = {}
    for position, cell in enumerate(header, start=1):
        text = "" if cell is None else " ".join(str(cell).split())
        if "\0" in text or not _is_unicode(text):
            raise ConfigError(f"{file}: column {position} has a name that is not text.")
        if len(text) > 200:
            raise ConfigError(
                f"{file}: column {position} has a name of {len(text):,} characters. "
                "The first row must hold the column names."
            )
        name = base = text.lstrip("_") or f"column_{position}"
        while name in seen:
            times[base] = times.get(base, 1) + 1
            name = f"{base}_{times[base]}"
        seen.add(name)
        names.append(name)
        if len(names) > MOST_COLUMNS:
            raise ConfigError(f"{file} has more than {MOST_COLUMNS:,} columns.")
    if not names:
        raise ConfigError(f"{file} is empty; the first row must hold the column names.")
    return names


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def shown(names: Sequence[str], values: Sequence[Any]) -> Raw:
    """A refused row for showing: by column, surplus values under `_extra`, long ones cut."""
    document: dict[str, Any] = {
        name: _cut(value) for name, value in zip(names, values, strict=False)
    }
    if len(values) > len(names):
        document["_extra"] = [_cut(value) for value in values[len(names) : len(names) + 50]]
    return document


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        text = value.replace("\0", "�").encode("utf-8", "replace").decode("utf-8")
        return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    return value


def ragged(width: int, count: int) -> str:
    """The reason a row of the wrong length is refused."""
    return f"The row has {count} columns and the header has {width}."


T = TypeVar("T")


def with_last(items: Iterable[T]) -> Iterator[tuple[T, bool]]:
    """Each item with whether it is the last."""
    iterator = iter(items)
    try:
        held = next(iterator)
    except StopIteration:
        return
    for item in iterator:
        yield held, False
        held = item
    yield held, True


def type_of(values: Sequence[Any]) -> str:
    """The type that fits all values of a sample (see FIELD_TYPES); text when none does."""
    kinds = {_kind(value) for value in values if value is not None and value != ""}
    if not kinds:
        return "text"
    if len(kinds) == 1:
        return kinds.pop()
    if kinds <= {"integer", "decimal", "float"}:
        return "float" if "float" in kinds else "decimal"
    return "datetime" if kinds == {"date", "datetime"} else "text"


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return _text_kind(value.strip())
    pairs = ((int, "integer"), (Decimal, "decimal"), (float, "float"), (datetime, "datetime"))
    for python, name in pairs:
        if isinstance(value, python):
            return name
    if isinstance(value, date):
        return "date"
    return "json" if isinstance(value, (dict, list, tuple)) else "text"


def _text_kind(text: str) -> str:
    digits = text.lstrip("+-")
    if digits.isdecimal() and digits.isascii():
        # 007 and telephone numbers are names, not quantities.
        return "integer" if len(digits) < 16 and (digits == "0" or digits[0] != "0") else "text"
    whole, dot, part = digits.partition(".")
    if dot and whole.isdecimal() and part.isdecimal():
        return "decimal"
    if text.lower() in ("true", "false", "yes", "no"):
        return "boolean"
    if len(text) >= 10 and text[4:5] == "-" and text[7:8] == "-":
        try:
            datetime.fromisoformat(text)
        except ValueError:
            return "text"
        return "date" if len(text) == 10 else "datetime"
    return "text"
