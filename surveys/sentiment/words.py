"""What each token means to the rules: looked up once, then remembered."""

from string import punctuation
from typing import Final

from surveys.sentiment.lexicon import lexicon

# What a word can do to its neighbours, as bits, so that three neighbours are asked at once.
LEXICAL: Final = 1  # it is in the lexicon, so no rule about modifiers applies to it
BOOSTS: Final = 2  # "very", "hardly"
NEGATES: Final = 4  # "not", "isn't"
SHOUTED: Final = 8  # all letters are capitals
REFUSES: Final = 16  # "no" itself
SO: Final = 32  # "so", "this": strengthen after "never"
DOUBT: Final = 64  # "doubt": cancels "without"
IDIOM: Final = 128  # every idiom holds at least one word marked like this
LEAST: Final = 256
KIND: Final = 512  # "kind" is no praise when "of" follows
TURNS: Final = 1024  # "but"
# A neighbour with none of these leaves the value of a word alone.
ACTS: Final = BOOSTS | NEGATES | REFUSES | SO | IDIOM | LEAST

_MARKS: Final = {
    "no": REFUSES,
    "so": SO,
    "this": SO,
    "doubt": DOUBT,
    "least": LEAST,
    "kind": KIND,
    "but": TURNS,
}
# Every text is scored by the same words, so what a token means is kept. The bounds keep a hostile
# text from filling the memory: at most about 4 MB, then the memory starts afresh.
_REMEMBERED_TOKENS: Final = 16_384
_REMEMBERED_LENGTH: Final = 40


class Word:
    """A token the rules care about. A token they do not care about is None."""

    __slots__ = ("booster", "kind", "text", "valence")

    def __init__(self, text: str, kind: int, valence: float = 0.0, booster: float = 0.0) -> None:
        self.text = text
        self.kind = kind
        self.valence = valence
        self.booster = booster


# What stands before the first word: like a lexicon word it takes part in no rule.
EDGE: Final = Word("", LEXICAL)


def plain(token: str) -> str:
    """The token in lower case without the punctuation around it, unless it may be an emoticon."""
    word = token.strip(punctuation)
    return (word if len(word) > 2 else token).lower()


def _word(token: str) -> Word | None:
    text = plain(token)
    known = lexicon()
    valence = known.valences.get(text, 0.0)
    booster = known.boosters.get(text, 0.0)
    kind = _MARKS.get(text, 0)
    if text in known.valences:
        kind |= LEXICAL
    if booster:
        kind |= BOOSTS
    if text in known.negations or "n't" in text:
        kind |= NEGATES
    if text in known.idiom_words:
        kind |= IDIOM
    if not kind:
        return None
    if token.isupper():
        kind |= SHOUTED
    return Word(text, kind, valence, booster)


class _Memory(dict[str, Word | None]):
    """Tokens as they were written, and what they mean."""

    def __missing__(self, token: str) -> Word | None:
        word = _word(token)
        if len(token) <= _REMEMBERED_LENGTH:
            if len(self) >= _REMEMBERED_TOKENS:
                self.clear()
            self[token] = word
        return word


# The bound method of the dictionary itself: `map(recall, tokens)` then runs without Python frames.
recall: Final = _Memory().__getitem__
