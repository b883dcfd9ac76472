"""Deciding who is who in the browser: pairs with reasons, merging, the way back, whose word it is."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select, text

from connectors.canonical import Account, Contact
from efm import clock
from efm.customers import matches
from efm.models import Match
from tests.efm.connected import post, words
from tests.efm.test_identity import load, of, pass_over, waiting
from tests.factories import House

PHONE = "+49301234567"


def _pair(house: House) -> Match:
    """Two who share name and phone but not their e-mail."""
    load(
        house,
        "CRM",
        Contact(external_id="1", name="Dora <i>Lind", email="d@x.example", phone=PHONE),
    )
    load(
        house,
        "Shop",
        Contact(external_id="s", name="Dora <i>Lind", email="lind.dora@shop.example", phone=PHONE),
    )
    pass_over(house)
    (pair,) = waiting(house)
    return pair


def test_a_pair_is_shown_with_its_reasons_and_merged(house: House) -> None:
    pair, client = _pair(house), house.login("crm_admin")
    page = words(client.get("/customers/matches"))
    assert "Same phone, same name, other e-mail." in page
    assert "d@x.example" in page
    assert "CRM 1" in page
    assert "<i>" not in client.get("/customers/matches").text
    reply = post(client, f"/customers/matches/{pair.id}/accept")
    assert reply.location == "/customers/matches?view=open"
    assert "are one customer now" in words(client.get(reply.location))
    one, other = sorted((pair.contact_id, pair.other_contact_id), key=str)
    leads_on = [client.get(f"/customers/{each}") for each in (one, other)]
    assert sorted(each.status_code for each in leads_on) == [200, 302]
    listed = words(client.get("/customers"))
    assert "1 contact" in listed
    again = post(client, f"/customers/matches/{pair.id}/accept")
    assert "merged already" in words(client.get(again.location))


def test_merged_ones_are_listed_and_can_be_undone(house: House) -> None:
    pair, client = _pair(house), house.login("crm_admin")
    post(client, f"/customers/matches/{pair.id}/accept")
    page = client.get("/customers/merges")
    assert "A person decided same phone, same name, other e-mail" in words(page)
    assert "Ben" in words(page)
    [undo] = re.findall(r'action="(/customers/merges/[^"]+/undo)"', page.text)
    post(client, undo)
    assert "They are two customers again" in words(client.get("/customers/merges"))
    assert "2 contacts" in words(client.get("/customers"))
    post(client, undo)
    assert "undone already" in words(client.get("/customers/merges"))
    assert pass_over(house)["conflicts"] == 0


@pytest.mark.parametrize(("decision", "view"), [("different", "different"), ("later", "later")])
def test_a_pair_may_stay_two_or_wait(house: House, decision: str, view: str) -> None:
    pair, client = _pair(house), house.login("crm_admin")
    post(client, f"/customers/matches/{pair.id}/decide", decision=decision)
    assert "Dora" not in words(client.get("/customers/matches"))
    assert "Dora" in words(client.get(f"/customers/matches?view={view}"))
    pass_over(house)
    assert "Dora" not in words(client.get("/customers/matches"))
    post(client, f"/customers/matches/{pair.id}/decide", decision="open")
    assert "Dora" in words(client.get("/customers/matches"))


def test_many_pairs_come_in_pages_each_once(house: House) -> None:
    load(house, "CRM", *(Contact(external_id=f"{n}", name=f"Person {n}") for n in range(50)))
    with house.unit() as session:
        ids = [of(house, "CRM", f"{n}") for n in range(50)]
        found = [
            matches.Found(ids[n], ids[n + 25], "likely", 0.5 + n % 3 / 10, ["same town"])
            for n in range(25)
        ]
        matches.propose(session, "contact", found, clock.now())
    client, seen, url = house.login("crm_admin"), [], "/customers/matches?view=open"
    for _ in range(3):
        page = client.get(url)
        seen += re.findall(r"/customers/matches/([^/]+)/accept", page.text)
        after = re.search(r'href="([^"]*after=[^"]+)"', page.text)
        url = after[1].replace("&amp;", "&") if after else ""
    assert len(seen) == len(set(seen)) == 25


def test_comparing_is_asked_for_once_and_shows_how_far_it_is(house: House) -> None:
    client = house.login("crm_admin")
    assert "Nobody was compared yet" in words(client.get("/customers/matches"))
    for _ in range(2):
        post(client, "/customers/matches/look")
    with house.unit() as session:
        waiting_jobs = text(
            "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'identity.resolve'"
            " AND args->>'organization_id' = :id"
        )
        assert session.execute(waiting_jobs, {"id": str(house.id)}).scalar() == 1
        session.execute(
            text("DELETE FROM procrastinate_jobs WHERE args->>'organization_id' = :id"),
            {"id": str(house.id)},
        )
    pass_over(house)
    assert "Nothing to decide" in words(client.get("/customers/matches"))


def test_a_contact_tells_whose_word_it_is_and_can_be_separated(house: House) -> None:
    load(house, "CRM", Contact(external_id="1", name="Dora Lind", email="d@x.example"))
    load(house, "Shop", Contact(external_id="s", email="d@x.example", phone=PHONE))
    contact, client = of(house, "CRM", "1"), house.login("crm_admin")
    page = client.get(f"/customers/{contact}")
    assert "s, known by same e-mail" in words(page)
    assert "Phone Shop," in words(page)
    assert "Name CRM," in words(page)
    urls = re.findall(r'action="(/customers/identities/[^"]+/separate)"', page.text)
    assert len(urls) == 2
    reply = post(client, urls[1])
    made = words(client.get(reply.location))
    assert "a customer of its own again" in made
    assert PHONE in made
    assert PHONE not in words(client.get(f"/customers/{contact}"))
    refused = post(client, urls[1])
    assert "nothing to separate" in words(client.get(refused.location))


def test_an_account_shows_what_it_is_part_of_and_what_is_under_it(house: House) -> None:
    load(
        house, "CRM", Account(external_id="0", name="Acme Group"),
        Account(external_id="1", name="Acme Nord", parent_external_id="0"),
        Account(external_id="2", name="Acme Kiel", parent_external_id="1"),
    )  # fmt: skip
    client = house.login("analyst")
    page = words(client.get(f"/customers/accounts/{of(house, 'CRM', '1', 'account')}"))
    assert re.search(r"Part of\s+Acme Group", page)
    assert re.search(r"Accounts under it\s+Acme Kiel", page)
    top = words(client.get(f"/customers/accounts/{of(house, 'CRM', '2', 'account')}"))
    assert re.search(r"Part of\s+Acme Group\s+Acme Nord", top)


def test_who_may_only_look_sees_no_way_to_merge(house: House) -> None:
    pair, client = _pair(house), house.login("analyst")
    assert client.get("/customers/matches").status_code == 403
    assert post(client, f"/customers/matches/{pair.id}/accept").status_code == 403
    assert "Possible matches" not in client.get("/customers").text


def test_programs_are_answered_by_the_one_that_is_left(house: House) -> None:
    pair, client = _pair(house), house.login("crm_admin")
    post(client, f"/customers/matches/{pair.id}/accept")
    headers: dict[str, Any] = house.api_token("customers.view")
    program = house.app.test_client()
    answers = [
        program.get(f"/api/v1/contacts/{each}", headers=headers).json
        for each in (pair.contact_id, pair.other_contact_id)
    ]
    assert answers[0] == answers[1]
    assert {each["source"] for each in answers[0]["external_ids"]} == {"CRM", "Shop"}
    assert len(program.get("/api/v1/contacts", headers=headers).json["data"]) == 1


def test_a_match_of_accounts_is_decided_too(house: House) -> None:
    load(house, "CRM", Account(external_id="1", name="Acme", domain="acme.example"))
    load(house, "Shop", Account(external_id="a", name="Zebra", domain="acme.example"))
    pass_over(house)
    (pair,) = waiting(house)
    client = house.login("crm_admin")
    assert "Same web domain, other name" in words(client.get("/customers/matches"))
    post(client, f"/customers/matches/{pair.id}/accept")
    assert of(house, "CRM", "1", "account") == of(house, "Shop", "a", "account")
    with house.unit() as session:
        assert session.scalars(select(Match.state)).all() == ["same"]
