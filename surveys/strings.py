"""How text from outside becomes text we keep: one normal form, no characters a database refuses."""

from __future__ import annotations

import re
import unicodedata

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_REMOVED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

# Unicode's stream-safe format (UAX 15) allows 30 combining marks in a row. Normalising sorts such
# a run in quadratic time, so a longer one is an attack or a drawing, never a word.
_LONGEST_RUN_OF_MARKS = 30


def is_storable(text: str) -> bool:
    """Whether the text has neither NUL nor half characters (lone surrogates)."""
    return (text.isascii() and "\0" not in text) or _UNSTORABLE.search(text) is None


def tidy(text: str) -> str:
    """Strip, unify line ends, drop control characters (not newline and tab), compose to NFC.

    Applying it twice changes nothing. Time is linear in the length of the text.
    """
    if text.isascii():
        if text.isprintable():
            return text.strip()
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        return _REMOVED.sub("", text).strip()
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _without_long_runs(_REMOVED.sub("", text))
    # A character may compose to several marks, so runs are looked at once more.
    return _without_long_runs(unicodedata.normalize("NFC", text)).strip()


def shown(value: object, limit: int = 60) -> str:
    """A value from outside, safe to repeat in a message: short, printable, storable."""
    if isinstance(value, str):
        text = value[: limit * 2]
    elif isinstance(value, bool | float) or value is None:
        text = str(value)
    elif isinstance(value, int):
        text = str(value) if abs(value) < 10**20 else "a very large number"
    else:
        text = type(value).__name__
    text = " ".join(tidy(text).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _without_long_runs(text: str) -> str:
    if len(text) <= _LONGEST_RUN_OF_MARKS:
        return text
    combining = unicodedata.combining
    run = 0
    kept: list[str] = []
    for character in text:
        run = run + 1 if combining(character) else 0
        if run <= _LONGEST_RUN_OF_MARKS:
            kept.append(character)
    return "".join(kept) if len(kept) != len(text) else text
