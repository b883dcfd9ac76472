"""Limits, dying tokens, endless pages and strange answers of the simulated account."""

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
from connectors.records import Item
from connectors.systems.zendesk.connector import Zendesk
from connectors.systems.zendesk.refusals import Absent, BadRequest, Forbidden
from tests.connectors.zendesk.refusal import (
    BAD_CURSOR,
    BAD_PAGE,
    FORBIDDEN,
    LIMITED,
    NO_DESK,
    NOT_FOUND,
    STRANGER,
    TOO_MANY_JOBS,
    invalid,
)
from tests.connectors.zendesk.simulator import TOKEN, Account, basic
from tests.connectors.zendesk.sources import SETTINGS, Quick, connect, event, ids, pages, signed

ALL = [str(number) for number in range(101, 108)]


def test_a_short_limit_is_waited_for(account: Account) -> None:
    waits: list[float] = []

    class Waiting(Quick):
        def http(self, base_url: str, **more: Any) -> Any:
            http = super().http(base_url, **more)
            http._sleep, http._jitter = waits.append, lambda most: 0.0
            return http

    connector = Zendesk(SETTINGS, Waiting(transport=httpx.MockTransport(account.handle)))
    stream = connector.stream("users")
    account.fail(429, LIMITED, Retry_After="7")
    assert ids(list(connector.read(stream, {}))) == ALL
    assert [each for each in waits if each > 0] == [7]


def test_a_longer_one_frees_the_worker_and_keeps_the_place(account: Account) -> None:
    account.exports_left = 2
    reading = connect(account).read(connect(account).stream("users"), {})
    found = [next(reading), next(reading)]
    with pytest.raises(Throttled, match="slow down") as caught:
        next(reading)
    assert caught.value.until == 51
    account.exports_left = 10
    assert ids(found) + ids(pages(account, "users", found[-1].state)) == ALL


@pytest.mark.parametrize("given", [None, "", "soon", "-5", "9" * 400, "1.5.2"])
def test_a_limit_that_does_not_say_how_long(account: Account, given: str | None) -> None:
    connector = connect(account)
    stream = connector.stream("organizations")
    account.fail(429, b"<html>Too many</html>", **({} if given is None else {"Retry_After": given}))
    with pytest.raises(Throttled) as caught:
        list(connector.read(stream, {"start": 1}))
    assert 0 < float(caught.value.until) <= 7 * 86_400  # type: ignore[arg-type]


def test_a_token_that_dies_on_the_way_keeps_the_place(account: Account) -> None:
    connector = connect(account)
    reading = connector.read(connector.stream("users"), {})
    first = next(reading)
    account.known.clear()
    with pytest.raises(ConfigError) as caught:
        next(reading)
    assert caught.value.errors == {"token": ["Zendesk refuses it."]}
    account.known.add(basic())
    assert ids([first]) + ids(pages(account, "users", first.state)) == ALL


@pytest.mark.parametrize("stream", ["users", "tickets", "organizations", "satisfaction_ratings"])
def test_a_page_that_never_ends_is_stopped(account: Account, stream: str) -> None:
    for number in range(5):
        account.put("tickets", str(number), subject="x", requester_id=1)
        account.put("organizations", str(number), name="x")
        account.put("satisfaction_ratings", str(number), requester_id=1)
    account.endless = True
    with pytest.raises(EndlessCursor):
        pages(account, stream)
    assert len(account.calls) < 20


def test_more_without_a_mark_is_a_passing_fault(account: Account) -> None:
    connector = connect(account)
    users, ratings = connector.stream("users"), connector.stream("satisfaction_ratings")
    account.fail(200, {"users": [{"id": 1}], "after_cursor": None, "end_of_stream": False})
    with pytest.raises(Transient, match="not where"):
        list(connector.read(users, {"cursor": "c"}))
    connector.check()
    account.calls.clear()
    account.fail(200, {"user": {"id": 1}})
    account.fail(200, {"satisfaction_ratings": [{"id": 1}], "meta": {"has_more": True}})
    with pytest.raises(Transient, match="not where"):
        list(connector.read(ratings, {"since": "2026-09-01T00:00:00+00:00"}))


def test_an_empty_page_that_promises_more_ends_for_now(account: Account) -> None:
    connector = connect(account)
    stream = connector.stream("users")
    account.fail(200, {"users": [], "after_cursor": "d", "end_of_stream": False})
    (page,) = connector.read(stream, {"cursor": "c"})
    assert (page.records, page.state) == ([], {"cursor": "d"})
    account.fail(200, {"users": [], "after_cursor": "c", "end_of_stream": False})
    assert list(connector.read(stream, {"cursor": "c"})) == []


def test_an_address_elsewhere_gets_no_token(account: Account) -> None:
    connector = connect(account)
    stream = connector.stream("users")
    account.fail(302, b"", Location="https://evil.example/api/v2/users")
    with pytest.raises(ConfigError, match="redirects"):
        list(connector.read(stream, {"cursor": "c"}))
    assert {call.url.host for call in account.calls} == {"acme.zendesk.com"}


NAMED: list[tuple[int, Any, type[ConnectorError], str]] = [
    (400, BAD_CURSOR, CursorExpired, "anew"),
    (400, BAD_PAGE, CursorExpired, "anew"),
    (400, {"error": "InvalidValue", "description": "No."}, BadRequest, "No."),
    (400, {"errors": [{"title": "Odd", "detail": "odd value"}]}, BadRequest, "odd value"),
    (401, STRANGER, ConfigError, "lets? us in|let us in"),
    (401, b"<html>Sign in</html>", ConfigError, "let us in"),
    (402, {"error": "PaymentRequired", "description": "Pay first"}, BadRequest, "Pay first"),
    (403, FORBIDDEN, Forbidden, "Forbidden: You do not have access"),
    (403, {"error": "Forbidden", "description": "Missing scopes: read"}, Forbidden, "scopes: read"),
    (403, b"<html>Blocked</html>", Forbidden, "does not allow"),
    (404, NOT_FOUND, Absent, "Not found"),
    (404, NO_DESK, Absent, "check the subdomain"),
    (404, b"<html>x</html>", Absent, "nothing there"),
    (409, {"error": "DatabaseConflict"}, Transient, "changing"),
    (410, {}, CursorExpired, "anew"),
    (422, invalid("name", "Name: is too short"), BadRequest, "Name: is too short"),
    (422, {"error": "x", "details": {"a": ["one", "two"], "b": {"c": [{"description": "three"}]}}},
     BadRequest, "one; two; three"),
    (422, {"error": "RecordInvalid", "details": [[[[[[[[["deep"]]]]]]]]]}, BadRequest, "RecordInvalid"),
    (422, {"error": {"title": 5, "message": []}}, BadRequest, "422"),
    (429, LIMITED, Throttled, "slow down"),
    (429, TOO_MANY_JOBS, Throttled, "jobs"),
    (500, b"<html>x</html>", Transient, "not well"),
    (503, {"error": "DatabaseError"}, Transient, "not well"),
    (504, b"", Transient, "not well"),
    (200, b"<html>x</html>", ConfigError, "web page"),
    (200, b"{", Transient, "cut"),
    (200, b"[]", Transient, "no answer"),
    (204, b"", Transient, "cut"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "kind", "words"), NAMED)
def test_errors_are_named_by_what_to_do(
    account: Account, status: int, body: Any, kind: type[ConnectorError], words: str
) -> None:
    account.fail(status, body, times=4)
    with pytest.raises(kind, match=words):
        connect(account)._api.get("users/me")


def test_what_was_written_never_decides_about_positions(account: Account) -> None:
    """A refused value may speak of cursors; the place in the export is still good."""
    account.fail(422, invalid("subject", "Subject: “cursor” is not allowed"))
    with pytest.raises(BadRequest, match="cursor"):
        connect(account)._api.call("PUT", "tickets/1", json={})


def test_secrets_that_are_echoed_are_cut_out(account: Account) -> None:
    token, whole = TOKEN, basic().removeprefix("Basic ")
    for secret in (token, whole):
        for status in (400, 403, 404, 422):
            account.fail(status, {"error": "x", "description": f"bad token {secret} here"})
            with pytest.raises(ConnectorError) as caught:
                connect(account)._api.get("users/me")
            assert secret not in caught.value.message
            assert "here" in caught.value.message


STRANGE: list[Any] = [
    b"", b"{", b"<html>Welcome</html>", b"null", b"[]", b"7", b'"text"', b"[" * 100_000,
    b'{"users": [{"id": ' + b"9" * 5000 + b"}]}", b'{"users": [{"id": NaN}]}',
    {}, {"users": None, "tickets": {}, "organizations": 5, "satisfaction_ratings": "x"},
    {"users": [None, 1, "x", []], "tickets": [[]], "organizations": [0],
     "satisfaction_ratings": [None], "after_cursor": {}, "end_of_stream": "no"},
    {"users": [{"id": None}], "tickets": [{"id": {}}], "organizations": [{"id": True}],
     "satisfaction_ratings": [{"id": []}], "end_of_stream": 1, "end_time": "now", "count": "x"},
    {"users": [{"id": 1, "user_fields": [1], "role": {}, "active": "no", "updated_at": 5}],
     "after_cursor": 5, "end_of_stream": None},
    {"tickets": [{"id": 1, "custom_fields": {"a": {}}, "via": [], "metric_set": [], "status": {},
                  "satisfaction_rating": 3, "assignee_id": []}],
     "metric_sets": [5, {"ticket_id": {}}], "after_cursor": "x", "end_of_stream": True},
    {"organizations": [{"id": 1, "domain_names": [{}], "deleted_at": 0, "updated_at": "x"}],
     "end_time": 10**30, "count": 1, "end_of_stream": False},
    {"organizations": [{"id": 1, "domain_names": "x", "organization_fields": 5}],
     "end_time": -1, "end_of_stream": True},
    {"organizations": [{"id": 1}], "end_time": None, "count": 1, "end_of_stream": False},
    {"satisfaction_ratings": [{"id": 1, "score": ["good"], "comment": {}}], "meta": [], "links": 5},
    {"satisfaction_ratings": [{"id": 1, "score": "good", "comment": 5}],
     "meta": {"has_more": True, "after_cursor": {}}},
    {"user": None}, {"user": []}, {"user": {"id": {}, "name": 5, "role": []}},
    {"count": {"value": -1}}, {"count": {"value": "many"}}, {"count": [5]},
    {"user_fields": [None, {"key": None}, {"key": "x", "type": 5, "custom_field_options": {}},
                     {"key": "x", "type": "tagger", "custom_field_options": [5, {"value": {}}]}]},
    {"ticket_fields": [{"id": "a/b", "type": []}, {"id": 5, "title": {}, "removable": "x"}],
     "meta": {"has_more": "yes"}},
    {"job_status": {"id": "../..", "status": "completed", "results": [{"id": []}]}},
    {"job_status": {"id": 5, "status": None, "results": 3, "message": {}}},
    {"tickets": [{"id": None, "external_id": "efm-1"}, {"id": 3, "external_id": 5}]},
    {"ticket": [], "audit": 5}, {"ticket": {"id": {}}, "audit": {"events": [None, {"type": []}]}},
    {"audits": [None, {"metadata": []}, {"metadata": {"custom": 5}, "events": {}}],
     "comments": [None, {"body": 5}]},
]  # fmt: skip


class _Strange:
    """The account, where a few calls in a row are answered strangely."""

    def __init__(self, account: Account, number: int, answer: httpx.Response) -> None:
        self.account, self.number, self.answer, self.count = account, number, answer, -1

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.count += 1
        if self.number <= self.count < self.number + 4:
            return httpx.Response(self.answer.status_code, content=self.answer.content)
        return self.account.handle(request)


def _all(answers: _Strange) -> None:
    """Whatever a connector does, page by page."""
    connector = Zendesk(SETTINGS, Quick(Guard(), transport=httpx.MockTransport(answers.handle)))
    connector.sleep = lambda seconds: None
    connector.check()
    for stream in connector.streams():
        for page in connector.read(stream, {}):
            json.dumps(page.state)
            assert all(stream.external_id(record) for record in page.records)
    for name, page in connector.receive(signed(event("ticket", "1"))):
        assert name == "tickets"
        assert page.state == {}
    items = [Item("efm-1", {"user_fields.last_nps": 3}, "101")]
    assert len(list(connector.write(connector.target("users"), items))) == 1
    ours = [Item("efm-1", {"subject": "s", "description": "d"}, "101")] * 2
    assert len(list(connector.write(connector.target("tickets of ours"), ours))) == 2
    notes = [Item("efm-1", {"body": "b"}, "1")]
    assert len(list(connector.write(connector.target("notes on tickets"), notes))) == 1


def test_no_answer_is_too_strange() -> None:
    def fresh() -> Account:
        account = Account()
        account.define("user_fields", "last_nps", "integer")
        account.put("users", "101", name="x")
        account.put("organizations", "5", name="x")
        account.put("tickets", "1", subject="s", requester_id=101, assignee_id=9)
        account.put("satisfaction_ratings", "7", requester_id=101)
        return account

    account = fresh()
    _all(_Strange(account, 10_000, httpx.Response(200)))
    calls = len(account.calls)
    assert calls > 25
    plain = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in STRANGE]
    cases = [(200, content, number) for content in plain for number in range(calls)]
    cases += [
        (s, c, n) for s in (201, 400, 403, 404, 409, 422, 500) for c in plain for n in range(calls)
    ]
    refused = []
    for status, content, number in random.Random(5).sample(cases, 400):
        try:
            _all(_Strange(fresh(), number, httpx.Response(status, content=content)))
        except ConnectorError as error:
            refused.append(error.message)
    assert len(refused) > 50
    assert all(said and TOKEN not in said for said in refused)
