"""How well vader(text) agrees with people: the published figures, as we reproduce them.

Hutto and Gilbert 2014, table 4. Truth is the mean of 20 raters (-4 to 4): positive from 0.05,
negative to -0.05; precision, recall and F1 are weighted by the size of each class.
"""

from collections import Counter
from pathlib import Path
from statistics import correlation

import pytest

from surveys.sentiment import label, vader

TEXTS = Path(__file__).parents[3] / "shared" / "data" / "text"
CLASSES = ("positive", "neutral", "negative")


def f1_by_class(truth: list[str], found: list[str]) -> dict[str, float]:
    both = Counter(zip(truth, found, strict=True))
    right = {name: both[name, name] for name in CLASSES}
    true, seen = Counter(truth), Counter(found)
    return {name: 2 * right[name] / max(true[name] + seen[name], 1) for name in CLASSES}


def rated(file: str) -> tuple[list[float], list[float]]:
    path = TEXTS / file
    if not path.exists():
        pytest.skip("../shared/data is not here: agreement with people cannot be measured")
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    return [float(row[1]) for row in rows], [vader(row[2]).compound for row in rows]


@pytest.mark.parametrize(
    ("file", "n", "r", "weighted_f1", "macro_f1"),
    [
        ("tweets_GroundTruth.txt", 4200, 0.872, 0.945, 0.702),
        ("amazonReviewSnippets_GroundTruth.txt", 3708, 0.590, 0.626, 0.560),
    ],
)
def test_agreement_with_people(
    file: str, n: int, r: float, weighted_f1: float, macro_f1: float
) -> None:
    ratings, compounds = rated(file)
    assert len(ratings) == n
    assert correlation(ratings, compounds) == pytest.approx(r, abs=0.005)
    found = [label(compound) for compound in compounds]
    truth = [label(rating) for rating in ratings]
    scores = f1_by_class(truth, found)
    weighted = sum(scores[name] * count for name, count in Counter(truth).items()) / n
    assert weighted == pytest.approx(weighted_f1, abs=0.005)
    # The harder and more honest reading: a mean rating within half a point of zero is neutral.
    strict = [label(rating / 10) for rating in ratings]
    assert sum(f1_by_class(strict, found).values()) / 3 == pytest.approx(macro_f1, abs=0.005)
