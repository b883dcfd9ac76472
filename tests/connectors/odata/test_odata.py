"""The OData connector: literals, metadata, odd answers, refusals, deltas and changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from connectors.cursor import guarded
from connectors.errors import (
    ConfigError,
    ConnectorError,
    CursorExpired,
    EndlessCursor,
    NotSupported,
    Throttled,
    Transient,
)
from connectors.records import Contact, Interaction, Item
from connectors.systems.odata import literals
from connectors.systems.odata.connector import OData
from connectors.systems.odata.metadata import EntitySet, Property, read_metadata
from connectors.systems.odata.naming import changed_of, entity_of, propose
from connectors.systems.odata.rows import key_in, rows_of
from tests.connectors.odata.simulator import ROOT, Simulator
from tests.connectors.odata.test_contract import connect
from tests.connectors.rest.sources import still

# --- literals --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("Edm.String", "O'Neil", "'O''Neil'"),
        ("Edm.String", "' or 1 eq 1 or name eq '", "''' or 1 eq 1 or name eq '''"),
        ("Edm.String", "", "''"),
        ("Edm.Int32", -5, "-5"),
        ("Edm.Int64", "9007199254740993", "9007199254740993"),
        ("Edm.Decimal", "1.50", "1.50"),
        ("Edm.Boolean", True, "true"),
        ("Edm.Guid", "01234567-89ab-CDEF-0123-456789abcdef", "01234567-89ab-CDEF-0123-456789abcdef"),
        ("Edm.Date", "2026-01-31", "2026-01-31"),
        ("Edm.DateTimeOffset", "2026-01-31T10:00:00.000Z", "2026-01-31T10:00:00.000Z"),
        ("Edm.TimeOfDay", "10:00:00", "10:00:00"),
        ("Edm.Duration", "P1DT2H", "duration'P1DT2H'"),
    ],
)  # fmt: skip
def test_literals(kind: str, value: Any, text: str) -> None:
    assert literals.literal(kind, value) == text


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("Edm.Int32", "1 or 1 eq 1"), ("Edm.Int32", "１"), ("Edm.Int32", "1.5"), ("Edm.Int32", ""),
        ("Edm.Guid", "x"), ("Edm.Guid", "01234567-89ab-cdef-0123-456789abcdef) or (1 eq 1"),
        ("Edm.Date", "2026-01-01 or 1 eq 1"), ("Edm.DateTimeOffset", "2026-01-01T10:00:00"),
        ("Edm.Decimal", "NaN"), ("Edm.Double", "INF"), ("Edm.Boolean", "maybe"),
        ("Edm.Duration", "P1D' or '1"), ("Edm.Binary", "x"), ("Edm.GeographyPoint", "x"),
        ("Edm.String", "a\0b"), ("Ns.Band", "low"), ("Edm.Date", "2026-01-01\n"),
    ],
)  # fmt: skip
def test_values_that_are_none_of_their_type_are_refused(kind: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r"is no|NUL"):
        literals.literal(kind, value)


def test_enumerations_are_named_with_their_type() -> None:
    assert literals.literal("Crm.Band", "high", enum=True) == "Crm.Band'high'"
    with pytest.raises(ValueError, match="no Crm"):
        literals.literal("Crm.Band", "high' or '", enum=True)


def test_moments_are_utc_and_cut_to_what_the_property_holds() -> None:
    moment = datetime(2026, 1, 1, 1, 30, 59, 999_999, timezone(timedelta(hours=2)))
    assert literals.moment("Edm.DateTimeOffset", moment) == "2025-12-31T23:30:59Z"
    assert literals.moment("Edm.Date", moment) == "2025-12-31"


def test_keys_in_addresses_are_escaped() -> None:
    assert (
        literals.key_predicate([("ID", "Edm.String", "O'N/é?#")])
        == "(%27O%27%27N%2F%C3%A9%3F%23%27)"
    )
    two = [("order", "Edm.String", "a,b=c"), ("pos", "Edm.Int32", 5)]
    assert literals.key_predicate(two) == "(order=%27a%2Cb%3Dc%27,pos=5)"


def test_what_follows_a_key_of_several_parts() -> None:
    parts = [("a", "Edm.String", "x'y"), ("b", "Edm.Int32", "5"), ("c", "Edm.Int32", "6")]
    assert literals.after(parts[:1]) == "a gt 'x''y'"
    assert literals.after(parts) == (
        "(a gt 'x''y') or (a eq 'x''y' and b gt 5) or (a eq 'x''y' and b eq 5 and c gt 6)"
    )


# --- metadata --------------------------------------------------------------------------------


def sets(service: Simulator | None = None) -> dict[str, EntitySet]:
    return dict(connect(service or Simulator()).service.sets())


def test_sets_with_inherited_keys_own_types_and_without_media() -> None:
    found = sets()
    assert list(found) == ["Contacts", "Lines"]
    contacts = found["Contacts"]
    assert (contacts.key, contacts.has_more, contacts.is_tracked) == (("ID",), True, False)
    assert {name: each.type for name, each in contacts.properties.items()} == {
        "ID": "text", "name": "text", "modifiedAt": "datetime", "createdAt": "datetime",
        "score": "decimal", "visits": "integer", "vip": "boolean", "born": "date", "band": "text",
        "weight": "float", "address": "json", "tags": "json",
    }  # fmt: skip
    assert found["Lines"].key == ("order", "pos")
    assert sets_with(tracks=True)["Contacts"].is_tracked


def sets_with(**behaves: Any) -> dict[str, EntitySet]:
    service = Simulator()
    for name, value in behaves.items():
        setattr(service, name, value)
    return sets(service)


@pytest.mark.parametrize(
    "document",
    [
        b"", b"<html><body>Sign in</body></html>", b'{"value": []}', b"<a><b></a>", b"\xff\xfe\x00",
        b'<edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx"/>',
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "y">]><edmx:Edmx Version="4.0"'
        b' xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">&x;</edmx:Edmx>',
        b'<?xml version="1.0" encoding="ebcdic-none"?><a/>',
    ],
)  # fmt: skip
def test_what_is_no_metadata_of_version_4_is_said(document: bytes) -> None:
    with pytest.raises(ConfigError):
        read_metadata(document)


def test_circles_and_holes_in_metadata_do_not_hang() -> None:
    document = b"""<Edmx Version="4.0" xmlns="x"><DataServices><Schema Namespace="N">
      <EntityType Name="A" BaseType="N.B"><Property Name="x" Type="N.T"/></EntityType>
      <EntityType Name="B" BaseType="N.A"><Key><PropertyRef Name="x"/></Key></EntityType>
      <TypeDefinition Name="T" UnderlyingType="N.T"/><EntityType/>
      <EntityContainer Name="C"><EntitySet Name="As" EntityType="N.A"/><EntitySet/>
      <EntitySet Name="Gone" EntityType="N.Gone"/></EntityContainer>
    </Schema></DataServices></Edmx>"""
    assert list(read_metadata(document)) == ["As"]


@pytest.mark.parametrize(
    ("name", "entity"),
    [
        ("Contacts", "contact"), ("A_BusinessPartner", "account"), ("SalesOrderItem", "order_line"),
        ("SalesOrders", "order"), ("incidents", "interaction"), ("BillingDocument", "invoice"),
        ("Opportunities", "opportunity"), ("ServiceRequests", "interaction"), ("Products", "product"),
        ("IncomingPayments", "payment"), ("Contracts", "subscription"), ("Xyz", "account"),
    ],
)  # fmt: skip
def test_what_a_set_most_likely_holds(name: str, entity: str) -> None:
    assert entity_of(name) == entity


def _set(which: str, /, **kinds: str) -> EntitySet:
    return EntitySet(which, ("ID",), {n: Property(f"Edm.{kind}") for n, kind in kinds.items()})


def test_the_property_of_the_last_change() -> None:
    names = {"ID": "String", "LastChangeDate": "Date", "LastChangeDateTime": "DateTimeOffset"}
    assert changed_of(_set("A", **names)) == "LastChangeDateTime"
    assert changed_of(_set("A", ID="String", LastChangeDate="Date")) == "LastChangeDate"
    assert changed_of(_set("A", ID="String", modifiedAt="String")) is None
    own = _set("A", ID="String", touched="DateTimeOffset", modifiedAt="DateTimeOffset")
    assert changed_of(own, "touched") == "touched"
    assert changed_of(own, "elsewhere") == "modifiedAt"


def test_proposed_mappings_are_complete_and_right() -> None:
    incidents = _set("Incidents", ID="Guid", title="String", status_code="String",
                     customer_ID="Guid", createdAt="DateTimeOffset", modifiedAt="DateTimeOffset")  # fmt: skip
    mapping = propose(incidents, "modifiedAt")
    assert mapping.problems() == {}
    record = mapping.apply({
        "ID": "g1", "title": "It broke", "status_code": "N", "customer_ID": "c1",
        "createdAt": "2026-01-02T03:04:05.678Z", "modifiedAt": "2026-01-03T00:00:00Z",
    })  # fmt: skip
    assert isinstance(record, Interaction)
    assert (record.kind, record.subject, record.outcome) == ("incident", "It broke", "N")
    assert record.contact_external_id == "c1"
    assert record.occurred_at == datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC)
    contacts = propose(_set("Contacts", ID="String", name="String", email="String",
                            account_ID="Guid", changedOn="DateTimeOffset"), "changedOn")  # fmt: skip
    assert contacts.problems() == {}
    person = contacts.apply(
        {"ID": "1", "name": "Ann", "email": "ANN@example.com", "account_ID": "a"}
    )
    assert isinstance(person, Contact)
    assert (person.email, person.account_external_id) == ("ann@example.com", "a")
    for name in ("Opportunities", "Orders", "Invoices"):
        odd = _set(name, ID="String", status="String", amount="Decimal", customer_ID="String")
        mapped = {each.target for each in propose(odd, None).fields}
        assert "state" not in mapped or name == "Orders"
        # Amounts without a currency are left to people, where they may be left out at all.
        assert ("amount_minor" in mapped) == (name == "Invoices")


# --- rows ------------------------------------------------------------------------------------

ONE = _set("Contacts", ID="String", name="String")
TWO = EntitySet("Lines", ("order", "pos"), {"order": Property("Edm.String"), "pos": Property("Edm.Int32")})  # fmt: skip


@pytest.mark.parametrize(
    ("found", "address", "key"),
    [
        (ONE, "Contacts('a')", "a"),
        (ONE, "https://h/odata/Contacts('O''Neil%2F1')", "O'Neil/1"),
        (ONE, "https://h/x(1)/Contacts('a(b)')", "a(b)"),
        (ONE, "Contacts(ID='a,b')", "a,b"),
        (ONE, "Contacts(01234567-89ab-cdef-0123-456789abcdef)", "01234567-89ab-cdef-0123-456789abcdef"),
        (ONE, "Contacts/7", "7"),
        (ONE, "7f-1", "7f-1"),
        (ONE, "", None),
        (ONE, "Contacts()", None),
        (TWO, "Lines(order='o|1',pos=5)", "o|1|5"),
        (TWO, "Lines(pos=5,order='o')", "o|5"),
        (TWO, "Lines('o')", None),
        (TWO, "Lines/7", None),
    ],
)  # fmt: skip
def test_keys_in_the_ids_of_deleted_entities(
    found: EntitySet, address: str, key: str | None
) -> None:
    assert key_in(found, address) == key


def test_rows_without_annotations_relations_and_identity() -> None:
    rows = rows_of(ONE, [
        {"ID": "a", "name": "x", "@odata.etag": "1", "name@odata.type": "t", "account": {"ID": 1},
         "lines": [], "dynamic": 5},
        {"ID": None}, {"ID": ""}, {"ID": []}, 5, None,
        {"@odata.context": "$metadata#Contacts/$link", "source": "a"},
        {"@removed": {"reason": "changed"}, "ID": "b"},
        {"@odata.context": "$metadata#Contacts/$deletedEntity", "reason": "deleted"},
    ])  # fmt: skip
    assert rows.records == {"a": {"ID": "a", "name": "x", "dynamic": 5}}
    assert rows.deleted == ["b"]
    assert [each.row for each in rows.rejected] == [2, 3, 4, 5, 6, 9]


def test_deleted_and_made_again_in_one_delta() -> None:
    gone = {"@removed": {}, "ID": "a"}
    assert rows_of(ONE, [gone, {"ID": "a"}]).deleted == []
    again = rows_of(ONE, [{"ID": "a"}, gone])
    assert (again.records, again.deleted) == ({}, ["a"])


# --- asking ----------------------------------------------------------------------------------


def asked(service: Simulator) -> list[str]:
    return [
        unquote(request.url.query.decode())
        for request in service.requests
        if "Contacts" in request.url.path
    ]


def test_the_window_is_asked_for_by_key_and_change() -> None:
    service = Simulator()
    for key in ("a'", "b", "c", "d"):
        service.put("Contacts", ID=key, name=key)
    connector = connect(service)
    stream = connector.stream("Contacts")
    first, last = connector.read(stream, {})
    assert first.total == 4
    assert last.state == {"since": "2026-01-01T00:00:04+00:00"}
    assert asked(service) == [
        "$count=true&$orderby=ID&$top=3&$select=" + ",".join(stream.fields),
        "$orderby=ID&$top=3&$filter=ID gt 'c'&$select=" + ",".join(stream.fields),
    ]
    service.requests.clear()
    list(connector.read(stream, last.state))
    assert "$filter=modifiedAt ge 2026-01-01T00:00:04Z or (modifiedAt eq null and createdAt ge 2026-01-01T00:00:04Z)" in asked(service)[0]  # fmt: skip


def test_two_part_keys_are_paged() -> None:
    service = Simulator()
    for order in ("o'1", "o2"):
        for pos in (1, 2, 10):
            service.put("Lines", order=order, pos=pos, text="x")
    connector = connect(service)
    stream = connector.stream("Lines")
    pages = list(connector.read(stream, {}))
    keys = [stream.external_id(r) for page in pages for r in page.records]
    assert keys == ["o'1|1", "o'1|2", "o'1|10", "o2|1", "o2|2", "o2|10"]
    assert pages[-1].state == {"done": True}
    with pytest.raises(CursorExpired):
        connector.read(stream, pages[-1].state)


def test_a_service_that_ignores_the_filter_is_read_in_its_own_pages() -> None:
    def far(request: httpx.Request) -> httpx.Response:
        if "$metadata" in str(request.url):
            return Simulator()(request)
        return httpx.Response(200, json={"value": [{"ID": f"k{n}"} for n in range(5)]})

    connector = OData(
        {"address": ROOT, "secret": "x1", "page_size": 3, "calls_a_second": 100}, still(far)
    )
    pages = list(guarded(connector.read(connector.stream("Contacts"), {})))
    assert {r["ID"] for page in pages for r in page.records} == {f"k{n}" for n in range(5)}


def test_refused_filters_are_noted_by_the_check() -> None:
    service = Simulator()
    assert connect(service).check().notes == (
        "Read whole each time, for want of a field of the last change: Lines.",
    )
    service.refuses = {"$top", "$filter"}
    notes = connect(service, entity_sets=["Contacts"]).check().notes
    assert len(notes) == 1
    assert "“modifiedAt”" in notes[0]


def test_only_chosen_sets_are_offered() -> None:
    assert [each.name for each in connect(Simulator(), entity_sets=["Lines"]).streams()] == [
        "Lines"
    ]
    with pytest.raises(ConfigError) as caught:
        connect(Simulator(), entity_sets=["Nope"]).streams()
    assert "Contacts, Lines" in caught.value.errors["entity_sets"][0]
    with pytest.raises(NotSupported):
        connect(Simulator()).stream("Nope")


BAD: list[tuple[httpx.Response | Exception, type[ConnectorError]]] = [
    (httpx.Response(200, text="<html>Sign in</html>"), ConfigError),
    (httpx.Response(200, json=[]), ConfigError),
    (httpx.Response(200, json={"d": {"results": []}}), ConfigError),
    (httpx.Response(200, json={"value": None}), ConfigError),
    (httpx.Response(200, content=b'{"value": [{"ID'), Transient),
    (httpx.Response(204), ConfigError),
    (httpx.Response(401), ConfigError),
    (httpx.Response(403), ConfigError),
    (httpx.Response(400, json={"error": {"code": "x", "message": "no"}}), ConfigError),
    (httpx.Response(404), ConfigError),
    (httpx.Response(307, headers={"Location": "https://evil.example.com"}), ConfigError),
    (httpx.Response(429, headers={"Retry-After": "90"}), Throttled),
    (httpx.Response(500), Transient),
    (httpx.ReadTimeout("slow"), Transient),
]


@pytest.mark.parametrize(("answer", "error"), BAD)
def test_bad_answers_end_in_a_named_error(answer: Any, error: type[ConnectorError]) -> None:
    def far(request: httpx.Request) -> httpx.Response:
        if "$metadata" in str(request.url):
            return Simulator()(request)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    connector = OData({"address": ROOT, "secret": "x2", "calls_a_second": 100}, still(far))
    with pytest.raises(error) as caught:
        list(connector.read(connector.stream("Contacts"), {}))
    assert type(caught.value) is error


def _linking(link: Any) -> tuple[list[str], Callable[[httpx.Request], httpx.Response]]:
    hosts: list[str] = []

    def far(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        if "$metadata" in str(request.url):
            return Simulator()(request)
        if "$top" in str(request.url):
            return httpx.Response(400, json={"error": {"message": "no $top"}})
        return httpx.Response(200, json={"value": [{"ID": "a"}], "@odata.nextLink": link})

    return hosts, far


@pytest.mark.parametrize(
    "link", ["https://evil.example.com/x", "//evil.example.com/x", "http://erp.example.com/x", "Contacts?x=1"]
)  # fmt: skip
def test_links_stay_on_the_host_and_do_not_repeat(link: str) -> None:
    hosts, far = _linking(link)
    connector = OData({"address": ROOT, "secret": "x3", "calls_a_second": 100}, still(far))
    with pytest.raises((ConfigError, EndlessCursor)):
        list(guarded(connector.read(connector.stream("Contacts"), {})))
    assert set(hosts) == {"erp.example.com"}


@pytest.mark.parametrize("link", [5, "", None, [], {"a": 1}])
def test_links_that_are_none_are_the_end(link: Any) -> None:
    _, far = _linking(link)
    connector = OData({"address": ROOT, "secret": "x4", "calls_a_second": 100}, still(far))
    assert len(list(connector.read(connector.stream("Contacts"), {}))) == 1


@pytest.mark.parametrize(
    "state",
    [{"way": "x"}, {"until": "x"}, {"at": 5, "until": "2026-01-01T00:00:00+00:00"}, {"since": "x"}],
)
def test_damaged_states_start_anew(state: dict[str, Any]) -> None:
    connector = connect(Simulator())
    with pytest.raises(CursorExpired):
        list(connector.read(connector.stream("Contacts"), state))


def test_parameters_of_the_address_go_with_every_question() -> None:
    service = Simulator()
    connect(service, address=ROOT + "?sap-client=100").check()
    assert all(request.url.params["sap-client"] == "100" for request in service.requests)


def test_a_wrong_address_is_told_beside_its_setting() -> None:
    connector = OData({"address": ROOT, "secret": "x5"}, still(lambda request: httpx.Response(404)))
    with pytest.raises(ConfigError) as caught:
        connector.check()
    assert "address" in caught.value.errors


# --- deltas ----------------------------------------------------------------------------------


def test_without_a_promised_delta_link_windows_take_over() -> None:
    service = Simulator()
    service.tracks, service.gives_delta = True, False
    service.put("Contacts", ID="a", name="x")
    connector = connect(service)
    stream = connector.stream("Contacts")
    assert stream.deletes == "tombstones"
    *_, last = connector.read(stream, {})
    assert "since" in last.state
    service.pass_time()
    service.put("Contacts", ID="b", name="y")
    read = [r["ID"] for page in connector.read(stream, last.state) for r in page.records]
    assert "b" in read


@pytest.mark.parametrize("status", [400, 404, 410])
def test_a_lost_delta_link_starts_anew(status: int) -> None:
    service = Simulator()
    service.tracks = True
    connector = connect(service)
    stream = connector.stream("Contacts")
    *_, last = connector.read(stream, {})
    service.faults = [httpx.Response(status)]
    with pytest.raises(CursorExpired):
        list(connector.read(stream, last.state))


# --- writing ---------------------------------------------------------------------------------

WRITABLE = ["Contacts: name, score, vip, visits", "Contacts: born, band, weight, createdAt"]


def test_fields_are_written_in_the_form_of_their_type() -> None:
    service = Simulator()
    service.put("Contacts", ID="O'Neil/1", name="x")
    connector = connect(service, writable=WRITABLE)
    (target,) = connector.targets()
    assert (target.op, target.stream) == ("update", "Contacts")
    values = {
        "name": "Zoë", "score": Decimal("1E+1"), "vip": True, "visits": 9007199254740993, "born": date(2026, 1, 2),
        "band": "high", "weight": Decimal("1.5"), "createdAt": datetime(2026, 1, 1, tzinfo=UTC),
    }  # fmt: skip
    (outcome,) = connector.write(target, [Item("1", values, "O'Neil/1")])
    assert outcome.ok
    (request,) = (each for each in service.requests if each.method == "PATCH")
    assert request.headers["If-Match"] == "*"
    assert json.loads(request.content) == {
        "name": "Zoë", "score": "10", "vip": True, "visits": "9007199254740993", "born": "2026-01-02",
        "band": "high", "weight": 1.5, "createdAt": "2026-01-01T00:00:00Z",
    }  # fmt: skip


def test_each_item_has_its_outcome() -> None:
    service = Simulator()
    service.put("Contacts", ID="a", name="x")
    connector = connect(service, writable=WRITABLE)
    target = connector.target("fields of Contacts")
    items = [
        Item("1", {"name": "refused"}, "a"),
        Item("2", {"score": "many"}, "a"),
        Item("3", {"vip": "perhaps"}, "a"),
        Item("4", {"ID": "b"}, "a"),
        Item("5", {"name": "x"}, ""),
        Item("6", {"name": "x"}, "nobody"),
        Item("7", {"name": None}, "a"),
    ]
    outcomes = list(connector.write(target, items))
    assert [each.key for each in outcomes] == [item.key for item in items]
    assert [each.ok for each in outcomes] == [False] * 6 + [True]
    assert "“name” must be a name" in outcomes[0].message
    assert service.sets["Contacts"][("a",)]["name"] is None


def test_a_token_against_forgery_is_fetched_when_asked_for() -> None:
    service = Simulator()
    service.wants_csrf = True
    service.put("Contacts", ID="a", name="x")
    connector = connect(service, writable=WRITABLE)
    target = connector.target("fields of Contacts")
    outcomes = list(
        connector.write(target, [Item(str(n), {"name": f"n{n}"}, "a") for n in range(3)])
    )
    assert [each.ok for each in outcomes] == [True] * 3
    assert sum(request.headers.get("X-CSRF-Token") == "Fetch" for request in service.requests) == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("Nope: a", "no entity set"),
        ("Contacts: nope", "no field"),
        ("Contacts: ID", "no field"),
        ("Contacts: address", "no single value"),
    ],
)
def test_what_cannot_be_written_is_said_beside_the_setting(line: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        connect(Simulator(), writable=[line]).check()
    assert words in caught.value.errors["writable"][0]


def test_without_a_list_nothing_is_written() -> None:
    connector = connect(Simulator())
    assert list(connector.targets()) == []
    target = connect(Simulator(), writable=WRITABLE).targets()[0]
    with pytest.raises(NotSupported):
        connector.write(target, [])
