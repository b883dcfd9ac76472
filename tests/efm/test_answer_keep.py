"""Answers saved while they are typed: of a begun response only, without moving it on or ending it."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import Client

from efm.web.fast import Entrance
from efm.web.flask import EfmFlask
from tests.efm.collected import Published
from tests.efm.test_answer_logic import LOGIC, QUOTA, fields
from tests.factories import House

LONG = (["recommend"], ["reason", "wishes"], ["comment", "satisfaction"])


@pytest.fixture(params=["flask", "entrance"])
def client(request: pytest.FixtureRequest, app: EfmFlask) -> Client:
    return app.test_client() if request.param == "flask" else Client(Entrance(app, keep_seconds=0))


def begun(client: Any, survey: Published, **answers: Any) -> str:
    """The address at which a response goes on after its first page."""
    page = client.get(survey.url).text
    went = client.post(survey.url, data={**fields(page), **answers})
    assert went.status_code == 303
    return str(went.location)


def keep(client: Any, address: str, html: str, **answers: Any) -> Any:
    return client.post(address.partition("?")[0], data={**fields(html), **answers, "_go": "keep"})


def stored(survey: Published) -> dict[str, Any]:
    return {
        row.question_key: row.number or row.text or row.choices for row in survey.rows("answers")
    }


def test_what_is_typed_is_saved_and_shown_again(client: Client, house: House) -> None:
    survey = Published.make(house, *LONG)
    address = begun(client, survey, recommend="9")
    page = client.get(address).text
    kept = keep(client, address, page, reason="fault", wishes=["speed"])
    assert (kept.status_code, kept.data, kept.headers.get("Content-Length")) == (204, b"", None)
    assert stored(survey) == {"recommend": 9, "reason": ["fault"], "wishes": ["speed"]}
    (row,) = survey.rows("responses")
    assert (row.state, row.page_index, row.submitted_at) == ("partial", 1, None)
    resumed = client.get(address.partition("?")[0]).text
    assert 'value="fault" checked' in resumed
    # What was taken back is gone, and no event or score was made of it.
    assert keep(client, address, page, wishes=["speed"]).status_code == 204
    assert stored(survey) == {"recommend": 9, "wishes": ["speed"]}
    assert survey.count("scores") == 0
    assert "response.submitted" not in {row.kind for row in survey.rows("events")}


def test_what_does_not_fit_leaves_what_was_saved(client: Client, house: House) -> None:
    survey = Published.make(house, *LONG)
    address = begun(client, survey, recommend="9")
    page = client.get(address).text
    keep(client, address, page, reason="fault")
    assert keep(client, address, page, reason="nonsense", wishes=["price"]).status_code == 204
    assert stored(survey) == {"recommend": 9, "reason": ["fault"], "wishes": ["price"]}


def test_the_last_page_is_saved_without_ending(client: Client, house: House) -> None:
    survey = Published.of(house, LOGIC)
    address = begun(client, survey, nps="8")
    page = client.get(address).text
    assert keep(client, address, page, why="So far").status_code == 204
    (row,) = survey.rows("responses")
    assert (row.state, row.ending) == ("partial", None)
    assert stored(survey) == {"nps": 8, "why": "So far"}


def test_an_earlier_page_is_saved_without_going_back(client: Client, house: House) -> None:
    survey = Published.make(house, *LONG)
    address = begun(client, survey, recommend="9")
    first = client.get(address.partition("?")[0] + "?page=1").text
    assert keep(client, address, first, recommend="3").status_code == 204
    (row,) = survey.rows("responses")
    assert row.page_index == 1
    assert stored(survey) == {"recommend": 3}


def test_a_quota_is_not_touched(client: Client, house: House) -> None:
    survey = Published.of(house, QUOTA)
    address = begun(client, survey, age="young")
    page = client.get(address).text
    before = [row.n for row in survey.rows("quota_counts")]
    assert keep(client, address, page, nps="9").status_code == 204
    assert [row.n for row in survey.rows("quota_counts")] == before


def test_nothing_is_saved_before_a_response_has_begun(client: Client, house: House) -> None:
    survey = Published.make(house, *LONG)
    personal, _ = survey.invite()
    for url in (survey.url, personal):
        page = client.get(url).text
        refused = keep(client, url, page, recommend="9")
        assert (refused.status_code, refused.data) == (409, b"")
    assert survey.count("responses") == 0
    assert client.post("/s/nothing-is-here", data={"_go": "keep"}).status_code == 404


def test_nothing_is_saved_when_all_has_arrived(client: Client, house: House) -> None:
    survey = Published.make(house, ["recommend"], ["comment"])
    address = begun(client, survey, recommend="9")
    page = client.get(address).text
    done = client.post(address.partition("?")[0], data={**fields(page), "comment": "Sent"})
    assert done.status_code == 303
    assert keep(client, address, page, comment="Late").status_code == 409
    assert stored(survey)["comment"] == "Sent"


def test_a_page_of_another_survey_is_not_saved(client: Client, house: House) -> None:
    survey = Published.make(house, *LONG)
    address = begun(client, survey, recommend="9")
    page = client.get(address).text
    answer = client.post(
        address.partition("?")[0], data={**fields(page), "_page": "elsewhere", "_go": "keep"}
    )
    assert answer.status_code == 409
