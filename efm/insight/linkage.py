"""Linkage: what customers said against what they did afterwards, point in time, never the future.

Dated outcomes count only when they come after the response that is paired with them. Undated ones
are compared as they stand and say so: they cannot show what came first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from efm.errors import Invalid, NotFound
from efm.models import SurveyVersion
from surveys.statistics import (
    Difference,
    Estimate,
    Sums,
    difference_of_means,
    difference_of_shares,
    mean,
    share,
)

WINDOW_DAYS = 365
FLOW_DAYS = 180
ORDERS = "orders"

BANDS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "nps": (("promoter", "Promoters"), ("passive", "Passives"), ("detractor", "Detractors")),
    "csat": (("satisfied", "Satisfied"), ("neutral", "Neutral"), ("dissatisfied", "Dissatisfied")),
    "ces": (("easy", "Easy"), ("neutral", "Neutral"), ("difficult", "Difficult")),
    "sentiment": (("positive", "Positive"), ("neutral", "Neutral"), ("negative", "Negative")),
}
METRIC_LABELS = {
    "nps": "Likelihood to recommend (NPS)",
    "csat": "Satisfaction (CSAT)",
    "ces": "Effort (CES)",
    "sentiment": "Sentiment of comments",
    "mean": "Rating",
}
LEVELS = 11


@dataclass(frozen=True)
class Feedback:
    """Something customers said: a metric and the question it came from."""

    metric: str
    question_key: str
    label: str
    n: int

    @property
    def key(self) -> str:
        """How the address names it."""
        return f"{self.metric}.{self.question_key}"


@dataclass(frozen=True)
class Outcome:
    """Something customers did: a share (0 or 1), an amount of money, or a plain number."""

    metric: str
    kind: str
    currency: str | None
    is_dated: bool
    n: int

    @property
    def key(self) -> str:
        """How the address names it."""
        parts = [self.metric, "dated" if self.is_dated else "undated", self.currency or ""]
        return ".".join(part for part in parts if part)

    @property
    def label(self) -> str:
        """As people read it."""
        name = self.metric.replace("_", " ")
        return (name[:1].upper() + name[1:]) + (f" ({self.currency})" if self.currency else "")


@dataclass(frozen=True)
class Group:
    """Customers of one band with their outcome."""

    band: str
    label: str
    estimate: Estimate


@dataclass(frozen=True)
class Linkage:
    """The finding: groups, the difference between the best and the worst, and what was left out."""

    feedback: Feedback
    outcome: Outcome
    timing: str
    window_days: int | None
    groups: tuple[Group, ...]
    difference: Difference
    paired: int
    left_out: int


_FEEDBACK = text("""
    SELECT s.metric, s.question_key, count(*) AS n
    FROM scores s JOIN responses r
      ON r.organization_id = s.organization_id AND r.id = s.response_id
    WHERE s.state = 'scored' AND (s.band IS NOT NULL OR s.metric = 'mean') AND r.state = 'complete'
      AND r.contact_id IS NOT NULL
    GROUP BY s.metric, s.question_key ORDER BY s.metric = 'sentiment', n DESC, 1, 2
""")

_OUTCOMES = text("""
    SELECT metric, currency, measured_on IS NOT NULL AS is_dated, count(*) AS n,
           bool_and(value IN (0, 1) AND coalesce(attributes->>'derived', 'flag') = 'flag') AS is_share
    FROM measurements GROUP BY 1, 2, 3
    UNION ALL
    SELECT 'orders', currency, true, count(*), false FROM interactions
    WHERE kind = 'order' AND amount_minor IS NOT NULL AND contact_id IS NOT NULL GROUP BY currency
    ORDER BY 1, 2, 3
""")

# Each customer once: a contact for outcomes of contacts, an account for outcomes of accounts.
_SAID = """
    said AS MATERIALIZED (
        SELECT r.contact_id, c.account_id, r.submitted_at,
               coalesce(s.band, CAST(s.value AS numeric)::text) AS band,
               (r.submitted_at AT TIME ZONE :zone)::date AS said_on
        FROM scores s
        JOIN responses r ON r.organization_id = s.organization_id AND r.id = s.response_id
        JOIN contacts c ON c.organization_id = r.organization_id AND c.id = r.contact_id
        WHERE s.metric = :metric AND s.question_key = :question AND s.state = 'scored'
          AND (s.band IS NOT NULL OR s.metric = 'mean') AND r.state = 'complete'
    ),
    did AS MATERIALIZED (
        SELECT contact_id, CASE WHEN contact_id IS NULL THEN account_id END AS account_id,
               coalesce(contact_id, account_id) AS customer_id, measured_on AS did_on,
               coalesce(value, amount_minor)::float8 AS outcome
        FROM measurements
        WHERE metric = :outcome AND currency IS NOT DISTINCT FROM CAST(:currency AS text)
          AND (measured_on IS NOT NULL) = :dated AND :outcome <> 'orders'
        UNION ALL
        SELECT contact_id, NULL, contact_id, (occurred_at AT TIME ZONE :zone)::date,
               amount_minor::float8
        FROM interactions
        WHERE :outcome = 'orders' AND kind = 'order' AND contact_id IS NOT NULL
          AND currency IS NOT DISTINCT FROM CAST(:currency AS text) AND amount_minor IS NOT NULL
    ),
    pairs AS (
        SELECT d.customer_id, d.did_on, d.outcome, s.band, s.said_on, s.submitted_at
        FROM did d JOIN said s ON s.contact_id = d.contact_id
        UNION ALL
        SELECT d.customer_id, d.did_on, d.outcome, s.band, s.said_on, s.submitted_at
        FROM did d JOIN said s ON s.account_id = d.account_id
    )"""

# The last outcome of each customer, with the last thing said before it.
_LAST_AFTER = text(f"""
    WITH {_SAID},
    paired AS (
        SELECT DISTINCT ON (customer_id) customer_id, band, outcome FROM pairs
        WHERE said_on < did_on AND said_on >= did_on - CAST(:days AS integer)
        ORDER BY customer_id, did_on DESC, submitted_at DESC
    )
    SELECT band, count(*) AS n, sum(outcome) AS total, sum(outcome * outcome) AS squares,
           (SELECT count(DISTINCT customer_id) FROM did) AS customers
    FROM paired GROUP BY band
""")

# What followed within the window after each customer's first response whose window has passed.
_SUM_AFTER = text(f"""
    WITH {_SAID},
    ended AS (SELECT max(did_on) AS last_on FROM did),
    first_said AS (
        SELECT DISTINCT ON (customer_id) customer_id, band, said_on FROM pairs, ended
        WHERE said_on + CAST(:days AS integer) <= ended.last_on
        ORDER BY customer_id, submitted_at
    ),
    paired AS (
        SELECT f.customer_id, f.band, coalesce(sum(d.outcome), 0) AS outcome
        FROM first_said f LEFT JOIN did d ON d.customer_id = f.customer_id
          AND d.did_on > f.said_on AND d.did_on <= f.said_on + CAST(:days AS integer)
        GROUP BY f.customer_id, f.band
    )
    SELECT band, count(*) AS n, sum(outcome) AS total, sum(outcome * outcome) AS squares,
           (SELECT count(DISTINCT customer_id) FROM did) AS customers
    FROM paired GROUP BY band
""")

_CROSS = text(f"""
    WITH {_SAID},
    paired AS (
        SELECT DISTINCT ON (customer_id) customer_id, band, outcome FROM pairs
        ORDER BY customer_id, submitted_at DESC
    )
    SELECT band, count(*) AS n, sum(outcome) AS total, sum(outcome * outcome) AS squares,
           (SELECT count(DISTINCT customer_id) FROM did) AS customers
    FROM paired GROUP BY band
""")


def feedback_choices(session: Session) -> list[Feedback]:
    """What known customers said, most answered first; sentiment last."""
    rows = session.execute(_FEEDBACK).all()
    return [
        Feedback(
            row.metric,
            row.question_key,
            f"{METRIC_LABELS.get(row.metric, row.metric)}: {row.question_key.replace('_', ' ')}",
            row.n,
        )
        for row in rows
        if row.metric in BANDS or row.metric == "mean"
    ]


def outcome_choices(session: Session) -> list[Outcome]:
    """What customers did, by metric, currency and whether it is dated."""
    rows = session.execute(_OUTCOMES).all()
    return [
        Outcome(
            row.metric,
            "money" if row.currency else ("share" if row.is_share else "number"),
            row.currency,
            row.is_dated,
            row.n,
        )
        for row in rows
    ]


def link(
    session: Session,
    feedback_key: str,
    outcome_key: str,
    *,
    time_zone: str,
    window_days: int | None = None,
) -> Linkage:
    """Link one thing said with one thing done; raises NotFound for a choice that is not there."""
    feedback = next((f for f in feedback_choices(session) if f.key == feedback_key), None)
    outcome = next((o for o in outcome_choices(session) if o.key == outcome_key), None)
    if feedback is None or outcome is None:
        raise NotFound("There is no such feedback or outcome to link.")
    is_flow = outcome.is_dated and outcome.kind == "money"
    days = window_days or (FLOW_DAYS if is_flow else WINDOW_DAYS)
    statement = _CROSS if not outcome.is_dated else (_SUM_AFTER if is_flow else _LAST_AFTER)
    rows = session.execute(
        statement,
        {
            "zone": time_zone,
            "metric": feedback.metric,
            "question": feedback.question_key,
            "outcome": outcome.metric,
            "currency": outcome.currency,
            "dated": outcome.is_dated,
            "days": days,
        },
    ).all()
    by_band = {row.band: Sums(row.n, row.total, row.squares) for row in rows}
    paired = sum(sums.n for sums in by_band.values())
    bands = BANDS.get(feedback.metric) or _levels(session, feedback, by_band)
    customers = rows[0].customers if rows else outcome.n
    return Linkage(
        feedback=feedback,
        outcome=outcome,
        timing="point in time" if outcome.is_dated else "cross-sectional",
        window_days=days if outcome.is_dated else None,
        groups=_groups(outcome, bands, by_band),
        difference=_difference(outcome, bands, by_band),
        paired=paired,
        left_out=customers - paired,
    )


NOBODY = Sums(0, 0.0, 0.0)
Bands = tuple[tuple[str, str], ...]


def _levels(session: Session, feedback: Feedback, by_band: Mapping[str, Sums]) -> Bands:
    """The values of a rating without bands, best first, with the words of its question.

    Raises Invalid when the rating has too many values to compare as groups.
    """
    if len(by_band) > LEVELS:
        raise Invalid(
            f"{feedback.label} has {len(by_band)} values; at most {LEVELS} can be compared."
        )
    words: list[str] = []
    for definition in session.scalars(
        select(SurveyVersion.definition).order_by(SurveyVersion.published_at.desc()).limit(50)
    ):
        questions = {q["key"]: q for page in definition["pages"] for q in page["questions"]}
        if feedback.question_key in questions:
            words = list(questions[feedback.question_key].get("settings", {}).get("labels") or [])
            break
    best_first = sorted(by_band, key=float, reverse=True)
    named = {str(place): f"{word} ({place})" for place, word in enumerate(words, 1)}
    return tuple((level, named.get(level, level)) for level in best_first)


def _groups(outcome: Outcome, bands: Bands, by_band: Mapping[str, Sums]) -> tuple[Group, ...]:
    def estimate(sums: Sums) -> Estimate:
        if outcome.kind == "share":
            return share(round(sums.total), sums.n)
        return mean(*sums)

    return tuple(Group(band, label, estimate(by_band.get(band, NOBODY))) for band, label in bands)


def _difference(outcome: Outcome, bands: Bands, by_band: Mapping[str, Sums]) -> Difference:
    """The best band against the worst."""
    first = by_band.get(bands[0][0], NOBODY) if bands else NOBODY
    last = by_band.get(bands[-1][0], NOBODY) if bands else NOBODY
    if outcome.kind == "share":
        return difference_of_shares(round(first.total), first.n, round(last.total), last.n)
    return difference_of_means(first, last)
