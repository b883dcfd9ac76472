"""Standard questions, and questions taken out of one survey and put into another."""

from __future__ import annotations

from typing import Any

import pytest

from surveys import bank, editing, library
from surveys.definition import dump, load
from surveys.editing import Document, EditRefused
from surveys.errors import UnknownName
from surveys.localizing import untranslated
from surveys.review import review


def document(template: str = "relationship_nps", **more: Any) -> Document:
    return dump(load(dump(library.template(template)) | more))


def part(made: Document, address: str) -> Document:
    found = editing.element(made, address)
    assert found is not None
    return found


@pytest.mark.parametrize("key", bank.standards())
def test_a_standard_question_is_well_worded_in_every_language(key: str) -> None:
    kept = bank.standard(key)
    question = kept.definition.questions[0]
    assert question.text.endswith(("?", "."))
    assert "!" not in question.text
    assert kept.purpose.endswith(".")
    assert kept.topic
    for language in ("de", "fr", "es"):
        assert set(untranslated(kept.definition, language)) <= {"title"}
    said = [each for each in review(kept.definition) if "questions" in each.path and each.level != "note"]  # fmt: skip
    assert said == []


def test_an_unknown_standard_question_is_refused() -> None:
    with pytest.raises(UnknownName):
        bank.standard("nope")


@pytest.mark.parametrize("template", library.names())
def test_every_question_of_every_template_can_be_kept_and_put_in_again(template: str) -> None:
    """Whatever it was tied to: what comes back is a definition."""
    made = document(template)
    for question in library.template(template).questions:
        kept = editing.taken_out(made, question.key)
        assert len(kept.questions) == 1
        put = editing.put_in(made, kept, made["pages"][0]["key"], origin="own_1")
        assert part(put.document, put.at)["origin"] == "own_1"
        assert put.at != f"question.{question.key}"
        assert part(put.document, put.at)["text"] == part(made, f"question.{question.key}")["text"]


def test_logic_of_others_goes_and_its_own_follows_the_key() -> None:
    made = document()
    made = editing.set_fields(
        made,
        "question.drivers",
        {
            "show_if": "recommend <= 6",
            "checks": [
                {"valid_if": "length(drivers) > 1", "message": "Two."},
                {"valid_if": "recommend > 1", "message": "No."},
            ],
            "text": "Why {{recommend|that score}}?",
        },
    ).document
    kept = editing.taken_out(made, "drivers")
    question = kept.questions[0]
    assert question.show_if is None
    assert question.text == "Why that score?"
    assert [check.message for check in question.checks] == ["Two."]
    put = editing.put_in(made, kept, "reasons", after="drivers")
    assert put.at == "question.drivers_2"
    assert part(put.document, put.at)["checks"] == [
        {"valid_if": {">": [{"length": [{"var": "drivers_2"}]}, 1]}, "message": "Two."}
    ]


def test_choices_taken_over_are_written_out() -> None:
    made = document()
    made = editing.add_question(made, "single_choice", "reasons", after="drivers", text="Most?")
    made = editing.set_fields(
        made.document, made.at, {"choices": None, "choices_from": {"question": "drivers"}}
    ).document
    kept = editing.taken_out(made, "most").questions[0]
    assert kept.choices_from is None
    assert [choice.key for choice in kept.choices][:2] == ["quality", "support"]


@pytest.mark.parametrize(
    ("language", "text"),
    [("de-AT", "Wie wahrscheinlich"), ("fr", "Dans quelle mesure"), ("nl", "How likely")],
)
def test_it_speaks_the_languages_of_the_survey(language: str, text: str) -> None:
    kept = bank.standard("recommend").definition
    made = document("post_support_csat", language=language, translations={"es": {}, "en": {}})
    made["translations"] = {"es": {"title": "Hola"}, "en": {"title": "Hello"}}
    put = editing.put_in(made, kept, made["pages"][0]["key"])
    key = put.at.removeprefix("question.")
    assert part(put.document, put.at)["text"].startswith(text)
    others = put.document["translations"]
    assert others["es"][f"{key}.text"].startswith("¿Qué probabilidad")
    assert (f"{key}.text" in others["en"]) == (language != "nl")
    assert set(others) == {"es", "en"}, "no language is added to a survey by the way"


def test_translations_go_with_a_kept_question() -> None:
    made = document(translations={"de": {"reason.text": "Warum?", "title": "Titel"}})
    kept = editing.taken_out(made, "reason")
    assert dict(kept.translations["de"]) == {"reason.text": "Warum?"}
    put = editing.put_in(made, kept, "value")
    assert put.document["translations"]["de"]["reason_2.text"] == "Warum?"


def test_what_nobody_is_asked_is_not_kept() -> None:
    made = editing.add_question(document(), "calculated", "reasons")
    with pytest.raises(EditRefused, match="Nobody is asked"):
        editing.taken_out(made.document, made.at.removeprefix("question."))
    with pytest.raises(EditRefused, match="gone"):
        editing.taken_out(document(), "gone")


def test_the_origin_stays_with_its_words_and_goes_with_its_kind() -> None:
    made = editing.put_in(document(), bank.standard("easy").definition, "value", origin="standard_easy")  # fmt: skip
    words = editing.set_fields(made.document, made.at, {"text": "It was simple."}).document
    assert part(words, made.at)["origin"] == "standard_easy"
    other = editing.change_kind(words, "easy", "likert").document
    assert "origin" not in part(other, made.at)
    with pytest.raises(EditRefused):
        editing.marked(words, "easy", "not a key", "x")
