"""A draft's translations: edited on a page, given out to translators and taken back."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import openpyxl
import xlsxwriter
from openpyxl.utils.exceptions import InvalidFileException

from efm.errors import Invalid
from efm.feedback.cells import safe_text
from surveys.definition import Definition
from surveys.formats.errors import FormatError
from surveys.formats.xliff import read_xliff, write_xliff
from surveys.localizing import texts
from surveys.translating import LANGUAGE, MAX_TEXT, Translated

MOST_BYTES = 10 * 1024 * 1024
MOST_ROWS = 50_000
HEADS = ("place", "text", "translation")


def as_xliff(definition: Definition, language: str) -> bytes:
    """The texts with their translations as XLIFF."""
    return write_xliff(definition, language)


def as_xlsx(definition: Definition, language: str) -> bytes:
    """The texts with their translations as a workbook: one line a text."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False,
                                        "strings_to_urls": False})  # fmt: skip
    sheet = book.add_worksheet("Texts")
    wraps = book.add_format({"text_wrap": True, "valign": "top"})
    bold = book.add_format({"bold": True})
    sheet.write_row(0, 0, [HEADS[0], f"{HEADS[1]} ({definition.language})",
                           f"{HEADS[2]} ({language})"], bold)  # fmt: skip
    sheet.set_column(0, 0, 32)
    sheet.set_column(1, 2, 60, wraps)
    sheet.freeze_panes(1, 1)
    known = definition.translations.get(language, {})
    for number, (place, text) in enumerate(texts(definition).items(), 1):
        sheet.write_string(number, 0, place)
        sheet.write_string(number, 1, safe_text(text))
        sheet.write_string(number, 2, safe_text(known.get(place, "")))
    book.close()
    return buffer.getvalue()


def read(name: str, content: bytes, language: str) -> Translated:
    """The translations of a file, XLIFF or XLSX; raises Invalid in words.

    `language` is the one wanted; a file that says it is of another is refused.
    """
    if len(content) > MOST_BYTES:
        raise Invalid("Choose a file of at most 10 MB.")
    if content[:2] == b"PK":
        return Translated(language, *_read_xlsx(content))
    try:
        found = read_xliff(content)
    except FormatError as error:
        raise Invalid(f"{name or 'The file'}: {error}") from error
    if found.language and found.language.lower() != language.lower():
        raise Invalid(
            f"This file is a translation to {found.language[:20]}, and this page is {language}. "
            "Open the page of that language."
        )
    return found._replace(language=language)


def _read_xlsx(content: bytes) -> tuple[dict[str, str], dict[str, str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(each.file_size for each in archive.infolist()) > 20 * MOST_BYTES:
                raise Invalid("This workbook is too large once it is unpacked.")
        book: Any = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        rows = book.worksheets[0].iter_rows(max_col=3, max_row=MOST_ROWS, values_only=True)
        found, sources = {}, {}
        for row in list(rows)[1:]:
            place, text, translation = (*row, None, None, None)[:3]
            if isinstance(place, str):
                sources[place] = _plain(text)
                if _plain(translation):
                    found[place] = _plain(translation)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, TypeError, OSError,
            IndexError, EOFError) as error:  # fmt: skip
        raise Invalid("This workbook cannot be read. Save it as XLSX again.") from error
    if not sources:
        raise Invalid("The first sheet holds no texts. Its first column must name their places.")
    return found, sources


def _plain(value: object) -> str:
    """A cell's text without the apostrophe that kept it from being a formula."""
    text = value if isinstance(value, str) else "" if value is None else str(value)
    return text[1:] if text.startswith("'") and safe_text(text[1:]) == text else text


def from_form(definition: Definition, language: str, form: Mapping[str, str]) -> Translated:
    """The translations a page was sent with; an emptied one is taken away."""
    mine = texts(definition)
    given = {
        place: form[f"text.{place}"].replace("\r\n", "\n")[:MAX_TEXT]
        for place in mine
        if f"text.{place}" in form
    }
    return Translated(language, given, {})


def language_of(given: str) -> str:
    """A language code somebody typed; raises Invalid when it is none."""
    code = given.strip()
    if not LANGUAGE.fullmatch(code):
        raise Invalid(
            "Write a language code.", problems={"language": 'Write a code such as "de" or "pt-BR".'}
        )
    return code
