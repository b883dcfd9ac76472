"""Strange answers, dying keys, endless pages and other hosts: all end in an error with a name."""

from __future__ import annotations

import json
import random
import xmlrpc.client
from typing import Any

import httpx
import pytest

from connectors.errors import ConfigError, ConnectorError, EndlessCursor, Throttled, Transient
from connectors.guard import Guard
from connectors.records import Item
from connectors.systems.odoo import reading
from connectors.systems.odoo.connector import Odoo
from tests.connectors.odoo.simulator import Answer, Asked, Simulator, failing
from tests.connectors.odoo.sources import Quick, connect, ids, pages
from tests.connectors.odoo.store import KEY, Database


@pytest.fixture
def people(database: Database) -> list[int]:
    """Seven people."""
    return [database.put("res.partner", name=f"n{number}") for number in range(7)]


STRANGE: list[Any] = [
    None, True, False, 7, "text", [], {}, [None], [1, "2"], [[]], {"a": 1}, [{}], [{"id": None}],
    [{"id": "7"}], [{"id": True}], [{"id": 5}, {"id": 5}], [{"id": 9}, {"id": 3}], [{"id": -4}],
    [{"id": 5, "name": {"a": [1]}, "parent_id": "x", "category_id": 7, "write_date": 5}],
    [{"id": 5, "is_company": "maybe", "commercial_partner_id": [None, 3], "email": ["x"]}],
    {"uid": "2"}, {"name": {"type": None}, "x": [], "id": {"type": "integer", "selection": 7}},
    {"id": {"type": "strange"}}, {"ids": True, "messages": None}, {"ids": [], "messages": [5]},
    ["res.partner", "x"], [0, 0, 0], 1e300,
]  # fmt: skip
RAW = [
    b"", b"{", b"<html>Welcome</html>", b"[" * 100_000, b"\xff\xfe", b"null", b"<a/>",
    b"<methodResponse/>",
    b"<methodResponse><fault><value>x</value></fault></methodResponse>",
]  # fmt: skip


def _told(value: Any, is_json: bool) -> bytes:
    if is_json:
        return json.dumps(value).encode()
    return xmlrpc.client.dumps((value,), methodresponse=True, allow_none=True).encode()


def _use(server: Simulator) -> None:
    """Whatever a connector does to check, read and write."""
    connector = connect(server)
    connector.check()
    for name in ("res.partner", "mail.message"):
        stream = connector.stream(name)
        for state in ({}, {"since": "2026-10-01T00:00:00+00:00", "blocks": {"0": 1}, "top": 9}):
            for page in connector.read(stream, state):
                json.dumps(page.state)
                assert all(stream.external_id(record) for record in page.records)
    for name, values in (("res.partner", {"x_nps": 1}), ("note", {"body": "x"}),
                         ("lead", {"name": "x"})):  # fmt: skip
        outcomes = list(connector.write(connector.target(name), [Item("k", values, "1")]))
        assert [each.key for each in outcomes] == ["k"]


def _small(server: Simulator, version: str) -> None:
    """A database with seven people and few models, so that many cases can be tried."""
    database = server.databases["acme"] = Database(version)
    kept = ("res.", "mail.message", "crm.", "ir.")
    database.without(*[each for each in database.models if not each.startswith(kept)])
    for number in range(7):
        database.put("res.partner", name=f"n{number}")


def test_no_answer_is_too_strange(server: Simulator, database: Database) -> None:
    is_json, version = database.version == "19.0", database.version
    _small(server, version)
    _use(server)
    calls = len(server.asked)
    cases = [(200, _told(each, is_json), n) for each in STRANGE for n in range(calls)]
    cases += [(s, each, n) for s in (200, 404, 500) for each in RAW for n in range(calls)]
    refused = []
    for status, content, number in random.Random(5).sample(cases, 30):
        _small(server, version)
        place = [0]

        def fault(
            asked: Asked, answer: Any, place: list[int] = place, number: int = number,
            status: int = status, content: bytes = content,
        ) -> Answer | None:  # fmt: skip
            place[0] += 1
            return failing(status, content) if number < place[0] <= number + 4 else None

        server.fault = fault
        try:
            _use(server)
        except ConnectorError as error:
            refused.append(error.message)
    assert len(refused) > 8
    assert all(said and KEY not in said for said in refused)


def test_ids_for_ever_the_same_are_stopped(
    server: Simulator, database: Database, people: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BLOCK", 2)
    monkeypatch.setattr(reading, "IDS", 4)
    connector = connect(server)
    stream = connector.stream("res.partner")
    first: list[Answer] = []

    def again(asked: Asked, answer: Any) -> Answer | None:
        if b"<string>search</string>" in asked.body or asked.path.endswith("/search"):
            first.append(first[0] if first else answer(asked))
            return first[0]
        return None

    server.fault = again
    with pytest.raises(EndlessCursor):
        list(connector.read(stream, {}))


def test_a_redirect_is_not_followed(server: Simulator, database: Database) -> None:
    connector = connect(server)
    stream = connector.stream("res.partner")
    server.faults.append(failing(302, b"", Location="https://evil.example/json/2"))
    with pytest.raises(ConfigError, match="redirects"):
        list(connector.read(stream, {}))


def test_the_key_goes_to_the_host_of_the_address_only() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if request.url.path == "/web/version":
            return httpx.Response(200, json={"version": "19.0"})
        return httpx.Response(200, json={"uid": 2})

    outside = Quick(Guard(), transport=httpx.MockTransport(answer))
    config = {"address": "https://acme.odoo.com/web@evil.example?x=1#y", "key": KEY}
    with pytest.raises(ConnectorError):
        Odoo(config, outside).check()
    assert {each.url.host for each in asked} == {"acme.odoo.com"}
    assert asked[1].headers["X-Odoo-Database"] == "acme"
    assert "Authorization" not in asked[0].headers, "nobody is told the key before it is Odoo"
    assert not any(KEY in str(each.url) for each in asked)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, b"<html>nothing here</html>"),
        (200, b"<html>My shop</html>"),
        (200, b"{}"),
        (200, b'{"version": 19}'),
        (200, b'{"version": "none"}'),
        (200, b"[]"),
        (405, b""),
    ],
)
def test_what_is_no_odoo_is_told(server: Simulator, status: int, body: bytes) -> None:
    server.databases["acme"] = Database()
    server.fault = lambda asked, answer: failing(status, body)
    with pytest.raises((ConfigError, Transient)) as caught:
        connect(server).check()
    assert "127.0.0.1" in caught.value.message or "address" in caught.value.message


def test_a_server_that_is_down_is_passing(server: Simulator) -> None:
    server.databases["acme"] = Database()
    server.faults += [failing(503, b"")] * 4
    with pytest.raises(Transient):
        connect(server).check()
    server.faults.append(failing(429, Retry_After="120"))
    with pytest.raises(Throttled):
        connect(server).check()


def test_a_key_that_dies_on_the_way_keeps_the_place(
    server: Simulator, database: Database, people: list[int]
) -> None:
    connector = connect(server)
    reader = connector.read(connector.stream("res.partner"), {})
    found = [next(reader), next(reader)]

    def dead(asked: Asked, answer: Any) -> Answer:
        asked.headers["authorization"] = "bearer expired"
        asked.body = asked.body.replace(KEY.encode(), b"expired")
        answered: Answer = answer(asked)
        return answered

    server.fault = dead
    with pytest.raises(ConfigError) as caught:
        next(reader)
    assert "key" in caught.value.errors
    server.fault = None
    assert ids(found) + ids(pages(server, "res.partner", found[-1].state)) == people


def test_a_lock_is_waited_for(server: Simulator, database: Database, people: list[int]) -> None:
    if database.version == "19.0":
        body = {"name": "psycopg2.errors.SerializationFailure", "message": "could not serialize"}
        connector = connect(server)
        stream = connector.stream("res.partner")
        server.faults += [failing(500, body)] * 2
        assert ids(list(connector.read(stream, {}))) == people


def test_what_cannot_be_counted_is_read_all_the_same(
    server: Simulator, database: Database, people: list[int]
) -> None:
    text = "Operation not allowed"
    fault = xmlrpc.client.dumps(xmlrpc.client.Fault(2, text), methodresponse=True).encode()

    def uncounted(asked: Asked, answer: Any) -> Answer | None:
        if asked.path.endswith("/search_count"):
            return failing(422, {"name": "odoo.exceptions.UserError", "message": text})
        return failing(200, fault) if b"search_count" in asked.body else None

    server.fault = uncounted
    found = pages(server, "res.partner")
    assert ids(found) == people
    assert {page.total for page in found} == {None}
