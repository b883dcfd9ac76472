"""The flow of QSF files: branches, skips, loops, randomizers, embedded data, endings, quotas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from surveys.compiled import Compiled
from surveys.formats.report import Imported
from surveys.logic import Context
from tests.surveys.formats import qsf_written as w
from tests.surveys.formats.walks import shown

e = w.expression
ONE_EACH = {f"BL_{n}": w.elements(n) for n in (1, 2, 3)}
THREE = [w.question(n) for n in (1, 2, 3)]


def walked(found: Imported, seed: str, answers: Mapping[str, object] | None = None) -> Any:
    """The route of somebody whose draws come from this seed."""
    compiled = Compiled(found.definition)
    context = Context(seed=seed)
    cleaned = compiled.clean_all(dict(answers or {}), partial=True, context=context)
    return compiled.flow.walk(cleaned.answers, context)


def asked(route: Any) -> list[str]:
    return [question.key for stop in route.stops for question in stop.questions]


def test_nested_branches_and_page_breaks() -> None:
    flow = [
        w.block("BL_1"),
        w.branch(
            w.logic([w.selected(1, 1)]),
            w.block("BL_2"),
            w.branch(w.logic([w.selected(2, 1)]), w.block("BL_3")),
        ),
    ]
    blocks = {**ONE_EACH, "BL_1": w.elements(1, "|", 4)}
    found = w.read([*THREE, w.question(4)], blocks, flow)
    assert shown(found.definition, {"q1": "2"}) == [["q1"], ["q4"]]
    assert shown(found.definition, {"q1": "1", "q2": "2"}) == [["q1"], ["q4"], ["q2"]]
    assert shown(found.definition, {"q1": "1", "q2": "1"}) == [["q1"], ["q4"], ["q2"], ["q3"]]


def test_a_flow_that_is_absent_goes_by_blocks() -> None:
    given = w.document(THREE, ONE_EACH)
    del given["SurveyElements"][1]
    import json

    from surveys.formats.qsf import read_qsf

    found = read_qsf(json.dumps(given).encode())
    assert shown(found.definition, {}) == [["q1"], ["q2"], ["q3"]]


@pytest.mark.parametrize(
    ("answers", "pages"),
    [
        ({"q1": "1"}, [["q1"], ["q4"]]),
        ({"q1": "2"}, [["q1"], ["q3"], ["q4"]]),
        ({"q1": "3"}, [["q1"]]),
        ({}, [["q1"], ["q2", "q3"], ["q4"]]),
    ],
)
def test_skips_of_a_question(answers: dict[str, object], pages: list[list[str]]) -> None:
    skips = {
        1: [w.skip(1, 1, "ENDOFBLOCK"), w.skip(1, 2, "QID3"), w.skip(1, 3, "ENDOFSURVEY")],
    }
    blocks = {"BL_1": w.elements(1, 2, 3, skips=skips), "BL_2": w.elements(4)}
    found = w.read([w.question(n) for n in (1, 2, 3, 4)], blocks)
    assert shown(found.definition, answers) == pages
    assert [each.outcome for each in found.report.logic] == ["evaluated"] * 3


def test_a_question_that_is_not_asked_skips_nothing() -> None:
    skips = {2: [w.skip(2, 1, "ENDOFBLOCK", "NotSelected")]}
    second = w.question(2, DisplayLogic=w.logic([w.selected(1, 1)]))
    found = w.read(
        [w.question(1), second, w.question(3)], {"BL_1": w.elements(1, 2, 3, skips=skips)}
    )
    assert shown(found.definition, {"q1": "2"}) == [["q1"], ["q3"]]
    assert shown(found.definition, {"q1": "1", "q2": "2"}) == [["q1", "q2"]]
    assert shown(found.definition, {"q1": "1", "q2": "1"}) == [["q1", "q2"], ["q3"]]


def test_a_static_loop_asks_once_for_each_row_with_what_it_merges() -> None:
    loop = {
        "Looping": "Static",
        "LoopingOptions": {
            "Static": {"1": {"1": "tea"}, "2": {"1": "coffee"}, "10": {"1": "milk"}}
        },
    }
    question = w.question(
        1, QuestionText="Do you like ${lm://Field/1}? (${lm://CurrentLoopNumber})"
    )
    follow = w.question(2, DisplayLogic=w.logic([w.selected(1, 1)]))
    found = w.read([question, follow], options={"BL_1": loop})
    texts = [q.text for q in found.definition.questions if q.key.startswith("q1")]
    assert texts == ["Do you like tea? (1)", "Do you like coffee? (2)", "Do you like milk? (3)"]
    # Within a loop conditions are about its own round.
    assert shown(found.definition, {"q1_2": "1"}) == [["q1"], ["q1_2", "q2_2"], ["q1_3"]]


def test_a_loop_over_chosen_options() -> None:
    loop = {
        "Looping": "Question",
        "LoopingOptions": {
            "QID": "QID1",
            "ChoiceGroupLocator": "q://QID1/ChoiceGroup/SelectedChoices",
            "Static": {},
        },
    }
    each = w.question(2, QuestionText="Why ${lm://Field/1}?")
    blocks = {"BL_1": w.elements(1), "BL_2": w.elements(2)}
    found = w.read([w.question(1, "MC/MAVR/TX"), each], blocks, options={"BL_2": loop})
    assert shown(found.definition, {"q1": ["1", "3"]}) == [["q1"], ["q2"], ["q2_3"]]
    assert found.definition.question("q2_3").text == "Why Choice 3?"
    assert shown(found.definition, {}) == [["q1"]]


def test_randomizers_draw_blocks_and_groups() -> None:
    flow = [w.randomizer(w.block("BL_1"), w.group(w.block("BL_2"), w.block("BL_3")), show=1)]
    found = w.read(THREE, ONE_EACH, flow)
    seen = Counter(tuple(asked(walked(found, str(seed)))) for seed in range(60))
    assert set(seen) == {("q1",), ("q2", "q3")}
    everything = w.read(THREE, ONE_EACH, [w.randomizer(*map(w.block, ONE_EACH), show=3, even=True)])
    orders = Counter(tuple(asked(walked(everything, str(seed)))) for seed in range(100))
    assert len(orders) == 6
    assert everything.definition.randomizers[0].is_even


def test_a_randomizer_inside_another_one_draws_as_well() -> None:
    inner = w.randomizer(w.block("BL_2"), w.block("BL_3"), show=1)
    found = w.read(THREE, ONE_EACH, [w.randomizer(w.block("BL_1"), w.group(inner), show=1)])
    seen = {tuple(asked(walked(found, str(seed)))) for seed in range(80)}
    assert seen == {("q1",), ("q2",), ("q3",)}


def test_arms_that_set_embedded_data_are_read_later() -> None:
    flow = [
        w.randomizer(w.embedded(arm="A"), w.embedded(arm="B"), show=1),
        w.branch(w.logic([e("arm", "EqualTo", "A")]), w.block("BL_1")),
        w.branch(w.logic([e("arm", "EqualTo", "B")]), w.block("BL_2")),
        w.block("BL_3"),
    ]
    piped = w.question(3, QuestionText="Arm ${e://Field/arm}")
    found = w.read([*THREE[:2], piped], ONE_EACH, flow)
    ways = {tuple(asked(walked(found, str(seed)))) for seed in range(40)}
    assert ways == {("q1", "q3"), ("q2", "q3")}
    text = found.definition.question("q3").text
    key = text.removeprefix("Arm {{").removesuffix("}}")
    route = walked(found, "1")
    assert route.answers[key].text == ("A" if "q1" in asked(route) else "B")


def test_embedded_data_is_known_set_or_drawn() -> None:
    flow = [
        w.embedded(tier=None, source="mail", dice="${rand://int/1:6}"),
        w.block("BL_1"),
        w.embedded(
            twice="$e{ e://Field/dice * 2 }", said="${q://QID1/ChoiceGroup/SelectedChoices}"
        ),
        w.branch(w.logic([e("said", "EqualTo", "Choice 2")]), w.block("BL_2")),
    ]
    found = w.read(THREE[:2], {"BL_1": w.elements(1), "BL_2": w.elements(2)}, flow)
    sources = {each.name or each.key: each.source for each in found.definition.data}
    assert sources["tier"] == "link"
    assert sources["source"] == "value"
    route = walked(found, "a", {"q1": "2"})
    assert asked(route) == ["q1", "q2"]
    assert route.answers["twice"].number == 2 * float(route.answers["dice"].text)
    assert asked(walked(found, "a", {"q1": "1"})) == ["q1"]
    assert not found.definition.unresolved


def test_random_numbers_of_a_large_range_stay_in_it() -> None:
    flow = [w.embedded(code="${rand://int/10000:99999}"), w.block("BL_1")]
    question = w.question(1, "DB/TB", QuestionText="Code ${e://Field/code}")
    found = w.read([question], None, flow)
    key = found.definition.question("q1").text.removeprefix("Code {{").removesuffix("}}")
    codes = {int(walked(found, str(seed)).answers[key].number) for seed in range(50)}
    assert len(codes) > 40
    assert all(10_000 <= code <= 99_999 for code in codes)


def test_endings_of_branches_and_redirects() -> None:
    end = {
        "Type": "EndSurvey",
        "FlowID": "FL_5",
        "EndingType": "Advanced",
        "Options": {
            "SurveyTermination": "Redirect",
            "EOSRedirectURL": "https://example.org/out?id=${e://Field/PID}",
            "ResponseFlag": "Screened",
        },
    }
    flow = [w.embedded(PID=None), w.block("BL_1"), w.branch(w.logic([w.selected(1)]), end)]
    found = w.read(THREE, ONE_EACH, [*flow, w.block("BL_2")])
    route = walked(found, "a", {"q1": "1"})
    assert asked(route) == ["q1"]
    assert route.ending.redirect == "https://example.org/out?id={{_data.pid}}"
    assert route.ending.is_screen_out
    assert asked(walked(found, "a", {"q1": "2"})) == ["q1", "q2"]
    assert walked(found, "a", {"q1": "2"}).ending.key == "usual"


def test_what_an_address_wants_is_put_in_or_told() -> None:
    address = (
        "https://example.org/out?para=1&id=${e://Field/PID}&c=${q://QID1/ChoiceGroup/SelectedChoices}"
        "&t=${x://nothing}"
    )
    end = {"Type": "EndSurvey", "FlowID": "FL_5", "Options": {
        "SurveyTermination": "Redirect", "EOSRedirectURL": address,
    }}  # fmt: skip
    found = w.read(THREE, ONE_EACH, [w.embedded(PID=None), w.block("BL_1"), end])
    assert walked(found, "a", {"q1": "2"}).ending.redirect == (
        "https://example.org/out?para=1&id={{_data.pid}}&c={{q1}}&t="
    )
    told = " ".join(note for note in found.report.notes if "address" in note)
    assert "x://nothing" in told
    assert "keys of choices" in told


def test_a_skip_to_the_end_takes_the_usual_ending() -> None:
    end = {"Type": "EndSurvey", "FlowID": "FL_5", "Options": {
        "SurveyTermination": "Redirect", "EOSRedirectURL": "https://example.org/done",
    }}  # fmt: skip
    blocks = {
        "BL_1": w.elements(1, skips={1: [w.skip(1, 1, "ENDOFSURVEY")]}), "BL_2": w.elements(2),
    }  # fmt: skip
    found = w.read(THREE[:2], blocks, [w.block("BL_1"), w.block("BL_2"), end])
    assert walked(found, "a", {"q1": "2"}).ending.redirect == "https://example.org/done"
    early = walked(found, "a", {"q1": "1"})
    assert asked(early) == ["q1"]
    assert early.ending.redirect == ""


def test_blocks_in_random_order_with_fixed_and_drawn_questions() -> None:
    questions = [w.question(n) for n in range(1, 6)]
    advanced = {
        "RandomizeQuestions": "Advanced",
        "Randomization": {"Advanced": {
            "FixedOrder": ["QID1", "{~SubSet~}", "{~SubSet~}"], "RandomizeAll": [],
            "RandomSubSet": ["QID2", "QID3", "QID4", "QID5"], "TotalRandSubset": 2,
        }},
    }  # fmt: skip
    found = w.read(questions, options={"BL_1": advanced})
    seen = [asked(walked(found, str(seed))) for seed in range(60)]
    assert all(each[0] == "q1" and len(each) == 3 for each in seen)
    assert len({tuple(sorted(each[1:])) for each in seen}) == 6
    plain = w.read(questions, options={"BL_1": {"RandomizeQuestions": "RandomWithXPerPage",
        "Randomization": {"Advanced": {"QuestionsPerPage": 1}}}})  # fmt: skip
    assert len({tuple(asked(walked(plain, str(seed)))) for seed in range(40)}) > 20
    assert len(walked(plain, "a").stops) == 5


def test_what_a_draw_shows_is_known_to_have_been_displayed() -> None:
    flow = [w.randomizer(w.block("BL_1"), w.block("BL_2"), show=1), w.block("BL_3")]
    last = w.question(3, DisplayLogic=w.logic([e("q://QID1/QuestionDisplayed", "Displayed")]))
    found = w.read([*THREE[:2], last], ONE_EACH, flow)
    ways = {tuple(asked(walked(found, str(seed)))) for seed in range(40)}
    assert ways == {("q1", "q3"), ("q2",)}


def test_a_web_service_makes_what_it_would_give_unknown() -> None:
    service = {"Type": "WebService", "FlowID": "FL_4", "URL": "http://x",
        "ResponseMap": [{"key": "a", "value": "grade"}]}  # fmt: skip
    flow = [
        w.block("BL_1"),
        service,
        w.branch(w.logic([e("grade", "EqualTo", "1")]), w.block("BL_2")),
    ]
    found = w.read(THREE[:2], {"BL_1": w.elements(1), "BL_2": w.elements(2)}, flow)
    assert shown(found.definition, {}) == [["q1"]]
    assert found.definition.unresolved[0].path == "FL_9.BranchLogic"


def test_unknown_elements_of_the_flow_show_nothing() -> None:
    flow = [w.block("BL_1"), {"Type": "Sorcery", "FlowID": "FL_4", "Flow": [w.block("BL_2")]}]
    found = w.read(THREE[:2], {"BL_1": w.elements(1), "BL_2": w.elements(2)}, flow)
    assert shown(found.definition, {}) == [["q1"]]
    assert [each.text for each in found.definition.unresolved] == ["Sorcery"]


def test_quotas() -> None:
    quota = {"ID": "QO_1", "Name": "Women", "Occurrences": 50, "QuotaAction": "EndCurrentSurvey",
        "Logic": w.logic([w.selected(1, 2)])}  # fmt: skip
    found = w.read(THREE[:1], QO=quota)
    (made,) = found.definition.quotas
    assert (made.title, made.limit, made.action) == ("Women", 50, "end")
    assert made.when == {"==": [{"var": "q1"}, "2"]}
    across = w.read(THREE[:1], QO=quota | {"Logic": [w.logic([w.selected(1, 2)])]})
    assert across.definition.quotas[0].when is False
    assert across.definition.unresolved[0].path == "QO_1.Logic"
