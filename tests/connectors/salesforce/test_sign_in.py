"""Where the credential may go and how one signs in: hostile domains, both grants, strange instances."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from connectors.errors import ConfigError, ConnectorError, Throttled, Transient
from connectors.guard import Guard
from connectors.outside import Outside
from connectors.systems.salesforce import config, login
from connectors.systems.salesforce.connector import Salesforce
from tests.connectors.salesforce.simulator import CLIENT, SECRET, USER, Org, Reply, key_pair
from tests.connectors.salesforce.sources import connect, settings_for

NOBODY = Guard()


@pytest.mark.parametrize(
    ("typed", "url", "audience"),
    [
        ("acme", "https://acme.my.salesforce.com", "login"),
        ("ACME", "https://acme.my.salesforce.com", "login"),
        ("acme.my.salesforce.com", "https://acme.my.salesforce.com", "login"),
        ("https://acme.my.salesforce.com/", "https://acme.my.salesforce.com", "login"),
        ("acme--uat.sandbox", "https://acme--uat.sandbox.my.salesforce.com", "test"),
        (
            "acme--uat.sandbox.my.salesforce.com",
            "https://acme--uat.sandbox.my.salesforce.com",
            "test",
        ),
        ("acme-dev-ed.develop", "https://acme-dev-ed.develop.my.salesforce.com", "login"),
        ("x.scratch.my.salesforce.com", "https://x.scratch.my.salesforce.com", "test"),
        ("login", "https://login.salesforce.com", "login"),
        ("test.salesforce.com", "https://test.salesforce.com", "test"),
    ],
)
def test_a_domain_leads_to_salesforce(typed: str, url: str, audience: str) -> None:
    found = config.home(typed, NOBODY)
    assert (found.url, found.audience) == (url, audience)
    assert found.is_my_domain == ("my" in url)


HOSTILE = [
    "", " ", ".", "-", "evil.example/#", "evil.example", "evil.example#.my.salesforce.com",
    "evil.example/.my.salesforce.com", "evil.example?.my.salesforce.com",
    "acme.my.salesforce.com@evil.example", "user:pw@acme.my.salesforce.com",
    "acme.my.salesforce.com.evil.example", "acme.my.salesforce.com:8443",
    "https://acme.my.salesforce.com/services", "http://acme.my.salesforce.com",
    "evilsalesforce.com", "evil-my.salesforce.com", "acme.my。salesforce。com",
    "acme.my.salesforce.com\u2024evil", "\u212acme", "acmе", "acme\n", "acme.my.salesforce.com\n",
    "acme\r\nHost: evil.example", "acme\x00", "acme\\evil.example", "acme%2eevil",
    "a.b.my.salesforce.com", "-acme.my.salesforce.com", "acme-.my.salesforce.com",
    "127.0.0.1", "http://127.0.0.1:80", "169.254.169.254", "[::1]", "//evil.example",
    "file:///etc/passwd", "javascript:1", "a" * 64 + ".my.salesforce.com",
]  # fmt: skip


@pytest.mark.parametrize("typed", HOSTILE)
def test_a_hostile_domain_is_refused(typed: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config.home(typed, NOBODY)
    assert set(caught.value.errors) == {"domain"}


def test_a_bare_word_is_a_my_domain_whatever_it_means_elsewhere() -> None:
    assert config.home("localhost", NOBODY).url == "https://localhost.my.salesforce.com"


@pytest.mark.parametrize("typed", [*HOSTILE, None, 5, [], {"a": 1}, "acme", "login.salesforce.com"])
def test_a_token_goes_to_no_strange_instance(typed: Any) -> None:
    with pytest.raises(ConfigError):
        config.instance(typed, NOBODY)


def test_only_the_operator_may_name_another_host() -> None:
    guard = Guard(["127.0.0.1"])
    assert config.home("http://127.0.0.1:8080", guard).url == "http://127.0.0.1:8080"
    assert config.instance("http://127.0.0.1:8080/", guard) == "http://127.0.0.1:8080"
    for typed in (
        "http://127.0.0.1:8080/x",
        "http://127.0.0.1:8080@evil.example",
        "http://10.0.0.1",
    ):
        with pytest.raises(ConfigError):
            config.home(typed, guard)


def test_by_client_credentials(org: Org) -> None:
    assert connect(org).check().ok
    assert [call for call in org.calls if "oauth2" in call[1]] == [
        ("POST", "/services/oauth2/token")
    ]


def test_by_a_signed_token(org: Org) -> None:
    signed = {"auth": "jwt", "username": USER, "private_key": key_pair()[0].replace("\n", " ")}
    found = connect(org, **signed, client_secret="").check()
    assert found.ok
    assert USER in found.who


@pytest.mark.parametrize(
    ("more", "setting"),
    [
        ({"client_secret": "wrong"}, "client_secret"),
        ({"client_id": "wrong"}, "client_id"),
        ({"auth": "jwt", "username": "nobody@x.example"}, "username"),
        ({"auth": "jwt", "username": USER, "private_key": "-----BEGIN X-----"}, "private_key"),
        (
            {"auth": "jwt", "username": USER,
             "private_key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"},
            "private_key",
        ),
    ],
)  # fmt: skip
def test_a_refused_credential_is_shown_beside_its_setting(
    org: Org, more: Mapping[str, Any], setting: str
) -> None:
    given = {"private_key": key_pair()[0], **more}
    with pytest.raises(ConfigError) as caught:
        connect(org, **given).check()
    assert set(caught.value.errors) == {setting}
    said = caught.value.message + repr(caught.value.errors)
    assert SECRET not in said
    assert "AAAA" not in said


@pytest.mark.parametrize(
    ("more", "settings"),
    [
        ({"client_secret": ""}, {"client_secret"}),
        ({"auth": "jwt"}, {"username", "private_key"}),
        ({"auth": "password"}, {"auth"}),
        ({"objects": ["a b"]}, {"objects"}),
        ({"currency": "EURO"}, {"currency"}),
        ({"quota_percent": 0}, {"quota_percent"}),
    ],
)
def test_incomplete_settings_are_named(
    org: Org, more: Mapping[str, Any], settings: set[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        connect(org, **more)
    assert set(caught.value.errors) == settings
    assert org.calls == []


def test_client_credentials_need_the_orgs_own_domain() -> None:
    given = {"domain": "login", "client_id": CLIENT, "client_secret": SECRET}
    with pytest.raises(ConfigError) as caught:
        Salesforce(given).check()
    assert set(caught.value.errors) == {"domain"}


@pytest.mark.parametrize(
    "instance", ["https://evil.example", "https://acme.my.salesforce.com@evil.example", "", "x"]
)
def test_a_strange_instance_gets_no_token(org: Org, instance: str) -> None:
    org.instance = instance
    with pytest.raises(ConfigError, match="address"):
        connect(org).check()
    assert [url for _, url in org.calls] == ["/services/oauth2/token"]


@pytest.mark.parametrize(
    "where", ["https://evil.example", "http://acme.my.salesforce.com.evil.example", "evil.example"]
)
def test_a_token_is_never_sent_to_a_strange_instance(where: str) -> None:
    seen: list[tuple[str, bool]] = []

    def far(request: httpx.Request) -> httpx.Response:
        seen.append((request.url.host, "t0ken" in str(request.headers)))
        return httpx.Response(200, json={"access_token": "t0ken", "instance_url": where})

    given = {"domain": "acme", "client_id": CLIENT, "client_secret": SECRET}
    with pytest.raises(ConfigError, match="My Domain"):
        Salesforce(given, Outside(transport=httpx.MockTransport(far))).check()
    assert seen == [("acme.my.salesforce.com", False)]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(200, text="<html>maintenance</html>"), ConfigError),
        (httpx.Response(200, json={"id": "x"}), Transient),
        (httpx.Response(200, json={"access_token": None, "instance_url": "https://a.my.salesforce.com"}), ConfigError),
        (httpx.Response(200, json={"access_token": "a\r\nb", "instance_url": "https://a.my.salesforce.com"}), ConfigError),
        (httpx.Response(200, json=["list"]), Transient),
        (httpx.Response(200, text="null"), Transient),
        (httpx.Response(200, text='{"access_to'), Transient),
        (httpx.Response(200), Transient),
        (httpx.Response(200, text="[" * 100_000), Transient),
        (httpx.Response(302, headers={"Location": "https://evil.example/"}), ConfigError),
        (httpx.Response(400, json={"error": "invalid_grant", "error_description": "login rate exceeded"}), Throttled),
        (httpx.Response(429, headers={"Retry-After": "600"}), Throttled),
        (httpx.Response(503), Transient),
        (httpx.Response(400, text="?"), ConfigError),
    ],
)  # fmt: skip
def test_each_answer_to_signing_in_has_its_recovery(
    answer: httpx.Response, error: type[ConnectorError], monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts = []

    def far(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        return answer

    monkeypatch.setattr("connectors.http.time.sleep", lambda seconds: None)
    given = {"domain": "acme", "client_id": CLIENT, "client_secret": SECRET}
    connector = Salesforce(given, Outside(transport=httpx.MockTransport(far)))
    with pytest.raises(error) as caught:
        connector.check()
    assert type(caught.value) is error
    assert set(hosts) == {"acme.my.salesforce.com"}


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x",
        "https://u:p@acme.my.salesforce.com/",
        "https://acme.my.salesforce.com:8443/",
    ],
)
def test_the_adapter_serves_one_host(url: str) -> None:
    def send(*_: Any, **__: Any) -> httpx.Response:
        raise AssertionError("nothing is to be sent")

    session = login.session("acme.my.salesforce.com", send, carries_token=False)
    with pytest.raises(ConfigError):
        session.get(url)


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.0.0.1"])
def test_a_name_that_leads_inside_is_not_called(org: Org, address: str) -> None:
    asked = []

    def resolver(host: str, port: int, **_: Any) -> list[Any]:
        asked.append((host, port))
        return [(2, 1, 6, "", (address, port))]

    given = {"domain": "acme", "client_id": CLIENT, "client_secret": SECRET}
    with pytest.raises(ConfigError, match="private or reserved"):
        Salesforce(given, Outside(Guard(resolver=resolver))).check()
    assert asked == [("acme.my.salesforce.com", 443)]
    assert org.calls == []


def test_there_is_no_way_around_the_adapter() -> None:
    import requests

    session = login.session("acme.my.salesforce.com", lambda *a, **k: None, carries_token=False)
    assert list(session.adapters) == ["https://"]
    assert not session.trust_env
    with pytest.raises(requests.exceptions.InvalidSchema):
        session.get("http://acme.my.salesforce.com/")


def test_a_session_that_ended_is_renewed_once_in_the_middle(org: Org) -> None:
    for number in range(7):
        org.data.put("Contact", f"k{number}", LastName="x")
    connector = connect(org)
    pages = connector.read(connector.stream("Contact"), {})
    first = next(pages)
    org.tokens.clear()
    rest = [record["Id"] for page in pages for record in page.records]
    assert [r["Id"] for r in first.records] + rest == [f"k{number}" for number in range(7)]
    assert org.sign_ins == 2


def test_a_session_that_ends_at_once_is_a_matter_for_an_admin(org: Org) -> None:
    ended = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
    connector = connect(org)
    connector.stream("Contact")
    org.faults = [Reply(401, ended) for _ in range(2)]
    with pytest.raises(ConfigError, match="session"):
        connector.check()
    assert org.sign_ins == 2


def test_nothing_heavy_is_imported_with_the_connector() -> None:
    code = (
        "import sys, connectors.systems.salesforce.connector as c;"
        "print([m for m in ('simple_salesforce', 'requests', 'zeep', 'jwt', 'lxml') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert said.stdout.strip() == "[]"


def test_settings_show_no_secret(org: Org) -> None:
    connector = Salesforce(
        settings_for(org, private_key=key_pair()[0]), Outside(Guard(["127.0.0.1"]))
    )
    assert SECRET not in repr(connector)
    assert "PRIVATE" not in repr(connector)
