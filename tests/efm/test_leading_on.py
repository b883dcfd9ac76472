"""Endings that lead on to another site: with values put in, only to hosts that are allowed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine
from werkzeug.test import Client

from efm.app import make_app
from efm.config import Config
from efm.web.fast import Entrance
from tests.efm.collected import Published, definition
from tests.factories import House

ADDRESS = "https://panel.example/end/{{_data.pid|unknown}}?why={{reason|none}}&said={{comment}}"


@pytest.fixture(scope="module", params=["flask", "entrance"])
def client(request: pytest.FixtureRequest, config: Config, engine: Engine) -> Client:
    app = make_app(replace(config, redirect_hosts=("panel.example",)), engine=engine)
    return app.test_client() if request.param == "flask" else Client(Entrance(app, keep_seconds=0))


def survey_of(house: House, *pages: list[str], redirect: str = ADDRESS) -> Published:
    ending = {"key": "panel", "title": "Back to the panel", "text": "You said: {{comment|nothing}}",
              "redirect": redirect}  # fmt: skip
    more: dict[str, Any] = {"data": [{"key": "pid", "name": "PID"}], "endings": [ending]}
    return Published.of(house, definition(*pages, **more))


def walked(client: Client, address: str, *answers: dict[str, str]) -> Any:
    """The last page, after a form was sent for each of these answers."""
    page = client.get(address)
    for each in answers:
        form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
        sent = client.post(address.partition("?")[0], data={**form, **each})
        assert sent.status_code == 303, sent.text
        address = sent.headers["Location"]
        page = client.get(address)
    return page


FILLED = "https://panel.example/end/R%2F7%20x?why=order&said=Fine%20%26%20%3Dquick%0A%C3%A9"


@pytest.mark.parametrize("pages", [[["reason", "comment"]], [["reason"], ["comment"]]], ids=len)
def test_answers_and_data_are_put_into_the_address(client, house, pages):
    survey = survey_of(house, *pages)
    given = {"reason": "order", "comment": "Fine & =quick\né"}
    sent = [{key: given[key] for key in keys} for keys in pages]
    page = walked(client, f"{survey.url}?PID=R/7%20x", *sent)
    assert page.headers["Refresh"] == f"0; url={FILLED}"
    assert f'href="{FILLED.replace("&", "&amp;")}"' in page.text
    assert "You said: Fine &amp; =quick" in page.text


def test_what_was_not_answered_is_told_otherwise(client, house):
    survey = survey_of(house, ["reason", "comment"])
    page = walked(client, survey.url, {})
    assert page.headers["Refresh"] == "0; url=https://panel.example/end/unknown?why=none&said="


@pytest.mark.parametrize(
    "redirect", ["https://other.example/x?a={{comment}}", "https://panel.example@other.example/"]
)
def test_a_host_that_is_not_allowed_is_not_led_to(client, house, redirect):
    survey = survey_of(house, ["comment"], redirect=redirect)
    page = walked(client, survey.url, {"comment": "@panel.example/"})
    assert "Back to the panel" in page.text
    assert "Refresh" not in page.headers
    assert "other.example" not in page.text


def test_a_form_sent_twice_leads_to_the_same_thanks(client, house):
    survey = survey_of(house, ["reason", "comment"])
    page = client.get(survey.url)
    form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    first, second = (client.post(survey.url, data={**form, "comment": "x"}) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert survey.token not in first.headers["Location"]
