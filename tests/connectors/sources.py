"""Sources for the conformance kit: the in-memory system and folders of CSV, XLSX and Parquet."""

from __future__ import annotations

import csv
import io
import itertools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from connectors.conformance import CANARY, Source
from connectors.systems.files.connector import Files
from connectors.systems.memory.connector import Memory, store


class MemorySource(Source):
    """A store of its own, with every hook."""

    stream = "contacts"

    def __init__(self) -> None:
        self.name = uuid4().hex
        self.store = store(self.name)

    def make(self) -> Memory:
        return Memory({"store": self.name, "page_size": 3})

    def bad_settings(self) -> Sequence[Mapping[str, Any]]:
        return (
            {"store": self.name, "token": "wrong"},
            {"store": "", "token": CANARY},
            {"store": self.name, "page_size": 0},
            {"store": self.name, "page_size": "many"},
        )

    def put(self, key: str, text: str) -> None:
        self.store.put("contacts", key, name=text)

    def delete(self, key: str) -> None:
        self.store.delete("contacts", key)

    def rows(self) -> Mapping[str, str]:
        return {key: row["name"] for key, row in self.store.documents("contacts").items()}

    def written(self) -> Sequence[str]:
        return [str(row["subject"]) for row in self.store.documents("interactions").values()]

    def hold_clock(self, held: bool) -> None:
        self.store.freeze(held)

    def throttle(self) -> None:
        self.store.throttle()

    def stumble(self) -> None:
        self.store.stumble()

    def expire(self) -> None:
        self.store.expire()

    def loop(self) -> None:
        self.store.loop()


class FileSource(Source):
    """One CSV file that each edit rewrites, as a nightly export would."""

    stream = "contacts.csv"
    pattern = "contacts.csv"
    is_grouped = False
    is_snapshot = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.truth: dict[str, str] = {}
        self._times = itertools.count(1_700_000_000)
        self._write()

    def make(self) -> Files:
        return Files(
            {
                "folder": str(self.folder),
                "patterns": [self.pattern],
                "is_grouped": self.is_grouped,
                "is_snapshot": self.is_snapshot,
                "settle_seconds": 0,
                "page_size": 3,
                "key": ["id"],
            }
        )

    def bad_settings(self) -> Sequence[Mapping[str, Any]]:
        good = {"folder": str(self.folder)}
        return (
            {},
            {"folder": str(self.folder / "nowhere")},
            {"folder": str(self.folder), "patterns": ["../*.csv"]},
            {"folder": str(self.folder), "patterns": ["/etc/*.csv"]},
            {**good, "page_size": 0},
            {**good, "encoding": "ebcdic"},
            {**good, "currency": "EURO"},
            {**good, "zone": "Mars/Olympus"},
        )

    def put(self, key: str, text: str) -> None:
        self.truth[key] = text
        self._write(key)

    def rows(self) -> Mapping[str, str]:
        return dict(self.truth)

    def _write(self, changed: str = "") -> None:
        self._replace("contacts.csv", self._bytes(self.truth))

    def _replace(self, name: str, content: bytes) -> None:
        path = self.folder / name
        path.with_suffix(".part").write_bytes(content)
        path.with_suffix(".part").rename(path)
        moment = next(self._times)  # disks tell no two edits of one millisecond apart
        os.utime(path, (moment, moment))

    def _bytes(self, rows: Mapping[str, str]) -> bytes:
        target = io.StringIO(newline="")
        writer = csv.writer(target)
        writer.writerow(("id", "name"))
        writer.writerows(sorted(rows.items()))
        return target.getvalue().encode()


class SnapshotSource(FileSource):
    """A file that is always complete, so that a missing row is a deletion."""

    is_snapshot = True

    def delete(self, key: str) -> None:
        if self.truth.pop(key, None) is not None:
            self._write()


class GroupSource(FileSource):
    """Several files of one pattern, each with a part of the rows."""

    stream = "contacts-*.csv"
    pattern = "contacts-*.csv"
    is_grouped = True

    def _write(self, changed: str = "") -> None:
        parts = {name: {k: v for k, v in self.truth.items() if _part(k) == name} for name in "ab"}
        for name, rows in parts.items():
            if not changed or _part(changed) == name:
                self._replace(f"contacts-{name}.csv", self._bytes(rows))


class GroupSnapshotSource(GroupSource, SnapshotSource):
    """Several files that are complete together."""

    is_snapshot = True


def _part(key: str) -> str:
    return "a" if ord(key[-1]) % 2 else "b"


class SheetSource(FileSource):
    """An Excel workbook that each edit rewrites."""

    stream = "contacts.xlsx"
    pattern = "contacts.xlsx"

    def _write(self, changed: str = "") -> None:
        import xlsxwriter

        target = io.BytesIO()
        book = xlsxwriter.Workbook(target, {"in_memory": True})
        sheet = book.add_worksheet()
        for row, values in enumerate([("id", "name"), *sorted(self.truth.items())]):
            for column, value in enumerate(values):
                sheet.write_string(row, column, value)
        book.close()
        self._replace("contacts.xlsx", target.getvalue())


class ParquetSource(FileSource):
    """A Parquet file that each edit rewrites."""

    stream = "contacts.parquet"
    pattern = "contacts.parquet"

    def _write(self, changed: str = "") -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        rows = sorted(self.truth.items())
        table = pa.table(
            {
                "id": pa.array([key for key, _ in rows], pa.string()),
                "name": pa.array([text for _, text in rows], pa.string()),
            }
        )
        target = io.BytesIO()
        pq.write_table(table, target, row_group_size=4)
        self._replace("contacts.parquet", target.getvalue())
