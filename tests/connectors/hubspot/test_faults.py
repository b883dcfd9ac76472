"""Limits, dying tokens, damaged states, endless lists and strange answers of the simulated account."""

from __future__ import annotations

import json
import random
from typing import Any

import httpx
import pytest

from connectors.errors import (
    ConfigError,
    ConnectorError,
    CursorExpired,
    EndlessCursor,
    Throttled,
    Transient,
)
from connectors.guard import Guard
from connectors.systems.hubspot.connector import HubSpot
from connectors.systems.hubspot.refusals import BadRequest, Forbidden, MissingScopes
from tests.connectors.hubspot.refusal import limited, missing_scopes, problem
from tests.connectors.hubspot.simulator import Account
from tests.connectors.hubspot.sources import SETTINGS, Quick, connect, ids, pages

ALL = [str(number) for number in range(101, 108)]


def test_reading_stops_before_the_calls_of_the_day_are_used_up(account: Account) -> None:
    account.left = 130_000  # of 650,000: just under a fifth
    with pytest.raises(Throttled, match="80 percent") as caught:
        pages(account, "contacts")
    until = caught.value.at(account.now)
    assert until.isoformat() == "2026-11-01T23:00:00+00:00", "midnight in Berlin"
    assert len(ids(pages(account, "contacts", quota_percent=100))) == 7


@pytest.mark.parametrize(
    ("policy", "seconds"), [("SECONDLY", 1), ("TEN_SECONDLY_ROLLING", 10), ("OTHER", 10)]
)
def test_short_limits_are_waited_for(account: Account, policy: str, seconds: int) -> None:
    waits: list[float] = []

    class Waiting(Quick):
        def http(self, base_url: str, **more: Any) -> Any:
            http = super().http(base_url, **more)
            http._sleep, http._jitter = waits.append, lambda most: 0.0
            return http

    connector = HubSpot(SETTINGS, Waiting(transport=httpx.MockTransport(account.handle)))
    stream = connector.stream("contacts")
    account.fail(429, limited(policy))
    assert len(ids(list(connector.read(stream, {})))) == 7
    assert [each for each in waits if each > 0] == [seconds]


def test_a_daily_limit_is_until_midnight_there(account: Account) -> None:
    connector = connect(account)
    stream = connector.stream("contacts")
    account.fail(429, limited("DAILY"))
    with pytest.raises(Throttled, match="today") as caught:
        list(connector.read(stream, {}))
    assert caught.value.at(account.now).isoformat() == "2026-11-01T23:00:00+00:00"


def test_a_token_that_dies_on_the_way_keeps_the_place(account: Account) -> None:
    connector = connect(account)
    reading = connector.read(connector.stream("contacts"), {})
    first = next(reading)
    account.fail(401, problem("expired", "EXPIRED_AUTHENTICATION"))
    with pytest.raises(ConfigError) as caught:
        next(reading)
    assert caught.value.errors == {"access_token": ["HubSpot refuses it."]}
    assert ids([first]) + ids(pages(account, "contacts", first.state)) == ALL


def test_a_mark_that_is_refused_starts_anew(account: Account) -> None:
    state = {"until": "2026-11-01T08:00:00+00:00", "part": "list", "after": "expired"}
    with pytest.raises(CursorExpired):
        pages(account, "contacts", state)


@pytest.mark.parametrize(
    "state", [{"since": "x"}, {"since": 5}, {"until": [], "after": 1}, {"since": None, "gone": "x"}]
)
def test_a_damaged_state_starts_anew(account: Account, state: dict[str, Any]) -> None:
    with pytest.raises(CursorExpired):
        pages(account, "contacts", state)


def test_a_list_that_never_ends_is_stopped(account: Account) -> None:
    account.endless = True
    with pytest.raises(EndlessCursor):
        pages(account, "contacts")


def test_an_address_elsewhere_gets_no_token(account: Account) -> None:
    connector = connect(account)
    stream = connector.stream("contacts")
    account.fail(302, b"", Location="https://evil.example/crm")
    with pytest.raises(ConfigError, match="redirects"):
        list(connector.read(stream, {}))
    assert {call.url.host for call in account.calls} == {"api.hubapi.com"}


STRANGE: list[Any] = [
    b"", b"{", b"<html>Welcome</html>", b"null", b"[]", b"7", b'"text"', b"[" * 100_000,
    {}, {"results": None}, {"results": {}}, {"results": [None, 1, "x", []]},
    {"results": [{"id": None}]}, {"results": [{"id": "1"}]}, {"results": [{"id": True}]},
    {"results": [{"id": 5, "properties": None}]}, {"results": [{"id": "5", "properties": []}]},
    {"results": [{"id": "5", "properties": {"email": {"a": [1]}}, "updatedAt": 5}]},
    {"results": [{"id": "5", "properties": {"hs_merged_object_ids": [1]}, "createdAt": "x"}]},
    {"results": [], "paging": {"next": {"after": "1"}}},
    {"results": [], "paging": []}, {"results": [], "paging": {"next": 5}},
    {"results": [{"id": "5", "properties": {}}], "paging": {"next": {"after": {"a": 1}}}},
    {"results": [], "total": "many"}, {"results": [], "total": -1}, {"results": [], "total": 1e400},
    {"results": [{"from": None, "to": 5}, {"from": {"id": []}, "to": [1, {"toObjectId": None}]}]},
    {"results": [{"from": {"id": "101"}, "to": [{"toObjectId": 1, "associationTypes": [3]}]}]},
    {"results": [{"name": None, "type": []}, {"name": "x", "modificationMetadata": 5}]},
    {"results": [{"stages": None}, {"stages": [{"id": {}, "metadata": {"probability": "x"}}]}]},
    {"errors": None, "results": []}, {"errors": [5], "results": []},
    {"portalId": [], "timeZone": "Mars/Phobos", "companyCurrency": {}},
    {"timeZone": "../../etc/passwd"}, {"timeZone": "\0"},
]  # fmt: skip


def _all(answers: _Strange) -> None:
    """Whatever a connector does to read, page by page."""
    connector = HubSpot(
        {**SETTINGS, "objects": ["deals", "contacts", "companies"]},
        Quick(Guard(), transport=httpx.MockTransport(answers.handle)),
    )
    connector.check()
    for name in ("deals", "contacts"):
        stream = connector.stream(name)
        for state in ({}, {"since": "2026-10-01T00:00:00+00:00"}):
            for page in connector.read(stream, state):
                json.dumps(page.state)
                assert all(stream.external_id(record) for record in page.records)


def test_no_answer_is_too_strange(account: Account) -> None:
    account.put("deals", "201", dealname="one")
    account.link("deals", "201", "contacts", "101")
    _all(_Strange(account, 10_000, httpx.Response(200)))
    calls = len(account.calls)
    plain = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in STRANGE]
    cases = [(200, content, number) for content in plain for number in range(calls)]
    cases += [
        (s, c, n) for s in (207, 400, 403, 404, 409, 500) for c in plain for n in range(calls)
    ]
    refused = []
    for status, content, number in random.Random(5).sample(cases, 150):
        try:
            _all(_Strange(account, number, httpx.Response(status, content=content)))
        except ConnectorError as error:
            refused.append(error.message)
    assert len(refused) > 30
    assert all(said and "pat-eu1" not in said for said in refused)


class _Strange:
    """The account, where one call, and all like it, are answered strangely."""

    def __init__(self, account: Account, number: int, answer: httpx.Response) -> None:
        self.account, self.number, self.answer, self.count = account, number, answer, -1

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.count += 1
        if self.count >= self.number and self.count < self.number + 4:
            return httpx.Response(self.answer.status_code, content=self.answer.content)
        return self.account.handle(request)


def test_errors_are_named_by_what_to_do(account: Account) -> None:
    cases: list[tuple[int, Any, type[ConnectorError], str]] = [
        (400, problem("There was a problem"), BadRequest, "There was a problem"),
        (403, problem("No.", "BANNED"), Forbidden, "does not allow"),
        (403, missing_scopes(["crm.schemas.contacts.read", "crm.objects.contacts.read"]),
         MissingScopes, "“crm.objects.contacts.read”"),
        (403, missing_scopes([]), MissingScopes, "the scope it needs"),
        (423, problem("locked"), Transient, "changing"),
        (477, problem("migration"), Throttled, "moving"),
        (502, b"<html>bad gateway</html>", Transient, "not well"),
    ]  # fmt: skip
    for status, body, kind, words in cases:
        connector = connect(account)
        stream = connector.stream("contacts")
        connector.check()
        account.fail(status, body, times=4)
        with pytest.raises(kind, match=words):
            connector._api.get("crm/v3/objects/contacts")
        account.faults.clear()
        assert stream.name
