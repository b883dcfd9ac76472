"""Estimates that travel with their n, interval and method: NPS, shares, means, differences.

Sources: Rocks (2016), American Statistician 70(4), adjusted Wald for NPS; Wilson (1927) for a
share; Newcombe (1998), Statistics in Medicine 17, hybrid score for two shares; Welch (1947) with
Satterthwaite's degrees of freedom for two means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Literal, NamedTuple, TypeAlias

from surveys.errors import SurveyError
from surveys.quantiles import normal_quantile, normal_two_sided, t_quantile, t_two_sided

Unit: TypeAlias = Literal["points", "share", "scale"]

MINIMUM_N = 5

_ADJUSTED_WALD = "adjusted Wald (Rocks 2016)"
_SCORE = "score"
_WILSON = "Wilson"
_STUDENT = "Student's t"
_NEWCOMBE = "Newcombe hybrid score"
_WELCH = "Welch's t"


def is_small(n: int) -> bool:
    """Whether a figure from n answers is too small to show as a figure."""
    return n < MINIMUM_N


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with what it rests on.

    ``unit`` says how to read value, low and high: 'points' -100..100, 'share' 0..1, 'scale' units
    of the question. From no answers all three are None; where a spread cannot be known (one
    answer, or all answers equal) a mean has a value and no interval.
    """

    value: float | None
    n: int
    low: float | None
    high: float | None
    method: str
    unit: Unit
    confidence: float = 0.95


@dataclass(frozen=True, slots=True)
class Difference:
    """First minus second, with interval and the two-sided p of "there is none".

    All four figures are None where a side has no answers (a mean: fewer than two).
    """

    value: float | None
    n_first: int
    n_second: int
    low: float | None
    high: float | None
    p: float | None
    method: str
    unit: Unit
    confidence: float = 0.95


class Bands(NamedTuple):
    """How many promoters, passives and detractors answered."""

    promoters: int
    passives: int
    detractors: int

    @property
    def n(self) -> int:
        """How many answered."""
        return self.promoters + self.passives + self.detractors


class Sums(NamedTuple):
    """What a mean and its spread need: how many answered, their sum, the sum of their squares."""

    n: int
    total: float
    total_of_squares: float


def nps(promoters: int, passives: int, detractors: int, confidence: float = 0.95) -> Estimate:
    """Net promoter score in points: the plain estimate with the adjusted Wald interval.

    Three answers are added, 3/4 promoters and 3/4 detractors, for the interval only; it is kept
    within -100..100 and never excludes its own estimate (which it would for n = 1).
    """
    bands = _checked_bands(promoters, passives, detractors)
    z = _z(confidence)
    if bands.n == 0:
        return Estimate(None, 0, None, None, _ADJUSTED_WALD, "points", confidence)
    value = 100.0 * (promoters - detractors) / bands.n
    centre, variance = _adjusted(bands)
    half = 100.0 * z * sqrt(variance)
    low = max(-100.0, min(value, 100.0 * centre - half))
    high = min(100.0, max(value, 100.0 * centre + half))
    return Estimate(value, bands.n, low, high, _ADJUSTED_WALD, "points", confidence)


def nps_score_interval(
    promoters: int, passives: int, detractors: int, confidence: float = 0.95
) -> Estimate:
    """Net promoter score in points with the score interval: (e - m)^2 = z^2 (s - m^2) / n.

    Where every answer is passive it has no width; the adjusted interval of ``nps`` has.
    """
    bands = _checked_bands(promoters, passives, detractors)
    z = _z(confidence)
    n = bands.n
    if n == 0:
        return Estimate(None, 0, None, None, _SCORE, "points", confidence)
    e, s, k = (promoters - detractors) / n, (promoters + detractors) / n, z * z / n
    half = sqrt(max(0.0, e * e - (1 + k) * (e * e - k * s)))
    low = max(-100.0, 100.0 * (e - half) / (1 + k))
    high = min(100.0, 100.0 * (e + half) / (1 + k))
    return Estimate(100.0 * e, n, low, high, _SCORE, "points", confidence)


def share(successes: int, n: int, confidence: float = 0.95) -> Estimate:
    """A share in 0..1 with Wilson's interval."""
    _check_share(successes, n)
    z = _z(confidence)
    if n == 0:
        return Estimate(None, 0, None, None, _WILSON, "share", confidence)
    low, high = _wilson(successes, n, z)
    return Estimate(successes / n, n, low, high, _WILSON, "share", confidence)


def mean(n: int, total: float, total_of_squares: float, confidence: float = 0.95) -> Estimate:
    """A mean in the units of the scale with Student's t interval, from sums alone."""
    _z(confidence)
    if n < 0:
        raise SurveyError("A mean needs n of 0 or more.")
    if n == 0:
        return Estimate(None, 0, None, None, _STUDENT, "scale", confidence)
    value = total / n
    variance = _variance(Sums(n, total, total_of_squares))
    if not variance:
        return Estimate(value, n, None, None, _STUDENT, "scale", confidence)
    half = t_quantile((1 + confidence) / 2, n - 1) * sqrt(variance / n)
    return Estimate(value, n, value - half, value + half, _STUDENT, "scale", confidence)


def difference_of_shares(
    first: int, n_first: int, second: int, n_second: int, confidence: float = 0.95
) -> Difference:
    """First share minus second, Newcombe's interval (his method 10), p by the pooled z test."""
    _check_share(first, n_first)
    _check_share(second, n_second)
    z = _z(confidence)
    if not n_first or not n_second:
        return _no_difference(n_first, n_second, _NEWCOMBE, "share", confidence)
    a, b = first / n_first, second / n_second
    a_low, a_high = _wilson(first, n_first, z)
    b_low, b_high = _wilson(second, n_second, z)
    low = a - b - sqrt((a - a_low) ** 2 + (b_high - b) ** 2)
    high = a - b + sqrt((a_high - a) ** 2 + (b - b_low) ** 2)
    pooled = (first + second) / (n_first + n_second)
    error = sqrt(pooled * (1 - pooled) * (1 / n_first + 1 / n_second))
    p = normal_two_sided((a - b) / error) if error else 1.0
    return Difference(a - b, n_first, n_second, low, high, p, _NEWCOMBE, "share", confidence)


def difference_of_nps(first: Bands, second: Bands, confidence: float = 0.95) -> Difference:
    """First NPS minus second in points: the plain difference, interval and p adjusted (Rocks).

    The interval is kept within -200..200 and never excludes its own estimate.
    """
    a, b = _checked_bands(*first), _checked_bands(*second)
    z = _z(confidence)
    if not a.n or not b.n:
        return _no_difference(a.n, b.n, _ADJUSTED_WALD, "points", confidence)
    value = 100.0 * ((a.promoters - a.detractors) / a.n - (b.promoters - b.detractors) / b.n)
    (a_centre, a_variance), (b_centre, b_variance) = _adjusted(a), _adjusted(b)
    centre, error = 100.0 * (a_centre - b_centre), 100.0 * sqrt(a_variance + b_variance)
    low = max(-200.0, min(value, centre - z * error))
    high = min(200.0, max(value, centre + z * error))
    p = normal_two_sided(centre / error)
    return Difference(value, a.n, b.n, low, high, p, _ADJUSTED_WALD, "points", confidence)


def difference_of_means(first: Sums, second: Sums, confidence: float = 0.95) -> Difference:
    """First mean minus second, Welch's t with Satterthwaite's degrees of freedom.

    Interval and p are None where both sides are without spread.
    """
    _z(confidence)
    if first.n < 0 or second.n < 0:
        raise SurveyError("A mean needs n of 0 or more.")
    if first.n < 2 or second.n < 2:
        return _no_difference(first.n, second.n, _WELCH, "scale", confidence)
    value = first.total / first.n - second.total / second.n
    a, b = _variance(first) / first.n, _variance(second) / second.n
    if not a + b:
        return Difference(value, first.n, second.n, None, None, None, _WELCH, "scale", confidence)
    # Written with shares of the variance, the formula does not overflow for large units.
    df = 1 / ((a / (a + b)) ** 2 / (first.n - 1) + (b / (a + b)) ** 2 / (second.n - 1))
    error = sqrt(a + b)
    half = t_quantile((1 + confidence) / 2, df) * error
    return Difference(
        value,
        first.n,
        second.n,
        value - half,
        value + half,
        t_two_sided(value / error, df),
        _WELCH,
        "scale",
        confidence,
    )


def sums_of(counts: Mapping[int, int] | Mapping[float, int]) -> Sums:
    """The sums of a histogram {value: how many}."""
    return Sums(
        sum(counts.values()),
        sum(value * n for value, n in counts.items()),
        sum(value * value * n for value, n in counts.items()),
    )


def bands_of(counts: Mapping[int, int]) -> Bands:
    """Promoters (9, 10), passives (7, 8) and detractors (0 to 6) of a histogram {value: n}."""
    return Bands(
        sum(n for value, n in counts.items() if value >= 9),
        sum(n for value, n in counts.items() if 7 <= value < 9),
        sum(n for value, n in counts.items() if value < 7),
    )


def nps_from_counts(counts: Mapping[int, int], confidence: float = 0.95) -> Estimate:
    """NPS of a histogram {0..10: n}."""
    return nps(*bands_of(counts), confidence=confidence)


def csat_from_counts(counts: Mapping[int, int], confidence: float = 0.95) -> Estimate:
    """The share of satisfied answers (4 and 5) of a histogram {1..5: n}."""
    satisfied = sum(n for value, n in counts.items() if value >= 4)
    return share(satisfied, sum(counts.values()), confidence)


def ces_from_counts(counts: Mapping[int, int], confidence: float = 0.95) -> Estimate:
    """The mean ease of a histogram {1..7: n}, high is easy."""
    return mean(*sums_of(counts), confidence=confidence)


def ces_share_from_counts(counts: Mapping[int, int], confidence: float = 0.95) -> Estimate:
    """The share that found it easy (5 to 7) of a histogram {1..7: n}."""
    easy = sum(n for value, n in counts.items() if value >= 5)
    return share(easy, sum(counts.values()), confidence)


def mean_from_counts(
    counts: Mapping[int, int] | Mapping[float, int], confidence: float = 0.95
) -> Estimate:
    """The mean of a histogram {value: n}."""
    return mean(*sums_of(counts), confidence=confidence)


def _z(confidence: float) -> float:
    if not 0.0 < confidence < 1.0:
        raise SurveyError("Confidence lies between 0 and 1, such as 0.95.")
    return normal_quantile((1 + confidence) / 2)


def _checked_bands(promoters: int, passives: int, detractors: int) -> Bands:
    if promoters < 0 or passives < 0 or detractors < 0:
        raise SurveyError("A band cannot hold fewer than 0 answers.")
    return Bands(promoters, passives, detractors)


def _check_share(successes: int, n: int) -> None:
    if not 0 <= successes <= n:
        raise SurveyError("A share needs 0 or more successes and at most n.")


def _adjusted(bands: Bands) -> tuple[float, float]:
    """The centre and its variance after adding three answers, in shares."""
    n = bands.n + 3.0
    p, d = (bands.promoters + 0.75) / n, (bands.detractors + 0.75) / n
    return p - d, (p + d - (p - d) ** 2) / n


def _wilson(successes: int, n: int, z: float) -> tuple[float, float]:
    k = z * z / n
    p = successes / n
    centre, half = p + k / 2, z * sqrt(p * (1 - p) / n + k / (4 * n))
    # At the ends rounding would leave 1e-17 where the formula says exactly 0 and 1.
    low = 0.0 if successes == 0 else (centre - half) / (1 + k)
    high = 1.0 if successes == n else (centre + half) / (1 + k)
    return low, high


def _variance(sums: Sums) -> float:
    """The sample variance; 0 for one answer, and where only rounding is left of it."""
    if sums.n < 2:
        return 0.0
    spread = sums.total_of_squares - sums.total * sums.total / sums.n
    return spread / (sums.n - 1) if spread > 1e-12 * abs(sums.total_of_squares) else 0.0


def _no_difference(
    n_first: int, n_second: int, method: str, unit: Unit, confidence: float
) -> Difference:
    return Difference(None, n_first, n_second, None, None, None, method, unit, confidence)
