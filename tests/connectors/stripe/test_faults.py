"""Answers of any shape and status: each ends in an error that says what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from connectors.conformance import Runner
from connectors.errors import (
    ConfigError,
    ConnectorError,
    EndlessCursor,
    Throttled,
    Transient,
)
from connectors.guard import Guard
from connectors.systems.stripe.api import place
from connectors.systems.stripe.connector import Stripe
from connectors.systems.stripe.refusals import classify
from tests.connectors.stripe.simulator import KEY, Account
from tests.connectors.stripe.sources import Quick, connect, ids, pages


def test_events_without_a_filter_of_kinds_are_filtered_here(account: Account) -> None:
    state = pages(account, "products")[-1].state
    account.put("products", "prod_1", name="Gold")
    account.put("customers", "cus_1", name="changed")
    answer = account.handle

    def old(request: httpx.Request) -> httpx.Response:
        if "types" in str(request.url):
            error = {"type": "invalid_request_error", "message": "Unexpected types"}
            return httpx.Response(400, json={"error": error})
        return answer(request)

    outside = Quick(Guard(), transport=httpx.MockTransport(old))
    connector = Stripe({"api_key": KEY}, outside)
    found = list(connector.read(connector.stream("products"), state))
    assert ids(found) == ["prod_1"]


def test_a_key_without_events_is_told_what_it_lacks(account: Account) -> None:
    account.denied.add("events")
    with pytest.raises(ConfigError, match="rak_event_read") as refused:
        pages(account, "customers")
    assert refused.value.errors == {"api_key": ["It lacks rak_event_read."]}


def test_a_key_that_dies_in_the_middle_is_for_the_admin(account: Account) -> None:
    connector = connect(account)
    reading_on = connector.read(connector.stream("customers"), {})
    next(reading_on)
    account.fail(401, {"error": {"message": f"Expired API Key provided: {KEY}"}})
    with pytest.raises(ConfigError) as refused:
        next(reading_on)
    assert set(refused.value.errors) == {"api_key"}
    assert KEY not in refused.value.message


PAGES: dict[str, bytes] = {
    "a web page": b"<!DOCTYPE html><html>Bad gateway</html>",
    "nothing": b"",
    "cut": b'{"object": "list", "data": [{"id": "cus',
    "a number": b"5",
    "null": b"null",
    "a list": b"[]",
    "no data": b'{"object": "list", "has_more": false}',
    "null data": b'{"data": null, "has_more": true}',
    "text data": b'{"data": "x", "has_more": false}',
    "more of nothing": b'{"data": [], "has_more": true}',
    "nested without end": b"[" * 100_000,
    "not text": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("name", PAGES)
def test_any_answer_ends_in_an_error_that_says_what_to_do(account: Account, name: str) -> None:
    connector = connect(account)
    reading_on = connector.read(connector.stream("customers"), {})
    next(reading_on)
    account.fail(200, PAGES[name])
    with pytest.raises((ConfigError, Transient)) as refused:
        next(reading_on)
    assert refused.value.message


@pytest.mark.parametrize("row", [None, 5, "x", [], {}, {"id": None}, {"id": 7}, {"id": ""}])
def test_a_record_without_an_id_is_refused_alone(account: Account, row: Any) -> None:
    answer = {"object": "list", "has_more": False, "data": [row, {"id": "cus_9"}]}
    handle = account.handle
    account.handle = lambda r: (  # type: ignore[method-assign]
        httpx.Response(200, json=answer) if r.url.path == "/v1/customers" else handle(r)
    )
    connector = connect(account)
    first = next(connector.read(connector.stream("customers"), {}))
    assert [record["id"] for record in first.records] == ["cus_9"]
    assert [each.reason for each in first.rejected] == ["The record has no id."]


EVENTS: list[Any] = [
    {}, {"type": "customer.updated"}, {"type": ["customer.updated"]}, {"type": {}},
    {"type": "customer.updated", "data": None}, {"type": "customer.updated", "data": []},
    {"type": "customer.updated", "data": {"object": None}},
    {"type": "customer.updated", "data": {"object": {"id": 5, "object": "customer"}}},
    {"type": "customer.updated", "data": {"object": {"id": "x", "object": "source"}}},
    {"type": "customer.updated", "data": {"object": {"id": "", "object": "customer"}}},
]  # fmt: skip


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_of_another_shape_tells_nothing(account: Account, event: dict[str, Any]) -> None:
    state = pages(account, "customers")[-1].state
    account.put("customers", "cus_1", name="changed")
    key = max(account.rows["events"])
    whole = account.rows["events"][key]
    account.rows["events"][key] = {
        "id": key, "object": "event", "created": whole["created"], "type": "customer.updated", **event,
    }  # fmt: skip
    handle = account.handle

    def blind(request: httpx.Request) -> httpx.Response:
        if request.url.path != "/v1/events":
            return handle(request)
        rows = [account.rows["events"][key]]
        return httpx.Response(200, json={"data": rows, "has_more": False})

    account.handle = blind  # type: ignore[method-assign]
    connector = connect(account)
    assert ids(list(connector.read(connector.stream("customers"), state))) == []


def test_a_web_page_is_no_word_that_something_was_deleted(account: Account) -> None:
    state = pages(account, "customers")[-1].state
    account.put("customers", "cus_1", name="changed")
    handle = account.handle

    def broken(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/customers/cus_1":
            return httpx.Response(404, content=b"<html>Not here</html>")
        return handle(request)

    account.handle = broken  # type: ignore[method-assign]
    with pytest.raises(Transient):
        pages(account, "customers", state)


@pytest.mark.parametrize("body", [b"5", b"[]", b'{"id": 5}', b"{}"])
def test_an_object_of_another_shape_is_asked_for_again(account: Account, body: bytes) -> None:
    state = pages(account, "customers")[-1].state
    account.put("customers", "cus_1", name="changed")
    handle = account.handle
    account.handle = lambda r: (  # type: ignore[method-assign]
        httpx.Response(200, content=body) if r.url.path.endswith("cus_1") else handle(r)
    )
    with pytest.raises(Transient):
        pages(account, "customers", state)


def test_a_list_that_repeats_itself_is_stopped(account: Account) -> None:
    account.endless = True
    runner = Runner(connect(account).stream("customers"))
    with pytest.raises(EndlessCursor):
        runner.run(connect(account))


def _no_server_time(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"data": [], "has_more": False})


def test_without_a_date_the_clock_here_is_used() -> None:
    outside = Quick(Guard(), transport=httpx.MockTransport(_no_server_time))
    connector = Stripe({"api_key": KEY}, outside)
    assert connector.api.clock("customers") <= outside.now()


ERRORS: list[tuple[int, dict[str, Any], dict[str, str], type[ConnectorError] | None]] = [
    (200, {}, {}, None),
    (401, {"message": "Invalid API Key"}, {}, ConfigError),
    (403, {"message": "no"}, {}, ConfigError),
    (429, {"code": "rate_limit"}, {}, Throttled),
    (429, {}, {"Stripe-Should-Retry": "false"}, Throttled),
    (400, {"code": "lock_timeout", "message": "x"}, {}, Transient),
    (409, {"type": "idempotency_error"}, {}, Transient),
    (400, {"message": "Received unknown parameter: x"}, {}, ConfigError),
    (402, {"type": "card_error", "message": "declined"}, {}, ConfigError),
    (404, {}, {}, None),
    (500, {"message": "x"}, {}, None),
    (503, {}, {}, None),
]


@pytest.mark.parametrize(("status", "error", "headers", "kind"), ERRORS)
def test_errors_by_what_to_do(
    status: int, error: dict[str, Any], headers: dict[str, str], kind: type[ConnectorError] | None
) -> None:
    found = classify(httpx.Response(status, json={"error": error}, headers=headers))
    assert type(found) is (kind or type(None))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 2.0),
        ({"Stripe-Should-Retry": "true"}, 2.0),
        ({"Stripe-Should-Retry": "false"}, 60.0),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "٧"}, 2.0),
        ({"Retry-After": "9" * 30}, 7 * 86400.0),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float) -> None:
    raw = [(name, value.encode()) for name, value in headers.items()]
    found = classify(httpx.Response(429, headers=raw))
    assert isinstance(found, Throttled)
    assert found.until == seconds


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error": "x"}', b'{"error": {"message": 5}}'])  # fmt: skip
@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 500])
def test_an_error_of_any_shape_is_named(status: int, body: bytes) -> None:
    found = classify(httpx.Response(status, content=body))
    assert found is None or found.message


def test_no_part_of_a_key_is_shown() -> None:
    for key in ("sk_live_abc123", "rk_test_abc*******9", "whsec_abc"):
        error = {"error": {"message": f"The key {key} may not"}}
        for status in (400, 401, 403, 429):
            found = classify(httpx.Response(status, json=error))
            assert found is not None
            assert "abc" not in found.message + json.dumps(getattr(found, "errors", {}))


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("cus_1", "v1/customers/cus_1"),
        ("a/b", "v1/customers/a%2Fb"),
        ("../charges", "v1/customers/..%2Fcharges"),
        ("..", "v1/customers/%252E.."),
        (".", "v1/customers/%252E."),
        ("a?b=c#d", "v1/customers/a%3Fb%3Dc%23d"),
        ("é", "v1/customers/%C3%A9"),
        ("https://evil.example/", "v1/customers/https%3A%2F%2Fevil.example%2F"),
    ],
)
def test_no_id_leads_elsewhere(account: Account, given: str, path: str) -> None:
    assert place("customers", given) == path
    assert connect(account).api.get("customers", given) is None or given == "cus_1"
    asked = account.calls[-1].url
    assert asked.host == "api.stripe.com"
    assert asked.raw_path.decode().startswith("/v1/customers/")


def _raises(call: Callable[[], Any]) -> bool:
    try:
        call()
    except ConnectorError:
        return True
    return False


@pytest.mark.parametrize("status", [301, 302, 304, 400, 404, 405, 410, 418, 500, 502, 504])
@pytest.mark.parametrize("body", [b"", b"<html>oops</html>", b'{"error": {"message": "x"}}'])
def test_every_status_ends_in_one_of_ours(account: Account, status: int, body: bytes) -> None:
    connector = connect(account)
    for times in (1, 2, 3):
        account.faults.clear()
        account.fail(status, body, times=8)
        stream = connector.streams()[times]
        assert _raises(lambda stream=stream: list(connector.read(stream, {})))  # type: ignore
