"""The REST connector against answers of every kind: good, odd, hostile and broken."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from connectors.cursor import guarded
from connectors.errors import (
    ConfigError,
    ConnectorError,
    CursorExpired,
    EndlessCursor,
    NotSupported,
    RecordError,
    Throttled,
    Transient,
)
from connectors.records import Interaction, Item
from connectors.systems.rest.connector import Rest
from tests.connectors.rest.sources import HOST, connect, pages_of, still

PEOPLE = "- {name: people, path: people, records: items, key: id, entity: contact%s}"


def answering(*answers: Any) -> Callable[[httpx.Request], httpx.Response]:
    """A far side that plays its answers in order, the last one for ever."""
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        found = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(found, Exception):
            raise found
        if isinstance(found, httpx.Response):
            return httpx.Response(found.status_code, headers=found.headers, content=found.content)
        content = found if isinstance(found, bytes) else json.dumps(found).encode()
        return httpx.Response(200, content=content)

    return answer


def read(body: Any, more: str = "") -> Any:
    connector = connect(answering(body), PEOPLE % more)
    (page,) = pages_of(connector, "people")
    return page


# --- records ---------------------------------------------------------------------------------


def test_what_is_inside_objects_gets_dotted_names() -> None:
    page = read(
        {"items": [{"id": 1, "a": {"b": {"c": "x"}, "d": []}, "e": {}, "l": [{"x": 1}], "n": None}]}
    )
    assert page.records == [{"id": 1, "a.b.c": "x", "a.d": [], "e": {}, "l": [{"x": 1}], "n": None}]


def test_a_dotted_name_of_the_source_is_not_overwritten() -> None:
    page = read({"items": [{"id": 1, "a.b": "own", "a": {"b": "inner"}}]})
    assert page.records == [{"id": 1, "a.b": "own", "a": {"b": "inner"}}]


def test_numbers_stay_exact() -> None:
    page = read(
        b'{"items": [{"id": 123456789012345678901234567890, "x": 0.1, "y": NaN, "z": 1e400}]}'
    )
    (record,) = page.records
    assert record == {
        "id": 123456789012345678901234567890,
        "x": Decimal("0.1"),
        "y": None,
        "z": Decimal("1e400"),
    }


@pytest.mark.parametrize(
    ("key", "external_id"),
    [('"a|b"', "a|b"), ("7", "7"), ("7.0", "7"), ("0", "0"), ('" x "', "x"), ('"Ü/\'1"', "Ü/'1")],
)
def test_keys_of_every_kind(key: str, external_id: str) -> None:
    connector = connect(answering(f'{{"items": [{{"id": {key}}}]}}'.encode()), PEOPLE % "")
    stream = connector.stream("people")
    (page,) = connector.read(stream, {})
    assert [stream.external_id(record) for record in page.records] == [external_id]


@pytest.mark.parametrize(
    "entry",
    ['{"name": "x"}', '{"id": null}', '{"id": " "}', '{"id": true}', '{"id": []}', '{"id": {"a": 1}}',
     "5", '"x"', "[1]", "true"],
)  # fmt: skip
def test_entries_without_identity_are_refused_and_the_others_read(entry: str) -> None:
    page = read(f'{{"items": [{{"id": 1}}, {entry}]}}'.encode())
    assert [record["id"] for record in page.records] == [1]
    (refused,) = page.rejected
    assert refused.row == 2
    assert refused.reason


def test_one_key_twice_on_a_page_is_one_record() -> None:
    page = read({"items": [{"id": 1, "v": 1}, {"id": 2}, {"id": "1", "v": 2}]})
    assert page.records == [{"id": 2}, {"id": "1", "v": 2}]


def test_a_map_of_records_by_their_id() -> None:
    streams = "- {name: p, path: p, records: '*', key: _name, entity: contact}"
    connector = connect(answering({"k1": {"name": "A"}, "k2": {"name": "B"}}), streams)
    stream = connector.stream("p")
    (page,) = connector.read(stream, {})
    assert {stream.external_id(r): r["name"] for r in page.records} == {"k1": "A", "k2": "B"}
    assert set(stream.fields) == {"name"}


def test_types_come_from_the_first_page() -> None:
    items = [
        {"id": 1, "t": "x", "d": "2026-01-01", "m": "2026-01-01T10:00:00Z", "b": True, "f": 1, "e": None,
         "mix": 1, "l": [1]},
        {"id": 2, "t": "2026-01-01", "d": "", "m": "2026-01-01 10:00", "b": None, "f": 1.5, "e": None,
         "mix": "x", "l": None},
    ]  # fmt: skip
    connector = connect(answering({"items": items}), PEOPLE % "")
    assert connector.stream("people").fields == {
        "id": "integer", "t": "text", "d": "date", "m": "datetime", "b": "boolean",
        "f": "decimal", "e": "any", "mix": "any", "l": "json",
    }  # fmt: skip


def test_a_mapping_is_proposed_from_the_sample_and_kind_from_the_name() -> None:
    items = [{"id": 5, "customer_id": 7, "created_at": "2026-01-01T10:00:00Z", "title": "Hm"}]
    streams = "- {name: Calls, path: c, records: items, key: id, entity: interaction}"
    connector = connect(answering({"items": items}), streams)
    mapping = connector.stream("Calls").default_mapping
    assert mapping is not None
    assert mapping.problems() == {}
    record = mapping.apply({"id": 5, **items[0]})
    assert isinstance(record, Interaction)
    assert (record.external_id, record.kind, record.contact_external_id) == ("5", "calls", "7")


def test_reviews_become_interactions_with_their_stars_and_words() -> None:
    review = {
        "id": "r1", "title": "Great", "text": "Would buy again", "rating": 5,
        "author": {"id": "c7", "name": "Ann"},
        "created_at": "2026-02-01T10:00:00Z", "updated_at": "2026-02-02T10:00:00Z",
    }  # fmt: skip
    connector = connect(answering({"reviews": [review]}), "", preset="reviews")
    stream = connector.stream("reviews")
    page = next(iter(connector.read(stream, {})))
    assert stream.default_mapping is not None
    record = stream.default_mapping.apply(page.records[0])
    assert isinstance(record, Interaction)
    assert (record.kind, record.contact_external_id, record.outcome) == ("review", "c7", "5")
    assert record.subject == "Great"
    assert record.attributes["text"] == "Would buy again"
    assert record.attributes["stars"] == "5"
    assert record.occurred_at == datetime(2026, 2, 1, 10, tzinfo=UTC)
    with pytest.raises(RecordError):
        stream.default_mapping.apply({**page.records[0], "created_at": "last week"})


def test_roundups_own_dates_and_links_are_mapped() -> None:
    issue = {
        "id": "7", "title": "It broke", "activity": "2026-11-23.01:13:53",
        "creation": "2026-11-23.00:57:31", "creator": {"id": "3", "username": "ann"},
        "status": {"id": "1", "name": "unread"},
    }  # fmt: skip
    body = {"data": {"collection": [issue], "@total_size": 1}}
    connector = connect(answering(body), "", preset="roundup")
    stream = connector.stream("issue")
    (page,) = connector.read(stream, {})
    assert page.total == 1
    assert stream.default_mapping is not None
    record = stream.default_mapping.apply(page.records[0])
    assert isinstance(record, Interaction)
    assert record.occurred_at == datetime(2026, 11, 23, 0, 57, 31, tzinfo=UTC)
    assert (record.contact_external_id, record.outcome, record.kind) == ("3", "unread", "ticket")


# --- answers that are not what was asked for -------------------------------------------------

BAD: list[tuple[Any, type[ConnectorError]]] = [
    ({}, ConfigError),
    ({"error": {"message": "no such thing"}}, ConfigError),
    ([], ConfigError),
    ("words", ConfigError),
    (5, ConfigError),
    (b"<html><body>Sign in</body></html>", ConfigError),
    (b"{\"items\": [{\"id\"", Transient),
    (b"\xff\xfe", Transient),
    (b"[" * 100_000, Transient),
    (b'{"items": ' + b"9" * 5000 + b"}", Transient),
    (httpx.Response(401), ConfigError),
    (httpx.Response(403), ConfigError),
    (httpx.Response(404), ConfigError),
    (httpx.Response(302, headers={"Location": "https://evil.example.com"}), ConfigError),
    (httpx.Response(429, headers={"Retry-After": "120"}), Throttled),
    (httpx.Response(503, headers={"Retry-After": "120"}), Throttled),
    (httpx.Response(500), Transient),
    (httpx.ReadTimeout("slow"), Transient),
    (httpx.ConnectError("gone"), Transient),
    (httpx.RemoteProtocolError("cut"), Transient),
]  # fmt: skip


@pytest.mark.parametrize(("body", "error"), BAD)
def test_bad_first_answers_end_in_a_named_error(body: Any, error: type[ConnectorError]) -> None:
    with pytest.raises(error) as caught:
        read(body)
    assert type(caught.value) is error
    assert caught.value.message


@pytest.mark.parametrize("body", [None, {"items": None}, {"items": []}, b"", {"items": {}}])
def test_nothing_is_no_error(body: Any) -> None:
    page = read(body)
    assert list(page.records) == []
    assert page.state == {"done": True}


@pytest.mark.parametrize(
    "link",
    ["https://evil.example.com/steal", "//evil.example.com/steal", "http://api.example.com/v1/x",
     "https://api.example.com:8443/x", "https://user:pw@evil.example.com/", "http://[bad", "\\\\evil\\x",
     "https://api.example.com.evil.org/", "ftp://api.example.com/"],
)  # fmt: skip
def test_next_links_stay_on_the_host(link: str) -> None:
    asked: list[str] = []

    def far(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(200, json={"items": [{"id": len(asked)}], "next": link})

    connector = connect(
        far, PEOPLE % ", paging: {kind: next, next: next}", auth="bearer", secret="s3"
    )
    with pytest.raises((ConfigError, EndlessCursor)):
        for _ in guarded(connector.read(connector.stream("people"), {})):
            pass
    assert set(asked) == {"api.example.com"}


def test_the_credential_goes_with_links_and_never_into_messages() -> None:
    seen: list[str] = []

    def far(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["X-Api-Key"])
        if len(seen) > 2:
            return httpx.Response(400, json={"message": "key s3cret-key is not for this"})
        return httpx.Response(200, json={"items": [{"id": len(seen)}], "next": f"?p={len(seen)}"})

    paging = PEOPLE % ", paging: {kind: next, next: next}"
    connector = connect(far, paging, auth="header", header_name="X-Api-Key", secret="s3cret-key")
    with pytest.raises(ConfigError) as caught:
        pages_of(connector, "people")
    assert set(seen) == {"s3cret-key"}
    assert "s3cret-key" not in caught.value.message


@pytest.mark.parametrize("body", [{}, {"items": None}, {"next": "b"}])
def test_later_pages_may_leave_out_an_empty_list(body: Any) -> None:
    paging = PEOPLE % ", paging: {kind: cursor, param: c, token: next}"
    first = {"items": [{"id": 1}], "next": "a"}
    connector = connect(answering(first, first, body, {}), paging)
    pages = pages_of(connector, "people")
    assert [len(page.records) for page in pages if page.records] == [1]


def test_a_page_beyond_the_last_may_be_missing() -> None:
    paging = PEOPLE % ", paging: {kind: page, size: 5}"
    first = {"items": [{"id": 1}]}
    connector = connect(answering(first, first, httpx.Response(404)), paging)
    assert [len(page.records) for page in pages_of(connector, "people")] == [1, 0]


@pytest.mark.parametrize(
    "state",
    [
        {"at": 5},
        {"until": "2026-01-01T00:00:00+00:00", "at": {"at": "x"}},
        {"until": "yesterday"},
        {"until": 5, "at": {}},
        {"since": "x"},
    ],
)
def test_damaged_states_start_anew(state: dict[str, Any]) -> None:
    more = ", paging: {kind: offset}, cursor: {param: since}"
    connector = connect(answering({"items": [{"id": 1}]}, {"items": []}), PEOPLE % more)
    with pytest.raises(CursorExpired):
        list(connector.read(connector.stream("people"), state))


def test_totals_from_a_header_or_the_body_and_nonsense_for_none() -> None:
    def far(request: httpx.Request) -> httpx.Response:
        body = {"items": [{"id": 1}], "meta": {"count": "12"}, "bad": [1], "neg": -1}
        return httpx.Response(200, json=body, headers={"X-Total": "7"})

    totals = {"header:X-Total": 7, "meta.count": 12, "bad": None, "neg": None, "header:Nope": None}
    for written, total in totals.items():
        (page,) = pages_of(connect(far, PEOPLE % f", total: '{written}'"), "people")
        assert page.total == total, written


def test_parameters_of_the_address_and_the_stream_are_sent() -> None:
    seen: list[httpx.Request] = []

    def far(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"items": []})

    connector = connect(far, PEOPLE % ", params: {a: 'x y', '@b': '1'}", address=HOST + "?key=k")
    pages_of(connector, "people")
    assert dict(seen[0].url.params) == {"key": "k", "a": "x y", "@b": "1"}
    assert seen[0].url.path == "/v1/people"


# --- the check -------------------------------------------------------------------------------


def test_one_broken_stream_is_told_and_the_others_work() -> None:
    def far(request: httpx.Request) -> httpx.Response:
        if "bad" in request.url.path:
            return httpx.Response(404, json={"detail": "no such path"})
        return httpx.Response(200, json={"items": []})

    streams = PEOPLE % "" + "\n- {name: bad, path: bad, key: id, entity: contact}"
    connector = connect(far, streams)
    found = connector.check()
    assert found.ok
    assert len(found.notes) == 2
    assert "holds no records" in found.notes[0]
    assert "404" in found.notes[1]
    assert [each.name for each in connector.streams()] == ["people", "bad"]
    with pytest.raises(ConfigError):
        list(connector.read(connector.stream("bad"), {}))
    with pytest.raises(NotSupported):
        connector.stream("gone")


def test_a_refused_credential_is_one_call_and_beside_its_setting() -> None:
    calls: list[int] = []

    def far(request: httpx.Request) -> httpx.Response:
        calls.append(1)
        return httpx.Response(401, text="Invalid Login")

    connector = connect(far, PEOPLE % "", auth="basic", user="u", secret="p")
    with pytest.raises(ConfigError) as caught:
        connector.check()
    assert "secret" in caught.value.errors
    assert len(calls) == 1


def test_basic_and_bearer_are_sent() -> None:
    seen: list[str] = []

    def far(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["Authorization"])
        return httpx.Response(200, json={"items": []})

    connect(far, PEOPLE % "", auth="basic", user="ü", secret="p:w").check()
    connect(far, PEOPLE % "", auth="bearer", secret="tok").check()
    assert seen == ["Basic " + base64.b64encode("ü:p:w".encode()).decode(), "Bearer tok"]


@pytest.mark.parametrize("secret", ["tök", "a\nb", "a\x00"])
def test_secrets_that_fit_no_header_are_refused(secret: str) -> None:
    with pytest.raises(ConfigError) as caught:
        connect(answering({"items": []}), PEOPLE % "", auth="bearer", secret=secret).check()
    assert list(caught.value.errors) == ["secret"]


# --- OAuth 2.0 -------------------------------------------------------------------------------


class Guarded:
    """A token endpoint and an interface whose tokens die after two calls."""

    def __init__(self, only_body: bool = False) -> None:
        self.only_body, self.given, self.uses = only_body, 0, 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/token":
            assert request.url.host == "login.example.com"
            form = dict(httpx.QueryParams(request.content.decode()))
            basic = (
                request.headers.get("Authorization")
                == "Basic " + base64.b64encode(b"me:pw").decode()
            )
            in_body = (form.get("client_id"), form.get("client_secret")) == ("me", "pw")
            if not (in_body or (basic and not self.only_body)):
                return httpx.Response(401, json={"error": "invalid_client"})
            assert form["grant_type"] == "client_credentials"
            assert form["scope"] == "read"
            self.given, self.uses = self.given + 1, 0
            return httpx.Response(
                200, json={"access_token": f"t{self.given}", "token_type": "Bearer"}
            )
        self.uses += 1
        if request.headers.get("Authorization") != f"Bearer t{self.given}" or self.uses > 2:
            return httpx.Response(401, json={"error": "invalid_token"})
        page = int(request.url.params.get("page", 1))
        return httpx.Response(200, json={"items": [{"id": page}] if page < 6 else []})


OAUTH = {
    "auth": "oauth2",
    "user": "me",
    "secret": "pw",
    "token_address": "https://login.example.com/token",
    "scope": "read",
}


@pytest.mark.parametrize("only_body", [False, True])
def test_a_token_that_dies_between_pages_is_renewed(only_body: bool) -> None:
    far = Guarded(only_body)
    connector = connect(far, PEOPLE % ", paging: {kind: page, size: 1}", **OAUTH)
    pages = pages_of(connector, "people")
    assert [record["id"] for page in pages for record in page.records] == [1, 2, 3, 4, 5]
    assert far.given >= 3


def test_a_refused_client_is_told_beside_its_setting() -> None:
    connector = connect(Guarded(), PEOPLE % "", **{**OAUTH, "secret": "other"})
    with pytest.raises(ConfigError) as caught:
        connector.check()
    assert caught.value.errors
    assert "other" not in caught.value.message


@pytest.mark.parametrize("address", ["http://[bad", "http://login.example.com/token", "ftp://x/"])
def test_a_token_address_that_is_none_is_told_beside_its_setting(address: str) -> None:
    connector = connect(Guarded(), PEOPLE % "", **{**OAUTH, "token_address": address})
    with pytest.raises(ConfigError) as caught:
        connector.check()
    assert list(caught.value.errors) == ["token_address"]


# --- writing ---------------------------------------------------------------------------------

WRITES = """
headers: {X-From: "{origin}"}
streams: [{name: people, path: people, records: items, key: id, entity: contact}]
writes:
- name: fields
  op: update
  stream: people
  fields: {score: decimal, band: text}
  update: {method: PATCH, path: "people/{remote_id}", etag: true}
- name: note
  op: upsert
  stream: people
  fields: {text: text}
  required: [text]
  find: {path: notes, params: {key: "{key}"}, records: items, id: id}
  create: {path: notes, body: {text: "{text}", key: "{key}", about: "{remote_id}"}, id: note.id}
  update: {method: PUT, path: "notes/{id}", body: {text: "{text}"}}
"""


class Crm:
    """People with versions, and notes found by their key."""

    def __init__(self) -> None:
        self.people: dict[str, dict[str, Any]] = {"a/1": {}, "b": {}}
        self.notes: dict[str, dict[str, Any]] = {}
        self.races = 0
        self.seen: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        parts = [
            httpx.URL("/" + each).path[1:]
            for each in request.url.raw_path.decode()[4:].split("?")[0].split("/")
        ]
        if parts[0] == "people" and len(parts) == 2:
            return self._person(request, parts[1].replace("%2F", "/"))
        if parts[0] == "notes":
            return self._note(request, parts[1:])
        return httpx.Response(200, json={"items": [{"id": each} for each in self.people]})

    def _person(self, request: httpx.Request, key: str) -> httpx.Response:
        if key not in self.people:
            return httpx.Response(404, json={"error": "gone"})
        etag = f'"{len(str(self.people[key]))}"'
        if request.method == "GET":
            return httpx.Response(200, json=self.people[key], headers={"ETag": etag})
        if self.races or request.headers.get("If-Match") != etag:
            return httpx.Response(412, json={"error": "changed"})
        body = json.loads(request.content)
        if body.get("band") == "bad":
            return httpx.Response(422, json={"errors": [{"message": "band must be one of a, b"}]})
        self.people[key] |= body
        return httpx.Response(204)

    def _note(self, request: httpx.Request, rest: list[str]) -> httpx.Response:
        body = json.loads(request.content or b"{}")
        if request.method == "GET":
            found = [
                {"id": n} for n, v in self.notes.items() if v["key"] == request.url.params["key"]
            ]
            return httpx.Response(200, json={"items": found})
        if request.method == "POST":
            self.notes[f"n{len(self.notes)}"] = body
            return httpx.Response(201, json={"note": {"id": f"n{len(self.notes) - 1}"}})
        self.notes[rest[0]] |= body
        return httpx.Response(200, json={})


def writer() -> tuple[Crm, Rest]:
    far = Crm()
    return far, connect(far, WRITES, auth="bearer", secret="token-7")


def test_targets_come_from_the_description() -> None:
    _, connector = writer()
    fields, note = connector.targets()
    assert (fields.op, fields.stream, dict(fields.fields)) == ("update", "people", {"score": "decimal", "band": "text"})  # fmt: skip
    assert (note.op, note.required) == ("upsert", frozenset({"text"}))
    assert connector.check().may == ("read", "write")


def test_fields_are_changed_with_the_version_that_was_read() -> None:
    far, connector = writer()
    items = [
        Item("1", {"score": Decimal("9.5"), "band": "promoter"}, "a/1"),
        Item("2", {"colour": "red"}, "a/1"),
        Item("3", {"band": "x"}, "nobody"),
        Item("4", {"band": "x"}, ""),
        Item("5", {"band": "bad"}, "b"),
        Item("6", {"band": None}, "b"),
    ]
    outcomes = list(connector.write(connector.target("fields"), items))
    assert [each.key for each in outcomes] == ["1", "2", "3", "4", "5", "6"]
    assert [each.ok for each in outcomes] == [True, False, False, False, False, True]
    assert far.people == {"a/1": {"score": "9.5", "band": "promoter"}, "b": {"band": None}}
    assert "colour" in outcomes[1].message
    assert "band must be one of a, b" in outcomes[4].message
    assert {each.headers["X-From"] for each in far.seen} == {"https://api.example.com"}


def test_a_change_at_the_same_moment_may_be_tried_again() -> None:
    far, connector = writer()
    far.races = 1
    (outcome,) = connector.write(connector.target("fields"), [Item("1", {"band": "x"}, "b")])
    assert (outcome.ok, outcome.retry) == (False, True)


def test_a_note_written_twice_is_one_and_values_cannot_break_out() -> None:
    far, connector = writer()
    key, text = 'k/1?"&{text}', 'He said "hi", {remote_id} \n\\'
    target = connector.target("note")
    first, empty, again = connector.write(
        target,
        [
            Item(key, {"text": text}, "b"),
            Item("e", {"text": ""}, "b"),
            Item(key, {"text": "new"}, "b"),
        ],
    )
    assert (first.ok, first.created, first.remote_id) == (True, True, "n0")
    assert not empty.ok
    assert (again.ok, again.created, again.remote_id) == (True, False, "n0")
    assert far.notes == {"n0": {"text": "new", "key": key, "about": "b"}}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(401), ConfigError),
        (httpx.Response(429, headers={"Retry-After": "120"}), Throttled),
        (httpx.Response(503), Transient),
    ],
)
def test_what_concerns_all_items_is_raised(
    answer: httpx.Response, error: type[ConnectorError]
) -> None:
    connector = connect(answering(answer), WRITES, auth="bearer", secret="token-7")
    with pytest.raises(error):
        list(connector.write(connector.target("fields"), [Item("1", {"band": "x"}, "b")]))


def test_a_made_record_without_an_id_is_told() -> None:
    connector = connect(answering({"items": []}, {}), WRITES, auth="bearer", secret="token-7")
    (outcome,) = connector.write(connector.target("note"), [Item("1", {"text": "x"}, "b")])
    assert not outcome.ok
    assert "under which id" in outcome.message


def test_a_search_that_finds_no_list_makes_nothing() -> None:
    connector = connect(answering({"message": "odd"}), WRITES, auth="bearer", secret="token-7")
    (outcome,) = connector.write(connector.target("note"), [Item("1", {"text": "x"}, "b")])
    assert not outcome.ok
    assert "check “find”" in outcome.message


def test_without_writes_nothing_is_written() -> None:
    connector = connect(answering({"items": []}), PEOPLE % "")
    assert connector.targets() == []
    far, other = writer()
    with pytest.raises(NotSupported):
        connector.write(other.target("fields"), [])
    assert far.seen == []


def test_settings_are_few_and_the_secret_is_one() -> None:
    connector = Rest(
        {"address": HOST, "secret": "s", "streams": PEOPLE % ""}, still(answering({"items": []}))
    )
    assert "s3" not in repr(connector)
    assert connector.check().who == "api.example.com"
