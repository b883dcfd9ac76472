"""The file connector on well-meant and on hostile files: clear refusals, never a traceback."""

# ruff: noqa: DTZ001 - a spreadsheet's times have no zone

from __future__ import annotations

import io
import os
import tracemalloc
import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from connectors.errors import ConfigError, CursorExpired, RecordError, Throttled, Transient
from connectors.outside import Outside
from connectors.records import Page, Raw, Rejected
from connectors.systems.files.connector import Files


def files(folder: Path, **settings: Any) -> Files:
    return Files({"folder": str(folder), "settle_seconds": 0, **settings})


def write(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def pages(connector: Files, name: str, state: dict[str, Any] | None = None) -> list[Page]:
    return list(connector.read(connector.stream(name), state or {}))


def rows(connector: Files, name: str) -> list[Raw]:
    return [record for page in pages(connector, name) for record in page.records]


def refused(connector: Files, name: str) -> list[Rejected]:
    return [each for page in pages(connector, name) for each in page.rejected]


def values(connector: Files, name: str) -> list[dict[str, Any]]:
    return [{k: v for k, v in r.items() if k[0] != "_"} for r in rows(connector, name)]


# --- CSV ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"id,name\n1,Ann\n", [{"id": "1", "name": "Ann"}]),
        (b"id;name\n1;a, b\n2;c\n", [{"id": "1", "name": "a, b"}, {"id": "2", "name": "c"}]),
        (b"id\tname\n1\tAnn\n", [{"id": "1", "name": "Ann"}]),
        (b"id|name\n1|Ann\n", [{"id": "1", "name": "Ann"}]),
        (b"sep=;\nid;name\n1;Ann\n", [{"id": "1", "name": "Ann"}]),
        (b"\xef\xbb\xbfid,name\n1,Zo\xc3\xab\n", [{"id": "1", "name": "Zoë"}]),
        (b"id,name\r\n1,Ann\r\n", [{"id": "1", "name": "Ann"}]),
        (b"id,name\r1,Ann\r", [{"id": "1", "name": "Ann"}]),
        (b'id,name\n1,"a\nb, ""c"""\n', [{"id": "1", "name": 'a\nb, "c"'}]),
        ("id,name\n1,Zoë £5\n".encode("cp1252"), [{"id": "1", "name": "Zoë £5"}]),
        ("id,name\n1,Zoë\n".encode("utf-16"), [{"id": "1", "name": "Zoë"}]),
        (
            b"\xfe\xff" + "id,name\n1,Zoë\n".encode("utf-16-be"),
            [{"id": "1", "name": "Zoë"}],
        ),
        (b"id,name,name,\n1,a,b,c\n", [{"id": "1", "name": "a", "name_2": "b", "column_4": "c"}]),
        (b",name\n1,a\n", [{"column_1": "1", "name": "a"}]),
        (b"_id, first  name \n1,a\n", [{"id": "1", "first name": "a"}]),
        (b"id,name\n\n1,a\n,\n\n2,b\n", [{"id": "1", "name": "a"}, {"id": "2", "name": "b"}]),
        (b"\n\nid,name\n1,a\n", [{"id": "1", "name": "a"}]),
        (b"id\n1\n2\n", [{"id": "1"}, {"id": "2"}]),
        (b"id,name\n1,a", [{"id": "1", "name": "a"}]),
        (b"id,name\n", []),
    ],
    ids=lambda each: repr(each)[:40] if isinstance(each, bytes) else "",
)
def test_csv_is_read_as_it_comes(tmp_path: Path, content: bytes, expected: Any) -> None:
    write(tmp_path, "t.csv", content)
    assert values(files(tmp_path), "t.csv") == expected


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_a_declared_encoding_is_used(tmp_path: Path, encoding: str) -> None:
    write(tmp_path, "t.csv", "id,name\n1,Åse\n".encode(encoding))
    assert values(files(tmp_path, encoding=encoding), "t.csv") == [{"id": "1", "name": "Åse"}]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"2,b,c", "The row has 3 columns and the header has 2."),
        (b"2", "The row has 1 columns and the header has 2."),
        (b"2,a\x00b", "The row contains a NUL character."),
        (b'2,"a"b', "The quotation marks of the row do not pair up."),
        (b"2," + b"x" * 10_000_000, "longer than"),
        (b',"no key"', "The key “id” is empty."),
    ],
)
def test_a_bad_row_is_refused_and_the_rest_is_read(tmp_path: Path, row: bytes, reason: str) -> None:
    write(tmp_path, "t.csv", b"id,name\n1,a\n" + row + b"\n3,c\n")
    connector = files(tmp_path, key=["id"])
    assert [each["id"] for each in rows(connector, "t.csv")] == ["1", "3"]
    (bad,) = refused(connector, "t.csv")
    assert reason in bad.reason
    assert bad.row == 3
    assert len(str(bad.document)) < 5_000


def test_a_refused_row_shows_what_it_said(tmp_path: Path) -> None:
    write(tmp_path, "t.csv", "id,name\n1,a,b,c\n2,x\n")
    (bad,) = refused(files(tmp_path), "t.csv")
    assert bad.document == {"id": "1", "name": "a", "_extra": ["b", "c"]}


def test_a_damaged_byte_spoils_its_row_only(tmp_path: Path) -> None:
    good = "".join(f"{n},Zoë Łukasz\n" for n in range(20)).encode()
    write(tmp_path, "t.csv", b"id,name\n" + good + b"99,a\xffb\n")
    connector = files(tmp_path)
    assert len(rows(connector, "t.csv")) == 20
    assert rows(connector, "t.csv")[0]["name"] == "Zoë Łukasz"
    assert "not utf-8" in refused(connector, "t.csv")[0].reason


def test_an_open_quotation_mark_is_told(tmp_path: Path) -> None:
    write(tmp_path, "t.csv", 'id,name\n1,a\n2,"never closed\n3,c\n')
    connector = files(tmp_path)
    assert len(rows(connector, "t.csv")) == 1
    assert "row 3 is never closed" in refused(connector, "t.csv")[0].reason


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.csv", b"", "is empty"),
        ("t.csv", b"\n\n\n", "is empty"),
        ("t.csv", b"PK\x03\x04rest", "is an Excel workbook or ZIP file, not CSV"),
        ("t.csv", b"PAR1rest", "is a Parquet file, not CSV"),
        ("t.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is an old Excel file"),
        ("t.csv", b"\x1f\x8b\x08\x00", "gzip"),
        ("t.csv", b"a\x00b,c\n1,2\n", "a name that is not text"),
        ("t.csv", (",".join("c" * 3 for _ in range(2001)) + "\n").encode(), "more than 2,000"),
        ("t.csv", b"x" * 5000 + b",b\n1,2\n", "must hold the column names"),
        ("t.xlsx", b"id,name\n1,a\n", "is not an Excel workbook"),
        ("t.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "protected by a password"),
        ("t.xlsx", b"PK\x03\x04broken", "is damaged"),
        ("t.xlsx", b"", "is empty"),
        ("t.parquet", b"PAR1 not really PAR1", "not a Parquet file that can be read"),
        ("t.parquet", b"id,name\n", "not a Parquet file that can be read"),
    ],
)
def test_a_useless_file_is_named(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    write(tmp_path, "good.csv", "id\n1\n2\n")
    write(tmp_path, name, content)
    connector = files(tmp_path)
    assert [each.name for each in connector.streams()] == ["good.csv"]
    check = connector.check()
    assert check.ok
    assert any(said in note and name in note for note in check.notes), check.notes
    stream = connector.stream("good.csv")
    (tmp_path / "good.csv").unlink()
    with pytest.raises(ConfigError, match="No file matches"):
        list(connector.read(stream, {}))
    assert not files(tmp_path).check().ok


def test_a_damaged_file_of_a_pattern_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path, "o-1.csv", "id\n1\n2\n")
    write(tmp_path, "o-2.csv", b"PK\x03\x04")
    write(tmp_path, "o-3.csv", "id\n3\n4\n")
    connector = files(tmp_path, patterns=["o-*.csv"], is_grouped=True, key=["id"])
    found = pages(connector, "o-*.csv")
    assert [r["id"] for page in found for r in page.records] == ["1", "2", "3", "4"]
    (bad,) = [each for page in found for each in page.rejected]
    assert "o-2.csv" in bad.reason
    assert pages(connector, "o-*.csv", dict(found[-1].state)) == []


def test_another_header_in_a_pattern_is_told(tmp_path: Path) -> None:
    write(tmp_path, "o-1.csv", "id,name\n1,a\n2,b\n")
    write(tmp_path, "o-2.csv", "number,name\n3,c\n")
    connector = files(tmp_path, patterns=["o-*.csv"], is_grouped=True, key=["id"])
    (bad,) = refused(connector, "o-*.csv")
    assert "o-2.csv has no column “id”" in bad.reason


# --- Excel ----------------------------------------------------------------------------------


def workbook(fill: Any, **options: Any) -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, **options})
    fill(book)
    book.close()
    return target.getvalue()


def sheet_of(table: Sequence[Sequence[Any]]) -> bytes:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for number, row in enumerate(table):
            for column, value in enumerate(row):
                if isinstance(value, (datetime, date, time)):
                    sheet.write_datetime(number, column, value, day)
                else:
                    sheet.write(number, column, value)

    return workbook(fill)


def test_cells_keep_their_types(tmp_path: Path) -> None:
    table = [
        ["id", "amount", "day", "flag", "text", "big", "gap"],
        [1, 0.1 + 0.2, date(2026, 1, 2), True, "0012", 12345678901, None],
        [2.0, 19.99, datetime(2026, 1, 2, 3, 4, 5), False, "é", 5e-7, None],
    ]
    write(tmp_path, "t.xlsx", sheet_of(table))
    connector = files(tmp_path)
    first, second = values(connector, "t.xlsx")
    assert first == {
        "id": 1,
        "amount": Decimal("0.3"),
        "day": datetime(2026, 1, 2),
        "flag": True,
        "text": "0012",
        "big": 12345678901,
        "gap": None,
    }
    assert second["id"] == 2
    assert second["amount"] == Decimal("19.99")
    assert second["day"] == datetime(2026, 1, 2, 3, 4, 5)
    assert second["big"] == Decimal("5E-7")
    fields = connector.stream("t.xlsx").fields
    assert (fields["id"], fields["day"], fields["flag"]) == ("integer", "datetime", "boolean")


def test_stored_results_of_formulas_are_read_and_missing_ones_told(tmp_path: Path) -> None:
    def stored(book: Any) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["id", "sum"])
        sheet.write(1, 0, 1)
        sheet.write_formula(1, 1, "=1+1", None, 2)

    write(tmp_path, "t.xlsx", workbook(stored))
    assert values(files(tmp_path), "t.xlsx") == [{"id": 1, "sum": 2}]

    book = openpyxl.Workbook()
    book.active.append(["id", "sum"])
    book.active.append([1, "=1+1"])
    book.save(tmp_path / "u.xlsx")
    assert any("formulas without stored results" in n for n in files(tmp_path).check().notes)


def test_errors_in_cells_are_refused(tmp_path: Path) -> None:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["id", "sum"])
        sheet.write(1, 0, 1)
        sheet.write_formula(1, 1, "=1/0", None, "#DIV/0!")
        sheet.write(2, 0, 2)
        sheet.write_formula(2, 1, "=NA()", None, "#N/A")

    write(tmp_path, "t.xlsx", workbook(fill))
    connector = files(tmp_path)
    assert values(connector, "t.xlsx") == [{"id": 2, "sum": None}]
    assert "#DIV/0!" in refused(connector, "t.xlsx")[0].reason


def test_sheets_are_chosen_and_odd_shapes_survive(tmp_path: Path) -> None:
    def fill(book: Any) -> None:
        book.add_worksheet("Cover").write(0, 0, "Report")
        sheet = book.add_worksheet("Data")
        sheet.write_row(2, 0, ["id", "name"])  # two blank rows above the header
        sheet.write_row(3, 0, [1, "a"])
        sheet.write_row(9, 0, [2, "b"])  # a gap
        sheet.write_row(10, 0, [3, "c", "surplus"])
        sheet.write_row(11, 0, [4])

    write(tmp_path, "t.xlsx", workbook(fill))
    connector = files(tmp_path, sheet="data")
    assert [(r["id"], r["name"], r["_row"]) for r in rows(connector, "t.xlsx")] == [
        (1, "a", 4),
        (2, "b", 10),
        (4, None, 12),
    ]
    assert refused(connector, "t.xlsx")[0].row == 11
    (note,) = files(tmp_path, sheet="Nope").check().notes
    assert "it has: Cover, Data" in note


def zipped(parts: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target.getvalue()


def tampered(table: Sequence[Sequence[Any]], changes: dict[str, bytes]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(sheet_of(table))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    return zipped({**parts, **changes})


_SHEET = "xl/worksheets/sheet1.xml"
_BOMB = b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;'>]>"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (tampered([["id"], [1]], {"xl/media/bomb.bin": bytes(300 << 20)}), "unpacks to far more"),
        (
            tampered([["id"], [1]], {_SHEET: b"<?xml version='1.0'?>" + _BOMB + b"<a>&b;</a>"}),
            "entities",
        ),
        (
            tampered(
                [["id"], [1]],
                {
                    _SHEET: ("<?xml version='1.0' encoding='utf-16'?>" + _BOMB.decode()).encode(
                        "utf-16"
                    )
                },
            ),
            "entities",
        ),
        (tampered([["id"], [1]], {_SHEET: b"<worksheet><sheetData><row><c>"}), "t.xlsx"),
        (tampered([["id"], [1]], {"xl/workbook.xml": b"<not"}), "cannot be read as a workbook"),
        (zipped({"hello.txt": b"hi"}), "is a ZIP file but not an Excel workbook"),
    ],
    ids=["bomb", "entities", "entities-16", "cut", "broken", "zip"],
)
def test_hostile_workbooks_are_refused(tmp_path: Path, content: bytes, said: str) -> None:
    write(tmp_path, "t.xlsx", content)
    check = files(tmp_path).check()
    assert not check.ok
    assert any(said in note for note in check.notes), check.notes


def test_a_wrong_size_in_a_workbook_hides_no_rows(tmp_path: Path) -> None:
    table = [["id", "name"], *([n, f"n{n}"] for n in range(5))]
    with zipfile.ZipFile(io.BytesIO(sheet_of(table))) as archive:
        xml = archive.read(_SHEET).replace(b'ref="A1:B6"', b'ref="A1"')
    assert b'ref="A1"' in xml
    write(tmp_path, "t.xlsx", tampered(table, {_SHEET: xml}))
    assert len(rows(files(tmp_path), "t.xlsx")) == 5


def test_a_cell_far_out_costs_little(tmp_path: Path) -> None:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["id", "name"])
        sheet.write_row(1, 0, [1, "a"])
        for row in range(2, 40):
            sheet.write(row, 16_383, "far")

    write(tmp_path, "t.xlsx", workbook(fill))
    assert len(rows(files(tmp_path), "t.xlsx")) == 1


# --- Parquet --------------------------------------------------------------------------------


def test_parquet_types_arrive_as_values(tmp_path: Path) -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 678901)
    table = pa.table(
        {
            "id": pa.array([1, 2], pa.int64()),
            "price": pa.array([Decimal("19.99"), None], pa.decimal128(10, 2)),
            "us": pa.array([moment, None], pa.timestamp("us")),
            "ns": pa.array([1767323045678901234, None], pa.timestamp("ns", tz="UTC")),
            "day": pa.array([date(2026, 1, 2), None]),
            "at": pa.array([time(3, 4), None]),
            "for": pa.array([timedelta(seconds=90), None]),
            "list": pa.array([[1, 2], None]),
            "map": pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64())),
            "struct": pa.array([{"x": {"y": 1}}, None]),
            "word": pa.array(["a", None]).dictionary_encode(),
            "float": pa.array([float("nan"), 2.5]),
            "bytes": pa.array([b"\x00\xff", None]),
            "flag": pa.array([True, None]),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    connector = files(tmp_path)
    first, second = values(connector, "t.parquet")
    assert first["price"] == Decimal("19.99")
    assert first["us"] == moment
    assert first["ns"].astimezone(UTC) == moment.replace(tzinfo=UTC)
    assert first["day"] == date(2026, 1, 2)
    assert first["at"] == "03:04:00"
    assert (first["list"], first["map"], first["struct"]) == ([1, 2], {"a": 1}, {"x": {"y": 1}})
    assert (first["word"], first["float"], first["bytes"]) == ("a", None, "00ff")
    assert second["float"] == 2.5
    assert {v for k, v in second.items() if k not in ("id", "float")} == {None}
    fields = connector.stream("t.parquet").fields
    assert (fields["price"], fields["list"], fields["us"]) == ("decimal", "json", "datetime")


def test_a_nested_value_is_refused_for_a_plain_field(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": [1], "name": [["a", "b"]]}), tmp_path / "accounts.parquet")
    stream = files(tmp_path).stream("accounts.parquet")
    assert stream.default_mapping is not None
    with pytest.raises(RecordError, match=r"Name .* is not a single value") as caught:
        stream.default_mapping.apply(rows(files(tmp_path), "accounts.parquet")[0])
    assert caught.value.field == "name"


def test_a_year_beyond_python_is_told(tmp_path: Path) -> None:
    table = pa.table({"id": [1], "at": pa.array([10**15], pa.timestamp("s"))})
    pq.write_table(table, tmp_path / "t.parquet")
    assert any("t.parquet is damaged or of a kind" in n for n in files(tmp_path).check().notes)


def test_repeated_column_names_in_parquet_keep_their_values(tmp_path: Path) -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    pq.write_table(table, tmp_path / "t.parquet")
    assert values(files(tmp_path), "t.parquet") == [{"a": 1, "a_2": 2}]


# --- the folder -----------------------------------------------------------------------------


def test_nothing_outside_the_folder_is_read(tmp_path: Path) -> None:
    inside = tmp_path / "in"
    write(tmp_path, "secret.csv", "id\n1\n")
    write(inside, "good.csv", "id\n1\n2\n")
    write(inside, "deep/down.csv", "id\n1\n2\n")
    (inside / "link.csv").symlink_to(tmp_path / "secret.csv")
    (inside / "near.csv").symlink_to(inside / "good.csv")
    (inside / "up").symlink_to(tmp_path)
    (inside / "dangling.csv").symlink_to(tmp_path / "nothing.csv")
    (inside / "loop.csv").symlink_to(inside / "loop.csv")
    os.mkfifo(inside / "pipe.csv")
    write(inside, ".hidden.csv", "id\n1\n")
    write(inside, "~$open.xlsx", "x")
    write(inside, "passwd", "root:x:0:0\n")
    names = {each.name for each in files(inside, patterns=["**/*"]).streams()}
    assert names == {"good.csv", "near.csv", "deep/down.csv"}


@pytest.mark.parametrize("pattern", ["../*.csv", "/etc/*", "a/../../b.csv", "..\\x.csv", "a\0b"])
def test_patterns_that_lead_out_are_refused(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(ConfigError, match="must stay inside"):
        files(tmp_path, patterns=[pattern])


def test_a_link_whose_target_is_no_table_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, "shadow", "root:secret\n")
    (tmp_path / "t.csv").symlink_to(tmp_path / "shadow")
    assert files(tmp_path).streams() == []


def test_the_operator_limits_the_folders(tmp_path: Path) -> None:
    write(tmp_path / "drops" / "acme", "t.csv", "id\n1\n")

    limited = Outside(roots=(str(tmp_path / "drops"),))
    inside = {"folder": str(tmp_path / "drops" / "acme"), "settle_seconds": 0}
    assert Files(inside, limited).check().ok
    with pytest.raises(ConfigError, match="outside the places"):
        Files({"folder": str(tmp_path)}, limited).check()


@pytest.mark.parametrize("folder", ["/no/such/place", "a\0b", "/etc/passwd"])
def test_a_wrong_folder_is_told_beside_its_field(folder: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Files({"folder": folder}).check()
    assert "folder" in caught.value.errors


def test_an_empty_folder_waits(tmp_path: Path) -> None:
    check = files(tmp_path).check()
    assert check.ok
    assert check.notes == ("No file matches yet; drop one into the folder.",)


def test_only_settled_files_are_read(tmp_path: Path) -> None:
    path = write(tmp_path, "t.csv", "id\n1\n2\n")
    os.utime(path, (1000, 1000))
    connector = Files({"folder": str(tmp_path), "settle_seconds": 60})
    connector.clock = lambda: 1030.0
    assert pages(connector, "t.csv") == []
    assert "Still settling: t.csv." in connector.check().notes
    connector.clock = lambda: 1061.0
    assert len(rows(connector, "t.csv")) == 2
    connector.clock = lambda: 1030.0
    write(tmp_path, "t.csv.done", "")
    assert len(rows(connector, "t.csv")) == 2


# --- state ----------------------------------------------------------------------------------


def touch(path: Path, moment: int) -> None:
    os.utime(path, (moment, moment))


def test_unchanged_files_are_not_read_again(tmp_path: Path) -> None:
    path = write(tmp_path, "t.csv", "id\n1\n2\n")
    touch(path, 1000)
    (page,) = pages(files(tmp_path), "t.csv")
    assert pages(files(tmp_path), "t.csv", dict(page.state)) == []
    touch(path, 2000)  # copied anew, same content
    (again,) = pages(files(tmp_path), "t.csv", dict(page.state))
    assert not again.records
    assert pages(files(tmp_path), "t.csv", dict(again.state)) == []
    path.write_text("id\n1\n2\n3\n")
    touch(path, 3000)
    (changed,) = pages(files(tmp_path), "t.csv", dict(again.state))
    assert len(changed.records) == 3


def test_a_change_in_the_middle_starts_the_file_anew(tmp_path: Path) -> None:
    path = write(tmp_path, "t.csv", "id\n" + "".join(f"{n}\n" for n in range(10)))
    touch(path, 1000)
    first = pages(files(tmp_path, page_size=4), "t.csv")[0]
    path.write_text("id\n" + "".join(f"{n}\n" for n in range(12)))
    touch(path, 2000)
    found = pages(files(tmp_path, page_size=4), "t.csv", dict(first.state))
    assert [r["id"] for page in found for r in page.records] == [str(n) for n in range(12)]


def test_a_file_that_changes_under_the_reader_is_not_finished(tmp_path: Path) -> None:
    path = write(tmp_path, "t.csv", "id\n" + "".join(f"{n}\n" for n in range(10)))
    touch(path, 1000)
    connector = files(tmp_path, page_size=4)
    reading = connector.read(connector.stream("t.csv"), {})
    next(reading)
    touch(path, 2000)
    with pytest.raises(Transient, match="changed while it was read"):
        list(reading)


def test_a_snapshot_waits_until_it_is_whole(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        touch(write(tmp_path, name, "id\n1\n2\n"), 1000)
    settings = {"patterns": ["*.csv"], "is_grouped": True, "is_snapshot": True, "key": ["id"]}
    connector = files(tmp_path, **{**settings, "settle_seconds": 60})
    connector.clock = lambda: 1010.0
    stream = connector.stream("*.csv")
    assert stream.deletes == "sweep"
    with pytest.raises(Throttled) as caught:
        next(connector.read(stream, {}))
    assert caught.value.until == pytest.approx(50)
    done = pages(files(tmp_path, **settings), "*.csv")[-1].state
    touch(write(tmp_path, "c.csv", "id\n3\n4\n"), 1000)
    with pytest.raises(CursorExpired, match="new file"):
        pages(files(tmp_path, **settings), "*.csv", dict(done))
    (tmp_path / "c.csv").unlink()
    (tmp_path / "b.csv").unlink()
    with pytest.raises(CursorExpired, match=r"b\.csv changed"):
        pages(files(tmp_path, **settings), "*.csv", dict(done))


def test_progress_has_a_total(tmp_path: Path) -> None:
    write(tmp_path, "t.csv", "id\n" + "".join(f"{n}\n" for n in range(50)))
    found = pages(files(tmp_path, page_size=10), "t.csv")
    assert len(found) == 5
    assert all(page.total and 50 <= page.total <= 52 for page in found)


# --- what is proposed -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "header", "entity"),
    [
        ("accounts.csv", "id,name", "account"),
        ("contacts_2026.csv", "id,name", "contact"),
        ("orders-01.csv", "id,customer_id,date,total", "interaction"),
        ("export.csv", "id,email", "contact"),
        ("export.csv", "id,customer_id,date,total", "interaction"),
        ("export.csv", "customer_id,metric,value", "measurement"),
        ("churn.csv", "customer_id,churn", "account"),
    ],
)
def test_the_kind_of_record_is_guessed(tmp_path: Path, name: str, header: str, entity: str) -> None:
    write(tmp_path, name, f"{header}\n" + ",".join("1" for _ in header.split(",")) + "\n")
    assert files(tmp_path).stream(name).entity == entity
    assert files(tmp_path, entity="account").stream(name).entity == "account"


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ("id,name\n1,a\n2,b\n", ("id",)),
        ("id,name\n1,a\n1,b\n", ("_row",)),
        ("name,city\na,x\nb,y\n", ("_row",)),
        (",name\n0,a\n1,b\n", ("column_1",)),
        ("id,name\n" + "".join(f"{n},x\n" for n in range(300)) + "299,again\n", ("_row",)),
        ("id,name\n1,a\n,b\n", ("_row",)),
    ],
)
def test_the_key_is_a_column_that_never_repeats(tmp_path: Path, content: str, key: Any) -> None:
    write(tmp_path, "t.csv", content)
    assert files(tmp_path).stream("t.csv").key == key


def test_a_customers_id_is_no_key_of_orders(tmp_path: Path) -> None:
    write(tmp_path, "orders.csv", "customer_id,date,total\n1,2026-01-02,5\n2,2026-01-03,6\n")
    assert files(tmp_path).stream("orders.csv").key == ("_row",)
    assert files(tmp_path, key=["row"]).stream("orders.csv").key == ("_row",)


def test_orders_map_themselves(tmp_path: Path) -> None:
    write(
        tmp_path,
        "orders.csv",
        "Order ID;Customer ID;Order Date;Total;Shop\n"
        "A1;7;31/01/2026 14:05;1.234,50 €;Köln\n"
        "A2;8;01/02/2026 09:00;12,00 €;Bonn\n",
    )
    connector = files(tmp_path, zone="Europe/Berlin")
    stream = connector.stream("orders.csv")
    assert stream.default_mapping is not None
    assert stream.default_mapping.problems() == {}
    order: Any = stream.default_mapping.apply(rows(connector, "orders.csv")[0])
    assert order.external_id == "A1"
    assert order.contact_external_id == "7"
    assert order.kind == "order"
    assert order.touchpoint == "Köln"
    assert order.occurred_at == datetime(2026, 1, 31, 13, 5, tzinfo=UTC)
    assert (order.amount_minor, order.currency) == (123450, "EUR")


def test_a_line_without_end_is_not_held_whole(tmp_path: Path) -> None:
    write(tmp_path, "t.csv", b"id,name\n1,a\n2," + b"x," * 20_000_000 + b"\n3,c\n")
    connector = files(tmp_path, key=["id"])
    tracemalloc.start()
    assert [each["id"] for each in rows(connector, "t.csv")] == ["1", "3"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 25_000_000
    (bad,) = refused(connector, "t.csv")
    assert bad.row == 3


def test_a_file_with_brackets_in_its_name_is_itself(tmp_path: Path) -> None:
    write(tmp_path, "data [1].csv", "id\n1\n2\n")
    assert len(rows(files(tmp_path, patterns=["data [1].csv"]), "data [1].csv")) == 2


def test_memory_stays_flat(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    with path.open("w") as target:
        target.write("id,a,b,c\n")
        for number in range(20_000):
            target.write(f"{number},some text {number},more text,and more\n")
    connector = files(tmp_path, key=["id"], page_size=500)
    stream = connector.stream("t.csv")
    tracemalloc.start()
    count = sum(len(page.records) for page in connector.read(stream, {}))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 20_000
    assert peak < 4_000_000
