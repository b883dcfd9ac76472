"""The list of surveys: folders, sorting, beginning empty; importing with its report."""

from __future__ import annotations

import base64
import html
import io
import json
import re
import zlib
from typing import Any

import pytest

from efm import clock
from efm.feedback import authoring
from efm.web.pages.survey_imports import LARGEST
from surveys.definition import load
from tests.efm.test_builder import act, draft, made
from tests.factories import House

SURVEYJS = {
    "title": "Their survey",
    "pages": [
        {"name": "p1", "elements": [
            {"type": "radiogroup", "name": "plan", "title": "Which <b>plan</b>?", "choices": ["Small", "Large"]},
            {"type": "comment", "name": "why", "visibleIf": "{plan} = 'Large'"},
            {"type": "html", "name": "note", "html": "<script>alert(1)</script><p>Hello</p>"},
        ]},
    ],
}  # fmt: skip


def post(client: Any, url: str, **form: Any) -> Any:
    return client.post(url, data={"csrf_token": client.csrf, **form})


def upload(client: Any, content: bytes, name: str = "theirs.json") -> Any:
    return post(client, "/surveys/import", file=(io.BytesIO(content), name))


def names(page: str) -> list[str]:
    return [html.unescape(each) for each in re.findall(r'class="row-link"[^>]*>([^<]+)<', page)]


def test_surveys_lie_in_folders_and_are_sorted(house: House) -> None:
    designer = house.login("designer")
    for name in ("b second", "A first", "C third"):
        with house.unit() as session:
            definition = load(
                {
                    "title": name,
                    "language": "en",
                    "pages": [{"questions": [{"key": "q", "kind": "nps", "text": "Q"}]}],
                }
            )
            survey_id = authoring.create(session, definition, clock.now()).id
        if name != "C third":
            assert (
                post(
                    designer, f"/surveys/{survey_id}/folder", folder=" Support & sales "
                ).status_code
                == 302
            )
    assert names(designer.get("/surveys?sort=name").text) == ["A first", "b second", "C third"]
    assert names(designer.get("/surveys?sort=-name").text) == ["C third", "b second", "A first"]
    inside = designer.get("/surveys?folder=Support+%26+sales&sort=name").text
    assert names(inside) == ["A first", "b second"]
    assert names(designer.get("/surveys?folder=-").text) == ["C third"]
    assert names(designer.get("/surveys?folder=Support+%26+sales&q=second").text) == ["b second"]
    assert "No survey matches" in designer.get("/surveys?folder=gone").text
    for sort in ("state", "responses", "answered", "edited", "nonsense", "-"):
        assert designer.get(f"/surveys?sort={sort}").status_code == 200


def test_an_empty_survey_is_begun(house: House) -> None:
    designer = house.login("designer")
    begun = post(designer, "/surveys/new/blank")
    page = designer.get(begun.location)
    assert page.status_code == 200
    assert "New survey" in page.text


def test_a_file_is_reported_on_before_the_draft_is_made(house: House) -> None:
    designer = house.login("designer")
    report = upload(designer, json.dumps(SURVEYJS).encode())
    assert report.status_code == 200
    assert "Their survey" in report.text
    assert "Nothing is saved yet" in report.text
    assert "alert(1)" not in report.text
    assert "No surveys yet" in designer.get("/surveys").text
    packed = re.search(r'name="definition" value="([^"]+)"', report.text)
    assert packed
    confirmed = post(designer, "/surveys/import/confirm", definition=packed[1])
    page = designer.get(confirmed.location).text
    assert "Which plan?" in page
    assert "Their survey" in page


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [(b"", "a.json", "empty"), (b"\x00\x01", "a.bin", "no"), (b"{", "a.json", "cut off"),
     (b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", "a.lss", ""), (b"PK\x03\x04", "a.xlsx", "damaged"),
     (b" " * (LARGEST + 1), "a.json", "larger than 10 MB")],
)  # fmt: skip
def test_a_file_that_is_no_survey_says_why(
    house: House, content: bytes, name: str, said: str
) -> None:
    answer = upload(house.login("designer"), content, name)
    assert answer.status_code == 422
    assert said in answer.text


@pytest.mark.parametrize(
    "packed",
    ["", "x", "eA==", base64.b64encode(zlib.compress(b"{}")).decode(),
     base64.b64encode(zlib.compress(b"[" * 10_000_000, 9)).decode()],
)  # fmt: skip
def test_a_confirmation_of_nothing_is_refused(house: House, packed: str) -> None:
    assert (
        post(house.login("designer"), "/surveys/import/confirm", definition=packed).status_code
        == 422
    )


def test_open_points_are_settled_one_by_one(house: House) -> None:
    survey_id, designer = made(house), house.login("designer")
    with house.unit() as session:
        document = draft(house, survey_id) | {
            "unresolved": [
                {"path": "q1", "text": "<script>", "reason": "Not known."},
                {"path": "q2", "text": "b", "reason": "c"},
            ]
        }
        authoring.save_draft(session, survey_id, document, 1, clock.now())
    page = designer.get(f"/surveys/{survey_id}/build?at=survey").text
    assert "2 open points" in page
    assert "&lt;script&gt;" in page
    act(designer, survey_id, 2, then="settle 0")
    assert [each["path"] for each in draft(house, survey_id)["unresolved"]] == ["q2"]
    assert act(designer, survey_id, 3, then="settle 7").status_code == 422
