"""Surveys written for SurveyJS: valid by its own schema, the same when read again, honest about losses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given

from surveys.definition import Definition, load
from surveys.formats.surveyjs import read_surveyjs
from surveys.formats.surveyjs.export import write_surveyjs
from tests.surveys.drawn_surveys import definitions, few
from tests.surveys.formats.test_surveyjs_hostile import WHOLE


@pytest.fixture(scope="module")
def schema(shared_data: Path) -> jsonschema.Draft7Validator:
    """SurveyJS's own schema of its definitions."""
    file = shared_data / "interop" / "surveyjs" / "surveyjs_definition.schema.json"
    return jsonschema.Draft7Validator(json.loads(file.read_text()))


def survey(*questions: dict[str, object], **around: object) -> Definition:
    """A survey of ours with these questions on one page."""
    page = {"key": "first", "questions": list(questions)}
    return load({"title": "Made", "language": "en", "pages": [page], **around})


def written(definition: Definition) -> dict[str, Any]:
    """The JSON of an export."""
    document = json.loads(write_surveyjs(definition).content)
    assert isinstance(document, dict)
    return document


@few
@given(definitions)
def test_what_was_not_lost_is_there_when_read_again(definition: Definition) -> None:
    """An export without losses gives back an equal definition."""
    made = write_surveyjs(definition)
    again = read_surveyjs(made.content).definition
    if not made.losses:
        assert again == definition
    assert write_surveyjs(definition) == made


def test_every_drawn_survey_is_valid(schema: jsonschema.Draft7Validator) -> None:
    """SurveyJS's own schema has nothing to say against it."""

    @few
    @given(definitions)
    def check(definition: Definition) -> None:
        schema.validate(written(definition))

    check()


CHOICES = [{"key": "a", "label": "A"}, {"key": "b", "label": "B"}, {"key": "c", "label": "C"}]
ASKED: list[dict[str, object]] = [
    {"key": "nps", "kind": "nps", "text": "?"},
    {"key": "one", "kind": "single_choice", "text": "?", "choices": CHOICES},
    {"key": "many", "kind": "multiple_choice", "text": "?", "choices": CHOICES},
    {"key": "words", "kind": "short_text", "text": "?"},
    {"key": "day", "kind": "date", "text": "?"},
    {"key": "sure", "kind": "yes_no", "text": "?"},
    {"key": "m", "kind": "matrix_single", "text": "?", "choices": CHOICES, "rows": CHOICES},
]


@pytest.mark.parametrize(
    "logic",
    [
        {"==": [{"var": "one"}, "a"]},
        {"!=": [{"var": "one"}, "a"]},
        {"in": [{"var": "one"}, ["a", "b"]]},
        {"in": ["b", {"var": "many"}]},
        {"any_of": [{"var": "many"}, ["a", "c"]]},
        {"all_of": [{"var": "many"}, ["a", "c"]]},
        {"<=": [{"var": "nps"}, 6]},
        {">=": [{"var": "nps"}, 9]},
        {"and": [{"is_answered": [{"var": "nps"}]}, {"<=": [{"var": "nps"}, 6]}]},
        {"==": [{"var": "nps"}, 0]},
        {"is_empty": [{"var": "words"}]},
        {"is_answered": [{"var": "m.a"}]},
        {"==": [{"lower": [{"var": "words"}]}, "yes"]},
        {"contains": [{"lower": [{"var": "words"}]}, "es"]},
        {"<": [{"var": "day"}, "2026-01-31"]},
        {"==": [{"var": "sure"}, "yes"]},
        {"==": [{"var": "m.b"}, "c"]},
        {"or": [{"==": [{"var": "one"}, "a"]}, {"==": [{"var": "nps"}, 3]}]},
        {"!": [{"in": ["a", {"var": "many"}]}]},
        {">": [{"sum": [{"var": "nps"}, 2]}, 5]},
        False,
    ],
)
def test_logic_comes_back_as_it_was(logic: object) -> None:
    """Each of these is written as an expression that is read as the very same logic."""
    definition = survey(*ASKED, {"key": "more", "kind": "long_text", "text": "?", "show_if": logic})
    made = write_surveyjs(definition)
    assert made.losses == ()
    assert read_surveyjs(made.content).definition == definition


def test_logic_that_cannot_be_written_never_shows() -> None:
    """And the losses say so."""
    logic = {"matches": [{"var": "words"}, "^x"]}
    definition = survey(*ASKED, {"key": "more", "kind": "long_text", "text": "?", "show_if": logic})
    made = write_surveyjs(definition)
    more = json.loads(made.content)["pages"][0]["elements"][-1]
    assert more["visibleIf"] == "false"
    assert any("more" in loss and "never true" in loss for loss in made.losses)


def test_a_survey_with_everything_it_can_say_comes_back() -> None:
    """Conditions, checks, defaults, other words, carried choices, skips, endings, translations."""
    made = load({
        "title": "All", "language": "en", "introduction": "Hi", "thank_you": "Thanks <all>", "anonymous": False,
        "translations": {"de": {"title": "Alles", "one.text": "Eins?", "one.choices.a": "Ah"}},
        "endings": [{"key": "ending_1", "text": "Sorry", "show_if": {"==": [{"var": "nps"}, 0]}}],
        "pages": [
            {"key": "first", "title": "First", "questions": [
                {"key": "nps", "kind": "nps", "text": "How likely?", "is_required": True},
                {"key": "one", "kind": "single_choice", "text": "One?", "choice_order": "random", "choices": [
                    {"key": "a", "label": "A", "value": 1}, {"key": "b", "label": "B", "show_if": {">": [{"var": "nps"}, 6]}},
                    {"key": "x", "label": "Else", "takes_text": True, "is_text_required": True, "is_fixed": True}]},
                {"key": "many", "kind": "multiple_choice", "text": "Many?", "choices": CHOICES,
                 "settings": {"minimum": 1, "maximum": 2}},
                {"key": "best", "kind": "dropdown", "text": "Best?", "choices_from": {"question": "many", "which": "chosen"}},
                {"key": "n", "kind": "number", "text": "{{one}}?", "default": 5, "settings": {"minimum": 0, "decimals": 1},
                 "checks": [{"valid_if": {"<=": [{"var": "n"}, 100]}, "message": "Too much"}]}],
             "skips": [{"to": "last", "when": {"==": [{"var": "one"}, "a"]}}]},
            {"key": "second", "show_if": {">=": [{"var": "nps"}, 9]}, "questions": [
                {"key": "csat", "kind": "csat", "text": "Satisfied?"},
                {"key": "why", "kind": "long_text", "text": "Why?", "required_if": {"==": [{"var": "csat"}, 1]}}]},
            {"key": "last", "questions": [
                {"key": "people", "kind": "entries", "text": "Who?", "settings": {"maximum": 3},
                 "parts": [{"key": "name", "kind": "short_text", "text": "Name", "is_required": True}]},
                {"key": "score", "kind": "calculated", "text": "score", "value": {"sum": [{"var": "nps"}, {"var": "n"}]}},
                {"key": "bye", "kind": "statement", "text": "Bye & <thanks>\nall"}]},
        ],
    })  # fmt: skip
    exported = write_surveyjs(made)
    assert exported.losses == ()
    assert read_surveyjs(exported.content).definition == made


def test_losses_are_told() -> None:
    """Everything SurveyJS has no place for is named."""
    definition = survey(
        *ASKED,
        {"key": "sum", "kind": "constant_sum", "text": "?", "choices": CHOICES},
        {"key": "soft", "kind": "short_text", "text": "?", "is_requested": True},
        privacy="We keep it.",
        quotas=[{"key": "q", "title": "Q", "limit": 5}],
    )
    said = " ".join(write_surveyjs(definition).losses)
    for words in ("privacy", "Quotas", "constant_sum", "no more asked for once"):
        assert words in said


def test_an_import_survives_export_and_import(schema: jsonschema.Draft7Validator) -> None:
    """What was read from SurveyJS is written to it and read as the same again."""
    first = read_surveyjs(json.dumps(WHOLE).encode())
    made = write_surveyjs(first.definition)
    schema.validate(json.loads(made.content))
    again = read_surveyjs(made.content).definition
    mapped = {item.key for item in first.report.items if item.outcome == "mapped"}
    kinds = {question.key: question.kind for question in again.questions}
    for question in first.definition.questions:
        if question.key in mapped:
            assert kinds[question.key] == question.kind


def test_an_address_comes_back_with_its_values_and_a_video_is_told() -> None:
    """What is put into the address of an ending is written as names there."""
    film = {"key": "film", "kind": "statement", "text": "See",
            "settings": {"video": "/pictures/01a203c5-82ea-7134-9f01-4b7802c7646c"}}  # fmt: skip
    ending = {"key": "finished", "redirect": "https://panel.example/{{num}}?line=1&x={{line}}"}
    asked = ({"key": "num", "kind": "number", "text": "Num?"},
             {"key": "line", "kind": "short_text", "text": "Line?"})  # fmt: skip
    made = write_surveyjs(survey(film, *asked, endings=[ending]))
    assert any("film" in loss and "video" in loss for loss in made.losses)
    (back,) = read_surveyjs(made.content).definition.endings
    assert back.redirect == ending["redirect"]
