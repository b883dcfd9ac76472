"""The product's sentiment score of a comment: language first, then the mean of its sentences."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final, Literal

from surveys.sentiment.budget import Budget
from surveys.sentiment.language import Detection, Source, base_language, detect, load_languages
from surveys.sentiment.lexicon import has_emoji, lexicon
from surveys.sentiment.pieces import pieces
from surveys.sentiment.vader import vader

State = Literal["scored", "pending", "unscored"]
Label = Literal["positive", "neutral", "negative"]
Reason = Literal["language", "empty", "budget"]

MODEL: Final = "vader-3.3.2/sentence-mean-1"
POSITIVE_FROM: Final = 0.05
NEGATIVE_TO: Final = -0.05
# A comment opens a case when it is negative as a whole and one of its sentences is this low.
ANGRY_SENTENCE_TO: Final = -0.55
# VADER reads these by their names ("pouting face") and finds nothing in them.
ANGRY_EMOJI: Final = frozenset("😠😡🤬👿🖕")


@dataclass(frozen=True, slots=True)
class Sentiment:
    """What is known of a comment's sentiment.

    `value` is the mean compound of its pieces (-1 to 1) and `lowest` the smallest of them; both
    and the label are there only when the state is "scored". "pending": the time budget ran out and
    nothing partial is kept; score it again without a budget. "unscored": there is nothing to read,
    or it is not English; `language` then says which language, or None when it is none we know.
    """

    state: State
    value: float | None = None
    label: Label | None = None
    lowest: float | None = None
    language: str | None = None
    language_source: Source | None = None
    reason: Reason | None = None
    pieces: int = 0
    model: str = MODEL


def load() -> None:
    """Read the lexicon and the word lists now, as a server does at start (about 60 ms, 8 MB)."""
    lexicon()
    load_languages()


def score(text: str, *, language: str | None = None, budget: Budget | None = None) -> Sentiment:
    """The sentiment of one comment.

    `language` is that of the response: it decides where the text itself does not say clearly. With
    a budget the work stops when that is spent, and the state is "pending"; without one the whole
    text is read, however long. Nothing is ever scored in part.
    """
    load()
    with budget or nullcontext():
        if budget is not None and budget.is_spent:
            return Sentiment("pending", reason="budget")
        if _is_wordless(text):
            if not _has_symbols(text):
                return Sentiment("unscored", reason="empty")
            # An emoji says the same in every language.
            told = Detection(base_language(language), "response" if language else "text")
        else:
            told = detect(text, language)
            if told.language != "en":
                return Sentiment("unscored", None, None, None, *told, reason="language")
        compounds: list[float] = []
        for compound in _compounds(text):
            compounds.append(compound)
            if budget is not None and budget.is_spent:
                return Sentiment("pending", None, None, None, *told, reason="budget")
    value = round(sum(compounds) / len(compounds), 4)
    return Sentiment("scored", value, label(value), min(compounds), *told, pieces=len(compounds))


def label(value: float) -> Label:
    """Positive from 0.05, negative to -0.05, neutral between."""
    if value >= POSITIVE_FROM:
        return "positive"
    return "negative" if value <= NEGATIVE_TO else "neutral"


def is_angry(text: str, sentiment: Sentiment) -> bool:
    """Whether a comment should open a case, by a rule a person can check.

    Either it is labelled negative and its lowest sentence is at or below -0.55, or it holds an
    angry emoji and is not labelled positive. A comment that is not scored is angry only by emoji.
    """
    if sentiment.label == "positive":
        return False
    if sentiment.label == "negative" and (sentiment.lowest or 0.0) <= ANGRY_SENTENCE_TO:
        return True
    return not ANGRY_EMOJI.isdisjoint(text)


def _compounds(text: str) -> Iterator[float]:
    """The compound of each piece that says something; bare marks ("--", "2.") are left out."""
    any_piece = False
    for piece in pieces(text):
        compound = vader(piece).compound
        if compound or not _is_wordless(piece) or _has_symbols(piece):
            any_piece = True
            yield compound
    if not any_piece:
        yield 0.0


def _is_wordless(text: str) -> bool:
    """Whether there are only marks, figures, emoji and emoticons (":D" has a letter in it)."""
    valences = lexicon().valences
    return not any(
        any(map(str.isalpha, token)) and (token.isalpha() or token.lower() not in valences)
        for token in text.split()
    )


def _has_symbols(text: str) -> bool:
    """Whether there is an emoji or an emoticon the lexicon knows."""
    valences = lexicon().valences
    return has_emoji(text) or any(token.lower() in valences for token in text.split())
