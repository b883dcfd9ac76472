"""The JSON of a SurveyJS survey read from bytes: bounded, and nothing in it that could run or break."""

from __future__ import annotations

import json
import re

from surveys.formats.errors import FormatError
from surveys.formats.surveyjs.desk import Json, mapping
from surveys.strings import is_storable

MAX_BYTES = 8_000_000
_NOT_ONE = "This is no SurveyJS survey: it has neither pages nor elements nor questions."
_LISTS = ("pages", "elements", "questions")
_DEEPEST = 60
_RUNS = re.compile(
    r"<\s{0,20}(script|iframe|object|embed|style)\b.*?(?:<\s{0,20}/\s{0,20}\1\s{0,20}>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def document_of(content: bytes) -> tuple[Json, int]:
    """The survey as plain values, and how many scripts were taken out; raises FormatError."""
    if len(content) > MAX_BYTES:
        raise FormatError(f"The file is larger than {MAX_BYTES // 1_000_000} MB.")
    try:
        found = json.loads(content.decode("utf-8-sig"), parse_constant=_constant)
    except RecursionError as error:
        raise FormatError("The file is nested too deeply.") from error
    except ValueError as error:
        raise FormatError(f"The file is no JSON in UTF-8: {str(error)[:200]}") from error
    document = mapping(found)
    if not any(isinstance(document.get(name), list) for name in _LISTS):
        # Some tools put the survey into an envelope.
        document = mapping(document.get("json")) or mapping(document.get("survey"))
        if not any(isinstance(document.get(name), list) for name in _LISTS):
            raise FormatError(_NOT_ONE)
    _check_depth(document)
    scripts: list[str] = []
    return mapping(_clean(document, scripts)), len(scripts)


def _constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


def _check_depth(document: Json) -> None:
    level: list[object] = [document]
    for _ in range(_DEEPEST):
        below: list[object] = []
        for found in level:
            if isinstance(found, dict | list):
                below += found.values() if isinstance(found, dict) else found
        if not below:
            return
        level = below
    raise FormatError(f"The file is nested more than {_DEEPEST} levels deep.")


def _clean(found: object, scripts: list[str]) -> object:
    """A copy without scripts and without characters that cannot be stored."""
    if isinstance(found, dict):
        return {_clean(name, scripts): _clean(part, scripts) for name, part in found.items()}
    if isinstance(found, list):
        return [_clean(part, scripts) for part in found]
    if not isinstance(found, str):
        return found
    if not is_storable(found):
        found = _UNSTORABLE.sub("", found)
    if "<" in found and _RUNS.search(found):
        found, count = _RUNS.subn("", found)
        scripts += ["script"] * count
    return found
