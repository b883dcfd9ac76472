"""The people of an organization: inviting, joining, roles, ending access."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from efm import clock
from efm.db.engine import unit
from efm.errors import Conflict, Forbidden, Invalid
from efm.models import Membership, StaffToken, User
from efm.staff import members
from efm.staff.actor import Actor
from efm.web.flask import EfmFlask
from efm.web.permissions import ROLE_LABELS, ROLE_PERMISSIONS, roles_within
from tests.factories import House
from tests.staff_steps import (
    PASSWORD,
    actions,
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

ALL = frozenset(ROLE_LABELS)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick_hashes(monkeypatch)


def send(client: FlaskClient, path: str, **data: str) -> TestResponse:
    return client.post(path, data={"csrf_token": client.csrf, **data})  # type: ignore[attr-defined]


def new_address() -> str:
    return f"new.{uuid.uuid4().hex[:12]}@example.org"


def invited(house: House, email: str, role: str = "analyst") -> str:
    """Invite an address; returns the path of the mailed link."""
    response = send(house.login(), "/members", email=email, role=role)
    assert response.status_code == 303, response.text
    return link_in(mails(house, email.lower())[-1])


def membership(house: House, role: str) -> uuid.UUID:
    with house.unit() as session:
        query = select(Membership.id).where(Membership.user_id == house.people[role])
        return session.scalars(query).one()


def test_the_list_shows_everybody_with_their_role(house: House, stranger: House) -> None:
    page = house.login().get("/members").text
    for role in house.people:
        assert email_of(house, role) in page
    assert stranger.slug not in page
    assert "Nobody is invited at the moment" in page


def test_a_new_person_joins_by_the_mailed_link(app: EfmFlask, house: House) -> None:
    email = new_address()
    link = invited(house, email.upper(), "designer")
    client = visitor(app)
    for _ in range(3):  # Looking, by a person or a mail scanner, uses nothing up.
        assert client.get(link).status_code == 200
        assert client.head(link).status_code == 200
    assert "Join Northwind Telecom" in client.get(link).text
    response = post(client, link, name="Nora", password=PASSWORD)
    assert (response.status_code, response.headers["Location"]) == (303, "/")
    assert is_in(client)
    assert "CX designer in Northwind Telecom" in client.get("/account").text
    assert client.get(link).status_code == 410
    assert sign_in(visitor(app), email).status_code == 303
    assert actions(house)[:3] == ["member.invited", "member.joined", "sign_in.succeeded"]


def test_two_who_accept_at_once_make_one_member(app: EfmFlask, house: House) -> None:
    from tests.staff_steps import csrf_in

    email = new_address()
    link = invited(house, email)
    clients = [visitor(app) for _ in range(6)]
    values = [csrf_in(client.get(link).text) for client in clients]
    found: list[int] = []

    def accept(index: int) -> None:
        data = {"csrf_token": values[index], "name": "Nora", "password": PASSWORD}
        found.append(clients[index].post(link, data=data).status_code)

    threads = [threading.Thread(target=accept, args=(index,)) for index in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found.count(303) == 1
    assert set(found) <= {303, 403, 410}
    with house.unit() as session:
        assert len(session.scalars(select(User).where(User.email == email)).all()) == 1


def test_weak_passwords_and_missing_names_keep_the_invitation(app: EfmFlask, house: House) -> None:
    client = visitor(app)
    link = invited(house, new_address())
    response = post(client, link, name=" ", password="short")
    assert response.status_code == 422
    assert "Enter a name for yourself" in response.text
    assert "12 characters or more" in response.text
    assert post(client, link, name="Nora", password=PASSWORD).status_code == 303


def test_a_known_person_accepts_by_signing_in(app: EfmFlask, house: House, stranger: House) -> None:
    email = give_password(stranger, "agent")
    link = invited(house, email)
    client = visitor(app)
    page = client.get(link).text
    assert "has an account here already" in page
    assert 'name="password"' not in page
    arrived = sign_in(client, email, next=link).headers["Location"]
    assert arrived == link
    assert "You are signed in as" in client.get(link).text
    assert post(client, link).status_code == 303
    assert "Analyst in Northwind Telecom" in client.get("/account").text
    with house.unit() as session:
        query = select(Membership.role).where(Membership.user_id == stranger.people["agent"])
        assert session.scalars(query).all() == ["analyst"]


def test_somebody_else_cannot_accept(app: EfmFlask, house: House, stranger: House) -> None:
    email = give_password(stranger, "agent")
    link = invited(house, email)
    other = stranger.login("designer")
    page = other.get(link)
    assert "but you are signed in as" in page.text
    assert send(other, link).status_code == 403
    assert post(visitor(app), link, "/sign-in", name="X", password=PASSWORD).status_code == 403
    assert link_in(mails(house, email)[-1]) == link
    assert visitor(app).get(link).status_code == 200


def test_an_invitation_ends_after_seven_days(app: EfmFlask, house: House) -> None:
    link = invited(house, new_address())
    with time_machine.travel(clock.now() + timedelta(days=6, hours=23)):
        assert visitor(app).get(link).status_code == 200
    with time_machine.travel(clock.now() + timedelta(days=7, minutes=1)):
        assert visitor(app).get(link).status_code == 410


def test_sending_again_ends_the_old_link(app: EfmFlask, house: House) -> None:
    email = new_address()
    old = invited(house, email)
    with house.unit() as session:
        row_id = session.scalars(select(StaffToken.id)).one()
    client = house.login()
    for _ in range(5):
        assert send(client, f"/members/invitations/{row_id}/resend").status_code == 303
    assert send(client, f"/members/invitations/{row_id}/resend").status_code == 429
    assert len(mails(house, email)) == 6
    assert visitor(app).get(old).status_code == 410
    assert visitor(app).get(link_in(mails(house, email)[-1])).status_code == 200


def test_a_withdrawn_invitation_is_over(app: EfmFlask, house: House) -> None:
    link = invited(house, new_address())
    with house.unit() as session:
        row_id = session.scalars(select(StaffToken.id)).one()
    client = house.login()
    assert send(client, f"/members/invitations/{row_id}/withdraw").status_code == 303
    assert visitor(app).get(link).status_code == 410
    assert send(client, f"/members/invitations/{row_id}/withdraw").status_code == 404
    assert "Nobody is invited" in client.get("/members").text


@pytest.mark.parametrize(
    ("email", "role", "said"),
    [
        ("", "analyst", "Enter an e-mail address"),
        ("nobody", "analyst", "This is not an e-mail address"),
        ("a@b@c.example", "analyst", "This is not an e-mail address"),
        ("evil@example.org\r\nBcc: x@example.org", "analyst", "This is not an e-mail address"),
        ("someone@example.org", "boss", "Choose a role"),
        ("someone@example.org", "", "Choose a role"),
    ],
)
def test_what_cannot_be_invited(house: House, email: str, role: str, said: str) -> None:
    response = send(house.login(), "/members", email=email, role=role)
    assert response.status_code == 422
    assert said in response.text
    assert "error-summary" in response.text


def test_members_and_invited_people_are_not_invited_twice(house: House) -> None:
    client, email = house.login(), new_address()
    invited(house, email)
    again = send(client, "/members", email=email, role="agent")
    assert (again.status_code, "has an open invitation" in again.text) == (422, True)
    member = send(client, "/members", email=email_of(house, "agent"), role="agent")
    assert (member.status_code, "is a member already" in member.text) == (422, True)
    send(client, f"/members/{membership(house, 'agent')}/deactivate")
    gone = send(client, "/members", email=email_of(house, "agent"), role="agent")
    assert "was a member before" in gone.text


def test_a_role_changes_at_once(house: House) -> None:
    owner, other = house.login(), house.login("analyst")
    assert other.get("/members").status_code == 403
    path = f"/members/{membership(house, 'analyst')}/role"
    assert send(owner, path, role="owner").status_code == 303
    assert other.get("/members").status_code == 200
    send(owner, path, role="nonsense")
    assert "Choose a role from the list" in owner.get("/members").text
    assert actions(house) == ["member.role_changed"]


def test_the_last_owner_stays(house: House) -> None:
    owner, me = house.login(), membership(house, "owner")
    for path, data in (
        (f"/members/{me}/role", {"role": "agent"}),
        (f"/members/{me}/deactivate", {}),
    ):
        assert send(owner, path, **data).status_code == 303
        assert "This is the last owner" in owner.get("/members").text
    second = membership(house, "designer")
    send(owner, f"/members/{second}/role", role="owner")
    assert send(owner, f"/members/{me}/deactivate").status_code == 303
    assert owner.get("/members").status_code == 302


def test_two_owners_cannot_both_leave_at_once(house: House) -> None:
    send(house.login(), f"/members/{membership(house, 'designer')}/role", role="owner")
    leaving = [membership(house, "owner"), membership(house, "designer")]
    found: list[str] = []
    gate = threading.Barrier(2)

    def leave(member_id: uuid.UUID) -> None:
        try:
            with unit(house.engine, house.id, user_id=house.people["owner"]) as session:
                session.execute(text("SELECT 1"))
                gate.wait(10)
                members.change_role(session, member_id, "agent", ALL, Actor("x", None), clock.now())
            found.append("left")
        except Conflict:
            found.append("stayed")

    threads = [threading.Thread(target=leave, args=(member_id,)) for member_id in leaving]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["left", "stayed"]


def test_nobody_gives_or_takes_more_than_they_hold(house: House) -> None:
    may_give = roles_within(ROLE_PERMISSIONS["designer"])
    by, now = Actor("x", None), clock.now()
    analyst, owner = membership(house, "analyst"), membership(house, "owner")
    with house.unit() as session:
        with pytest.raises(Forbidden):
            members.change_role(session, analyst, "owner", may_give, by, now)
        with pytest.raises(Forbidden):
            members.change_role(session, owner, "analyst", may_give, by, now)
        with pytest.raises(Forbidden):
            members.deactivate(session, owner, may_give, by, now)
        with pytest.raises(Invalid):
            members.change_role(session, analyst, "admin", may_give, by, now)
        assert members.change_role(session, analyst, "designer", may_give, by, now) == "Carla"


def test_access_ends_at_once_and_comes_back(app: EfmFlask, house: House) -> None:
    owner, other = house.login(), house.login("agent")
    member_id = membership(house, "agent")
    assert send(owner, f"/members/{member_id}/deactivate").status_code == 303
    assert other.get("/account").status_code == 302
    assert "No access" in owner.get("/members").text
    assert send(owner, f"/members/{member_id}/reactivate").status_code == 303
    assert other.get("/account").status_code == 302  # The old session stays ended.
    assert house.login("agent").get("/account").status_code == 200
    assert actions(house)[-2:] == ["member.deactivated", "member.reactivated"]


def test_names_are_text_and_nothing_else(house: House) -> None:
    with unit(house.engine, house.id, user_id=house.people["agent"]) as session:
        session.get_one(User, house.people["agent"]).name = "<img src=x onerror=alert(1)>"
    page = house.login().get("/members").text
    assert "<img" not in page
    assert "&lt;img src=x" in page
