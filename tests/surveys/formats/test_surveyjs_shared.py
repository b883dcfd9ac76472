"""The shared SurveyJS survey, walked by hand: what is shown, refused, and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from surveys.compiled import Compiled
from surveys.formats.report import Imported
from surveys.formats.surveyjs import read_surveyjs
from surveys.logic import Context
from tests.surveys.formats.walks import refused, shown

_RIGHT = {
    "civilwar": "1861_1865",
    "libertyordeath": "patrick_henry",
    "magnacarta": "the_foundation_of_the_british_parliament",
}
_PAGES = [
    ["pages_0_elements_0_question", "username"],
    ["civilwar", "civilwar_2", "civilwar_3", "civilwar_4"],
    ["libertyordeath"],
    ["magnacarta"],
]


@pytest.fixture(scope="module")
def quiz(shared_data: Path) -> Imported:
    """The quiz as it is imported."""
    file = shared_data / "interop" / "surveyjs" / "timed_quiz.json"
    return read_surveyjs(file.read_bytes())


def ended(imported: Imported, answers: dict[str, object]) -> str | None:
    """The text of the ending somebody with these answers meets."""
    compiled = Compiled(imported.definition)
    cleaned = compiled.clean_all(answers, partial=True)
    ending = compiled.flow.walk(cleaned.answers, Context(seed="walk")).ending
    return None if ending is None else ending.text


def test_every_page_is_shown_whatever_is_answered(quiz: Imported) -> None:
    """The quiz has no conditions on its pages; its first page is one of them."""
    assert shown(quiz.definition, {}) == _PAGES
    assert shown(quiz.definition, {"username": "Ana", **_RIGHT}) == _PAGES


def test_only_the_name_is_asked_for(quiz: Imported) -> None:
    """isRequired stands at the name alone, and a choice must be one of those offered."""
    assert refused(quiz.definition, {}) == ["username"]
    assert refused(quiz.definition, {"username": "Ana"}) == []
    assert refused(quiz.definition, {"username": "Ana", "magnacarta": "1796"}) == ["magnacarta"]


def test_the_number_of_right_answers_decides_how_it_ends(quiz: Imported) -> None:
    """Four questions share one name and so one answer: all six are right, none, or some."""
    assert "none of your answers" in (ended(quiz, {"username": "Ana"}) or "")
    assert "Congratulations" in (ended(quiz, {"username": "Ana", **_RIGHT}) or "")
    assert ended(quiz, {"username": "Ana", "libertyordeath": "patrick_henry"}) is None
    assert "{{correctanswers}}" in quiz.definition.thank_you


def test_the_report_counts_what_was_read(quiz: Imported) -> None:
    """Nothing is lost; three copies of a question that share its answer are called approximations."""
    report = quiz.report
    assert [report.count(each) for each in ("mapped", "approximated", "raw", "dropped")] == [
        5,
        3,
        0,
        0,
    ]
    assert [each.outcome for each in report.logic] == ["evaluated", "evaluated"]
    assert "Time limits were left out." in report.notes
    assert quiz.definition.unresolved == ()
