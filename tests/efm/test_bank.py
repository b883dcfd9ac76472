"""The question bank through its pages: kept, searched, inserted, undone, renamed, retired."""

from __future__ import annotations

import re
import uuid

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from efm import clock
from efm.feedback import collect
from tests.efm.test_builder import act, draft, made, part, step
from tests.factories import House
from tests.staff_steps import actions


def send(client: FlaskClient, path: str, **form: object) -> TestResponse:
    return client.post(path, data={"csrf_token": client.csrf, **form})  # type: ignore[attr-defined]


def keep(client: FlaskClient, survey_id: uuid.UUID, key: str, name: str, **more: object) -> TestResponse:  # fmt: skip
    given = {"at": f"question.{key}", "name": name, "revision": 1, **more}
    return send(client, f"/surveys/{survey_id}/build/to-bank", **given)


def insert(client: FlaskClient, survey_id: uuid.UUID, handle: str, **place: object) -> TestResponse:
    return send(client, f"/surveys/{survey_id}/build/from-bank", handle=handle, revision=1, **place)


def handle_in(reply: TestResponse) -> str:
    found = re.search(r"kept=(own_[0-9a-f]{32})", reply.location or "")
    assert found is not None, reply.text
    return found[1]


def test_a_question_is_kept_and_asked_in_another_survey(house: House) -> None:
    first, second, designer = made(house), made(house), house.login("designer")
    reply = keep(designer, first, "stay", "  Intention   to stay ", topic="Loyalty")
    handle = handle_in(reply)
    assert part(house, first, "question.stay")["origin"] == handle
    assert "Intention to stay" in designer.get(reply.location).text

    panel = designer.get(f"/surveys/{second}/build?panel=bank&page=value&after=satisfaction").text
    assert f'value="{handle}"' in panel
    assert 'value="standard_recommend"' in panel
    put = insert(designer, second, handle, page="value", after="satisfaction")
    assert put.location == f"/surveys/{second}/build?at=question.stay_2"
    asked = part(house, second, "question.stay_2")
    assert asked["origin"] == handle
    assert asked["choices"] == part(house, first, "question.stay")["choices"]
    keys = [each["key"] for each in draft(house, second)["pages"][2]["questions"]]
    assert keys == ["satisfaction", "stay_2", "stay"]

    step(designer, second, "undo")
    assert "stay_2" not in str(draft(house, second))
    step(designer, second, "redo")
    shown = designer.get(f"/bank-questions/{handle}").text
    assert shown.count("As in the bank") == 2
    assert "Surveys that ask it</dt><dd>2</dd>" in shown
    act(designer, second, 4, do="set_question", at="question.stay_2", text="Will you stay?")
    assert "In other words" in designer.get(f"/bank-questions/{handle}").text
    assert actions(house).count("bank_question.kept") == 1


def test_a_published_survey_counts_after_its_draft_lost_the_question(house: House) -> None:
    survey_id, designer = made(house), house.login("designer")
    handle = handle_in(keep(designer, survey_id, "stay", "Staying"))
    send(designer, f"/surveys/{survey_id}/publish")
    act(designer, survey_id, 2, then="remove question.stay")
    assert "origin" not in str(draft(house, survey_id))
    shown = designer.get(f"/bank-questions/{handle}").text
    assert "Surveys that ask it</dt><dd>1</dd>" in shown
    assert "Only in the draft" not in shown


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": " "}, "Give it a name"),
        ({"name": "x" * 201}, "at most 200 fit"),
        ({"name": "Fine", "topic": "y" * 101}, "at most 100 fit"),
        ({"name": "Fine", "at": "question.gone"}, "This question is gone"),
        ({"name": "Fine", "at": "survey"}, "gone"),
    ],
    ids=["empty", "long", "long_topic", "gone", "no_question"],
)
def test_a_refused_name_stays_in_the_form(house: House, form: dict[str, str], words: str) -> None:
    survey_id, designer = made(house), house.login("designer")
    reply = keep(designer, survey_id, **{"key": "stay", "topic": "Kept topic", **form})
    assert reply.status_code == 422
    assert words in reply.text
    assert 'id="settings-title"' in reply.text
    assert 'value="Kept topic"' in reply.text or "topic" in form
    assert "origin" not in str(draft(house, survey_id))


def test_a_name_is_taken_once_and_pressing_twice_counts_once(house: House) -> None:
    survey_id, designer = made(house), house.login("designer")
    handle = handle_in(keep(designer, survey_id, "stay", "Staying"))
    assert handle_in(keep(designer, survey_id, "stay", "Staying")) == handle
    other = keep(designer, survey_id, "reason", "Staying")
    assert other.status_code == 422
    assert "of this name already" in other.text
    send(designer, f"/bank-questions/{handle}/retire")
    assert "A retired question has this name" in keep(designer, survey_id, "reason", "Staying").text
    reason = handle_in(keep(designer, survey_id, "reason", "Why"))
    renamed = send(designer, f"/bank-questions/{reason}", name="Staying", topic="T")
    assert renamed.status_code == 422
    assert 'value="T"' in renamed.text


def test_what_is_retired_is_not_offered_and_comes_back(house: House) -> None:
    survey_id, designer = made(house), house.login("designer")
    handle = handle_in(keep(designer, survey_id, "stay", "Staying"))
    assert send(designer, f"/bank-questions/{handle}", name="Leaving <b>", topic="Exit").status_code == 303  # fmt: skip
    send(designer, f"/bank-questions/{handle}/retire")
    assert handle not in designer.get(f"/surveys/{survey_id}/build?panel=bank").text
    assert handle not in designer.get("/bank-questions").text
    retired = designer.get("/bank-questions?state=retired").text
    assert "Leaving &lt;b&gt;" in retired
    assert part(house, survey_id, "question.stay")["origin"] == handle
    send(designer, f"/bank-questions/{handle}/bring-back")
    assert handle in designer.get("/bank-questions?topic=Exit").text
    assert [each.partition(".")[2] for each in actions(house) if each.startswith("bank_question")] == [
        "kept", "renamed", "retired", "brought_back",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "found", "left_out"),
    [
        ("q=Kündigen", "standard_stay", "standard_recommend"),
        ("q=own+CONTRACT", "own_", "standard_recommend"),
        ("q=100%25", "No question matches", "standard_"),
        ("kind=ces", "standard_easy", "own_"),
        ("topic=Loyalty", "standard_stay", "standard_easy"),
    ],
    ids=["translation", "several_words", "plain_signs", "kind", "topic"],
)
def test_the_bank_is_searched(house: House, query: str, found: str, left_out: str) -> None:
    survey_id, designer = made(house), house.login("designer")
    keep(designer, survey_id, "stay", "Our own")
    page = designer.get(f"/bank-questions?{query}").text
    assert found in page
    assert f"/bank-questions/{left_out}" not in page


def test_standard_questions_are_drawn_in_their_languages(house: House) -> None:
    analyst = house.login("analyst")
    page = analyst.get("/bank-questions/standard_drivers?language=de")
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    assert "Save name and topic" not in page.text
    drawn = analyst.get("/bank-questions/standard_drivers/drawn?language=de")
    assert "Was hat Ihre Bewertung am meisten beeinflusst?" in drawn.text
    assert drawn.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert analyst.get("/bank-questions/standard_nope").status_code == 404
    assert analyst.get("/bank-questions/own_1").status_code == 404
    assert send(analyst, "/bank-questions/standard_drivers/retire").status_code == 403
    designer = house.login("designer")
    assert send(designer, "/bank-questions/standard_drivers/retire").status_code == 404


def test_an_insert_that_cannot_be_done_says_why_on_the_panel(house: House) -> None:
    survey_id, designer = made(house), house.login("designer")
    reply = insert(designer, survey_id, "standard_easy", page="gone", at="page.gone")
    assert reply.status_code == 422
    assert "This page is gone" in reply.text
    assert 'value="standard_easy"' in reply.text
    assert insert(designer, survey_id, "own_nothing", page="value").status_code == 404


def _answered(house: House, survey_id: uuid.UUID, key: str, *scores: int) -> None:
    with house.unit() as session:
        for score in scores:
            collect.submit_json(session, collect.Incoming(survey_id, {"recommend": 9, key: score}), clock.now())  # fmt: skip


def test_what_several_surveys_ask_is_one_series(house: House) -> None:
    """Those in other words stand beside it; a draft that asks it counts no answers."""
    designer, surveys = house.login("designer"), [made(house) for _ in range(4)]
    for survey_id in surveys:
        insert(designer, survey_id, "standard_easy", page="value")
    act(designer, surveys[2], 2, do="set_question", at="question.easy", text="Was it simple?")
    for survey_id in surveys[:3]:
        send(designer, f"/surveys/{survey_id}/publish")
    _answered(house, surveys[0], "easy", 7, 7, 6, 5)
    _answered(house, surveys[1], "easy", 4, 4, 2, 1)
    _answered(house, surveys[2], "easy", 1, 1, 1, 1, 2)
    page = " ".join(designer.get("/bank-questions/standard_easy").text.split())
    together = page[page.index("CES of all together") :]
    assert ">4.5 <" in together
    assert "n = 8" in together
    assert together.count("too few") == 2
    assert ">1.2 <" in together
    assert "In other words" in together
