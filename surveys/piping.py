"""Answers and data piped into texts: ``{{name|there}}`` is what was answered to ``name``, else "there".

One pass only: what is put in is never read for more. The result is plain text; whoever shows it
escapes it. ``\\{{`` stands for the two brackets themselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

# One place: the path, then what is shown where it has no value; no path for brackets meant as such.
PLACE = re.compile(r"\\\{\{|\{\{\s*([a-z0-9_][a-z0-9_.]{0,160})\s*(?:\|([^{}\n]{0,200}))?\}\}")
LONGEST = 500


def piped(text: str, value_of: Callable[[str], str | None]) -> str:
    """The text with its places filled; a place without a value takes its fallback, or nothing."""
    if "{{" not in text:
        return text

    def put(found: re.Match[str]) -> str:
        path, fallback = found[1], found[2]
        if path is None:
            return "{{"
        value = value_of(path)
        return value[:LONGEST] if value else (fallback or "").strip()

    return PLACE.sub(put, text)


def repiped(text: str, rename: Callable[[str], str | list[str]]) -> str:
    """The text with each place as ``rename`` has it: another path, or ``[words]`` that stand there."""
    if "{{" not in text:
        return text

    def put(found: re.Match[str]) -> str:
        path, fallback = found[1], found[2] or ""
        if path is None:
            return found[0]
        named = rename(path)
        if named == path:
            return found[0]
        return (named[0] or fallback.strip()) if isinstance(named, list) else pipe(named, fallback)

    return PLACE.sub(put, text)


def paths(text: str) -> Iterator[str]:
    """The paths a text pipes, in order."""
    for found in PLACE.finditer(text):
        if found[1] is not None:
            yield found[1]


def pipe(path: str, fallback: str = "") -> str:
    """The place that pipes a path, for importers to write."""
    return "{{" + path + (f"|{fallback}" if fallback else "") + "}}"
