"""The rows that could not be used, as a CSV: line, reason, and the cells, to mend and bring in again."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from efm.feedback.cells import cell, safe_text

NAME = "refused.csv"
HEAD = ("line", "why it was refused")


class Refused:
    """Appends to the file; what a load that was cut had written beyond its last batch is cut off."""

    def __init__(self, path: Path | None, columns: Sequence[str], known_bytes: int) -> None:
        self._path, self._columns, self._known = path, columns, known_bytes
        self._file: TextIO | None = None
        self._writer: Any = None

    def __enter__(self) -> Refused:
        if self._path is None:
            return self
        if self._path.exists():
            with self._path.open("r+b") as file:
                file.truncate(self._known)
        self._file = self._path.open("a", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\r\n")
        if self._file.tell() == 0:
            self._file.write("\ufeff")
            self._writer.writerow([safe_text(name) for name in (*HEAD, *self._columns)])
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, row: int | None, reason: str, record: Mapping[str, Any]) -> None:
        """One row, as far as it could be read."""
        if self._writer is not None:
            cells = [_cell(record.get(name)) for name in self._columns]
            self._writer.writerow([row or "", safe_text(reason), *cells])

    def flushed(self) -> int:
        """How long the file is, with all that was added on the disk."""
        if self._file is None:
            return 0
        self._file.flush()
        return self._file.tell()


def _cell(value: Any) -> Any:
    made = cell(value)
    if isinstance(made, str):
        # What came with its apostrophe keeps that one; bytes that were no text become signs.
        return made.encode("utf-8", "replace").decode()
    return made
