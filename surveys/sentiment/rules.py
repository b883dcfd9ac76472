"""How the words around a sentiment word change its value: the rules of vaderSentiment 3.3.2."""

from typing import Final

from surveys.sentiment.lexicon import lexicon
from surveys.sentiment.words import (
    ACTS,
    BOOSTS,
    DOUBT,
    IDIOM,
    KIND,
    LEAST,
    LEXICAL,
    NEGATES,
    REFUSES,
    SHOUTED,
    SO,
    Word,
    plain,
    recall,
)

NEGATION: Final = -0.74
CAPITALS: Final = 0.733
_NEVER_SO: Final = 1.25
_AT_TWO: Final = 0.95
_AT_THREE: Final = 0.9


def modified(
    word: Word,
    one: Word | None,
    two: Word | None,
    three: Word | None,
    i: int,
    tokens: list[str],
    mixed: bool,
) -> float:
    """The value of the word at place i after the three words before it (one is the nearest)."""
    first = one.kind if one is not None else 0
    second = two.kind if two is not None else 0
    third = three.kind if three is not None else 0
    around = first | second | third
    own = word.kind
    value = word.valence
    if own & (REFUSES | KIND):
        value = _before_next(value, own, tokens, i)
        if own & KIND and not value:
            return 0.0
    if around & REFUSES and (
        (first | second) & REFUSES or (third & REFUSES and plain(tokens[i - 1]) in ("or", "nor"))
    ):
        value = word.valence * NEGATION
    if own & SHOUTED and mixed:
        value += CAPITALS if value > 0 else -CAPITALS
    if around & ACTS:
        if one is not None and first & (BOOSTS | NEGATES) and not first & LEXICAL:
            value += _boost(one, value, mixed)
            if first & NEGATES:
                value *= NEGATION
        if two is not None and second & (BOOSTS | NEGATES) and not second & LEXICAL:
            value += _boost(two, value, mixed) * _AT_TWO
            if second & NEGATES:
                value *= _negation(two, first, first)
        if not third & LEXICAL:
            if three is not None and third & BOOSTS:
                value += _boost(three, value, mixed) * _AT_THREE
            if first & SO:
                value *= _NEVER_SO
            elif three is not None and third & NEGATES:
                value *= _negation(three, second, first | second)
    if (own | around) & IDIOM and not third & LEXICAL:
        value = _idiomatic(value, tokens, i)
    if first & LEAST and (i < 2 or plain(tokens[i - 2]) not in ("at", "very")):
        value *= NEGATION
    return value


def _before_next(value: float, own: int, tokens: list[str], i: int) -> float:
    """Nothing for "no" before a lexicon word, which it negates instead, and for "kind of"."""
    if i + 1 == len(tokens):
        return value
    if own & KIND:
        return 0.0 if plain(tokens[i + 1]) == "of" else value
    after = recall(tokens[i + 1])
    return 0.0 if after is not None and after.kind & LEXICAL else value


def _boost(word: Word, value: float, mixed: bool) -> float:
    """What a booster or dampener adds; nothing for a word that is neither."""
    if not word.kind & BOOSTS:
        return 0.0
    boost = -word.booster if value < 0 else word.booster
    if mixed and word.kind & SHOUTED:
        boost += CAPITALS if value > 0 else -CAPITALS
    return boost


def _negation(negation: Word, following: int, between: int) -> float:
    """The factor of a negation two or three words away, given the words after it."""
    if negation.text == "never" and following & SO:
        return _NEVER_SO
    if negation.text == "without" and between & DOUBT:
        return 1.0
    return NEGATION


def _idiomatic(value: float, tokens: list[str], i: int) -> float:
    """The value an idiom around place i gives instead, and what "kind of" takes away."""
    known = lexicon()
    three, two, one, zero, *after = map(plain, tokens[i - 3 : i + 3])
    pairs = f"{one} {zero}", f"{two} {one}", f"{three} {two}"
    triples = f"{two} {one} {zero}", f"{three} {two} {one}"
    for phrase in (pairs[0], triples[0], pairs[1], triples[1], pairs[2]):
        if phrase in known.idioms:
            value = known.idioms[phrase]
            break
    for length in range(1, len(after) + 1):
        value = known.idioms.get(" ".join((zero, *after[:length])), value)
    for phrase in (triples[1], pairs[2], pairs[1]):
        value += known.boosters.get(phrase, 0.0)
    return value
