"""What tests of the staff's pages do again and again: give a password, fill in a public form, sign in."""

from __future__ import annotations

import re
import secrets

import pytest
from argon2 import PasswordHasher
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from efm.db.engine import unit
from efm.models import AuditEntry, Mail, User
from efm.staff import passwords
from efm.web.flask import EfmFlask
from tests.factories import House

PASSWORD = "three quiet green otters"


def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with little memory and one pass: the same algorithm, in a hundredth of the time."""
    cheap = PasswordHasher(time_cost=1, memory_cost=256, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", cheap)
    passwords._nobody.cache_clear()


def visitor(app: EfmFlask) -> FlaskClient:
    """A browser from a network of its own, so that tests do not count towards each other's limits."""
    a, b, c = (secrets.randbelow(254) + 1 for _ in range(3))
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = f"10.{a}.{b}.{c}"
    return client


def email_of(house: House, role: str) -> str:
    """The address of the person of that role."""
    with house.unit() as session:
        return session.get_one(User, house.people[role]).email


def give_password(house: House, role: str = "designer", password: str = PASSWORD) -> str:
    """Give a person of the house a password; returns their address."""
    user_id = house.people[role]
    with unit(house.engine, house.id, user_id=user_id) as session:
        session.execute(
            update(User).where(User.id == user_id).values(password_hash=passwords.hashed(password))
        )
    return email_of(house, role)


def csrf_in(page: str) -> str:
    """The CSRF value of the first form of a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None, page[:2000]
    return found.group(1)


def post(client: FlaskClient, path: str, page: str | None = None, **data: str) -> TestResponse:
    """Fill in the form of `page` (the path itself unless given) and send it to the path."""
    value = csrf_in(client.get(page or path).get_data(as_text=True))
    return client.post(path, data={"csrf_token": value, **data})


def sign_in(client: FlaskClient, email: str, password: str = PASSWORD, **more: str) -> TestResponse:
    """Send the sign-in form."""
    return post(client, "/sign-in", email=email, password=password, **more)


def is_in(client: FlaskClient) -> bool:
    """Whether this browser is signed in."""
    return client.get("/account").status_code == 200


def mails(house: House, recipient: str) -> list[str]:
    """The texts of the mails to an address, the latest last."""
    with house.unit() as session:
        query = select(Mail.body).where(Mail.recipient == recipient).order_by(Mail.id)
        return list(session.scalars(query))


def link_in(body: str) -> str:
    """The path of the link in a mail."""
    found = re.search(r"http://localhost(/\S+)", body)
    assert found is not None, body
    return found.group(1)


def actions(house: House) -> list[str]:
    """What the audit log of the house says was done, the latest last."""
    with house.unit() as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
