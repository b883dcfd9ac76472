"""Surveys written for LimeSurvey and read again: the same questions, shown to the same people."""

from __future__ import annotations

import pytest

from surveys import library
from surveys.definition import load
from surveys.formats.limesurvey import read_limesurvey
from surveys.formats.limesurvey.export import write_lss
from surveys.parts import Definition
from tests.conftest import SHARED
from tests.surveys.formats.walks import refused, shown

FOLDER = SHARED / "interop" / "lss"


def again(definition: Definition) -> Definition:
    return read_limesurvey(write_lss(definition).content).definition


def survey(*questions: dict[str, object], **more: object) -> Definition:
    return load({"title": "T", "language": "en", "pages": [{"questions": list(questions)}], **more})


LIST = [{"key": "a", "label": "A"}, {"key": "b", "label": "B"}]
EVERY = [
    {"key": "one", "kind": "single_choice", "text": "One?", "is_required": True, "choices": [
        *LIST, {"key": "other", "label": "Else", "takes_text": True, "is_text_required": True}]},
    {"key": "list", "kind": "dropdown", "text": "List?", "choices": LIST, "choice_order": "random"},
    {"key": "yes", "kind": "yes_no", "text": "Yes?", "is_requested": True},
    {"key": "many", "kind": "multiple_choice", "text": "Many?", "choices": [
        *LIST, {"key": "none", "label": "None", "is_exclusive": True}]},
    {"key": "rank", "kind": "ranking", "text": "Rank?", "choices": LIST, "is_required": True},
    {"key": "num", "kind": "number", "text": "Num?", "settings": {"minimum": 1, "maximum": 9}},
    {"key": "day", "kind": "date", "text": "Day?", "settings": {"minimum": "2020-01-01"}},
    {"key": "hour", "kind": "time", "text": "Hour?"},
    {"key": "line", "kind": "short_text", "text": "Line?", "settings": {"max_length": 40}},
    {"key": "prose", "kind": "long_text", "text": "Prose?"},
    {"key": "scale", "kind": "scale", "text": "Scale?"},
    {"key": "star", "kind": "stars", "text": "Star?"},
    {"key": "face", "kind": "smileys", "text": "Face?"},
    {"key": "score", "kind": "nps", "text": "Would you recommend us?"},
    {"key": "rate", "kind": "matrix_rating", "text": "Rate", "rows": LIST},
    {"key": "pick", "kind": "matrix_single", "text": "Pick", "rows": LIST, "choices": LIST},
    {"key": "drop", "kind": "matrix_dropdown", "text": "Drop", "rows": LIST, "choices": LIST},
    {"key": "tick", "kind": "matrix_multiple", "text": "Tick", "rows": LIST, "choices": LIST},
    {"key": "words", "kind": "matrix_text", "text": "Words", "rows": LIST},
    {"key": "sums", "kind": "matrix_number", "text": "Sums", "rows": LIST},
    {"key": "note", "kind": "statement", "text": "Note & <b>"},
]  # fmt: skip


def test_every_plain_kind_comes_back() -> None:
    definition = survey(*EVERY)
    exported = write_lss(definition)
    back = read_limesurvey(exported.content)
    assert exported.losses == ()
    assert [(q.key, q.kind, q.text, q.is_required) for q in back.definition.questions] == [
        (q.key, q.kind, q.text, q.is_required) for q in definition.questions
    ]
    for before, after in zip(definition.questions, back.definition.questions, strict=True):
        assert [c.key for c in before.choices] == [c.key for c in after.choices], before.key
        assert [c.key for c in before.rows] == [c.key for c in after.rows], before.key
        assert {n: v for n, v in before.settings.items() if n in ("minimum", "maximum", "low", "high")
                and v} == {n: v for n, v in after.settings.items() if n in ("minimum", "maximum", "low", "high")
                and v and before.kind != "ranking"}, before.key  # fmt: skip


@pytest.mark.parametrize(
    ("logic", "yes", "no"),
    [
        ("one == 'a'", {"one": "a"}, {"one": "b"}),
        ("one != 'a'", {}, {"one": "a"}),
        ("'a' in many", {"many": ["a"]}, {"many": ["b"]}),
        ("any_of(many, ['a', 'none'])", {"many": ["none"]}, {"many": ["b"]}),
        ("not is_empty(many) and num > 3", {"many": ["a"], "num": 4}, {"many": ["a"], "num": 3}),
        ("num < 5", {}, {"num": 5}),
        ("score <= 6", {"score": 6}, {"score": 7}),
        ("rate.a + rate.b >= 8", {"rate.a": 4, "rate.b": 4}, {"rate.a": 4, "rate.b": 3}),
        ("pick.a == 'b'", {"pick.a": "b"}, {"pick.a": "a"}),
        ("'b' in tick.a", {"tick.a": ["b"]}, {"tick.b": ["b"]}),
        ("matches(line, '^x+$')", {"line": "xx"}, {"line": "y"}),
        ("count(words.a, words.b) == 2", {"words.a": "x", "words.b": "y"}, {"words.a": "x"}),
        ("if(yes == 'yes', num == 1, num == 2)", {"yes": "yes", "num": 1}, {"yes": "no", "num": 1}),
        ("sum(sums.a, sums.b) == 3", {"sums.a": 1, "sums.b": 2}, {"sums.a": 3, "sums.b": 2}),
        ("length(line) > 2", {"line": "abc"}, {"line": "ab"}),
    ],
)
def test_logic_comes_back_as_it_was(
    logic: str, yes: dict[str, object], no: dict[str, object]
) -> None:
    last = {"key": "last", "kind": "statement", "text": "Last", "show_if": logic.replace("'", '"')}
    definition = survey(*EVERY, last)
    exported = write_lss(definition)
    assert exported.losses == ()
    back = read_limesurvey(exported.content)
    assert [item.outcome for item in back.report.logic if item.path == "last.show_if"] == [
        "evaluated"
    ]
    for made in (definition, back.definition):
        assert "last" in shown(made, yes)[0]
        assert "last" not in shown(made, no)[0]


def test_what_cannot_be_written_is_never_shown_and_said() -> None:
    last = {"key": "last", "kind": "statement", "text": "Last", "show_if": "one % 2 == 1"}
    exported = write_lss(survey(*EVERY, last))
    assert any("last.show_if" in loss for loss in exported.losses)
    assert "last" not in shown(read_limesurvey(exported.content).definition, {"one": "a"})[0]


def test_pages_skips_quotas_and_languages_come_back() -> None:
    definition = load({
        "title": "Title", "language": "en", "introduction": "Hello {{_language}}", "thank_you": "Thanks",
        "pages": [
            {"key": "first", "title": "First", "questions": EVERY[:1],
             "skips": [{"to": "third", "when": 'one == "a"'}]},
            {"key": "second", "questions": [EVERY[5]]},
            {"key": "third", "questions": [EVERY[9]]},
        ],
        "endings": [{"key": "full", "text": "Full", "is_screen_out": True}],
        "quotas": [{"key": "few", "title": "Few", "limit": 3, "when": 'one == "b"', "ending": "full"}],
        "translations": {"de": {"one.text": "Eins?", "one.choices.a": "Ah", "title": "Titel"}},
    })  # fmt: skip
    back = again(definition)
    assert shown(back, {"one": "a"}) == [["one"], ["prose"]]
    assert shown(back, {"one": "b"}) == [["one"], ["num"], ["prose"]]
    assert [(quota.limit, quota.when) for quota in back.quotas] == [
        (3, {"==": [{"var": "one"}, "b"]})
    ]
    assert back.endings[0].text == "Full"
    assert back.translations["de"]["one.text"] == "Eins?"
    assert back.translations["de"]["one.choices.a"] == "Ah"
    assert back.translations["de"]["title"] == "Titel"


def test_checks_and_carried_choices_come_back() -> None:
    definition = survey(
        EVERY[3],
        {"key": "next", "kind": "multiple_choice", "text": "Next?", "choices_from": {"question": "many"}},
        {"key": "num", "kind": "number", "text": "Num?", "checks": [
            {"valid_if": "num > 3", "message": "More."}]},
    )  # fmt: skip
    back = again(definition)
    assert refused(back, {"num": 2}) == ["num"]
    assert refused(back, {"num": 4}) == []
    assert refused(back, {}) == []
    assert shown(back, {"many": ["a"]}) == [["many", "next", "num"]]
    assert shown(back, {}) == [["many", "num"]]


@pytest.mark.parametrize("name", library.names())
def test_the_library_is_written(name: str) -> None:
    definition = library.template(name)
    back = again(definition)
    assert len(back.questions) >= len(definition.questions)


WALKS = {
    "ls205_group_relevance.lss": [
        {"name": "A", "gender": "f", "age": 30, "cohabs": 2, "p1sex": "m", "p1name": "B", "p1rel": "3"},
        {"name": "A", "gender": "m", "age": 30, "cohabs": 0},
        {"name": "A"},
    ],
    "ls205_cascading_array_filter.lss": [
        {}, {"q01": ["a", "b"], "q02": ["a"], "q04": "a"}, {"q01": ["na"]}, {"q06.6": "3"},
    ],
    "ls6_sample_survey_multilingual_fr_de_en_it_ru.lss": [
        {}, {"qc": "yes"}, {"qcs1": ["sh101"], "qcs3": "no"}, {"qcs2": ["sq202"], "qcs3": "yes"},
    ],
}  # fmt: skip


@pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the real LimeSurvey files are not beside this checkout"
)
@pytest.mark.parametrize("name", WALKS)
def test_a_real_survey_is_walked_the_same_after_writing(name: str) -> None:
    definition = read_limesurvey((FOLDER / name).read_bytes()).definition
    back = again(definition)
    for answers in WALKS[name]:
        assert [[key.replace("_", "") for key in page] for page in shown(definition, answers)] == [
            [key.replace("_", "") for key in page] for page in shown(back, answers)
        ]


def test_an_address_comes_back_with_its_values_and_a_video_is_told() -> None:
    """What is put into the address of an ending is written as names there."""
    film = {"key": "film", "kind": "statement", "text": "See",
            "settings": {"video": "/pictures/01a203c5-82ea-7134-9f01-4b7802c7646c"}}  # fmt: skip
    ending = {"key": "finished", "redirect": "https://panel.example/{{num}}?line=1&x={{line}}"}
    asked = ({"key": "num", "kind": "number", "text": "Num?"},
             {"key": "line", "kind": "short_text", "text": "Line?"})  # fmt: skip
    made = write_lss(survey(film, *asked, endings=[ending]))
    assert any("film" in loss and "video" in loss for loss in made.losses)
    (back,) = read_limesurvey(made.content).definition.endings
    assert back.redirect == ending["redirect"]
