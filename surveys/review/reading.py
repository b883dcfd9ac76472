"""How hard a text is to read, by a formula made for its language; other languages are not judged.

English: Flesch-Kincaid grade level (Kincaid, Fishburne, Rogers and Chissom 1975). German: first Wiener
Sachtextformel (Bamberger and Vanecek 1984). Both give years of school. Syllables are counted by groups of
vowels, which is right for about nine words in ten; formulas are made for running text, so short texts
are not judged.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

FLESCH_KINCAID = "Flesch-Kincaid grade level (Kincaid et al. 1975)"
WIENER = "first Wiener Sachtextformel (Bamberger and Vanecek 1984)"
FEWEST_WORDS = 60
HARD = 11.0

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_SENTENCE = re.compile(r"[.!?…]+(?:\s|$)|\n")
_ENGLISH = re.compile(r"[aeiouy]+")
_GERMAN = re.compile(r"äu|eu|ei|ai|au|ie|aa|ee|oo|[aeiouyäöü]")


class ReadingLevel(NamedTuple):
    """The years of school a text asks for, by which formula, and from how many words and sentences."""

    years: float
    formula: str
    words: int
    sentences: int


def level(texts: Sequence[str], language: str) -> ReadingLevel | None:
    """How hard the texts are; None for other languages, and for fewer than sixty words."""
    base = language.partition("-")[0]
    sentences = [
        words
        for text in texts
        for part in _SENTENCE.split(text)
        if (words := [word.casefold() for word in _WORD.findall(part)])
    ]
    words = [word for sentence in sentences for word in sentence]
    if base not in ("en", "de") or len(words) < FEWEST_WORDS:
        return None
    mean = len(words) / len(sentences)
    if base == "en":
        syllables = sum(map(english_syllables, words))
        years = 0.39 * mean + 11.8 * syllables / len(words) - 15.59
        return ReadingLevel(round(years, 1), FLESCH_KINCAID, len(words), len(sentences))
    counts = [german_syllables(word) for word in words]
    share = 100 / len(words)
    years = (
        0.1935 * share * sum(count >= 3 for count in counts)
        + 0.1672 * mean
        + 0.1297 * share * sum(len(word) > 6 for word in words)
        - 0.0327 * share * sum(count == 1 for count in counts)
        - 0.875
    )
    return ReadingLevel(round(years, 1), WIENER, len(words), len(sentences))


def english_syllables(word: str) -> int:
    """The syllables of an English word in small letters: groups of vowels, less a silent e."""
    count = len(_ENGLISH.findall(word))
    silent = word.endswith(("e", "es", "ed")) and not word.endswith(
        ("le", "ted", "ded", "ses", "ces", "ges")
    )
    return max(1, count - 1 if silent and count > 1 else count)


def german_syllables(word: str) -> int:
    """The syllables of a German word in small letters: groups of vowels that are spoken as one."""
    return max(1, len(_GERMAN.findall(word)))
