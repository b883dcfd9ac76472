"""A test run walks the draft as a respondent and stores nothing; the flow map shows its ways."""

from __future__ import annotations

import html
import re
import uuid
from typing import Any

from sqlalchemy import func, select

from efm import clock
from efm.feedback import authoring
from efm.models import Answer, Response
from surveys.definition import load_yaml
from tests.factories import House

SURVEY = """
title: Walk
language: en
translations: {de: {nps.text: Wie wahrscheinlich?}}
data: [{key: region, name: region}]
endings: [{key: sorry, title: Sorry, text: "We call you, {{who|friend}}", show_if: nps <= 6}, {key: bye, title: Bye}]
pages:
  - key: one
    skips: [{to: three, when: nps >= 9}]
    questions: [{key: nps, kind: nps, text: "How likely, {{_data.region|anywhere}}?", is_required: true}]
  - {key: two, title: Second, questions: [{key: who, kind: short_text, text: Who are you?}]}
  - key: three
    show_if: is_answered(nps)
    questions: [{key: why, kind: multiple_choice, text: Why?, choices: [{key: a, label: First}, {key: b, label: Second}]}]
"""


def made(house: House) -> uuid.UUID:
    with house.unit() as session:
        return authoring.create(session, load_yaml(SURVEY), clock.now()).id


def said(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def send(client: Any, address: str, page: str, **answers: Any) -> str:
    """Press a button of the page that stands in the frame."""
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page))
    return str(client.post(address, data={**hidden, **answers}).text)


def test_a_walk_follows_the_logic_and_stores_nothing(house: House) -> None:
    survey_id, designer = made(house), house.login("designer")
    assert "Nothing is stored" in designer.get(f"/surveys/{survey_id}/test").text
    address = f"/surveys/{survey_id}/test/page?region=Tyrol"
    first = designer.get(address)
    assert first.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "How likely, Tyrol?" in first.text
    refused = send(designer, address, first.text, nps="11")
    assert "Second" not in refused
    second = send(designer, address, first.text, nps="3")
    assert "Who are you?" in second
    back = send(designer, address, second, _go="back")
    assert "How likely" in back
    assert re.search(r'value="3"[^>]*checked', back)
    third = send(designer, address, second, who="Ana <b>")
    assert "Why?" in third
    end = send(designer, address, third, why=["a", "b"])
    assert "We call you, Ana <b>" in said(end)
    assert "First, Second" in said(end)
    promoter = send(designer, address, first.text, nps="10")
    assert "Why?" in promoter, "the second page is passed by"
    assert "Bye" in send(designer, address, promoter)
    with house.unit() as session:
        for table in (Response, Answer):
            assert session.execute(select(func.count()).select_from(table)).scalar_one() == 0


def test_a_walk_in_another_language_and_with_a_forged_state(house: House) -> None:
    survey_id, designer = made(house), house.login("designer")
    address = f"/surveys/{survey_id}/test/page?language=de"
    page = designer.get(address).text
    assert "Wie wahrscheinlich?" in page
    forged = re.sub(r'(name="_state" value=")[^"]+', r"\1Zm9yZ2Vk", page)
    assert designer.get(f"/surveys/{survey_id}/test?language=de").status_code == 200
    assert "Who are you?" in send(designer, address, forged, nps="3")


def test_the_map_shows_where_pages_lead(house: House) -> None:
    survey_id, analyst = made(house), house.login("analyst")
    page = analyst.get(f"/surveys/{survey_id}/map").text
    assert "If “How likely, {{_data.region|anywhere}}?” is at least 9: go to Page 3" in said(page)
    assert 'class="flow-line flow-way"' in page
    assert "Sorry" in page
    assert "build?at=" not in page, "an analyst may look, not edit"
