"""SOQL questions: every value becomes a literal here, every name is checked here.

Source: SOQL and SOSL Reference, “Quoted String Escape Sequences” and “Date Formats”.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.cursor import Window

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}").fullmatch
_ESCAPES = {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ESCAPES |= {"\b": "\\b", "\f": "\\f"}


def name(text: str) -> str:
    """The name of an object or field as it is. Raises ValueError for anything else."""
    if not _NAME(text):
        raise ValueError("that is not the API name of an object or field")
    return text


def string(value: str) -> str:
    """A quoted string literal."""
    escaped = "".join(
        _ESCAPES.get(each) or (f"\\u{ord(each):04x}" if ord(each) < 32 else each) for each in value
    )
    return f"'{escaped}'"


def moment(value: datetime) -> str:
    """A dateTime literal of whole seconds in UTC: unquoted, unlike a string."""
    if value.tzinfo is None:
        raise ValueError("a moment without a zone")
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of one object: its fields, and the time of change that windows go by.

    `modified` is "" for an object without one, which is then read whole each time.
    """

    table: str
    fields: tuple[str, ...]
    modified: str
    is_deletion_marked: bool

    def page(self, window: Window, size: int) -> str:
        """The next page of a window, in the order of ids."""
        after = [] if window.after is None else [f"Id > {string(window.after)}"]
        where = self._where([*self._within(window), *after])
        return f"{self._select()}{where} ORDER BY Id LIMIT {int(size)}"

    def whole(self, window: Window) -> str:
        """Everything in the window, without an order: one has bulk jobs read in parallel."""
        return self._select() + self._where(self._within(window))

    def count(self, window: Window) -> str:
        """How many records the window holds."""
        return f"SELECT COUNT() FROM {name(self.table)}{self._where(self._within(window))}"

    def alive(self, ids: Sequence[str]) -> str:
        """Which of these ids belong to records that are there."""
        listed = ", ".join(string(each) for each in ids)
        unmarked = ["IsDeleted = false"] if self.is_deletion_marked else []
        where = self._where([f"Id IN ({listed})", *unmarked])
        return f"SELECT Id FROM {name(self.table)}{where} ORDER BY Id LIMIT {len(ids)}"

    def _within(self, window: Window) -> list[str]:
        if window.since is None:
            # Nothing is known yet, so what was deleted before need not be told.
            return ["IsDeleted = false"] if self.is_deletion_marked else []
        if not self.modified:
            return []
        field = name(self.modified)
        return [f"{field} >= {moment(window.since)}", f"{field} <= {moment(window.until)}"]

    def _select(self) -> str:
        return f"SELECT {', '.join(name(each) for each in self.fields)} FROM {name(self.table)}"

    @staticmethod
    def _where(terms: Sequence[str]) -> str:
        return f" WHERE {' AND '.join(terms)}" if terms else ""
