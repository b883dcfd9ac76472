"""API tokens: made once, shown once, used, ended."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from efm import clock
from efm.models import ApiToken
from efm.web import auth
from efm.web.flask import EfmFlask
from tests.factories import House
from tests.staff_steps import actions


def form_id(client: FlaskClient) -> str:
    found = re.search(r'name="id" value="([^"]+)"', client.get("/tokens").text)
    assert found is not None
    return found.group(1)


def make(client: FlaskClient, **changes: object) -> TestResponse:
    data = {
        "csrf_token": client.csrf,  # type: ignore[attr-defined]
        "id": form_id(client),
        "name": "Shop, production",
        "scopes": ["responses.write", "surveys.view"],
        "lifetime": "90",
    }
    return client.post("/tokens", data=data | changes)


def shown(response: TestResponse) -> str:
    found = re.search(r'value="(efm_live_[^"]+)"', response.text)
    assert found is not None, response.text
    return found.group(1)


def held(app: EfmFlask, token: str) -> frozenset[str] | None:
    """What a program with this token may do; None when it is refused."""
    with app.test_request_context("/api/v1/surveys"):
        who = auth.token_principal(token)
    return who.permissions if who is not None else None


def test_a_token_is_shown_once_and_kept_as_a_hash(app: EfmFlask, house: House) -> None:
    client = house.login()
    response = make(client)
    assert response.status_code == 201
    token = shown(response)
    assert len(token) >= 50
    assert token not in client.get("/tokens").text
    assert f"efm_live_…{token[-4:]}" in client.get("/tokens").text
    with house.unit() as session:
        kept = session.execute(text("SELECT api_tokens::text FROM api_tokens")).scalar_one()
        log = session.execute(text("SELECT audit_entries::text FROM audit_entries")).scalar_one()
    assert token.removeprefix("efm_live_") not in kept + log
    assert held(app, token) == {"responses.write", "surveys.view"}
    assert actions(house) == ["token.created"]


def test_a_form_sent_twice_makes_one_token(house: House) -> None:
    client = house.login()
    same = form_id(client)
    assert make(client, id=same).status_code == 201
    again = make(client, id=same)
    assert again.status_code == 422
    assert "was sent before" in again.text
    with house.unit() as session:
        assert len(session.scalars(select(ApiToken)).all()) == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": " "}, "Enter a name for the token"),
        ({"scopes": []}, "at least one thing"),
        ({"scopes": ["members.manage"]}, "at least one thing"),
        ({"scopes": ["surveys.view", "organization.edit"]}, "at least one thing"),
        ({"lifetime": "9999"}, "how long the token works"),
        ({"id": "x"}, "Reload the page"),
    ],
)
def test_what_cannot_be_made(house: House, changes: dict[str, object], said: str) -> None:
    response = make(house.login(), **changes)
    assert response.status_code == 422
    assert said in response.text
    assert "efm_live_" not in response.text


def test_a_revoked_token_opens_nothing(app: EfmFlask, house: House) -> None:
    client = house.login()
    token = shown(make(client))
    with house.unit() as session:
        row_id = session.scalars(select(ApiToken.id)).one()
    data = {"csrf_token": client.csrf}  # type: ignore[attr-defined]
    assert client.post(f"/tokens/{row_id}/revoke", data=data).status_code == 303
    assert held(app, token) is None
    assert client.post(f"/tokens/{row_id}/revoke", data=data).status_code == 303
    assert actions(house) == ["token.created", "token.revoked"]
    assert "Revoked" in client.get("/tokens").text


def test_a_token_ends_on_its_day(app: EfmFlask, house: House) -> None:
    token = shown(make(house.login(), lifetime="30"))
    forever = shown(make(house.login(), lifetime=""))
    with time_machine.travel(clock.now() + timedelta(days=30, minutes=1)):
        assert held(app, token) is None
        assert held(app, forever) is not None
        assert "Expired" in house.login().get("/tokens").text


@pytest.mark.parametrize("damage", ["", "x", "lower", "percent", "cut", "nul"])
def test_only_the_very_token_opens(app: EfmFlask, house: House, damage: str) -> None:
    token = shown(make(house.login()))
    bad = {"": "", "x": token + "x", "lower": token.lower(), "percent": "efm_live_%",
           "cut": token[:-1], "nul": token + "\0"}[damage]  # fmt: skip
    assert held(app, bad) is None


def test_last_use_is_remembered_by_the_minute(app: EfmFlask, house: House) -> None:
    token, start = shown(make(house.login())), clock.now()
    seen = []
    for seconds in (0, 30, 90):
        with time_machine.travel(start + timedelta(seconds=seconds), tick=False):
            held(app, token)
        with house.unit() as session:
            seen.append(session.scalars(select(ApiToken.last_used_at)).one())
    assert seen == [start, start, start + timedelta(seconds=90)]


def test_the_empty_page_says_what_tokens_are_for(house: House) -> None:
    page = house.login().get("/tokens").text
    assert "No tokens yet" in page
    assert "Send responses in through the API" in page
