"""Sentiment of comments: vader(text), bit-identical to vaderSentiment 3.3.2."""

from surveys.sentiment.errors import LexiconMissing
from surveys.sentiment.vader import Valence, vader

__all__ = ["LexiconMissing", "Valence", "vader"]
