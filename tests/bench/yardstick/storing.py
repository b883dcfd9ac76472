"""Storing a response through the ORM: the same rows as the product writes, in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from efm.models import Answer, Distribution, Event, Response, Score
from tests.bench.yardstick.schemas import questions_of

ANALYZER = SentimentIntensityAnalyzer()


def band(metric: str, value: float) -> str:
    """The band of a value on its scale."""
    if metric == "nps":
        return "promoter" if value >= 9 else "passive" if value >= 7 else "detractor"
    if metric == "csat":
        return "satisfied" if value >= 4 else "neutral" if value >= 3 else "dissatisfied"
    return "easy" if value >= 5 else "neutral" if value >= 4 else "difficult"


def sentiment(text: str) -> tuple[float, str]:
    """VADER's compound value and its label."""
    compound = ANALYZER.polarity_scores(text)["compound"]
    label = "positive" if compound >= 0.05 else "negative" if compound <= -0.05 else "neutral"
    return compound, label


def store(
    session: Session,
    distribution: Distribution,
    version_id: uuid.UUID,
    definition: Mapping[str, Any],
    answers: Mapping[str, Any],
    key: str,
    now: datetime,
) -> Response:
    """Add the response, its answers, its scores and its event; the caller commits."""
    response = Response(
        organization_id=distribution.organization_id,
        survey_id=distribution.survey_id,
        version_id=version_id,
        distribution_id=distribution.id,
        state="complete",
        channel=distribution.channel,
        touchpoint=distribution.touchpoint,
        language=definition["language"],
        submit_key=key,
        started_at=now,
        submitted_at=now,
    )
    session.add(response)
    session.flush()
    part = {"organization_id": distribution.organization_id, "response_id": response.id}
    metrics = {}
    for question in questions_of(definition):
        value = answers.get(question["key"])
        if value is None:
            continue
        named = part | {"question_key": question["key"]}
        answer = Answer(kind=question["kind"], **named)
        session.add(answer)
        if question["kind"] in ("nps", "csat", "ces"):
            answer.number = value
            metrics[question["kind"]] = value
            session.add(
                Score(
                    metric=question["kind"],
                    state="scored",
                    value=value,
                    band=band(question["kind"], value),
                    **named,
                )
            )
        elif question["kind"].endswith("choice"):
            answer.choices = value if isinstance(value, list) else [value]
        else:
            answer.text = value
            compound, label = sentiment(value)
            session.add(
                Score(
                    metric="sentiment",
                    state="scored",
                    value=compound,
                    band=label,
                    language="en",
                    model="vader-3.3.2",
                    **named,
                )
            )
    session.add(
        Event(
            organization_id=distribution.organization_id,
            kind="response.submitted",
            subject_id=response.id,
            payload={"survey_id": str(distribution.survey_id), "metrics": metrics},
            occurred_at=now,
        )
    )
    return response
