"""The second step: setting it up, one code once, parallel codes, removing it."""

from __future__ import annotations

import re
import threading
from datetime import datetime, timedelta

import pyotp
import pytest
import time_machine
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from efm import clock
from efm.models import User
from efm.staff import second_step
from efm.vault import SealBroken, Vault
from efm.web.flask import EfmFlask
from tests.factories import House
from tests.staff_steps import (
    PASSWORD,
    actions,
    csrf_in,
    give_password,
    is_in,
    post,
    quick_hashes,
    sign_in,
    visitor,
)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick_hashes(monkeypatch)


def secret_on(client: FlaskClient) -> str:
    """The secret that the set-up page offers."""
    page = client.get("/account/second-step").text
    found = re.search(r'id="secret" value="([A-Z2-7 ]+)"', page)
    assert found is not None, page
    return found.group(1).replace(" ", "")


def set_up(app: EfmFlask, house: House, role: str = "designer") -> tuple[str, str, datetime]:
    """Turn the second step on for a person; returns their address, the secret and the next fresh moment."""
    email = give_password(house, role)
    client = visitor(app)
    sign_in(client, email)
    secret = secret_on(client)
    now = clock.now()
    response = post(
        client, "/account/second-step", code=pyotp.TOTP(secret).at(now), password=PASSWORD
    )
    assert response.status_code == 303, response.text
    return email, secret, now + timedelta(seconds=60)


def pending_in(response: TestResponse) -> str:
    found = re.search(r'name="pending" value="([^"]+)"', response.text)
    assert found is not None, response.text
    return found.group(1)


def code_step(client: FlaskClient, asked: TestResponse, code: str) -> TestResponse:
    data = {"csrf_token": csrf_in(asked.text), "pending": pending_in(asked), "code": code}
    return client.post("/sign-in/code", data=data)


def test_password_and_code_let_in(app: EfmFlask, house: House) -> None:
    email, secret, later = set_up(app, house)
    with time_machine.travel(later):
        client = visitor(app)
        asked = sign_in(client, email, next="/search")
        assert asked.status_code == 200
        assert not is_in(client)
        code = pyotp.TOTP(secret).at(later)
        response = code_step(client, asked, f"{code[:3]} {code[3:]}")
        assert (response.status_code, response.headers["Location"]) == (303, "/search")
        assert is_in(client)
    assert "second_step.turned_on" in actions(house)


def test_a_code_works_once(app: EfmFlask, house: House) -> None:
    email, secret, later = set_up(app, house)
    with time_machine.travel(later):
        code = pyotp.TOTP(secret).at(later)
        first, second = visitor(app), visitor(app)
        assert code_step(first, sign_in(first, email), code).status_code == 303
        again = code_step(second, sign_in(second, email), code)
    assert again.status_code == 422
    assert "Wait for the next one" in again.text
    assert not is_in(second)


def test_a_code_seen_at_set_up_does_not_sign_in(app: EfmFlask, house: House) -> None:
    now = clock.now()
    with time_machine.travel(now, tick=False):
        email, secret, _ = set_up(app, house)
        client = visitor(app)
        asked = sign_in(client, email)
        assert code_step(client, asked, pyotp.TOTP(secret).at(now)).status_code == 422


@pytest.mark.parametrize(("steps", "status"), [(-2, 422), (-1, 303), (0, 303), (1, 303), (2, 422)])
def test_the_window_is_one_step_either_way(
    app: EfmFlask, house: House, steps: int, status: int
) -> None:
    email, secret, later = set_up(app, house)
    later += timedelta(minutes=2)
    with time_machine.travel(later, tick=False):
        client = visitor(app)
        code = pyotp.TOTP(secret).at(later + timedelta(seconds=30 * steps))
        assert code_step(client, sign_in(client, email), code).status_code == status


def test_parallel_submissions_of_one_code_count_once(app: EfmFlask, house: House) -> None:
    email, secret, later = set_up(app, house)
    with time_machine.travel(later, tick=False):
        code = pyotp.TOTP(secret).at(later)
        clients = [visitor(app) for _ in range(8)]
        asked = [sign_in(client, email) for client in clients]
        found: list[int] = []

        def send(index: int) -> None:
            found.append(code_step(clients[index], asked[index], code).status_code)

        threads = [threading.Thread(target=send, args=(index,)) for index in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found.count(303) == 1
    assert set(found) == {303, 422}
    assert sum(is_in(client) for client in clients) == 1


def test_guessing_codes_is_refused_after_ten(app: EfmFlask, house: House) -> None:
    email, secret, later = set_up(app, house)
    with time_machine.travel(later):
        client = visitor(app)
        asked = sign_in(client, email)
        right = pyotp.TOTP(secret).at(later)
        wrong = "000000" if right != "000000" else "111111"
        found = [code_step(client, asked, wrong).status_code for _ in range(11)]
        assert found == [422] * 10 + [429]
        assert code_step(client, asked, right).status_code == 429
    assert not is_in(client)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "12 34", "-12345"])
def test_what_is_no_code_is_refused(app: EfmFlask, house: House, code: str) -> None:
    email, _, later = set_up(app, house)
    with time_machine.travel(later):
        client = visitor(app)
        assert code_step(client, sign_in(client, email), code).status_code == 422


def test_the_first_step_cannot_be_made_up_or_kept(app: EfmFlask, house: House) -> None:
    email, secret, later = set_up(app, house)
    with time_machine.travel(later):
        client = visitor(app)
        asked = sign_in(client, email)
        code = pyotp.TOTP(secret).at(later)
        for pending in ("", "AAAA", pending_in(asked)[:-6] + "AAAAAA", "é"):
            data = {"csrf_token": csrf_in(asked.text), "pending": pending, "code": code}
            response = client.post("/sign-in/code", data=data)
            assert response.status_code == 422
            assert "Start again with your password" in response.text
    with time_machine.travel(later + timedelta(minutes=11)):
        code = pyotp.TOTP(secret).at(clock.now())
        assert "Start again" in code_step(client, asked, code).text


def test_turning_it_on_needs_the_password_and_a_right_code(app: EfmFlask, house: House) -> None:
    email = give_password(house)
    client = visitor(app)
    sign_in(client, email)
    secret = secret_on(client)
    assert secret_on(client) == secret  # Looking again changes nothing.
    code = pyotp.TOTP(secret).at(clock.now())
    path = "/account/second-step"
    wrong = post(client, path, code=code, password="not mine at all")
    assert (wrong.status_code, "This is not your password" in wrong.text) == (422, True)
    assert post(client, path, code="000000", password=PASSWORD).status_code == 422
    with house.unit() as session:
        assert session.get_one(User, house.people["designer"]).totp_sealed is None


def test_two_sessions_are_offered_different_secrets(app: EfmFlask, house: House) -> None:
    email = give_password(house)
    first, second = visitor(app), visitor(app)
    sign_in(first, email)
    sign_in(second, email)
    assert secret_on(first) != secret_on(second)


def test_the_secret_is_sealed_for_its_person(app: EfmFlask, house: House) -> None:
    _, secret, _ = set_up(app, house)
    vault: Vault = app.extensions["efm.vault"]
    with house.unit() as session:
        sealed = session.get_one(User, house.people["designer"]).totp_sealed
    assert sealed is not None
    assert secret.encode() not in sealed
    with pytest.raises(SealBroken):
        vault.open(sealed, second_step._place(house.people["owner"]))


def test_turning_it_off_needs_the_password_and_ends_other_browsers(
    app: EfmFlask, house: House
) -> None:
    email, secret, later = set_up(app, house)
    with time_machine.travel(later):
        client, other = visitor(app), house.login("designer")
        code_step(client, sign_in(client, email), pyotp.TOTP(secret).at(later))
        path = "/account/second-step/remove"
        refused = post(client, path, "/account", second_step_password="not mine at all")
        assert refused.status_code == 422
        assert post(client, path, "/account", second_step_password=PASSWORD).status_code == 303
        assert is_in(client)
        assert not is_in(other)
        assert sign_in(visitor(app), email).status_code == 303
    assert actions(house)[-2:] == ["second_step.turned_off", "sign_in.succeeded"]


def test_an_owner_removes_the_second_step_of_a_colleague(app: EfmFlask, house: House) -> None:
    email, _, _ = set_up(app, house)
    owner = house.login()
    page = owner.get("/members").text
    found = re.search(r'action="(/members/[^"]+/remove-second-step)"', page)
    assert found is not None
    assert owner.post(found.group(1), data={"csrf_token": owner.csrf}).status_code == 303  # type: ignore[attr-defined]
    assert sign_in(visitor(app), email).status_code == 303
    assert "member.second_step_removed" in actions(house)


def test_an_owner_cannot_weaken_a_person_of_another_organization_too(
    app: EfmFlask, house: House, stranger: House
) -> None:
    from efm.models import Membership

    email, _, _ = set_up(app, house)
    with stranger.unit() as session:
        session.add(Membership(user_id=house.people["designer"], role="agent"))
    owner = house.login()
    found = re.search(r'action="(/members/[^"]+/remove-second-step)"', owner.get("/members").text)
    assert found is not None
    owner.post(found.group(1), data={"csrf_token": owner.csrf})  # type: ignore[attr-defined]
    assert "only the operator" in owner.get("/members").text
    assert sign_in(visitor(app), email).status_code == 200
