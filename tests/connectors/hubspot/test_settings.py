"""The settings: what a form takes, where the token may go, what the check says."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from connectors import settings
from connectors.conformance import CANARY
from connectors.errors import ConfigError
from connectors.guard import Guard
from connectors.systems.hubspot.config import Config, home
from connectors.systems.hubspot.connector import HubSpot
from tests.connectors.hubspot.refusal import missing_scopes
from tests.connectors.hubspot.simulator import TOKEN, Account
from tests.connectors.hubspot.sources import Quick, connect


def test_the_form_asks_for_little() -> None:
    shown = [each.name for each in settings.form(Config) if each.is_shown]
    assert shown == ["access_token", "objects", "client_secret"]
    assert [each.name for each in settings.form(Config) if each.required] == ["access_token"]
    assert settings.secret_names(Config) == {"access_token", "client_secret"}


def test_what_is_pasted_is_trimmed() -> None:
    assert HubSpot({"access_token": f" {TOKEN}\n"}).config["access_token"] == TOKEN


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("https://api.hubapi.com", "https://api.hubapi.com"),
        ("api.hubapi.com/", "https://api.hubapi.com"),
        ("https://API-eu1.HubAPI.com/", "https://api-eu1.hubapi.com"),
        ("http://127.0.0.1:8000/hubspot/", "http://127.0.0.1:8000/hubspot"),
        ("https://proxy.example", "https://proxy.example"),
    ],
)
def test_addresses_of_hubspot_and_listed_ones_are_taken(address: str, wanted: str) -> None:
    assert home(address, Guard(["127.0.0.1", "proxy.example"])) == wanted


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example", "https://hubapi.com.evil.example", "https://evilhubapi.com",
        "https://hubapi.com@evil.example", "https://evil.example/api.hubapi.com",
        "https://api.hubapi.com:444", "https://api.hubapi.com/x", "http://api.hubapi.com",
        "https://api.hubapi.com?x", "https://api.hubapi.com#x", "https://api.hubapi.com\\@evil.example",
        "https://apı.hubapi.com", "https://.hubapi.com", "//api.hubapi.com", "ftp://127.0.0.1",
        "http://127.0.0.1@evil.example", "http://127.0.0.1/../x?y", "https://-.hubapi.com",
        "https://api.hubapi.com\nevil.example", "http://127.0.0.2",
    ],
)  # fmt: skip
def test_no_other_address_gets_the_token(address: str) -> None:
    with pytest.raises(ConfigError) as caught:
        home(address, Guard(["127.0.0.1"]))
    assert "base_url" in caught.value.errors
    with pytest.raises(ConfigError):
        HubSpot({"access_token": TOKEN, "base_url": address})


@pytest.mark.parametrize(
    "name", ["contacts", "pets", "p123_pets", "2-3456789", "Pets", "commerce_payments"]
)
def test_objects_by_name(name: str) -> None:
    assert HubSpot({"access_token": TOKEN, "objects": [name]}).config["objects"] == [name]


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "a/b", "..", "a?b", "ärzte", "0-1", "x" * 90, "a\n"]
)
def test_objects_that_are_none(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        HubSpot({"access_token": TOKEN, "objects": [name]})
    assert "objects" in caught.value.errors


def test_the_check_names_the_account_and_what_is_left(account: Account) -> None:
    found = connect(account).check()
    assert found.who == "HubSpot account 62515 (standard, EUR, Europe/Berlin)"
    assert found.may == ["Read contacts", "Read companies", "Read deals", "Read tickets"]
    assert found.quota_left == account.left


def test_the_check_names_the_scope_to_give(account: Account) -> None:
    account.denied["deals"] = ["crm.objects.deals.sensitive.read.v2", "crm.objects.deals.read"]
    found = connect(account).check()
    assert found.ok
    assert "Read deals" not in found.may
    assert any(
        "Deals cannot be read" in note and "“crm.objects.deals.read”" in note
        for note in found.notes
    )


def test_a_token_that_may_read_nothing_is_refused(account: Account) -> None:
    for kind in ("contacts", "companies", "deals", "tickets"):
        account.denied[kind] = [f"crm.objects.{kind}.read"]
    with pytest.raises(ConfigError, match=r"crm\.objects\.contacts\.read") as caught:
        connect(account).check()
    assert "access_token" in caught.value.errors


def test_the_token_tells_the_account_where_nothing_else_does(account: Account) -> None:
    account.hidden.add("account-info/v3/details")
    assert connect(account).check().who == "HubSpot account 62515"


def test_properties_that_are_not_listed_are_the_usual_ones(account: Account) -> None:
    account.hidden.add("crm/v3/properties/contacts")
    stream = connect(account).stream("contacts")
    assert {"firstname", "email", "lastmodifieddate", "associatedcompanyid"} <= set(stream.fields)
    assert stream.default_mapping is not None
    assert stream.default_mapping.problems() == {}


def test_a_refused_token_is_one_call(account: Account) -> None:
    connector = connect(account, access_token=f"{CANARY}-{CANARY}")
    with pytest.raises(ConfigError) as caught:
        connector.check()
    assert len(account.calls) == 1
    assert CANARY not in caught.value.message
    assert caught.value.errors == {"access_token": ["HubSpot refuses it."]}


def test_a_token_that_hubspot_repeats_is_cut_out(account: Account) -> None:
    connector = connect(account)
    stream = connector.stream("contacts")
    said = missing_scopes([TOKEN, "x" * 200, "crm.objects.contacts.read"])
    account.fail(403, said)
    account.fail(400, {"status": "error", "message": f"The token {TOKEN} is odd."}, times=3)
    for _ in range(2):
        with pytest.raises(ConfigError) as caught:
            list(connector.read(stream, {}))
        assert TOKEN not in caught.value.message


def test_searches_have_a_budget_of_their_own(account: Account) -> None:
    asked: list[dict[str, Any]] = []

    class Telling(Quick):
        def http(self, base_url: str, **more: Any) -> Any:
            asked.append({"base": base_url, **more})
            return super().http(base_url, **more)

    outside = Telling(transport=httpx.MockTransport(account.handle))
    HubSpot({"access_token": TOKEN, "plan": "190"}, outside).check()
    rates = {each["connector"]: (each["rate"], each["burst"]) for each in asked}
    assert rates == {"hubspot": (pytest.approx(15.2), 76), "hubspot search": (4.0, 4)}
    assert all(TOKEN in each["secrets"] for each in asked)
