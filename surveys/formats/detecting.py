"""Reads a survey of whatever format it is, told by its content; a file's ending only breaks ties."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable

from surveys import definition
from surveys.errors import DefinitionError, SurveyError
from surveys.formats.errors import FormatError
from surveys.formats.report import Imported, Item, LogicItem, Report
from surveys.parts import Definition

MAX_BYTES = 32 * 1024 * 1024
OURS = "efm"
_KNOWN = "Qualtrics (QSF), LimeSurvey (LSS, LSG, LSQ, LSA), SurveyJS (JSON), XLSForm or our own YAML or JSON"
_OUR_PAGES = re.compile(r"^pages\s*:", re.MULTILINE)
_LIMESURVEY_PARTS = re.compile(r"\.ls[sgqart]\Z|(?:\A|/)survey_\d+_", re.IGNORECASE)


def read(name: str, content: bytes) -> Imported:
    """The survey in a file; raises FormatError for what is none of the formats, and nothing else."""
    if len(content) > MAX_BYTES:
        raise FormatError(f"The file is larger than {MAX_BYTES >> 20} MB, more than a survey has.")
    if not content.strip():
        raise FormatError("The file is empty.")
    try:
        return _reader(name, content)()
    except FormatError:
        raise
    except DefinitionError as error:
        more = f" (and {len(error.problems) - 1} more)" if len(error.problems) > 1 else ""
        raise FormatError(f"The survey has problems. {error.problems[0]}{more}") from error
    except SurveyError as error:
        raise FormatError(str(error)) from error
    except RecursionError as error:
        raise FormatError("The file is nested too deeply.") from error
    except Exception as error:  # A file is never the reason for a failure that nobody explains.
        raise FormatError(
            f"The file cannot be read as a survey ({type(error).__name__}). It may be damaged."
        ) from error


def _reader(name: str, content: bytes) -> Callable[[], Imported]:
    """Who reads it."""
    if content.startswith(b"PK"):
        return _packed(name, content)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        return lambda: _xlsform(name, content)
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start in (b"{", b"["):
        return _json(name, content)
    if start == b"<":
        return _xml(content)
    from surveys.formats.xlsform.book import looks_like_one

    if looks_like_one(content):
        return lambda: _xlsform(name, content)
    text = _text(content)
    if "\tclass\t" in text[:2000] or text.startswith(("id\t", '"id"\t', "class\t")):
        return lambda: _limesurvey(content)
    if _OUR_PAGES.search(text) or name.lower().endswith((".yaml", ".yml")):
        return lambda: _ours(definition.load_yaml(text))
    raise FormatError(f"It is no survey of a known format: {_KNOWN}.")


def _packed(name: str, content: bytes) -> Callable[[], Imported]:
    """A ZIP file is a workbook or an archive of LimeSurvey."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [part.filename for part in archive.infolist()[:2000]]
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise FormatError("The file begins like a ZIP archive but is damaged.") from error
    if "[Content_Types].xml" in names or any(each.startswith("xl/") for each in names):
        return lambda: _xlsform(name, content)
    if any(_LIMESURVEY_PARTS.search(each) for each in names):
        return lambda: _limesurvey(content)
    raise FormatError(f"The archive holds no survey of a known format: {_KNOWN}.")


def _json(name: str, content: bytes) -> Callable[[], Imported]:
    """Qualtrics and SurveyJS write JSON as we do; names at the top tell them apart."""
    found = _parsed(content)
    if isinstance(found, dict):
        if "SurveyEntry" in found or "SurveyElements" in found:
            return lambda: _qsf(content)
        pages = found.get("pages")
        first = pages[0] if isinstance(pages, list) and pages else None
        if isinstance(first, dict) and "questions" in first and "language" in found:
            return lambda: _ours(definition.from_json(content))
        if any(each in found for each in ("pages", "elements", "questions", "sections")):
            return lambda: _surveyjs(content)
    raise FormatError(f"The JSON is no survey of a known format: {_KNOWN}.")


def _parsed(content: bytes) -> object:
    text = _text(content)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(
            "The file begins like JSON but cannot be read; it may be cut off."
        ) from error


def _xml(content: bytes) -> Callable[[], Imported]:
    text = content[:4000].decode("utf-8", "replace")
    if "LimeSurveyDocType" in content[:200_000].decode("utf-8", "replace") or "<document" in text:
        return lambda: _limesurvey(content)
    if "w3.org/2002/xforms" in text or "<h:html" in text:
        raise FormatError("It is an XForm. Import the XLSForm (a workbook) it was made from.")
    raise FormatError(f"The XML is no survey of a known format: {_KNOWN}.")


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError("It is no text in UTF-8 and no known kind of archive.") from error


def _ours(read: Definition) -> Imported:
    """Our own format: everything is as it was."""
    items = tuple(
        Item(question.key, question.kind, "mapped", question.key) for question in read.questions
    )
    logic = tuple(
        LogicItem(f"{question.key}.{part}", json.dumps(held, ensure_ascii=False), "evaluated")
        for question in read.questions
        for part, held in (
            ("show_if", question.show_if),
            ("required_if", question.required_if),
            ("value", question.value),
        )
        if held is not None
    )
    return Imported(read, Report(OURS, items, logic, read.languages))


def _qsf(content: bytes) -> Imported:
    from surveys.formats.qsf import read_qsf

    return read_qsf(content)


def _limesurvey(content: bytes) -> Imported:
    from surveys.formats.limesurvey import read_limesurvey

    return read_limesurvey(content)


def _surveyjs(content: bytes) -> Imported:
    from surveys.formats.surveyjs import read_surveyjs

    return read_surveyjs(content)


def _xlsform(name: str, content: bytes) -> Imported:
    from surveys.formats.xlsform import read_xlsform

    return read_xlsform(content, name)
