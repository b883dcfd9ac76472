"""Settings, the hosts the credential may go to, ways to sign in, and the check."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from connectors import settings
from connectors.errors import ConfigError
from connectors.guard import Guard
from connectors.http import Http
from connectors.outside import Outside
from connectors.systems.zendesk.config import Config, home
from connectors.systems.zendesk.connector import Zendesk
from tests.connectors.zendesk.refusal import NO_DESK
from tests.connectors.zendesk.simulator import (
    CLIENT_ID,
    CLIENT_SECRET,
    EMAIL,
    OAUTH,
    TOKEN,
    Account,
)
from tests.connectors.zendesk.sources import SETTINGS, connect, ids, pages

CLIENT = {"sign_in": "client", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


def test_the_form_is_short() -> None:
    form = settings.form(Config)
    shown = [each.name for each in form if each.is_shown]
    assert shown == ["subdomain", "email", "token"]
    assert [each.name for each in form if each.required] == ["subdomain"]
    assert settings.secret_names(Config) == {"token", "client_secret", "webhook_secret"}
    assert all(each.label for each in form)


@pytest.mark.parametrize(
    "typed",
    ["acme", "Acme", " acme ", "acme.zendesk.com", "https://acme.zendesk.com",
     "https://acme.zendesk.com/"],
)  # fmt: skip
def test_a_subdomain_may_be_written_in_several_ways(typed: str) -> None:
    assert home(typed, Guard()) == "https://acme.zendesk.com"


@pytest.mark.parametrize(
    "typed",
    ["", ".", "www", "acme.example", "acme.zendesk.com.evil.example", "evil.example/acme.zendesk.com",
     "acme.zendesk.com@evil.example", "user@acme.zendesk.com", "acme.zendesk.com:8443",
     "https://acme.zendesk.com/agent", "http://acme.zendesk.com", "-acme", "acme-", "a b", "acmé",
     "acme.zendesk.com\n", "evil.example#.zendesk.com", "evil.example?.zendesk.com", "127.0.0.1",
     "http://127.0.0.1:80", "\u212aacme", "a" * 64],
)  # fmt: skip
def test_other_addresses_get_no_credential(typed: str) -> None:
    if typed == "acme.zendesk.com\n":  # spaces around it are never meant
        assert home(typed, Guard()) == "https://acme.zendesk.com"
        return
    with pytest.raises(ConfigError) as caught:
        home(typed, Guard())
    assert "subdomain" in caught.value.errors


def test_a_listed_host_is_taken_as_it_is() -> None:
    guard = Guard(["127.0.0.1"])
    assert home("http://127.0.0.1:8080/", guard) == "http://127.0.0.1:8080"
    for typed in ("http://127.0.0.1:8080/x", "http://10.0.0.1:8080", "http://u:p@127.0.0.1"):
        with pytest.raises(ConfigError):
            home(typed, guard)


def test_each_way_to_sign_in_names_what_it_lacks() -> None:
    for given, lacks in (
        ({"token": "x" * 20}, {"email"}),
        ({"email": EMAIL}, {"token"}),
        ({"sign_in": "bearer"}, {"token"}),
        ({"sign_in": "client", "client_id": "efm"}, {"client_secret"}),
        ({"sign_in": "client"}, {"client_id", "client_secret"}),
    ):
        with pytest.raises(ConfigError) as caught:
            Zendesk({"subdomain": "acme", **given})
        assert set(caught.value.errors) == lacks
    assert Zendesk({"subdomain": "acme", "sign_in": "bearer", "token": OAUTH})


def test_an_empty_day_is_none() -> None:
    assert Zendesk({**SETTINGS, "begins_on": ""}).config["begins_on"] == ""
    assert Zendesk({**SETTINGS, "begins_on": " 2024-01-31 "}).config["begins_on"] == "2024-01-31"
    for day in ("2999-01-01", "1880-01-01", "soon", "2024-02-30", "20240131T1"):
        with pytest.raises(ConfigError):
            Zendesk({**SETTINGS, "begins_on": day})


def headers(account: Account) -> set[str]:
    return {
        call.headers["Authorization"] for call in account.calls if "Authorization" in call.headers
    }


def test_an_api_token_goes_with_the_address_of_its_administrator(account: Account) -> None:
    assert connect(account).check().who == "Ann of acme.zendesk.com"
    (header,) = headers(account)
    auth = httpx.BasicAuth(f"{EMAIL}/token", TOKEN)
    request = next(auth.auth_flow(httpx.Request("GET", "https://x/")))
    assert header == request.headers["Authorization"]


def test_an_oauth_token_needs_no_address(account: Account) -> None:
    assert connect(account, sign_in="bearer", token=OAUTH, email="").check().ok
    assert headers(account) == {f"Bearer {OAUTH}"}


def test_an_oauth_client_signs_in_and_renews_its_token(account: Account) -> None:
    connector = connect(account, **CLIENT, token="", email="")
    reading = connector.read(connector.stream("users"), {})
    first = next(reading)
    account.known.discard("Bearer access-1")  # it was revoked on the way
    rest = list(reading)
    assert len(ids([first, *rest])) == 7
    assert account.signed_in == 2
    assert headers(account) == {"Bearer access-1", "Bearer access-2"}


def test_a_refused_oauth_client_is_shown_beside_its_setting(account: Account) -> None:
    with pytest.raises(ConfigError) as caught:
        connect(account, **{**CLIENT, "client_secret": "s-wrong"}).check()
    assert set(caught.value.errors) == {"client_secret"}
    assert "s-wrong" not in caught.value.message


def test_the_check_tells_what_may_be_done(account: Account) -> None:
    account.define("user_fields", "last_nps", "integer")
    found = connect(account).check()
    assert found.ok
    assert list(found.may) == [
        "Read users", "Read organizations", "Read tickets", "Read satisfaction ratings",
        "Write fields of users", "Write tickets about users", "Write internal notes on tickets",
    ]  # fmt: skip
    assert list(found.notes) == []
    account.denied |= {"satisfaction_ratings", "organizations"}
    found = connect(account).check()
    assert "Read users" in found.may
    assert [note.partition(" cannot")[0] for note in found.notes] == [
        "Organizations", "Satisfaction ratings",
    ]  # fmt: skip
    assert not [call for call in account.calls if "incremental" in call.url.path], "these are few"


def test_a_credential_that_may_read_nothing_is_refused(account: Account) -> None:
    handle = account.handle

    def closed(request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("users/me"):
            return httpx.Response(403, json={"error": "Forbidden"})
        return handle(request)

    account.handle = closed  # type: ignore[method-assign]
    with pytest.raises(ConfigError, match="may read nothing"):
        connect(account).check()


@pytest.mark.parametrize("role", ["agent", "end-user", ""])
def test_only_administrators_may_export(account: Account, role: str) -> None:
    account.role = role
    with pytest.raises(ConfigError, match="administrators") as caught:
        connect(account).check()
    assert set(caught.value.errors) == {"email"}


def test_a_wrong_token_is_refused_in_one_call(account: Account) -> None:
    with pytest.raises(ConfigError) as caught:
        connect(account, token="wrong-token-canary").check()
    assert set(caught.value.errors) == {"token"}
    assert "canary" not in caught.value.message
    assert len(account.calls) == 1


def test_a_visitor_is_not_taken_for_somebody(account: Account) -> None:
    account.fail(200, {"user": {"id": None, "name": "Anonymous user", "role": "end-user"}})
    with pytest.raises(ConfigError, match="does not know us"):
        connect(account).check()


def test_a_desk_that_is_not_there(account: Account) -> None:
    account.fail(404, NO_DESK)
    with pytest.raises(ConfigError, match="check the subdomain"):
        connect(account).check()
    account.fail(404, b"<html>No such help desk</html>")
    with pytest.raises(ConfigError, match="nothing there"):
        connect(account).check()


def test_exports_have_a_budget_of_the_account(account: Account) -> None:
    """Ten calls a minute for all who use the account there, whatever their token."""
    doors: list[dict[str, Any]] = []

    class Noting(Outside):
        def http(self, base_url: str, **more: Any) -> Http:
            doors.append({"base": base_url, **more})
            return super().http(base_url, **{**more, "rate": 1e6, "burst": 10**6})

    for extra in ({}, {"exports_a_minute": "30"}):
        transport = httpx.MockTransport(account.handle)
        connector = Zendesk({**SETTINGS, **extra}, Noting(Guard(), transport=transport))
        list(connector.read(connector.stream("users"), {}))
    exports = [each for each in doors if each["connector"] == "zendesk export"]
    most = [round(each["rate"] * 60) + each["burst"] for each in exports]
    assert most == [10, 30], "in any minute, whatever was saved up before"
    others = [each for each in doors if each["connector"] == "zendesk"]
    assert all(each["rate"] * 60 <= 200 for each in others)
    assert {each["credential"] for each in doors} == {"https://acme.zendesk.com/"}
    assert TOKEN not in repr(connector)
    assert len(pages(account, "users")) == 3
