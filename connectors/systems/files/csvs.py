"""CSV files: delimiter and encoding found out, rows in batches, damaged rows refused one by one."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import IO, Any

from connectors.errors import ConfigError
from connectors.records import Rejected
from connectors.systems.files.folder import Facts, Found
from connectors.systems.files.tables import LONGEST_VALUE, Batch, ragged, shown, unique_names

DELIMITERS = (",", ";", "\t", "|")
_SAMPLE = 1 << 16
_LONGEST_LINE = 4 * LONGEST_VALUE
_DAMAGED = re.compile("[\ufffd\udc80-\udcff]").search
_MAGIC = {b"PK\x03\x04": "an Excel workbook or ZIP file", b"PAR1": "a Parquet file"}
_MAGIC |= {b"\xd0\xcf\x11\xe0": "an old Excel file", b"%PDF": "a PDF file", b"\x1f\x8b": "gzip"}


class CsvTable:
    """One CSV file, open for reading in batches."""

    def __init__(self, file: Found, facts: Facts, delimiter: str, encoding: str) -> None:
        self.file, self._facts = file, facts
        self._encoding = facts.encoding if encoding == "auto" else encoding
        if self._encoding == "utf-8":
            self._encoding = "utf-8-sig"
        self._is_suspect = facts.has_nul or not facts.is_clean
        self.total: int | None = facts.lines
        _refuse_disguise(file)
        sample = self._sample()
        self._skip, self._delimiter = 0, delimiter
        first = sample.partition("\n")[0].strip().lower()
        if first.startswith("sep=") and len(first) == 5:  # a line that spreadsheets write
            self._skip, sample = 1, sample.partition("\n")[2]
            self._delimiter = first[4] if delimiter == "auto" else delimiter
        if self._delimiter == "auto":
            self._delimiter = sniff(sample)
        csv.field_size_limit(max(csv.field_size_limit(), LONGEST_VALUE))
        self.names, self._header_row = self._header()

    def batches(self, after: int, size: int) -> Iterator[Batch]:
        """See `Table`."""
        with self._open() as source:
            reader = self._reader(source)
            number = 0
            while number < self._header_row:
                next(reader, None)
                number += 1
            batch = Batch(number)
            while True:
                try:
                    number = yield from self._rows(reader, number, after, size, batch)
                    break
                except csv.Error as error:
                    number = batch.row = batch.row + 1
                    if number > after:
                        batch.rejected.append(Rejected(None, number, _reason(error, number)))
                except UnicodeError as error:
                    raise ConfigError(
                        f"{self.file.name} is not written in {self._encoding}; "
                        "choose another encoding."
                    ) from error
            if len(batch):
                yield batch

    def _rows(
        self, reader: Iterator[list[str]], number: int, after: int, size: int, batch: Batch
    ) -> Generator[Batch, None, int]:
        """The rows up to the end; `batch` is emptied in place each time it is handed out."""
        names, width, suspect = self.names, len(self.names), self._is_suspect
        for row in reader:
            number += 1
            batch.row = number
            if number <= after:
                continue
            if len(row) == width and not suspect and (row[0] or any(row)):
                record: dict[str, Any] = dict(zip(names, row, strict=True))
                record["_row"] = number
                batch.records.append(record)
            elif row:
                self._judge(row, number, batch)
            if len(batch.records) + len(batch.rejected) >= size:
                yield Batch(number, batch.records, batch.rejected)
                batch.records, batch.rejected = [], []
        return number

    def _judge(self, row: list[str], number: int, batch: Batch) -> None:
        """A row that is ragged, or comes from a file with NULs or damaged bytes."""
        reason = None
        text = "".join(row)
        if not text:
            return
        if "\0" in text:
            reason = "The row contains a NUL character."
        elif _DAMAGED(text):
            reason = f"The row contains bytes that are not {self._encoding.removesuffix('-sig')}."
        elif len(row) != len(self.names):
            reason = ragged(len(self.names), len(row))
        if reason:
            batch.rejected.append(Rejected(None, number, reason, shown(self.names, row)))
        else:
            record: dict[str, Any] = dict(zip(self.names, row, strict=True))
            record["_row"] = number
            batch.records.append(record)

    def _open(self) -> IO[str]:
        errors = "replace" if self._encoding.startswith("utf-16") else "surrogateescape"
        source = self.file.path.open(encoding=self._encoding, errors=errors, newline="")
        for _ in range(self._skip):
            source.readline()
        return source

    def _reader(self, source: IO[str]) -> Iterator[list[str]]:
        lines: Iterable[str] = source
        if self._facts.has_long_line:  # a line without end must not be held whole
            lines = _bounded(source)
        return csv.reader(lines, delimiter=self._delimiter, strict=True)

    def _header(self) -> tuple[list[str], int]:
        """The column names and the number of their row; blank rows before them are passed over."""
        try:
            with self._open() as source:
                for number, row in enumerate(self._reader(source), start=1):
                    if any(cell.strip() for cell in row):
                        return unique_names(row, self.file.name), number
                    if number > 100:
                        break
        except csv.Error as error:
            raise ConfigError(f"{self.file.name}: the first row cannot be read.") from error
        except UnicodeError as error:
            raise ConfigError(f"{self.file.name} is not written in {self._encoding}.") from error
        raise ConfigError(f"{self.file.name} is empty; the first row must hold the column names.")

    def _sample(self) -> str:
        try:
            with self._open_sample() as source:
                return source.read(_SAMPLE)
        except (UnicodeError, LookupError) as error:
            raise ConfigError(f"{self.file.name} is not written in {self._encoding}.") from error

    def _open_sample(self) -> IO[str]:
        return self.file.path.open(encoding=self._encoding, errors="replace", newline=None)


def _bounded(source: IO[str]) -> Iterator[str]:
    """The lines, where one longer than any row may be becomes a value that is refused."""
    ends = ("\n", "\r")
    while line := source.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE and not line.endswith(ends):
            while (rest := source.readline(_LONGEST_LINE)) and not rest.endswith(ends):
                pass
            line = "x" * (LONGEST_VALUE + 1) + "\n"
        yield line


def _refuse_disguise(file: Found) -> None:
    with file.path.open("rb") as source:
        start = source.read(4)
    for magic, name in _MAGIC.items():
        if start.startswith(magic):
            raise ConfigError(f"{file.name} is {name}, not CSV; give it its right ending.")


def _reason(error: csv.Error, number: int) -> str:
    text = str(error)
    if "field larger" in text:
        return (
            f"The row or a value in it is longer than {LONGEST_VALUE:,} characters; "
            "perhaps a quotation mark is never closed."
        )
    if "end of data" in text:
        return f"A quotation mark opened in row {number} is never closed; the rest was not read."
    return "The quotation marks of the row do not pair up."


def sniff(sample: str) -> str:
    """The delimiter that divides the first lines into the most columns, evenly."""
    best, best_score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        counts = _counts(sample, delimiter)
        if not counts or max(counts) < 2:
            continue
        usual = max(set(counts), key=counts.count)
        score = (counts.count(usual) / len(counts) if usual > 1 else 0.0, usual)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _counts(sample: str, delimiter: str) -> Sequence[int]:
    counts: list[int] = []
    try:
        for row in csv.reader(io.StringIO(sample), delimiter=delimiter):
            if row:
                counts.append(len(row))
            if len(counts) >= 51:
                return counts[:50]
    except csv.Error:
        return counts
    # The sample may end in the middle of a row.
    return counts[:-1] if len(counts) > 2 and len(sample) >= _SAMPLE else counts
