"""A file's format is told by what is in it, not by its name."""

from __future__ import annotations

import io
import json
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveys import library
from surveys.definition import dump_yaml, to_json
from surveys.formats import FormatError
from surveys.formats.detecting import read
from tests.drawing import many

FORMATS = {
    "xlsform": {".xlsx", ".xls"},
    "qsf": {".qsf"},
    "surveyjs": {".json"},
    "lss": {".lss", ".lsa", ".lsg", ".lsq"},
}


@pytest.mark.parametrize("folder", FORMATS)
def test_shared_files_are_told_apart_whatever_they_are_called(
    shared_data: Path, folder: str
) -> None:
    for path in sorted((shared_data / "interop" / folder).iterdir()):
        if path.suffix not in FORMATS[folder] or ".schema" in path.name:
            continue
        imported = read("survey.bin", path.read_bytes())
        assert imported.report.format.lower() in (folder, "limesurvey", "qualtrics"), path.name


@pytest.mark.parametrize("name", library.names()[:3])
def test_our_own_documents_come_back_as_they_were(name: str) -> None:
    template = library.template(name)
    for content in (dump_yaml(template).encode(), to_json(template)):
        imported = read("any", content)
        assert imported.definition == template
        assert imported.report.format == "efm"
        assert (
            imported.report.count("mapped") == len(template.questions) == len(imported.report.items)
        )
        assert imported.report.languages == template.languages


def _zipped(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"   \n",
        b"\x00\x01\x02",
        b"\xff\xfe\xfd",
        b"hello world",
        b"pages: [",
        b"pages:\n- 1\n",
        b"{",
        b"{}",
        b"[]",
        b'{"pages": 1}',
        b'{"pages": [{"questions": 1}], "language": "en"}',
        b'{"a": ' * 5000,
        b"[" * 200_000,
        b"<html></html>",
        b"<!DOCTYPE x><document>",
        b"<document/>",
        b'<h:html xmlns="http://www.w3.org/2002/xforms"/>',
        b"<",
        b"PK",
        b"PK\x03\x04" + b"x" * 50,
        b"\xd0\xcf\x11\xe0",
        b"%PDF-1.7",
        b"\x89PNG\r\n",
        json.dumps({"SurveyEntry": 1, "SurveyElements": 2}).encode(),
        json.dumps({"elements": "x"}).encode(),
        b"type,nothing\n1,2\n",
        b'{"title": "\\ud800"}',
        _zipped("a.txt", b"hello"),
        _zipped("[Content_Types].xml", b"<x/>"),
        _zipped("survey_1.lss", b"<document>"),
        b"a" * (33 << 20),
    ],
    ids=lambda _: "file",  # A file made anew differs by its time.
)
def test_what_is_no_survey_is_refused_in_a_sentence(content: bytes) -> None:
    for name in ("a.yaml", "a.qsf", "a.xlsx"):
        with pytest.raises(FormatError) as told:
            read(name, content)
        assert 10 < len(str(told.value)) < 600


@settings(max_examples=many(150), deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"PK\x03\x04", b"{", b"<", b"pages:", b"|survey|"]),
)
def test_whatever_comes_is_read_or_refused(content: bytes, start: bytes) -> None:
    with suppress(FormatError):
        read("file", start + content)
