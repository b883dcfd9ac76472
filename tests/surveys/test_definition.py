"""Definitions: read whole or refused with every problem, written back the same."""

from __future__ import annotations

import json
from contextlib import suppress
from copy import deepcopy
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys import definition
from surveys.errors import DefinitionError, SurveyError, UnknownName
from tests.surveys.drawn_surveys import definitions, documents, few, hostile

SMALL = {
    "title": "Quick check",
    "language": "en",
    "pages": [{"questions": [{"key": "recommend", "kind": "nps", "text": "Recommend us?"}]}],
}


def changed(**parts: object) -> dict[str, object]:
    """SMALL with other parts of its only question."""
    document = deepcopy(SMALL)
    document["pages"][0]["questions"][0].update(parts)
    return document


def problems(document: object) -> dict[str, str]:
    with pytest.raises(DefinitionError) as refused:
        definition.load(document)
    return {problem.path: problem.message for problem in refused.value.problems}


def test_the_smallest_definition_gets_its_defaults():
    small = definition.load(SMALL)
    assert small.pages[0].key == "page_1"
    assert small.anonymous is True
    assert small.question("recommend").is_required is False
    assert small.direction == "ltr"


@pytest.mark.parametrize(
    ("language", "direction"),
    [("ar", "rtl"), ("ar-EG", "rtl"), ("he", "rtl"), ("en", "ltr"), ("arn", "ltr"), ("ja", "ltr")],
)
def test_direction_follows_the_language(language, direction):
    assert definition.load({**SMALL, "language": language}).direction == direction


@few
@given(documents())
def test_what_is_dumped_loads_equal_and_dumps_the_same_bytes(document):
    first = definition.load(document)
    again = definition.load(definition.dump(first))
    assert again == first
    assert hash(again) == hash(first)
    assert definition.dump_yaml(again) == definition.dump_yaml(first)
    assert definition.load_yaml(definition.dump_yaml(first)) == first
    assert definition.from_json(definition.to_json(first)) == first
    assert definition.checksum(again) == definition.checksum(first)


@few
@given(definitions, definitions)
def test_the_checksum_tells_definitions_apart(first, second):
    assert (definition.checksum(first) == definition.checksum(second)) == (first == second)


def test_the_checksum_of_a_known_definition_never_changes():
    # Published versions are pinned by it: a new default or another order would break the pin.
    assert definition.checksum(definition.load(SMALL)) == (
        "32c7d1c2f08591147aef437c580903b370e552da88218bd4e375d43c63ee3a33"
    )


def test_order_of_keys_in_the_document_does_not_matter():
    turned = json.loads(json.dumps(SMALL, sort_keys=True))
    turned["pages"][0]["questions"][0] = dict(
        reversed(list(turned["pages"][0]["questions"][0].items()))
    )
    assert definition.checksum(definition.load(turned)) == definition.checksum(
        definition.load(SMALL)
    )


def test_all_problems_are_reported_at_once_with_their_paths():
    found = problems(
        {
            "titel": "x",
            "language": False,
            "pages": [
                {
                    "key": "a b",
                    "questions": [
                        {"key": "one", "kind": "npz", "text": "?"},
                        {"key": "one", "kind": "nps", "text": ""},
                        {"key": "two", "kind": "single_choice", "text": "?", "choices": []},
                        {"key": "three", "kind": "stars", "text": "?", "settings": {"points": 11}},
                        {"key": "four", "kind": "nps", "text": "?", "settings": {"points": 5}},
                        "five",
                    ],
                }
            ],
        }
    )
    assert set(found) >= {
        "titel",
        "title",
        "language",
        "pages[0].key",
        "pages[0].questions[0].kind",
        "pages[0].questions[1].key",
        "pages[0].questions[1].text",
        "pages[0].questions[2].choices",
        "pages[0].questions[3].settings.points",
        "pages[0].questions[4].settings.points",
        "pages[0].questions[5]",
    }
    assert "twice" in found["pages[0].questions[1].key"]


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        ({"key": "Recommend"}, "key"),
        ({"key": "x" * 41}, "key"),
        ({"key": "a\n"}, "key"),
        ({"key": 1}, "key"),
        ({"text": 5}, "text"),
        ({"text": "half \ud800"}, "text"),
        ({"text": "nul \0"}, "text"),
        ({"text": "x" * 10_001}, "text"),
        ({"is_required": "yes"}, "is_required"),
        ({"is_required": 1}, "is_required"),
        ({"choices": [{"key": "a", "label": "A"}]}, "choices"),
        ({"choices_from": {"question": "earlier"}}, "choices_from"),
        ({"kind": "yes_no", "choices_from": {"question": "earlier"}}, "choices_from"),
        ({"rows_from": {"question": "earlier"}}, "rows_from"),
        ({"kind": "statement", "is_required": True}, "is_required"),
        ({"kind": "multiple_choice", "choices": "ab"}, "choices"),
        ({"kind": "csat", "settings": {"labels": ["one", "two"]}}, "settings.labels"),
        ({"kind": "csat", "settings": {"labels": "bad"}}, "settings.labels"),
        ({"kind": "stars", "settings": {"points": 7, "is_csat": True}}, "settings.is_csat"),
        ({"kind": "stars", "settings": {"points": 2}}, "settings.points"),
        ({"kind": "stars", "settings": {"points": True}}, "settings.points"),
        ({"kind": "stars", "settings": {"points": 3.5}}, "settings.points"),
        ({"kind": "stars", "settings": {"points": float("nan")}}, "settings.points"),
        ({"kind": "stars", "settings": {"points": 10**400}}, "settings.points"),
        ({"kind": "ces", "settings": {"direction": "up"}}, "settings.direction"),
        ({"kind": "ces", "settings": {"direction": ["up"]}}, "settings.direction"),
        ({"kind": "number", "settings": {"minimum": 5, "maximum": 4}}, "settings.maximum"),
        ({"kind": "number", "settings": {"minimum": 0.5}}, "settings.minimum"),
        ({"kind": "number", "settings": {"step": 0}}, "settings.step"),
        ({"kind": "number", "settings": {"minimum": 2e12}}, "settings.minimum"),
        ({"kind": "date", "settings": {"minimum": "20260101"}}, "settings.minimum"),
        ({"kind": "date", "settings": {"minimum": "2026-02-30"}}, "settings.minimum"),
        (
            {"kind": "date", "settings": {"minimum": "2026-02-02", "maximum": "2026-02-01"}},
            "settings.maximum",
        ),
        ({"settings": []}, "settings"),
    ],
)
def test_a_bad_part_is_refused_where_it_stands(parts, path):
    assert f"pages[0].questions[0].{path}" in problems(changed(**parts))


def test_a_date_setting_may_be_a_yaml_date():
    document = changed(kind="date", settings={"minimum": date(2026, 1, 31)})
    assert definition.load(document).questions[0].settings["minimum"] == "2026-01-31"


def test_limits_hold_for_pages_questions_and_choices():
    question = {"kind": "nps", "text": "?"}
    many = [{**question, "key": f"q{number}"} for number in range(3001)]
    assert "pages[0].questions" in problems({**SMALL, "pages": [{"questions": many}]})
    spread = [{"questions": many[:1500]}, {"questions": many[1500:]}]
    assert "pages[1].questions" in problems({**SMALL, "pages": spread})
    pages = [{"questions": [each]} for each in many[:2001]]
    assert "pages" in problems({**SMALL, "pages": pages})
    choices = [{"key": f"c{number}", "label": "?"} for number in range(1001)]
    path = "pages[0].questions[0].choices"
    assert path in problems(changed(kind="single_choice", choices=choices))


def test_choices_need_their_bounds_to_fit():
    choices = [{"key": key, "label": key} for key in "abc"]
    found = problems(
        changed(kind="multiple_choice", choices=choices, settings={"minimum": 4, "maximum": 2})
    )
    assert {path.rpartition(".")[2] for path in found} == {"minimum", "maximum"}


def test_a_definition_without_a_question_is_refused():
    assert "pages" in problems({**SMALL, "pages": []})
    assert "pages" in problems({**SMALL, "pages": [{"questions": []}]})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 100_000, "nested too deeply"),
        ("a: &x [1]\nb: *x", "anchors"),
        ("a: 1\na: 2", "twice"),
        ("a: !!python/object:os.system x", "tags"),
        ("a: [1", "not valid YAML"),
        ("? [a]\n: 1", "plain text"),
        ("a: \0", "not valid YAML"),
        ("a: 2026-13-45", "not valid YAML"),
        ("x" * 4_200_000, "too long"),
        ("a: 1\n---\nb: 2", "not valid YAML"),
    ],
)
def test_hostile_yaml_is_refused_with_words(text, words):
    with pytest.raises(DefinitionError, match=words):
        definition.load_yaml(text)


@pytest.mark.parametrize(
    "document",
    [
        b"[" * 100_000,
        b'{"title": "a", "title": "b"}',
        b'{"title": NaN}',
        b"9" * 5000,
        b"\xff",
        b"",
        b'{"title": "\\ud800"}',
        b" " * 600_000,
    ],
)
def test_hostile_json_is_refused(document):
    with pytest.raises(DefinitionError):
        definition.from_json(document)


@few
@given(hostile)
def test_no_value_raises_anything_but_our_errors(value):
    with pytest.raises(SurveyError):
        definition.load(value)


@few
@given(documents(), st.data(), hostile)
def test_no_part_replaced_raises_anything_but_our_errors(document, data, value):
    place = document
    while isinstance(place, dict | list) and place:
        steps = list(place) if isinstance(place, dict) else list(range(len(place)))
        step = data.draw(st.sampled_from(steps))
        if not isinstance(place[step], dict | list) or data.draw(st.booleans()):
            place[step] = value
            break
        place = place[step]
    with suppress(DefinitionError):
        definition.load(document)


def test_problems_can_always_be_written_down():
    found = problems(changed(**{"\ud800\0" * 50: 1, "kind": "\ud800", "help": "\0"}))
    assert len(found) == 3
    for path, message in found.items():
        f"{path}: {message}".encode()


def test_texts_are_tidied_once_and_for_all():
    loaded = definition.load({**SMALL, "title": "  Cafe\u0301\x07  "})
    assert loaded.title == "Café"


@pytest.mark.parametrize(
    ("given", "meant"),
    [("required", "is_required"), ("showif", "show_if"), ("chioces", "choices"), ("zzz", None)],
)
def test_the_name_that_was_meant_is_guessed(given, meant):
    question = {"key": "a", "kind": "nps", "text": "A?", given: 1}
    with pytest.raises(DefinitionError) as caught:
        definition.load({**SMALL, "pages": [{"questions": [question]}]})
    (problem,) = caught.value.problems
    assert problem.path == f"pages[0].questions[0].{given}"
    assert (f"Did you mean {meant}?" in problem.message) == (meant is not None)


def test_an_unknown_question_is_named():
    with pytest.raises(UnknownName, match="nobody"):
        definition.load(SMALL).question("nobody")


def test_minutes_grow_with_what_is_asked():
    assert definition.minutes(definition.load(SMALL)) == 1
    comments = [{"key": f"q{n}", "kind": "long_text", "text": "Why?"} for n in range(10)]
    assert definition.minutes(definition.load({**SMALL, "pages": [{"questions": comments}]})) == 4


@given(st.text(st.characters(), max_size=200) | st.text("[]{}&*!?:-#|>'\"% a1\n\t", max_size=60))
def test_no_yaml_raises_anything_but_our_errors(text):
    with pytest.raises(DefinitionError):
        definition.load_yaml(text)


@given(st.binary(max_size=200) | st.text('[]{}",:\\u0d81e9 ', max_size=60).map(str.encode))
def test_no_json_raises_anything_but_our_errors(document):
    with pytest.raises(DefinitionError):
        definition.from_json(document)


def test_space_around_a_text_does_not_count():
    padded = definition.load({**SMALL, "title": " " * 5000 + "T" + " " * 5000})
    assert padded.title == "T"
    assert "title" in problems({**SMALL, "title": "T" + " " * 5000 + "T"})
