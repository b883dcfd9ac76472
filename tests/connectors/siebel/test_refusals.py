"""What goes wrong, named by what to do: a table of answers, and the errors they become."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from connectors.errors import ConfigError, ConnectorError, Throttled, Transient
from connectors.systems.siebel.refusals import Absent, Refused, classify, is_nothing
from tests.connectors.siebel.simulator import PASSWORD, Reply, Siebel, refusal
from tests.connectors.siebel.sources import connect

MANY = "There were more rows than could be returned. Please refine your query.(SBL-DAT-00500)"


def answer(status: int, body: Any, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.Response(status, content=content, headers=headers)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (500, {"ERROR": "x was found.(SBL-EAI-04383)"}, Refused),
        (500, {"ERROR": "'Name' is a required field.(SBL-DAT-00498)(SBL-EAI-04389)"}, Refused),
        (500, {"ERROR": "Field 'x' does not exist.(SBL-DAT-00398)(SBL-EAI-04376)"}, Refused),
        (500, {"ERROR": MANY}, Refused),
        (500, {"ERROR": "Access denied.(SBL-DAT-00553)(SBL-EAI-04376)"}, Refused),
        (500, {"ERROR": "Login failed.(SBL-DBC-00105)"}, ConfigError),
        (500, {"ERROR": "The server is busy.(SBL-SVR-01042)"}, Transient),
        (500, {"ERROR": "Session lost.(SBL-SSM-00003)"}, Transient),
        (500, {"ERROR": "Modified by another user.(SBL-DAT-00523)(SBL-EAI-04376)"}, Transient),
        (500, {"ERROR": "Something unheard of.(SBL-XYZ-99999)"}, Refused),
        (500, {"ERROR": "no code at all"}, None),
        (500, {"ERROR": ["list"]}, None),
        (500, b"<html>Internal Server Error</html>", None),
        (500, b"", None),
        (502, b"<html>Bad Gateway</html>", None),
        (401, {"ERROR": "Authentication failed."}, ConfigError),
        (401, b"<html>", ConfigError),
        (403, b"<html>IP address not allowed</html>", ConfigError),
        (404, {"ERROR": "Business object 'x' is not exposed."}, Absent),
        (404, b"<html>Not Found</html>", ConfigError),
        (405, b"", Refused),
        (406, {"ERROR": "x"}, Refused),
        (415, b"", Refused),
        (200, {"items": []}, None),
        (304, b"", None),
        (429, {"ERROR": "x"}, None),
    ],
)
def test_answers_are_named_by_recovery(
    status: int, body: Any, kind: type[ConnectorError] | None
) -> None:
    found = classify(answer(status, body))
    assert found is None if kind is None else type(found) is kind


def test_what_asks_to_wait_is_left_to_the_door() -> None:
    assert classify(answer(503, {"ERROR": "x(SBL-EAI-04376)"}, **{"Retry-After": "5"})) is None


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (204, b"", True), (404, {"ERROR": "There is no data for the requested resource"}, True),
        (404, {"ERROR": "There were no matching records(SBL-DAT-00217)"}, True),
        (404, {"ERROR": "Invalid object"}, False), (404, b"<html>no data</html>", False),
        (500, {"ERROR": "no data"}, False), (200, {"items": []}, False),
    ],
)  # fmt: skip
def test_nothing_found_is_told_from_nothing_there(status: int, body: Any, expected: bool) -> None:
    assert is_nothing(answer(status, body)) is expected


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Reply(200, b'{"items": [{"Id": "1-'), Transient),
        (Reply(200, b"<html>Sign in here</html>"), ConfigError),
        (Reply(200, b""), Transient),
        (Reply(200, {"items": None}), Transient),
        (Reply(200, {"items": "many"}), Transient),
        (Reply(200, {"ok": True}), Transient),
        (Reply(200, 7), Transient),
        (Reply(200, None), Transient),
        (Reply(200, b"[" * 100_000), Transient),
        (Reply(302, None, Location="https://evil.example/"), ConfigError),
        (Reply(429, None), Throttled),
        (Reply(500, b"<html>oops</html>"), Transient),
        (Reply(401, {"ERROR": "x"}), ConfigError),
        (refusal("Field 'Updated' does not exist.(SBL-DAT-00398)"), ConfigError),
    ],
)
def test_every_answer_ends_in_one_of_the_errors(
    siebel: Siebel, fault: Reply, kind: type[ConnectorError]
) -> None:
    connector = connect(siebel)
    stream = connector.stream("Contact")
    siebel.faults += [fault] * 4
    with pytest.raises(kind) as caught:
        list(connector.read(stream, {}))
    assert caught.value.message
    assert PASSWORD not in caught.value.message


def test_a_component_that_was_taken_away_is_told(siebel: Siebel) -> None:
    connector = connect(siebel)
    stream = connector.stream("Contact")
    del siebel.tables["Contact", "Contact"]
    with pytest.raises(Absent, match="not exposed"):
        list(connector.read(stream, {}))


@pytest.mark.parametrize(
    ("settings", "setting"),
    [
        ({"password": "wrong"}, "password"),
        ({"user": "a:b"}, "user"),
        ({"user": ""}, "user"),
        ({"address": "https://a b"}, "address"),
        ({"address": "https://user:pw@s.example"}, "address"),
        ({"address": "http://s.example"}, "address"),
        ({"auth": "oauth2"}, "token_address"),
        ({"auth": "oauth2", "token_address": "/oauth2/token", "password": "wrong"}, "password"),
        ({"objects": []}, "objects"),
        ({"objects": ["Vehicle/Vehicle: vehicle"]}, "objects"),
        ({"writable": ["Contact"]}, "writable"),
        ({"gone": ["Contact: Status"]}, "gone"),
        ({"view_mode": "Everything"}, "view_mode"),
        ({"reread_days": -1}, "reread_days"),
    ],
)
def test_wrong_settings_are_told_beside_them(
    siebel: Siebel, settings: dict[str, Any], setting: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        connect(siebel, **settings).check()
    assert setting in caught.value.errors, caught.value.errors
    assert PASSWORD not in caught.value.message


def test_the_credential_goes_to_no_other_host(siebel: Siebel) -> None:
    with pytest.raises(ConfigError, match="must begin with https"):
        connect(siebel, auth="oauth2", token_address="http://evil.example/token").check()
