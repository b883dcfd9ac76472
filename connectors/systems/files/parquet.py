"""Parquet files: batches of rows with their own types; lists and structures stay JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from connectors.errors import ConfigError
from connectors.records import Rejected
from connectors.systems.files.folder import Found
from connectors.systems.files.tables import LONGEST_VALUE, Batch, shown, unique_names

MOST_IN_GROUP = 2 << 30


class ParquetTable:
    """One Parquet file, open for reading in batches."""

    def __init__(self, file: Found) -> None:
        self.file = file
        source = self._open()
        try:
            facts = source.metadata
            self.names = unique_names(source.schema_arrow.names, file.name)
            self.total: int | None = int(facts.num_rows)
            for number in range(facts.num_row_groups):
                if facts.row_group(number).total_byte_size > MOST_IN_GROUP:
                    raise ConfigError(
                        f"{file.name} holds more than {MOST_IN_GROUP >> 30} GB in one row group; "
                        "write it with smaller ones."
                    )
        finally:
            source.close()

    def batches(self, after: int, size: int) -> Iterator[Batch]:
        """See `Table`. Row 1 is the header a spreadsheet would show, so the first row is 2."""
        import pyarrow

        source = self._open()
        number = 1
        try:
            groups, skipped = self._groups(source, max(0, after - 1))
            number += skipped
            for part in source.iter_batches(batch_size=size, row_groups=groups, use_threads=False):
                batch = Batch(number)
                columns = [_values(column) for column in part.columns]
                for row in zip(*columns, strict=True) if columns else ():
                    number += 1
                    batch.row = number
                    if number > after:
                        self._judge(row, number, batch)
                if len(batch):
                    yield batch
        except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
            raise ConfigError(
                f"{self.file.name} is damaged or of a kind that cannot be read (row {number})."
            ) from error
        finally:
            source.close()

    @staticmethod
    def _groups(source: Any, rows: int) -> tuple[list[int], int]:
        """The row groups still to read after `rows` rows, and how many rows lie before them."""
        before = 0
        groups: list[int] = []
        for number in range(source.metadata.num_row_groups):
            count = source.metadata.row_group(number).num_rows
            if groups or before + count > rows:
                groups.append(number)
            else:
                before += count
        return groups, before

    def _judge(self, row: tuple[Any, ...], number: int, batch: Batch) -> None:
        if any(isinstance(value, str) and len(value) > LONGEST_VALUE for value in row):
            reason = f"A value is longer than {LONGEST_VALUE:,} characters."
            batch.rejected.append(Rejected(None, number, reason, shown(self.names, row)))
            return
        record = dict(zip(self.names, row, strict=True))
        record["_row"] = number
        batch.records.append(record)

    def _open(self) -> Any:
        import pyarrow
        import pyarrow.parquet as parquet  # slow to import; only those who read Parquet pay

        try:
            return parquet.ParquetFile(self.file.path, memory_map=False, pre_buffer=False)
        except (pyarrow.ArrowException, OSError, ValueError) as error:
            raise ConfigError(
                f"{self.file.name} is not a Parquet file that can be read; write it again."
            ) from error


def _values(column: Any) -> list[Any]:
    """A column as Python values: nanoseconds cut to microseconds, NaN as nothing, bytes as hex."""
    import pyarrow

    kind = column.type
    if pyarrow.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pyarrow.types.is_timestamp(kind) and kind.unit == "ns":
        column = column.cast(pyarrow.timestamp("us", kind.tz), safe=False)
    elif pyarrow.types.is_duration(kind) or pyarrow.types.is_time(kind):
        column = column.cast(pyarrow.int64()) if pyarrow.types.is_duration(kind) else column
    values: list[Any] = column.to_pylist()
    if pyarrow.types.is_floating(kind):
        return [None if v is None or not math.isfinite(v) else v for v in values]
    if pyarrow.types.is_binary(kind) or pyarrow.types.is_large_binary(kind):
        return [None if v is None else v.hex() for v in values]
    if pyarrow.types.is_time(kind):
        return [None if v is None else v.isoformat() for v in values]
    if pyarrow.types.is_map(kind):
        return [None if v is None else {str(k): each for k, each in v} for v in values]
    return values
