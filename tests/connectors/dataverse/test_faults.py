"""Reading from an environment that repeats itself, sends strange things, or is not well."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.conformance import Runner
from connectors.errors import (
    ConfigError,
    ConnectorError,
    CursorExpired,
    EndlessCursor,
    Throttled,
    Transient,
)
from connectors.records import Page
from tests.connectors.dataverse.environment import id_of
from tests.connectors.dataverse.reply import Reply, limited, refusal
from tests.connectors.dataverse.simulator import API, Simulator
from tests.connectors.dataverse.sources import connect
from tests.connectors.dataverse.test_reading import fill, keys_of, read

GONE = "00000000-0000-0000-0000-00000000dead"


@pytest.mark.parametrize("flag", ["is_endless", "is_standing"])
@pytest.mark.parametrize("is_tracked", [True, False])
def test_a_page_that_comes_again_stops_the_reading(
    simulator: Simulator, flag: str, is_tracked: bool
) -> None:
    simulator.env.tables["contact"].is_tracked = is_tracked
    fill(simulator, 9)
    setattr(simulator, flag, True)
    with pytest.raises(EndlessCursor):
        read(simulator, "contact", {})


def test_an_empty_page_that_leads_to_itself_stops_the_reading(simulator: Simulator) -> None:
    link = f"{simulator.url}{API}contacts?$skiptoken=x"
    connector = connect(simulator)
    stream = connector.stream("contact")
    simulator.refused["contacts"] = Reply(200, {"value": [], "@odata.nextLink": link})
    with pytest.raises(EndlessCursor):
        list(connector.read(stream, {}))


def test_look_ups_that_go_in_circles_are_stopped(simulator: Simulator) -> None:
    api = connect(simulator)._api
    api.document("WhoAmI")
    links = [f"{simulator.url}{API}contacts?$skiptoken={each}" for each in "abab"]
    simulator.faults += [Reply(200, {"value": [], "@odata.nextLink": each}) for each in links]
    with pytest.raises(EndlessCursor):
        api.having("contacts", "contactid", [id_of("a")], ["contactid"])


def test_a_link_that_is_too_long_is_not_followed(simulator: Simulator) -> None:
    connector = connect(simulator)
    stream = connector.stream("contact")
    simulator.faults.append(Reply(200, {"value": [], "@odata.nextLink": "x" * 40_000}))
    with pytest.raises(EndlessCursor, match="too long"):
        list(connector.read(stream, {}))


def test_look_ups_go_over_several_pages(simulator: Simulator) -> None:
    keys = fill(simulator, 5)
    simulator.limit = 2
    found = connect(simulator)._api.having("contacts", "contactid", keys, ["contactid"])
    assert sorted(each["contactid"] for each in found) == keys


def test_a_page_that_comes_again_is_known_after_a_restart(simulator: Simulator) -> None:
    fill(simulator, 9)
    simulator.is_standing = True
    connector = connect(simulator)
    stream = connector.stream("contact")
    runner = Runner(stream)
    runner.run(connector, most_pages=1)
    with pytest.raises(EndlessCursor):
        runner.run(connect(simulator))


@pytest.mark.parametrize("where", ["https://evil.example/api/data/v9.2/contacts?x=1", "//evil.example/x", "http://[", "javascript:1"])  # fmt: skip
@pytest.mark.parametrize("name", ["@odata.nextLink", "@odata.deltaLink"])
def test_links_to_other_hosts_are_not_followed(simulator: Simulator, where: str, name: str) -> None:
    connector = connect(simulator)
    stream = connector.stream("contact")
    row = {"contactid": id_of("a")}
    simulator.faults.append(Reply(200, {"value": [row], name: where}))
    pages: list[Page] = []
    with pytest.raises((ConfigError, CursorExpired)):
        for _ in range(2):
            pages += connector.read(stream, pages[-1].state if pages else {})
    assert len(pages) == 1
    assert not any("evil" in url for _, url in simulator.calls)


BROKEN: list[tuple[Any, type[ConnectorError]]] = [
    ("<html><body>Sign in</body></html>", ConfigError),
    ('{"value": [{"contactid"', Transient),
    ("", Transient),
    ("[]", Transient),
    ("null", Transient),
    ("{}", Transient),
    ('{"value": null}', Transient),
    ('{"value": {"contactid": "x"}}', Transient),
    ("[" * 100_000, Transient),
    ("\ufffd", Transient),
]


@pytest.mark.parametrize(("body", "error"), BROKEN)
def test_strange_answers_are_named(
    simulator: Simulator, body: str, error: type[ConnectorError]
) -> None:
    connector = connect(simulator)
    stream = connector.stream("contact")
    simulator.faults.append(Reply(200, body))
    with pytest.raises(error):
        list(connector.read(stream, {}))


def test_strange_rows_are_rejected_one_by_one(simulator: Simulator) -> None:
    connector = connect(simulator)
    stream = connector.stream("contact")
    context = f"{simulator.url}{API}$metadata#contacts/$deletedEntity"
    rows: list[Any] = [
        {"contactid": id_of("a").upper(), "lastname": {"a": 1}, "statecode": "x", "efm_nps": []},
        {"contactid": None}, {"contactid": 7}, {"contactid": "1 or 1 eq 1"}, {}, None, 5, "x", [],
        {"@odata.context": context, "id": f"contacts({GONE})", "reason": "deleted"},
        {"@odata.context": context, "id": None, "reason": "changed"},
        {"@odata.context": context, "reason": "deleted"},
    ]  # fmt: skip
    simulator.faults += [
        Reply(200, {"value": rows, "@odata.nextLink": 5, "@odata.deltaLink": ["x"]}),
    ]
    (page,) = connector.read(stream, {})
    assert [each["contactid"] for each in page.records] == [id_of("a")]
    assert page.records[0]["lastname"] == '{"a": 1}'
    assert page.deleted == [GONE]
    assert len(page.rejected) == 10
    assert all(each.reason for each in page.rejected)


@pytest.mark.parametrize(
    "state",
    [
        {"delta": 5}, {"delta": None}, {"way": "catch"}, {"way": "catch", "since": "x", "delta": "y"},
        {"way": "windows", "since": "yesterday"}, {"way": 5, "until": []}, {"link": "x", "until": "?"},
        {"way": "windows", "done": True}, {"columns": None}, {"since": "2026-01-01T00:00:00+00:00"},
    ],
)  # fmt: skip
def test_damaged_states_start_anew(simulator: Simulator, state: dict[str, Any]) -> None:
    fill(simulator, 2)
    mark = read(simulator, "contact", {})[-1].state["columns"]
    try:
        pages = read(simulator, "contact", {"columns": mark, **state})
    except CursorExpired:
        return
    assert len(keys_of(pages)) == 2


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (limited(), Throttled),
        (Reply(429, None), Throttled),
        (Reply(503, None, Retry_After="120"), Throttled),
        (refusal(500, "0x80044151", "SQL timeout expired."), Transient),
        (refusal(400, "0x80060308", "The row is locked."), Transient),
        (Reply(502, "<html>Bad gateway</html>"), Transient),
        (refusal(403, "0x80072560", "The user is not a member of the organization."), ConfigError),
        (Reply(302, None, Location="https://login.evil.example"), ConfigError),
        (Reply(400, {"error": "x"}), ConfigError),
        (Reply(400, {"error": {"code": 5, "message": ["x"]}}), ConfigError),
        (Reply(403, "<html>Blocked</html>"), ConfigError),
        (Reply(501, None), ConfigError),
    ],
)
def test_faults_are_named(simulator: Simulator, fault: Reply, error: type[ConnectorError]) -> None:
    connector = connect(simulator)
    stream = connector.stream("contact")
    simulator.refused["contacts"] = fault
    with pytest.raises(error):
        list(connector.read(stream, {}))


def test_a_token_that_dies_between_pages_is_renewed(simulator: Simulator) -> None:
    keys = fill(simulator, 7)
    connector = connect(simulator)
    reading = connector.read(connector.stream("contact"), {})
    pages = [next(reading)]
    simulator.tokens.clear()
    pages += list(reading)
    assert keys_of(pages) == keys
    assert simulator.sign_ins == 2


def test_a_token_that_is_never_accepted_is_an_admins_matter(simulator: Simulator) -> None:
    connector = connect(simulator)
    simulator.before = simulator.tokens.clear
    with pytest.raises(ConfigError, match="sign-in") as caught:
        connector.check()
    assert caught.value.errors
