"""What happens between the pages of a SurveyJS survey: conditions, triggers, values, endings."""

from __future__ import annotations

import json

import pytest

from surveys.compiled import Compiled
from surveys.formats.report import Imported
from surveys.formats.surveyjs import read_surveyjs
from surveys.logic import Context
from tests.surveys.formats.walks import shown


def text(name: str, **more: object) -> dict[str, object]:
    """A question for one line of text."""
    return {"type": "text", "name": name, **more}


def pages(*named: tuple[str, list[dict[str, object]]], **around: object) -> Imported:
    """A survey of these pages."""
    listed = [{"name": name, "elements": elements} for name, elements in named]
    return read_surveyjs(json.dumps({"pages": listed, **around}).encode())


def ended(imported: Imported, answers: dict[str, object]) -> tuple[str, str]:
    """The words and the address of the ending somebody with these answers meets."""
    compiled = Compiled(imported.definition)
    cleaned = compiled.clean_all(answers, partial=True)
    ending = compiled.flow.walk(cleaned.answers, Context(seed="walk")).ending
    return ("", "") if ending is None else (ending.text, ending.redirect)


THREE = (("one", [text("a")]), ("two", [text("b")]), ("three", [text("c")]))


def test_a_page_is_shown_by_its_condition() -> None:
    """visibleIf of a page hides all of it."""
    found = read_surveyjs(
        json.dumps(
            {"pages": [{"name": "one", "elements": [text("a")]},
                       {"name": "two", "visibleIf": "{a} = 'go'", "elements": [text("b")]}]}
        ).encode()
    ).definition  # fmt: skip
    assert shown(found, {}) == [["a"]]
    assert shown(found, {"a": "go"}) == [["a"], ["b"]]


def test_a_complete_trigger_ends_after_the_page_it_asks() -> None:
    """Written as an expression, or of old as a name, an operator and a value."""
    for trigger in (
        {"type": "complete", "expression": "{b} = 'stop'"},
        {"type": "complete", "name": "b", "operator": "equal", "value": "stop"},
    ):
        found = pages(*THREE, triggers=[trigger]).definition
        assert shown(found, {"b": "stop"}) == [["a"], ["b"]]
        assert shown(found, {"b": "on"}) == [["a"], ["b"], ["c"]]


def test_a_skip_trigger_leads_to_the_page_of_a_question() -> None:
    """What lies between is not met."""
    found = pages(*THREE, triggers=[{"type": "skip", "expression": "{a} = 'far'", "gotoName": "c"}])
    assert shown(found.definition, {"a": "far"}) == [["a"], ["c"]]
    assert shown(found.definition, {"a": "near"}) == [["a"], ["b"], ["c"]]


def test_a_skip_back_is_left_open() -> None:
    """No survey here leads back, so a person has to decide."""
    found = pages(
        *THREE, triggers=[{"type": "skip", "expression": "{c} = 'again'", "gotoName": "a"}]
    )
    assert [each.path for each in found.definition.unresolved] == ["triggers[0]"]


def test_a_visible_trigger_shows_questions_and_pages() -> None:
    """Triggers of the first version that show what they name."""
    trigger = {
        "type": "visible",
        "name": "a",
        "operator": "notempty",
        "pages": ["three"],
        "questions": ["b"],
    }
    found = pages(*THREE, triggers=[trigger]).definition
    assert shown(found, {}) == [["a"]]
    assert shown(found, {"a": "x"}) == [["a"], ["b"], ["c"]]


def test_triggers_that_set_a_name_asked_nowhere_make_a_value() -> None:
    """setvalue, copyvalue and runexpression; the last whose condition holds decides."""
    triggers = [
        {"type": "setvalue", "expression": "{a} = 'x'", "setToName": "kind", "setValue": "plain"},
        {"type": "runexpression", "expression": "{a} = 'y'", "setToName": "kind", "runExpression": "'from ' + {b}"},
        {"type": "copyvalue", "expression": "{a} = 'z'", "setToName": "kind", "fromName": "b"},
    ]  # fmt: skip
    named = (
        *THREE[:2],
        (
            "three",
            [
                text("c", visibleIf="{kind} = 'plain'"),
                text("d", visibleIf="{kind} = 'from me'"),
                text("e", visibleIf="{kind} = 'me'"),
            ],
        ),
    )
    found = pages(*named, triggers=triggers).definition
    assert shown(found, {"a": "x"})[2:] == [["c"]]
    assert shown(found, {"a": "y", "b": "me"})[2:] == [["d"]]
    assert shown(found, {"a": "z", "b": "me"})[2:] == [["e"]]
    assert shown(found, {})[2:] == []


def test_calculated_values_are_known_everywhere() -> None:
    """By one another, before they are worked out, and in texts."""
    values = [
        {"name": "twice", "expression": "{total} * 2"},
        {"name": "total", "expression": "{n} + {m}"},
    ]
    numbers = [text("n", inputType="number"), text("m", inputType="number")]
    found = pages(
        ("one", [*numbers, text("c", visibleIf="{twice} > 9")]),
        ("two", [{"type": "html", "name": "h", "html": "Sum: {total}"}]),
        calculatedValues=values,
    ).definition
    assert shown(found, {"n": 2, "m": 3}) == [["n", "m", "c"], ["h"]]
    assert shown(found, {"n": 2}) == [["n", "m"], ["h"]]
    assert found.question("h").text == "Sum: {{total}}"
    compiled = Compiled(found)
    cleaned = compiled.clean_all({"n": 2, "m": 3})
    assert cleaned.answers["total"].number == 5
    assert cleaned.answers["twice"].number == 10


def test_values_that_depend_on_one_another_in_a_circle_are_left_open() -> None:
    """Nothing is worked out of them, and nothing hangs."""
    values = [{"name": "x", "expression": "{y} + 1"}, {"name": "y", "expression": "{x} + 1"}]
    found = pages(("one", [text("a", visibleIf="{x} > 1")]), calculatedValues=values)
    assert found.definition.question("a").show_if is False
    assert found.definition.unresolved


def test_an_expression_is_worked_out_and_shown() -> None:
    """Its value is a calculated question, its words a statement with the value piped in."""
    total = {"type": "expression", "name": "total", "title": "Total", "expression": "{n} * 2"}
    found = pages(
        ("one", [text("n", inputType="number"), total, text("c", visibleIf="{total} > 5")])
    )
    assert found.definition.question("total_shown").text == "Total {{total}}"
    assert shown(found.definition, {"n": 3}) == [["n", "total_shown", "c"]]


def test_how_it_ends() -> None:
    """Addresses come before words, conditions before what holds for all."""
    found = pages(
        ("one", [text("n", inputType="number")]),
        completedHtml="<h1>Thanks</h1>",
        completedHtmlOnCondition=[{"expression": "{n} > 8", "html": "<b>Great!</b>"}],
        navigateToUrlOnCondition=[{"expression": "{n} < 3", "url": "https://help.example/now"}],
    )
    assert found.definition.thank_you == "Thanks"
    assert ended(found, {"n": 9}) == ("Great!", "")
    assert ended(found, {"n": 1}) == ("", "https://help.example/now")
    assert ended(found, {"n": 5}) == ("", "")


def test_an_address_that_would_run_something_is_left_out() -> None:
    """Only addresses of the web are kept."""
    found = pages(("one", [text("a")]), navigateToUrl="javascript:alert(1)")
    assert found.definition.endings == ()
    assert found.report.scripts_removed == 1
    assert any("address" in note for note in found.report.notes)


def test_answers_are_put_into_an_address() -> None:
    """By our keys; what is not known stays as it was and is said."""
    pick = {"type": "dropdown", "name": "pick", "choices": ["Red one", "blue"]}
    url = "https://shop.example/{n}?para=1&of={ pick }&x={nobody}"
    found = pages(("one", [text("n"), pick]), navigateToUrl=url)
    expected = "https://shop.example/{{n}}?para=1&of={{pick}}&x={nobody}"
    assert ended(found, {"n": "1"}) == ("", expected)
    told = [note for note in found.report.notes if "address" in note]
    assert ["{nobody}" in told[1], "keys of pick" in told[0]] == [True, True]


@pytest.mark.parametrize(
    "url", ["https://{n}.example/", "https://shop.example/?{n}=1", "https://shop.example/#{n}"]
)
def test_an_address_that_an_answer_could_turn_is_left_out(url: str) -> None:
    """Only its path and the values of its parameters may come of answers."""
    found = pages(("one", [text("n")]), navigateToUrl=url)
    assert found.definition.endings == ()
    assert any("address" in note for note in found.report.notes)


@pytest.mark.parametrize(
    ("mode", "walk"),
    [
        ("standard", [["a"], ["b"], ["c"]]),
        ("singlePage", [["a", "b", "c"]]),
        ("questionPerPage", [["a"], ["b"], ["c"]]),
    ],
)
def test_pages_as_the_survey_wants_them(mode: str, walk: list[list[str]]) -> None:
    """All on one page, or each question on its own."""
    assert shown(pages(*THREE, questionsOnPageMode=mode).definition, {}) == walk
    two = pages(("one", [text("a"), text("b")]), questionsOnPageMode=mode).definition
    assert shown(two, {}) == ([["a"], ["b"]] if mode == "questionPerPage" else [["a", "b"]])


def test_the_start_page_stays_by_itself() -> None:
    """Also where all else is on one page."""
    found = pages(*THREE, questionsOnPageMode="singlePage", firstPageIsStarted=True)
    assert shown(found.definition, {}) == [["a"], ["b", "c"]]


def test_a_name_asked_nowhere_is_expected_with_the_link() -> None:
    """Hosts set variables of their own; they become values that come with the link."""
    found = pages(("one", [text("a", visibleIf="{role} = 'admin'")]))
    assert [(each.key, each.source, each.name) for each in found.definition.data] == [
        ("role", "link", "role")
    ]
    assert shown(found.definition, {}) == []
    assert shown(found.definition, {}, {"role": "Admin"}) == [["a"]]


def test_questions_in_random_order() -> None:
    """questionOrder of the survey or of a page."""
    found = pages(*THREE, questionOrder="random")
    assert {page.question_order for page in found.definition.pages} == {"random"}
