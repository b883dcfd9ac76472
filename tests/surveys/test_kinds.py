"""What each kind declares: scales in words, columns for exports, settings with defaults."""

from __future__ import annotations

import pytest

from surveys import kinds
from surveys.answers import clean_json
from surveys.definition import Question, load
from surveys.errors import DefinitionError, UnknownName

CHOICES = [{"key": "a", "label": "Alpha"}, {"key": "b", "label": "Beta"}]


def loaded(kind: str, **settings: object):
    question: dict[str, object] = {"key": "q", "kind": kind, "text": "Well?", "settings": settings}
    if kinds.kind(kind).has_choices and not kinds.kind(kind).fixed_choices:
        question["choices"] = CHOICES
    return load({"title": "T", "language": "en", "pages": [{"questions": [question]}]})


def exported(kind: str, value: object, **settings: object) -> dict[str, object]:
    survey = loaded(kind, **settings)
    answer = clean_json(survey, {"q": value}).answers.get("q")
    return {column.name: column.value(answer) for column in kinds.columns(survey.question("q"))}


def test_the_kinds_of_the_product_are_declared():
    assert kinds.names() == (
        "nps",
        "csat",
        "ces",
        "stars",
        "smileys",
        "likert",
        "scale",
        "single_choice",
        "dropdown",
        "picture_choice",
        "yes_no",
        "multiple_choice",
        "ranking",
        "constant_sum",
        "max_diff",
        "matrix_single",
        "matrix_multiple",
        "matrix_dropdown",
        "matrix_rating",
        "matrix_text",
        "matrix_number",
        "semantic_differential",
        "grid",
        "entries",
        "short_text",
        "long_text",
        "statement",
        "number",
        "slider",
        "date",
        "email",
        "phone",
        "url",
        "time",
        "date_time",
        "address",
        "contact",
        "consent",
        "file_upload",
        "signature",
        "calculated",
        "hidden",
    )
    drawings = {kinds.kind(name).template for name in kinds.names()}
    assert drawings == {
        "scale",
        "choices",
        "ranking",
        "array",
        "text",
        "number",
        "date",
        "statement",
        "file",
        "none",
    }


@pytest.mark.parametrize("name", ["", "npz", "\ud800"])
def test_an_unknown_kind_is_refused(name):
    with pytest.raises(UnknownName):
        kinds.kind(name)


@pytest.mark.parametrize(
    ("kind", "settings", "low", "high"),
    [
        ("nps", {}, 0, 10),
        ("csat", {}, 1, 5),
        ("ces", {}, 1, 7),
        ("stars", {}, 1, 5),
        ("stars", {"points": 3}, 1, 3),
        ("stars", {"points": 10}, 1, 10),
    ],
)
def test_the_points_of_a_scale(kind, settings, low, high):
    points = kinds.points(loaded(kind, **settings).question("q"))
    assert points == tuple(range(low, high + 1))


def test_a_hand_made_question_has_the_defaults_too():
    assert kinds.points(Question("q", "stars", "?")) == (1, 2, 3, 4, 5)
    assert kinds.kind("stars").setting(Question("q", "stars", "?"), "points") == 5
    assert kinds.kind("long_text").setting(Question("q", "long_text", "?"), "max_length") == 5000
    assert kinds.points(Question("q", "long_text", "?")) == ()


def test_a_set_setting_is_read_before_its_default():
    assert kinds.kind("stars").setting(loaded("stars", points=7).question("q"), "points") == 7


def test_a_scale_in_words():
    scale = kinds.scale(loaded("nps").question("q"), "en")
    assert (scale.low_words, scale.high_words) == ("Not at all likely", "Extremely likely")
    scale = kinds.scale(loaded("nps").question("q"), "de-CH")
    assert scale.high_words == "Sehr wahrscheinlich"
    scale = kinds.scale(loaded("nps", low_label="Never").question("q"), "en")
    assert (scale.low_words, scale.high_words) == ("Never", "Extremely likely")
    words = ["Awful", "Bad", "So so", "Good", "Great"]
    scale = kinds.scale(loaded("csat", labels=words).question("q"), "en")
    assert scale.words == tuple(words)
    assert (scale.low_words, scale.high_words) == ("Awful", "Great")
    assert kinds.scale(loaded("date").question("q"), "en") is None


def test_the_ends_of_effort_follow_its_direction():
    easy_high = kinds.scale(loaded("ces").question("q"), "en")
    easy_low = kinds.scale(loaded("ces", direction="low_is_easy").question("q"), "en")
    assert easy_high.low_words == "Strongly disagree"
    assert easy_low.low_words == "Very low effort"


@pytest.mark.parametrize(
    ("kind", "value", "cells"),
    [
        ("nps", 9, {"q": 9}),
        ("nps", 0, {"q": 0}),
        ("nps", None, {"q": None}),
        ("number", 3, {"q": 3}),
        ("long_text", "Fine", {"q": "Fine"}),
        ("date", "2026-01-31", {"q": "2026-01-31"}),
        ("single_choice", "b", {"q": "b", "q.label": "Beta"}),
        ("single_choice", None, {"q": None, "q.label": None}),
        ("multiple_choice", ["b"], {"q.a": 0, "q.b": 1}),
        ("multiple_choice", None, {"q.a": None, "q.b": None}),
        ("statement", None, {}),
    ],
)
def test_export_columns(kind, value, cells):
    assert exported(kind, value) == cells


def test_columns_carry_words_for_people():
    (first, second) = kinds.columns(loaded("multiple_choice").question("q"))
    assert (first.label, second.label) == ("Well?: Alpha", "Well?: Beta")


def test_settings_are_written_out_with_their_defaults():
    assert dict(loaded("stars").question("q").settings) == {"points": 5, "is_csat": False}
    assert dict(loaded("number").question("q").settings) == {"decimals": 0}
    assert dict(loaded("date").question("q").settings) == {}
    assert dict(loaded("nps", low_label="").question("q").settings) == {}


def test_every_declared_setting_can_be_drawn_as_a_form():
    for name in kinds.names():
        for setting in kinds.kind(name).settings:
            assert setting.label
            assert bool(setting.options) == (setting.type == "option")
            if setting.default is not None and setting.options:
                assert setting.default in setting.options


@pytest.mark.parametrize(("language", "labels"), [("en", ["Yes", "No"]), ("de-AT", ["Ja", "Nein"])])
def test_yes_and_no_are_there_by_themselves(language, labels):
    question = {"key": "q", "kind": "yes_no", "text": "Well?"}
    document = {"title": "T", "language": language, "pages": [{"questions": [question]}]}
    survey = load(document)
    assert [choice.key for choice in survey.question("q").choices] == ["yes", "no"]
    assert [choice.label for choice in survey.question("q").choices] == labels
    answered = clean_json(survey, {"q": "no"}).answers["q"]
    assert [column.value(answered) for column in kinds.columns(survey.question("q"))] == [
        "no",
        labels[1],
    ]


def test_yes_and_no_may_be_worded_but_not_replaced():
    own = [{"key": "yes", "label": "Found it"}, {"key": "no", "label": "Not yet"}]
    question = {"key": "q", "kind": "yes_no", "text": "Well?", "choices": own}
    document = {"title": "T", "language": "en", "pages": [{"questions": [question]}]}
    assert [choice.label for choice in load(document).question("q").choices] == [
        "Found it",
        "Not yet",
    ]
    question["choices"] = [*own, {"key": "maybe", "label": "Maybe"}]
    with pytest.raises(DefinitionError, match="yes and no in this order"):
        load(document)
