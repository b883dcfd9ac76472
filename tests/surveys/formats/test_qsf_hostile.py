"""QSF files that are none, or mean harm: a clear error or a clean import, never anything else."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveys.compiled import Compiled
from surveys.definition import dump, load
from surveys.formats.errors import FormatError
from surveys.formats.qsf import read_qsf
from surveys.formats.qsf.file import MAX_BYTES
from surveys.strings import is_storable
from tests.drawing import many
from tests.surveys.formats import qsf_written as w

e = w.expression


def _everything() -> dict[str, Any]:
    """A survey with something of all that is read."""
    custom = w.validation(
        Type="CustomValidation", CustomValidation={"Logic": w.logic([w.selected(1, 2)])}
    )
    carried = {"Locator": "q://QID2/ChoiceGroup/SelectedChoices"}
    questions = [
        w.question(1, Validation=custom, DefaultChoices={"1": {"Selected": True}}),
        w.question(2, "MC/MAVR/TX", Randomization={"Type": "SubSet", "TotalRandSubset": "2"}),
        w.question(3, "Matrix/Likert/SingleAnswer", DisplayLogic=w.logic([w.selected(2, 1)])),
        w.question(4, "TE/SL", Validation=w.validation(Type="ContentType", ContentType="ValidNumber",
                                                       ValidNumber={"Min": "1", "Max": "9"})),
        w.question(5, "Slider/HSLIDER", Configuration={"CSSliderMax": 10}, Labels={"1": {"Display": "a"}}),
        w.question(6, "CS/VRTL/TX", Validation=w.validation(Type="ChoicesTotal", ChoiceTotal="100")),
        w.question(7, "MC/MAVR/TX", Choices=[], DynamicChoices=carried),
        w.question(8, "DB/TB", QuestionText="${e://Field/a} ${rand://int/1:6} $e{1+1} ${lm://Field/1}"),
        w.question(9, "SBS/SBSMatrix", AdditionalQuestions={"1": {
            "QuestionText": "a", "Selector": "Likert", "Answers": {"1": {"Display": "a"}, "2": {}}}}),
        w.question(10, "Matrix/Bipolar", Language={"DE": {"QuestionText": "a", "Choices": {"1": {}}}}),
        w.question(11, "RO/DND/TX", Randomization={"Type": "Advanced", "Advanced": {
            "FixedOrder": ["1", "{~Randomized~}", "{~Randomized~}"], "RandomizeAll": ["2", "3"]}}),
        w.question(12, "Matrix/Profile", Answers={"1": {"1": {}, "2": {}}, "2": {"1": {}, "2": {}}, "3": {"1": {}, "2": {}}}),
    ]  # fmt: skip
    skips = {1: [w.skip(1, 1, "QID3"), w.skip(1, 3, "ENDOFSURVEY")]}
    blocks = {
        "BL_1": w.elements(1, 2, 3, "|", 4, skips=skips),
        "BL_2": w.elements(5, 6, 7),
        "BL_3": w.elements(8, 9),
        "BL_4": w.elements(10, 11, 12),
    }
    loop = {"Looping": "Static", "LoopingOptions": {"Static": {"1": {"1": "x"}, "2": {"1": "y"}}}}
    advanced = {"RandomizeQuestions": "Advanced", "Randomization": {"Advanced": {
        "FixedOrder": ["QID10", "{~SubSet~}"], "RandomSubSet": ["QID11", "QID12"],
        "TotalRandSubset": 1}}}  # fmt: skip
    flow = [
        w.embedded(a="${q://QID1/SelectedChoicesRecode}", b=None, c="1"),
        w.block("BL_1"),
        w.branch(
            w.logic([e("e://Field/b", "EqualTo", "1")], [w.selected(3, "1/2")], kinds=("If", "OrIf")),
            w.randomizer(w.block("BL_2"), w.group(w.embedded(a="2"), w.block("BL_3")), show=1),
        ),
        w.block("BL_4"),
        {"Type": "EndSurvey", "FlowID": "FL_5", "Options": {"SurveyTermination": "Redirect",
                                                           "EOSRedirectURL": "https://a.org"}},
    ]  # fmt: skip
    quota = {"ID": "QO_1", "Name": "n", "Occurrences": 5, "QuotaAction": "EndCurrentSurvey",
        "Logic": w.logic([w.selected(1, 2)])}  # fmt: skip
    return w.document(
        questions, blocks, flow, {"BL_3": loop, "BL_4": advanced}, QO=quota, SO={"Header": "h"}
    )


EVERYTHING = _everything()

_WEIRD = st.sampled_from([
    None, True, False, 0, -1, 1, 2.5, 1e308, 10**30, "", "x", "1", "0", "All", "Advanced", "ON",
    "QID1", "q://QID1/SelectableChoice/1", "q://QID1", "q://", "${e://Field/a}", "$e{1+(}", "\ud800",
    "\x00", "a\x00b", "{{", "x" * 20_000, "<script>alert(1)</script>", "1" * 400, [], {}, [[]],
    [None], [1, 2], {"1": None}, {"1": {"Display": None}}, {"0": {"0": {}}}, {"": ""},
    {"\ud800": "x"}, {"Type": "All"}, "\u0301" * 300,
])  # fmt: skip


def _places(value: object, before: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    parts: Any = ()
    if isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, list):
        parts = enumerate(value)
    found = []
    for name, part in parts:
        found += [(*before, name), *_places(part, (*before, name))]
    return found


PLACES = _places(EVERYTHING)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield name
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def survives(content: bytes) -> None:
    """Either a sentence of ours, or a survey that can be stored, walked and written again."""
    try:
        found = read_qsf(content)
    except FormatError as error:
        said = str(error)
    else:
        said = ""
    assert not said.startswith("The survey cannot be carried over"), said
    assert said.endswith(".") or not said
    if said:
        return
    written = json.dumps([dump(found.definition), found.report.as_json()], ensure_ascii=False)
    assert all(map(is_storable, _texts([dump(found.definition), found.report.as_json()])))
    written.encode()
    assert "alert(1)" not in written
    assert load(dump(found.definition)) == found.definition
    compiled = Compiled(found.definition)
    compiled.clean_all({}, partial=True)


def test_the_whole_survey_is_read() -> None:
    found = read_qsf(json.dumps(EVERYTHING).encode())
    assert not found.definition.unresolved
    assert all(item.outcome != "raw" for item in found.report.items)


@settings(max_examples=many(70), deadline=None)
@given(st.data())
def test_nothing_that_is_changed_in_a_file_breaks_the_reading(data: st.DataObject) -> None:
    document = copy.deepcopy(EVERYTHING)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.sampled_from(PLACES))
        inside: Any = document
        try:
            for step in place[:-1]:
                inside = inside[step]
            if data.draw(st.booleans()):
                inside[place[-1]] = copy.deepcopy(data.draw(_WEIRD))
            else:
                del inside[place[-1]]
        except (KeyError, IndexError, TypeError):
            continue
    survives(json.dumps(document).encode())


@settings(max_examples=many(30), deadline=None)
@given(st.integers(0, 20_000), st.binary(max_size=4))
def test_files_that_are_cut_or_changed_in_the_middle(place: int, put: bytes) -> None:
    whole = json.dumps(EVERYTHING).encode()
    survives(whole[:place])
    survives(whole[:place] + put + whole[place + len(put) :])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe{}", "not JSON"),
        (b"[]", "holds no survey"),
        (b"null", "holds no survey"),
        (b'"x"', "holds no survey"),
        (b"{}", "no SurveyElements"),
        (b'{"SurveyElements": 5}', "no SurveyElements"),
        (b'{"SurveyElements": []}', "no question"),
        (b"PK\x03\x04", "zip archive"),
        (b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "not JSON"),
        (b"[" * 100_000, "nests too deeply"),
        (b'{"SurveyElements":' + b"[" * 200 + b"]" * 200 + b"}", "nests too deeply"),
        (b'{"SurveyElements": [' + b"1" * 5_000 + b"]}", "no question"),
    ],
)
def test_what_is_no_survey_is_refused_in_words(content: bytes, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        read_qsf(content)


def test_huge_files_are_refused_unread() -> None:
    with pytest.raises(FormatError, match="too large"):
        read_qsf(b" " * (MAX_BYTES + 1))


def test_a_survey_of_very_many_questions_is_cut_and_says_so() -> None:
    number = 3100
    found = w.read([w.question(n) for n in range(1, number)])
    assert sum(item.outcome == "dropped" for item in found.report.items) > 0
    assert len(found.report.items) == number - 1


@pytest.mark.parametrize(
    "document",
    [
        # A block that is gone through ten thousand times.
        w.document([w.question(1)], flow=[w.block("BL_1")] * 10_000),
        # A loop of very many rows inside a randomizer.
        w.document([w.question(1)], options={"BL_1": {"Looping": "Static", "LoopingOptions": {
            "Static": {str(n): {"1": "x"} for n in range(5000)}, "Randomization": "All"}}}),
        # Each question asks whether the one before was displayed, which asks the one before.
        w.document([
            w.question(n, DisplayLogic=w.logic([
                e(f"q://QID{n - 1}/QuestionDisplayed", "Displayed"),
                e(f"q://QID{n - 1}/QuestionDisplayed", "NotDisplayed") | {"Conjuction": "Or"},
                w.selected(max(n - 1, 1)),
            ]))
            for n in range(1, 150)
        ]),
        # Very many skips over one another.
        w.document([w.question(n) for n in range(1, 100)], {"BL_1": w.elements(
            *range(1, 100), skips={n: [w.skip(n, 1, "QID99")] * 20 for n in range(1, 99)})}),
        # Choices without end, and a subset of them.
        w.document([w.question(1, Choices={str(n): {"Display": "x"} for n in range(5000)},
                               Randomization={"Type": "SubSet", "TotalRandSubset": "2500"})]),
        # A text that pipes and pipes.
        w.document([w.question(1, QuestionText="${e://Field/a}${rand://int/1:99999}" * 5000)]),
        # A sum that nests.
        w.document([w.question(1, QuestionText="$e{" + "(" * 400 + "1" + ")" * 400 + "}")]),
    ],
)  # fmt: skip
def test_what_grows_without_bound_is_bounded(document: dict[str, Any]) -> None:
    before = time.process_time()
    survives(json.dumps(document).encode())
    assert time.process_time() - before < 20
