"""Rows as typed columns: batches of Arrow, and the Parquet file made of them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from typing import Any, TypeAlias

from efm.feedback.sheets import NOT_ASKED, Cell, Gathered, Sheet
from surveys.codebook import Variable

# Cells held at once before they are written: some ten megabytes, however wide the sheet is.
CELLS = 1_000_000
MOST_ROWS = 50_000

Column: TypeAlias = tuple[Any, Callable[[Cell], Any]]


def batches(
    sheet: Sheet, found: Iterable[Gathered], columns: Iterable[Column], schema: Any
) -> Iterator[Any]:
    """The responses as Arrow record batches; each column's second part makes its value of a cell."""
    import pyarrow

    converters = [convert for _, convert in columns]
    types = [field.type for field in schema]
    size = max(1, min(MOST_ROWS, CELLS // max(1, len(types))))
    held: list[list[Cell]] = []

    def batch() -> Any:
        arrays = [
            pyarrow.array(map(convert, cells), type=kind, size=len(held))
            for convert, kind, cells in zip(converters, types, zip(*held, strict=True), strict=True)
        ]
        return pyarrow.record_batch(arrays, schema=schema)

    for response in found:
        held.append(sheet.cells(response))
        if len(held) == size:
            yield batch()
            held = []
    if held:
        yield batch()


def _plain(value: Cell) -> Any:
    return None if value is NOT_ASKED else value


def _text(value: Cell) -> str | None:
    return None if value is None or value is NOT_ASKED else str(value)


def _whole(value: Cell) -> int | None:
    return int(value) if isinstance(value, int | float) else None


def parquet_column(variable: Variable) -> Column:
    """The Arrow type of a variable and how a cell becomes a value of it."""
    import pyarrow

    found: dict[str, Column] = {
        "text": (pyarrow.string(), _text),
        "key": (pyarrow.string(), _text),
        "flag": (pyarrow.int8(), _whole),
        "whole": (pyarrow.int64(), _whole),
        "number": (pyarrow.float64(), _plain),
        "day": (pyarrow.date32(), _plain),
        "moment": (pyarrow.timestamp("us", tz="UTC"), _plain),
    }
    return found[variable.type]


def as_parquet(sheet: Sheet, found: Iterable[Gathered]) -> Iterator[bytes]:
    """The responses as a Parquet file in pieces, a row group at a time; labels are in the schema."""
    import pyarrow
    import pyarrow.parquet as parquet

    columns = [parquet_column(variable) for variable in sheet.variables]
    schema = pyarrow.schema(
        [
            pyarrow.field(variable.name, column[0], metadata={"label": variable.label})
            for variable, column in zip(sheet.variables, columns, strict=True)
        ]
    )
    sink = _Pieces()
    with parquet.ParquetWriter(sink, schema, compression="zstd") as writer:
        for batch in batches(sheet, found, columns, schema):
            writer.write_batch(batch, row_group_size=batch.num_rows)
            yield from sink.taken()
    yield from sink.taken()


class _Pieces(io.RawIOBase):
    """A file that is only written to, whose bytes are taken away as they come."""

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        held = bytes(piece)
        self._held.append(held)
        self._written += len(held)
        return len(held)

    def tell(self) -> int:
        return self._written

    def taken(self) -> Iterator[bytes]:
        """What was written since the last time."""
        held, self._held = self._held, []
        yield from held


def day_number(value: Cell) -> int | None:
    """Days since 1970-01-01."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.toordinal() - _FIRST_DAY
    return None


_FIRST_DAY = date(1970, 1, 1).toordinal()
