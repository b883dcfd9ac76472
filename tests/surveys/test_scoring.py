"""Scores: the cuts of the field, exactly."""

from __future__ import annotations

import pytest

from surveys import kinds, scoring
from surveys.answers import clean_json
from surveys.compiled import compile
from surveys.definition import load


@pytest.mark.parametrize(
    ("value", "band"),
    [
        (0, "detractor"),
        (6, "detractor"),
        (7, "passive"),
        (8, "passive"),
        (9, "promoter"),
        (10, "promoter"),
    ],
)
def test_nps_bands_cut_at_six_and_eight(value, band):
    assert scoring.nps_band(value) == band


@pytest.mark.parametrize(
    ("value", "band"),
    [(1, "dissatisfied"), (2, "dissatisfied"), (3, "neutral"), (4, "satisfied"), (5, "satisfied")],
)
def test_csat_counts_the_top_two_of_five(value, band):
    assert scoring.csat_band(value) == band


@pytest.mark.parametrize(
    ("value", "band"),
    [(1, "difficult"), (3, "difficult"), (4, "neutral"), (5, "easy"), (7, "easy")],
)
def test_ces_counts_five_to_seven_as_easy(value, band):
    assert scoring.ces_band(value) == band


def scored(kind: str, value: object, **settings: object) -> tuple[scoring.Score, ...]:
    question = {"key": "q", "kind": kind, "text": "?", "settings": settings}
    if kind.endswith("choice"):
        question["choices"] = [{"key": key, "label": key} for key in "ab"]
    survey = load({"title": "T", "language": "en", "pages": [{"questions": [question]}]})
    answers = clean_json(survey, {"q": value}).answers
    assert compile(survey).score(answers) == scoring.score(survey, answers)
    return scoring.score(survey, answers)


@pytest.mark.parametrize(
    ("kind", "settings", "value", "expected"),
    [
        ("nps", {}, 9, ("nps", "q", 9, "promoter")),
        ("csat", {}, 3, ("csat", "q", 3, "neutral")),
        ("ces", {}, 7, ("ces", "q", 7, "easy")),
        ("ces", {"direction": "low_is_easy"}, 7, ("ces", "q", 1, "difficult")),
        ("ces", {"direction": "low_is_easy"}, 3, ("ces", "q", 5, "easy")),
        ("stars", {}, 4, ("mean", "q", 4, None)),
        ("stars", {"is_csat": True}, 4, ("csat", "q", 4, "satisfied")),
        ("stars", {"points": 10}, 10, ("mean", "q", 10, None)),
        ("number", {}, 12, ("mean", "q", 12, None)),
    ],
)
def test_each_kind_scores_to_its_metric(kind, settings, value, expected):
    (score,) = scored(kind, value, **settings)
    assert score == expected


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("long_text", "Fine"),
        ("single_choice", "a"),
        ("multiple_choice", ["a"]),
        ("nps", None),
        ("date", "2026-01-01"),
    ],
)
def test_what_has_no_number_has_no_score(kind, value):
    assert scored(kind, value) == ()


def test_a_score_counts_for_the_metric_its_kind_declares():
    for kind in kinds.names():
        question = {"key": "q", "kind": kind, "text": "?"}
        if kinds.kind(kind).has_choices and not kinds.kind(kind).fixed_choices:
            question["choices"] = [{"key": key, "label": key} for key in "abc"]
        declared = kinds.kind(kind)
        if declared.has_rows:
            question["rows"] = [{"key": "r", "label": "r"}]
        if declared.has_parts:
            question["parts"] = [{"key": "p", "kind": "short_text", "text": "p"}]
        survey = load({"title": "T", "language": "en", "pages": [{"questions": [question]}]})
        found = scoring.score(survey, clean_json(survey, {"q": 3}).answers)
        assert tuple(score.metric for score in found) == kinds.metrics(survey.question("q"))


def test_answers_to_questions_of_another_version_are_left_out():
    survey = load(
        {
            "title": "T",
            "language": "en",
            "pages": [{"questions": [{"key": "other", "kind": "nps", "text": "?"}]}],
        }
    )
    answers = clean_json(survey, {"other": 9}).answers
    assert scoring.score(survey, {"gone": answers["other"]}) == ()
