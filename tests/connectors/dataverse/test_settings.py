"""The settings: what a form takes, where the credential may go, what the check says."""

from __future__ import annotations

from typing import Any

import pytest

from connectors import settings
from connectors.conformance import CANARY
from connectors.errors import ConfigError, NotSupported, Throttled, Transient
from connectors.guard import Guard
from connectors.systems.dataverse.config import Config, home
from tests.connectors.dataverse.reply import Reply, lacking, limited, refusal
from tests.connectors.dataverse.simulator import Simulator
from tests.connectors.dataverse.sources import connect

PUBLIC = "https://login.microsoftonline.com"


def test_the_form_asks_for_little() -> None:
    shown = [each.name for each in settings.form(Config) if each.is_shown]
    assert shown == ["url", "tenant", "client_id", "client_secret"]
    assert settings.secret_names(Config) == {"client_secret"}
    assert all(each.help for each in settings.form(Config) if each.required)


@pytest.mark.parametrize(
    ("given", "url", "login"),
    [
        ("https://acme.crm4.dynamics.com", "https://acme.crm4.dynamics.com", PUBLIC),
        ("acme.crm.dynamics.com", "https://acme.crm.dynamics.com", PUBLIC),
        (
            "https://ACME.crm11.dynamics.com/main.aspx?appid=1#x",
            "https://acme.crm11.dynamics.com", PUBLIC,
        ),
        ("https://acme.api.crm4.dynamics.com/api/data/v9.2/", "https://acme.crm4.dynamics.com", PUBLIC),
        ("acme.crm.microsoftdynamics.us", "https://acme.crm.microsoftdynamics.us", "https://login.microsoftonline.us"),
        ("acme.crm.dynamics.cn", "https://acme.crm.dynamics.cn", "https://login.partner.microsoftonline.cn"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080", PUBLIC),
        ("https://crm.acme.example", "https://crm.acme.example", PUBLIC),
    ],
)  # fmt: skip
def test_environments_are_known_by_their_names(given: str, url: str, login: str) -> None:
    found = home({"url": given, "login_url": ""}, Guard(["127.0.0.1", "crm.acme.example"]))
    assert (found.url, found.login) == (url, login)


@pytest.mark.parametrize(
    "given",
    [
        "https://evil.example", "https://acme.crm4.dynamics.com.evil.example",
        "https://acme.crm4.dynamics.com@evil.example", "https://evil.example/acme.crm.dynamics.com",
        "https://evil.example#.crm.dynamics.com", "https://evilcrm4.dynamics.com",
        "https://acme.crm4.dynamics.com:444", "http://acme.crm4.dynamics.com", "acme",
        "https://acme.crm4.dynamics.com\\@evil.example", "https://acme.crm４.dynamics.com",
        "https://user:pw@acme.crm4.dynamics.com", "https://.crm4.dynamics.com", "http://[",
        "https://acme.crm4.dynamics.com\nevil.example", "ftp://127.0.0.1", "http://127.0.0.2",
        "http://127.0.0.1@evil.example", "https://acme.crm4.dynamics.com:x", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_no_other_address_gets_the_credential(given: str) -> None:
    with pytest.raises(ConfigError) as caught:
        home({"url": given, "login_url": ""}, Guard(["127.0.0.1"]))
    assert list(caught.value.errors) == ["url"]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("https://login.microsoftonline.us/", "https://login.microsoftonline.us"),
        ("http://127.0.0.1:9", "http://127.0.0.1:9"),
    ],
)
def test_sign_in_services_are_known(given: str, wanted: str) -> None:
    made = {"url": "acme.crm.dynamics.com", "login_url": given}
    assert home(made, Guard(["127.0.0.1"])).login == wanted


@pytest.mark.parametrize(
    "given",
    ["https://login.evil.example", "https://login.microsoftonline.com.evil.example", "x", "http://login.microsoftonline.com"],
)  # fmt: skip
def test_no_other_sign_in_service_gets_the_secret(given: str) -> None:
    with pytest.raises(ConfigError) as caught:
        home({"url": "acme.crm.dynamics.com", "login_url": given}, Guard(["127.0.0.1"]))
    assert list(caught.value.errors) == ["login_url"]


@pytest.mark.parametrize(
    ("wrong", "setting", "word"),
    [
        ({"client_secret": CANARY}, "client_secret", "AADSTS7000215"),
        ({"client_id": "unknown"}, "client_id", "AADSTS700016"),
        ({"tenant": "other.example"}, "tenant", "AADSTS90002"),
    ],
)
def test_what_entra_refuses_is_shown_beside_its_setting(
    simulator: Simulator, wrong: dict[str, str], setting: str, word: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        connect(simulator, **wrong).check()
    assert word in caught.value.errors[setting][0]
    assert CANARY not in str(caught.value.errors) + caught.value.message


def test_the_check_says_who_and_what(simulator: Simulator) -> None:
    found = connect(simulator, tables=["acme_visit", "acme_nothing"]).check()
    assert found.ok
    assert found.who == f"Acme Ltd ({simulator.url.partition('//')[2]})"
    assert "Read contacts" in found.may
    assert "Read visits" in found.may
    assert "Write columns of contacts" in found.may
    assert "Write tasks about contacts" in found.may
    assert found.quota_left == 5990
    assert any("acme_nothing" in note for note in found.notes)


def test_the_check_tells_what_cannot_be_read_or_tracked(simulator: Simulator) -> None:
    simulator.env.tables["lead"].is_tracked = False
    del simulator.env.tables["invoice"]
    simulator.refused["salesorders"] = lacking("prvReadSalesOrder")
    notes = " ".join(connect(simulator).check().notes)
    assert "Orders cannot be read" in notes
    assert "prvReadSalesOrder" in notes
    assert "Leads: turn on “Track changes”" in notes
    assert "nvoice" not in notes
    simulator.refused_tracking = lacking("prvReadContact")
    assert "Contacts: its role does not reach all rows" in " ".join(
        connect(simulator).check().notes
    )


def test_a_name_that_is_not_shown_does_no_harm(simulator: Simulator) -> None:
    simulator.refused["organizations"] = lacking("prvReadOrganization")
    assert connect(simulator).check().who == simulator.url.partition("//")[2]


def test_an_app_that_is_no_user_is_told_what_to_do(simulator: Simulator) -> None:
    stranger = refusal(403, "0x80072560", "The user is not a member of the organization.")
    simulator.refused[""] = stranger
    with pytest.raises(ConfigError, match="Application users") as caught:
        connect(simulator).check()
    assert list(caught.value.errors) == ["client_id"]


def test_an_app_without_any_privilege_may_read_nothing(simulator: Simulator) -> None:
    for spec in simulator.env.tables.values():
        simulator.refused[spec.set_name] = lacking(f"prvRead{spec.name}")
    with pytest.raises(ConfigError, match="may read nothing"):
        connect(simulator).check()


@pytest.mark.parametrize(
    ("fault", "error"), [(limited(), Throttled), (Reply(502, None), Transient)]
)
def test_passing_faults_of_the_check_pass(
    simulator: Simulator, fault: Reply, error: type[Exception]
) -> None:
    simulator.refused["WhoAmI"] = fault
    with pytest.raises(error):
        connect(simulator).check()


@pytest.mark.parametrize(
    "said",
    [
        {}, {"LogicalName": "contact"}, {"Attributes": None}, {"LogicalName": "contact; x", "EntitySetName": "contacts"},
        {"LogicalName": "contact", "EntitySetName": "../x", "PrimaryIdAttribute": "a", "Attributes": [{"LogicalName": "a", "AttributeType": "Uniqueidentifier"}]},
        {"LogicalName": "contact", "EntitySetName": "contacts", "PrimaryIdAttribute": "a", "Attributes": [5, None, {"LogicalName": 5}]},
    ],
)  # fmt: skip
def test_definitions_that_cannot_be_read_are_a_passing_fault(
    simulator: Simulator, said: dict[str, Any]
) -> None:
    connector = connect(simulator)
    connector._api.document("WhoAmI")
    simulator.faults.append(Reply(200, said))
    with pytest.raises(Transient):
        connector.stream("contact")


def test_streams_and_tables_that_are_gone(simulator: Simulator) -> None:
    connector = connect(simulator)
    stream = connector.stream("lead")
    del simulator.env.tables["lead"]
    fresh = connect(simulator)
    assert "lead" not in {each.name for each in fresh.streams()}
    with pytest.raises(NotSupported):
        fresh.stream("lead")
    with pytest.raises(NotSupported, match="any more"):
        next(iter(fresh.read(stream, {})))
    with pytest.raises(NotSupported):
        fresh.stream("solution")


def test_an_unknown_count_does_no_harm(simulator: Simulator) -> None:
    simulator.env.put("contact", lastname="x")
    simulator.refused["RetrieveTotalRecordCount"] = lacking("prvReadContact")
    connector = connect(simulator)
    (page,) = connector.read(connector.stream("contact"), {})
    assert page.total is None
    for odd in ({}, {"EntityRecordCountCollection": 5}, {"EntityRecordCountCollection": {"Values": []}}, {"EntityRecordCountCollection": {"Values": ["x"]}}):  # fmt: skip
        simulator.refused["RetrieveTotalRecordCount"] = Reply(200, odd)
        assert connector._api.count("contact") is None
