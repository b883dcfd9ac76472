"""Which language a comment is written in: by its script, its letters and its small words."""

import re
from collections import Counter
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from surveys.sentiment.lexicon import lexicon
from surveys.sentiment.vocabulary import ENDINGS, LETTERS, WORDS

Source = Literal["text", "response"]

# A language is told from the beginning of a long text; the score reads all of it.
_READ: Final = 2_000
_ADDRESS: Final = re.compile(r"[@#&]|://|www\.")
_WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_ELIDED: Final = re.compile(r"\b([cdjlmnst]|qu|all|dell|nell|un)'(?=\w)")
_SCRIPTS: Final = {
    "el": re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]"),
    "he": re.compile(r"[\u0590-\u05ff]"),
    "ar": re.compile(r"[\u0600-\u06ff\u0750-\u077f]"),
    "hi": re.compile(r"[\u0900-\u097f]"),
    "bn": re.compile(r"[\u0980-\u09ff]"),
    "ta": re.compile(r"[\u0b80-\u0bff]"),
    "th": re.compile(r"[\u0e00-\u0e7f]"),
    "ka": re.compile(r"[\u10a0-\u10ff]"),
    "ko": re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]"),
    "ja": re.compile(r"[\u3040-\u30ff]"),
    "zh": re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]"),
}
_PERSIAN: Final = re.compile(r"[پچژگ]")

# The weights below were set on news sentences in 25 languages; see tests/surveys for the figures.
_SHARED: Final = 0.7  # a word of n languages counts 1 / n ** 0.7 for each
_ONE_LETTER: Final = 0.5
_ENDING: Final = 0.3
_LEXICON_WORD: Final = 0.4
_FOREIGN_LETTER: Final = 0.5
_LONGEST_SYLLABLE: Final = 7
_CLEARLY_ENGLISH: Final = 0.2
_ENOUGH: Final = 0.5
_ENOUGH_WHEN_SHORT: Final = 1.0
_SHORT_LETTERS: Final = 20
_MANY_WORDS: Final = 10

Votes = tuple[tuple[str, float], ...]


class Detection(NamedTuple):
    """A language code, or None when it is none we know, and what said so."""

    language: str | None
    source: Source


def detect(text: str, prior: str | None = None) -> Detection:
    """The language of a text, given the language of the response it belongs to, if known.

    The text overrules the prior only on clear evidence: another script, or small words, endings
    and letters that speak for another language. A short text needs more of it.
    """
    prior = base_language(prior)
    head = text[:_READ].lower().replace("’", "'")
    english = Detection("en", "response" if prior else "text") if prior in ("en", None) else None
    # Most comments are told here, with the marks still on the words; the rest take more care.
    if english and head.isascii() and _is_clearly_english(head.split()):
        return english
    if _ADDRESS.search(head):
        head = " ".join(part for part in head.split() if not _ADDRESS.search(part))
    script = None if head.isascii() else _script(head)
    if script is not None:
        return Detection(script, "response" if script == prior else "text")
    words = _WORD.findall(head)
    if english and _is_clearly_english(words):
        return english
    if "'" in head:
        words = _WORD.findall(_ELIDED.sub(r"\1' ", head))
    return _by_evidence(words, prior)


def _by_evidence(words: list[str], prior: str | None) -> Detection:
    scores = _scores(words)
    assumed = scores.get(prior, min(scores.values())) if prior else scores["en"]
    best = max(scores, key=scores.__getitem__)
    short = sum(map(len, words)) < _SHORT_LETTERS
    if scores[best] - assumed >= (_ENOUGH_WHEN_SHORT if short else _ENOUGH):
        return Detection(best, "text")
    english = _english(words)
    if prior is None:
        return Detection("en" if english else None, "text")
    if prior == "en" and not english and len(words) >= _MANY_WORDS:
        return Detection(None, "text")
    return Detection(prior, "response")


def base_language(language: str | None) -> str | None:
    """The language without its region: "en" for "en-GB" and "en_US"."""
    return language.replace("_", "-").split("-")[0].lower() if language else None


def load_languages() -> None:
    """Build the tables of words and endings (about 40 ms, 4 MB); later calls cost nothing."""
    _english_words()
    _endings()


def _script(text: str) -> str | None:
    """The language told by the script alone, when most letters are of one we know."""
    found = {language: len(script.findall(text)) for language, script in _SCRIPTS.items()}
    foreign = sum(found.values())
    if 2 * foreign <= sum(map(str.isalpha, text)):
        return None
    if found["ja"] and found["ja"] + found["zh"] > foreign / 2:
        return "ja"
    language = max(found, key=found.__getitem__)
    return "fa" if language == "ar" and _PERSIAN.search(text) else language


def _english(words: list[str]) -> float:
    """How much of a text is small words and sentiment words of English."""
    return sum(filter(None, map(_english_words().get, words)))


def _scores(words: list[str]) -> dict[str, float]:
    """The evidence for each language; only differences mean something."""
    votes, endings = _votes(), _endings()
    scores = dict.fromkeys(WORDS, 0.0)
    letters: Counter[str] = Counter()
    for word in words:
        for language, weight in votes.get(word) or _ending(word, endings):
            scores[language] += weight
        if len(word) > _LONGEST_SYLLABLE:
            scores["vi"] -= _FOREIGN_LETTER
        if not word.isascii():
            letters.update(letter for letter in word if letter > "\x7f")
    for language, own in LETTERS.items() if letters else ():
        foreign = sum(count for letter, count in letters.items() if letter not in own)
        scores[language] -= _FOREIGN_LETTER * foreign
    return scores


def _ending(word: str, endings: dict[str, Votes]) -> Votes:
    for length in (5, 4, 3, 2):
        if len(word) > length + 1 and word[-length:] in endings:
            return endings[word[-length:]]
    return ()


def _is_clearly_english(words: list[str]) -> bool:
    return _english(words) > _CLEARLY_ENGLISH * len(words)


@lru_cache(maxsize=1)
def _votes() -> dict[str, Votes]:
    votes = {
        word: tuple((owner, weight * (_ONE_LETTER if len(word) == 1 else 1)) for owner, weight in v)
        for word, v in _weighed(WORDS, 1.0).items()
    }
    for word in lexicon().valences:
        if len(word) > 3 and word.isascii() and word.isalpha():
            votes.setdefault(word, (("en", _LEXICON_WORD),))
    return votes


@lru_cache(maxsize=1)
def _english_words() -> dict[str, float]:
    return {
        word: weight
        for word, weights in _votes().items()
        for language, weight in weights
        if language == "en"
    }


@lru_cache(maxsize=1)
def _endings() -> dict[str, Votes]:
    return _weighed(ENDINGS, _ENDING)


def _weighed(lists: dict[str, str], weight: float) -> dict[str, Votes]:
    """Each entry with the languages that list it, the weight shared among them."""
    owners: dict[str, list[str]] = {}
    for language, entries in lists.items():
        for entry in dict.fromkeys(entries.split()):
            owners.setdefault(entry, []).append(language)
    return {
        entry: tuple((language, weight / float(len(found)) ** _SHARED) for language in found)
        for entry, found in owners.items()
    }
