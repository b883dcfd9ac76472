"""A page for itself: logic among its questions stays, what other pages or the link decide is open."""

from __future__ import annotations

from typing import Any

from surveys.alone import alone
from surveys.asking import ask
from surveys.compiled import Compiled
from surveys.definition import load
from surveys.logic import Context


def choices(*keys: str, **more: Any) -> dict[str, Any]:
    return {"choices": [{"key": key, "label": key} for key in keys], **more}


SURVEY = {
    "title": "T",
    "language": "en",
    "data": [{"key": "tier"}],
    "quotas": [{"key": "q", "title": "Q", "limit": 1, "when": 'far == "x"'}],
    "pages": [
        {
            "key": "before",
            "questions": [{"key": "far", "kind": "multiple_choice", "text": "F", **choices("x", "y")}],
        },
        {
            "key": "here",
            "show_if": 'far == "x"',
            "question_order": "random",
            "skips": [{"to": "end", "when": 'near == "a"'}],
            "questions": [
                {"key": "near", "kind": "single_choice", "text": "N", **choices("a", "b")},
                {"key": "asks_near", "kind": "short_text", "text": "1", "show_if": 'near == "a"'},
                {"key": "asks_far", "kind": "short_text", "text": "2", "show_if": 'far == "x"'},
                {"key": "asks_both", "kind": "short_text", "text": "3",
                 "show_if": 'far == "x" and near == "a"'},
                {"key": "asks_link", "kind": "short_text", "text": "4", "show_if": '_data.tier == "gold"'},
                {"key": "carried", "kind": "single_choice", "text": "5",
                 "choices_from": {"question": "far"}},
                {"key": "checked", "kind": "number", "text": "6", "checks": [
                    {"valid_if": 'far == "x"', "message": "Far"},
                    {"valid_if": "checked > 1", "message": "Near"}]},
                {"key": "lines", "kind": "entries", "text": "7", "parts": [
                    {"key": "who", "kind": "short_text", "text": "Who"},
                    {"key": "why", "kind": "short_text", "text": "Why", "show_if": "is_answered(_entry.who)"},
                    {"key": "tier", "kind": "short_text", "text": "Tier", "show_if": 'far == "x"'}]},
            ],
        },
    ],
}  # fmt: skip


def asked(always: str = "") -> Any:
    made = Compiled(load(SURVEY))
    page = made.flow.legs[1].page
    return ask(Compiled(alone(made.definition, page, always)), 0, {}, Context(seed="s"))


def test_what_other_pages_and_the_link_decide_is_shown() -> None:
    found = asked()
    assert [each.key for each in found.page.questions] == [
        "near", "asks_near", "asks_far", "asks_both", "asks_link", "carried", "checked", "lines"
    ]  # fmt: skip
    assert found.dormant == {"asks_near"}
    carried = next(each for each in found.page.questions if each.key == "carried")
    assert [each.key for each in carried.choices] == ["x", "y"]
    told = {each["key"]: each for each in found.logic["questions"]}
    assert "show_if" in told["asks_near"]
    assert "show_if" not in told["asks_both"]
    assert [each["message"] for each in told["checked"]["checks"]] == ["Near"]
    shown = {atom["key"]: "show_if" in atom for atom in told["lines"]["atoms"]}
    assert (shown["lines.1.why"], shown["lines.1.tier"]) == (True, False)


def test_the_question_that_is_worked_on_is_shown_in_any_case() -> None:
    assert asked("asks_near").dormant == frozenset()
