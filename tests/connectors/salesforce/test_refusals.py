"""What each of Salesforce's errors means, from its body and status."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from connectors.errors import ConfigError, CursorExpired, QuotaReached, Throttled, Transient
from connectors.systems.salesforce.refusals import Absent, BadQuestion, classify, outcome_of
from tests.connectors.salesforce.simulator import Org, Reply
from tests.connectors.salesforce.sources import connect


def said(code: str, message: str = "words") -> list[dict[str, str]]:
    return [{"message": message, "errorCode": code}]


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, said("X"), None),
        (400, said("INVALID_FIELD"), BadQuestion),
        (400, said("MALFORMED_QUERY"), BadQuestion),
        (400, said("INVALID_TYPE"), Absent),
        (400, said("INVALID_QUERY_LOCATOR"), CursorExpired),
        (400, said("INVALID_REPLICATION_DATE"), CursorExpired),
        (400, said("EXCEEDED_ID_LIMIT"), CursorExpired),
        (400, said("UNABLE_TO_LOCK_ROW"), Transient),
        (400, said("QUERY_TIMEOUT"), Transient),
        (400, said("SOMETHING_NEW"), ConfigError),
        (401, said("INVALID_SESSION_ID"), ConfigError),
        (403, said("REQUEST_LIMIT_EXCEEDED"), QuotaReached),
        (403, said("API_DISABLED_FOR_ORG"), ConfigError),
        (403, said("INSUFFICIENT_ACCESS"), ConfigError),
        (404, said("NOT_FOUND"), Absent),
        (404, said("SOMETHING_NEW"), Absent),
        (410, said("UNSUPPORTED_API_VERSION"), ConfigError),
        (500, said("UNKNOWN_EXCEPTION"), Transient),
        (500, said("SOMETHING_NEW"), None),
        (503, said("SERVER_UNAVAILABLE"), Transient),
        (400, [], None),
        (400, ["x"], None),
        (400, [{"message": "x"}], None),
        (400, [{"errorCode": 5}], None),
        (400, [{"errorCode": "INVALID_FIELD", "message": None}], BadQuestion),
        (400, {"errorCode": "INVALID_FIELD", "message": "as an object"}, BadQuestion),
        (400, {"error": "x"}, None),
        (400, None, None),
        (400, 7, None),
    ],
)
def test_each_code_has_its_recovery(status: int, body: Any, error: type[Exception] | None) -> None:
    found = classify(httpx.Response(status, json=body))
    assert (None if found is None else type(found)) is error


def test_what_is_no_json_is_left_to_the_door() -> None:
    assert classify(httpx.Response(503, text="<html>")) is None
    assert (
        classify(
            httpx.Response(429, json=said("REQUEST_LIMIT_EXCEEDED"), headers={"Retry-After": "5"})
        )
        is None
    )


def test_too_many_at_once_is_not_too_many_a_day() -> None:
    many = said(
        "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
    )
    few = classify(httpx.Response(403, json=many))
    day = classify(
        httpx.Response(403, json=said("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."))
    )
    assert isinstance(few, Throttled)
    assert isinstance(day, Throttled)
    assert few.until == 60
    assert day.until == 3600


@pytest.mark.parametrize(
    ("errors", "message", "retry"),
    [
        (
            [{"statusCode": "UNABLE_TO_LOCK_ROW", "message": "busy"}],
            "busy (UNABLE_TO_LOCK_ROW)",
            True,
        ),
        ([{"statusCode": "STRING_TOO_LONG", "message": "long"}], "long (STRING_TOO_LONG)", False),
        (
            [
                {"statusCode": "A", "message": "a"},
                {"statusCode": "UNABLE_TO_LOCK_ROW", "message": ""},
            ],
            "a (A); UNABLE_TO_LOCK_ROW",
            False,
        ),
        ([{"message": "two\n words"}], "two words", False),
        ([], "Salesforce refused it and did not say why.", False),
        (None, "Salesforce refused it and did not say why.", False),
        (["x", 5], "Salesforce refused it and did not say why.", False),
        ([{}], "Salesforce refused it and did not say why.", False),
    ],
)
def test_refused_items_say_why(errors: Any, message: str, retry: bool) -> None:
    assert outcome_of(errors) == (message, retry)


def test_an_old_version_is_shown_beside_its_setting(org: Org) -> None:
    with pytest.raises(ConfigError) as caught:
        connect(org, api_version="30.0").check()
    assert set(caught.value.errors) == {"api_version"}


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(429, None, Retry_After="600"), Throttled),
        (Reply(503, "<html>maintenance</html>", Retry_After="600"), Throttled),
        (Reply(403, said("REQUEST_LIMIT_EXCEEDED")), QuotaReached),
        (Reply(302, None, Location="https://evil.example/"), ConfigError),
        (Reply(200, "<!DOCTYPE html><html>sign in</html>"), Transient),
        (Reply(200, '{"sobjects": ['), Transient),
        (Reply(200, "[]"), Transient),
        (Reply(200, {"sobjects": None}), Transient),
        (Reply(200, {"sobjects": "x"}), Transient),
        (Reply(200, "[" * 100_000), Transient),
        (Reply(418, "teapot"), ConfigError),
    ],
)
def test_faults_of_the_whole_call(org: Org, reply: Reply, error: type[Exception]) -> None:
    org.faults = [reply]
    with pytest.raises(error) as caught:
        connect(org).streams()
    assert type(caught.value) is error


def test_an_object_described_oddly_is_not_offered(org: Org) -> None:
    connector = connect(org)
    odd = {
        "name": "Contact",
        "queryable": True,
        "fields": [None, 5, {}, {"name": "a b", "type": "id"}],
    }
    org.faults = [Reply(200, odd)]
    assert connector._described("Contact") is None
    org.faults = [Reply(200, {"name": None})]
    with pytest.raises(Transient):
        connect(org)._described("Contact")
