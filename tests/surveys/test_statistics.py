"""Estimates against published values, R, scipy and statsmodels; and what is said of no answers."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from math import isclose, sqrt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats import proportion

from surveys import quantiles
from surveys import statistics as figures
from surveys.errors import SurveyError

A = dict(enumerate([2, 1, 1, 1, 1, 3, 3, 9, 22, 22, 35]))
B = dict(enumerate([4, 2, 2, 2, 2, 6, 6, 16, 25, 15, 20]))
counts = st.integers(0, 400)


def test_the_oracles_of_the_shared_data_are_the_ones_tested_here():
    path = Path(__file__).parents[2].parent / "shared" / "data" / "analytics" / "oracles.json"
    if not path.exists():
        pytest.skip("the shared oracles are not here; their values stand in the tests below")
    oracles = json.loads(path.read_text())
    nps = oracles["nps"]
    assert list(A.values()) == nps["A counts 0..10"]
    assert list(B.values()) == nps["B"]
    found = figures.nps_from_counts(A)
    assert found.value == pytest.approx(100 * nps["A"]["nps"], abs=1e-9)
    assert [found.low, found.high] == pytest.approx(
        [100 * x for x in nps["A"]["adjwald"]], abs=1e-4
    )
    scored = figures.nps_score_interval(*figures.bands_of(A))
    assert [scored.low, scored.high] == pytest.approx(
        [100 * x for x in nps["A"]["score"]], abs=1e-4
    )
    found = figures.difference_of_nps(figures.bands_of(A), figures.bands_of(B))
    assert found.p == pytest.approx(nps["A_vs_B"]["adjwald"]["p"], abs=1e-8)
    wilson = figures.share(81, 263)
    assert [wilson.low, wilson.high] == pytest.approx(oracles["wilson 81/263"], abs=1e-7)
    newcombe = figures.difference_of_shares(56, 70, 48, 80)
    assert [newcombe.low, newcombe.high] == pytest.approx(oracles["newcombe 56/70-48/80"], abs=1e-7)


class TestNps:
    def test_the_plain_estimate_travels_with_the_adjusted_interval(self):
        found = figures.nps_from_counts(A)
        assert found.value == 45.0
        assert (found.n, found.unit, found.confidence) == (100, "points", 0.95)
        assert found.low == pytest.approx(30.1214, abs=1e-4)
        assert found.high == pytest.approx(57.2572, abs=1e-4)

    def test_the_score_interval(self):
        found = figures.nps_score_interval(*figures.bands_of(A))
        assert found.low == pytest.approx(29.8033, abs=1e-4)
        assert found.high == pytest.approx(56.8673, abs=1e-4)

    def test_the_difference_is_adjusted(self):
        found = figures.difference_of_nps(figures.bands_of(A), figures.bands_of(B))
        assert found.value == pytest.approx(34)
        assert found.p == pytest.approx(0.00119805, abs=1e-8)
        half = quantiles.normal_quantile(0.975) * 10.190247
        assert found.low == pytest.approx(33.009709 - half, abs=1e-4)
        assert found.high == pytest.approx(33.009709 + half, abs=1e-4)

    def test_a_large_sample_agrees_with_the_plain_standard_error(self):
        # p = 1/2, 1/3, 1/6 of 324 answers: 33.3 points, standard error 4.14 points.
        found = figures.nps(162, 108, 54)
        assert found.value == pytest.approx(100 / 3)
        assert (found.high - found.low) / 2 / 1.959964 == pytest.approx(4.14, abs=0.02)

    def test_bands_cut_at_six_and_eight(self):
        assert figures.bands_of({6: 1, 7: 10, 8: 100, 9: 1000}) == (1000, 110, 1)

    def test_no_answers_have_no_score(self):
        for found in (figures.nps(0, 0, 0), figures.nps_score_interval(0, 0, 0)):
            assert (found.value, found.n, found.low, found.high) == (None, 0, None, None)
        found = figures.difference_of_nps(figures.bands_of(A), figures.Bands(0, 0, 0))
        assert (found.value, found.p, found.n_first, found.n_second) == (None, None, 100, 0)

    @pytest.mark.parametrize(("bands", "value"), [((1, 0, 0), 100), ((0, 0, 1), -100)])
    def test_one_answer_is_inside_its_own_wide_interval(self, bands, value):
        found = figures.nps(*bands)
        assert found.value == value
        assert found.low <= value <= found.high
        assert found.high - found.low > 100

    @given(counts, counts, counts)
    def test_intervals_hold_the_estimate_and_stay_in_range(self, promoters, passives, detractors):
        for method in (figures.nps, figures.nps_score_interval):
            found = method(promoters, passives, detractors)
            if found.n:
                assert found.low >= -100
                assert found.low - 1e-9 <= found.value <= found.high + 1e-9
                assert found.high <= 100

    @given(counts, counts, counts)
    def test_turning_the_bands_turns_the_sign(self, promoters, passives, detractors):
        one = figures.nps(promoters, passives, detractors)
        other = figures.nps(detractors, passives, promoters)
        if one.n:
            assert isclose(one.value, -other.value, abs_tol=1e-9)
            assert isclose(one.low, -other.high, abs_tol=1e-9)

    def test_the_interval_covers_the_truth_as_often_as_it_says(self):
        # The simulation of the reference: extreme shares, few answers, where plain Wald covers 40 %.
        draw = random.Random(7)
        hits = 0
        for _ in range(2000):
            bands = draw.choices("pnd", (0.95, 0.03, 0.02), k=10)
            found = figures.nps(*(bands.count(band) for band in "pnd"))
            hits += found.low <= 93 <= found.high
        assert hits / 2000 > 0.92


class TestShares:
    def test_wilson(self):
        found = figures.share(81, 263)
        assert found.low == pytest.approx(0.2552885, abs=1e-7)
        assert found.high == pytest.approx(0.3662096, abs=1e-7)

    @given(st.integers(0, 300), st.integers(1, 300), st.floats(0.5, 0.999))
    def test_wilson_agrees_with_statsmodels(self, successes, n, confidence):
        successes = min(successes, n)
        low, high = proportion.proportion_confint(successes, n, 1 - confidence, method="wilson")
        found = figures.share(successes, n, confidence)
        assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)

    def test_newcombe(self):
        found = figures.difference_of_shares(56, 70, 48, 80)
        assert found.value == pytest.approx(0.2)
        assert found.low == pytest.approx(0.0524315, abs=1e-7)
        assert found.high == pytest.approx(0.3338727, abs=1e-7)

    @given(counts, counts, st.integers(1, 400), st.integers(1, 400))
    def test_newcombe_agrees_with_statsmodels(self, first, second, n_first, n_second):
        first, second = min(first, n_first), min(second, n_second)
        found = figures.difference_of_shares(first, n_first, second, n_second)
        expected = proportion.confint_proportions_2indep(
            first, n_first, second, n_second, method="newcomb"
        )
        assert (found.low, found.high) == pytest.approx(expected, abs=1e-7)
        if 0 < first + second < n_first + n_second:
            _, p = proportion.proportions_ztest([first, second], [n_first, n_second])
            assert found.p == pytest.approx(p, abs=1e-9)
        else:
            assert found.p == 1.0

    def test_no_answers_have_no_share(self):
        assert figures.share(0, 0).value is None
        found = figures.difference_of_shares(1, 2, 0, 0)
        assert (found.value, found.low, found.high, found.p) == (None, None, None, None)
        assert (found.n_first, found.n_second) == (2, 0)

    def test_satisfied_are_four_and_five_and_easy_are_five_to_seven(self):
        assert figures.csat_from_counts({1: 1, 2: 1, 3: 1, 4: 2, 5: 5}).value == 0.7
        assert figures.ces_share_from_counts({4: 1, 5: 1, 7: 2}).value == 0.75


class TestMeans:
    @given(st.dictionaries(st.integers(1, 10), st.integers(1, 60), min_size=2))
    def test_the_mean_agrees_with_scipy(self, histogram):
        values = [value for value, n in histogram.items() for _ in range(n)]
        found = figures.mean_from_counts(histogram)
        low, high = stats.t.interval(
            0.95, len(values) - 1, loc=sum(values) / len(values), scale=stats.sem(values)
        )
        assert (found.low, found.high) == pytest.approx((low, high), rel=1e-9)
        assert figures.ces_from_counts(histogram) == found

    @given(
        st.lists(st.integers(0, 10), min_size=2, max_size=40),
        st.lists(st.integers(0, 10), min_size=2, max_size=40),
    )
    def test_welch_agrees_with_scipy(self, first, second):
        found = figures.difference_of_means(sums(first), sums(second))
        if len({*first}) == 1 or len({*second}) == 1:
            # Scipy warns of a side without spread; both without have no interval.
            assert (found.p is None) == (len({*first}) == len({*second}) == 1)
            return
        expected = stats.ttest_ind(first, second, equal_var=False)
        low, high = expected.confidence_interval(0.95)
        assert found.p == pytest.approx(expected.pvalue, abs=1e-10)
        assert (found.low, found.high) == pytest.approx((low, high), rel=1e-8, abs=1e-9)

    def test_no_answers_one_answer_and_equal_answers(self):
        assert figures.mean(0, 0, 0).value is None
        one = figures.mean(1, 4, 16)
        assert (one.value, one.low, one.high) == (4, None, None)
        equal = figures.mean_from_counts({4: 9})
        assert (equal.value, equal.n, equal.low) == (4, 9, None)
        assert figures.difference_of_means(sums([1]), sums([1, 2])).value is None

    def test_rounding_is_not_taken_for_spread(self):
        assert figures.mean_from_counts({0.1: 3}).low is None

    def test_large_units_do_not_overflow(self):
        first, second = sums([1e120, 2e120, 3e120]), sums([1e120, 1.1e120])
        found = figures.difference_of_means(first, second)
        assert found.low < found.value < found.high


def sums(values: list[float]) -> figures.Sums:
    return figures.Sums(len(values), sum(values), sum(value * value for value in values))


class TestQuantiles:
    @pytest.mark.parametrize("df", [1, 1.5, 2, 3, 4.7, 10, 29, 30.3, 100, 999.9, 1000, 1e5, 1e9])
    def test_t_agrees_with_scipy(self, df):
        for p in (1e-9, 1e-6, 0.0005, 0.005, 0.025, 0.05, 0.2, 0.4, 0.6, 0.9, 0.975, 0.9995):
            expected = stats.t.ppf(p, df)
            assert quantiles.t_quantile(p, df) == pytest.approx(expected, rel=1e-8)
            assert quantiles.t_two_sided(expected, df) == pytest.approx(
                2 * min(p, 1 - p), rel=1e-6, abs=1e-8
            )
            assert quantiles.t_cdf(expected, df) == pytest.approx(p, abs=1e-7)

    def test_the_middle_is_nought_and_many_degrees_are_normal(self):
        assert quantiles.t_quantile(0.5, 7) == 0
        assert quantiles.t_quantile(0.975, float("inf")) == pytest.approx(1.959963984540054)
        assert quantiles.normal_two_sided(0) == 1
        assert quantiles.t_two_sided(0, 5) == 1

    def test_the_textbook_value(self):
        assert quantiles.t_quantile(0.975, 10) == pytest.approx(2.2281388520)
        assert figures.mean(2, 3, 5).high == pytest.approx(1.5 + 12.7062047362 / sqrt(4))


@pytest.mark.parametrize(
    "asked",
    [
        lambda: figures.nps(-1, 0, 0),
        lambda: figures.share(3, 2),
        lambda: figures.share(-1, 2),
        lambda: figures.mean(-1, 0, 0),
        lambda: figures.nps(1, 1, 1, confidence=1),
        lambda: figures.share(1, 2, confidence=0),
        lambda: figures.difference_of_means(sums([1, 2]), figures.Sums(-1, 0, 0)),
    ],
)
def test_impossible_counts_are_refused(asked):
    with pytest.raises(SurveyError):
        asked()


def test_small_is_fewer_than_five():
    assert figures.is_small(0)
    assert figures.is_small(4)
    assert not figures.is_small(5)


def test_no_heavy_library_is_loaded():
    code = (
        "import sys, surveys.statistics; print([m for m in ('numpy', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
