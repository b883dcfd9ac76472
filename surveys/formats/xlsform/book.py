"""The sheets of an XLSForm as plain rows, from XLSX, XLS, CSV or Markdown: bounded, no file touched.

The one door to pyxform: its names of columns and of types are used, and its words for cells.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias

from surveys.formats.errors import FormatError
from surveys.strings import tidy

MAX_BYTES = 16 * 1024 * 1024
MAX_UNPACKED = 48 * 1024 * 1024
MAX_PARTS = 2_000
MAX_ROWS = 20_000
MAX_COLUMNS = 400
MAX_CELLS = 600_000
LONGEST_CELL = 32_767
# Below so many empty rows nobody goes on.
_MOST_EMPTY = 200
SHEETS = ("survey", "choices", "settings", "external_choices", "osm", "entities")
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MARKDOWN = re.compile(r"^\s*\|\s*(survey|choices|settings)\s*\|", re.I | re.M)

# A row by the parts of its columns' names: ("label", "French (fr)"), ("bind", "relevant").
Row: TypeAlias = Mapping[tuple[str, ...], str]


@dataclass(frozen=True, slots=True)
class Book:
    """The rows of each sheet, by the sheet's name in small letters."""

    survey: tuple[Row, ...]
    choices: tuple[Row, ...] = ()
    settings: tuple[Row, ...] = ()
    external_choices: tuple[Row, ...] = ()
    columns: tuple[tuple[str, ...], ...] = ()


def looks_like_one(content: bytes) -> bool:
    """Whether it may be an XLSForm: a workbook, or a table with a sheet called survey."""
    if content.startswith((_ZIP, _OLE)):
        return True
    text = content[:20_000].decode("utf-8-sig", "replace")
    if _MARKDOWN.search(text):
        return True
    lines = text.splitlines()[:40]
    if any(re.match(r'"?survey"?\s*[,;\t]*\s*$', line, re.I) for line in lines):
        return True
    first = [cell.strip(' "').lower() for cell in re.split(r"[,;\t]", lines[0])] if lines else []
    return "type" in first and "name" in first


def read_book(content: bytes) -> Book:
    """The workbook; raises FormatError and nothing else."""
    if len(content) > MAX_BYTES:
        raise FormatError(f"The file is larger than {MAX_BYTES >> 20} MB. Is it an XLSForm?")
    try:
        sheets = _sheets(content)
        survey = sheets.get("survey")
        if survey is None:
            raise FormatError("There is no sheet called survey in it, so it is no XLSForm.")
        return _book(sheets)
    except FormatError:
        raise
    except Exception as error:  # The libraries behind fail in many ways on damaged files.
        raise FormatError(
            f"The workbook is damaged and cannot be read ({type(error).__name__})."
        ) from error


def _sheets(content: bytes) -> dict[str, list[list[str]]]:
    if content.startswith(_ZIP):
        return _bounded(_xlsx(content))
    if content.startswith(_OLE):
        return _bounded(_xls(content))
    for encoding in ("utf-8-sig", "utf-16"):
        try:
            text = content.decode(encoding)
        except UnicodeError:
            continue
        if encoding == "utf-16" and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
            break
        if _MARKDOWN.search(text[:20_000]):
            return _bounded(_markdown(text))
        return _bounded(_csv(text))
    raise FormatError("It is no workbook and no text in UTF-8, so it is no XLSForm.")


def _bounded(
    sheets: Iterable[tuple[str, Iterable[Sequence[object]]]],
) -> dict[str, list[list[str]]]:
    """The sheets that matter, as texts; raises FormatError beyond the bounds."""
    read: dict[str, list[list[str]]] = {}
    left = MAX_CELLS
    for name, rows in sheets:
        kept: list[list[str]] = []
        empty = 0
        for row in rows:
            cells = [_cell(value) for value in row[:MAX_COLUMNS]]
            while cells and not cells[-1]:
                cells.pop()
            empty = 0 if cells else empty + 1
            left -= len(cells)
            if empty > _MOST_EMPTY:
                break
            if left < 0 or len(kept) > MAX_ROWS:
                raise FormatError(
                    f"The sheet {name} has more than {MAX_ROWS:,} rows or {MAX_CELLS:,} cells."
                )
            kept.append(cells)
        read.setdefault(name, kept)
    return read


def _cell(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        from pyxform.xls2json_backends import xlsx_value_to_str  # type: ignore[import-untyped]

        value = str(xlsx_value_to_str(value))
    return tidy(value.replace("\xa0", " ")[:LONGEST_CELL])


def _named(names: Sequence[str]) -> list[tuple[str, int]]:
    """The sheets that matter with their places; a lonely sheet of another name is the survey."""
    if len(names) == 1 and names[0].strip().lower() not in SHEETS:
        return [("survey", 0)]
    found = [(name.strip().lower(), place) for place, name in enumerate(names)]
    return [each for each in found if each[0] in SHEETS]


def _xlsx(content: bytes) -> Iterator[tuple[str, Iterator[Sequence[object]]]]:
    import warnings

    import openpyxl

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
    texts = [part for part in parts if not part.filename.startswith("xl/media/")]
    # What a part says of its size is the most that is read of it.
    if len(parts) > MAX_PARTS or sum(part.file_size for part in texts) > MAX_UNPACKED:
        raise FormatError("The workbook is far larger unpacked than an XLSForm ever is.")
    if not any(part.filename == "[Content_Types].xml" for part in parts):
        raise FormatError("It is a ZIP file, but no workbook.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(
            io.BytesIO(content), read_only=True, data_only=True, keep_links=False
        )
        try:
            for name, place in _named(book.sheetnames):
                sheet = book[book.sheetnames[place]]
                if not hasattr(sheet, "reset_dimensions"):
                    continue  # A sheet of charts has no cells.
                # Some tools write a wrong size of the sheet.
                sheet.reset_dimensions()
                # Rows are filled up to the width asked for, so it is that of the header.
                first = sheet.iter_rows(max_row=100, max_col=MAX_COLUMNS, values_only=True)
                header = next((row for row in first if any(row)), ())
                width = max((n for n, cell in enumerate(header, 1) if cell is not None), default=1)
                yield name, sheet.iter_rows(max_row=MAX_ROWS + 2, max_col=width, values_only=True)
        finally:
            book.close()


def _xls(content: bytes) -> Iterator[tuple[str, Iterator[Sequence[object]]]]:
    import xlrd  # type: ignore[import-untyped]
    from pyxform.xls2json_backends import xls_value_to_unicode

    book = xlrd.open_workbook(
        file_contents=content, logfile=io.StringIO(), on_demand=True, ragged_rows=True
    )

    def rows(sheet: Any) -> Iterator[Sequence[object]]:
        for number in range(sheet.nrows):
            yield [
                xls_value_to_unicode(cell.value, cell.ctype, book.datemode)
                if cell.value not in ("", None) and cell.ctype != xlrd.XL_CELL_ERROR
                else None
                for cell in sheet.row(number)[:MAX_COLUMNS]
            ]

    try:
        for name, place in _named(book.sheet_names()):
            yield name, rows(book.sheet_by_index(place))
    finally:
        book.release_resources()


def _csv(text: str) -> Iterator[tuple[str, Iterator[Sequence[object]]]]:
    """Sheets below one another, each begun by its name in the first column; or the survey alone."""
    if "\0" in text:
        raise FormatError("It holds binary data, so it is no XLSForm.")
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=first.count) if first else ","
    rows = list(
        islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), MAX_ROWS + 100)
    )
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    if "type" in header and ("name" in header or "label" in header):
        yield "survey", iter(rows)
        return
    if len(header) > 1 and header[1:] and header[0] not in SHEETS and "type" not in header:
        delimiter = ","
    name, found = "", list[list[str]]()
    for row in rows:
        begun = row[0].strip().lower() if row else ""
        if begun:
            if name in SHEETS:
                yield name, iter(found)
            name, found = begun, []
        if len(row) > 1 and any(cell.strip() for cell in row[1:]):
            found.append(row[1:])
    if name in SHEETS:
        yield name, iter(found)


def _markdown(text: str) -> Iterator[tuple[str, Iterator[Sequence[object]]]]:
    """Tables whose first column names the sheet."""
    name, found = "", list[list[str]]()
    for line in text.splitlines()[: MAX_ROWS + 100]:
        line = line.strip()
        if not line.startswith("|") or not line.strip("|-: "):
            continue
        cells = [cell.replace("\\|", "|").strip() for cell in re.split(r"(?<!\\)\|", line)[1:]]
        if line.endswith("|") and cells:
            cells.pop()
        if cells and cells[0]:
            if name in SHEETS:
                yield name, iter(found)
            name, found = cells[0].lower(), []
        if any(cells[1:]):
            found.append(cells[1:])
    if name in SHEETS:
        yield name, iter(found)


def _book(sheets: Mapping[str, list[list[str]]]) -> Book:
    from pyxform import aliases  # type: ignore[import-untyped]
    from pyxform.question import MultipleChoiceQuestion, Option  # type: ignore[import-untyped]
    from pyxform.survey import Survey  # type: ignore[import-untyped]

    asked = set(MultipleChoiceQuestion.get_slot_names())
    offered = set(Option.get_slot_names())
    survey, columns = _rows(sheets["survey"], aliases.survey_header, asked)
    if ("type",) not in columns:
        raise FormatError("The sheet survey has no column type, so it is no XLSForm.")
    return Book(
        survey=survey,
        choices=_rows(sheets.get("choices", []), aliases.list_header, offered)[0],
        settings=_rows(
            sheets.get("settings", []), aliases.settings_header, set(Survey.get_slot_names())
        )[0],
        external_choices=_rows(sheets.get("external_choices", []), aliases.list_header, offered)[0],
        columns=columns,
    )


def _rows(
    cells: list[list[str]], known: Mapping[str, Any], plain: set[str]
) -> tuple[tuple[Row, ...], tuple[tuple[str, ...], ...]]:
    """The rows of a sheet by the parts of their columns' names; the first of two columns counts."""
    from pyxform.parsing.sheet_headers import process_header  # type: ignore[import-untyped]

    rows = iter(cells)
    header = next((row for row in rows if row), [])
    is_doubled = any("::" in name for name in header)
    columns: list[tuple[str, ...]] = []
    for name in header:
        try:
            tokens = process_header(" ".join(name.split()), is_doubled, known, plain)[1]
        except (IndexError, AttributeError, TypeError):
            tokens = (name,)
        parts = tuple(str(token) for token in tokens)
        columns.append(parts if name and parts not in columns else ())
    return (
        tuple(
            {column: value for column, value in zip(columns, row, strict=False) if column and value}
            for row in rows
            if row
        ),
        tuple(column for column in columns if column),
    )
