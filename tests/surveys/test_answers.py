"""Answers: what a form or a program sends is read exactly, or refused in the survey's language."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys import answers, kinds
from surveys.compiled import compile as compiled
from surveys.definition import Definition, load
from surveys.errors import AnswerError, SurveyError, UnknownName
from tests.surveys.drawn_surveys import definitions, few, hostile, responses

ABC = [{"key": key, "label": key.upper()} for key in ("a", "b", "c")]


def asking(kind: str, *, language: str = "en", is_required: bool = False, **settings: object):
    """A survey with one question 'q' of this kind."""
    question: dict[str, object] = {"key": "q", "kind": kind, "text": "Well?", "settings": settings}
    if kind.endswith("choice"):
        question["choices"] = ABC
    question["is_required"] = is_required
    return load({"title": "T", "language": language, "pages": [{"questions": [question]}]})


def typed(definition: Definition, *values: str) -> object:
    """The value or the refusal's code for what a form sent."""
    cleaned = answers.clean_form(definition, 0, {"q": list(values)} if values else {})
    assert cleaned.raw["q"] == (list(values) or ())
    return _outcome(cleaned)


def sent(definition: Definition, value: object) -> object:
    """The value or the refusal's code for what a program sent."""
    return _outcome(answers.clean_json(definition, {"q": value}))


def _outcome(cleaned: answers.Cleaned) -> object:
    assert set(cleaned.errors) == set(cleaned.codes)
    assert cleaned.is_valid == (not cleaned.errors)
    if cleaned.errors:
        assert "q" not in cleaned.answers
        assert "{" not in cleaned.errors["q"]
        return cleaned.codes["q"]
    return answers.to_json(cleaned.answers["q"]) if cleaned.answers else None


@pytest.mark.parametrize(
    ("kind", "settings", "values", "outcome"),
    [
        ("nps", {}, ["0"], 0),
        ("nps", {}, ["10"], 10),
        ("nps", {}, [" 7 "], 7),
        ("nps", {}, [], None),
        ("nps", {}, [""], None),
        ("nps", {}, ["  "], None),
        ("nps", {}, ["11"], "scale"),
        ("nps", {}, ["-1"], "scale"),
        ("nps", {}, ["9.0"], "scale"),
        ("nps", {}, ["9", "3"], "one_only"),
        ("nps", {}, ["", ""], "one_only"),
        ("csat", {}, ["0"], "scale"),
        ("csat", {}, ["5"], 5),
        ("csat", {}, ["6"], "scale"),
        ("ces", {}, ["7"], 7),
        ("ces", {}, ["8"], "scale"),
        ("stars", {}, ["6"], "scale"),
        ("stars", {"points": 10}, ["10"], 10),
        ("single_choice", {}, ["b"], "b"),
        ("single_choice", {}, ["B"], "choice"),
        ("single_choice", {}, [""], None),
        ("single_choice", {}, ["a", "b"], "one_only"),
        ("multiple_choice", {}, ["c", "a", "c"], ["a", "c"]),
        ("multiple_choice", {}, [""], None),
        ("multiple_choice", {}, ["a", "x"], "choice"),
        ("multiple_choice", {"minimum": 2}, ["a"], "too_few"),
        ("multiple_choice", {"minimum": 2}, [], None),
        ("multiple_choice", {"maximum": 2}, ["a", "b", "c"], "too_many"),
        ("short_text", {}, ["  hi  there "], "hi  there"),
        ("short_text", {}, ["two\nlines"], "two lines"),
        ("short_text", {"max_length": 3}, ["abcd"], "too_long"),
        ("short_text", {"max_length": 3}, ["  abc  "], "abc"),
        ("short_text", {"max_length": 2}, ["e\u0301e\u0301"], "éé"),
        ("long_text", {}, ["one\r\ntwo\rthree"], "one\ntwo\nthree"),
        ("long_text", {}, ["a\0b\x07c\td"], "abc\td"),
        ("long_text", {}, ["half \ud800 pair"], "half  pair"),
        ("long_text", {}, [" \n "], None),
        ("long_text", {}, ["a", "b"], "one_only"),
        pytest.param("long_text", {}, ["x" * 15_001], "too_long", id="far-too-long"),
        pytest.param("long_text", {}, [" " * 20_000 + "x"], "x", id="far-too-padded"),
        ("number", {}, [""], None),
        ("number", {}, ["1", "2"], "one_only"),
        ("date", {}, ["  "], None),
        ("date", {}, ["2026-01-01", "2026-01-02"], "one_only"),
        ("number", {}, ["12"], 12),
        ("number", {}, ["+12"], 12),
        ("number", {}, ["-0"], 0),
        ("number", {}, ["1 000"], 1000),
        ("number", {}, ["1.000"], "whole"),
        ("number", {}, ["1,5"], "whole"),
        ("number", {"decimals": 1}, ["1,5"], 1.5),
        ("number", {"decimals": 1}, ["1.5"], 1.5),
        ("number", {"decimals": 2}, ["1,000"], "decimals"),
        ("number", {"decimals": 2}, ["1,000.50"], "number"),
        ("number", {"decimals": 2}, ["−0,00"], 0.0),
        ("number", {}, ["٤٢"], 42),
        ("number", {}, ["1e3"], "number"),
        ("number", {}, ["nan"], "number"),
        pytest.param("number", {}, ["9" * 5000], "number", id="many-digits"),
        ("number", {"minimum": 1}, ["0"], "too_small"),
        ("number", {"maximum": 5}, ["6"], "too_large"),
        ("number", {"minimum": 5, "step": 5}, ["12"], "step"),
        ("number", {"minimum": 5, "step": 5}, ["15"], 15),
        ("number", {"decimals": 1, "step": 0.1}, ["0.3"], 0.3),
        ("date", {}, ["2026-02-28"], "2026-02-28"),
        ("date", {}, ["2026/2/3"], "2026-02-03"),
        ("date", {}, ["2026-02-30"], "date"),
        ("date", {}, ["28.02.2026"], "date"),
        ("date", {}, ["0000-01-01"], "date"),
        ("date", {"minimum": "2026-01-02"}, ["2026-01-01"], "too_early"),
        ("date", {"minimum": "2026-01-02"}, ["2026-01-02"], "2026-01-02"),
        ("date", {"maximum": "2026-01-02"}, ["2026-01-03"], "too_late"),
        ("statement", {}, ["anything"], None),
    ],
)
def test_what_a_form_sends(kind, settings, values, outcome):
    assert typed(asking(kind, **settings), *values) == outcome


@pytest.mark.parametrize(
    ("kind", "settings", "value", "outcome"),
    [
        ("nps", {}, 9, 9),
        ("nps", {}, 9.0, 9),
        ("nps", {}, None, None),
        ("nps", {}, True, "scale"),
        ("nps", {}, False, "scale"),
        ("nps", {}, "9", "scale"),
        ("nps", {}, 11, "scale"),
        ("nps", {}, 9.5, "scale"),
        ("nps", {}, float("nan"), "scale"),
        ("nps", {}, float("inf"), "scale"),
        pytest.param("nps", {}, 10**5000, "scale", id="nps-huge"),
        ("nps", {}, [9], "scale"),
        ("nps", {}, {}, "scale"),
        ("single_choice", {}, "a", "a"),
        ("single_choice", {}, "A", "choice"),
        ("single_choice", {}, "", "choice"),
        ("single_choice", {}, ["a"], "choice"),
        ("multiple_choice", {}, ["b", "a"], ["a", "b"]),
        ("multiple_choice", {}, [], None),
        ("multiple_choice", {}, "ab", "choice_list"),
        ("multiple_choice", {}, {"a": 1}, "choice_list"),
        ("multiple_choice", {}, [["a"]], "choice"),
        ("multiple_choice", {}, [None], "choice"),
        ("multiple_choice", {"maximum": 1}, ["a", "b"], "too_many"),
        ("long_text", {}, "Fine \u0001 thanks", "Fine  thanks"),
        ("long_text", {}, "nul \0", "characters"),
        ("long_text", {}, "half \ud800", "characters"),
        ("long_text", {}, 5, "not_text"),
        ("long_text", {}, " ", None),
        ("long_text", {"max_length": 5}, "abcdef", "too_long"),
        ("number", {}, 5, 5),
        ("number", {}, 5.0, 5),
        ("number", {}, 5.5, "whole"),
        ("number", {"decimals": 1}, 5.25, "decimals"),
        ("number", {"decimals": 2}, 0.1 + 0.2, "decimals"),
        ("number", {"decimals": 2}, 0.3, 0.3),
        ("number", {}, "5", "number"),
        ("number", {}, True, "number"),
        ("number", {}, float("nan"), "number"),
        ("number", {}, float("-inf"), "number"),
        ("number", {}, 1e300, "too_large"),
        pytest.param("number", {}, 10**5000, "number", id="number-huge"),
        ("date", {}, "2026-02-28", "2026-02-28"),
        ("date", {}, "2026-2-28", "date"),
        ("date", {}, "2026-02-28T00:00:00", "date"),
        ("date", {}, 20260228, "date"),
        ("date", {}, date(2026, 2, 28), "date"),
        ("statement", {}, "read", "no_answer"),
        ("statement", {}, None, None),
    ],
)
def test_what_a_program_sends(kind, settings, value, outcome):
    assert sent(asking(kind, **settings), value) == outcome


def test_a_required_question_must_be_answered_unless_the_response_is_partial():
    survey = asking("nps", is_required=True)
    assert typed(survey) == "required"
    assert typed(survey, "") == "required"
    assert sent(survey, None) == "required"
    assert answers.clean_json(survey, {}).codes == {"q": "required"}
    assert answers.clean_json(survey, {}, partial=True).is_valid
    blank = asking("long_text", is_required=True)
    assert typed(blank, "   ") == "required"


@pytest.mark.parametrize(
    "kind", ["nps", "single_choice", "multiple_choice", "short_text", "number", "date"]
)
def test_none_means_not_answered(kind):
    assert sent(asking(kind), None) is None
    with pytest.raises(AnswerError) as refused:
        answers.from_json(asking(kind).question("q"), None)
    assert refused.value.code == "required"


def test_a_form_with_bare_strings_is_read_too():
    assert answers.clean_form(asking("nps"), 0, {"q": "9"}).answers["q"].number == 9


def test_unknown_questions_are_errors_of_their_own():
    cleaned = answers.clean_json(asking("nps"), {"q": 9, "r": 1, "\ud800": 2, 5: 3})
    assert cleaned.answers["q"].number == 9
    assert set(cleaned.codes.values()) == {"unknown_question"}
    assert "r" in cleaned.errors
    json.dumps(dict(cleaned.errors)).encode()
    "".join(cleaned.errors).encode()


@pytest.mark.parametrize("values", [None, [], "q", 5, True])
def test_a_response_that_is_no_object_is_refused_as_a_whole(values):
    with pytest.raises(AnswerError) as refused:
        answers.clean_json(asking("nps"), values)
    assert refused.value.code == "object"


def test_errors_speak_the_language_of_the_definition():
    for language in ("de", "ar", "ja"):
        other = answers.clean_form(asking("nps", language=language), 0, {"q": ["99"]}).errors["q"]
        assert other != answers.clean_form(asking("nps"), 0, {"q": ["99"]}).errors["q"]
        assert "10" in other


def test_a_text_too_long_says_its_limit_and_its_length():
    error = answers.clean_form(asking("long_text", max_length=10), 0, {"q": ["x" * 25]}).errors["q"]
    assert "10" in error
    assert "25" in error


def test_problems_name_the_question():
    (problem,) = answers.clean_form(asking("nps"), 0, {"q": ["99"]}).problems
    assert (problem.question_key, problem.code) == ("q", "scale")
    assert str(problem) == f"q: {problem.message}"


def test_a_form_page_reads_only_its_own_questions():
    survey = load(
        {
            "title": "T",
            "language": "en",
            "pages": [
                {"questions": [{"key": "a", "kind": "nps", "text": "?"}]},
                {"questions": [{"key": "b", "kind": "nps", "text": "?", "is_required": True}]},
            ],
        }
    )
    form = {"a": ["1"], "b": ["2"], "csrf": ["x"]}
    assert set(answers.clean_form(survey, 0, form).answers) == {"a"}
    assert set(answers.clean_form(survey, 1, form).answers) == {"b"}
    assert answers.clean_form(survey, 0, {}).is_valid
    for page in (-1, 2):
        with pytest.raises(UnknownName):
            answers.clean_form(survey, page, form)


@few
@given(responses())
def test_what_is_stored_reads_back_equal(drawn):
    definition, values = drawn
    cleaned = answers.clean_json(definition, values)
    assert cleaned.errors == {}
    stored = json.loads(json.dumps(answers.all_to_json(cleaned.answers)))
    assert answers.clean_json(definition, stored).answers == cleaned.answers
    atoms = {atom.key: atom for each in definition.questions for atom in kinds.atoms(each)}
    for key, answer in cleaned.answers.items():
        assert answers.from_json(atoms[key], stored[key]) == answer


@few
@given(responses())
def test_a_form_and_a_program_sending_the_same_mean_the_same(drawn):
    definition, values = drawn
    hidden = {each.key for each in definition.questions if not kinds.kind(each.kind).is_asked}
    form = {
        key: [str(each) for each in value] if isinstance(value, list) else [f"{value}"]
        for key, value in values.items()
        # A tiny fraction prints as 1e-06, which nobody types.
        if not (isinstance(value, float) and "e" in repr(value)) and key not in hidden
    }
    reader = compiled(definition)
    by_form: dict[str, answers.Answer] = {}
    for index in range(len(definition.pages)):
        by_form |= reader.clean_form_page(index, form).answers
    by_program = reader.clean_all({key: values[key] for key in form}, partial=True).answers
    assert by_form == by_program


@few
@given(definitions, st.data())
def test_hostile_values_raise_nothing_but_our_errors(definition, data):
    values = {question.key: data.draw(hostile) for question in definition.questions}
    cleaned = answers.clean_json(definition, values, partial=True)
    "".join(cleaned.errors.values()).encode()
    json.dumps(answers.all_to_json(cleaned.answers), allow_nan=False).encode()
    with_strings = {
        key: [value] if isinstance(value, str) else [str(type(value))]
        for key, value in values.items()
    }
    for index in range(len(definition.pages)):
        page = answers.clean_form(definition, index, with_strings)
        json.dumps(answers.all_to_json(page.answers), allow_nan=False).encode()
    for question in definition.questions:
        try:
            answers.from_json(question, values[question.key])
        except SurveyError as refused:
            str(refused).encode()


def test_a_flood_of_unknown_questions_is_answered_briefly():
    cleaned = answers.clean_json(asking("nps"), {f"x{number}": 1 for number in range(10_000)})
    assert len(cleaned.errors) == 20


def test_accents_written_in_pieces_are_kept_composed():
    cleaned = answers.clean_json(asking("long_text"), {"q": "Zoe\u0308 a\u0323\u0302 i\u0301"})
    assert cleaned.answers["q"].text == "Zoë ậ í"


def test_labels_never_reach_an_answer():
    cleaned = answers.clean_json(asking("multiple_choice"), {"q": ["a", "c"]})
    assert cleaned.answers["q"].choices == ("a", "c")
    assert answers.clean_json(asking("single_choice"), {"q": "A"}).codes == {"q": "choice"}
