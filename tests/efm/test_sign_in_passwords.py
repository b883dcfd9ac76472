"""New passwords: by a mailed link, by knowing the old one; and one's own account."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select, text

from efm import clock
from efm.models import StaffToken, User
from efm.staff import passwords
from efm.vault import token_hash
from efm.web.flask import EfmFlask
from tests.factories import House
from tests.staff_steps import (
    PASSWORD,
    actions,
    csrf_in,
    email_of,
    give_password,
    is_in,
    link_in,
    mails,
    post,
    quick_hashes,
    sign_in,
    visitor,
)

OTHER = "seven brave yellow boats"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick_hashes(monkeypatch)


def ask(app: EfmFlask, house: House, role: str = "designer") -> str:
    """Ask for a new password; returns the path of the mailed link."""
    email = email_of(house, role)
    assert post(visitor(app), "/forgot-password", email=email).status_code == 200
    return link_in(mails(house, email)[-1])


def test_a_mailed_link_gives_a_new_password_once(app: EfmFlask, house: House) -> None:
    email = give_password(house)
    inside = visitor(app)
    sign_in(inside, email)
    link = ask(app, house)
    client = visitor(app)
    for _ in range(3):  # Mail scanners look first.
        assert client.get(link).status_code == 200
        assert client.head(link).status_code == 200
    response = post(client, link, password=OTHER)
    assert (response.status_code, response.headers["Location"]) == (303, "/sign-in")
    assert not is_in(client)
    assert not is_in(inside)
    assert sign_in(visitor(app), email).status_code == 422
    assert sign_in(visitor(app), email, OTHER).status_code == 303
    assert client.get(link).status_code == 410
    assert "password.reset" in actions(house)


def test_the_answer_is_the_same_for_every_address(app: EfmFlask, house: House) -> None:
    email = give_password(house)
    pages = []
    for address in (email, "nobody@example.org"):
        response = post(visitor(app), "/forgot-password", email=address)
        assert response.status_code == 200
        pages.append(response.text.replace(address, "…"))
    assert pages[0] == pages[1]
    assert mails(house, "nobody@example.org") == []


def test_a_host_header_does_not_reach_the_mail(app: EfmFlask, house: House) -> None:
    email = give_password(house)
    client = visitor(app)
    value = csrf_in(client.get("/forgot-password", headers={"Host": "localhost"}).text)
    client.post(
        "/forgot-password",
        data={"csrf_token": value, "email": email},
        headers={"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"},
    )
    body = mails(house, email)[-1]
    assert "http://localhost/new-password/" in body
    assert "evil" not in body


def test_asking_is_limited_to_five_an_hour(app: EfmFlask, house: House) -> None:
    for address in (give_password(house), f"nobody@{house.slug}.example"):
        found = [
            post(visitor(app), "/forgot-password", email=address).status_code for _ in range(6)
        ]
        assert found == [200] * 5 + [429]


def test_a_link_ends_after_an_hour(app: EfmFlask, house: House) -> None:
    give_password(house)
    link = ask(app, house)
    with time_machine.travel(clock.now() + timedelta(minutes=61)):
        assert visitor(app).get(link).status_code == 410


def test_a_link_ends_when_the_password_changes(app: EfmFlask, house: House) -> None:
    email = give_password(house)
    first, second = ask(app, house), ask(app, house)
    post(visitor(app), second, password=OTHER)
    assert visitor(app).get(first).status_code == 410
    assert sign_in(visitor(app), email, OTHER).status_code == 303


def test_a_link_serves_only_its_purpose(app: EfmFlask, house: House) -> None:
    give_password(house)
    token = ask(app, house).rsplit("/", 1)[1]
    assert visitor(app).get(f"/join/{token}").status_code == 410
    for other in ("x", token[:-1], token.swapcase(), "%", token + "%00", token_hash(token).hex()):
        assert visitor(app).get(f"/new-password/{other}").status_code == 410


def test_only_the_hash_of_a_link_is_kept(app: EfmFlask, house: House) -> None:
    give_password(house)
    token = ask(app, house).rsplit("/", 1)[1]
    with house.unit() as session:
        kept = session.execute(text("SELECT staff_tokens::text FROM staff_tokens")).scalar_one()
        row = session.scalars(select(StaffToken)).one()
    assert token not in kept
    assert row.token_hash == token_hash(token)


def test_a_new_password_ends_a_pause(app: EfmFlask, house: House) -> None:
    email = give_password(house)
    for _ in range(10):
        sign_in(visitor(app), email, "wrong")
    assert sign_in(visitor(app), email).status_code == 429
    post(visitor(app), ask(app, house), password=OTHER)
    assert sign_in(visitor(app), email, OTHER).status_code == 303


WEAK = {
    "short": "12 characters",
    "": "12 characters",
    "x" * 129: "at most 128",
    "password1234": "tried first",
    "Password2026!!": "tried first",
    "aaaaaaaaaaaaaaaa": "tried first",
    "123456789012": "tried first",
    "qwertyuiop12": "tried first",
    "84027591537402": "Digits and signs alone",
}


@pytest.mark.parametrize(("password", "said"), WEAK.items())
def test_weak_passwords_are_refused_with_a_reason(
    app: EfmFlask, house: House, password: str, said: str
) -> None:
    give_password(house)
    link = ask(app, house)
    client = visitor(app)
    response = post(client, link, password=password)
    assert response.status_code == 422
    assert said in response.text
    assert client.get(link).status_code == 200  # The link was not used up.


def test_a_password_of_ones_own_name_is_refused() -> None:
    assert passwords.weakness("dora.example1", "dora.example@northwind.org") is not None
    assert passwords.weakness("northwind-2026", "d@x.org", "Northwind Telecom") is not None
    assert passwords.weakness("correct rabbit battery fuse", "dora@example.org") is None
    assert passwords.weakness("пять синих кораблей", "dora@example.org") is None


def test_one_password_however_it_is_composed() -> None:
    stored = passwords.hashed("Müllers blaue Kähne")
    assert passwords.matches(stored, "Mu\u0308llers blaue Ka\u0308hne")
    assert not passwords.matches(stored, "Mullers blaue Kahne")
    assert not passwords.matches(None, "")
    assert not passwords.matches("not a hash", PASSWORD)


def test_changing_the_password_ends_every_other_session(app: EfmFlask, house: House) -> None:
    email = give_password(house)
    here, there = visitor(app), visitor(app)
    sign_in(here, email)
    sign_in(there, email)
    before = here.get_cookie("efm")
    path = "/account/password"
    wrong = post(here, path, "/account", current_password="not this", new_password=OTHER)
    assert (wrong.status_code, is_in(there)) == (422, True)
    weak = post(here, path, "/account", current_password=PASSWORD, new_password="short")
    assert (weak.status_code, is_in(there)) == (422, True)
    right = post(here, path, "/account", current_password=PASSWORD, new_password=OTHER)
    assert right.status_code == 303
    after = here.get_cookie("efm")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    assert is_in(here)
    assert not is_in(there)
    thief = visitor(app)
    thief.set_cookie("efm", before.value)
    assert not is_in(thief)
    assert "was changed" in mails(house, email)[-1]


def test_guessing_the_password_inside_is_limited(app: EfmFlask, house: House) -> None:
    client = visitor(app)
    sign_in(client, give_password(house))
    found = [
        post(client, "/account/password", "/account", current_password="guess", new_password=OTHER)
        .status_code
        for _ in range(11)
    ]  # fmt: skip
    assert found == [422] * 10 + [429]


def test_signing_out_every_other_browser(app: EfmFlask, house: House) -> None:
    email = give_password(house)
    here, there = visitor(app), visitor(app)
    sign_in(here, email)
    there.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Firefox/140.0"
    sign_in(there, email)
    page = here.get("/account").text
    assert "Firefox on Windows" in page
    assert "(this one)" in page
    assert post(here, "/account/sessions/end-others", "/account").status_code == 303
    assert is_in(here)
    assert not is_in(there)
    assert "Firefox on Windows" not in here.get("/account").text


def test_signing_out_one_browser(app: EfmFlask, house: House) -> None:
    from efm.models import StaffSession

    here, there = house.login("designer"), house.login("designer")
    colleague = house.login("analyst")
    with house.unit() as session:
        rows = session.scalars(select(StaffSession).order_by(StaffSession.id)).all()
    mine = [row.id for row in rows if row.user_id == house.people["designer"]]
    theirs = next(row.id for row in rows if row.user_id == house.people["analyst"])
    data = {"csrf_token": here.csrf}  # type: ignore[attr-defined]
    assert here.post(f"/account/sessions/{theirs}/end", data=data).status_code == 404
    assert is_in(colleague)
    assert here.post(f"/account/sessions/{mine[1]}/end", data=data).status_code == 303
    assert is_in(here)
    assert not is_in(there)


def test_name_and_time_zone_are_ones_own(app: EfmFlask, house: House) -> None:
    client = house.login("agent")
    zone = "America/Sao_Paulo"
    assert post(client, "/account", name="  Emil \n Berg ", time_zone=zone).status_code == 303
    page = client.get("/account").text
    assert 'value="Emil Berg"' in page
    assert f'value="{zone}" selected' in page
    for bad in (
        {"name": "", "time_zone": zone},
        {"name": "x" * 201},
        {"name": "E", "time_zone": "Mars"},
    ):
        response = post(client, "/account", **bad)
        assert response.status_code == 422
        assert "error-summary" in response.text
    with house.unit() as session:
        assert session.get_one(User, house.people["agent"]).name == "Emil Berg"


def test_switching_goes_only_where_one_belongs(
    app: EfmFlask, house: House, stranger: House
) -> None:
    from efm.models import Membership

    client = house.login("designer")
    data = {"csrf_token": client.csrf}  # type: ignore[attr-defined]
    path = f"/organizations/{stranger.id}/switch"
    assert client.post(path, data=data).status_code == 404
    with stranger.unit() as session:
        session.add(Membership(user_id=house.people["designer"], role="agent"))
    old = client.get_cookie("efm")
    assert old is not None
    assert client.post(path, data=data).status_code == 303
    assert "Agent in Northwind Telecom" in client.get("/account").text
    thief = visitor(app)
    thief.set_cookie("efm", old.value)
    assert not is_in(thief)
    assert actions(stranger) == ["session.switched"]
