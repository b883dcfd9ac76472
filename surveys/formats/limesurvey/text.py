"""LimeSurvey's tab-separated text of a survey, read into the tables its XML would hold."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from io import StringIO

from surveys.formats.errors import FormatError
from surveys.formats.limesurvey.tables import LARGEST_FILE, Row, Tables

_KNOWN = frozenset(
    {
        "id", "related_id", "class", "type/scale", "name", "relevance", "text", "help", "language",
        "validation", "mandatory", "encrypted", "other", "default", "same_default", "same_script",
    }
)  # fmt: skip
_MOST_ROWS = 100_000
_MOST_COLUMNS = 600
# The text does not say which version wrote it; those that write it are newer ones.
_VERSION = 400


def is_text(content: bytes) -> bool:
    """Whether a file begins as the text format does."""
    head = content[:400].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe").split(b"\n")[0]
    names = [each.strip().strip(b'"') for each in head.split(b"\t")]
    return b"class" in names and b"name" in names


def read_text(content: bytes) -> Tables:
    """The tables in a tab-separated text; raises FormatError."""
    if len(content) > LARGEST_FILE:
        raise FormatError("This file is larger than 50 MB.")
    try:
        encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        text = content.decode(encoding)
    except UnicodeDecodeError:
        raise FormatError("The characters of this file cannot be read. Save it as UTF-8.") from None
    reader = _Reader()
    try:
        rows = csv.reader(StringIO(text.replace("\x00", "")), delimiter="\t")
        names = [each.strip() for each in next(rows)][:_MOST_COLUMNS]
        for number, row in enumerate(rows):
            if number > _MOST_ROWS:
                raise FormatError("This file has more rows than a survey can have.")
            cells = {name: cell for name, cell in zip(names, row, strict=False) if cell and name}
            reader.row(cells)
    except csv.Error:
        raise FormatError(
            "A row of this file cannot be read. Save it as tab-separated text."
        ) from None
    return reader.finish()


class _Reader:
    """Takes the rows in their order; what belongs together follows one another."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = {}
        self.survey: dict[str, str] = {}
        self.wording: dict[str, dict[str, str]] = {}
        self.groups: dict[str, int] = {}
        self.questions: dict[str, str] = {}
        self.subs: dict[tuple[str, str, str], str] = {}
        self.gid = self.qid = ""
        self.places = 0

    def row(self, cells: Mapping[str, str]) -> None:
        """Take one row by its class."""
        take = {
            "S": self._setting, "SL": self._said, "G": self._group, "Q": self._question, "SQ": self._sub,
            "A": self._answer, "QTA": self._quota, "QTAM": self._member, "QTALS": self._quota_said,
            "C": self._condition,
        }.get(cells.get("class", "").strip())  # fmt: skip
        if take is not None:
            self.places += 1
            take(cells)

    def _add(self, table: str, **record: str) -> None:
        self.rows.setdefault(table, []).append(record)

    def _setting(self, cells: Mapping[str, str]) -> None:
        self.survey[cells.get("name", "").strip()] = cells.get("text", "")

    def _said(self, cells: Mapping[str, str]) -> None:
        language = cells.get("language", "").strip()
        own = self.wording.setdefault(language, {"surveyls_language": language})
        own.setdefault(cells.get("name", "").strip(), cells.get("text", ""))

    def _group(self, cells: Mapping[str, str]) -> None:
        language = cells.get("language", "").strip()
        self.groups[language] = self.groups.get(language, 0) + 1
        self.gid = str(self.groups[language])
        self._add(
            "groups", gid=self.gid, group_order=self.gid, group_name=cells.get("name", ""),
            description=cells.get("text", ""), language=language, grelevance=cells.get("relevance", ""),
            randomization_group=cells.get("random_group", ""),
        )  # fmt: skip

    def _question(self, cells: Mapping[str, str]) -> None:
        code = cells.get("name", "").strip()
        is_new = code not in self.questions
        self.qid = self.questions.setdefault(code, str(len(self.questions) + 1))
        language = cells.get("language", "").strip()
        self._add(
            "questions", qid=self.qid, parent_qid="0", gid=self.gid or "1", type=cells.get("type/scale", "").strip(),
            title=code, question=cells.get("text", ""), help=cells.get("help", ""), language=language,
            preg=cells.get("validation", ""), mandatory=cells.get("mandatory", ""), other=cells.get("other", ""),
            relevance=cells.get("relevance", ""), question_order=str(self.places), scale_id="0",
        )  # fmt: skip
        if is_new and cells.get("default"):
            self._add(
                "defaultvalues", qid=self.qid, sqid="0", scale_id="0", defaultvalue=cells["default"]
            )
        for name, value in cells.items():
            if name not in _KNOWN:
                local = {"language": language} if name.endswith(_TEXTS) else {}
                self._add("question_attributes", qid=self.qid, attribute=name, value=value, **local)

    def _sub(self, cells: Mapping[str, str]) -> None:
        code, scale = cells.get("name", "").strip(), cells.get("type/scale", "").strip()
        key = (self.qid, scale, code)
        is_new = key not in self.subs
        sub = self.subs.setdefault(key, f"9{len(self.subs) + 1:07}")
        self._add(
            "subquestions", qid=sub, parent_qid=self.qid, gid=self.gid, type="T", title=code,
            question=cells.get("text", ""), language=cells.get("language", "").strip(),
            relevance=cells.get("relevance", ""), question_order=str(self.places), scale_id=scale or "0",
        )  # fmt: skip
        if is_new and cells.get("default"):
            self._add(
                "defaultvalues", qid=self.qid, sqid=sub, scale_id="0", defaultvalue=cells["default"]
            )

    def _answer(self, cells: Mapping[str, str]) -> None:
        self._add(
            "answers", qid=self.qid, code=cells.get("name", ""), answer=cells.get("text", ""),
            language=cells.get("language", "").strip(), sortorder=str(self.places),
            scale_id=cells.get("type/scale", "").strip() or "0", assessment_value=cells.get("assessment_value", ""),
        )  # fmt: skip

    def _quota(self, cells: Mapping[str, str]) -> None:
        self._add(
            "quota", id=cells.get("id", ""), name=cells.get("name", ""), qlimit=cells.get("mandatory", ""),
            action=cells.get("other", ""), active=cells.get("default", "1"),
            autoload_url=cells.get("same_default", "0"),
        )  # fmt: skip

    def _member(self, cells: Mapping[str, str]) -> None:
        self._add(
            "quota_members",
            quota_id=cells.get("related_id", ""),
            qid=self.qid,
            code=cells.get("name", ""),
        )

    def _quota_said(self, cells: Mapping[str, str]) -> None:
        self._add(
            "quota_languagesettings", quotals_quota_id=cells.get("related_id", ""),
            quotals_language=cells.get("language", "").strip(), quotals_message=cells.get("relevance", ""),
            quotals_url=cells.get("text", ""),
        )  # fmt: skip

    def _condition(self, cells: Mapping[str, str]) -> None:
        self._add(
            "conditions", qid=self.qid, cqid="0", scenario=cells.get("type/scale", "1"),
            cfieldname=cells.get("name", ""), method=cells.get("relevance", "=="), value=cells.get("text", ""),
        )  # fmt: skip

    def finish(self) -> Tables:
        """The tables, as the older XML has them: one row a language."""
        tables = Tables()
        tables.kind, tables.version = "Survey", _VERSION
        tables.rows = {**self.rows, "surveys": [self.survey]}
        tables.rows["surveys_languagesettings"] = list(self.wording.values())
        return tables


_TEXTS = ("_tip", "_headerA", "_headerB", "prefix", "suffix", "other_replace_text")
