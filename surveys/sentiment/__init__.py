"""Sentiment of comments: vader(text), bit-identical to vaderSentiment 3.3.2, and our own score."""

from surveys.sentiment.budget import RESPONSE_SECONDS, Budget
from surveys.sentiment.errors import LexiconMissing
from surveys.sentiment.explain import Contribution, explain
from surveys.sentiment.language import Detection, detect
from surveys.sentiment.pieces import PIECE_LENGTH, pieces
from surveys.sentiment.score import MODEL, Sentiment, is_angry, label, load, score
from surveys.sentiment.vader import Valence, vader

__all__ = [
    "MODEL",
    "PIECE_LENGTH",
    "RESPONSE_SECONDS",
    "Budget",
    "Contribution",
    "Detection",
    "LexiconMissing",
    "Sentiment",
    "Valence",
    "detect",
    "explain",
    "is_angry",
    "label",
    "load",
    "pieces",
    "score",
    "vader",
]
