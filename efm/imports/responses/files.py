"""The file of past responses as a table: opened, its first rows looked at, odd head lines passed over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from connectors.errors import ConnectorError
from connectors.records import Rejected
from connectors.systems.files.folder import KINDS, Found
from connectors.systems.files.opening import Format, open_table
from connectors.systems.files.tables import Batch, Table
from efm.errors import Invalid
from efm.imports.responses.sheets_in_turn import in_turn

LOOKED_AT = 1000
MOST_COLUMNS = 1500
BATCH = 1000


@dataclass
class Look:
    """The first rows of a file: columns, records, what was refused, about how many rows in all.

    ``after`` is the row behind which the answers begin, ``heads`` what further head lines call the
    columns, ``is_escaped`` says that a leading apostrophe may stand before what could be a formula.
    """

    columns: list[str]
    records: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    total: int | None = None
    is_whole: bool = False
    after: int = 0
    heads: dict[str, str] = field(default_factory=dict)
    is_escaped: bool = True

    def cells(self, column: str) -> list[Any]:
        """What the column says, without blanks."""
        found = (record.get(column) for record in self.records)
        return [cell for cell in found if cell is not None and cell != ""]


class Rows:
    """One file, read in batches from any row on; whatever is wrong with it is said in words."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if path.suffix.lower() not in KINDS:
            raise Invalid(f"{path.name} is not a CSV, Excel (.xlsx) or Parquet file.")
        try:
            facts = path.stat()
        except OSError as error:
            raise Invalid(f"{path.name} cannot be read: {error.strerror}.") from error
        found = Found(path.name, path, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
        try:
            self.table: Table = in_turn(found, open_table(found, Format()))
        except ConnectorError as error:
            raise Invalid(error.message) from error
        self.columns = list(self.table.names)
        # Parquet's texts are as they are; what a spreadsheet opens is guarded against formulas.
        self.is_escaped = path.suffix.lower() not in (".parquet", ".pq")
        if len(self.columns) > MOST_COLUMNS:
            raise Invalid(f"{path.name} has more than {MOST_COLUMNS:,} columns.")

    def batches(self, after: int, size: int = BATCH) -> Iterator[Batch]:
        """Batches of rows behind a row. Raises Invalid when the file is damaged."""
        try:
            yield from self.table.batches(after, size)
        except ConnectorError as error:
            raise Invalid(error.message) from error

    def look(self) -> Look:
        """The first rows. Raises Invalid when the file is damaged or empty."""
        made = Look(self.columns, is_escaped=self.is_escaped)
        count = 0
        batches = self.batches(0, LOOKED_AT)
        for batch in islice(batches, 2):
            made.records += batch.records
            made.rejected += batch.rejected
            count += 1
            if len(made.records) + len(made.rejected) > LOOKED_AT:
                break
        made.is_whole = len(made.records) + len(made.rejected) <= LOOKED_AT and count < 2
        made.after = _answers_begin_after(made.records[:3])
        if made.after:
            made.heads = {name: str(value or "") for name, value in made.records[0].items()}
        made.records = [each for each in made.records if each["_row"] > made.after][:LOOKED_AT]
        if not made.records:
            why = f": {made.rejected[0].reason}" if made.rejected else "."
            raise Invalid(f"{self.path.name} has no row that can be read{why}")
        seen = len(made.records) + len(made.rejected)
        made.total = seen if made.is_whole else self.table.total
        return made


def _answers_begin_after(first: list[dict[str, Any]]) -> int:
    """Qualtrics writes two more head lines: the texts of the questions, and its own ids as JSON."""
    for record in first:
        cells = [value for name, value in record.items() if name != "_row" and value]
        if cells and all(str(cell).startswith('{"ImportId"') for cell in cells):
            return int(record["_row"])
    return 0
