"""What the proof finds: how grave it is, where it stands, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple, TypeAlias

Level: TypeAlias = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")
MOST_FINDINGS = 500


class Finding(NamedTuple):
    """One thing to look at: ``path`` as problems of a definition have it (``pages[0].skips[1].to``).

    ``question`` is the key of the question it is about, empty where it is about none. Errors keep a
    survey from being published; warnings and notes explain themselves.
    """

    level: Level
    code: str
    path: str
    message: str
    question: str = ""

    def __str__(self) -> str:
        place = f"{self.path} ({self.question})" if self.question else self.path
        return f"{place}: {self.message}" if place else self.message


def error(code: str, path: str, message: str, question: str = "") -> Finding:
    """A finding that keeps a survey from being published."""
    return Finding("error", code, path, message, question)


def warning(code: str, path: str, message: str, question: str = "") -> Finding:
    """A finding a designer should decide on."""
    return Finding("warning", code, path, message, question)


def note(code: str, path: str, message: str, question: str = "") -> Finding:
    """A finding that is good to know."""
    return Finding("note", code, path, message, question)


def listed(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings, the gravest first, none twice, and not more than anybody reads."""
    by_level: dict[Level, dict[Finding, None]] = {level: {} for level in LEVELS}
    for each in found:
        by_level[each.level][each] = None
    return tuple(_first(by_level))


def _first(by_level: dict[Level, dict[Finding, None]]) -> Iterator[Finding]:
    left = MOST_FINDINGS
    for level in LEVELS:
        for each in list(by_level[level])[:left]:
            left -= 1
            yield each


def few(names: Iterable[str], most: int = 5) -> str:
    """Some names for a sentence: the first ones, and how many more there are."""
    all_names = list(names)
    words = ", ".join(all_names[:most])
    more = len(all_names) - most
    return f"{words} and {more} more" if more > 0 else words
