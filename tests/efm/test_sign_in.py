"""Signing in and out, through the door."""

from __future__ import annotations

import re
import secrets

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text, update
from werkzeug.test import TestResponse

from efm.db.engine import unit
from efm.models import User
from efm.staff import passwords
from efm.web.flask import EfmFlask
from tests.factories import House

PASSWORD = "three quiet green otters"


def visitor(app: EfmFlask) -> FlaskClient:
    """A browser from a network of its own, so that tests do not count towards each other's limits."""
    a, b, c = (secrets.randbelow(254) + 1 for _ in range(3))
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = f"10.{a}.{b}.{c}"
    return client


def give_password(house: House, role: str = "designer", password: str = PASSWORD) -> str:
    """Give a person of the house a password; returns their address."""
    user_id = house.people[role]
    with unit(house.engine, house.id, user_id=user_id) as session:
        session.execute(
            update(User).where(User.id == user_id).values(password_hash=passwords.hashed(password))
        )
        return str(
            session.execute(
                text("SELECT email FROM users WHERE id = :id"), {"id": user_id}
            ).scalar_one()
        )


def form_token(client: FlaskClient, path: str = "/sign-in") -> str:
    """The CSRF value of a public form."""
    page = client.get(path).get_data(as_text=True)
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None, page[:500]
    return found.group(1)


def sign_in(client: FlaskClient, email: str, password: str = PASSWORD, **more: str) -> TestResponse:
    """Send the sign-in form."""
    data = {"csrf_token": form_token(client), "email": email, "password": password, **more}
    return client.post("/sign-in", data=data)


def test_the_right_password_lets_in(app: EfmFlask, house: House) -> None:
    email = give_password(house)
    client = visitor(app)
    response = sign_in(client, email.upper())
    assert (response.status_code, response.headers["Location"]) == (303, "/")
    assert client.get("/account").status_code == 200


def test_a_copied_cookie_is_worth_nothing_after_sign_out(app: EfmFlask, house: House) -> None:
    email = give_password(house)
    client = visitor(app)
    sign_in(client, email)
    cookie = client.get_cookie("efm")
    assert cookie is not None
    csrf = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/account").text)
    assert csrf is not None
    assert client.post("/sign-out", data={"csrf_token": csrf.group(1)}).status_code == 303
    thief = visitor(app)
    thief.set_cookie("efm", cookie.value)
    response = thief.get("/account")
    assert response.status_code == 302
    assert response.headers["Location"] == "/sign-in?next=/account"


@pytest.mark.parametrize("role", ["designer"])
def test_owners_see_the_people(house: House, role: str) -> None:
    page = house.login("owner").get("/members")
    assert page.status_code == 200
    assert f"dora.{house.slug}@example.org" in page.text
    assert house.login(role).get("/members").status_code == 403
