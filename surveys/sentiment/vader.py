"""vader(text): the scores of vaderSentiment 3.3.2, number for number, several times as fast."""

from heapq import heappop, heappush
from itertools import compress
from math import sqrt
from typing import Final, NamedTuple

from surveys.sentiment.lexicon import name_emoji
from surveys.sentiment.rules import modified
from surveys.sentiment.words import EDGE, LEXICAL, SHOUTED, TURNS, recall

_EDGES: Final = (EDGE, EDGE, EDGE)
_BEFORE_BUT: Final = 0.5
_AFTER_BUT: Final = 1.5
_FEW: Final = 200
_EXCLAMATION: Final = 0.292
_QUESTION: Final = 0.18
_MANY_QUESTIONS: Final = 0.96
_SPREAD: Final = 15


class Valence(NamedTuple):
    """Shares of negative, neutral and positive words (0 to 1), and the compound (-1 to 1)."""

    neg: float
    neu: float
    pos: float
    compound: float


_EMPTY: Final = Valence(0.0, 0.0, 0.0, 0.0)
# Half the price of the constructor, which would only name the four numbers.
_valence: Final = tuple.__new__
_NEUTRAL: Final = Valence(0.0, 1.0, 0.0, 0.0)


def vader(text: str) -> Valence:
    """The four scores `SentimentIntensityAnalyzer().polarity_scores(text)` of 3.3.2 gives.

    Bit-identical for every string, in time that grows with the length of the text and no faster.
    It reads English only and takes the text as one piece: the product's own measure is `score`.
    """
    if not text.isascii():
        text = name_emoji(text)
    tokens = text.split()
    values = valences(tokens)
    if values:
        return _summed(values, len(tokens), text)
    return _NEUTRAL if tokens else _EMPTY


def valences(tokens: list[str]) -> list[float]:
    """The value of each lexicon word among the tokens, in order, after every rule."""
    # The edges stand at the end, where the negative indices of the first tokens find them.
    found = [*map(recall, tokens), *_EDGES]
    values: list[float] = []
    turn = -1
    mixed: bool | None = None
    for i in compress(range(len(tokens)), found):
        word = found[i]
        assert word is not None
        value = word.valence
        if value:
            one, two, three = found[i - 1], found[i - 2], found[i - 3]
            kinds = word.kind
            if one:
                kinds |= one.kind
            if two:
                kinds |= two.kind
            if three:
                kinds |= three.kind
            if kinds != LEXICAL:
                if kinds & SHOUTED and mixed is None:
                    mixed = not all(map(str.isupper, tokens))
                value = modified(word, one, two, three, i, tokens, mixed or False)
            values.append(value)
        elif turn < 0 and word.kind & TURNS:
            turn = len(values)
    if turn >= 0:
        (_contrast if len(values) <= _FEW else _contrast_many)(values, turn)
    return values


def _contrast(values: list[float], turn: int) -> None:
    """Halve what stands before the first "but", raise by half what stands after it.

    As in 3.3.2 each value changes at the first place where an equal one stands, which may be an
    earlier place than its own.
    """
    for value in values:
        place = values.index(value)
        values[place] = value * (_BEFORE_BUT if place < turn else _AFTER_BUT)


def _contrast_many(values: list[float], turn: int) -> None:
    """The same as `_contrast` for long texts, where looking for the first place takes too long."""
    places: dict[float, list[int]] = {}
    for place, value in enumerate(values):
        places.setdefault(value, []).append(place)
    for value in values:
        place = heappop(places[value])
        values[place] = changed = value * (_BEFORE_BUT if place < turn else _AFTER_BUT)
        heappush(places.setdefault(changed, []), place)


def _summed(values: list[float], count: int, text: str) -> Valence:
    total = sum(values)
    emphasis = 0.0
    if "!" in text:
        emphasis = min(text.count("!"), 4) * _EXCLAMATION
    if "?" in text and (questions := text.count("?")) > 1:
        emphasis += questions * _QUESTION if questions <= 3 else _MANY_QUESTIONS
    positive = negative = 0.0
    for value in values:
        if value > 0:
            positive += value + 1
            count -= 1
        elif value < 0:
            negative += 1 - value
            count -= 1
    if emphasis:
        if total > 0:
            total += emphasis
        elif total < 0:
            total -= emphasis
        if positive > negative:
            positive += emphasis
        elif positive < negative:
            negative += emphasis
    whole = positive + negative + count
    # Rounding is the dearest step here, and most texts have words of one sign only.
    return _valence(
        Valence,
        (
            round(negative / whole, 3) if negative else 0.0,
            round(count / whole, 3),
            round(positive / whole, 3) if positive else 0.0,
            round(total / sqrt(total * total + _SPREAD), 4),
        ),
    )
