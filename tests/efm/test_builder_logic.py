"""Logic in the builder: sentences made of rows, text where rows cannot say it, and a trial."""

from __future__ import annotations

import html
import re
import uuid
from typing import Any

import pytest

from efm import clock
from efm.feedback import authoring
from surveys import editing
from surveys.expressions import parse
from tests.efm.test_builder import act, draft, made, part, revision
from tests.factories import House

SHOWN = {"do": "set_logic", "tab": "logic", "at": "question.reason", "show_if.mode": "rows"}


def logic(house: House, survey_id: uuid.UUID, address: str = "question.reason") -> Any:
    return part(house, survey_id, address).get("show_if")


def with_logic(house: House, text: str) -> uuid.UUID:
    survey_id = made(house)
    with house.unit() as session:
        document = editing.set_fields(draft(house, survey_id), "question.reason", {"show_if": text})
        authoring.save_draft(session, survey_id, document.document, 1, clock.now())
    return survey_id


def words(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", page))


def test_a_condition_is_made_of_rows(house: House) -> None:
    survey_id, designer = made(house), house.login("designer")
    added = act(designer, survey_id, 1, **SHOWN, row="add show_if and")
    assert added.location.endswith("at=question.reason&tab=logic")
    assert logic(house, survey_id) == parse("recommend >= 5")
    row = {"show_if.0.path": "recommend", "show_if.0.operator": "at_most", "show_if.0.value": "6"}
    act(designer, survey_id, 2, **SHOWN, **row)
    assert logic(house, survey_id) == parse("is_answered(recommend) and recommend <= 6")
    page = designer.get(added.location).text
    assert "“How likely are you to recommend us to a friend or colleague?” is at most 6" in words(
        page
    )
    act(designer, survey_id, 3, **SHOWN, **row, row="add show_if or")
    assert set(logic(house, survey_id)) == {"or"}
    act(designer, survey_id, 4, **SHOWN, **row, row="remove show_if 0")
    assert logic(house, survey_id) is None


def test_text_keeps_what_was_typed_with_the_place_of_the_mistake(house: House) -> None:
    survey_id, designer = made(house), house.login("designer")
    form = SHOWN | {"show_if.mode": "text", "show_if.text": "recommend <= <6"}
    refused = act(designer, survey_id, 1, **form)
    assert refused.status_code == 422
    assert "recommend &lt;= &lt;6</textarea>" in refused.text
    assert "<mark>&lt;6</mark>" in refused.text
    assert revision(house, survey_id) == 1
    act(designer, survey_id, 1, **form | {"show_if.text": "recommend + 1 <= 6"})
    page = designer.get(f"/surveys/{survey_id}/build?at=reason&tab=logic").text
    assert "recommend + 1 &lt;= 6</textarea>" in page
    act(designer, survey_id, 2, **form | {"show_if.text": "recommend >= 9"})
    page = designer.get(f"/surveys/{survey_id}/build?at=reason&tab=logic").text
    assert "is at least 9" in words(page)


@pytest.mark.parametrize(("given", "is_shown"), [("3", True), ("10", False), ("", None)])
def test_sample_answers_tell_whether_it_holds(
    house: House, given: str, is_shown: bool | None
) -> None:
    survey_id = with_logic(house, "is_answered(recommend) and recommend <= 6")
    page = (
        house.login("designer")
        .get(f"/surveys/{survey_id}/build?at=reason&tab=logic&try.recommend={given}")
        .text
    )
    if is_shown is None:
        assert "Then shown" not in page
        return
    assert f"Show it if: {'yes' if is_shown else 'no'}" in words(page)
    assert "Page 1" in words(page).split("Then shown: ")[1]


def test_pages_lead_elsewhere_and_answers_are_checked(house: House) -> None:
    survey_id, designer = made(house), house.login("designer")
    page = draft(house, survey_id)["pages"][0]["key"]
    form = {
        "do": "set_logic",
        "tab": "logic",
        "at": f"page.{page}",
        "show_if.mode": "rows",
        "has_skips": "1",
    }
    act(designer, survey_id, 1, **form, row="new skip")
    assert part(house, survey_id, f"page.{page}")["skips"][0]["to"] == "end"
    skip = {"skip.0.to": "reasons", "skip.0.when.mode": "rows", "skip.0.when.0.path": "recommend",
            "skip.0.when.0.operator": "is", "skip.0.when.0.value": "0"}  # fmt: skip
    act(designer, survey_id, 2, **form, **skip)
    assert part(house, survey_id, f"page.{page}")["skips"] == [
        {"to": "reasons", "when": parse("recommend == 0")}
    ]
    act(designer, survey_id, 3, **form, **skip, row="drop skip 0")
    assert "skips" not in part(house, survey_id, f"page.{page}")
    asked = {"do": "set_logic", "tab": "logic", "at": "question.reason", "has_checks": "1"}
    act(designer, survey_id, 4, **asked, row="new check")
    assert part(house, survey_id, "question.reason")["checks"][0]["message"]
    assert designer.get(f"/surveys/{survey_id}/build?at=reason&tab=logic").status_code == 200


def test_choices_are_carried_and_offered_under_conditions(house: House) -> None:
    survey_id, designer = made(house), house.login("designer")
    act(
        designer, survey_id, 1, do="add_question", kind="single_choice", page="reasons", text="Most"
    )
    act(
        designer, survey_id, 2, do="set_logic", tab="logic", at="question.most",
        choices_from="drivers", line__choices__choice_1__show_if="recommend <= 6",
    )  # fmt: skip
    question = part(house, survey_id, "question.most")
    assert question["choices_from"] == {"question": "drivers"}
    assert question["choices"][0]["show_if"] == parse("recommend <= 6")
    refused = act(
        designer, survey_id, 3, do="set_logic", tab="logic", at="question.most",
        line__choices__choice_1__show_if="recommend <=",
    )  # fmt: skip
    assert refused.status_code == 422
    assert 'value="recommend &lt;="' in refused.text
    assert 'href="#field-line.choices.choice_1.show_if"' in refused.text


@pytest.mark.parametrize("sort", ["block", "ending", "quota", "data", "randomizer"])
def test_what_is_around_the_pages_is_added_changed_and_removed(house: House, sort: str) -> None:
    survey_id, designer = made(house), house.login("designer")
    added = act(designer, survey_id, 1, then=f"add_part {sort}")
    address = added.location.rpartition("at=")[2]
    for tab in ("content", "logic"):
        assert designer.get(f"/surveys/{survey_id}/build?at={address}&tab={tab}").status_code == 200
    forms: dict[str, dict[str, str]] = {
        "block": {"title": "Second part", "page_order": "random"},
        "ending": {
            "title": "Bye",
            "text": "See you",
            "redirect": "https://example.org/x",
            "is_screen_out": "1",
        },
        "quota": {"title": "Women", "limit": "250", "action": "continue"},
        "data": {"source": "random", "name": "arm", "choices": "a\r\nb"},
        "randomizer": {"show": "2", "is_even": "1"},
    }
    act(designer, survey_id, 2, do=f"set_{sort}", at=address, **forms[sort])
    changed = part(house, survey_id, address)
    for name, value in forms[sort].items():
        kept = changed[name]
        assert kept in (value, True, *([int(value)] if value.isdecimal() else [])) or kept == [
            "a",
            "b",
        ]
    assert act(designer, survey_id, 3, then=f"remove {address}").status_code == 303


def test_a_fixed_value_is_kept_as_words(house: House) -> None:
    survey_id, designer = made(house), house.login("designer")
    act(designer, survey_id, 1, then="add_part data")
    act(designer, survey_id, 2, do="set_data", at="data.data", source="value", value="A < B")
    assert 'value="A &lt; B"' in designer.get(f"/surveys/{survey_id}/build?at=data.data").text
