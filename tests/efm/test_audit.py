"""The audit log: reading it by filter and page; nobody changes it. Settings and search leave traces or none."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from efm.events import audit
from efm.models import Account, Contact, Organization, Survey
from efm.staff import organization, trail
from tests.factories import House
from tests.staff_steps import actions, post

DAY = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def fill(house: House, count: int, at: datetime = DAY, action: str = "case.closed") -> None:
    """Write entries, all at the same moment: paging must not lose one between them."""
    with house.unit() as session:
        for index in range(count):
            audit.record(session, at, f"person {index}", action, user_id=house.people["agent"],
                         number=index)  # fmt: skip


def rows(page: str) -> list[str]:
    return re.findall(r'data-label="Who">([^<]+)<', page)


def test_the_log_is_read_page_by_page_without_loss(house: House, stranger: House) -> None:
    fill(house, 120)
    fill(stranger, 3)
    client, path, found = house.login(), "/audit", []
    for _ in range(4):
        page = client.get(path).text
        found.append(rows(page))
        following = re.search(r'href="([^"]+)" rel="next"', page)
        if following is None:
            break
        path = following.group(1).replace("&amp;", "&")
    assert [len(part) for part in found] == [50, 50, 20]
    assert {name for part in found for name in part} == {f"person {i}" for i in range(120)}


def test_filters_stand_in_the_address(house: House) -> None:
    fill(house, 2)
    fill(house, 1, action="token.created")
    fill(house, 4, at=DAY - timedelta(days=3))
    client = house.login()
    assert len(rows(client.get("/audit").text)) == 7
    assert len(rows(client.get("/audit?action=token.created").text)) == 1
    assert len(rows(client.get(f"/audit?person={house.people['agent']}").text)) == 7
    assert len(rows(client.get(f"/audit?person={house.people['owner']}").text)) == 0
    assert len(rows(client.get("/audit?from=2026-03-10&until=2026-03-10").text)) == 3
    assert len(rows(client.get("/audit?until=2026-03-09").text)) == 4
    page = client.get("/audit?action=token.created&from=2026-03-10").text
    assert "Made an API token" in page
    assert 'aria-label="Filters in use"' in page
    assert "Nothing matches" in client.get("/audit?from=2027-01-01").text


def test_days_are_those_of_the_organization(house: House) -> None:
    with house.unit() as session:
        session.get_one(Organization, house.id).time_zone = "Pacific/Auckland"  # UTC+13 in March.
    fill(house, 1, at=datetime(2026, 3, 10, 11, 30, tzinfo=UTC))
    client = house.login()
    assert len(rows(client.get("/audit?from=2026-03-11&until=2026-03-11").text)) == 1
    assert len(rows(client.get("/audit?from=2026-03-10&until=2026-03-10").text)) == 0


@pytest.mark.parametrize(
    "query",
    ["from=x", "until=2026-02-30", "person=x", "after=x", "after=%FF", "after=MjAyNi0wMS0wMXx4",
     "action=%00", "action=" + "x" * 500, "from=9999-12-31&until=9999-12-31", "from=0001-01-01"],
)  # fmt: skip
def test_what_cannot_be_read_is_no_error(house: House, query: str) -> None:
    fill(house, 1)
    assert house.login().get(f"/audit?{query}").status_code == 200


def test_entries_are_added_and_never_changed(house: House) -> None:
    fill(house, 1)
    for statement in ("UPDATE audit_entries SET actor = 'nobody'", "DELETE FROM audit_entries"):
        with pytest.raises(DBAPIError, match="permission denied"), house.unit() as session:
            session.execute(text(statement))


def test_details_are_text_and_nothing_else(house: House) -> None:
    with house.unit() as session:
        audit.record(session, DAY, "<b>x</b>", "case.closed", note="<script>alert(1)</script>",
                     keys=["a", "<i>"])  # fmt: skip
    page = house.login().get("/audit").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "a, &lt;i&gt;" in page


def test_every_known_action_is_a_statement() -> None:
    for action, words in trail.ACTIONS.items():
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+", action)
        assert words[0].isupper()
        assert not words.endswith(".")
    assert trail.words("case.was_closed") == "Case was closed"


def test_settings_are_saved_and_noted(house: House) -> None:
    client = house.login()
    wanted = {
        "name": "Northwind Süd",
        "time_zone": "Europe/Berlin",
        "language": "de",
        "currency": "CHF",
    }
    assert post(client, "/settings", **wanted).status_code == 303
    page = client.get("/settings").text
    for value in wanted.values():
        assert f'value="{value}"' in page
    assert "Northwind Süd</span>" in page
    assert actions(house) == ["organization.changed"]
    assert post(client, "/settings", **wanted).status_code == 303
    assert actions(house) == ["organization.changed"]


@pytest.mark.parametrize(
    "change", [{"name": ""}, {"time_zone": "Mars/Base"}, {"language": "tlh"}, {"currency": "DEM"}]
)
def test_settings_that_cannot_be(house: House, change: dict[str, str]) -> None:
    wanted = {"name": "N", "time_zone": "UTC", "language": "en", "currency": "EUR"} | change
    response = post(house.login(), "/settings", **wanted)
    assert response.status_code == 422
    assert f'href="#field-{next(iter(change))}"' in response.text
    assert actions(house) == []


def test_languages_and_currencies_are_named() -> None:
    assert dict(organization.languages())["de"] == "Deutsch"
    assert organization.currencies()[0] == ("EUR", "EUR – Euro")
    assert len(organization.currencies()) > 120


def stock(house: House) -> None:
    with house.unit() as session:
        session.add(Account(name="Acme 100% GmbH", domain="acme.example"))
        session.add(Contact(name="Ada Lovelace", email="ada@acme.example"))
        session.add(Survey(name="Acme yearly", draft={}))
        for index in range(12):
            session.add(Contact(name=f"Zoe {index:02}"))


def test_search_finds_by_any_part(house: House, stranger: House) -> None:
    stock(house)
    stock(stranger)
    page = house.login().get("/search?q=ACME").text
    assert page.count("Ada Lovelace") == 1
    assert page.count("Acme 100% GmbH") == 1
    assert page.count("Acme yearly") == 1
    assert (
        len(
            re.findall(
                r'href="/(?:customers|surveys)/[0-9a-f/-]*(?:accounts/)?[0-9a-f-]{36}"', page
            )
        )
        == 3
    )
    many = house.login().get("/search?q=zoe").text
    assert many.count("Zoe ") == 10
    assert "There are more" in many


def test_search_takes_signs_for_themselves(house: House) -> None:
    stock(house)
    client = house.login()
    assert "Acme 100% GmbH" in client.get("/search?q=100%25").text
    for typed in ("%25%25", "__", "a_a", "\\\\", "'';--", "%00%00", "x" * 5000):
        page = client.get("/search", query_string=f"q={typed}")
        assert page.status_code == 200
        assert "Ada Lovelace" not in page.text
    assert "Type at least two characters" in client.get("/search?q=a").text


def test_search_follows_the_role(house: House) -> None:
    stock(house)
    page = house.login("crm_admin").get("/search?q=acme").text
    assert "Ada Lovelace" in page
    assert "Acme yearly" not in page


def test_what_was_set_otherwise_may_stay(house: House) -> None:
    with house.unit() as session:
        session.get_one(Organization, house.id).currency = "DEM"
    client = house.login()
    assert 'value="DEM" selected' in client.get("/settings").text
    wanted = {"name": "Northwind", "time_zone": "UTC", "language": "en", "currency": "DEM"}
    assert post(client, "/settings", **wanted).status_code == 303
    assert 'value="DEM" selected' in client.get("/settings").text
