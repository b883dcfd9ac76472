"""XML-RPC on the wire, values in and out, and what Odoo's errors are taken for."""

from __future__ import annotations

import random
import xmlrpc.client
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import httpx
import pytest

from connectors.errors import ConfigError, ConnectorError, Transient
from connectors.systems.odoo.config import Config, database, home
from connectors.systems.odoo.refusals import Absent, Forbidden, Refused, classify, faulted, raised
from connectors.systems.odoo.server import Field
from connectors.systems.odoo.values import flat, marked_up, sendable
from connectors.systems.odoo.wire import Fault, answered, called
from connectors.systems.odoo.writing import external_name, message_id

SAID: list[Any] = [
    0, -5, 2**31 - 1, True, False, 1.5, "", "Zoë & <Łukasz>", "a\tb\nc", "]]>", [], {}, [1, ["x"]],
    {"id": 7, "partner_id": [3, "Ünal"], "tags": [1, 2], "x": False, "": "y"},
]  # fmt: skip


@pytest.mark.parametrize("value", SAID)
def test_answers_of_another_author_are_read(value: Any) -> None:
    body = xmlrpc.client.dumps((value,), methodresponse=True).encode()
    assert answered(body) == value


@pytest.mark.parametrize("value", [*SAID, "a\r\nb", "\r"])
def test_calls_are_read_by_another_author(value: Any) -> None:
    params, method = xmlrpc.client.loads(called("execute_kw", ("db", 2, value)))
    assert (method, params) == ("execute_kw", ("db", 2, value))


@pytest.mark.parametrize("value", [2**31, None, object(), "\ud800", {1: "x"}, 10**400])
def test_what_cannot_be_sent_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="cannot be sent"):
        called("execute_kw", (value,))


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    b"<methodResponse><params><param><value>&b;</value></param></params></methodResponse>"
)
OUTSIDE = (
    b'<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    b"<methodResponse><params><param><value>&a;</value></param></params></methodResponse>"
)


def whole(inner: str) -> bytes:
    """An answer with that inside its value."""
    return (
        f"<methodResponse><params><param><value>{inner}</value></param></params></methodResponse>"
    ).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{}", b"null", b"<html><body>Welcome</body></html>", b"<methodResponse>", BOMB,
        OUTSIDE, b"<a/>", whole("<int>many</int>"), whole("<boolean>2</boolean>"),
        whole("<double>x</double>"), whole("<strange>1</strange>"), whole("<int></int>"),
        whole("<int>" + "9" * 5000 + "</int>"), b"\xff\xfe<", b"<methodResponse><fault/></methodResponse>",
        b"<methodResponse><fault><value><int>3</int></value></fault></methodResponse>",
        whole("<array><data><value>" * 5000 + "</value></data></array>" * 5000),
        b'<?xml version="1.0" encoding="no-such"?><methodResponse/>',
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"XML-RPC|kind|int|float|string"):
        answered(body)


def test_strange_but_readable_answers() -> None:
    assert answered(whole("plain")) == "plain"
    assert answered(whole("<nil/>")) is None
    assert answered(whole("<double>nan</double>")) is None
    assert answered(whole("<array><data/></array>")) == []
    assert answered(whole("<struct><member><name>a</name></member></struct>")) == {"a": None}
    assert answered(whole("<i8>5000000000</i8>")) == 5_000_000_000


def test_cut_answers_never_break() -> None:
    body = xmlrpc.client.dumps(({"id": 7, "name": ["Zoë"]},), methodresponse=True).encode()
    chance = random.Random(3)
    for _ in range(300):
        damaged = bytearray(body[: chance.randrange(len(body))])
        if damaged:
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            answered(bytes(damaged))
        except (ValueError, Fault):
            continue


def test_a_fault_is_told() -> None:
    body = xmlrpc.client.dumps(xmlrpc.client.Fault(2, "No."), methodresponse=True).encode()
    with pytest.raises(Fault) as caught:
        answered(body)
    assert (caught.value.code, caught.value.text) == ("2", "No.")


TRACE = 'Traceback (most recent call last):\n  File "/odoo/a.py", line 3, in x\n    f: int = g()\n'


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        (f"{TRACE}ValueError: Invalid field 'x'\n", "ValueError", "Invalid field 'x'"),
        (f"{TRACE}odoo.exceptions.ValidationError: Two\nlines", "odoo.exceptions.ValidationError",
         "Two\nlines"),
        ("nothing like it", "", "nothing like it"), ("", "", ""),
    ],
)  # fmt: skip
def test_the_end_of_a_traceback_is_what_went_wrong(text: str, name: str, message: str) -> None:
    assert raised(text) == (name, message)


@pytest.mark.parametrize(
    ("code", "text", "kind", "words"),
    [
        (1, f"{TRACE}ValueError: Invalid field 'x'", Refused, "Invalid field"),
        (1, f"{TRACE}psycopg2.errors.SerializationFailure: could not", Transient, "busy"),
        (1, f"{TRACE}psycopg2.errors.NumericValueOutOfRange: integer out of range", Refused, "range"),
        (1, f'{TRACE}psycopg2.OperationalError: FATAL:  database "x" does not exist', ConfigError,
         "no such database"),
        (2, "You cannot do that.", Refused, "You cannot do that"),
        (3, "Access Denied", ConfigError, "refuses the API key"),
        (4, "You are not allowed", Forbidden, "does not let"),
        ("AccessDenied", "", ConfigError, "refuses the API key"),
        ("", "", Refused, "did not say why"),
    ],
)  # fmt: skip
def test_faults_are_named_by_what_to_do(
    code: Any, text: str, kind: type[ConnectorError], words: str
) -> None:
    error = faulted(Fault(str(code), text))
    assert type(error) is kind
    assert words in error.message


@pytest.mark.parametrize(
    ("status", "name", "kind"),
    [
        (401, "werkzeug.exceptions.Unauthorized", ConfigError),
        (403, "odoo.exceptions.AccessError", Forbidden),
        (403, "odoo.http.SessionExpiredException", ConfigError),
        (404, "werkzeug.exceptions.NotFound", Absent),
        (404, "odoo.exceptions.MissingError", Absent),
        (422, "odoo.exceptions.ValidationError", Refused),
        (422, "werkzeug.exceptions.UnprocessableEntity", Refused),
        (500, "builtins.ValueError", Refused),
        (500, "psycopg2.errors.SerializationFailure", Transient),
        (500, "psycopg2.errors.InFailedSqlTransaction", Refused),
        (503, "odoo.sql_db.PoolError", Transient),
        (409, "odoo.exceptions.LockError", Transient),
    ],
)
def test_errors_of_json_are_named_by_what_to_do(
    status: int, name: str, kind: type[ConnectorError]
) -> None:
    error = classify(httpx.Response(status, json={"name": name, "message": "It says so."}))
    assert type(error) is kind


@pytest.mark.parametrize("status", [200, 204, 303, 429, 500, 502])
def test_other_answers_are_left_to_the_door(status: int) -> None:
    assert classify(httpx.Response(status, content=b"<html>")) is None
    assert classify(httpx.Response(503, headers={"Retry-After": "5"}, json={"name": "x"})) is None


# --- values ----------------------------------------------------------------------------------


def field(kind: str, **more: Any) -> Field:
    """A field of that type."""
    return Field("x", kind, "X", **more)


@pytest.mark.parametrize(
    ("kind", "given", "wanted"),
    [
        ("char", False, None), ("char", "", None), ("char", "0", "0"), ("char", 7, "7"),
        ("char", ["a"], "['a']"), ("boolean", False, False), ("boolean", 1, True),
        ("boolean", "x", None), ("integer", 0, 0), ("integer", False, None), ("integer", 3.0, 3),
        ("integer", "many", None), ("integer", float("inf"), None), ("float", 2, 2.0),
        ("monetary", float("nan"), None), ("many2many", [], []), ("many2many", False, None),
        ("date", "2026-11-22", "2026-11-22"), ("datetime", False, None),
    ],
)  # fmt: skip
def test_values_as_records_hold_them(kind: str, given: Any, wanted: Any) -> None:
    assert flat({"x": given}, [field(kind)])["x"] == wanted


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ([3, "Ünal"], (3, "Ünal")), (False, (None, None)), ([3], (3, None)), (5, (5, None)),
        ([], (None, None)), (["3", "x"], (None, None)), ([3, False], (3, None)),
        ([True, "x"], (None, None)), (None, (None, None)), ({"id": 3}, (None, None)),
    ],
)  # fmt: skip
def test_links_are_an_id_and_a_name(given: Any, wanted: Any) -> None:
    found = flat({"x": given}, [field("many2one")])
    assert (found["x"], found["x.name"]) == wanted


EAST = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("kind", "given", "wanted"),
    [
        ("char", None, False), ("char", "", False), ("char", 9, "9"), ("text", "a\nb", "a\nb"),
        ("html", "a\n<b>&", "<p>a<br>&lt;b&gt;&amp;</p>"), ("integer", "9", 9), ("integer", 9.0, 9),
        ("integer", Decimal("9"), 9), ("float", "4.5", 4.5), ("float", Decimal("0.1"), 0.1),
        ("boolean", "yes", True), ("boolean", False, False), ("boolean", "0", False),
        ("date", date(2026, 11, 22), "2026-11-22"), ("date", "2026-11-22T23:30:00", "2026-11-22"),
        ("date", datetime(2026, 11, 22, 1, tzinfo=EAST), "2026-11-21"),
        ("datetime", datetime(2026, 11, 22, 1, tzinfo=EAST), "2026-11-21 23:00:00"),
        ("datetime", "2026-11-22T09:30:00Z", "2026-11-22 09:30:00"),
        ("datetime", date(2026, 11, 22), "2026-11-22 00:00:00"),
        ("datetime", datetime(2026, 11, 22, 9, tzinfo=UTC), "2026-11-22 09:00:00"),
        ("selection", "a", "a"), ("many2one", "7", 7),
    ],
)  # fmt: skip
def test_values_as_odoo_takes_them(kind: str, given: Any, wanted: Any) -> None:
    assert sendable(field(kind, choices=("a", "b")), given) == wanted


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("integer", "many"), ("integer", 1.5), ("integer", 2**31), ("integer", True),
        ("integer", "1e999999"), ("integer", "nan"), ("float", "x"), ("float", float("inf")),
        ("boolean", "maybe"), ("date", "soon"), ("datetime", "22.11.2026"), ("selection", "c"),
        ("char", {"a": 1}), ("char", b"x"), ("char", "a\x00b"), ("text", "\x1b"), ("html", "\ud800"),
        ("text", "\uffff"), ("many2one", "x"),
    ],
)  # fmt: skip
def test_values_that_odoo_does_not_take(kind: str, given: Any) -> None:
    with pytest.raises(ValueError, match=r"^The (field|text) .*\.$"):
        sendable(field(kind, choices=("a", "b")), given)


def test_plain_text_never_becomes_a_tag() -> None:
    assert "<script" not in marked_up("<script>alert(1)</script>")
    assert marked_up('a "b"\r\n\rc') == "<p>a &quot;b&quot;<br><br>c</p>"


def test_external_names_are_told_apart() -> None:
    keys = ["a", "A", "a.b", "a%2Eb", "a b", "a/b", "ü", "a-b", "a_b", "a~b", " a", "a\n", "’; x"]
    names = {external_name("crm.lead", key) for key in keys}
    assert len(names) == len(keys)
    assert all(name.startswith("crm_lead-") for name in names)
    assert not any(each in name for name in names for each in ". \n'\"/")
    assert len({message_id(key) for key in keys}) == len(keys)
    assert external_name("crm.lead", "a") != external_name("mail.activity", "a")


@pytest.mark.parametrize(
    ("typed", "wanted", "name"),
    [
        ("https://acme.odoo.com", "https://acme.odoo.com", "acme"),
        ("acme.odoo.com", "https://acme.odoo.com", "acme"),
        ("https://acme.odoo.com/web#action=1&model=x", "https://acme.odoo.com", "acme"),
        ("https://acme-uat-1.dev.odoo.com/odoo", "https://acme-uat-1.dev.odoo.com", "acme-uat-1"),
        ("https://erp.example.com:8069/odoo?debug=1", "https://erp.example.com:8069", ""),
        ("https://odoo.com.evil.example", "https://odoo.com.evil.example", ""),
    ],
)
def test_what_a_typed_address_means(typed: str, wanted: str, name: str) -> None:
    assert home(typed) == wanted
    config = Config().load({"address": typed, "key": "k" * 40})
    assert database(config) == name
    assert database({**config, "database": "other"}) == "other"


@pytest.mark.parametrize("typed", ["", "https://", "http://[", "///", "https://:80"])
def test_what_is_no_address(typed: str) -> None:
    with pytest.raises(ConfigError) as caught:
        home(typed)
    assert "address" in caught.value.errors
