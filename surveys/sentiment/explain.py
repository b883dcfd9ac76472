"""Which words moved a score, for showing beside the comment."""

from string import punctuation
from typing import NamedTuple

from surveys.sentiment.lexicon import name_emoji
from surveys.sentiment.pieces import pieces
from surveys.sentiment.vader import valences
from surveys.sentiment.words import ACTS, LEXICAL, recall


class Contribution(NamedTuple):
    """A word with the words before it that changed it ("not very good"), and what it came to.

    The value is on the scale of the lexicon (about -4 to 4) after every rule; an emoji is read by
    its name.
    """

    phrase: str
    value: float


def explain(text: str) -> list[Contribution]:
    """The words that carry sentiment, in reading order; empty where nothing does."""
    found: list[Contribution] = []
    for piece in pieces(text):
        tokens = name_emoji(piece).split()
        places = [i for i, token in enumerate(tokens) if _carries(token)]
        for place, value in zip(places, valences(tokens), strict=True):
            if value:
                phrase = " ".join(tokens[_first(tokens, place) : place + 1])
                found.append(Contribution(phrase.strip(punctuation) or phrase, value))
    return found


def _carries(token: str) -> bool:
    word = recall(token)
    return word is not None and word.valence != 0.0


def _first(tokens: list[str], place: int) -> int:
    """Where the words that change the word at a place begin, at most three before it."""
    first = place
    for i in range(place - 1, max(place - 4, -1), -1):
        word = recall(tokens[i])
        if word is not None and word.kind & ACTS and not word.kind & LEXICAL:
            first = i
    return first
