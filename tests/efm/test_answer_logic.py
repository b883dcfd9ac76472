"""Surveys with logic through their links: pages shown and skipped, resumed, in another language, ended."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from werkzeug.test import Client

from efm import clock
from efm.errors import Invalid
from efm.feedback.collect import Incoming, submit_json
from efm.feedback.store import Outcome
from efm.models import Answer, Response
from efm.web.fast import Entrance
from efm.web.flask import EfmFlask
from tests.efm.collected import Published
from tests.factories import House

LOGIC = {
    "title": "Visit",
    "language": "en",
    "anonymous": True,
    "data": [
        {"key": "tier", "name": "Tier"},
        {"key": "first", "source": "contact", "name": "first_name"},
    ],
    "pages": [
        {
            "key": "start",
            "questions": [
                {"key": "nps", "kind": "nps", "text": "Recommend?", "is_required": True},
                {
                    "key": "bad",
                    "kind": "short_text",
                    "text": "What went wrong?",
                    "show_if": "is_answered(nps) and nps <= 6",
                    "is_required": True,
                },
            ],
            "skips": [{"to": "end", "when": "nps == 10"}],
        },
        {
            "key": "gold",
            "show_if": '_data.tier == "gold"',
            "questions": [
                {"key": "perk", "kind": "yes_no", "text": "A perk, {{_data.first|dear guest}}?"}
            ],
        },
        {
            "key": "last",
            "questions": [
                {"key": "why", "kind": "long_text", "text": "Why {{nps}}?"},
                {"key": "twice", "kind": "calculated", "text": "", "value": "nps * 2"},
            ],
        },
    ],
    "endings": [
        {
            "key": "sorry",
            "title": "We are sorry",
            "text": "You gave {{nps}}.",
            "show_if": "nps <= 6",
        },
        {
            "key": "shop",
            "text": "On to the shop.",
            "redirect": "https://shop.example/x",
            "show_if": "nps == 10",
        },
    ],
    "translations": {"de": {"nps.text": "Empfehlen?", "why.text": "Warum {{nps}}?"}},
}


@pytest.fixture
def survey(house: House) -> Published:
    return Published.of(house, LOGIC)


@pytest.fixture(params=["flask", "entrance"])
def client(request: pytest.FixtureRequest, app: EfmFlask) -> Client:
    return app.test_client() if request.param == "flask" else Client(Entrance(app, keep_seconds=0))


def fields(html: str) -> dict[str, list[str]]:
    """The hidden fields of a page's form, as it stands without JavaScript."""
    html = asked(html)
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', html):
        found.setdefault(name, []).append(value)
    return found


def asked(html: str) -> str:
    """A page without what waits in templates for a script."""
    return re.sub(r"<template[^>]*>.*?</template>", "", html, flags=re.DOTALL)


def send(client: Any, address: str, html: str, **answers: Any) -> Any:
    form = fields(html)
    return client.post(address, data={**form, **answers})


def submitted(survey: Published, answers: dict[str, Any]) -> Outcome:
    with survey.house.unit() as session:
        return submit_json(session, Incoming(survey.survey_id, answers), clock.now())


def stored(house: House) -> tuple[Response, dict[str, Answer]]:
    with house.unit() as session:
        response = session.query(Response).one()
        answers = {each.question_key: each for each in session.query(Answer)}
        session.expunge_all()
    return response, answers


def test_a_question_brought_up_by_an_answer_is_asked_on_the_same_page(client, survey, house):
    address = f"/s/{survey.token}"
    page = client.get(address).text
    assert "What went wrong" in page
    assert "What went wrong" not in asked(page)
    again = send(client, address, page, nps="3")
    assert again.status_code == 200
    assert "What went wrong" in asked(again.text)
    assert 'value="3" checked' in again.text
    refused = send(client, address, again.text, nps="3")
    assert refused.status_code == 422
    assert "Please answer this question." in refused.text
    went = send(client, address, refused.text, nps="3", bad="Cold")
    assert went.status_code == 303
    # The page for gold customers is not on this way.
    last = client.get(went.location)
    assert "Why 3?" in last.text
    done = send(client, went.location.partition("?")[0], last.text, why="Soup")
    assert done.status_code == 303
    thanks = client.get(done.location).text
    assert "We are sorry" in thanks
    assert "You gave 3." in thanks
    response, answers = stored(house)
    assert response.ending == "sorry"
    assert {key: each.number or each.text for key, each in answers.items()} == {
        "nps": 3,
        "bad": "Cold",
        "why": "Soup",
        "twice": 6,
    }


def test_an_answer_that_was_hidden_in_the_end_is_not_kept(client, survey, house):
    address = f"/s/{survey.token}"
    page = client.get(address).text
    went = send(client, address, page, nps="3", bad="Cold", _seen=["nps", "bad"])
    assert went.status_code == 303
    back = client.get(went.location.replace("page=3", "page=1"))
    assert "Cold" in back.text
    again = send(client, went.location.partition("?")[0], back.text, nps="8")
    last = client.get(again.location)
    send(client, went.location.partition("?")[0], last.text, why="Fine")
    _, answers = stored(house)
    assert set(answers) == {"nps", "why", "twice"}
    assert answers["twice"].number == 16


def test_a_value_of_the_link_leads_the_way_and_is_kept(client, survey, house):
    page = client.get(f"/s/{survey.token}?Tier=gold&other=1").text
    assert fields(page)["_data.tier"] == ["gold"]
    went = send(client, f"/s/{survey.token}", page, nps="9")
    assert "A perk, dear guest?" in client.get(went.location).text
    response, _ = stored(house)
    assert response.attributes == {"tier": "gold"}


def test_an_ending_leads_on_only_to_allowed_hosts(client, survey, house):
    page = client.get(f"/s/{survey.token}").text
    went = send(client, f"/s/{survey.token}", page, nps="10")
    assert went.location.endswith("/thanks?ending=shop")
    thanks = client.get(went.location)
    assert "On to the shop." in thanks.text
    assert "shop.example" not in thanks.text
    assert "Refresh" not in thanks.headers
    response, answers = stored(house)
    assert (response.state, response.ending, set(answers)) == ("complete", "shop", {"nps"})


def test_another_language_is_kept_over_all_pages(client, survey, house):
    page = client.get(f"/s/{survey.token}?language=de").text
    assert "Empfehlen?" in page
    assert 'lang="de"' in page
    went = send(client, f"/s/{survey.token}", page, nps="8")
    assert "Warum 8?" in client.get(went.location).text
    response, _ = stored(house)
    assert response.language == "de"


def test_a_program_is_led_the_same_way(survey, house):
    outcome = submitted(survey, {"nps": 3, "bad": "Cold", "perk": "yes", "why": "x"})
    assert outcome.state == "created"
    response, answers = stored(house)
    assert response.ending == "sorry"
    assert set(answers) == {"nps", "bad", "why", "twice"}
    with pytest.raises(Invalid) as refused:
        submitted(survey, {"nps": 3, "why": "x"})
    assert refused.value.problems == {"answers.bad": "Please answer this question."}


QUOTA = {
    "title": "Quota",
    "language": "en",
    "pages": [
        {
            "key": "who",
            "questions": [
                {
                    "key": "age",
                    "kind": "single_choice",
                    "text": "Age?",
                    "choices": [{"key": "young", "label": "Young"}, {"key": "old", "label": "Old"}],
                }
            ],
        },
        {"key": "nps", "questions": [{"key": "nps", "kind": "nps", "text": "Recommend?"}]},
    ],
    "endings": [{"key": "enough", "text": "We have heard enough of you.", "is_screen_out": True}],
    "quotas": [
        {"key": "young", "title": "Young", "limit": 1, "when": 'age == "young"', "ending": "enough"}
    ],
}


def answered(client: Client, survey: Published, age: str) -> Any:
    page = client.get(f"/s/{survey.token}").text
    went = send(client, f"/s/{survey.token}", page, age=age)
    if "/thanks" in went.location:
        return client.get(went.location)
    last = client.get(went.location)
    done = send(client, went.location.partition("?")[0], last.text, nps="9")
    return client.get(done.location)


def test_who_comes_too_late_for_a_quota_is_told_so_and_not_counted(client, house):
    survey = Published.of(house, QUOTA)
    assert "Thank you" in answered(client, survey, "young").text
    assert "heard enough" in answered(client, survey, "young").text
    assert "Thank you" in answered(client, survey, "old").text
    rows = sorted(
        (row.state, row.quota or "", row.ending or "") for row in survey.rows("responses")
    )
    assert rows == [("complete", "", ""), ("complete", "", ""), ("screened", "young", "enough")]
    assert [row.n for row in survey.rows("quota_counts")] == [1]
    assert len(survey.rows("scores")) == 2
    submitted = [row for row in survey.rows("events") if row.kind == "response.submitted"]
    assert len(submitted) == 2


def test_two_at_the_same_time_never_both_fill_the_last_place(house):
    survey = Published.of(house, QUOTA)
    app = house.app

    def one(_: int) -> str:
        return str(answered(app.test_client(), survey, "young").text)

    with ThreadPoolExecutor(4) as pool:
        pages = list(pool.map(one, range(8)))
    assert sum("heard enough" in page for page in pages) == 7
    assert sorted(row.state for row in survey.rows("responses")) == ["complete"] + ["screened"] * 7


def test_a_screen_out_on_the_only_page_counts_in_no_figure(client, house):
    document = {
        **QUOTA,
        "quotas": [],
        "pages": [{**QUOTA["pages"][0], "skips": [{"to": "enough", "when": 'age == "old"'}]}],
    }
    survey = Published.of(house, document)
    assert "heard enough" in answered(client, survey, "old").text
    (row,) = survey.rows("responses")
    assert (row.state, row.ending, row.quota) == ("screened", "enough", None)
    assert "response.submitted" not in {each.kind for each in survey.rows("events")}


def test_a_program_counts_in_quotas_and_is_not_refused(house):
    survey = Published.of(house, QUOTA)
    for _ in range(3):
        assert submitted(survey, {"age": "young", "nps": 5}).state == "created"
    assert [row.n for row in survey.rows("quota_counts")] == [3]


ARMS = {
    "title": "Wording",
    "language": "en",
    "randomizers": [{"key": "wording", "show": 1, "is_even": True}],
    "blocks": [{"key": key, "randomizer": "wording"} for key in ("warm", "cool", "dry")],
    "pages": [
        {"key": "first", "questions": [{"key": "nps", "kind": "nps", "text": "Recommend?"}]},
        *(
            {
                "key": key,
                "block": key,
                "questions": [{"key": f"q_{key}", "kind": "csat", "text": key}],
            }
            for key in ("warm", "cool", "dry")
        ),
    ],
}


def test_arms_are_presented_evenly_and_kept_with_the_response(client, house):
    survey = Published.of(house, ARMS)
    for _ in range(9):
        page = client.get(survey.url).text
        went = send(client, survey.url, page, nps="9")
        last = client.get(went.location).text
        (key,) = re.findall(r'name="(q_[a-z]+)"', last)[:1]
        send(client, went.location.partition("?")[0], last, **{key: "4"})
    responses = survey.rows("responses")
    shown = [row.attributes["wording"] for row in responses]
    assert sorted(map(tuple, shown)) == [("cool",)] * 3 + [("dry",)] * 3 + [("warm",)] * 3
    answered_in = {
        row.response_id: row.question_key
        for row in survey.rows("answers")
        if "q_" in row.question_key
    }
    assert all(answered_in[row.id] == f"q_{row.attributes['wording'][0]}" for row in responses)


def test_a_form_sent_twice_draws_once(client, house):
    survey = Published.of(house, ARMS)
    page = client.get(survey.url).text
    first = send(client, survey.url, page, nps="9")
    again = send(client, survey.url, page, nps="9")
    assert first.location.partition("?")[0] == again.location.partition("?")[0]
    assert [row.n for row in survey.rows("quota_counts")] == [1]


def test_a_default_stands_in_its_field_and_may_be_changed(client, house):
    document = {
        **QUOTA,
        "quotas": [],
        "pages": [
            {
                **QUOTA["pages"][0],
                "questions": [{**QUOTA["pages"][0]["questions"][0], "default": "old"}],
            }
        ],
    }
    survey = Published.of(house, document)
    page = client.get(survey.url).text
    assert 'value="old" checked' in page
    send(client, survey.url, page, age="young")
    (row,) = survey.rows("answers")
    assert row.choices == ["young"]


def test_parts_brought_up_within_their_row_are_asked_on_the_same_page(client, house):
    parts = [
        {"key": "used", "kind": "yes_no", "text": "Used?"},
        {
            "key": "often",
            "kind": "number",
            "text": "How often?",
            "show_if": '_entry.used == "yes"',
        },
    ]
    rows = [{"key": key, "label": key} for key in ("shop", "phone")]
    grid = {"key": "ways", "kind": "grid", "text": "Ways", "rows": rows, "parts": parts}
    survey = Published.of(house, {"title": "T", "language": "en", "pages": [{"questions": [grid]}]})
    page = client.get(survey.url).text
    assert "How often?" in page
    assert "How often?" not in asked(page)
    again = send(client, survey.url, page, **{"ways.shop.used": "yes", "ways.phone.used": "no"})
    assert again.status_code == 200
    assert 'name="ways.shop.often"' in asked(again.text)
    assert 'name="ways.phone.often"' not in asked(again.text)
    typed = {"ways.shop.used": "yes", "ways.phone.used": "no", "ways.shop.often": "3"}
    assert send(client, survey.url, again.text, **typed).status_code == 303
    assert {row.question_key for row in survey.rows("answers")} == set(typed)
