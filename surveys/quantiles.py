"""Quantiles and tails of the normal and Student's t distribution, without numpy or scipy."""

from __future__ import annotations

from functools import lru_cache
from math import exp, fabs, inf, lgamma, log, log1p, pi, sqrt
from statistics import NormalDist

_NORMAL = NormalDist()
# From here on the series in 1/df is exact to 1e-11 for every confidence up to 0.9999, and quicker.
_MANY_DEGREES = 1000.0
# From here on the logarithms of the gamma function cancel too many digits; Wallace's normal
# approximation (1959), whose error falls with the square of df, is the more exact.
_VERY_MANY_DEGREES = 1e5
_TINY = 1e-300


def normal_quantile(p: float) -> float:
    """The z below which the share p (0 < p < 1) of a standard normal lies."""
    return _NORMAL.inv_cdf(p)


def normal_two_sided(z: float) -> float:
    """The probability of a standard normal at least as far from 0 as z."""
    return min(1.0, 2.0 * _NORMAL.cdf(-fabs(z)))


def t_two_sided(t: float, df: float) -> float:
    """The probability of Student's t with df > 0 (not only whole) at least as far from 0 as t."""
    if df >= _VERY_MANY_DEGREES:
        z = (8 * df + 1) / (8 * df + 3) * sqrt(df * log1p(t * t / df)) if df < inf else t
        return normal_two_sided(z)
    return _beta_share(df / 2.0, 0.5, df / (df + t * t))


def t_cdf(t: float, df: float) -> float:
    """The probability of Student's t with df degrees of freedom below t."""
    tail = t_two_sided(t, df) / 2.0
    return 1.0 - tail if t > 0 else tail


@lru_cache(maxsize=4096)
def t_quantile(p: float, df: float) -> float:
    """The t below which the share p (0 < p < 1) lies; to 1e-8 of its size for df >= 1."""
    if p == 0.5:
        return 0.0
    # Counted from the nearer end: 1 - p would round a small p away.
    sign, tail = (-1.0, 2.0 * p) if p < 0.5 else (1.0, 2.0 * (1.0 - p))
    return sign * _t_beyond(tail, df)


def _t_beyond(tail: float, df: float) -> float:
    """The t > 0 that a share ``tail`` exceeds on both sides together."""
    z = -normal_quantile(tail / 2.0)
    if df >= _MANY_DEGREES:
        return _cornish_fisher(z, df)
    low, high = 0.0, max(1.0, z)
    while t_two_sided(high, df) > tail:
        low, high = high, high * 2.0
    # Newton's steps, kept inside a bracket: where one would leave it, the bracket is halved.
    t = _cornish_fisher(z, df)
    for _ in range(200):
        t = t if low < t < high else (low + high) / 2.0
        excess = t_two_sided(t, df) - tail
        low, high = (t, high) if excess > 0 else (low, t)
        step = excess / (2.0 * _t_density(t, df))
        t += step
        # Newton doubles the digits, so a step of this size leaves nothing to correct.
        if fabs(step) <= 1e-9 * t:
            break
    return t


def _t_density(t: float, df: float) -> float:
    constant = lgamma((df + 1.0) / 2.0) - lgamma(df / 2.0) - log(df * pi) / 2.0
    return max(exp(constant - (df + 1.0) / 2.0 * log1p(t * t / df)), _TINY)


def _cornish_fisher(z: float, df: float) -> float:
    """Student's quantile from the normal one as a series (Abramowitz and Stegun 26.7.5)."""
    if df == inf:
        return z
    s = z * z
    first = z * (s + 1) / 4
    second = z * ((5 * s + 16) * s + 3) / 96
    third = z * (((3 * s + 19) * s + 17) * s - 15) / 384
    fourth = z * ((((79 * s + 776) * s + 1482) * s - 1920) * s - 945) / 92160
    return z + (first + (second + (third + fourth / df) / df) / df) / df


def _beta_share(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b)."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    # The fraction converges quickly only on its own side of the mean; the other is its mirror.
    if x < (a + 1.0) / (a + b + 2.0):
        return front * _beta_fraction(a, b, x) / a
    return 1.0 - front * _beta_fraction(b, a, 1.0 - x) / b


def _beta_fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function, by Lentz's method."""
    c = 1.0
    d = 1.0 / _not_zero(1.0 - (a + b) * x / (a + 1.0))
    value = d
    for m in range(1, 100_000):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        d = 1.0 / _not_zero(1.0 + even * d)
        c = _not_zero(1.0 + even / c)
        value *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        d = 1.0 / _not_zero(1.0 + odd * d)
        c = _not_zero(1.0 + odd / c)
        value *= d * c
        if fabs(d * c - 1.0) < 1e-15:
            break
    return value


def _not_zero(value: float) -> float:
    return value if fabs(value) > _TINY else _TINY
