"""Kinds answered by something handed over: files, and a name written as a signature."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from surveys.kinds.base import Asked, Cell, Column, Kind, Readers, Setting, whole
from surveys.kinds.writing import WRITING
from surveys.strings import tidy
from surveys.values import Answer, Refusal

MEGABYTE = 1024 * 1024
LONGEST_NAME = 120
# What people hand over, by the ending of the name; each is told apart by its first bytes too.
TYPES = ("pdf", "png", "jpg", "jpeg", "gif", "webp", "heic", "txt", "csv", "docx", "xlsx", "pptx",
         "odt", "ods", "mp3", "m4a", "wav", "mp4", "mov", "webm", "zip")  # fmt: skip
USUAL = ("pdf", "png", "jpg", "jpeg", "heic", "webp", "docx", "xlsx", "txt")
REFUSED = "!"
_HANDED = re.compile(r"([0-9a-f]{32})~(.{1,120})", re.DOTALL)


def handed(key: str, name: str) -> str:
    """How an answer names a file: the key it is kept under, and what it was called."""
    return f"{key}~{file_name(name)}"


def file_name(name: str) -> str:
    """A name without folders and control characters, short enough to show."""
    plain = tidy(name.replace("\\", "/").rpartition("/")[2]).replace("~", "-").replace("\n", " ")
    stem, dot, ending = plain.rpartition(".")
    if dot and len(ending) <= 8:
        return f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}" if stem else f"file.{ending}"
    return plain[:LONGEST_NAME] or "file"


def key_of(choice: str) -> str:
    """The key a file is kept under."""
    return choice.partition("~")[0]


def name_of(choice: str) -> str:
    """What a file was called."""
    return choice.partition("~")[2] or choice


def types_of(question: Asked) -> tuple[str, ...]:
    """The endings a question takes."""
    given = question.settings.get("types")
    return tuple(each.lower().lstrip(".") for each in given) if isinstance(given, tuple) else USUAL


def most_bytes(question: Asked) -> int:
    """How large one file may be."""
    return whole(question.settings.get("max_megabytes"), 10) * MEGABYTE


def _readers(question: Asked) -> Readers:
    """Files that were received already, named by their keys; a refusal of one comes as ``!code``."""
    most = whole(question.settings.get("max_files"), 1)

    def read(given: Iterable[object]) -> Answer | None:
        files: dict[str, str] = {}
        for each in given:
            if not isinstance(each, str) or not each:
                continue
            if each.startswith(REFUSED):
                raise Refusal(each[1:] if each[1:] in _CODES else "file_type", **_limits(question))
            found = _HANDED.fullmatch(each)
            if found is None:
                raise Refusal("file_type", **_limits(question))
            files[found[1]] = handed(found[1], found[2])
        if len(files) > most:
            raise Refusal("too_many_files", maximum=most)
        return Answer(question.key, question.kind, choices=tuple(files.values())) if files else None

    def json(value: object) -> Answer | None:
        if value is None:
            return None
        if type(value) is not list and type(value) is not tuple:
            raise Refusal("choice_list")
        return read(value)

    return Readers(lambda typed: read(typed), json)


_CODES = frozenset({"file_type", "file_too_large", "file_empty"})


def _limits(question: Asked) -> dict[str, object]:
    return {
        "types": ", ".join(types_of(question)),
        "megabytes": whole(question.settings.get("max_megabytes"), 10),
    }


def _columns(question: Asked) -> tuple[Column, ...]:
    def names(answer: Answer | None) -> Cell:
        return None if answer is None else ", ".join(map(name_of, answer.choices or ()))

    return (Column(question.key, question.text, names),)


def _check(question: Asked) -> Iterable[tuple[str, str]]:
    unknown = [each for each in types_of(question) if each not in TYPES]
    if unknown:
        yield "types", f"{', '.join(unknown)} cannot be taken. Possible: {', '.join(TYPES)}."


def starts_as(ending: str, first: bytes) -> bool:
    """Whether a file's first bytes are those of what its name says; plain text has none of its own."""
    signs: Sequence[bytes] = _SIGNS.get(ending, ())
    if signs:
        return any(first.startswith(sign) for sign in signs) or any(
            first[4:].startswith(sign) for sign in signs if sign in (b"ftyp",)
        )
    return b"\0" not in first[:1024]


_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_SIGNS: dict[str, Sequence[bytes]] = {
    "pdf": (b"%PDF-",),
    "png": (b"\x89PNG\r\n\x1a\n",),
    "jpg": (b"\xff\xd8\xff",),
    "jpeg": (b"\xff\xd8\xff",),
    "gif": (b"GIF87a", b"GIF89a"),
    "webp": (b"RIFF",),
    "heic": (b"ftyp",),
    **dict.fromkeys(("docx", "xlsx", "pptx", "odt", "ods", "zip"), _ZIP),
    "mp3": (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"),
    **dict.fromkeys(("m4a", "mp4", "mov"), (b"ftyp",)),
    "wav": (b"RIFF",),
    "webm": (b"\x1aE\xdf\xa3",),
}

FILES: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            name="file_upload",
            title="File upload",
            answer="choices",
            template="file",
            readers=_readers,
            columns=_columns,
            settings=(
                Setting("max_files", "integer", "Most files", default=1, minimum=1, maximum=10),
                Setting(
                    "max_megabytes",
                    "integer",
                    "Megabytes a file",
                    default=10,
                    minimum=1,
                    maximum=25,
                ),
                Setting("types", "texts", "Kinds of files", f"Of {', '.join(TYPES)}."),
            ),
            check=_check,
            takes_many=True,
            seconds=25.0,
        ),
        replace(WRITING["short_text"], name="signature", title="Signature", seconds=10.0),
    )
}
