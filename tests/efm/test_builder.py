"""The builder through its pages: operations, undo, two editors, problems that keep what was typed."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from efm import clock
from efm.feedback import authoring, revisions
from efm.models import Survey
from surveys import editing
from surveys.definition import dump, load, load_yaml, to_json
from surveys.kinds import KINDS
from tests.factories import House


def made(house: House, template: str = "relationship_nps") -> uuid.UUID:
    with house.unit() as session:
        return authoring.create_from_template(session, template, clock.now()).id


def draft(house: House, survey_id: uuid.UUID) -> dict[str, Any]:
    with house.unit() as session:
        return dict(authoring.get(session, survey_id).draft)


def revision(house: House, survey_id: uuid.UUID) -> int:
    with house.unit() as session:
        return authoring.get(session, survey_id).draft_revision


def part(house: House, survey_id: uuid.UUID, address: str) -> dict[str, Any]:
    found = editing.element(draft(house, survey_id), address)
    assert found is not None
    return found


def act(client: FlaskClient, survey_id: uuid.UUID, revision: int, **form: Any) -> TestResponse:
    """Send a form of the builder; a double underscore in a name stands for a dot."""
    fields = {name.replace("__", "."): value for name, value in form.items()}
    sent = {"csrf_token": client.csrf, "revision": revision, **fields}  # type: ignore[attr-defined]
    return client.post(f"/surveys/{survey_id}/build", data=sent)


def step(client: FlaskClient, survey_id: uuid.UUID, way: str) -> TestResponse:
    sent = {"csrf_token": client.csrf}  # type: ignore[attr-defined]
    return client.post(f"/surveys/{survey_id}/build/{way}", data=sent)


@pytest.mark.parametrize(
    "query",
    ["", "at=survey", "at=page.reasons", "at=drivers", "at=question.drivers&tab=logic", "panel=kinds&page=reasons",
     "panel=kinds&change=drivers&at=drivers", "at=nowhere", "at=question.gone.gone", "tab=x&panel=x"],
)  # fmt: skip
def test_everything_can_be_selected(house: House, query: str) -> None:
    page = house.login("designer").get(f"/surveys/{made(house)}/build?{query}")
    assert page.status_code == 200
    assert "How likely are you to recommend" in page.text
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]


def test_a_question_is_added_written_and_moved(house: House) -> None:
    survey_id, designer = made(house), house.login("designer")
    added = act(designer, survey_id, 1, do="add_question", kind="stars", page="reasons", after="reason", text="How was the portal <3?")  # fmt: skip
    assert added.location == f"/surveys/{survey_id}/build?at=question.how_portal_3"
    page = designer.get(added.location).text
    assert "How was the portal &lt;3?" in page
    act(
        designer, survey_id, 2, do="set_question", at="question.how_portal_3", text="Our portal?",
        help="All of it.", need="required", has_settings="1", setting__points="10",
    )  # fmt: skip
    question = part(house, survey_id, "question.how_portal_3")
    assert question["text"] == "Our portal?"
    assert question["is_required"] is True
    assert question["settings"]["points"] == 10
    act(designer, survey_id, 3, then="up question.how_portal_3")
    keys = [each["key"] for each in draft(house, survey_id)["pages"][1]["questions"]]
    assert keys[0] == "how_portal_3"
    act(
        designer,
        survey_id,
        4,
        do="drop",
        dragged="question.how_portal_3",
        page="reasons",
        place="9",
    )
    assert [each["key"] for each in draft(house, survey_id)["pages"][1]["questions"]][
        -1
    ] == "how_portal_3"


def test_choices_are_edited_line_by_line_and_pasted(house: House) -> None:
    survey_id, designer = made(house), house.login("designer")
    form = {
        "do": "set_question", "at": "question.drivers", "text": "What?", "need": "optional",
        "line.choices.price.label": "Cost", "line.choices.price.value": "-1,5",
        "line.choices.price.is_exclusive": "1", "new.choices": "Speed", "paste.choices": "A\r\nB\r\n\r\n",
    }  # fmt: skip
    act(designer, survey_id, 1, **form)
    choices = {each["key"]: each for each in part(house, survey_id, "question.drivers")["choices"]}
    assert choices["price"] == {
        "key": "price",
        "label": "Cost",
        "value": -1.5,
        "is_exclusive": True,
    }
    assert {"speed", "a", "b"} <= set(choices)
    act(
        designer,
        survey_id,
        2,
        do="set_question",
        at="question.drivers",
        text="Which?",
        then="choice_up choices b",
    )
    act(designer, survey_id, 3, at="question.drivers", then="remove_choice choices a")
    question = part(house, survey_id, "question.drivers")
    assert question["text"] == "Which?", "what stood in the form is saved before the button acts"
    keys = [each["key"] for each in question["choices"]]
    assert "a" not in keys
    assert keys.index("b") < keys.index("speed") + 2
    act(
        designer,
        survey_id,
        4,
        at="question.drivers",
        do="sort_choices",
        which="choices",
        keys="b speed",
    )
    assert [each["key"] for each in part(house, survey_id, "question.drivers")["choices"]][:2] == [
        "b",
        "speed",
    ]


def test_a_page_is_asked_for_each_of_several_things(house: House) -> None:
    survey_id, designer = made(house), house.login("designer")
    pages = [each["key"] for each in draft(house, survey_id)["pages"]]
    last = f"page.{pages[-1]}"
    page = designer.get(f"/surveys/{survey_id}/build?at={last}").text
    assert "Ask this page for each of" in page
    typed = {"loop.over": "_list", "loop.items": "Tea\nCoffee", "loop.order": "random"}
    act(designer, survey_id, 1, do="set_page", at=last, **typed)
    assert part(house, survey_id, last)["loop"] == {
        "items": [{"key": "tea", "label": "Tea"}, {"key": "coffee", "label": "Coffee"}],
        "order": "random",
    }
    act(
        designer,
        survey_id,
        2,
        do="set_page",
        at=last,
        **{**typed, "loop.items": "Coffee\nGreen tea"},
    )
    assert part(house, survey_id, last)["loop"]["items"] == [
        {"key": "coffee", "label": "Coffee"},
        {"key": "tea", "label": "Green tea"},
    ]
    wrong = act(designer, survey_id, 3, do="set_page", at=last, **{"loop.over": "gone"})
    assert wrong.status_code == 422
    assert 'href="#field-loop.over"' in wrong.text
    act(designer, survey_id, 3, do="set_page", at=last, **{"loop.over": ""})
    assert "loop" not in part(house, survey_id, last)


def test_problems_stand_beside_their_fields_with_what_was_typed(house: House) -> None:
    survey_id, designer = made(house), house.login("designer")
    answer = act(
        designer, survey_id, 1, do="set_question", at="question.drivers", text=" ", help="typed <words>",
        has_settings="1", setting__maximum="many", line__choices__price__label="", new__choices="kept too",
    )  # fmt: skip
    assert answer.status_code == 422
    for typed in ("typed &lt;words&gt;", 'value="many"', 'value="kept too"'):
        assert typed in answer.text
    for name in ("text", "setting.maximum", "line.choices.price.label"):
        assert f'href="#field-{name}"' in answer.text
        assert f'id="field-{name}"' in answer.text
    assert revision(house, survey_id) == 1


@pytest.mark.parametrize(
    "form",
    [{}, {"do": "x"}, {"then": "x"}, {"then": "up"}, {"then": "up question.gone"}, {"do": "add_question"},
     {"do": "add_question", "kind": "nps", "page": "gone"}, {"do": "change_kind", "at": "question.drivers"},
     {"then": "choice_up"}, {"then": "remove_choice choices", "at": "question.drivers"},
     {"do": "add_part", "sort": "pages"}, {"do": "drop"}, {"do": "set_question", "at": "question.gone", "text": "x"},
     {"do": "set_page", "at": "survey"}, {"then": "remove survey"}, {"do": "sort_choices", "at": "survey"},
     {"do": "set_quota", "at": "question.drivers", "limit": "x"}],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_in_words(house: House, form: dict[str, Any]) -> None:
    survey_id = made(house)
    answer = act(house.login("designer"), survey_id, 1, **form)
    assert answer.status_code in (409, 422)
    assert revision(house, survey_id) == 1


def test_undo_gives_the_very_bytes_back_and_redo_goes_forth(house: House) -> None:
    survey_id, designer = made(house), house.login("designer")
    states = [to_json(load(draft(house, survey_id)))]
    for number, form in enumerate(
        (
            {"do": "add_question", "kind": "matrix_single", "page": "reasons"},
            {"then": "remove question.reason"},
            {"do": "set_survey", "at": "survey", "title": "Another"},
        )
    ):
        act(designer, survey_id, number + 1, **form)
        states.append(to_json(load(draft(house, survey_id))))
    assert len(set(states)) == 4
    for state in reversed(states[:-1]):
        assert step(designer, survey_id, "undo").status_code == 303
        assert to_json(load(draft(house, survey_id))) == state
    assert step(designer, survey_id, "undo").status_code == 409
    for state in states[1:]:
        step(designer, survey_id, "redo")
        assert to_json(load(draft(house, survey_id))) == state
    assert step(designer, survey_id, "redo").status_code == 409
    step(designer, survey_id, "undo")
    step(designer, survey_id, "undo")
    act(designer, survey_id, revision(house, survey_id), then="add_page")
    assert step(designer, survey_id, "redo").status_code == 409, (
        "a new change ends what could be redone"
    )
    step(designer, survey_id, "undo")
    assert to_json(load(draft(house, survey_id))) == states[1]
    assert "Undo: Added a question" in designer.get(f"/surveys/{survey_id}/build").text


def test_two_editors_of_different_parts_do_not_disturb_each_other(house: House) -> None:
    survey_id, dora, anna = made(house), house.login("designer"), house.login("owner")
    act(dora, survey_id, 1, do="set_question", at="question.reason", text="Dora's words")
    late = act(anna, survey_id, 1, do="set_question", at="question.drivers", text="Anna's words")
    assert late.status_code == 303
    assert part(house, survey_id, "question.reason")["text"] == "Dora's words"
    assert part(house, survey_id, "question.drivers")["text"] == "Anna's words"
    assert act(anna, survey_id, 1, then="down question.reason").status_code == 303


def test_two_editors_of_the_same_part_see_both_and_choose(house: House) -> None:
    survey_id, dora, anna = made(house), house.login("designer"), house.login("owner")
    act(dora, survey_id, 1, do="set_question", at="question.reason", text="Dora's words")
    late = act(anna, survey_id, 1, do="set_question", at="question.reason", text="Anna's words")
    assert late.status_code == 409
    assert "Dora&#39;s words" in late.text
    assert "Anna&#39;s words" in late.text
    assert part(house, survey_id, "question.reason")["text"] == "Dora's words"
    form = late.text.split('id="keep-mine"')[0].rpartition("<form")[2]
    again = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form)) | {"text": "Anna's words"}
    assert dora.get(f"/surveys/{survey_id}/build").status_code == 200
    kept = anna.post(f"/surveys/{survey_id}/build", data=again)
    assert kept.status_code == 303
    assert part(house, survey_id, "question.reason")["text"] == "Anna's words"


def test_one_persons_own_changes_are_no_conflict(house: House) -> None:
    survey_id, dora = made(house), house.login("designer")
    for words in ("One", "Two", "Three"):
        assert (
            act(dora, survey_id, 1, do="set_question", at="question.reason", text=words).status_code
            == 303
        )


def test_what_was_typed_for_something_removed_is_not_lost(house: House) -> None:
    survey_id, dora, anna = made(house), house.login("designer"), house.login("owner")
    act(dora, survey_id, 1, then="remove question.reason")
    late = act(
        anna, survey_id, 1, do="set_question", at="question.reason", text="Long thought words"
    )
    assert late.status_code == 409
    assert "Long thought words" in late.text
    assert "was removed" in late.text


def test_removing_asks_about_what_refers(house: House) -> None:
    survey_id, designer = made(house), house.login("designer")
    with house.unit() as session:
        document = editing.set_fields(
            dict(authoring.get(session, survey_id).draft),
            "question.reason",
            {"show_if": "recommend <= 6"},
        ).document
        authoring.save_draft(session, survey_id, document, 1, clock.now())
    asked = act(designer, survey_id, 2, at="question.recommend", then="remove question.recommend")
    assert asked.status_code == 409
    assert "when it is shown" in asked.text
    for about, stays in (("keep", True), ("remove", False)):
        survey = made(house)
        with house.unit() as session:
            authoring.save_draft(session, survey, document, 1, clock.now())
        act(designer, survey, 2, then="remove question.recommend", references=about)
        assert ("show_if" in part(house, survey, "question.reason")) is stays


def test_only_the_last_two_hundred_revisions_are_kept(house: House) -> None:
    survey_id = made(house)
    with house.unit() as session:
        survey = revisions.locked(session, survey_id)
        for number in range(revisions.KEPT + 30):
            document = dict(survey.draft) | {"title": f"Title {number}"}
            revisions.keep(session, survey, document, f"Title {number}", clock.now())
        assert revisions.at(session, survey_id, 30) is None
        assert (
            revisions.at(session, survey_id, survey.draft_revision - revisions.KEPT + 1) is not None
        )


def test_history_tells_and_gives_back(house: House) -> None:
    survey_id, designer = made(house), house.login("designer")
    before = draft(house, survey_id)
    act(designer, survey_id, 1, then="remove question.reason")
    page = designer.get(f"/surveys/{survey_id}/revisions").text
    assert "Removed “What is the main reason" in page
    assert "Dora" in page
    sent = {"csrf_token": designer.csrf, "revision": 1}  # type: ignore[attr-defined]
    assert designer.post(f"/surveys/{survey_id}/revisions", data=sent).status_code == 303
    assert draft(house, survey_id) == before


def test_the_preview_is_the_public_page_and_may_be_framed_by_us_only(house: House) -> None:
    survey_id, designer = made(house), house.login("designer")
    page = designer.get(f"/surveys/{survey_id}/preview?page=reasons")
    assert "What influenced your score most?" in page.text
    assert page.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in page.headers["Content-Security-Policy"]
    assert designer.get(f"/surveys/{survey_id}/build").headers["X-Frame-Options"] == "DENY"
    assert "Thank you" in designer.get(f"/surveys/{survey_id}/preview?ending=none").text


def test_the_preview_shows_the_first_turn_of_a_loop(house: House) -> None:
    definition = load_yaml(
        "title: T\nlanguage: en\npages:\n"
        "  - questions: [{key: shops, kind: multiple_choice, text: Which?,"
        " choices: [{key: oslo, label: Oslo}, {key: bergen, label: Bergen}]}]\n"
        "  - {key: each, title: 'About {{_loop.text}}', loop: {over: shops}, questions: ["
        "{key: rating, kind: csat, text: 'How was {{_loop.text}}?'},"
        "{key: why, kind: short_text, text: 'Why not {{_loop.text}}?', show_if: is_answered(rating) and rating <= 2}]}"
    )
    with house.unit() as session:
        survey_id = authoring.create(session, definition, clock.now()).id
    designer = house.login("designer")
    page = designer.get(f"/surveys/{survey_id}/preview?page=each").text
    assert "About Oslo" in page
    assert "How was Oslo?" in page
    assert 'data-question="why.oslo"><template>' in page
    worked_on = designer.get(f"/surveys/{survey_id}/preview?page=each&question=why").text
    assert "Why not Oslo?" in worked_on
    assert 'data-question="why.oslo"><template>' not in worked_on


@pytest.mark.parametrize("language", ["ar", "de"])
def test_the_preview_speaks_the_languages_of_the_survey(house: House, language: str) -> None:
    definition = load_yaml(
        "title: T\nlanguage: en\ntranslations: {ar: {a.text: مرحبا}, de: {a.text: Hallo}}\n"
        "pages: [{questions: [{key: a, kind: short_text, text: Hello}]}]"
    )
    with house.unit() as session:
        survey_id = authoring.create(session, definition, clock.now()).id
    page = house.login("designer").get(f"/surveys/{survey_id}/preview?language={language}").text
    assert {"ar": "مرحبا", "de": "Hallo"}[language] in page
    assert f'dir="{"rtl" if language == "ar" else "ltr"}"' in page


def test_the_preview_lays_out_every_kind(house: House) -> None:
    survey_id, designer = made(house), house.login("designer")
    with house.unit() as session:
        survey = authoring.get(session, survey_id)
        document = dict(survey.draft)
        for kind in KINDS:
            document = editing.add_question(document, kind, "reasons").document
        survey.draft = dump(load(document))
    assert designer.get(f"/surveys/{survey_id}/preview?page=reasons").status_code == 200
    for kind in KINDS:
        assert designer.get(f"/surveys/{survey_id}/build?at={kind}").status_code == 200, kind


def test_two_hundred_questions_are_quick(house: House) -> None:
    survey_id, designer = made(house), house.login("designer")
    pages = [
        {"key": f"p{n}", "questions": [
            {"key": f"q{n}_{m}", "kind": "single_choice", "text": f"Question {m} of page {n} " * 5,
             "choices": [{"key": f"c{i}", "label": f"Choice {i}"} for i in range(8)]} for m in range(10)]}
        for n in range(20)
    ]  # fmt: skip
    with house.unit() as session:
        survey = session.get_one(Survey, (house.id, survey_id))
        survey.draft = dump(load({"title": "Long", "language": "en", "pages": pages}))
    designer.get(f"/surveys/{survey_id}/build")
    before = clock.now()
    page = designer.get(f"/surveys/{survey_id}/build?at=q10_5")
    seconds = (clock.now() - before).total_seconds()
    assert page.text.count("outline-line") > 200
    assert seconds < 1.0
    print(f"200 questions: {seconds * 1000:.0f} ms, {len(page.data):,} bytes")


def test_a_stranger_and_an_analyst_build_nothing(house: House, stranger: House) -> None:
    survey_id = made(stranger)
    owner = house.login("owner")
    assert owner.get(f"/surveys/{survey_id}/build").status_code == 404
    assert act(owner, survey_id, 1, then="add_page").status_code == 404
    assert house.login("analyst").get(f"/surveys/{made(house)}/build").status_code == 403
