"""The tables inside a LimeSurvey file, read from XML or from an archive, within bounds."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import TypeAlias
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from surveys.formats.errors import FormatError

Row: TypeAlias = Mapping[str, str]

LARGEST_FILE = 50_000_000
LARGEST_INSIDE = 60_000_000
_MOST_ENTRIES = 2_000
_MOST_ROWS = 200_000
_MOST_CELLS = 2_000_000
_LONGEST_CELL = 400_000
_DEEPEST = 12
_ZIP = b"PK\x03\x04"
# Characters no XML may hold; LimeSurvey writes what its users pasted.
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_BARE_AMPERSAND = re.compile(rb"&(?![a-zA-Z][a-zA-Z0-9]{1,30};|#)")


class Tables:
    """What a file holds: ``kind`` Survey, Group or Question, the version of its database, its rows."""

    def __init__(self) -> None:
        self.kind = ""
        self.version = 0
        self.languages: list[str] = []
        self.rows: dict[str, list[Row]] = {}

    def table(self, name: str) -> list[Row]:
        """The rows of a table; none where the file has no such table."""
        return self.rows.get(name, [])


class _Reader:
    """Takes the events of the parser; nothing deeper than a cell of a row is kept."""

    def __init__(self) -> None:
        self.tables = Tables()
        self.path: list[str] = []
        self.row: dict[str, str] = {}
        self.words: list[str] = []
        self.length = 0
        self.rows = 0
        self.cells = 0

    def start(self, tag: str, _: Mapping[str, str]) -> None:
        self.path.append(tag)
        if len(self.path) == 1 and tag != "document":
            raise FormatError("This XML is no LimeSurvey file: it does not begin with a document.")
        if len(self.path) > _DEEPEST:
            raise FormatError("This XML nests deeper than any LimeSurvey file does.")
        if len(self.path) == 4 and tag == "row":
            self.row = {}
        self.words, self.length = [], 0

    def data(self, words: str) -> None:
        self.length += len(words)
        if self.length > _LONGEST_CELL:
            raise FormatError("One text of this file is longer than a survey can hold.")
        self.words.append(words)

    def end(self, tag: str) -> None:
        depth, words = len(self.path), "".join(self.words)
        if depth == 2 and tag == "LimeSurveyDocType":
            self.tables.kind = words.strip()
        elif depth == 2 and tag == "DBVersion":
            digits = words.strip()[:9]
            self.tables.version = int(digits) if digits.isascii() and digits.isdigit() else 0
        elif depth == 3 and tag == "language":
            self.tables.languages.append(words.strip()[:40])
        elif depth == 5 and self.path[2] == "rows" and self.path[3] == "row":
            self.cells += 1
            self.row[tag] = words
        elif depth == 4 and tag == "row" and self.path[2] == "rows":
            self.rows += 1
            self.tables.rows.setdefault(self.path[1], []).append(self.row)
        if self.rows > _MOST_ROWS or self.cells > _MOST_CELLS:
            raise FormatError("This file has more rows than a survey can have.")
        self.path.pop()
        self.words, self.length = [], 0

    def close(self) -> Tables:
        return self.tables


def read_tables(content: bytes) -> Tables:
    """The tables of an LSS, LSG, LSQ or LSA file; raises FormatError."""
    if len(content) > LARGEST_FILE:
        raise FormatError("This file is larger than 50 MB. Export the survey without its answers.")
    if content.startswith(_ZIP):
        content = _from_archive(content)
    if not content.strip():
        raise FormatError("This file is empty.")
    tables = _parsed(content)
    if not tables.kind and not tables.rows:
        raise FormatError("This XML is no LimeSurvey file: it has none of its tables.")
    if tables.kind and tables.kind not in ("Survey", "Group", "Question"):
        raise FormatError(
            "This LimeSurvey file holds no survey, group or question. Export the survey structure."
        )
    return tables


def _parsed(content: bytes) -> Tables:
    try:
        return _read(content)
    except ParseError as error:
        mended = _CONTROLS.sub(b"", content)
        # Text in two bytes a letter is full of zeros that mean something.
        if content[:2] not in (b"\xff\xfe", b"\xfe\xff"):
            mended = _BARE_AMPERSAND.sub(b"&amp;", mended) if b"<![CDATA[" not in mended else mended
            if mended != content:
                try:
                    return _read(mended)
                except ParseError:
                    pass
        line, column = error.position
        raise FormatError(
            f"This is not a whole XML file (line {line}, character {column}). Export it again."
        ) from None


def _read(content: bytes) -> Tables:
    parser = DefusedXMLParser(target=_Reader(), forbid_dtd=True)
    try:
        parser.feed(content)
        tables = parser.close()
    except DefusedXmlException:
        raise FormatError("This XML declares types or entities, which no survey needs.") from None
    except (ValueError, LookupError, AssertionError):
        raise FormatError("The characters of this file cannot be read. Save it as UTF-8.") from None
    assert isinstance(tables, Tables)
    return tables


def _from_archive(content: bytes) -> bytes:
    """The survey's own file in an archive; answers and participants are left in it."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            entries = archive.infolist()
            if len(entries) > _MOST_ENTRIES:
                raise FormatError("This archive holds more files than a survey has.")
            inside = [
                each for each in entries if each.filename.lower().endswith((".lss", ".lsg", ".lsq"))
            ]
            if not inside:
                raise FormatError("This archive holds no LimeSurvey survey (no .lss file).")
            return _unpacked(lambda most: archive.open(inside[0]).read(most), inside[0])
    except FormatError:
        raise
    except Exception:  # A broken archive fails in as many ways as zipfile has codecs.
        raise FormatError("This archive is damaged or protected by a password.") from None


def _unpacked(read: Callable[[int], bytes], entry: zipfile.ZipInfo) -> bytes:
    if entry.file_size > LARGEST_INSIDE:
        raise FormatError("The survey in this archive is larger than 60 MB.")
    # The size an archive states may be a lie, so no more than the bound is ever unpacked.
    content = read(LARGEST_INSIDE + 1)
    if len(content) > LARGEST_INSIDE:
        raise FormatError("The survey in this archive is larger than 60 MB.")
    return content
