"""Excel workbooks (XLSX): one sheet read row by row, with bombs and encrypted files refused."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator, Sequence
from datetime import time, timedelta
from decimal import Decimal
from typing import Any

from connectors.errors import ConfigError
from connectors.records import Rejected
from connectors.systems.files.folder import Found
from connectors.systems.files.tables import (
    LONGEST_VALUE,
    MOST_COLUMNS,
    Batch,
    ragged,
    shown,
    unique_names,
)

MOST_UNPACKED = 1 << 30
MOST_STRINGS = 256 << 20
MOST_RATIO = 250
_SMALL = 4 << 20
_ERRORS = frozenset(("#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!"))
_DTD = (b"<!DOCTYPE", b"<!ENTITY", "<!DOCTYPE".encode("utf-16-le"), "<!DOCTYPE".encode("utf-16-be"))


class SheetTable:
    """One sheet of a workbook, open for reading in batches."""

    def __init__(self, file: Found, sheet: str = "") -> None:
        self.file, self._sheet = file, sheet
        inspect(file)
        book = self._book()
        try:
            page = self._page(book)
            self.titles = [each.title for each in book.worksheets]
            self.total: int | None = page.max_row or None
            page.reset_dimensions()  # a wrong size in the file must not hide rows
            self.names, self._header_row = self._header(page)
            first = self._first_rows(page)
        finally:
            book.close()
        if any(cell is None for row in first for cell in row):
            self._refuse_formulas(first)

    def batches(self, after: int, size: int) -> Iterator[Batch]:
        """See `Table`."""
        book = self._book()
        try:
            page = self._page(book)
            page.reset_dimensions()
            first = max(after, self._header_row) + 1
            width = len(self.names)
            batch = Batch(first - 1)
            rows = page.iter_rows(min_row=first, max_col=width + 8, values_only=True)
            for number, row in _readable(rows, first, self.file.name):
                batch.row = number
                self._judge(row, number, width, batch)
                if len(batch) >= size:
                    yield batch
                    batch = Batch(number)
            if len(batch):
                yield batch
        finally:
            book.close()

    def _judge(self, row: Sequence[Any], number: int, width: int, batch: Batch) -> None:
        values = [_value(cell) for cell in row]
        while len(values) > width and values[-1] is None:
            values.pop()
        if all(value is None for value in values):
            return
        reason = None
        if len(values) > width:
            reason = ragged(width, len(values))
        for value in values:
            if isinstance(value, str):
                if value in _ERRORS:
                    reason = f"A cell holds the spreadsheet error {value}."
                elif len(value) > LONGEST_VALUE:
                    reason = f"A value is longer than {LONGEST_VALUE:,} characters."
        if reason:
            batch.rejected.append(Rejected(None, number, reason, shown(self.names, values)))
            return
        values += [None] * (width - len(values))
        record = dict(zip(self.names, values, strict=True))
        record["_row"] = number
        batch.records.append(record)

    def _book(self, data_only: bool = True) -> Any:
        import openpyxl  # slow to import; only those who read workbooks pay

        # It warns of styles and dates it does not know; cells it cannot read are refused below.
        warnings.filterwarnings("ignore", category=UserWarning, module="openpyxl")
        try:
            return openpyxl.load_workbook(
                self.file.path, read_only=True, data_only=data_only, keep_links=False
            )
        except Exception as error:  # openpyxl fails in many ways on damaged files
            raise ConfigError(
                f"{self.file.name} cannot be read as a workbook; open it in a spreadsheet "
                "and save it again."
            ) from error

    def _page(self, book: Any) -> Any:
        if not self._sheet:
            if not book.worksheets:
                raise ConfigError(f"{self.file.name} has no sheet with cells.")
            return book.worksheets[0]
        for page in book.worksheets:
            if page.title.strip().lower() == self._sheet.strip().lower():
                return page
        known = ", ".join(page.title for page in book.worksheets)
        raise ConfigError(f"{self.file.name} has no sheet “{self._sheet}”; it has: {known}.")

    def _header(self, page: Any) -> tuple[list[str], int]:
        rows = page.iter_rows(max_row=100, max_col=MOST_COLUMNS + 1, values_only=True)
        for number, row in _readable(rows, 1, self.file.name):
            cells = list(row)
            while cells and cells[-1] in (None, ""):
                cells.pop()
            if cells:
                return unique_names(cells, self.file.name), number
        raise ConfigError(f"{self.file.name} is empty; the first row must hold the column names.")

    def _first_rows(self, page: Any) -> list[tuple[Any, ...]]:
        first = self._header_row + 1
        rows = page.iter_rows(first, first + 49, 1, len(self.names), values_only=True)
        return [row for _, row in _readable(rows, first, self.file.name)]

    def _refuse_formulas(self, stored: Sequence[tuple[Any, ...]]) -> None:
        """Formulas whose results were never stored would silently read as empty."""
        book = self._book(data_only=False)
        try:
            page = self._page(book)
            page.reset_dimensions()
            written = self._first_rows(page)
        finally:
            book.close()
        for results, formulas in zip(stored, written, strict=False):
            for result, formula in zip(results, formulas, strict=False):
                if result is None and isinstance(formula, str) and formula.startswith("="):
                    raise ConfigError(
                        f"{self.file.name} has formulas without stored results; open it in a "
                        "spreadsheet and save it again, or save the values only."
                    )


def _readable(rows: Any, first: int, name: str) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """The rows with their numbers; damage in the middle is a ConfigError with the row."""
    number = first - 1
    iterator = iter(rows)
    while True:
        number += 1
        try:
            row = next(iterator)
        except StopIteration:
            return
        except Exception as error:  # damaged XML fails in many ways
            raise ConfigError(
                f"{name} is damaged at row {number}; save it again in a spreadsheet."
            ) from error
        yield number, row


def _value(cell: Any) -> Any:
    """A cell's value: numbers as a person sees them (15 digits), never a float."""
    if isinstance(cell, float):
        if cell != cell or cell in (float("inf"), float("-inf")):
            return None
        return int(cell) if cell.is_integer() and abs(cell) < 1e15 else Decimal(f"{cell:.15g}")
    if isinstance(cell, str):
        return None if cell == "" or cell == "#N/A" else cell
    if isinstance(cell, time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return int(cell.total_seconds())
    return cell


def inspect(file: Found) -> None:
    """Refuses what is no workbook, is encrypted, or would unpack to far more than it is."""
    with file.path.open("rb") as source:
        start = source.read(8)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise ConfigError(
            f"{file.name} is protected by a password or in the old Excel format; "
            "save it as XLSX without a password."
        )
    if not start.startswith(b"PK"):
        raise ConfigError(f"{file.name} is not an Excel workbook, whatever its ending says.")
    try:
        with zipfile.ZipFile(file.path) as archive:
            _weigh(file.name, archive)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise ConfigError(f"{file.name} is damaged; save it again in a spreadsheet.") from error


def _weigh(name: str, archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    too_big = len(parts) > 10_000 or sum(part.file_size for part in parts) > MOST_UNPACKED
    for part in parts:
        ratio = part.file_size / max(1, part.compress_size)
        too_big = too_big or (part.file_size > _SMALL and ratio > MOST_RATIO)
        if part.filename.lower().endswith("sharedstrings.xml"):
            too_big = too_big or part.file_size > MOST_STRINGS
    if too_big:
        raise ConfigError(f"{name} unpacks to far more than it should; it is not read.")
    if not any(part.filename == "[Content_Types].xml" for part in parts):
        raise ConfigError(f"{name} is a ZIP file but not an Excel workbook.")
    for part in parts:
        if part.filename.lower().endswith((".xml", ".rels")):
            with archive.open(part) as source:
                start = source.read(1 << 16)
            if any(mark in start for mark in _DTD):
                raise ConfigError(f"{name} declares XML entities, which no spreadsheet writes.")
