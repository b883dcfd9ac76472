"""Contacts, accounts, interactions and measurements through the API."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy import text

from connectors.canonical import Interaction
from efm import clock
from efm.customers import records
from tests.efm.api import (
    ACCOUNTS,
    CONTACTS,
    INTERACTIONS,
    MEASUREMENTS,
    RANDOM_ID,
    Program,
    errors,
)
from tests.factories import House

ORDER = {
    "contact_external_id": "c-1",
    "kind": "order",
    "occurred_at": "2026-03-01T10:00:00+02:00",
    "amount": "12.50",
    "currency": "EUR",
}
REVENUE = {
    "account_external_id": "a-1",
    "metric": "revenue",
    "amount": "1000.01",
    "currency": "EUR",
}
BODIES: dict[str, dict[str, Any]] = {
    CONTACTS: {"name": "Ana"},
    ACCOUNTS: {"name": "Acme"},
    INTERACTIONS: ORDER,
    MEASUREMENTS: REVENUE,
}


@pytest.fixture
def program(house: House) -> Program:
    """A program that may do everything."""
    return Program(house)


def _put(program: Program, base: str, name: str, /, **values: Any) -> dict[str, Any]:
    response = program.put(f"{base}/external/{name}", values)
    assert response.status_code in (200, 201), response.get_json()
    return dict(response.get_json())


def test_a_contact_is_made_normalised_and_found_again(program: Program) -> None:
    body = {
        "name": "  Ana Lima ", "email": " Ana.Lima@Example.COM ", "phone": "+44 (0)20 7946 0000",
        "language": "PT_br", "account_external_id": "acme", "attributes": {"tier": "gold"},
    }  # fmt: skip
    response = program.put(f"{CONTACTS}/external/c-1", body)
    made = response.get_json()
    assert response.status_code == 201
    assert made["name"] == "Ana Lima"
    assert made["email"] == "ana.lima@example.com"
    assert made["phone"] == "+442079460000"
    assert made["language"] == "pt-BR"
    assert made["attributes"] == {"tier": "gold"}
    assert made["external_ids"] == [{"source": "API", "external_id": "c-1"}]
    account = program.get(f"{ACCOUNTS}/{made['account_id']}").get_json()
    assert (account["name"], account["external_ids"][0]["external_id"]) == ("acme", "acme")
    assert program.get(f"{CONTACTS}/{made['id']}").get_json() == made
    assert program.get(f"{CONTACTS}/external/c-1").get_json() == made


def test_what_is_left_out_stays(program: Program) -> None:
    first = _put(program, CONTACTS, "c-1", name="Ana", email="ana@example.com", attributes={"a": 1})
    response = program.put(f"{CONTACTS}/external/c-1", {"email": None, "attributes": {"b": 2}})
    changed = response.get_json()
    assert response.status_code == 200
    assert (changed["id"], changed["email"]) == (first["id"], "ana@example.com")
    assert changed["attributes"] == {"a": 1, "b": 2}


def test_attributes_come_back_as_they_went(program: Program) -> None:
    sent = {
        "large": 7.032372078908411e47, "small": -1e-200, "whole": 2**64 - 1, "least": -(2**63),
        "": {"": [None, True, 0.1, "\U0001f600", "\\", {"a:b": []}]},
    }  # fmt: skip
    made = _put(program, CONTACTS, "c-1", attributes=sent)
    # JSON knows no kinds of numbers: what was 7e47 comes back with all its digits.
    assert float(made["attributes"]["large"]) == sent["large"]
    assert made["attributes"] == sent | {"large": made["attributes"]["large"]}
    listed = program.get(CONTACTS).get_json()["data"]
    assert listed == [made]


def test_a_contact_known_by_its_email_gets_a_second_id(program: Program) -> None:
    first = _put(program, CONTACTS, "c-1", email="ana@example.com")
    second = _put(program, CONTACTS, "c-2", email="ANA@example.com")
    assert first["id"] == second["id"]
    assert [each["external_id"] for each in second["external_ids"]] == ["c-1", "c-2"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"email": "nobody"}, "#/email"),
        ({"email": 5}, "#/email"),
        ({"phone": "12"}, "#/phone"),
        ({"phone": "020 7946 0000"}, "#/phone"),
        ({"language": "the Queen's"}, "#/language"),
        ({"name": ["Ana"]}, "#/name"),
        ({"name": "x" * 501}, "#/name"),
        ({"attributes": []}, "#/attributes"),
        ({"attributes": {"a": "x" * 20_000}}, "#/attributes"),
        ({"id": RANDOM_ID}, "#/id"),
        ({"external_id": "c-2"}, "#/external_id"),
        ({"account_external_id": ""}, "#/account_external_id"),
        ([], "#"),
        ("Ana", "#"),
    ],
)
def test_a_contact_that_does_not_fit(program: Program, body: Any, pointer: str) -> None:
    response = program.put(f"{CONTACTS}/external/c-1", body)
    assert response.status_code == 422
    assert list(errors(response)) == [pointer]
    assert program.get(f"{CONTACTS}/external/c-1").status_code == 404


def test_money_is_exact(program: Program) -> None:
    cases = [
        ({"amount": "0.10", "currency": "EUR"}, 10, "0.10"),
        ({"amount": "-0.05", "currency": "eur"}, -5, "-0.05"),
        ({"amount": "90071992547409.93", "currency": "USD"}, 9007199254740993, "90071992547409.93"),
        ({"amount": "1500", "currency": "JPY"}, 1500, "1500"),
        ({"amount": "1.2345", "currency": "CLF"}, 12345, "1.2345"),
        ({"amount_minor": 9223372036854775807, "currency": "EUR"}, 9223372036854775807,
         "92233720368547758.07"),
        ({"amount_minor": 7, "currency": "BHD"}, 7, "0.007"),
    ]  # fmt: skip
    for number, (money, minor, amount) in enumerate(cases):
        made = _put(program, INTERACTIONS, f"i-{number}", contact_external_id="c", kind="order",
                    occurred_at="2026-01-01T00:00:00Z", **money)  # fmt: skip
        assert (made["amount_minor"], made["amount"]) == (minor, amount)
        assert made["currency"] == money["currency"].upper()


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"amount": 12.5}, "#/amount"),
        ({"amount": "12,50"}, "#/amount"),
        ({"amount": "1e3"}, "#/amount"),
        ({"amount": "12.505"}, "#/amount"),
        ({"amount": "9" * 18}, "#/amount"),
        ({"amount": "٣"}, "#/amount"),
        ({"amount_minor": 1}, "#/amount"),
        ({"amount": None, "amount_minor": 1.0}, "#/amount_minor"),
        ({"amount": None, "amount_minor": True}, "#/amount_minor"),
        ({"amount": None, "amount_minor": 2**63}, "#/amount_minor"),
        ({"currency": None}, "#/currency"),
        ({"currency": "EURO"}, "#/currency"),
        ({"currency": "XXX"}, "#/currency"),
        ({"amount": None}, "#/currency"),
        ({"occurred_at": "2026-03-01T10:00:00"}, "#/occurred_at"),
        ({"occurred_at": "2026-03-01"}, "#/occurred_at"),
        ({"occurred_at": "2026-02-30T10:00:00Z"}, "#/occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "#/occurred_at"),
        ({"occurred_at": "9999-12-31T23:59:59-12:00"}, "#/occurred_at"),
        ({"occurred_at": 1772352000}, "#/occurred_at"),
        ({"kind": ""}, "#/kind"),
        ({"kind": "  "}, "#/kind"),
        ({"kind": None}, "#/kind"),
        ({"duration_seconds": -1}, "#/duration_seconds"),
        ({"duration_seconds": 2**31}, "#/duration_seconds"),
        ({"contact_external_id": None}, "#/contact_external_id"),
    ],
)
def test_an_interaction_that_does_not_fit(
    program: Program, change: dict[str, Any], pointer: str
) -> None:
    response = program.put(f"{INTERACTIONS}/external/i-1", ORDER | change)
    assert response.status_code == 422
    assert list(errors(response)) == [pointer]


def test_times_come_back_in_utc(program: Program) -> None:
    made = _put(program, INTERACTIONS, "i-1", **ORDER)
    assert made["occurred_at"] == "2026-03-01T08:00:00Z"
    changed = _put(program, INTERACTIONS, "i-1", **ORDER | {"outcome": "returned"})
    assert (changed["id"], changed["outcome"]) == (made["id"], "returned")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"amount": None, "currency": None}, "#/value"),
        ({"value": "1"}, "#/value"),
        ({"value": 1, "amount": None, "currency": None}, "#/value"),
        ({"value": "1.1234567", "amount": None, "currency": None}, "#/value"),
        ({"measured_on": "2026-02-30"}, "#/measured_on"),
        ({"measured_on": "2026-02-03T00:00:00Z"}, "#/measured_on"),
        ({"metric": None}, "#/metric"),
    ],
)
def test_a_measurement_that_does_not_fit(
    program: Program, change: dict[str, Any], pointer: str
) -> None:
    response = program.put(f"{MEASUREMENTS}/external/m-1", REVENUE | change)
    assert response.status_code == 422
    assert list(errors(response)) == [pointer]


def test_measurements_keep_every_digit_and_stay_undated(program: Program) -> None:
    made = _put(program, MEASUREMENTS, "m-1", contact_external_id="c", metric="Churn Risk",
                value="999999999999999999.123456")  # fmt: skip
    assert (made["metric"], made["value"]) == ("churn risk", "999999999999999999.123456")
    assert made["measured_on"] is None
    made = _put(program, MEASUREMENTS, "m-2", contact_external_id="c", metric="visits",
                value="1200.000", measured_on="2026-01-31")  # fmt: skip
    assert (made["value"], made["measured_on"]) == ("1200", "2026-01-31")
    found = program.get(MEASUREMENTS, measured_from="2026-01-31", measured_to="2026-02-01")
    assert [each["external_id"] for each in found.get_json()["data"]] == ["m-2"]


@pytest.mark.parametrize("base", list(BODIES))
def test_a_batch_says_what_became_of_each_row(program: Program, base: str) -> None:
    body, name = BODIES[base], base.rpartition("/")[2]
    _put(program, base, "known", **body)
    rows = [
        {"external_id": "new", **body},
        {"external_id": "known", **body},
        {"external_id": "odd", **body, "colour": "red"},
        dict(body),
        17,
        {"external_id": "new", **body, "attributes": {"last": True}},
        {"external_id": " ", **body},
    ]
    response = program.post(f"{base}/batch", {name: rows})
    assert response.status_code == 200
    told = response.get_json()
    assert (told["created"], told["updated"], told["unchanged"], told["refused"]) == (1, 0, 1, 4)
    assert [each["outcome"] for each in told["results"]] == [
        "stored", "stored", "refused", "refused", "refused", "stored", "refused",
    ]  # fmt: skip
    assert told["results"][0]["id"] == told["results"][5]["id"]
    assert [each["pointer"] for row in told["results"] for each in row["errors"]] == [
        f"#/{name}/2/colour", f"#/{name}/3/external_id", f"#/{name}/4", f"#/{name}/6/external_id",
    ]  # fmt: skip
    read = program.get(f"{base}/{told['results'][0]['id']}").get_json()
    assert read["attributes"] == {"last": True}


def test_a_row_the_database_refuses_fails_alone(program: Program, house: House) -> None:
    when = clock.now()
    rows = [
        Interaction(external_id=name, contact_external_id="c", kind=kind, occurred_at=when)
        for name, kind in (("good", "call"), ("odd", "k" * 61), ("fine", "call"))
    ]
    with house.unit() as session:
        stored = records.store(session, "interaction", rows, when)
    assert [each is None for each in stored.ids] == [False, True, False]
    assert stored.counts.created == 2
    assert program.get(f"{INTERACTIONS}/external/fine").status_code == 200


@pytest.mark.parametrize("base", list(BODIES))
def test_lists_by_external_id_and_cursor(program: Program, base: str) -> None:
    name = base.rpartition("/")[2]
    rows = [{"external_id": f"x-{number}", **BODIES[base]} for number in range(5)]
    told = program.post(f"{base}/batch", {name: rows}).get_json()
    wanted = {each["id"] for each in told["results"]}
    path, seen = f"{base}?limit=2", []
    while path:
        page = program.ask("GET", path).get_json()
        seen += [each["id"] for each in page["data"]]
        path = page["next"]
    assert wanted <= set(seen)
    assert len(seen) == len(set(seen))
    assert seen == sorted(seen, reverse=True)
    found = program.get(base, external_id="x-3").get_json()["data"]
    assert [each["id"] for each in found] == [told["results"][3]["id"]]
    assert program.get(base, external_id="x-9").get_json()["data"] == []


def test_people_are_found_by_address_and_phone(program: Program, stranger: House) -> None:
    ana = _put(program, CONTACTS, "c-1", email="ana@example.com", phone="+442079460000")
    bea = _put(program, CONTACTS, "c-2", email="bea@example.com", phone="+442079460000")

    def found(who: Program, **keys: str | None) -> set[str]:
        rows = who.post(f"{CONTACTS}/search", keys).get_json()["data"]
        return {each["id"] for each in rows}

    assert found(program, email=" ANA@example.com") == {ana["id"]}
    assert found(program, phone="+44 20 7946 0000") == {ana["id"], bea["id"]}
    assert found(program, phone="+44 20 7946 0000", email="bea@example.com") == {bea["id"]}
    assert found(program, email="nobody@example.com") == set()
    assert found(Program(stranger), email="ana@example.com") == set()
    for keys in ({}, {"email": None}, {"email": " "}, {"name": "Ana"}):
        assert program.post(f"{CONTACTS}/search", keys).status_code == 422
    # Addresses have no place in an address.
    assert program.get(CONTACTS, email="ana@example.com").status_code == 422


def test_changes_since_come_oldest_first(program: Program, house: House) -> None:
    for number in range(4):
        _put(program, CONTACTS, f"c-{number}", name=f"Person {number}")
    with house.unit() as session:  # Two changed at the same time: neither may be lost or doubled.
        session.execute(text("UPDATE contacts SET updated_at = '2026-01-01T00:00:00Z'"))
    _put(program, CONTACTS, "c-1", name="Changed")
    path = f"{CONTACTS}?limit=1&updated_since=2026-01-01T00:00:00Z"
    names = []
    while path:
        page = program.ask("GET", path).get_json()
        names += [each["name"] for each in page["data"]]
        path = page["next"]
    assert sorted(names[:3]) == ["Person 0", "Person 2", "Person 3"]
    assert names[3:] == ["Changed"]
    cursor = program.get(CONTACTS, limit=1).get_json()["next_cursor"]
    mixed = program.get(CONTACTS, cursor=cursor, updated_since="2026-01-01T00:00:00Z")
    assert mixed.status_code == 400


def test_interactions_of_one_customer(program: Program) -> None:
    made = _put(program, INTERACTIONS, "i-1", **ORDER)
    _put(program, INTERACTIONS, "i-2", **ORDER | {"contact_external_id": "c-2", "kind": "call"})

    def found(**query: str) -> list[str]:
        rows = program.get(INTERACTIONS, **query).get_json()["data"]
        return [each["external_id"] for each in rows]

    assert found(contact_id=made["contact_id"]) == ["i-1"]
    assert found(kind="Call") == ["i-2"]
    assert found(occurred_from="2026-03-01T08:00:00Z", occurred_to="2026-03-01T08:00:01Z") == [
        "i-2", "i-1",
    ]  # fmt: skip
    assert found(occurred_from="2026-03-01T08:00:01Z") == []


@pytest.mark.parametrize("name", ["a b", "a/b", "ä+%", "a?b=c", "-", "0" * 255])
def test_external_ids_of_every_kind(program: Program, name: str) -> None:
    from urllib.parse import quote

    path = f"{CONTACTS}/external/{quote(name, safe='')}"
    assert program.put(path, {"name": "Ana"}).status_code == 201
    assert program.get(path).get_json()["external_ids"][0]["external_id"] == name


@pytest.mark.parametrize("name", ["%00", "%20", "%FF", "0" * 256])
def test_external_ids_that_are_none(program: Program, name: str) -> None:
    _put(program, CONTACTS, "one", name="Ana")
    response = program.put(f"{CONTACTS}/external/{name}", {"name": "Ana"})
    assert response.status_code == 422
    assert list(errors(response)) == ["?external_id"]
    assert program.get(f"{CONTACTS}/external/{name}").status_code == 404


def test_a_list_that_takes_too_long_is_stopped(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "PATIENCE", text("SET LOCAL statement_timeout = '1ms'"))
    monkeypatch.setattr(
        records, "_narrowed", lambda query, *_: query.where(text("pg_sleep(5) IS NULL"))
    )
    _put(program, CONTACTS, "one", name="Ana")
    response = program.get(CONTACTS)
    assert (response.status_code, response.mimetype) == (503, "application/problem+json")
    assert "took too long" in response.get_json()["detail"]
    assert response.headers["Retry-After"] == "5"


@pytest.mark.parametrize("base", list(BODIES))
def test_strangers_see_nothing(program: Program, stranger: House, base: str) -> None:
    made = _put(program, base, "mine", **BODIES[base])
    other = Program(stranger)
    foreign, random = other.get(f"{base}/{made['id']}"), other.get(f"{base}/{uuid.uuid4()}")
    assert foreign.status_code == random.status_code == 404
    assert foreign.get_json()["detail"] == random.get_json()["detail"]
    assert other.get(f"{base}/external/mine").status_code == 404
    for query in ({}, {"external_id": "mine"}):
        assert other.get(base, **query).get_json()["data"] == []
    if base in (INTERACTIONS, MEASUREMENTS):
        customer = {k: made[k] for k in ("contact_id", "account_id") if made[k]}
        assert other.get(base, **customer).get_json()["data"] == []
    theirs = _put(other, base, "mine", **BODIES[base])
    assert theirs["id"] != made["id"]
    assert program.get(f"{base}/{made['id']}").get_json() == made
