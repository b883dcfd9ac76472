"""Writing back: one outcome for each item, batches, refusals of one, records found again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.errors import ConfigError, NotSupported, Throttled, Transient
from connectors.records import Item, Outcome, Target
from connectors.systems.siebel.times import Times
from connectors.systems.siebel.writing import sendable
from tests.connectors.siebel.simulator import Reply, Siebel, refusal
from tests.connectors.siebel.sources import connect

UPSERT = "Service Request of ours"


def write(siebel: Siebel, target: str, items: Sequence[Item], **settings: Any) -> list[Outcome]:
    objects = ["Contact", "Account", "Service Request", "Activity"]
    connector = connect(siebel, **{"objects": objects, **settings})
    return list(connector.write(connector.target(target), items))


def sent(siebel: Siebel, *methods: str) -> list[tuple[str, str, Any]]:
    return [(m, url.partition("/data/")[2], body) for m, url, body in siebel.calls if m in methods]


def contacts(siebel: Siebel, count: int) -> list[str]:
    keys = [f"1-{number:03d}" for number in range(count)]
    for key in keys:
        siebel.put("Contact", key, **{"Last Name": key})
    return keys


# --- what may be written -------------------------------------------------------------------------


def test_only_extension_fields_are_offered(siebel: Siebel) -> None:
    offered = {t.name: t for t in connect(siebel, objects=["Contact", "Account", "Activity"]).targets()}  # fmt: skip
    assert set(offered["Contact"].fields) == {
        "X_REMARKS", "X_NPS_BAND", "X_NPS", "X_LAST_RESPONSE", "X_LAST_DAY", "X_IS_PROMOTER",
    }  # fmt: skip
    assert offered["Account"].fields == {"X_NPS_BAND": "text", "X_NPS": "decimal"}
    assert offered[UPSERT].required == {"Abstract"}
    assert "SR Number" not in offered[UPSERT].fields
    assert "X_EFM_ID" not in offered[UPSERT].fields
    assert offered[UPSERT].appears_in == ""  # it is not read
    assert offered["Activity of ours"].appears_in == "Activity"
    assert all(each.batch == 100 for each in offered.values())


def test_the_settings_may_name_the_fields(siebel: Siebel) -> None:
    named = ["Contact: Status, X_CALC, No Such Field"]
    connector = connect(siebel, writable=named)
    assert connector.target("Contact").fields == {"Status": "text"}
    with pytest.raises(NotSupported):
        connector.target("Account")  # it is not read


@pytest.mark.parametrize("key_field", ["Nope", "SR Number"])
def test_without_a_field_for_our_key_nothing_is_made(siebel: Siebel, key_field: str) -> None:
    names = {each.name for each in connect(siebel, key_field=key_field).targets()}
    assert names == {"Contact"}
    with pytest.raises(NotSupported):
        list(connect(siebel).write(Target("Order", "x", "update", "Order", {"x": "text"}), []))


# --- updates -------------------------------------------------------------------------------------


def test_a_batch_is_one_look_and_one_call(siebel: Siebel) -> None:
    keys = contacts(siebel, 60)
    items = [Item(f"k{n}", {"X_NPS": n % 11}, key) for n, key in enumerate(keys)]
    siebel.calls.clear()
    outcomes = write(siebel, "Contact", items)
    assert [(each.key, each.ok, each.remote_id) for each in outcomes] == [
        (item.key, True, item.remote_id) for item in items
    ]
    assert not any(each.created for each in outcomes)
    ((method, path, body),) = sent(siebel, "PUT")
    assert (method, path, len(body)) == ("PUT", "Contact/Contact", 60)
    assert body[12] == {"X_NPS": "1", "Id": "1-012"}
    assert siebel.table_of("Contact").rows["1-012"]["X_NPS"] == "1"


def test_more_than_a_batch_is_several_calls(siebel: Siebel) -> None:
    keys = contacts(siebel, 150)
    items = [Item(key, {"X_NPS_BAND": "promoter"}, key) for key in keys]
    assert all(each.ok for each in write(siebel, "Contact", items))
    assert [len(body) for _, _, body in sent(siebel, "PUT")] == [100, 50]


def test_one_refused_field_spoils_only_its_item(siebel: Siebel) -> None:
    contacts(siebel, 3)
    items = [
        Item("a", {"X_NPS_BAND": "promoter"}, "1-000"), Item("b", {"X_NPS_BAND": "pick"}, "1-001"),
        Item("c", {"X_NPS_BAND": "passive"}, "1-002"), Item("d", {"X_NPS_BAND": "x"}, "1-gone"),
        Item("e", {"X_NPS_BAND": "x" * 31}, "1-000"), Item("f", {"Last Name": "x"}, "1-000"),
        Item("g", {"X_NPS_BAND": "x"}, ""), Item("h", {"X_NPS_BAND": "x"}, "1-000\n"),
    ]  # fmt: skip
    outcomes = write(siebel, "Contact", items)
    assert [each.ok for each in outcomes] == [True, False, True, False, False, False, False, False]
    said = [each.message for each in outcomes]
    assert "bounded pick list" in said[1]
    assert "no such record" in said[3]
    assert "at most 30 characters" in said[4]
    assert "Last Name cannot be written" in said[5]
    assert "which record" in said[6]
    assert "control characters" in said[7]
    rows = siebel.table_of("Contact").rows
    assert {k: r.get("X_NPS_BAND") for k, r in rows.items()} == {
        "1-000": "promoter", "1-001": None, "1-002": "passive",
    }  # fmt: skip


def test_an_id_that_is_gone_makes_no_record(siebel: Siebel) -> None:
    """A PUT of an unknown id inserts where it can, so it is looked for first."""
    siebel.table_of("Contact").required = ()
    (outcome,) = write(siebel, "Contact", [Item("a", {"X_NPS": 9}, "1-GONE")])
    assert not outcome.ok
    assert siebel.table_of("Contact").rows == {}


def test_a_server_without_batches_is_written_one_by_one(siebel: Siebel) -> None:
    siebel.takes_batches = False
    keys = contacts(siebel, 130)
    outcomes = write(siebel, "Contact", [Item(k, {"X_NPS": 5}, k) for k in keys])
    assert all(each.ok for each in outcomes)
    tries = [body for _, _, body in sent(siebel, "PUT") if isinstance(body, list)]
    assert len(tries) == 1, "it is asked once only"


def test_what_is_unchanged_is_no_failure(siebel: Siebel) -> None:
    contacts(siebel, 1)
    connector = connect(siebel)
    target = connector.target("Contact")
    siebel.faults += [Reply(200, {"items": [{"Id": "1-000"}]}), Reply(304)]
    (outcome,) = connector.write(target, [Item("a", {"X_NPS": 9}, "1-000")])
    assert outcome.ok


def test_an_id_with_strange_letters_stays_in_its_place(siebel: Siebel) -> None:
    key = "1-O'N/../+? \"x"
    siebel.put("Contact", key, **{"Last Name": "x"})
    (outcome,) = write(siebel, "Contact", [Item("a", {"X_NPS": 1}, key)])
    assert outcome.ok
    assert siebel.table_of("Contact").rows[key]["X_NPS"] == "1"


# --- records of ours -----------------------------------------------------------------------------


def request(key: str, about: str = "1-000", **values: Any) -> Item:
    return Item(key, {"Abstract": f"Answer {key}", **values}, about)


def test_a_request_is_made_once_and_changed_after(siebel: Siebel) -> None:
    contacts(siebel, 1)
    first = write(siebel, UPSERT, [request("efm-1"), request("efm-2")])
    assert [(each.ok, each.created) for each in first] == [(True, True), (True, True)]
    rows = siebel.table_of("Service Request").rows
    assert rows[first[0].remote_id or ""]["X_EFM_ID"] == "efm-1"
    assert rows[first[0].remote_id or ""]["Contact Id"] == "1-000"
    again = write(siebel, UPSERT, [request("efm-2", Status="Closed"), request("efm-3")])
    assert [(each.ok, each.created) for each in again] == [(True, False), (True, True)]
    assert again[0].remote_id == first[1].remote_id
    assert len(rows) == 3
    assert rows[first[1].remote_id or ""]["Status"] == "Closed"


def test_one_refused_record_spoils_only_itself(siebel: Siebel) -> None:
    outcomes = write(
        siebel, UPSERT,
        [request("a"), request("b", Priority="pick one"), Item("c", {"Status": "Open"}, ""),
         request(""), request("x" * 51), request("d")],
    )  # fmt: skip
    assert [each.ok for each in outcomes] == [True, False, False, False, False, True]
    assert "Abstract is needed" in outcomes[2].message
    assert "at most 50" in outcomes[4].message
    keys = [row["X_EFM_ID"] for row in siebel.table_of("Service Request").rows.values()]
    assert sorted(keys) == ["a", "d"]


def test_an_activity_uses_the_integration_id(siebel: Siebel) -> None:
    item = Item("efm-9", {"Description": "Call back", "Planned": datetime(2026, 12, 1, 9, tzinfo=UTC)}, "1-C")  # fmt: skip
    (outcome,) = write(siebel, "Activity of ours", [item], zone="Europe/Berlin")
    row = siebel.table_of("Action").rows[outcome.remote_id or ""]
    assert (row["Integration Id"], row["Primary Contact Id"]) == ("efm-9", "1-C")
    assert row["Planned"] == "12/01/2026 10:00:00"


def test_a_lost_answer_makes_no_second_record(siebel: Siebel) -> None:
    connector = connect(siebel)
    target = connector.target(UPSERT)
    nothing = refusal("There is no data for the requested resource", 404)
    siebel.faults += [nothing, Reply(200, b'[{"Id": ')]
    with pytest.raises(Transient):
        list(connector.write(target, [request("efm-1"), request("efm-2")]))
    siebel.put("Service Request", "88-X", X_EFM_ID="efm-1", Abstract="it was made after all")
    outcomes = list(connector.write(target, [request("efm-1"), request("efm-2")]))
    assert [(each.created, each.remote_id == "88-X") for each in outcomes] == [(False, True), (True, False)]  # fmt: skip


def test_a_batch_that_was_half_done_is_looked_up_again(siebel: Siebel) -> None:
    connector = connect(siebel)
    target = connector.target(UPSERT)
    siebel.faults.append(refusal("There is no data for the requested resource", 404))
    writing = connector.write(target, [request("efm-1"), request("efm-2")])
    siebel.put("Service Request", "88-X", X_EFM_ID="efm-1", Abstract="made meanwhile")
    outcomes = list(writing)
    assert [each.ok for each in outcomes] == [True, True]
    keys = [row["X_EFM_ID"] for row in siebel.table_of("Service Request").rows.values()]
    assert sorted(keys) == ["efm-1", "efm-2"]


def test_a_server_that_does_not_filter_by_our_key_is_not_written(siebel: Siebel) -> None:
    connector = connect(siebel)
    target = connector.target(UPSERT)
    siebel.faults.append(Reply(200, {"items": [{"Id": "1-X", "X_EFM_ID": "somebody else's"}]}))
    with pytest.raises(Transient, match="did not look for"):
        list(connector.write(target, [request("efm-1")]))
    assert sent(siebel, "POST", "PUT") == []


@pytest.mark.parametrize(
    ("fault", "kind"),
    [(Reply(401, {"ERROR": "x"}), ConfigError), (Reply(429, None, Retry_After="60"), Throttled),
     (refusal("busy(SBL-SVR-01042)"), Transient)],
)  # fmt: skip
def test_what_concerns_all_items_is_raised(
    siebel: Siebel, fault: Reply, kind: type[Exception]
) -> None:
    contacts(siebel, 2)
    connector = connect(siebel)
    target = connector.target("Contact")
    siebel.faults += [fault] * 5
    with pytest.raises(kind):
        list(connector.write(target, [Item("a", {"X_NPS": 1}, "1-000")]))


def test_nothing_to_write_asks_nobody(siebel: Siebel) -> None:
    connector = connect(siebel)
    target = connector.target("Contact")
    siebel.calls.clear()
    assert list(connector.write(target, [])) == []
    assert siebel.calls == []


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, "text", ""), (True, "boolean", "Y"), (False, "boolean", "N"), (9, "decimal", "9"),
        (9.0, "decimal", "9"), (Decimal("9.50"), "decimal", "9.50"), (-0.0, "decimal", "0"),
        (1e20, "decimal", "100000000000000000000"), ("a'b", "text", "a'b"),
        (date(2026, 11, 2), "date", "11/02/2026"),
        (datetime(2026, 11, 2, 23, 30, tzinfo=UTC), "date", "11/03/2026"),
        (datetime(2026, 11, 2, 23, 30, tzinfo=UTC), "datetime", "11/03/2026 00:30:00"),
        (datetime(2026, 11, 2, 23, 30, tzinfo=ZoneInfo("Asia/Tokyo")), "datetime", "11/02/2026 15:30:00"),
    ],
)  # fmt: skip
def test_values_are_texts_as_siebel_writes_them(value: Any, kind: str, text: str) -> None:
    assert sendable("X", value, kind, Times("mm/dd/yyyy", "Europe/Berlin")) == text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [1], {"a": 1}, b"x", "a\0b"])
def test_values_it_cannot_take_are_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="X cannot hold"):
        sendable("X", value, "text", Times("mm/dd/yyyy", "UTC"))
