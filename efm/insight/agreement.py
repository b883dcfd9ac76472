"""Whether comments read as the ratings beside them: mean sentiment for each rating, with interval."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from efm.insight.linkage import METRIC_LABELS
from surveys.statistics import Estimate, mean

_BY_RATING = text("""
    SELECT a.metric, a.question_key, a.value AS rating, count(*) AS n,
           sum(b.value) AS total, sum(b.value * b.value) AS squares
    FROM scores a JOIN scores b
      ON b.organization_id = a.organization_id AND b.response_id = a.response_id
     AND b.metric = 'sentiment' AND b.state = 'scored'
    WHERE a.metric IN ('nps', 'csat', 'ces', 'mean') AND a.state = 'scored'
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 DESC
""")


@dataclass(frozen=True)
class Rating:
    """One rating's comments: their mean sentiment, from -1 to 1."""

    value: float
    sentiment: Estimate


@dataclass(frozen=True)
class Agreement:
    """One question's ratings, best first, each with the sentiment of its comments."""

    label: str
    ratings: tuple[Rating, ...]


def by_rating(session: Session) -> list[Agreement]:
    """Sentiment against ratings, for every rating question whose responses have scored comments."""
    found: dict[tuple[str, str], list[Rating]] = {}
    for row in session.execute(_BY_RATING):
        rating = Rating(row.rating, mean(row.n, row.total, row.squares))
        found.setdefault((row.metric, row.question_key), []).append(rating)
    return [
        Agreement(f"{METRIC_LABELS[metric]}: {key.replace('_', ' ')}", tuple(ratings))
        for (metric, key), ratings in found.items()
    ]
