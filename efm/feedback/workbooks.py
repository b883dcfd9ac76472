"""Responses as a workbook: sheets of at most the format's rows, the codebook behind them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from efm.errors import Invalid
from efm.feedback import codebooks
from efm.feedback.cells import cell, safe_text
from efm.feedback.sheets import NOT_ASKED, Gathered, Sheet

# The limits of the format, the head line included.
MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
MOST_TEXT = 32_767


def write(
    sheet: Sheet, found: Iterable[Gathered], path: Path, *, most_rows: int = MOST_ROWS
) -> list[str]:
    """Write the workbook; returns what a reader must know. Texts are never formulas."""
    if len(sheet.variables) > MOST_COLUMNS:
        raise Invalid(
            f"A sheet has {MOST_COLUMNS:,} columns and the survey needs {len(sheet.variables):,}."
            " Choose CSV, Parquet or JSON Lines."
        )
    book = _open(path)
    pages = _Pages(book, "Responses", sheet.names, most_rows)
    for response in found:
        pages.add(sheet.cells(response))
    notes = []
    if pages.count > 1:
        notes.append(
            f"The responses fill {pages.count} sheets, since a sheet holds {most_rows:,} rows:"
            f" {pages.title(1)} to {pages.title(pages.count)}."
        )
    if pages.shortened:
        notes.append(
            f"{pages.shortened:,} texts were cut, since a cell holds {MOST_TEXT:,} characters."
        )
    lines = _Pages(book, "Codebook", codebooks.HEADER, most_rows)
    for line in codebooks.lines(sheet.variables):
        lines.add(line)
    if notes:
        page = book.add_worksheet("Notes")
        for place, note in enumerate(notes):
            page.write_string(place, 0, note)
    book.close()
    return notes


def write_codebook(sheet: Sheet, path: Path) -> None:
    """Write the codebook alone."""
    book = _open(path)
    lines = _Pages(book, "Codebook", codebooks.HEADER, MOST_ROWS)
    for line in codebooks.lines(sheet.variables):
        lines.add(line)
    book.close()


def _open(path: Path) -> Any:
    import xlsxwriter

    return xlsxwriter.Workbook(
        path,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "tmpdir": str(path.parent),
        },
    )


class _Pages:
    """Rows over as many sheets as they need, each under the same head line."""

    def __init__(self, book: Any, name: str, header: Sequence[str], most_rows: int) -> None:
        self._book, self._name, self._most = book, name, most_rows
        self._header = [safe_text(each) for each in header]
        self._bold = book.add_format({"bold": True})
        self.count = self.shortened = 0
        self._begin()

    def title(self, number: int) -> str:
        return self._name if number == 1 else f"{self._name} {number}"

    def add(self, row: Sequence[Any]) -> None:
        if self._line == self._most:
            self._begin()
        for place, value in enumerate(row):
            if value is not None and value is not NOT_ASKED:
                self._write(place, cell(value))
        self._line += 1

    def _begin(self) -> None:
        self.count += 1
        self._page = self._book.add_worksheet(self.title(self.count))
        self._page.freeze_panes(1, 0)
        for place, name in enumerate(self._header):
            self._page.write_string(0, place, name, self._bold)
        self._line = 1

    def _write(self, place: int, value: Any) -> None:
        if not isinstance(value, str):
            self._page.write_number(self._line, place, float(value))
            return
        kept = cut(value)
        self.shortened += kept != value
        if kept:
            self._page.write_string(self._line, place, kept)


def cut(text: str) -> str:
    """As much of the text as a cell takes; Excel counts a character beyond the first plane twice."""
    if len(text) * 2 <= MOST_TEXT:
        return text
    encoded = text.encode("utf-16-le")
    if len(encoded) <= 2 * MOST_TEXT:
        return text
    return encoded[: 2 * MOST_TEXT].decode("utf-16-le", "ignore")
