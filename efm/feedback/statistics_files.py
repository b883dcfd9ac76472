"""Files of statistics programs, SPSS .sav and Stata .dta: the one door to pyreadstat.

Both formats want the longest text of each column before the first row, so the responses are put
down in a temporary file by column, and the writer reads them from there through the page cache:
memory stays flat however many there are. pyreadstat and pandas are imported only here, and only
when such a file is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

from efm.errors import Invalid
from efm.feedback import stata_missing
from efm.feedback.columnar import Column, batches, day_number
from efm.feedback.sheets import NOT_ASKED, Cell, Gathered, Sheet
from surveys.codebook import NO_ANSWER_WORDS, NOT_ASKED_WORDS, Variable
from surveys.variable_names import all_legal

Format: TypeAlias = Literal["sav", "dta"]

# SPSS counts from the beginning of the Gregorian calendar, Stata from 1960.
_DAYS_BEFORE_1970 = {"sav": 141_428, "dta": 3_653}
_SPSS_LONGEST = 32_767
# From 2,045 bytes on Stata keeps texts beside the rows; the writer holds all of those in memory.
_STATA_LONGEST = 2_044
_STATA_BESIDE = 64 * 2**20
_STATA_VARIABLES = 32_767
# Texts have the same width in every row, so a long one in a million rows is paid a million times.
BUDGET = 2 * 2**30
_SHORTEST = 255
# SPSS files pack eight blanks into one byte.
_SPSS_PACKS = 8


@dataclass
class _Spooled:
    """The columns as they lie in the temporary file."""

    path: Path
    rows: int = 0
    longest: dict[str, int] = field(default_factory=dict)
    total: dict[str, int] = field(default_factory=dict)


def write(
    sheet: Sheet, found: Iterable[Gathered], path: Path, ending: Format, *, budget: int = BUDGET
) -> list[str]:
    """Write the file; returns what a reader must know. Temporary files lie beside it."""
    if ending == "dta" and len(sheet.variables) > _STATA_VARIABLES:
        raise Invalid(
            f"Stata takes {_STATA_VARIABLES:,} variables and the survey needs"
            f" {len(sheet.variables):,}. Choose SPSS, CSV or Parquet."
        )
    names = all_legal(sheet.names, ending)
    spooled = _spool(sheet, names, found, path.with_suffix(".spool"), ending)
    notes = _fit(spooled, ending, budget)
    frame = _frame(sheet, names, spooled, path.with_suffix(".numbers"))
    if ending == "sav":
        _write_sav(sheet, names, frame, path)
    else:
        _write_dta(sheet, names, frame, path)
    return notes


def _spool(
    sheet: Sheet, names: Sequence[str], found: Iterable[Gathered], path: Path, ending: Format
) -> _Spooled:
    import pyarrow
    import pyarrow.compute as compute

    columns = [_column(variable, ending) for variable in sheet.variables]
    schema = pyarrow.schema(
        [(name, column[0]) for name, column in zip(names, columns, strict=True)]
    )
    spooled = _Spooled(path)
    texts = [field.name for field in schema if pyarrow.types.is_large_string(field.type)]
    spooled.longest = dict.fromkeys(texts, 0)
    spooled.total = dict.fromkeys(texts, 0)
    with pyarrow.OSFile(str(path), "wb") as file, pyarrow.ipc.new_file(file, schema) as writer:
        for batch in batches(sheet, found, columns, schema):
            spooled.rows += batch.num_rows
            for name in texts:
                lengths = compute.binary_length(batch[name])
                spooled.longest[name] = max(
                    spooled.longest[name], compute.max(lengths).as_py() or 0
                )
                spooled.total[name] += compute.sum(lengths).as_py() or 0
            writer.write_batch(batch)
    return spooled


def _column(variable: Variable, ending: Format) -> Column:
    """How a cell becomes what the statistics programs count with: numbers are doubles, NaN none."""
    import pyarrow

    if variable.type == "text":
        return pyarrow.large_string(), _text
    shift = _DAYS_BEFORE_1970[ending]
    if variable.type == "day":
        seconds = 86_400 if ending == "sav" else 1

        def day(value: Cell) -> float:
            number = day_number(value)
            return _NAN if number is None else float((number + shift) * seconds)

        return pyarrow.float64(), day
    if variable.type == "moment":
        factor = 1 if ending == "sav" else 1000

        def moment(value: Cell) -> float:
            if not isinstance(value, datetime):
                return _NAN
            return round(((value - _EPOCH).total_seconds() + shift * 86_400) * factor, 3)

        return pyarrow.float64(), moment
    no_answer, not_asked = variable.missing or (_NAN, _NAN)
    codes = {each.value: float(each.code) for each in variable.values}
    is_key = variable.type == "key"

    def number(value: Cell) -> float:
        if value is None:
            return no_answer
        if value is NOT_ASKED:
            return not_asked
        return codes[value] if is_key else float(value)  # type: ignore[index, arg-type]

    return pyarrow.float64(), number


_NAN = float("nan")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _text(value: Cell) -> str:
    return "" if value is None or value is NOT_ASKED else str(value)


def _fit(spooled: _Spooled, ending: Format, budget: int) -> list[str]:
    """Cut the texts that the format, the memory or the disk cannot take, and say so."""
    longest = spooled.longest
    if ending == "sav":
        most = _SPSS_LONGEST
    else:
        beside = sum(spooled.total[each] for each, n in longest.items() if n > _STATA_LONGEST)
        is_small = beside <= _STATA_BESIDE
        most = max(longest.values(), default=0) if is_small else _STATA_LONGEST
    while most > _SHORTEST and spooled.rows * _row_width(longest, most, ending) > budget:
        most = _STATA_LONGEST if ending == "dta" and most > _STATA_LONGEST else most // 2
    cut = [name for name, length in longest.items() if length > most]
    if not cut:
        return []
    count = _shorten(spooled, cut, most)
    return [
        f"{count:,} texts were cut to {most:,} bytes, which is what"
        f" {'SPSS' if ending == 'sav' else 'Stata'} takes in a file of this size."
    ]


def _row_width(longest: Mapping[str, int], most: int, ending: Format) -> int:
    """The bytes that the texts of one row take on the disk when none is longer than `most`."""
    widths = (min(length, most) for length in longest.values())
    if ending == "sav":
        return sum(width // _SPSS_PACKS for width in widths)
    return sum(width for width in widths if width <= _STATA_LONGEST)


def _shorten(spooled: _Spooled, names: Sequence[str], most: int) -> int:
    """Write the temporary file again with shorter texts; returns how many were cut."""
    import pyarrow

    count = 0
    new = spooled.path.with_suffix(".shorter")
    with (
        pyarrow.memory_map(str(spooled.path)) as old,
        pyarrow.ipc.open_file(old) as reader,
        pyarrow.OSFile(str(new), "wb") as file,
        pyarrow.ipc.new_file(file, reader.schema) as writer,
    ):
        for number in range(reader.num_record_batches):
            batch = reader.get_batch(number)
            for name in names:
                kept = [_head(text, most) for text in batch[name].to_pylist()]
                count += sum(is_cut for _, is_cut in kept)
                place = batch.schema.get_field_index(name)
                texts = pyarrow.array([text for text, _ in kept], pyarrow.large_string())
                batch = batch.set_column(place, name, texts)
            writer.write_batch(batch)
    spooled.path.unlink()
    spooled.path = new
    return count


def _head(text: str, most: int) -> tuple[str, bool]:
    encoded = text.encode("utf-8")
    if len(encoded) <= most:
        return text, False
    return encoded[:most].decode("utf-8", "ignore"), True


def _frame(sheet: Sheet, names: Sequence[str], spooled: _Spooled, numbers: Path) -> Any:
    """A data frame over the temporary files: nothing of it is held but what is being looked at."""
    import numpy
    import pandas
    import pyarrow

    table = pyarrow.ipc.open_file(pyarrow.memory_map(str(spooled.path))).read_all()
    counted = [name for name in names if name not in spooled.longest]
    shape = (len(counted), max(1, spooled.rows))
    mapped = numpy.memmap(numbers, dtype="float64", mode="w+", shape=shape)
    columns: dict[str, Any] = {}
    for place, name in enumerate(counted):
        at = 0
        for chunk in table[name].chunks:
            mapped[place, at : at + len(chunk)] = chunk.to_numpy()
            at += len(chunk)
        columns[name] = pandas.Series(mapped[place, : spooled.rows], copy=False)
    for name in spooled.longest:
        columns[name] = pandas.Series(pandas.arrays.ArrowExtensionArray(table[name]))
    return pandas.DataFrame({name: columns[name] for name in names}, copy=False)


def _write_sav(sheet: Sheet, names: Sequence[str], frame: Any, path: Path) -> None:
    import pyreadstat

    labels = _labels(sheet, names, 120)
    ranges: dict[str, list[Any]] = {}
    for name, variable in zip(names, sheet.variables, strict=True):
        if variable.missing is not None:
            ranges[name] = list(variable.missing)
            labels.setdefault(name, {}).update(
                zip(variable.missing, (NO_ANSWER_WORDS, NOT_ASKED_WORDS), strict=True)
            )
    pyreadstat.write_sav(
        frame,
        path,
        file_label=_head(sheet.survey_name, 64)[0],
        column_labels=[_head(_one_line(each.label), 255)[0] for each in sheet.variables],
        row_compress=True,
        variable_value_labels=labels,
        missing_ranges=ranges,
        variable_measure=dict(zip(names, (v.measure for v in sheet.variables), strict=True)),
        variable_format=_formats(sheet, names, _SPSS_FORMATS),
    )


def _write_dta(sheet: Sheet, names: Sequence[str], frame: Any, path: Path) -> None:
    import pyreadstat

    # Stata's labels take 32,000 bytes, its windows show the first words.
    labels: dict[str, dict[Any, str]] = _labels(sheet, names, 32_000)
    missing = {}
    for name, variable in zip(names, sheet.variables, strict=True):
        if variable.missing is not None:
            missing[name] = variable.missing
            labels.setdefault(name, {}).update(a=NO_ANSWER_WORDS, b=NOT_ASKED_WORDS)
    pyreadstat.write_dta(
        frame,
        path,
        file_label=sheet.survey_name[:80],
        column_labels=[_short(_one_line(each.label), 80) for each in sheet.variables],
        # Format 118, Stata 14 and later; the next is read by Stata/MP alone.
        version=14,
        variable_value_labels=labels,
        missing_user_values={name: ["a", "b"] for name in missing},
        variable_format=_formats(sheet, names, _STATA_FORMATS),
    )
    stata_missing.mark(path, len(frame), missing)


_SPSS_FORMATS = {
    "key": "F8.0", "flag": "F8.0", "whole": "F14.0", "number": "F16.4", "day": "DATE11",
    "moment": "DATETIME20",
}  # fmt: skip
_STATA_FORMATS = {
    "key": "%8.0g", "flag": "%8.0g", "whole": "%14.0g", "number": "%16.0g", "day": "%td",
    "moment": "%tc",
}  # fmt: skip


def _formats(sheet: Sheet, names: Sequence[str], formats: Mapping[str, str]) -> dict[str, str]:
    return {
        name: formats[variable.type]
        for name, variable in zip(names, sheet.variables, strict=True)
        if variable.type in formats
    }


def _labels(sheet: Sheet, names: Sequence[str], most: int) -> dict[str, dict[Any, str]]:
    return {
        name: {each.code: _head(_one_line(each.label), most)[0] for each in variable.values}
        for name, variable in zip(names, sheet.variables, strict=True)
        if variable.values
    }


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
