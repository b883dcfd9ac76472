"""Cutting a comment into sentences, and long sentences into pieces, without cutting a word."""

import unicodedata
from collections.abc import Iterator
from typing import Final

PIECE_LENGTH: Final = 250  # characters

_ENDS: Final = ".!?…。！？؟।"
_CLOSERS: Final = "\"'”’»)]}*_"
_LAST: Final = frozenset(_ENDS + _CLOSERS)
_BULLETS: Final = frozenset({"-", "*", "•", "–", "—", "·", "+"})
_ABBREVIATIONS: Final = frozenset(
    {"mr.", "mrs.", "ms.", "dr.", "st.", "e.g.", "i.e.", "vs.", "approx.", "incl.", "min.", "hrs."}
)
_JOINER: Final = "\u200d"


def pieces(text: str) -> Iterator[str]:
    """Sentences of at most 250 characters, in order, with single spaces; nothing is left out.

    A longer sentence is cut at spaces; a longer word between clusters of characters that are read
    as one (an emoji with its joiners, a letter with its accents). Only a cluster longer than a
    piece is cut inside.
    """
    for words in _sentences(text):
        sentence = " ".join(words)
        if len(sentence) <= PIECE_LENGTH:
            yield sentence
        else:
            yield from _filled(words)


def _sentences(text: str) -> Iterator[list[str]]:
    """The words of one sentence at a time; blank lines and bullets end a sentence as well."""
    words: list[str] = []
    for line in text.splitlines():
        found = line.split()
        if words and (not found or found[0] in _BULLETS):
            yield words
            words = []
        for word in found:
            words.append(word)
            if word[-1] in _LAST and _ends_sentence(word):
                yield words
                words = []
    if words:
        yield words


def _ends_sentence(word: str) -> bool:
    bare = word.rstrip(_CLOSERS)
    return bare[-1:] in _ENDS and bare != "" and bare.lower() not in _ABBREVIATIONS


def _filled(words: list[str]) -> Iterator[str]:
    """Pieces as long as may be, of whole words where the words are not longer than a piece."""
    piece = ""
    for word in words:
        for part in (word,) if len(word) <= PIECE_LENGTH else _parts(word):
            if not piece:
                piece = part
            elif len(piece) + 1 + len(part) <= PIECE_LENGTH:
                piece += " " + part
            else:
                yield piece
                piece = part
    if piece:
        yield piece


def _parts(word: str) -> Iterator[str]:
    start = 0
    while len(word) - start > PIECE_LENGTH:
        end = start + PIECE_LENGTH
        while end > start and not _may_cut(word, start, end):
            end -= 1
        if end == start:
            end = start + PIECE_LENGTH
        yield word[start:end]
        start = end
    yield word[start:]


def _may_cut(word: str, start: int, place: int) -> bool:
    """Whether the characters before and after the place are read apart."""
    before, after = word[place - 1], word[place]
    if after == _JOINER or before == _JOINER or _is_attached(after):
        return False
    if not (_is_flag_half(before) and _is_flag_half(after)):
        return True
    # Two regional letters make one flag: a cut may come after an even number of them.
    run = 0
    while place - 1 - run >= start and _is_flag_half(word[place - 1 - run]):
        run += 1
    return run % 2 == 0


def _is_attached(character: str) -> bool:
    """Accents, variation selectors, skin tones and tag letters belong to what stands before."""
    return (
        unicodedata.category(character) in ("Mn", "Me", "Mc")
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or "\U000e0020" <= character <= "\U000e007f"
    )


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
