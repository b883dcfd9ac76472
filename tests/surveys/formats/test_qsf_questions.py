"""Question types of QSF files: what they become, and what they accept and refuse."""

from __future__ import annotations

from typing import Any

import pytest

from surveys.definition import dump, load
from surveys.formats.report import Imported
from tests.surveys.formats import qsf_written as w
from tests.surveys.formats.walks import refused, shown

FORCED = {"ForceResponse": "ON", "ForceResponseType": "ON"}
SLIDER = {"CSSliderMin": 0, "CSSliderMax": 10, "GridLines": 10, "SnapToGrid": True}


def one(kind: str, **more: Any) -> Imported:
    found = w.read([w.question(1, kind, **more)])
    assert load(dump(found.definition)) == found.definition
    return found


def number_limits(**limits: str) -> dict[str, Any]:
    return w.validation(Type="ContentType", ContentType="ValidNumber", ValidNumber=limits)


@pytest.mark.parametrize(
    ("kind", "more", "made", "accepted", "wrong"),
    [
        ("MC/SAVR/TX", {}, "single_choice", "2", "9"),
        ("MC/SAHR/TX", {}, "single_choice", "2", ["2"]),
        ("MC/DL", {}, "dropdown", "2", "9"),
        ("MC/SB", {}, "dropdown", "2", "9"),
        ("MC/MAVR/TX", {}, "multiple_choice", ["1", "3"], ["4"]),
        ("MC/MSB/TX", {}, "multiple_choice", ["1"], "1"),
        ("MC/MAVR/TX", {"Validation": w.validation(Type="ChoiceRange", MinChoices="2", MaxChoices="2")},
         "multiple_choice", ["1", "2"], ["1"]),
        ("MC/MAVR/TX", {"Validation": w.validation(Type="MaxChoices", MaxChoices="2")},
         "multiple_choice", ["1", "2"], ["1", "2", "3"]),
        ("MC/SAVR/TX", {"Choices": {"4": {"Display": "I agree"}}, "ChoiceOrder": [4]},
         "consent", "agreed", "4"),
        ("TE/SL", {}, "short_text", "x" * 900, 5),
        ("TE/ML", {}, "long_text", "a\nb", ["a"]),
        ("TE/ESTB", {}, "long_text", "a", ["a"]),
        ("TE/SL", {"Validation": number_limits(Min="1", Max="5", NumDecimals="0")}, "number", 5, 6),
        ("TE/SL", {"Validation": number_limits(Min="", Max="", NumDecimals="")}, "number", 1.25, "a"),
        ("TE/SL", {"Validation": number_limits(Min="0.5", Max="", NumDecimals="0")}, "number", 0.5, 0.4),
        ("TE/SL", {"Validation": w.validation(Type="ContentType", ContentType="ValidEmail")},
         "email", "a@b.org", "a@b"),
        ("TE/SL", {"Validation": w.validation(Type="ContentType", ContentType="ValidPhone")},
         "phone", "+1 212 555 0100", "x"),
        ("TE/SL", {"Validation": w.validation(Type="ContentType", ContentType="ValidDate")},
         "date", "2026-01-31", "31"),
        ("TE/SL", {"Validation": w.validation(Type="ContentType", ContentType="ValidZip")},
         "short_text", "02155-1234", "2155"),
        ("TE/SL", {"Validation": w.validation(Type="ContentType", ContentType="ValidTextOnly")},
         "short_text", "Ann Lee", "Ann 3"),
        ("TE/SL", {"Validation": w.validation(Type="MinChar", MinChars="4")}, "short_text", "four", "for"),
        ("TE/SL", {"Validation": w.validation(Type="TotalChar", TotalChars="4")}, "short_text", "four", "fives"),
        ("TE/FORM", {"Choices": {"1": {"Display": "Name", "TextEntry": "on"}}}, "matrix_text",
         {"1": "Ann"}, {"2": "Ann"}),
        ("Matrix/Likert/SingleAnswer", {}, "matrix_single", {"1": "3"}, {"1": ["3"]}),
        ("Matrix/Likert/SACV", {}, "matrix_single", {"1": "3"}, {"1": "4"}),
        ("Matrix/Likert/DND", {}, "matrix_single", {"1": "3"}, {"4": "1"}),
        ("Matrix/Likert/DL", {}, "matrix_dropdown", {"1": "3"}, {"1": "4"}),
        ("Matrix/Likert/MultipleAnswer", {}, "matrix_multiple", {"1": ["1", "2"]}, {"1": ["4"]}),
        ("Matrix/TE/Short", {}, "grid", {"1": {"1": "a", "3": "b"}}, {"1": {"4": "a"}}),
        ("Matrix/TE/Short", {"Answers": {"1": {"Display": ""}}, "AnswerOrder": ["1"]}, "matrix_text",
         {"1": "a"}, {"4": "a"}),
        ("Matrix/Bipolar", {"Choices": {"1": {"Display": "Bad:Good"}}}, "semantic_differential",
         {"1": 3}, {"1": 4}),
        ("Matrix/MaxDiff", {}, "matrix_single", {"1": "1", "2": "2"}, {"1": "1", "2": "1"}),
        ("Slider/HSLIDER", {"Configuration": SLIDER}, "grid", {"1": {"value": 10}}, {"1": {"value": 11}}),
        ("Slider/HBAR", {"Configuration": SLIDER, "Choices": {"1": {"Display": "A"}}}, "slider", 10, 11),
        ("Slider/STAR", {"Configuration": {"StarCount": 7}, "Choices": {"1": {"Display": "A"}}}, "stars", 7, 8),
        ("Slider/NumberScale", {"Configuration": {"NumScalePoints": 11}, "Choices": {"1": {"Display": "A"}}},
         "scale", 10, 11),
        ("CS/VRTL/TX", {"Validation": w.validation(Type="ChoicesTotal", ChoiceTotal="100")}, "constant_sum",
         {"1": 60, "2": 40}, {"1": 60}),
        ("CS/VRTL/TX", {}, "matrix_number", {"1": 60}, {"1": "a"}),
        ("RO/DND/TX", {}, "ranking", ["3", "1", "2"], ["3", "1"]),
        ("RO/TB", {}, "ranking", ["3", "1"], ["3", "3"]),
        ("PGR/DragAndDrop/NoColumns", {"Groups": ["Left", "Right"]}, "matrix_single", {"1": "g1"}, {"1": "g2"}),
        ("HotSpot/OnOff", {}, "multiple_choice", ["1", "2"], ["4"]),
        ("HotSpot/LikeDislike", {"Answers": {"1": {"Display": "No"}, "2": {"Display": "Yes"}}},
         "matrix_single", {"1": "2"}, {"1": "3"}),
        ("DD/DL", {"Answers": {"1": {"Display": "US~NY"}, "2": {"Display": "US~LA"}}}, "dropdown", "a1", "a2"),
        ("SS/TA", {}, "single_choice", "1", "4"),
    ],
)  # fmt: skip
def test_a_question_accepts_and_refuses_what_the_source_does(
    kind: str, more: dict[str, Any], made: str, accepted: object, wrong: object
) -> None:
    found = one(kind, **more)
    assert found.definition.question("q1").kind == made
    assert found.report.items[0].outcome in ("mapped", "approximated")
    assert refused(found.definition, {"q1": accepted}) == []
    assert refused(found.definition, {}) == []
    assert refused(found.definition, {"q1": wrong}) != []
    forced = one(kind, **{**more, "Validation": _with_force(more.get("Validation"))})
    assert refused(forced.definition, {}) != []


def _with_force(given: dict[str, Any] | None) -> dict[str, Any]:
    return w.validation(**{**(given or w.validation())["Settings"], **FORCED})


def test_requests_are_asked_once_more() -> None:
    settings = w.validation(ForceResponse="RequestResponse", ForceResponseType="RequestResponse")
    question = one("MC/SAVR/TX", Validation=settings).definition.question("q1")
    assert (question.is_required, question.is_requested) == (False, True)


def test_choices_of_all_sorts() -> None:
    choices = {
        "2": {"Display": "<b>Two</b> &amp; more"},
        "5": {"Display": "Other", "TextEntry": "true", "TextEntryForceResponse": "true"},
        "9": {"Display": "None", "ExclusiveAnswer": True},
    }
    found = one(
        "MC/MAVR/TX",
        Choices=choices,
        ChoiceOrder=[9, "5", "2"],
        RecodeValues={"2": "20", "9": "-1"},
    )
    none, other, two = found.definition.question("q1").choices
    assert (none.key, none.is_exclusive, none.value) == ("9", True, -1)
    assert (other.takes_text, other.is_text_required) == (True, True)
    assert (two.label, two.value) == ("Two & more", 20)
    assert refused(found.definition, {"q1": ["5"]}) == ["q1.5.text"]
    assert refused(found.definition, {"q1": ["9", "2"]}) == ["q1"]


def test_random_order_keeps_what_is_fixed() -> None:
    choices = {str(n): {"Display": f"Choice {n}"} for n in range(1, 5)}
    advanced = {"Type": "Advanced", "Advanced": {
        "FixedOrder": ["{~Randomized~}", "{~Randomized~}", "4"], "RandomizeAll": ["1", "2"],
        "Undisplayed": ["3"],
    }}  # fmt: skip
    found = one("MC/SAVR/TX", Choices=choices, Randomization=advanced)
    question = found.definition.question("q1")
    assert question.choice_order == "random"
    assert [(each.key, each.is_fixed) for each in question.choices] == [
        ("1", False), ("2", False), ("4", True),
    ]  # fmt: skip
    rows = one("Matrix/Likert/SingleAnswer", Randomization={"Type": "All"})
    assert rows.definition.question("q1").row_order == "random"
    scale = one("Matrix/Likert/SingleAnswer", Randomization={"ConsistentScaleReversal": True})
    assert scale.definition.question("q1").choice_order == "reversed_for_half"


def test_only_some_choices_are_drawn() -> None:
    found = one("MC/SAVR/TX", Randomization={"Type": "SubSet", "TotalRandSubset": "2"})
    (drawn,) = found.definition.data
    assert drawn.choices == ("|0|1|", "|0|2|", "|1|2|")
    assert refused(found.definition, {}) == []
    assert found.report.items[0].outcome == "mapped"


def test_carried_choices() -> None:
    second = w.question(
        2, "MC/MAVR/TX", Choices={"4": {"Display": "Another"}},
        DynamicChoices={"Locator": "q://QID1/ChoiceGroup/SelectedChoices", "Type": "Dynamic"},
    )  # fmt: skip
    third = w.question(3, DisplayLogic=w.logic([w.selected(2, "x2")]))
    found = w.read([w.question(1, "MC/MAVR/TX"), second, third])
    question = found.definition.question("q2")
    assert question.choices_from is not None
    assert (question.choices_from.question, question.choices_from.which) == ("q1", "chosen")
    assert [each.key for each in question.choices] == ["own_4"]
    assert refused(found.definition, {"q1": ["2"], "q2": ["2", "own_4"]}) == []
    rows = w.question(
        2, "Matrix/Likert/SingleAnswer", Choices=[],
        DynamicChoices={"Locator": "q://QID1/ChoiceGroup/UnselectedChoices"},
    )  # fmt: skip
    matrix = w.read([w.question(1, "MC/MAVR/TX"), rows])
    carried = matrix.definition.question("q2").rows_from
    assert carried is not None
    assert carried.which == "not_chosen"
    lost = w.read([w.question(1), {**second, "DynamicChoices": {"Locator": "refl://RL_1/All"}}])
    assert shown(lost.definition, {}) == [["q1"]]
    assert lost.definition.unresolved[0].path == "q2.DynamicChoices"


def test_custom_validation_is_a_check_that_also_wants_an_answer() -> None:
    custom = w.validation(
        Type="CustomValidation", CustomValidation={"Logic": w.logic([w.selected(1, 2)])}
    )
    found = one("MC/SAVR/TX", Validation=custom)
    assert refused(found.definition, {"q1": "2"}) == []
    assert refused(found.definition, {"q1": "1"}) == ["q1"]
    assert refused(found.definition, {}) == ["q1"]


def test_side_by_side() -> None:
    columns = {
        "1": {"QuestionText": "Fit", "Selector": "Likert", "SubSelector": "SingleAnswer",
              "Answers": {"1": {"Display": "Bad"}, "2": {"Display": "Good"}}},
        "2": {"QuestionText": "Why", "Selector": "TE", "SubSelector": "Long",
              "Answers": {"1": {"Display": "Plus"}, "2": {"Display": "Minus"}}},
        "3": {"QuestionText": "Which", "Selector": "Likert", "SubSelector": "MultipleAnswer",
              "Answers": {"1": {"Display": "A"}, "2": {"Display": "B"}}},
    }  # fmt: skip
    first = w.question(1, "SBS/SBSMatrix", AdditionalQuestions=columns, NumberOfQuestions=3)
    second = w.question(
        2, DisplayLogic=w.logic([w.expression("q://QID1%231/SelectableChoice/2/2", "Selected")])
    )
    found = w.read([first, second])
    question = found.definition.question("q1")
    assert [part.key for part in question.parts] == ["c1", "c2_1", "c2_2", "c3"]
    assert question.parts[1].text == "Why: Plus"
    answers: dict[str, object] = {"q1": {"2": {"c1": "2", "c2_1": "x", "c3": ["1", "2"]}}}
    assert shown(found.definition, answers) == [["q1", "q2"]]
    assert shown(found.definition, {"q1": {"1": {"c1": "2"}}}) == [["q1"]]


def test_rows_with_points_of_their_own() -> None:
    profile = w.question(
        1, "Matrix/Profile/SingleAnswer", Validation=w.validation(**FORCED),
        Answers={str(n): {"1": {"Display": "Low"}, "2": {"Display": "High"}} for n in (1, 2, 3)},
    )  # fmt: skip
    second = w.question(2, DisplayLogic=w.logic([w.selected(1, "3/2")]))
    found = w.read([profile, second])
    keys = [each.key for each in found.definition.questions]
    assert keys == ["q1", "q1_row", "q1_row_2", "q2"]
    assert shown(found.definition, {"q1_row_2": "2"}) == [keys]
    assert refused(found.definition, {"q1": "1"}) == ["q1_row", "q1_row_2"]


@pytest.mark.parametrize(
    "kind", ["HeatMap/Image", "HL/Text", "Conjoint/Wizard", "FileUpload/Video"]
)
def test_what_cannot_be_asked_is_kept_as_words(kind: str) -> None:
    found = one(kind)
    assert found.report.items[0].outcome == "raw"
    assert found.definition.question("q1").kind == "statement"


@pytest.mark.parametrize("kind", ["Timing/PageTimer", "Meta/Browser", "Captcha/V2"])
def test_what_nobody_is_asked_keeps_a_value(kind: str) -> None:
    found = w.read([w.question(1, kind), w.question(2)])
    assert found.report.items[0].outcome == "approximated"
    assert shown(found.definition, {}) == [["q2"]]


def test_texts_are_cleaned_piped_and_translated() -> None:
    second = w.question(
        2,
        QuestionText="<p>You said <b>${q://QID1/ChoiceGroup/SelectedChoices}</b>, "
        "${m://FirstName}: ${q://QID1/ChoiceTextEntryValue/3} ${bad://x} {{raw}}</p>",
        Language={
            "DE": {"QuestionText": "Sie sagten ${q://QID1/ChoiceGroup/SelectedChoices}",
                   "Choices": {"1": {"Display": "Eins"}}},
            "ZH-S": {"QuestionText": "\u4f60\u597d"},
            "EN": {"QuestionText": "again"},
            "??": {"QuestionText": "lost"},
        },
        QuestionJS="Qualtrics.SurveyEngine.addOnload(function()\n{\n/*Place your JavaScript*/\n});",
    )  # fmt: skip
    first = w.question(1)
    first["Choices"]["3"]["TextEntry"] = "true"
    found = w.read([first, second])
    assert found.definition.question("q2").text == (
        "You said {{q1}}, {{_data.first_name}}: {{_text.q1.3}}  \\{{raw}}"
    )
    assert found.report.languages == ("en", "de", "zh-Hans")
    assert found.definition.translations["de"] == {
        "q2.choices.1": "Eins",
        "q2.text": "Sie sagten {{q1}}",
    }
    assert found.report.scripts_removed == 1
    assert found.report.items[1].reason == "What was piped in with ${bad://x} is left out."


def test_no_script_survives() -> None:
    bad = "<script>alert(1)</script><img src=x onerror=alert(1)>Hi<a href='javascript:x'>y</a>"
    found = w.read([
        w.question(1, QuestionText=bad, QuestionJS="doEvil();", Choices={
            "1": {"Display": bad}, "2": {"Display": "ok"},
        }),
    ], SO={"Header": bad})  # fmt: skip
    written = str(dump(found.definition)) + str(found.report.as_json())
    assert "alert" not in written
    assert "javascript" not in written
    assert found.report.scripts_removed >= 6
    assert "Its script is left out." in found.report.items[0].reason


def test_preset_answers() -> None:
    first = w.question(1, DefaultChoices={"2": {"Selected": True}})
    second = w.question(2, "TE/SL", DefaultChoices={"TEXT": {"Text": "${e://Field/PID}"}})
    found = w.read([first, second], None, [w.embedded(PID=None), w.block("BL_1")])
    assert found.definition.question("q1").default == {"cat": ["2"]}
    assert found.definition.question("q2").default == {"var": "_data.pid"}
