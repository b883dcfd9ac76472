"""Sheets of a workbook that go on one another, as our own exports write them, read as one table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count, takewhile

from connectors.systems.files.folder import Found
from connectors.systems.files.sheets import SheetTable
from connectors.systems.files.tables import Batch, Table

# A sheet has so many lines; those of the next are counted on.
LINES = 1_048_576


class InTurn:
    """Several sheets under the same head line, one after the other."""

    def __init__(self, tables: Sequence[SheetTable]) -> None:
        self._tables = tables
        self.names = tables[0].names
        totals = [each.total for each in tables]
        self.total: int | None = None if None in totals else sum(each or 0 for each in totals)

    def batches(self, after: int, size: int) -> Iterator[Batch]:
        """See `Table`."""
        for place, table in enumerate(self._tables):
            before = place * LINES
            if after >= before + LINES:
                continue
            for batch in table.batches(max(0, after - before), size):
                yield _moved(batch, before)


def _moved(batch: Batch, by: int) -> Batch:
    """The batch with its lines counted on from those of the sheets before."""
    for record in batch.records:
        record["_row"] += by
    rejected = [
        replace(each, row=each.row + by) if each.row is not None else each
        for each in batch.rejected
    ]
    return Batch(batch.row + by, batch.records, rejected)


def in_turn(file: Found, first: Table) -> Table:
    """The table; with it "Responses 2" and so on, where a workbook has them under the same head."""
    if not isinstance(first, SheetTable):
        return first
    title = first.titles[0]
    names = takewhile(lambda name: name in first.titles, (f"{title} {n}" for n in count(2)))
    more = (SheetTable(file, name) for name in names)
    tables = [first, *takewhile(lambda table: table.names == first.names, more)]
    return InTurn(tables) if len(tables) > 1 else first
