"""The words the review looks for, by language; where there are none, wording is not judged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib import resources

from surveys import documents

LANGUAGES = ("en", "de", "fr", "es")
POLES = ("positive", "negative")


class Vocabulary:
    """The words of one language, found whole in a text, whatever their case."""

    def __init__(self, lists: dict[str, list[str]]) -> None:
        self.joining = lists["joining"]
        self._patterns = {name: _pattern(words) for name, words in lists.items()}
        self._poles = {
            plain(word): 1 if name == "positive" else -1 for name in POLES for word in lists[name]
        }

    def found(self, name: str, text: str) -> list[str]:
        """The words of a list that stand in a text."""
        return [found[0] for found in self._patterns[name].finditer(text.replace("’", "'"))]

    def without(self, name: str, text: str) -> str:
        """A text without the words of a list."""
        return self._patterns[name].sub(" ", text.replace("’", "'"))

    def pole(self, label: str) -> int:
        """1 for a label that praises, -1 for one that blames, 0 for any other; the whole label counts."""
        return self._poles.get(plain(label), 0)


def of(language: str) -> Vocabulary | None:
    """The words of a language; None where there are none."""
    base = language.partition("-")[0]
    return _read(base) if base in LANGUAGES else None


def plain(label: str) -> str:
    """A label without case and the signs around it."""
    return " ".join(label.casefold().replace("’", "'").strip(" .!:").split())


@cache
def _read(language: str) -> Vocabulary:
    resource = resources.files("surveys") / "data" / f"review.{language}.yaml"
    document = documents.from_yaml(resource.read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return Vocabulary({str(name): list(_words(words)) for name, words in document.items()})


def _words(listed: object) -> Iterator[str]:
    assert isinstance(listed, list)
    for each in listed:
        assert isinstance(each, str), f"{each!r} is read as no text; put it in quotes"
        yield each


def _pattern(words: list[str]) -> re.Pattern[str]:
    longest = sorted(words, key=len, reverse=True)
    return re.compile(
        r"(?<![\w'-])(?:" + "|".join(map(re.escape, longest)) + r")(?![\w-])", re.IGNORECASE
    )
