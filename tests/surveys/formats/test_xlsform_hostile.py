"""XLSForms nobody should trust: each is refused in a sentence or read, in bounded time and memory."""

from __future__ import annotations

import csv
import io
import zipfile
from contextlib import suppress
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from surveys.compiled import Compiled
from surveys.definition import dump, load
from surveys.formats import FormatError
from surveys.formats.xlsform import read_xlsform
from tests.drawing import many


def workbook(**sheets: list[list[object]]) -> bytes:
    """A workbook of these sheets."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


GOOD = workbook(
    survey=[["type", "name", "label"], ["text", "q", "Who?"], ["select_one yn", "p", "Sure?"]],
    choices=[["list_name", "name", "label"], ["yn", "yes", "Yes"], ["yn", "no", "No"]],
)


def changed(**parts: bytes | None) -> bytes:
    """The good workbook with some of its parts replaced or left out."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(GOOD)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            place = name.replace("/", "_").replace(".", "_").lower()
            if place not in parts:
                new.writestr(name, old.read(name))
            elif (content := parts[place]) is not None:
                new.writestr(name, content)
    return out.getvalue()


SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(
        b'<!ENTITY %c "&%c;&%c;&%c;&%c;&%c;&%c;&%c;&%c;">' % (new, *[old] * 8)
        for old, new in zip(b"abcdefgh", b"bcdefghi", strict=True)
    )
    + b"]>"
)
EXTERNAL = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


def test_the_good_one_is_read() -> None:
    assert [each.key for each in read_xlsform(GOOD).definition.questions] == ["q", "p"]


@pytest.mark.parametrize(
    "content",
    [
        changed(xl_worksheets_sheet1_xml=ENTITIES + SHEET + b"&i;</sheetData></worksheet>"),
        changed(xl_worksheets_sheet1_xml=EXTERNAL + SHEET + b"&a;</sheetData></worksheet>"),
        changed(xl_worksheets_sheet1_xml=b"<worksheet>"),
        changed(xl_worksheets_sheet1_xml=b"\xff\xfe\x00"),
        changed(xl_worksheets_sheet1_xml=None),
        changed(xl_workbook_xml=ENTITIES + b"<workbook/>"),
        changed(xl_workbook_xml=b""),
        changed(xl_workbook_xml=None),
        changed(**{"[content_types]_xml": b"<Types/>"}),
        changed(**{"[content_types]_xml": None}),
        changed(xl_worksheets_sheet1_xml=b"<a>" * 60_000),
        changed(xl_worksheets_sheet1_xml=SHEET + b" " * (60 << 20)),
        GOOD[: len(GOOD) // 2],
        GOOD[:30],
        b"PK\x03\x04" + b"\0" * 100,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(range(256)) * 20,
        workbook(choices=[["list_name"]], other=[["a"]]),
        workbook(survey=[["name", "label"], ["a", "b"]]),
        workbook(survey=[["type", "name"]]),
        workbook(survey=[]),
        b"survey,,\n,type,name\0\n,text,q\n",
        b"x" * (17 << 20),
    ],
    ids=lambda _: "file",  # A file made anew differs by its time.
)
def test_damaged_and_hostile_workbooks_are_refused(content: bytes) -> None:
    with pytest.raises(FormatError) as told:
        read_xlsform(content)
    assert 10 < len(str(told.value)) < 300
    assert "/etc" not in str(told.value)


def test_a_cell_at_the_end_of_the_sheet_costs_nothing() -> None:
    rows = (
        b'<row r="1"><c r="A1" t="inlineStr"><is><t>type</t></is></c><c r="B1" t="inlineStr"><is><t>name'
        b'</t></is></c></row><row r="2"><c r="A2" t="inlineStr"><is><t>text</t></is></c>'
        b'<c r="XFD2" t="inlineStr"><is><t>far</t></is></c></row>'
        b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    )
    content = changed(xl_worksheets_sheet1_xml=SHEET + rows + b"</sheetData></worksheet>")
    assert len(read_xlsform(content).definition.questions) == 1


@pytest.mark.parametrize(
    "rows",
    [
        [["text", "q", "Q", "(" * 15_000], ["text", "r", "R", "1" + "+1" * 9_000]],
        [["begin group", f"g{n}", "G", "${q} = 1"] for n in range(300)] + [["text", "q", "Q", ""]],
        [["begin repeat", f"g{n}", "G", ""] for n in range(300)] + [["text", "q", "Q", "${q}"]],
        [["end group", "", "", ""]] * 50 + [["text", "q", "Q", ""]],
        [["calculate", f"c{n}", "", f"${{c{n + 1}}}"] for n in range(900)] + [["text", "q", "Q", ""]],
        [["text", "q", "${q} {{_data.secret}} ${", "${q}"]] * 30,
        [["text", "constructor", "<img src=x onerror=alert(1)>", ""], ["text", "_data", "D", ""]],
        [[f"select_one {'x' * 9000}", "y" * 9000, "z" * 30_000, "a" * 20_000]],
        [["range", "q", "Q", ""], ["note", "", "", ""], ["text", "", "", ""]],
        [["begin repeat", f"r{n}", "R", ""] for n in range(4)]
        + [["text", f"q{n}", "Q", "count(${r1}) > sum(${q1})"] for n in range(150)],
    ],
    ids=range(10),
)  # fmt: skip
@pytest.mark.timeout(30)
def test_strange_sheets_are_read_in_time(rows: list[list[object]]) -> None:
    more = [row[3] if row[0] == "calculate" else "" for row in rows]
    sheet = [["type", "name", "label", "relevant", "calculation"]]
    sheet += [
        [row[0], row[1], row[2], "" if calculation else row[3], calculation]
        for row, calculation in zip(rows, more, strict=True)
    ]
    text = io.StringIO()
    csv.writer(text).writerows([["survey"], *(["", *row] for row in sheet)])
    imported = read_xlsform(text.getvalue().encode())
    assert load(dump(imported.definition)) == imported.definition
    assert all("<" not in question.text for question in imported.definition.questions)


TOKENS = [
    "${", "}", "${n} > 1", "begin repeat", "begin group", "end group", "end repeat", "select_one yn",
    "select_multiple yn or_other", "rank yn", "calculate", "note", "range", "start=0 end=1e9 step=0",
    "yes", "table-list", "field-list", "list-nolabel", "label", "count(${r})", "position(..)", "random()",
    "<script>x</script>", "{{x}}", "9" * 50, "-99", "3", "../n", "sum(${n})", ".", "now()",
    "select_one ${n}", "select_one_from_file a.csv", "pulldata('a','b','c','d')", "🙂", "dateTime",
    "acknowledge", "hidden", "today", "username", "integer", "text", "n", "r", "",
]  # fmt: skip
COLUMNS = [
    "type", "name", "label", "label::French (fr)", "hint", "relevant", "constraint", "required",
    "calculation", "choice_filter", "appearance", "repeat_count", "default", "read_only", "parameters",
]  # fmt: skip


@settings(
    max_examples=many(60), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)  # fmt: skip
@given(
    st.lists(
        st.lists(st.sampled_from(TOKENS), min_size=len(COLUMNS), max_size=len(COLUMNS)), max_size=12
    )
)
def test_any_sheet_is_read_or_refused(rows: list[list[str]]) -> None:
    text = io.StringIO()
    head: list[list[str]] = [["survey"], ["", *COLUMNS], ["", "integer", "n", "N"]]
    tail = [
        ["choices"],
        ["", "list_name", "name", "label"],
        ["", "yn", "y", "Y"],
        ["", "yn", "n", "N"],
    ]
    csv.writer(text).writerows([*head, *(["", *row] for row in rows), *tail])
    # One question is always there, so that nothing is to be refused.
    imported = read_xlsform(text.getvalue().encode())
    assert load(dump(imported.definition)) == imported.definition
    assert all(item.reason for item in imported.report.items if item.outcome != "mapped")
    compiled = Compiled(imported.definition)
    answers = {question.key: 1 for question in imported.definition.questions}
    compiled.clean_all(answers, partial=True)
    raw = {item.path for item in imported.report.logic if item.outcome == "raw"}
    blocking = {path for path in raw if not path.endswith((".read_only", ".default"))}
    assert not blocking or imported.definition.unresolved


@settings(
    max_examples=many(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data())
def test_damaged_real_files_are_read_or_refused(shared_data: Path, data: st.DataObject) -> None:
    folder = shared_data / "interop" / "xlsform"
    name = data.draw(st.sampled_from(["widgets.xls", "or_other.xlsx", "unknown_question_type.xls"]))
    content = bytearray((folder / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content))) :]
    with suppress(FormatError):
        read_xlsform(bytes(content))
