"""Responses as files in every format there is, and the codebook that explains their columns."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias, cast

from efm.feedback import codebooks, statistics_files, workbooks
from efm.feedback.cells import csv_lines
from efm.feedback.columnar import as_parquet
from efm.feedback.json_lines import as_json_lines
from efm.feedback.sheets import NOT_ASKED, Gathered, Sheet

Stream: TypeAlias = Callable[[Sheet, Iterable[Gathered]], Iterator[bytes]]
Write: TypeAlias = Callable[[Sheet, Iterable[Gathered], Path], list[str]]


@dataclass(frozen=True)
class Format:
    """A kind of file: one that is made as it is sent, or one that is written whole first."""

    ending: str
    title: str
    mimetype: str
    stream: Stream | None = None
    write: Write | None = None


def as_csv(sheet: Sheet, found: Iterable[Gathered]) -> Iterator[bytes]:
    """The responses as CSV, in pieces."""
    return csv_lines(
        sheet.names,
        (
            [None if value is NOT_ASKED else value for value in sheet.cells(response)]
            for response in found
        ),
    )


def _statistics(ending: Literal["sav", "dta"]) -> Write:
    return lambda sheet, found, path: statistics_files.write(sheet, found, path, ending)


FORMATS: Mapping[str, Format] = {
    each.ending: each
    for each in (
        Format("csv", "CSV", "text/csv", as_csv),
        Format(
            "xlsx",
            "Excel",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            write=workbooks.write,
        ),
        Format("sav", "SPSS", "application/x-spss-sav", write=_statistics("sav")),
        Format("dta", "Stata", "application/x-stata-dta", write=_statistics("dta")),
        Format("parquet", "Parquet", "application/vnd.apache.parquet", as_parquet),
        Format("jsonl", "JSON Lines", "application/jsonl", as_json_lines),
    )
}


def file_name(survey_name: str, ending: str, now: datetime) -> str:
    """A name for the download that any system takes."""
    plain = "".join(c if c.isalnum() and c.isascii() else "-" for c in survey_name.lower())
    kept = "-".join(part for part in plain.split("-") if part)[:60] or "responses"
    return f"{kept}-{now:%Y-%m-%d}.{ending}"


@contextmanager
def written(
    kind: Format, sheet: Sheet, found: Iterable[Gathered], folder: Path | None = None
) -> Iterator[tuple[Path, list[str]]]:
    """The file in a temporary folder that goes with the context, and what a reader must know."""
    made = Path(tempfile.mkdtemp(prefix="efm-export-", dir=folder))
    try:
        path = made / f"responses.{kind.ending}"
        notes: list[str] = []
        if kind.stream is not None:
            with path.open("wb") as file:
                for piece in kind.stream(sheet, found):
                    file.write(piece)
        else:
            notes = cast(Write, kind.write)(sheet, found, path)
        yield path, notes
    finally:
        shutil.rmtree(made, ignore_errors=True)


def codebook_csv(sheet: Sheet) -> Iterator[bytes]:
    """The codebook as CSV, in pieces."""
    return csv_lines(codebooks.HEADER, codebooks.lines(sheet.variables))
