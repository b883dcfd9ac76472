"""Conditions of QSF files, each walked: who is asked the second question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from surveys.formats.report import Imported
from tests.surveys.formats import qsf_written as w
from tests.surveys.formats.walks import shown

e = w.expression


def is_asked(
    condition: dict[str, Any],
    answers: Mapping[str, object],
    first: dict[str, Any] | None = None,
    data: Mapping[str, object] | None = None,
) -> bool:
    """Whether a question with this display logic is asked after the first."""
    found = guarded(condition, first)
    assert [each.outcome for each in found.report.logic] == ["evaluated"], found.report.logic
    pages = shown(found.definition, answers, data)
    return any("q2" in page for page in pages)


def guarded(condition: dict[str, Any], first: dict[str, Any] | None = None) -> Imported:
    return w.read([first or w.question(1), w.question(2, DisplayLogic=condition)])


TEXT = w.question(1, "TE/SL")
NUMBER = w.question(
    1, "TE/SL", Validation=w.validation(Type="ContentType", ContentType="ValidNumber")
)
SEVERAL = w.question(1, "MC/MAVR/TX")
MATRIX = w.question(1, "Matrix/Likert/SingleAnswer")
TICKS = w.question(1, "Matrix/Likert/MultipleAnswer")
RANKING = w.question(1, "RO/DND/TX")
TYPED = "q://QID1/ChoiceTextEntryValue"


@pytest.mark.parametrize(
    ("first", "condition", "answer", "asked"),
    [
        (None, w.selected(1, 1), "1", True),
        (None, w.selected(1, 1), "2", False),
        (None, w.selected(1, 1), None, False),
        (None, e("q://QID1/SelectableChoice/1", "NotSelected"), "2", True),
        (None, e("q://QID1/SelectableChoice/1", "NotSelected"), None, True),
        (SEVERAL, w.selected(1, 2), ["1", "2"], True),
        (SEVERAL, w.selected(1, 2), ["1"], False),
        (SEVERAL, e("q://QID1/SelectedChoicesCount", "GreaterThan", "1"), ["1", "3"], True),
        (SEVERAL, e("q://QID1/SelectedChoicesCount", "GreaterThan", "1"), ["3"], False),
        (SEVERAL, e("q://QID1/SelectedChoicesCount", "EqualTo", "0"), None, True),
        (MATRIX, w.selected(1, "2/3"), {"2": "3"}, True),
        (MATRIX, w.selected(1, "2/3"), {"1": "3"}, False),
        (MATRIX, e("q://QID1/SelectableAnswer/3", "Selected"), {"1": "3"}, True),
        (MATRIX, e("q://QID1/SelectableAnswer/3", "Selected"), {"1": "2"}, False),
        (MATRIX, e("q://QID1/SelectedAnswerRecode/2", "GreaterThan", "1"), {"2": "2"}, True),
        (MATRIX, e("q://QID1/SelectedAnswerRecode/2", "GreaterThan", "1"), {"1": "2"}, False),
        (TICKS, w.selected(1, "1/2"), {"1": ["1", "2"]}, True),
        (TICKS, w.selected(1, "1/2"), {"2": ["2"]}, False),
        (TEXT, e(TYPED, "EqualTo", "yes"), "yes", True),
        (TEXT, e(TYPED, "EqualTo", "yes"), "Yes", False),
        (TEXT, e(TYPED, "EqualTo", "yes", IgnoreCase="1"), "Yes", True),
        (TEXT, e(TYPED, "EqualTo", "0"), "0", True),
        (TEXT, e(TYPED, "EqualTo", "0"), None, False),
        (TEXT, e(TYPED, "NotEqualTo", "yes"), "no", True),
        (TEXT, e(TYPED, "NotEqualTo", "yes"), None, True),
        (TEXT, e(TYPED, "Contains", "07"), "x07", True),
        (TEXT, e(TYPED, "Contains", "07"), "x7", False),
        (TEXT, e(TYPED, "DoesNotContain", "a"), "bcd", True),
        (TEXT, e(TYPED, "DoesNotContain", "a"), None, True),
        (TEXT, e(TYPED, "MatchesRegex", r"^AUS\d{2}$"), "AUS12", True),
        (TEXT, e(TYPED, "MatchesRegex", r"/^aus\d{2}$/i"), "AUS12", True),
        (TEXT, e(TYPED, "MatchesRegex", r"^AUS\d{2}$"), "AUS1", False),
        (TEXT, e(TYPED, "Empty"), None, True),
        (TEXT, e(TYPED, "Empty"), "x", False),
        (TEXT, e(TYPED, "NotEmpty"), "x", True),
        (TEXT, e(TYPED, "GreaterThan", "9"), "10", True),
        (TEXT, e(TYPED, "LessThan", "9"), None, False),
        (TEXT, e(TYPED, "LessThan", "9"), "many", False),
        (NUMBER, e(TYPED, "LessThanOrEqual", "9"), 9, True),
        (NUMBER, e(TYPED, "GreaterThanOrEqual", "9.5"), 9, False),
        (RANKING, e("q://QID1/ChoiceNumericEntryValue/2", "EqualTo", "1"), ["2", "1", "3"], True),
        (RANKING, e("q://QID1/ChoiceNumericEntryValue/2", "EqualTo", "1"), ["1", "2", "3"], False),
        (RANKING, e("q://QID1/ChoiceNumericEntryValue/2", "LessThan", "3"), ["1", "2", "3"], True),
        (None, e("q://QID1/QuestionDisplayed", "Displayed"), None, True),
        (None, e("q://QID1/ChoiceDisplayed/2", "NotDisplayed"), None, False),
        (None, e("q://QID1/SelectedChoicesRecode", "EqualTo", "2"), "2", True),
        (None, {"LogicType": "BooleanValue", "LeftOperand": "True", "Operator": "Is"}, None, True),
    ],
)
def test_a_condition_holds_as_in_the_source(
    first: dict[str, Any] | None, condition: dict[str, Any], answer: object, asked: bool
) -> None:
    answers = {} if answer is None else {"q1": answer}
    assert is_asked(w.logic([condition]), answers, first) is asked


@pytest.mark.parametrize(
    ("answers", "asked"),
    [({}, False), ({"q1": ["1"]}, True), ({"q1": ["2"]}, False), ({"q1": ["2", "3"]}, True)],
)
def test_and_binds_tighter_than_or(answers: dict[str, object], asked: bool) -> None:
    either = w.logic([
        w.selected(1, 1),
        w.selected(1, 2) | {"Conjuction": "Or"},
        w.selected(1, 3) | {"Conjunction": "And"},
    ])  # fmt: skip
    assert is_asked(either, answers, SEVERAL) is asked
    sets = w.logic(
        [w.selected(1, 1)], [w.selected(1, 2)], [w.selected(1, 3)], kinds=("If", "OrIf", "AndIf")
    )
    assert is_asked(sets, answers, SEVERAL) is asked


def test_embedded_data_and_contacts_decide() -> None:
    tier = w.logic([e("e://Field/Tier", "EqualTo", "Gold")])
    assert is_asked(tier, {}, data={"tier": "Gold"})
    assert not is_asked(tier, {})
    named = w.logic([e("m://FirstName", "NotEmpty")])
    assert is_asked(named, {}, data={"first_name": "Ann"})
    assert not is_asked(named, {})


def test_a_net_promoter_score_is_compared_by_its_points_and_groups() -> None:
    score = w.question(
        1, "MC/NPS", Choices=[{"Display": str(n)} for n in range(11)],
        ChoiceOrder=[str(n) for n in range(11)],
    )  # fmt: skip
    found = guarded(w.logic([w.selected(1, 9)]), score)
    assert found.definition.question("q1").kind == "nps"
    assert shown(found.definition, {"q1": 9}) == [["q1", "q2"]]
    assert shown(found.definition, {"q1": 8}) == [["q1"]]
    detractor = w.logic([e("q://QID1_NPS_GROUP/SelectableChoice/1", "Selected")])
    assert is_asked(detractor, {"q1": 0}, score)
    assert not is_asked(detractor, {"q1": 7}, score)
    assert not is_asked(detractor, {}, score)


@pytest.mark.parametrize(
    "condition",
    [
        e("loc://City", "EqualTo", "Rome"),
        {"LogicType": "DeviceType", "Operator": "Is", "LeftOperand": "mobile"},
        e("q://QID77/SelectableChoice/1", "Selected"),
        e("q://QID1/SelectableChoice/9", "Selected"),
        e("q://undefined/undefined", "Selected"),
        e(TYPED, "MatchesRegex", r"(?=a)b"),
        e(TYPED, "Resembles", "b"),
        {"LogicType": "Quota", "LeftOperand": "qo://QO_1/QuotaMet", "Operator": "QuotaMet"},
    ],
)
def test_what_is_unknown_hides_and_is_left_to_be_resolved(condition: dict[str, Any]) -> None:
    found = guarded(w.logic([condition]), w.question(1) if "Selectable" in str(condition) else TEXT)
    assert [each.outcome for each in found.report.logic] == ["raw"]
    assert [each.path for each in found.definition.unresolved] == ["QID2.DisplayLogic"]
    assert shown(found.definition, {}) == [["q1"]]


def test_what_holds_whatever_the_unknown_is_is_known() -> None:
    anywhere = w.logic([
        e("q://QID1/QuestionDisplayed", "Displayed"),
        e("loc://City", "EqualTo", "Rome") | {"Conjuction": "Or"},
    ])  # fmt: skip
    assert is_asked(anywhere, {})
    sure = w.logic([w.selected(1, 1), e("loc://City", "EqualTo", "Rome") | {"Conjuction": "Or"}])
    found = guarded(sure)
    assert [each.outcome for each in found.report.logic] == ["raw"]
    assert shown(found.definition, {"q1": "1"}) == [["q1", "q2"]]
    assert shown(found.definition, {"q1": "2"}) == [["q1"]]


def test_questions_in_the_trash_are_never_answered() -> None:
    questions = [w.question(1), w.question(2, DisplayLogic=w.logic([w.selected(3)]))]
    found = w.read([*questions, w.question(3)], {"BL_1": w.elements(1, 2)})
    assert shown(found.definition, {}) == [["q1"]]
    assert [each.outcome for each in found.report.logic] == ["evaluated"]
    assert found.report.notes[0] == "Not asked in the source and left out: Q3."


def test_conditions_of_choices_and_rows() -> None:
    matrix = w.question(2, "Matrix/Likert/SingleAnswer")
    matrix["Choices"]["2"]["DisplayLogic"] = w.logic([w.selected(1, 2)])
    matrix["Answers"]["3"]["DisplayLogic"] = w.logic([w.selected(1, 3)])
    found = w.read([w.question(1), matrix])
    question = found.definition.question("q2")
    assert question.rows[1].show_if == {"==": [{"var": "q1"}, "2"]}
    assert question.choices[2].show_if == {"==": [{"var": "q1"}, "3"]}
