"""Signing in and out, through the door."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from argon2 import PasswordHasher
from argon2.low_level import Type
from sqlalchemy import Engine, select, text, update

from efm import clock
from efm.app import make_app
from efm.config import Config
from efm.db.engine import unit
from efm.errors import Unready
from efm.models import Membership, StaffSession, User
from efm.staff import passwords
from efm.web import doorway
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


def test_the_right_password_lets_in(app: EfmFlask, house: House) -> None:
    client = visitor(app)
    response = sign_in(client, f"  {give_password(house).upper()} ")
    assert (response.status_code, response.headers["Location"]) == (303, "/")
    assert is_in(client)
    cookie = client.get_cookie("efm")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    with house.unit() as session:
        kept = session.scalars(select(StaffSession.token_hash)).all()
    assert cookie.value.encode() not in kept
    assert actions(house) == ["sign_in.succeeded"]


@pytest.mark.parametrize("email", ["nobody@example.org", "", "a@b\0", "x" * 5000, "é@ü", "%"])
def test_an_unknown_address_and_a_wrong_password_answer_alike(
    app: EfmFlask, house: House, email: str
) -> None:
    known = give_password(house)
    pages = []
    for address, password in ((known, "not it at all"), (email, PASSWORD)):
        response = sign_in(visitor(app), address, password)
        assert response.status_code == 422
        page = response.text.replace(csrf_in(response.text), "").replace(f'value="{address}"', "")
        pages.append(page.replace(' autofocus="True"', ""))
    if email.strip() and "\0" not in email:
        assert pages[0] == pages[1]
    assert "do not belong together" in pages[1]


def test_an_unknown_address_costs_a_hash_too(
    app: EfmFlask, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    email = give_password(house)
    work: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:
            work.append("verify")
            return super().verify(hash, password)

    cheap = Counting(time_cost=1, memory_cost=256, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", cheap)
    for address, password in (
        (email, "wrong"),
        ("nobody@example.org", "wrong"),
        (email, "x" * 500),
    ):
        work.clear()
        sign_in(visitor(app), address, password)
        assert work == ["verify"]


def test_hashes_are_argon2id_with_the_librarys_own_parameters() -> None:
    fresh = PasswordHasher()
    assert (fresh.type, fresh.memory_cost, fresh.time_cost) == (Type.ID, 65536, 3)
    assert passwords.LONGEST == 128


def test_an_outdated_hash_is_renewed_at_sign_in(app: EfmFlask, house: House) -> None:
    email = give_password(house)
    older = PasswordHasher(time_cost=2, memory_cost=128, parallelism=1).hash(PASSWORD)
    _set(house, password_hash=older)
    assert sign_in(visitor(app), email).status_code == 303
    with house.unit() as session:
        now = session.get_one(User, house.people["designer"]).password_hash
    assert now is not None
    assert now != older
    assert not passwords.is_outdated(now)


def _set(house: House, role: str = "designer", **values: object) -> None:
    user_id = house.people[role]
    with unit(house.engine, house.id, user_id=user_id) as session:
        session.execute(update(User).where(User.id == user_id).values(**values))


def test_the_eleventh_try_is_refused_even_with_the_right_password(
    app: EfmFlask, house: House
) -> None:
    email = give_password(house)
    for _ in range(10):
        assert sign_in(visitor(app), email, "wrong").status_code == 422
    response = sign_in(visitor(app), email)
    assert response.status_code == 429
    assert 0 < int(response.headers["Retry-After"]) <= 900
    with time_machine.travel(clock.now() + timedelta(minutes=16)):
        assert sign_in(visitor(app), email).status_code == 303


def test_ten_failures_lock_the_account_for_a_quarter_of_an_hour(
    app: EfmFlask, house: House
) -> None:
    email = give_password(house)
    start = clock.now()
    for minute in range(0, 20, 2):  # Slower than the limit of tries, so that only the lock counts.
        with time_machine.travel(start + timedelta(minutes=minute)):
            assert sign_in(visitor(app), email, "wrong").status_code == 422
    with time_machine.travel(start + timedelta(minutes=19)):
        assert sign_in(visitor(app), email).status_code == 422
    with time_machine.travel(start + timedelta(minutes=34)):
        assert sign_in(visitor(app), email, "wrong").status_code == 422  # One slip locks nothing.
        assert sign_in(visitor(app), email).status_code == 303
    assert actions(house).count("sign_in.failed") == 11


def test_parallel_tries_count_each(app: EfmFlask, house: House) -> None:
    email = give_password(house)
    clients = [visitor(app) for _ in range(16)]
    values = [csrf_in(client.get("/sign-in").text) for client in clients]
    found: list[int] = []

    def guess(index: int) -> None:
        data = {"csrf_token": values[index], "email": email, "password": "wrong"}
        found.append(clients[index].post("/sign-in", data=data).status_code)

    threads = [threading.Thread(target=guess, args=(index,)) for index in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [422] * 10 + [429] * 6


def test_a_network_that_keeps_failing_is_refused(app: EfmFlask, house: House) -> None:
    email = give_password(house)
    attacker = visitor(app)
    for index in range(10):
        assert sign_in(attacker, f"nobody{index}@example.org").status_code == 422
    assert sign_in(attacker, email).status_code == 429
    assert sign_in(visitor(app), email).status_code == 303


def test_addresses_of_one_ipv6_network_count_together(app: EfmFlask) -> None:
    client = visitor(app)
    for index in range(10):
        client.environ_base["REMOTE_ADDR"] = f"2001:db8:7:9::{index + 1}"
        sign_in(client, f"nobody{index}@example.org")
    client.environ_base["REMOTE_ADDR"] = "2001:db8:7:9::ffff"
    assert sign_in(client, "nobody@example.org").status_code == 429
    client.environ_base["REMOTE_ADDR"] = "2001:db8:7:a::1"
    assert sign_in(client, "nobody2@example.org").status_code == 422


def test_success_forgives_the_slips_before_it(app: EfmFlask, house: House) -> None:
    email = give_password(house)
    for _ in range(3):
        for _ in range(6):
            sign_in(visitor(app), email, "wrong")
        assert sign_in(visitor(app), email).status_code == 303


def test_hashing_is_bounded_and_asks_to_come_back(
    app: EfmFlask, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "WAIT_SECONDS", 0.01)
    email = give_password(house)
    with passwords._slot(), passwords._slot():
        with pytest.raises(Unready), passwords._slot():
            pass
        response = sign_in(visitor(app), email)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert sign_in(visitor(app), email).status_code == 303


def test_a_copied_cookie_is_worth_nothing_after_sign_out(app: EfmFlask, house: House) -> None:
    client = visitor(app)
    sign_in(client, give_password(house))
    cookie = client.get_cookie("efm")
    assert cookie is not None
    response = post(client, "/sign-out", "/account")
    assert response.status_code == 303
    assert client.get_cookie("efm") is None
    thief = visitor(app)
    thief.set_cookie("efm", cookie.value)
    assert thief.get("/account").headers["Location"] == "/sign-in?next=/account"
    assert actions(house)[-1] == "sign_out.succeeded"


def test_signing_in_again_gives_a_new_session_and_ends_the_old(app: EfmFlask, house: House) -> None:
    email = give_password(house)
    client = visitor(app)
    before = csrf_in(client.get("/sign-in").text)
    sign_in(client, email)
    first = client.get_cookie("efm")
    assert first is not None
    page = client.get("/account").text
    assert csrf_in(page) != before
    data = {"csrf_token": csrf_in(page), "email": email, "password": PASSWORD}
    assert client.post("/sign-in", data=data).status_code == 303
    second = client.get_cookie("efm")
    assert second is not None
    assert second.value != first.value
    other = visitor(app)
    other.set_cookie("efm", first.value)
    assert not is_in(other)
    assert is_in(client)


def test_a_planted_cookie_is_not_taken_over(app: EfmFlask, house: House) -> None:
    client = visitor(app)
    client.set_cookie("efm", "planted-by-somebody-else")
    sign_in(client, give_password(house))
    cookie = client.get_cookie("efm")
    assert cookie is not None
    assert cookie.value != "planted-by-somebody-else"


@pytest.mark.parametrize(("idle_minutes", "stays"), [(29, True), (31, False)])
def test_a_session_ends_when_idle(
    app: EfmFlask, house: House, idle_minutes: int, stays: bool
) -> None:
    client = visitor(app)
    sign_in(client, give_password(house))
    with time_machine.travel(clock.now() + timedelta(minutes=idle_minutes)):
        assert is_in(client) is stays


def test_a_session_in_use_ends_after_twelve_hours(app: EfmFlask, house: House) -> None:
    client = visitor(app)
    sign_in(client, give_password(house))
    start = clock.now()
    for minutes in range(20, 12 * 60, 20):
        with time_machine.travel(start + timedelta(minutes=minutes)):
            assert is_in(client), minutes
    with time_machine.travel(start + timedelta(hours=12, minutes=1)):
        assert not is_in(client)


def test_people_without_access_are_out_at_once(app: EfmFlask, house: House) -> None:
    email = give_password(house)
    client = visitor(app)
    sign_in(client, email)
    with house.unit() as session:
        session.execute(
            update(Membership)
            .where(Membership.user_id == house.people["designer"])
            .values(is_active=False)
        )
    assert not is_in(client)
    response = sign_in(visitor(app), email)
    assert response.status_code == 422
    assert "not a member of any organization any more" in response.text
    _set(house, is_active=False)
    response = sign_in(visitor(app), email)
    assert "do not belong together" in response.text


LOCAL = ["/", "/account", "/surveys?state=open&q=a%20b", "/a//b", "/x#y", "/überblick"]
ELSEWHERE = [
    "", "//evil.example", "///evil.example", "/\\evil.example", "\\/evil.example", "\\\\evil.example",
    "https:evil.example", "https://evil.example", "http:///evil.example", "javascript:alert(1)",
    "evil.example", " //evil.example", "/\t/evil.example", "/\n/evil.example", "\t//evil.example",
    "/\r\nSet-Cookie: a=b", "/a\\..\\..//evil", "/\0/evil", "data:text/html,x", "/" + "x" * 3000,
    "/\u2028/evil.example", "account", "?next=/", "@evil.example",
]  # fmt: skip


@pytest.mark.parametrize("where", LOCAL)
def test_one_arrives_where_one_was_going(app: EfmFlask, house: House, where: str) -> None:
    assert doorway.local_path(where) == where
    response = sign_in(visitor(app), give_password(house), next=where)
    host, _, path = response.headers["Location"].partition("/")
    assert (response.status_code, host) == (303, "")
    assert path.split("?")[0].isascii()


@pytest.mark.parametrize("where", ELSEWHERE)
def test_nobody_is_sent_elsewhere(app: EfmFlask, house: House, where: str) -> None:
    assert doorway.local_path(where) is None
    response = sign_in(visitor(app), give_password(house), next=where)
    assert (response.status_code, response.headers["Location"]) == (303, "/")
    signed_in = house.login()
    assert signed_in.get("/sign-in", query_string={"next": where}).headers["Location"] == "/"


def test_a_page_asked_for_before_signing_in_is_reached_after_it(
    app: EfmFlask, house: House
) -> None:
    client = visitor(app)
    email = give_password(house, "owner")
    response = client.get("/audit?action=token.created", follow_redirects=True)
    assert 'value="/audit?action=token.created"' in response.text
    data = {"csrf_token": csrf_in(response.text), "email": email, "password": PASSWORD,
            "next": "/audit?action=token.created"}  # fmt: skip
    assert client.post("/sign-in", data=data).headers["Location"] == "/audit?action=token.created"


def test_a_form_without_its_cookie_is_refused(app: EfmFlask, house: House) -> None:
    email = give_password(house)
    value = csrf_in(visitor(app).get("/sign-in").text)
    response = visitor(app).post(
        "/sign-in", data={"csrf_token": value, "email": email, "password": PASSWORD}
    )
    assert response.status_code == 403
    assert "reload the page" in response.text


def test_the_first_page_follows_the_role(app: EfmFlask, house: House) -> None:
    assert visitor(app).get("/").headers["Location"] == "/sign-in"
    for role in ("owner", "agent"):
        where = house.login(role).get("/", follow_redirects=True)
        assert where.status_code == 200


def test_no_password_and_no_token_stays_behind(
    app: EfmFlask, house: House, owner_engine: object, capsys: pytest.CaptureFixture[str]
) -> None:
    client = visitor(app)
    sign_in(client, give_password(house))
    cookie = client.get_cookie("efm")
    assert cookie is not None
    with house.engine.connect() as connection:
        connection.execute(
            text("SELECT set_config('efm.organization', :id, false)"), {"id": str(house.id)}
        )
        dump = "".join(
            str(connection.execute(text(f"SELECT array_agg(t::text) FROM {table} t")).scalar_one())
            for table in ("audit_entries", "staff_sessions", "mails", "events")
        )
        connection.execute(text("SELECT set_config('efm.organization', '', false)"))
    logged = capsys.readouterr()
    for secret in (PASSWORD, cookie.value):
        assert secret not in dump + logged.out + logged.err


def test_over_tls_the_cookie_belongs_to_this_host_alone(
    config: Config, engine: Engine, house: House
) -> None:
    secure = make_app(replace(config, public_url="https://feedback.example"), engine=engine)
    client = visitor(secure)
    address = "https://feedback.example"
    value = csrf_in(client.get("/sign-in", base_url=address).text)
    data = {"csrf_token": value, "email": give_password(house), "password": PASSWORD}
    response = client.post("/sign-in", data=data, base_url=address)
    found = next(c for c in response.headers.getlist("Set-Cookie") if c.startswith("__Host-efm="))
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(found.split("; "))
    assert "Domain" not in found
    page = client.get("/account", base_url=address)
    assert page.status_code == 200
    out = client.post("/sign-out", data={"csrf_token": csrf_in(page.text)}, base_url=address)
    gone = next(c for c in out.headers.getlist("Set-Cookie") if c.startswith("__Host-efm="))
    assert "Max-Age=0" in gone
    assert "Secure" in gone
    plain = visitor(secure)
    plain.set_cookie("efm", found.split("=")[1].split(";")[0])
    assert plain.get("/account", base_url=address).status_code == 302
