"""No file makes the reader of SurveyJS crash, hang or let something run."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveys.compiled import Compiled
from surveys.definition import dump, load, to_json
from surveys.formats.errors import FormatError
from surveys.formats.surveyjs import read_surveyjs
from tests.drawing import many
from tests.surveys.formats.surveyjs_made import ASKED, read

# One of everything, so that a change anywhere meets some reader.
WHOLE: dict[str, object] = {
    "title": {"default": "Whole", "de": "Ganz"},
    "locale": "en",
    "calculatedValues": [{"name": "c", "expression": "{n} + 1"}],
    "triggers": [
        {"type": "complete", "expression": "{n} > 5"},
        {"type": "skip", "expression": "{n} = 1", "gotoName": "last"},
        {"type": "setvalue", "expression": "{n} = 2", "setToName": "v", "setValue": 3},
        {"type": "visible", "name": "n", "value": 3, "questions": ["words"]},
    ],
    "completedHtmlOnCondition": [{"expression": "{c} > 3", "html": "<b>x</b>"}],
    "navigateToUrlOnCondition": [{"expression": "{v} = 3", "url": "https://a.example"}],
    "pages": [
        {"name": "p1", "title": "T {n}", "visibleIf": "{n} empty or {n} > 0", "elements": ASKED},
        {"name": "p2", "elements": [
            {"type": "panel", "name": "pn", "title": "P", "visibleIf": "{one} = 'a'", "elements": [
                {"type": "rating", "name": "r", "rateValues": [{"value": 1, "text": "bad"}, 2, 3]},
                {"type": "expression", "name": "e", "expression": "iif({n} > 1, {m}, 'x')"}]},
            {"type": "paneldynamic", "name": "pd", "panelCount": 1, "templateElements": [
                {"type": "text", "name": "x", "validators": [{"type": "regex", "regex": "^a"}]},
                {"type": "text", "name": "y", "visibleIf": "{panel.x} notempty"}]},
            {"type": "matrixdynamic", "name": "md", "columns": [
                {"name": "q", "cellType": "text", "inputType": "number", "totalType": "sum"},
                {"name": "w", "choices": [1, 2], "isRequired": True}]},
            {"type": "matrixdropdown", "name": "mx", "rows": ["r1", {"value": "r2", "visibleIf": "{n}=1"}],
             "columns": [{"name": "a", "cellType": "boolean"}, {"name": "b", "visibleIf": "{row.a} = true"}]},
            {"type": "multipletext", "name": "mt", "items": [{"name": "i", "isRequired": True}, {"name": "j"}]},
            {"type": "imagepicker", "name": "ip", "choices": [{"value": "l", "imageLink": "https://a.example/l.png"}, "m"]},
            {"type": "file", "name": "f", "acceptedTypes": "image/*", "maxSize": 10},
            {"type": "slider", "name": "s", "sliderType": "range"},
            {"type": "html", "name": "last", "html": "<p>Hi {words}</p>"}]},
    ],
}  # fmt: skip
BAD: list[object] = [
    None, True, False, 0, -1, 1e308, 10**30, "", " ", "x" * 4000, "\ud800", "a\0b", "{", "{{n}}", "{" * 40,
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "javascript:alert(1)", [], {}, [[]], [None],
    {"a": {}}, {"default": 5, "de": None, "x\ud800": "y"}, ["a"] * 1500, "(" * 300, "{n}+" * 200, "{n} or " * 600,
    "random", "__proto__", "{panel.x} = 1", "{row.a}", "text", "matrix", "paneldynamic", "{pd[0].x}", "\u202e",
]  # fmt: skip


def places(found: object) -> Iterator[tuple[object, object]]:
    """Every place in a document, as its container and the key or index in it."""
    if isinstance(found, dict):
        for key, part in found.items():
            yield found, key
            yield from places(part)
    elif isinstance(found, list):
        for index, part in enumerate(found):
            yield found, index
            yield from places(part)


def tried(content: bytes) -> None:
    """Read it, and use what comes of it; only FormatError may be raised."""
    try:
        found = read_surveyjs(content)
    except FormatError:
        return
    Compiled(found.definition)
    kept = to_json(found.definition)
    assert load(dump(found.definition)) == found.definition
    assert b"<script" not in kept.lower()
    assert "<script" not in json.dumps(found.report.as_json()).lower()
    for item in found.report.logic:
        assert item.outcome == "evaluated" or item.reason


def test_the_whole_is_read() -> None:
    """Nothing of it is lost, so that changes to it mean something."""
    found = read_surveyjs(json.dumps(WHOLE).encode())
    assert found.report.count("raw") == found.report.count("dropped") == 0
    assert {each.outcome for each in found.report.logic} == {"evaluated"}
    tried(json.dumps(WHOLE).encode())


@settings(max_examples=many(40), deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 4))
def test_a_change_anywhere_is_read_or_refused(seed: int, changes: int) -> None:
    """Wrong values at random places, parts put elsewhere, parts taken out."""
    drawn = random.Random(seed)
    document = copy.deepcopy(WHOLE)
    for _ in range(changes):
        spots = list(places(document))
        container, key = drawn.choice(spots)
        way = drawn.random()
        if way < 0.6:
            container[key] = copy.deepcopy(drawn.choice(BAD))  # type: ignore[index]
        elif way < 0.8:
            other, there = drawn.choice(spots)
            container[key] = copy.deepcopy(other[there])  # type: ignore[index]
        else:
            del container[key]  # type: ignore[attr-defined]
    tried(json.dumps(document).encode())


@settings(max_examples=many(60), deadline=None)
@given(st.integers(0, 20_000), st.binary(max_size=6))
def test_a_broken_file_is_refused(end: int, tail: bytes) -> None:
    """Cut off anywhere, with anything after it."""
    tried(json.dumps(WHOLE).encode()[:end] + tail)


@settings(max_examples=many(150), deadline=None)
@given(st.text("{}()[]'\" =<>!+-*/%^,.#abn10\n\\orandemptycontains", max_size=60))
def test_any_expression_is_read_or_left_open(expression: str) -> None:
    """No expression crashes, and one that cannot be read shows nothing."""
    found = read(
        {"type": "text", "name": "n"}, {"type": "text", "name": "a", "visibleIf": expression}
    )
    if any(each.outcome == "raw" for each in found.report.logic):
        assert found.definition.question("a").show_if is False
        assert found.definition.unresolved
    tried(
        json.dumps({"elements": [{"type": "text", "name": "a", "visibleIf": expression}]}).encode()
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe\x00", "no JSON"),
        (b"[]", "no SurveyJS survey"),
        (b"{}", "no SurveyJS survey"),
        (b'{"pages": {}}', "no SurveyJS survey"),
        (b'{"pages": []}', "asks nothing"),
        (b'{"pages": [null, 3, "x"]}', "asks nothing"),
        (b'{"elements": [{"type": "text", "name": "a", "maxLength": NaN}]}', "no JSON"),
        (b"<document></document>", "no JSON"),
        (b'{"SurveyEntry": {}, "SurveyElements": []}', "no SurveyJS survey"),
        (b'{"elements":' + b"[" * 100_000, "nested"),
        (b'{"elements":' + b'[{"a":' * 80 + b"1" + b"}]" * 80 + b"}", "nested"),
        (b"[" + b"0," * 5_000_000 + b"0]", "larger"),
        (
            json.dumps({"pages": [{"elements": [{"type": "text", "name": "q"}]}] * 2001}).encode(),
            "more than 2000 pages",
        ),
        (
            json.dumps({"elements": [{"type": "text", "name": f"q{n}"} for n in range(3001)]}).encode(),
            "more than 3000 questions",
        ),
    ],
)  # fmt: skip
def test_what_is_no_survey_is_refused_in_words(content: bytes, words: str) -> None:
    """The wrong kind of file, too deep, too large, or nothing at all."""
    with pytest.raises(FormatError, match=words):
        read_surveyjs(content)


def test_panels_in_panels_end_somewhere() -> None:
    """A file of panels alone is refused before the machine's own bounds are met."""
    inside: dict[str, object] = {"type": "text", "name": "q"}
    for number in range(25):
        inside = {"type": "panel", "name": f"p{number}", "elements": [inside]}
    with pytest.raises(FormatError):
        read(inside)


def test_lists_in_lists_do_not_multiply_without_end() -> None:
    """Each list may be spread to some entries, all of them together to so many questions."""
    inside: dict[str, object] = {"type": "text", "name": "q", "visibleIf": "{panel.q} empty"}
    for number in range(6):
        inside = {
            "type": "paneldynamic",
            "name": f"p{number}",
            "panelCount": 9,
            "templateElements": [inside] * 3,
        }
    try:
        assert len(read(inside).definition.questions) <= 3000
    except FormatError as error:
        assert "more than 3000 questions" in str(error)  # noqa: PT017


def test_scripts_are_taken_out_and_counted() -> None:
    """Out of texts, values, conditions and names; pictures' handlers as well."""
    found = read(
        {"type": "html", "name": "h", "html": "<p onclick='x()'>Hi</p><script>bad()</script> there"},
        {"type": "text", "name": "<script>a</script>b", "title": "<iframe src=x></iframe>Name",
         "defaultValue": "<img src=x onerror=bad()>", "visibleIf": "{a} = '<script>bad()</script>'"},
    )  # fmt: skip
    kept = to_json(found.definition).decode() + json.dumps(found.report.as_json())
    for sign in ("<script", "bad()", "onclick", "onerror", "<iframe"):
        assert sign not in kept
    assert found.report.scripts_removed >= 4
    assert found.definition.question("h").text == "Hi\nthere"


def test_a_file_in_an_envelope_is_found() -> None:
    """Some tools keep the survey under a name."""
    content = json.dumps({"id": 1, "json": {"elements": [{"type": "text", "name": "a"}]}}).encode()
    assert read_surveyjs(content).definition.questions[0].key == "a"
    assert read_surveyjs(b"\xef\xbb\xbf" + content).definition.questions[0].key == "a"
