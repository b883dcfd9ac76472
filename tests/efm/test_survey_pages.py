"""Surveys, links and responses through the pages that staff use."""

from __future__ import annotations

import io
import re
import uuid
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient

from efm import clock
from efm.feedback import authoring, collect, distributions
from efm.feedback.cells import safe_text
from tests.factories import House


def _post(client: FlaskClient, url: str, **form: Any) -> Any:
    return client.post(url, data={"csrf_token": client.csrf, **form})  # type: ignore[attr-defined]


def _survey(house: House, template: str = "relationship_nps", *, publish: bool = True) -> uuid.UUID:
    with house.unit() as session:
        survey = authoring.create_from_template(session, template, clock.now())
        if publish:
            authoring.publish(session, survey.id, clock.now())
    return survey.id


def _answer(house: House, survey_id: uuid.UUID, **answers: Any) -> uuid.UUID:
    with house.unit() as session:
        outcome = collect.submit_json(session, collect.Incoming(survey_id, answers), clock.now())
    assert outcome.id is not None
    return outcome.id


def test_from_template_to_published_link(house: House) -> None:
    designer = house.login("designer")
    assert "Relationship NPS" in designer.get("/surveys/new").text
    made = _post(designer, "/surveys/new", template="relationship_nps")
    assert made.status_code == 302
    survey_id = made.location.split("/")[-2]
    edit = designer.get(f"/surveys/{survey_id}/edit").text
    assert "How likely are you to recommend us" in edit
    form = {
        "revision": "1",
        "title": "A new title",
        "question.recommend.text": "Would you recommend Northwind?",
        "question.recommend.is_required": "y",
        "question.drivers.text": "What mattered?",
        "question.drivers.choice.price": "The price",
    }
    assert _post(designer, f"/surveys/{survey_id}/edit", **form).status_code == 302
    assert _post(designer, f"/surveys/{survey_id}/publish").status_code == 302
    shown = designer.get(f"/surveys/{survey_id}").text
    assert "Would you recommend Northwind?" in shown
    assert "The price" in shown
    link = _post(
        designer, "/distributions/new", survey=survey_id, name="Everybody", kind="anonymous_link"
    )
    page = designer.get(link.location).text
    url = re.search(r"http://localhost/s/([A-Za-z0-9_-]{22})", page)
    assert url
    answer = house.app.test_client().get(f"/s/{url.group(1)}")
    assert answer.status_code == 200
    assert "Would you recommend Northwind?" in answer.text
    assert designer.get(f"{link.location}/qr.svg").mimetype == "image/svg+xml"
    assert designer.get(f"{link.location}/qr.png").data.startswith(b"\x89PNG")


def test_a_second_editor_keeps_what_was_typed(house: House) -> None:
    survey_id = _survey(house, publish=False)
    designer = house.login("designer")
    _post(designer, f"/surveys/{survey_id}/edit", revision="1", title="First")
    late = _post(designer, f"/surveys/{survey_id}/edit", revision="1", title="Typed by the second")
    assert late.status_code == 409
    assert "Somebody else saved" in late.text
    assert "Typed by the second" in late.text


def test_a_problem_is_told_beside_its_field_and_nothing_is_lost(house: House) -> None:
    survey_id = _survey(house, publish=False)
    designer = house.login("designer")
    answer = _post(
        designer, f"/surveys/{survey_id}/edit", revision="1", title="",
        **{"question.reason.text": "", "introduction": "kept words"},
    )  # fmt: skip
    assert answer.status_code == 422
    assert "kept words" in answer.text
    assert 'href="#field-question.reason.text"' in answer.text
    assert 'id="field-question.reason.text"' in answer.text


def test_questions_move_and_go(house: House) -> None:
    survey_id = _survey(house, publish=False)
    designer = house.login("designer")
    _post(designer, f"/surveys/{survey_id}/edit", revision="1", move="drivers.up")
    _post(
        designer, f"/surveys/{survey_id}/edit", revision="2",
        **{"question.contact.remove": "y"},
    )  # fmt: skip
    with house.unit() as session:
        definition = authoring.read_draft(authoring.get(session, survey_id).draft)
    keys = [question.key for question in definition.questions]
    assert keys.index("drivers") < keys.index("reason")
    assert "contact" not in keys


def test_personal_links_for_a_list_of_people(house: House) -> None:
    survey_id = _survey(house)
    designer = house.login("designer")
    people = "E-Mail;Name;Phone\ndora@x.example;Dora;+49 30 1234567\nnot a mail;X;\nDORA@x.example;Dora;\nemil@x.example;=cmd|' /C calc'!A0;\n"
    made = _post(
        designer, "/distributions/new", survey=str(survey_id), name="Customers", kind="personal_links",
        people=(io.BytesIO(people.encode()), "people.csv"),
    )  # fmt: skip
    assert made.status_code == 302, made.text
    links = designer.get(made.location + "/links.csv").data.decode("utf-8-sig")
    lines = links.strip().splitlines()
    assert len(lines) == 3
    assert all("http://localhost/s/" in line for line in lines[1:])
    assert "'=cmd" in links
    token = re.search(r"/s/([A-Za-z0-9_-]{22})", links)
    assert token
    assert house.app.test_client().get("/s/" + token.group(1)).status_code == 200


@pytest.mark.parametrize("people", [b"", b"colour\nred\n", b"\xff\xfe\x00", b'"' * 2000])
def test_a_list_that_cannot_be_used_says_why(house: House, people: bytes) -> None:
    survey_id = _survey(house)
    answer = _post(
        house.login("designer"), "/distributions/new", survey=str(survey_id), name="Typed name",
        kind="personal_links", people=(io.BytesIO(people), "people.csv"),
    )  # fmt: skip
    assert answer.status_code == 422
    assert "Typed name" in answer.text


def test_responses_are_listed_read_and_downloaded(house: House) -> None:
    survey_id = _survey(house)
    comment = '=HYPERLINK("http://evil.example","click") I love it, great service!'
    response_id = _answer(house, survey_id, recommend=9, reason=comment, drivers=["price", "ease"])
    analyst = house.login("analyst")
    assert "I love it" in analyst.get("/responses?band=promoter&sentiment=positive").text
    assert "No response matches" in analyst.get("/responses?band=detractor").text
    assert "I love it" in analyst.get("/responses?q=LOVE").text
    assert "Value for money" in analyst.get(f"/responses/{response_id}").text
    table = analyst.get(f"/surveys/{survey_id}/responses.csv").data.decode("utf-8-sig")
    assert "'=HYPERLINK" in table
    assert ",9," in table
    book = openpyxl.load_workbook(
        io.BytesIO(analyst.get(f"/surveys/{survey_id}/responses.xlsx").data)
    )
    rows = list(book.active.iter_rows(values_only=True))  # type: ignore[union-attr]
    by_name = dict(zip(rows[0], rows[1], strict=True))
    assert by_name["recommend"] == 9
    assert str(by_name["reason"]).startswith("'=HYPERLINK")


def test_paging_shows_every_response_once(house: House) -> None:
    survey_id = _survey(house)
    with house.unit() as session:
        rows = [collect.Incoming(survey_id, {"recommend": i % 11}) for i in range(120)]
        collect.submit_batch(session, rows, clock.now())
    analyst = house.login("analyst")
    url, seen = "/responses", set()
    for _ in range(5):
        page = analyst.get(url).text
        found = set(re.findall(r"/responses/([0-9a-f-]{36})", page))
        assert not found & seen
        seen |= found
        more = re.search(r'href="(/responses\?[^"]*after=[^"]+)"', page)
        if not more:
            break
        url = more.group(1).replace("&amp;", "&")
    assert len(seen) == 120


def test_another_organization_sees_none_of_it(house: House, stranger: House) -> None:
    survey_id = _survey(stranger)
    response_id = _answer(stranger, survey_id, recommend=9, reason="secret words of the stranger")
    with stranger.unit() as session:
        link = distributions.open_link(
            session, house.app.extensions["efm.vault"], survey_id, clock.now(), name="theirs"
        )
    owner = house.login("owner")
    for url in (
        f"/surveys/{survey_id}", f"/surveys/{survey_id}/edit", f"/responses/{response_id}",
        f"/distributions/{link.id}", f"/distributions/{link.id}/qr.svg",
        f"/distributions/{link.id}/links.csv", f"/surveys/{survey_id}/responses.csv",
        f"/surveys/{survey_id}/versions/1.yaml",
    ):  # fmt: skip
        assert owner.get(url).status_code == 404, url
    assert "secret words" not in owner.get("/responses").text


FORMULAS = (
    "=1+1",
    "+1",
    "-1+2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "\u00a0=1",
    "\ufeff=1",
    "＝1",
    "\n=1",
    "\x00=1",
)


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_a_formula(text: str) -> None:
    assert safe_text(text).startswith("'")


@pytest.mark.parametrize("text", ["fine", "a=b", "3 - 2", "", "Größe", "🙂 great"])
def test_harmless_texts_stay_as_they_are(text: str) -> None:
    assert safe_text(text) == text
