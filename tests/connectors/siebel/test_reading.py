"""Reading: windows, orders, old servers, children, statuses, and what a description tells."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import jsonschema_rs
import pytest

from connectors.errors import ConfigError, CursorExpired, NotSupported, Throttled
from connectors.systems.siebel.config import Component
from connectors.systems.siebel.described import read as read_description
from tests.connectors.siebel.repository import PARAMETERS
from tests.connectors.siebel.simulator import Reply, Siebel, refusal, serving
from tests.connectors.siebel.sources import connect, ids, pages


def seed(siebel: Siebel, count: int, bc: str = "Contact", **values: str) -> list[str]:
    keys = [f"1-{number:03d}" for number in range(count)]
    for key in keys:
        siebel.put(bc, key, **{"Last Name": key, **values})
    return keys


def queries(siebel: Siebel) -> list[dict[str, str]]:
    found = (parse_qs(urlsplit(url).query) for method, url, _ in siebel.calls if method == "GET")
    return [{n: v[0] for n, v in each.items()} for each in found if each]


# --- windows ---------------------------------------------------------------------------------


def test_the_first_pass_is_by_id_and_the_next_window_by_change_and_id(siebel: Siebel) -> None:
    keys = seed(siebel, 7)
    found = pages(connect(siebel), "Contact")
    assert ids(found) == keys
    assert found[0].total == 7
    first, second = [q for q in queries(siebel) if q.get("sortspec") == "Id:asc"][:2]
    assert "searchspec" not in first
    assert first["PageSize"] == "3"
    assert (first["ViewMode"], first["uniformresponse"]) == ("All", "Y")
    assert first["recordcountneeded"] == "true"
    assert second["searchspec"] == "([Id] > '1-002')"
    siebel.put("Contact", "1-004", X_REMARKS="changed")
    siebel.calls.clear()
    again = pages(connect(siebel), "Contact", found[-1].state)
    assert ids(again) == ["1-004"]
    spec = queries(siebel)[0]["searchspec"]
    assert spec.startswith("([Updated] >= '11/22/2026 10:")
    assert "AND [Updated] <= '11/22/2026 10:" in spec


def test_a_window_reaches_back_and_ends_before_now(siebel: Siebel) -> None:
    seed(siebel, 2)
    connector = connect(siebel, lag_seconds=120)
    first = pages(connector, "Contact")[-1].state
    siebel.time += timedelta(hours=1)
    siebel.put("Contact", "1-000", X_REMARKS="a minute ago")
    siebel.calls.clear()
    pages(connect(siebel, lag_seconds=120), "Contact", first)
    spec = queries(siebel)[0]["searchspec"]
    assert "<= '11/22/2026 10:58:" in spec, spec  # two minutes behind
    assert ">= '11/22/2026 09:56:" in spec, spec  # two more behind the end of the last


@pytest.mark.parametrize("zone", ["America/Vancouver", "Asia/Kolkata"])
def test_changes_are_found_in_the_servers_zone(zone: str) -> None:
    with serving(Siebel(ZoneInfo(zone))) as siebel:
        seed(siebel, 3)
        state = pages(connect(siebel, zone=zone), "Contact")[-1].state
        siebel.time += timedelta(hours=1)
        siebel.put("Contact", "1-001", X_REMARKS="later")
        found = pages(connect(siebel, zone=zone), "Contact", state)
        assert ids(found) == ["1-001"]
        mapping = connect(siebel, zone=zone).stream("Contact").default_mapping
        assert mapping is not None
        assert abs(mapping.apply(found[0].records[0]).modified_at - siebel.time) < timedelta(
            minutes=1
        )  # type: ignore[operator]


def test_days_may_be_written_another_way(siebel: Siebel) -> None:
    siebel.format = "%d.%m.%Y"
    seed(siebel, 2)
    record = pages(connect(siebel, date_format="dd.mm.yyyy"), "Contact")[0].records[0]
    assert record["Created"].startswith("22.11.2026 ")
    mapping = connect(siebel, date_format="dd.mm.yyyy").stream("Contact").default_mapping
    assert mapping is not None
    assert mapping.apply(record).modified_at is not None


def test_everything_is_read_again_after_a_week(siebel: Siebel) -> None:
    seed(siebel, 4)
    connector = connect(siebel)
    assert connector.stream("Contact").deletes == "sweep"
    found = pages(connector, "Contact")
    state = found[-1].state
    siebel.time += timedelta(days=6)
    assert ids(pages(connect(siebel), "Contact", state)) == []
    siebel.time += timedelta(days=2)
    with pytest.raises(CursorExpired, match="no list of deletions"):
        pages(connect(siebel), "Contact", state)
    assert pages(connect(siebel, reread_days=0), "Contact", state)
    # A pass that takes more than a week is not begun again for that.
    assert len(ids(pages(connect(siebel), "Contact", found[0].state))) == 1


@pytest.mark.parametrize(
    "state",
    [
        {"until": "yesterday"}, {"since": "x", "full_at": "2026-11-22T10:00:00"},
        {"full_at": "x", "since": "2026-11-22T10:00:00"}, {"way": "sideways"}, {"at": 7, "way": "id"},
        {"until": "2026-11-22T10:00:00", "after": "a\nb", "way": "id"},
        {"until": "2026-11-22T10:00:00", "way": "row", "at": {"at": "x"}},
    ],
)  # fmt: skip
def test_a_damaged_state_starts_anew(siebel: Siebel, state: dict[str, Any]) -> None:
    seed(siebel, 2)
    with pytest.raises(CursorExpired):
        pages(connect(siebel), "Contact", state)


# --- servers of all ages -----------------------------------------------------------------------


def test_a_server_that_does_not_sort_is_read_by_row(siebel: Siebel) -> None:
    siebel.sorts = False
    for key in ("1-5", "1-1", "1-4", "1-2", "1-3", "1-7", "1-6"):
        siebel.put("Contact", key, **{"Last Name": key})
    found = pages(connect(siebel), "Contact")
    assert sorted(ids(found)) == [f"1-{n}" for n in range(1, 8)]
    assert found[-1].state["way"] == "row"
    assert any(q.get("StartRowNum") == "3" for q in queries(siebel))


def test_rows_that_vanish_while_reading_by_row_hide_no_others(siebel: Siebel) -> None:
    siebel.sorts = False
    for key in ("1-5", "1-1", "1-4", "1-2", "1-3", "1-7", "1-6", "1-8"):
        siebel.put("Contact", key, **{"Last Name": key})
    connector = connect(siebel)
    reading = connector.read(connector.stream("Contact"), {})
    seen = ids([next(reading)])
    for key in seen[:2]:
        siebel.delete("Contact", key)
    seen += ids(list(reading))
    assert {"1-2", "1-3", "1-7", "1-6", "1-8"} <= set(seen)


def test_a_server_that_heeds_no_filter_is_read_by_row(siebel: Siebel) -> None:
    keys = seed(siebel, 8)
    siebel.is_ignoring_ids = True
    found = pages(connect(siebel), "Contact")
    assert sorted(set(ids(found))) == keys
    assert found[-1].state["way"] == "row"


def test_a_server_that_gives_smaller_pages_is_read_to_the_end(siebel: Siebel) -> None:
    keys = seed(siebel, 7)
    siebel.most_rows, siebel.counts = 2, False
    assert ids(pages(connect(siebel, page_size=50), "Contact")) == keys


@pytest.mark.parametrize(
    "nothing",
    [
        Reply(204),
        refusal("There is no data for the requested resource.", 404),
        refusal("No record found for the search specification", 404),
        refusal("Für die Anfrage liegen keine Daten vor", 404),
        Reply(200, {"items": []}),
        Reply(200, []),
    ],
)
def test_nothing_found_is_an_empty_page(siebel: Siebel, nothing: Reply) -> None:
    siebel.nothing = nothing
    (page,) = pages(connect(siebel), "Contact")
    assert not page.records
    seed(siebel, 3)
    found = pages(connect(siebel), "Contact")
    assert ids(found) == ["1-000", "1-001", "1-002"]
    assert pages(connect(siebel), "Contact", found[-1].state)[-1].records == []


@pytest.mark.parametrize(
    "body",
    [
        {"items": {"Id": "1-9", "Last Name": "x", "Link": {"rel": "self"}}, "Link": {}},
        {"items": [{"Id": "1-9", "Last Name": "x", "Link": []}], "lastpage": "true"},
        {"Id": "1-9", "Last Name": "x", "Link": [], "Position": {"Id": "p"}},
        [{"Id": "1-9", "Last Name": "x"}],
    ],
)
def test_one_record_comes_in_many_shapes(siebel: Siebel, body: Any) -> None:
    siebel.put("Contact", "1-9", **{"Last Name": "x"})
    connector = connect(siebel)
    stream = connector.stream("Contact")
    siebel.faults += [Reply(200, body), Reply(200, body)]
    record = next(connector.read(stream, {})).records[0]
    assert record == {"Id": "1-9", "Last Name": "x", "_name": "x"}


def test_entries_without_an_id_are_refused_and_the_rest_is_read(siebel: Siebel) -> None:
    connector = connect(siebel)
    stream = connector.stream("Contact")
    body = {
        "items": [{"Id": "1-1"}, {"Last Name": "x"}, "text", None, {"Id": ["1"]}, {"Id": "1-2"}]
    }
    siebel.faults += [Reply(200, {"items": []}), Reply(200, body)]
    page = next(connector.read(stream, {}))
    assert ids([page]) == ["1-1", "1-2"]
    assert [each.row for each in page.rejected] == [2, 3, 4, 5]


# --- children and statuses ---------------------------------------------------------------------


def test_order_lines_are_read_from_the_orders_that_changed(siebel: Siebel) -> None:
    for number in range(4):
        siebel.put("Order Entry - Orders", f"1-O{number}", **{"Order Number": str(number)})
    for number in range(5):
        siebel.put("Order Entry - Line Items", f"1-L{number}", parent="1-O1", Product="Phone",
                   **{"Quantity Requested": "2", "Extended Amount": "19.90", "Currency Code": "EUR"})  # fmt: skip
    connector = connect(siebel, objects=["Order line"])
    stream = connector.stream("Order line")
    assert stream.default_mapping is not None
    assert stream.default_mapping.problems() == {}
    found = pages(connector, "Order line")
    assert ids(found) == [f"1-L{n}" for n in range(5)]
    line: Any = stream.default_mapping.apply(found[0].records[0])
    assert (line.order_external_id, line.quantity, line.amount_minor) == ("1-O1", 2, 1990)
    siebel.put("Order Entry - Orders", "1-O2", Status="Open")
    assert ids(pages(connect(siebel, objects=["Order line"]), "Order line", found[-1].state)) == []
    siebel.put("Order Entry - Line Items", "1-L9", parent="1-O2", Product="Case")
    siebel.put("Order Entry - Orders", "1-O2", Status="Closed")
    again = pages(connect(siebel, objects=["Order line"]), "Order line", found[-1].state)
    assert ids(again) == ["1-L9"]


def test_order_lines_that_are_not_exposed_are_not_offered(siebel: Siebel) -> None:
    siebel.put("Order Entry - Orders", "1-O1", **{"Order Number": "1"})
    connector = connect(siebel, objects=["Contact", "Order line"])
    stream = connector.stream("Order line")
    siebel.tables["Order Entry (Sales)", "Order Entry - Orders"].children.clear()
    with pytest.raises(ConfigError):
        pages(connector, "Order line")
    fresh = connect(siebel, objects=["Contact", "Order line"])
    assert [each.name for each in fresh.streams()] == ["Contact"]
    with pytest.raises(NotSupported):
        list(fresh.read(stream, {}))


def test_a_short_page_is_not_taken_for_the_last(siebel: Siebel) -> None:
    """A full pass that ended early would have the rest taken for deleted."""
    keys = seed(siebel, 9)
    siebel.counts = False
    connector = connect(siebel, page_size=3)
    reading = connector.read(connector.stream("Contact"), {})
    seen = ids([next(reading)])
    siebel.most_rows = 2
    seen += ids([next(reading)])
    siebel.most_rows = 3
    assert seen + ids(list(reading)) == keys


def test_a_status_may_mean_deleted(siebel: Siebel) -> None:
    siebel.put("Account", "1-1", Name="a", **{"Account Status": "Active"})
    siebel.put("Account", "1-2", Name="b", **{"Account Status": "inactive "})
    connector = connect(
        siebel, objects=["Account"], gone=["Account: Account Status = Inactive, Closed"],
        reread_days=0,
    )  # fmt: skip
    assert connector.stream("Account").deletes == "tombstones"
    (page,) = pages(connector, "Account")
    assert (ids([page]), list(page.deleted)) == (["1-1"], ["1-2"])


# --- descriptions --------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["2", "3"])
def test_a_description_tells_fields_types_and_lengths(siebel: Siebel, version: str) -> None:
    said = siebel.table_of("Contact").description(siebel.url, version)
    found = read_description(Component("Contact", "Contact"), json.loads(json.dumps(said)))
    assert found is not None
    assert found.fields["Updated"] == "datetime"
    assert found.fields["X_NPS"] == "decimal"
    assert found.fields["X_LAST_DAY"] == "date"
    assert found.fields["Id"] == "text"
    assert "Link" not in found.fields
    assert {"Id", "Updated", "X_CALC"} <= found.read_only
    assert found.lengths["X_NPS_BAND"] == 30


def test_a_childs_description_is_told_from_its_parents(siebel: Siebel) -> None:
    stream = connect(siebel, objects=["Order line"]).stream("Order line")
    assert stream.fields["Extended Amount"] == "decimal"
    assert "Order Number" not in stream.fields


@pytest.mark.parametrize(
    "said",
    [
        None, [], "x", {}, {"components": 7}, {"components": {"schemas": []}}, {"definitions": {"a": 1}},
        {"definitions": {"data_Contact_Contact_": {"properties": []}}},
        {"definitions": {"data_Contact_Contact_": {"properties": {"Name": 7, "Link": {}}}}},
    ],
)  # fmt: skip
def test_a_strange_description_is_none(said: Any) -> None:
    assert read_description(Component("Contact", "Contact"), said) is None


def test_without_a_description_a_record_tells_the_fields(siebel: Siebel) -> None:
    siebel.table_of("Contact").is_described = False
    with pytest.raises(NotSupported):
        connect(siebel).stream("Contact")
    seed(siebel, 3)
    stream = connect(siebel).stream("Contact")
    assert stream.fields["Last Name"] == "text"
    assert stream.fields["Updated"] == "datetime"
    assert ids(pages(connect(siebel), "Contact")) == ["1-000", "1-001", "1-002"]
    assert any("not described" in note for note in connect(siebel).check().notes)


def test_components_are_looked_for_where_they_may_be(siebel: Siebel) -> None:
    connector = connect(
        siebel,
        objects=["Order", "Agreement", "Invoice", "Vehicle/Vehicle: product", "Vehicle/Nope"],
    )
    assert {each.name: each.entity for each in connector.streams()} == {
        "Order": "order", "Agreement": "subscription", "Vehicle": "product",
    }  # fmt: skip
    notes = " ".join(connector.check().notes)
    assert "“Invoice” is not there" in notes
    assert "“Nope” is not there" in notes
    with pytest.raises(NotSupported):
        connector.stream("Invoice")


# --- the wire ------------------------------------------------------------------------------------


@pytest.fixture
def validated(siebel: Siebel) -> Iterator[Siebel]:
    """A server whose calls are held against its own description afterwards."""
    yield siebel
    answers = siebel.table_of("Contact").description(siebel.url, "3")
    declared = {p["name"]: p["schema"] for p in answers["paths"]["/data/Contact/Contact/"]["get"]["parameters"]}  # fmt: skip
    for query in queries(siebel):
        assert set(query) <= set(declared), set(query) - set(declared)
        for name, value in query.items():
            schema = declared[name]
            typed: Any = {"integer": int, "boolean": json.loads}.get(schema["type"], str)(value)
            jsonschema_rs.validate(schema, typed)


def test_what_is_asked_and_answered_is_as_described(validated: Siebel) -> None:
    """Parameters and answers are held against the description. It is our own, made in the form that
    a server of release 2026 gives; nobody else's client or server has judged it."""
    seed(validated, 5)
    connector = connect(validated)
    assert connector.check().ok
    pages(connector, "Contact")
    document = validated.table_of("Contact").description(validated.url, "3")
    schema = {"$ref": "#/components/schemas/data_Contact_Contact_get_all_response", **document}
    reply = validated.call(
        "GET", f"{validated.base}/data/Contact/Contact", {"uniformresponse": "Y"}, None
    )
    jsonschema_rs.validate(schema, reply.body)
    assert len(reply.body["items"]) == 5
    assert set(queries(validated)[-1]) <= set(PARAMETERS)


def test_a_session_that_dies_in_the_middle_is_renewed(siebel: Siebel) -> None:
    keys = seed(siebel, 7)
    connector = connect(siebel, auth="oauth2", token_address="/oauth2/token")
    reading = connector.read(connector.stream("Contact"), {})
    seen = ids([next(reading)])
    siebel.tokens.clear()
    assert seen + ids(list(reading)) == keys
    assert siebel.fetched == 2


def test_throttling_is_passed_on(siebel: Siebel) -> None:
    seed(siebel, 3)
    connector = connect(siebel)
    stream = connector.stream("Contact")
    siebel.faults.append(Reply(503, None, Retry_After="90"))
    with pytest.raises(Throttled) as caught:
        list(connector.read(stream, {}))
    assert caught.value.until == 90


@pytest.mark.parametrize(
    ("settings", "setting"),
    [
        ({"zone": "America/Vancouver"}, "zone"),
        ({"date_format": "yyyy-mm-dd"}, "date_format"),
    ],
)
def test_the_check_tells_of_times_it_cannot_trust(
    siebel: Siebel, settings: dict[str, Any], setting: str
) -> None:
    seed(siebel, 2)
    with pytest.raises(ConfigError) as caught:
        connect(siebel, **settings).check()
    assert setting in caught.value.errors


def test_the_check_says_who_and_what(siebel: Siebel) -> None:
    seed(siebel, 1)
    found = connect(siebel, objects=["Contact", "Service Request"]).check()
    assert found.who == "EFMUSER at 127.0.0.1 (All)"
    assert list(found.may) == [
        "Read contact", "Read service request", "Write fields of contacts",
        "Write service requests about contacts", "Write activities about contacts",
    ]  # fmt: skip
    assert any("The last change it shows is of 11/22/2026" in note for note in found.notes)


def test_the_check_tells_of_fields_that_are_not_described(siebel: Siebel) -> None:
    """A gateway before a server may give fields other names than the server describes."""
    seed(siebel, 1)
    table = siebel.table_of("Contact")
    described = table.description(siebel.url, "3")
    del described["components"]["schemas"]["data_Contact_Contact_"]["properties"]["Last Name"]
    siebel.faults.append(Reply(200, described))
    notes = connect(siebel).check().notes
    assert any("not described: Last Name" in note for note in notes)
