"""A QSF file taken apart: its blocks, questions, flow and quotas, whatever shape they were written in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from surveys.formats.errors import FormatError
from surveys.formats.qsf.values import listed, mapping, name

MAX_BYTES = 20 * 1024 * 1024
_DEEPEST = 80
_MOST_PARTS = 3_000_000
_LONGEST_NUMBER = 30
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8}){0,3}")
# Codes of the source that are others than those of the rest of the world.
_CODES = {
    "zh-s": "zh-Hans", "zh-t": "zh-Hant", "zh-cn": "zh-Hans", "zh-tw": "zh-Hant",
    "sqi": "sq", "asm": "as", "aze": "az", "bel": "be", "ben": "bn", "bos": "bs", "cat": "ca",
    "ch": "ch", "cym": "cy", "est": "et", "eus": "eu", "glg": "gl", "guj": "gu", "hau": "ha",
    "hin": "hi", "hrv": "hr", "hye": "hy", "ibo": "ig", "ind": "id", "isl": "is", "kan": "kn",
    "kat": "ka", "kaz": "kk", "khm": "km", "kir": "ky", "lao": "lo", "lav": "lv", "lit": "lt",
    "mal": "ml", "mar": "mr", "mkd": "mk", "mon": "mn", "msa": "ms", "mya": "my", "nep": "ne",
    "ori": "or", "pan": "pa", "sin": "si", "slk": "sk", "slv": "sl", "som": "so", "srp": "sr",
    "swa": "sw", "tam": "ta", "tel": "te", "tgl": "tl", "tha": "th", "ukr": "uk", "urd": "ur",
    "uzb": "uz", "vie": "vi", "yor": "yo", "zul": "zu",
}  # fmt: skip


@dataclass
class File:
    """What stands in a file, by id. ``unused`` are the names of questions in the trash."""

    entry: Mapping[str, object]
    blocks: dict[str, Mapping[str, object]] = field(default_factory=dict)
    questions: dict[str, Mapping[str, object]] = field(default_factory=dict)
    flow: list[object] = field(default_factory=list)
    options: Mapping[str, object] = field(default_factory=dict)
    quotas: list[Mapping[str, object]] = field(default_factory=list)
    scored: bool = False
    unused: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)


def read(content: bytes) -> File:
    """The parts of a file; raises FormatError where it is no QSF file."""
    document = _document(content)
    elements = document.get("SurveyElements")
    if not isinstance(elements, list | dict):
        raise FormatError(
            "This is no QSF file: it has no SurveyElements. Export the survey in Qualtrics with "
            "Tools, Import/Export, Export Survey."
        )
    file = File(mapping(document.get("SurveyEntry")))
    flow: object = None
    for each in listed(elements):
        if not isinstance(each, dict):
            continue
        kind, payload = name(each.get("Element")), each.get("Payload")
        if kind == "SQ" and isinstance(payload, dict):
            source = name(payload.get("QuestionID")) or name(each.get("PrimaryAttribute"))
            if source:
                file.questions.setdefault(source, payload)
        elif kind == "BL":
            _blocks(file, payload)
        elif kind == "FL" and flow is None:
            flow = payload
        elif kind == "SO" and not file.options:
            file.options = mapping(payload)
        elif kind == "QO" and isinstance(payload, dict):
            file.quotas.append(payload)
        elif kind == "SCO":
            file.scored = bool(mapping(payload).get("ScoringCategories"))
        elif kind not in ("RS", "QC", "STAT", "PROJ", "PL", "BR", "NT", "QG", "QGO", ""):
            file.others.add(kind[:20])
    if not file.blocks and file.questions:
        inside = [{"Type": "Question", "QuestionID": each} for each in file.questions]
        file.blocks["all"] = {"ID": "all", "BlockElements": inside}
    file.flow = listed(mapping(flow).get("Flow")) if isinstance(flow, dict) else []
    if not isinstance(flow, dict):
        file.flow = [{"Type": "Block", "ID": each} for each in file.blocks]
    return file


def language(code: object) -> str:
    """A language code as ours are written ("EN" is "en", "ZH-S" is "zh-Hans"); '' for none."""
    written = name(code).lower().replace("_", "-")
    if written in _CODES:
        return _CODES[written]
    if not _LANGUAGE.fullmatch(written):
        return ""
    first, *others = written.split("-")
    cased = [each.upper() if len(each) == 2 else each.title() for each in others]
    return "-".join([first, *cased])


def _document(content: bytes) -> Mapping[str, object]:
    if len(content) > MAX_BYTES:
        raise FormatError(
            f"The file is too large. At most {MAX_BYTES // 1024 // 1024} MB are read."
        )
    if content[:4] == b"PK\x03\x04":
        raise FormatError(
            "This is a zip archive, not a QSF file. Unpack it and take the .qsf in it."
        )
    try:
        text = content.decode("utf-8-sig")
        document: object = json.loads(
            text, parse_int=_whole, parse_constant=lambda _: None, parse_float=_real
        )
    except RecursionError as error:
        raise FormatError("This is no QSF file: it nests too deeply.") from error
    except ValueError as error:
        raise FormatError(
            "This is no QSF file: it is not JSON in UTF-8, or it was cut off. Export it once more."
        ) from error
    if not isinstance(document, dict):
        raise FormatError("This is no QSF file: it holds no survey.")
    _check_size(document)
    return document


def _whole(digits: str) -> int | None:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else None


def _real(digits: str) -> float | None:
    return float(digits) if len(digits) <= _LONGEST_NUMBER * 2 else None


def _check_size(document: object) -> None:
    """Refuse what nests deeper or holds more than any survey, without recursion."""
    level, seen = [document], 0
    for _ in range(_DEEPEST):
        below: list[object] = []
        for each in level:
            if isinstance(each, dict):
                below.extend(each.values())
            elif isinstance(each, list):
                below.extend(each)
        seen += len(below)
        if seen > _MOST_PARTS:
            raise FormatError("The file holds more than any survey. Divide the survey.")
        if not below:
            return
        level = below
    raise FormatError("This is no QSF file: it nests too deeply.")


def _blocks(file: File, payload: object) -> None:
    """The blocks of one element: all of them, or one each."""
    found = mapping(payload)
    one = isinstance(payload, dict) and "BlockElements" in found and "ID" in found
    for each in [payload] if one else listed(payload):
        if not isinstance(each, dict):
            continue
        inside = [
            name(part.get("QuestionID"))
            for part in listed(each.get("BlockElements"))
            if isinstance(part, dict)
        ]
        if each.get("Type") == "Trash":
            file.unused.update(filter(None, inside))
        elif source := name(each.get("ID")):
            file.blocks.setdefault(source, each)
