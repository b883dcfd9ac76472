"""Opening a file as what it is, and the sample from which its stream is described.

Samples are kept for the process by path, size and times, so that describing the streams of a
folder again costs nothing while its files stay the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from connectors.errors import ConfigError
from connectors.systems.files.csvs import CsvTable
from connectors.systems.files.folder import Found, facts_of
from connectors.systems.files.parquet import ParquetTable
from connectors.systems.files.sheets import SheetTable
from connectors.systems.files.streams import Sample, id_columns, unique_columns
from connectors.systems.files.tables import Batch, Table

_SAMPLED = 200


@dataclass(frozen=True, slots=True)
class Format:
    """How to read a file where it does not say itself: `auto` means find out."""

    delimiter: str = "auto"
    encoding: str = "auto"
    sheet: str = ""


def open_table(file: Found, how: Format) -> Table:
    """The file as a table. Raises ConfigError, with its name, when it is none."""
    if file.size == 0:
        raise ConfigError(f"{file.name} is empty; the first row must hold the column names.")
    if file.kind == "xlsx":
        return SheetTable(file, how.sheet)
    if file.kind == "parquet":
        return ParquetTable(file)
    return CsvTable(file, facts_of(file), how.delimiter, how.encoding)


@lru_cache(maxsize=512)
def sample_of(file: Found, how: Format) -> Sample:
    """The first records, and which id columns never repeat. Raises ConfigError like `open_table`."""
    table = open_table(file, how)
    first = next(iter(table.batches(0, _SAMPLED)), Batch(0))
    candidates = id_columns(table.names)
    every = (record for batch in table.batches(0, 5_000) for record in batch.records)
    unique = unique_columns(candidates, every) if candidates else frozenset()
    return Sample(tuple(table.names), tuple(first.records), unique)
