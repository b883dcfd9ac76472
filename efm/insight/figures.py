"""Figures of a dashboard as values: estimate, interval, n, change and its test, from counts alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from surveys import statistics
from surveys.statistics import Difference, Estimate

Histogram: TypeAlias = Mapping[int, int]
Standing: TypeAlias = Literal["shown", "few", "none"]

REAL_BELOW = 0.05


@dataclass(frozen=True, slots=True)
class Metric:
    """A loyalty metric: its scale, its range, what its figure is and which groups it counts."""

    key: str
    name: str
    measure: str
    lowest: int
    highest: int
    minimum: float
    maximum: float
    # The groups of the scale: name, role of the colour, first and last value.
    groups: tuple[tuple[str, str, int, int], ...]

    @property
    def scale(self) -> range:
        """The values of the scale."""
        return range(self.lowest, self.highest + 1)


NPS = Metric(
    "nps", "NPS", "Promoters (9 and 10) less detractors (0 to 6), in points from −100 to 100",
    0, 10, -100.0, 100.0,
    (("Detractors", "negative", 0, 6), ("Passives", "neutral", 7, 8), ("Promoters", "positive", 9, 10)),
)  # fmt: skip
CSAT = Metric(
    "csat", "CSAT", "Share of satisfied answers (4 and 5 of 5)",
    1, 5, 0.0, 1.0,
    (("Dissatisfied", "negative", 1, 2), ("Neutral", "neutral", 3, 3), ("Satisfied", "positive", 4, 5)),
)  # fmt: skip
CES = Metric(
    "ces", "CES", "Mean ease on a scale from 1 to 7; 7 is easiest",
    1, 7, 1.0, 7.0,
    (("Difficult", "negative", 1, 3), ("Neutral", "neutral", 4, 4), ("Easy", "positive", 5, 7)),
)  # fmt: skip
METRICS: Mapping[str, Metric] = {metric.key: metric for metric in (NPS, CSAT, CES)}


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure with all it rests on; `change` is against the previous equal period, where tested.

    `standing` says whether it may be shown: "few" is below the minimum n, "none" is no answer.
    """

    metric: Metric
    estimate: Estimate
    counts: Histogram
    before: Estimate | None = None
    change: Difference | None = None
    # The share that found it easy, which is told beside the mean of CES.
    share: Estimate | None = None

    @property
    def n(self) -> int:
        """How many answers it rests on."""
        return self.estimate.n

    @property
    def standing(self) -> Standing:
        """Whether the figure may be shown."""
        return standing(self.n)

    @property
    def verdict(self) -> str:
        """What the test says of the change, in words; empty where nothing is compared."""
        if self.change is None:
            return ""
        if self.change.p is None:
            return "too even to be tested"
        return "likely real" if self.change.p < REAL_BELOW else "could be chance"


def standing(n: int) -> Standing:
    """Whether a figure from n answers is shown."""
    if n == 0:
        return "none"
    return "few" if statistics.is_small(n) else "shown"


def figure(metric: Metric, counts: Histogram, before: Histogram | None = None) -> Figure:
    """The figure of a histogram, compared with one of the period before where both have enough."""
    estimate = estimated(metric, counts)
    share = statistics.ces_share_from_counts(counts) if metric is CES else None
    if before is None:
        return Figure(metric, estimate, counts, share=share)
    earlier = estimated(metric, before)
    change = None
    if standing(estimate.n) == standing(earlier.n) == "shown":
        change = _difference(metric, counts, before)
    return Figure(metric, estimate, counts, earlier, change, share)


def estimated(metric: Metric, counts: Histogram) -> Estimate:
    """The value of a metric with its interval."""
    if metric is NPS:
        return statistics.nps_from_counts(counts)
    if metric is CSAT:
        return statistics.csat_from_counts(counts)
    return statistics.ces_from_counts(counts)


def _difference(metric: Metric, counts: Histogram, before: Histogram) -> Difference:
    if metric is NPS:
        return statistics.difference_of_nps(
            statistics.bands_of(counts), statistics.bands_of(before)
        )
    if metric is CES:
        return statistics.difference_of_means(
            statistics.sums_of(counts), statistics.sums_of(before)
        )
    satisfied = sum(n for value, n in counts.items() if value >= 4)
    earlier = sum(n for value, n in before.items() if value >= 4)
    return statistics.difference_of_shares(
        satisfied, sum(counts.values()), earlier, sum(before.values())
    )


@dataclass(frozen=True, slots=True)
class Sentiment:
    """How comments read: shares are of the scored ones; the others are counted and named."""

    positive: int
    neutral: int
    negative: int
    pending: int
    unscored: int

    @property
    def scored(self) -> int:
        """How many comments have a sentiment."""
        return self.positive + self.neutral + self.negative

    @property
    def comments(self) -> int:
        """How many comments there are."""
        return self.scored + self.pending + self.unscored

    def share(self, label: Literal["positive", "neutral", "negative"]) -> Estimate:
        """The share of one sentiment among the scored comments, with Wilson's interval."""
        return statistics.share(getattr(self, label), self.scored)


def sentiment(buckets: Mapping[str, int]) -> Sentiment:
    """The sentiment of comments counted by bucket."""
    return Sentiment(
        *(
            buckets.get(name, 0)
            for name in ("positive", "neutral", "negative", "pending", "unscored")
        )
    )


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of those asked have answered."""

    name: str
    measure: str
    asked: int
    answered: int

    @property
    def estimate(self) -> Estimate:
        """The share with Wilson's interval."""
        return statistics.share(self.answered, self.asked)
