"""Each kind of question of SurveyJS becomes one that asks, accepts and refuses the same."""

from __future__ import annotations

import json

import pytest

from surveys.compiled import Compiled
from surveys.formats.surveyjs import read_surveyjs
from surveys.logic import Context
from surveys.parts import Question
from tests.surveys.formats.surveyjs_made import read
from tests.surveys.formats.walks import refused, shown


def only(raw: dict[str, object]) -> tuple[Question, str]:
    """The one question of a survey, and what the report calls it."""
    found = read({"name": "q", **raw})
    return found.definition.question("q"), found.report.items[0].outcome


@pytest.mark.parametrize(
    ("raw", "kind", "outcome"),
    [
        ({"type": "text"}, "short_text", "mapped"),
        ({"type": "text", "maxLength": 3000}, "long_text", "mapped"),
        ({"type": "text", "inputType": "email"}, "email", "mapped"),
        ({"type": "text", "inputType": "number"}, "number", "mapped"),
        ({"type": "text", "inputType": "date"}, "date", "mapped"),
        ({"type": "text", "inputType": "time"}, "time", "mapped"),
        ({"type": "text", "inputType": "tel"}, "phone", "approximated"),
        ({"type": "text", "inputType": "url"}, "url", "approximated"),
        ({"type": "text", "inputType": "color"}, "short_text", "approximated"),
        ({"type": "text", "maskType": "currency"}, "number", "mapped"),
        ({"type": "text", "validators": [{"type": "numeric"}]}, "number", "mapped"),
        ({"type": "text", "validators": [{"type": "email"}]}, "email", "mapped"),
        ({"type": "comment"}, "long_text", "mapped"),
        ({"type": "radiogroup", "choices": ["a", "b"]}, "single_choice", "mapped"),
        ({"type": "buttongroup", "choices": ["a", "b"]}, "single_choice", "mapped"),
        ({"type": "dropdown", "choices": ["a", "b"]}, "dropdown", "mapped"),
        ({"type": "dropdown", "choicesMin": 1, "choicesMax": 5}, "dropdown", "mapped"),
        ({"type": "dropdown", "choicesByUrl": {"url": "//x"}}, "short_text", "approximated"),
        ({"type": "checkbox", "choices": ["a", "b"]}, "multiple_choice", "mapped"),
        ({"type": "checkbox", "choices": ["I agree"]}, "consent", "mapped"),
        ({"type": "tagbox", "choices": ["a", "b"]}, "multiple_choice", "mapped"),
        ({"type": "ranking", "choices": ["a", "b"]}, "ranking", "mapped"),
        ({"type": "imagepicker", "choices": [{"value": "a"}, {"value": "b"}]}, "picture_choice", "approximated"),
        ({"type": "imagemap", "areas": [{"value": "a"}, {"value": "b"}]}, "multiple_choice", "approximated"),
        ({"type": "boolean"}, "yes_no", "mapped"),
        ({"type": "rating"}, "scale", "mapped"),
        ({"type": "rating", "rateMin": 0, "rateMax": 10}, "nps", "mapped"),
        ({"type": "rating", "rateValues": list(range(11))}, "nps", "mapped"),
        ({"type": "rating", "rateType": "stars"}, "stars", "mapped"),
        ({"type": "rating", "rateType": "smileys", "rateCount": 4}, "smileys", "mapped"),
        ({"type": "rating", "rateValues": ["low", "high"]}, "single_choice", "mapped"),
        ({"type": "rating", "rateMax": 10, "rateStep": 3}, "single_choice", "mapped"),
        ({"type": "slider"}, "slider", "mapped"),
        ({"type": "slider", "sliderType": "range"}, "matrix_number", "approximated"),
        ({"type": "matrix", "columns": [1, 2], "rows": ["a"]}, "matrix_single", "mapped"),
        ({"type": "matrix", "columns": [1, 2], "rows": ["a"], "cellType": "checkbox"}, "matrix_multiple", "mapped"),
        ({"type": "matrix", "columns": [1, 2]}, "single_choice", "mapped"),
        ({"type": "multipletext", "items": [{"name": "a"}, {"name": "b"}]}, "matrix_text", "mapped"),
        ({"type": "multipletext", "items": [{"name": "a", "inputType": "email"}, {"name": "b"}]}, "grid", "mapped"),
        ({"type": "matrixdropdown", "rows": ["a"], "columns": [{"name": "c", "choices": [1, 2]}]}, "grid", "mapped"),
        ({"type": "matrixdynamic", "maxRowCount": 5, "columns": [{"name": "c", "cellType": "text"}]}, "entries", "mapped"),
        ({"type": "paneldynamic", "maxPanelCount": 5, "templateElements": [{"type": "text", "name": "c"}]}, "entries", "mapped"),
        ({"type": "file", "acceptedTypes": ".pdf", "maxSize": 1048576}, "file_upload", "mapped"),
        ({"type": "signaturepad"}, "signature", "approximated"),
        ({"type": "expression", "expression": "1 + 1"}, "calculated", "mapped"),
        ({"type": "html", "html": "<p>Hello <b>there</b></p>"}, "statement", "mapped"),
        ({"type": "image", "imageLink": "https://x.example/a.png"}, "statement", "approximated"),
        ({"type": "nouislider", "rangeMin": 0, "rangeMax": 5}, "slider", "approximated"),
        ({"type": "teleport"}, "statement", "raw"),
    ],
)  # fmt: skip
def test_a_kind_becomes_ours(raw: dict[str, object], kind: str, outcome: str) -> None:
    """The nearest kind, and an honest word for how near it is."""
    question, said = only(raw)
    assert (question.kind, said) == (kind, outcome)


@pytest.mark.parametrize(
    ("raw", "good", "bad"),
    [
        ({"type": "text", "isRequired": True}, ["x"], [None]),
        ({"type": "text", "maxLength": 3}, ["abc"], ["abcd"]),
        ({"type": "text", "inputType": "number", "min": 0, "max": 9}, [0, 4.5], [-1, 10]),
        ({"type": "text", "inputType": "number", "step": 5, "min": 0}, [5], [7]),
        ({"type": "text", "inputType": "date", "min": "2020-01-01"}, ["2020-01-01"], ["2019-12-31"]),
        ({"type": "text", "validators": [{"type": "text", "minLength": 3}]}, ["abc", None], ["ab"]),
        ({"type": "text", "validators": [{"type": "text", "allowDigits": False}]}, ["abc"], ["ab1"]),
        ({"type": "text", "validators": [{"type": "regex", "regex": "^[a-c]+$"}]}, ["abc"], ["abd"]),
        ({"type": "text", "validators": [{"type": "numeric", "minValue": 2, "maxValue": 3}]}, [2.5], [1, 4]),
        ({"type": "text", "validators": [{"type": "expression", "expression": "{q} = 'ok'"}]}, ["OK"], ["no", None]),
        ({"type": "text", "validators": [{"type": "expression", "expression": "{q} empty or {q} = 'ok'"}]}, [None, "ok"], ["no"]),
        ({"type": "checkbox", "choices": [1, 2, 3], "minSelectedChoices": 2}, [["1", "2"], None], [["1"]]),
        ({"type": "checkbox", "choices": [1, 2, 3], "validators": [{"type": "answercount", "maxCount": 2}]}, [["1"]], [["1", "2", "3"]]),
        ({"type": "checkbox", "choices": [1, 2], "showNoneItem": True}, [["none"]], [["1", "none"]]),
        ({"type": "radiogroup", "choices": [1, 2], "requiredIf": "{x} empty"}, ["1"], [None, "3"]),
        ({"type": "ranking", "choices": ["a", "b", "c"], "selectToRankEnabled": True, "maxSelectedChoices": 2}, [["b"]], [["a", "b", "c"]]),
        ({"type": "rating", "rateMin": 0, "rateMax": 10}, [0, 10], [11]),
        ({"type": "slider", "min": 10, "max": 20, "step": 5}, [15], [12, 25]),
    ],
)  # fmt: skip
def test_it_accepts_and_refuses_the_same(
    raw: dict[str, object], good: list[object], bad: list[object]
) -> None:
    """Lengths, ends, steps, numbers of choices, patterns, and what is required."""
    definition = read({"name": "q", **raw}).definition
    for value in good:
        assert refused(definition, {} if value is None else {"q": value}) == [], value
    for value in bad:
        assert refused(definition, {} if value is None else {"q": value}) == ["q"], value


def test_a_matrix_asks_for_some_row_or_for_every_row() -> None:
    """isRequired wants any row, eachRowRequired every row, even of a question not required."""
    table = {"type": "matrix", "name": "q", "columns": [1, 2], "rows": ["a", "b"]}
    some = read({**table, "isRequired": True}).definition
    assert refused(some, {"q": {"a": "1"}}) == []
    assert refused(some, {}) == ["q"]
    every = read({**table, "eachRowRequired": True}).definition
    assert refused(every, {"q": {"a": "1"}}) == ["q.b"]
    unique = read({**table, "eachRowUnique": True}).definition
    assert refused(unique, {"q": {"a": "1", "b": "1"}}) == ["q"]


def test_other_asks_for_words_beside_it() -> None:
    """And what was typed can be asked for by the name of the comment."""
    found = read(
        {
            "type": "radiogroup",
            "name": "q",
            "choices": ["a"],
            "hasOther": True,
            "otherText": "Else",
        },
        {"type": "text", "name": "more", "visibleIf": "{q-Comment} notempty"},
    )
    other = found.definition.question("q").choices[-1]
    assert (other.key, other.label, other.takes_text) == ("other", "Else", True)
    assert refused(found.definition, {"q": "other"}) == ["q.other.text"]
    assert shown(found.definition, {"q": "other", "q.other.text": "x"}) == [["q", "more"]]
    assert shown(found.definition, {"q": "a"}) == [["q"]]


def test_choices_follow_their_own_conditions_and_those_of_the_list() -> None:
    """visibleIf of a choice, choicesVisibleIf with {item}, and choices taken over."""
    found = read(
        {"type": "checkbox", "name": "had", "choices": ["tea", "milk", "rum"]},
        {"type": "radiogroup", "name": "best", "choices": ["tea", "milk", "rum"],
         "choicesVisibleIf": "{had} contains {item}"},
        {"type": "dropdown", "name": "worst", "choicesFromQuestion": "had",
         "choicesFromQuestionMode": "unselected"},
    )  # fmt: skip
    compiled = Compiled(found.definition)
    cleaned = compiled.clean_all({"had": ["tea", "rum"]}, partial=True)
    route = compiled.flow.walk(cleaned.answers, Context(seed="x"))
    offered = {
        question.key: [choice.key for choice in question.choices]
        for question in route.stops[0].questions
    }
    assert offered == {"had": ["tea", "milk", "rum"], "best": ["tea", "rum"], "worst": ["milk"]}
    assert found.report.count("mapped") == 3


def test_panels_hand_their_conditions_down() -> None:
    """A panel in a panel: all that is inside is shown only where both conditions hold."""
    inner = {"type": "panel", "name": "in", "visibleIf": "{b} = 1", "elements": [{"type": "text", "name": "c"}]}  # fmt: skip
    outer = {"type": "panel", "name": "out", "title": "Outer", "visibleIf": "{a} = 1",
             "elements": [{"type": "text", "name": "b", "inputType": "number"}, inner]}  # fmt: skip
    found = read({"type": "text", "name": "a", "inputType": "number"}, outer).definition
    assert shown(found, {}) == [["a"]]
    assert shown(found, {"a": 1}) == [["a", "out_title", "b"]]
    assert shown(found, {"a": 1, "b": 1}) == [["a", "out_title", "b", "c"]]


def test_a_list_whose_panels_depend_on_themselves_is_asked_entry_by_entry() -> None:
    """{panel.x} is that entry's answer; a further entry is asked once the last is begun."""
    people = {
        "type": "paneldynamic", "name": "people", "panelCount": 1, "maxPanelCount": 3,
        "templateTitle": "Person {panelIndex}",
        "templateElements": [
            {"type": "radiogroup", "name": "role", "choices": ["boss", "staff"]},
            {"type": "text", "name": "team", "visibleIf": "{panel.role} = 'boss'"},
        ],
    }  # fmt: skip
    found = read(people, {"type": "text", "name": "end", "visibleIf": "{people[1].team} = 'x'"})
    first, second = ["people_1_role", "people_1_team"], ["people_2_role", "people_2_team"]
    around = ["people", "people_1_entry"]
    assert shown(found.definition, {}) == [[*around, first[0]]]
    answers: dict[str, object] = {first[0]: "boss"}
    assert shown(found.definition, answers) == [[*around, *first, "people_2_entry", second[0]]]
    answers |= {second[0]: "boss", second[1]: "x"}
    assert shown(found.definition, answers)[0][-1] == "end"
    assert [item.source_id for item in found.report.items] == ["role", "team", "people", "end"]
    assert found.definition.question("people_1_entry").text == "Person 1"


def test_a_table_whose_cells_depend_on_one_another_is_asked_row_by_row() -> None:
    """{row.x} is that row's answer."""
    found = read(
        {"type": "matrixdropdown", "name": "m", "rows": ["ink", "paper"],
         "columns": [{"name": "n", "cellType": "text", "inputType": "number"},
                     {"name": "why", "cellType": "comment", "visibleIf": "{row.n} > 5"}]},
        {"type": "text", "name": "sum", "visibleIf": "{m.ink.n} + {m.paper.n} > 10"},
    ).definition  # fmt: skip
    keys = shown(found, {"m_ink_n": 9, "m_paper_n": 2})[0]
    assert "m_ink_why" in keys
    assert "m_paper_why" not in keys
    assert "sum" in keys
    assert "sum" not in shown(found, {"m_ink_n": 9})[0]


def test_texts_are_kept_in_every_language_and_with_what_is_piped() -> None:
    """A text may be an object of languages; names in curly brackets become our piping."""
    found = read(
        {"type": "text", "name": "first name", "title": {"default": "Name", "de": "Vorname", "pt-br": "Nome"}},
        {"type": "radiogroup", "name": "q", "title": "Hi {first name}, {nobody}",
         "choices": [{"value": 1, "text": {"default": "One", "de": "Eins"}}, 2]},
        title={"default": "Survey", "de": "Umfrage"},
    )  # fmt: skip
    definition = found.definition
    assert definition.languages == ("en", "de", "pt-BR")
    assert definition.question("q").text == "Hi {{first_name}}, {nobody}"
    assert dict(definition.translations["de"]) == {
        "first_name.text": "Vorname", "q.choices.1": "Eins", "title": "Umfrage",
    }  # fmt: skip


def test_plain_texts_are_in_the_language_of_the_survey() -> None:
    """Where no text is translated to its locale, the plain texts are in it."""
    assert read({"type": "text", "name": "q"}, locale="de").definition.language == "de"
    both = read(
        {"type": "text", "name": "q", "title": {"default": "Name", "de": "Nom"}}, locale="de"
    )
    assert both.definition.language == "en"


def test_names_of_the_first_version_are_read() -> None:
    """questions at the top, hasOther, isAllRowRequired, placeHolder, hasComment."""
    document = {
        "questions": [
            {"type": "text", "name": "a", "placeHolder": "Hint"},
            {"type": "radiogroup", "name": "b", "choices": [1, 2], "hasComment": True},
        ]
    }
    definition = read_surveyjs(json.dumps(document).encode()).definition
    assert [each.key for each in definition.questions] == ["a", "b", "b_comment"]
    assert definition.question("a").settings["placeholder"] == "Hint"


def test_what_is_filled_in_beforehand() -> None:
    """Values become our keys, calculations our logic, hidden questions hidden values."""
    definition = read(
        {"type": "radiogroup", "name": "a", "choices": ["Yes please", "No"], "defaultValue": "No"},
        {"type": "checkbox", "name": "b", "choices": [1, 2, 3], "defaultValue": [1, 3]},
        {"type": "text", "name": "c", "inputType": "number", "defaultValueExpression": "{d} + 1"},
        {"type": "text", "name": "d", "inputType": "number", "visible": False, "defaultValue": "4"},
        {"type": "text", "name": "e", "visibleIf": "{d} = 4"},
    ).definition
    assert definition.question("a").default == {"cat": ["no"]}
    assert definition.question("b").default == ["1", "3"]
    assert definition.question("c").default == {"sum": [{"var": "d"}, 1]}
    assert definition.question("d").kind == "hidden"
    assert shown(definition, {}) == [["a", "b", "c", "e"]]
