"""Writing back over the simulated account: batches, partial answers, records found again."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.errors import ConfigError, NotSupported, Throttled, Transient
from connectors.records import Item, Outcome
from connectors.systems.hubspot.writing import sendable
from tests.connectors.hubspot.refusal import limited, problem
from tests.connectors.hubspot.simulator import Account
from tests.connectors.hubspot.sources import connect

SCORES = {
    "last_nps": "decimal", "nps_band": "text", "last_response_on": "date", "is_at_risk": "boolean"
}  # fmt: skip


@pytest.fixture
def account(account: Account) -> Account:
    """One with properties for scores, and keys of ours on tickets and notes."""
    for name, kind in SCORES.items():
        account.define("contacts", name, kind)
    for kind in ("tickets", "notes"):
        account.define(kind, "efm_id", hasUniqueValue=True)
    account.stage("tickets", "2", "Waiting")
    account.stage("tickets", "1", "New")
    account.pipelines["tickets"][0]["stages"][0]["displayOrder"] = -1
    return account


def write(account: Account, target: str, *items: Item, **settings: Any) -> list[Outcome]:
    """The outcomes of writing."""
    connector = connect(account, **settings)
    return list(connector.write(connector.target(target), items))


def batches(account: Account, verb: str) -> list[dict[str, Any]]:
    """The bodies of the batches that were sent."""
    return [
        json.loads(call.content)
        for call in account.calls
        if call.url.path.endswith(f"batch/{verb}") and "objects" in call.url.path
    ]


def test_only_properties_people_made_are_offered(account: Account) -> None:
    rules = {"archivable": True, "readOnlyDefinition": True, "readOnlyValue": True}
    account.define("contacts", "score_sum", calculated=True)
    account.define("contacts", "imported", modificationMetadata=rules)
    account.define("contacts", "efm_id", hasUniqueValue=True)
    offered = {each.name: each for each in connect(account).targets()}
    assert set(offered) == {"contacts", "tickets of ours", "notes of ours"}
    assert offered["contacts"].fields == SCORES
    assert offered["contacts"].batch == 100
    assert offered["tickets of ours"].appears_in == "tickets"
    assert offered["notes of ours"].appears_in == "", "notes are not read here"
    assert "efm_id" not in offered["tickets of ours"].fields
    assert "hs_pipeline_stage" in offered["tickets of ours"].fields


def test_a_key_must_be_unique_and_writable(account: Account) -> None:
    account.define("tickets", "efm_id")
    account.define("notes", "efm_id", hasUniqueValue=True, calculated=True)
    assert {each.name for each in connect(account).targets()} == {"contacts"}
    account.define("tasks", "hs_unique_creation_key", hasUniqueValue=True)
    assert "tasks of ours" in {each.name for each in connect(account).targets()}
    with pytest.raises(NotSupported):
        write(account, "tickets of ours", Item("1", {"subject": "x"}, "101"))


def test_the_check_says_how_to_make_a_key(account: Account) -> None:
    account.properties["tickets"].pop("efm_id")
    account.properties["notes"].pop("efm_id")
    notes = " ".join(connect(account).check().notes)
    assert "internal name “efm_id”" in notes
    assert "“Require unique values for this property”" in notes


def test_scores_are_written_in_one_call(account: Account) -> None:
    values = {
        "last_nps": Decimal("9"), "nps_band": "promoter", "last_response_on": date(2026, 11, 2),
        "is_at_risk": False,
    }  # fmt: skip
    items = [Item(f"efm-{key}", values, key) for key in ("101", "104", "107")]
    found = write(account, "contacts", *items)
    assert [(each.key, each.ok, each.remote_id) for each in found] == [
        ("efm-101", True, "101"), ("efm-104", True, "104"), ("efm-107", True, "107")
    ]  # fmt: skip
    assert len(batches(account, "update")) == 1
    told = account.rows["contacts"]["104"].properties
    assert {name: told[name] for name in SCORES} == {
        "last_nps": "9", "nps_band": "promoter", "last_response_on": "2026-11-02",
        "is_at_risk": "false",
    }  # fmt: skip


def test_none_empties_a_property(account: Account) -> None:
    write(account, "contacts", Item("1", {"nps_band": "promoter"}, "101"))
    write(account, "contacts", Item("1", {"nps_band": None}, "101"))
    assert "nps_band" not in account.rows["contacts"]["101"].properties


def test_a_refused_item_stops_no_other(account: Account) -> None:
    items = [
        Item("a", {"last_nps": "9"}, "101"),
        Item("b", {"last_nps": "many"}, "102"),
        Item("c", {"last_nps": "8"}, "999"),
        Item("d", {"firstname": "Eve"}, "103"),
        Item("e", {"last_nps": "7"}, ""),
        Item("f", {"last_nps": "6"}, "104"),
    ]
    found = write(account, "contacts", *items)
    assert [each.key for each in found] == ["a", "b", "c", "d", "e", "f"]
    assert [each.ok for each in found] == [True, False, False, False, False, True]
    assert found[1].message == "many was not a valid number."
    assert "no such record" in found[2].message
    assert "firstname" in found[3].message
    assert account.rows["contacts"]["103"].properties["firstname"] == "name 103"


def test_batches_are_of_a_hundred_and_take_a_record_once(account: Account) -> None:
    for number in range(1000, 1120):
        account.put("contacts", str(number))
    items = [Item(f"k{n}", {"last_nps": n}, str(n)) for n in range(1000, 1120)]
    items += [Item("again", {"last_nps": 1}, "1119"), Item("twice", {"last_nps": 2}, "1119")]
    found = write(account, "contacts", *items)
    assert all(each.ok for each in found)
    assert [len(body["inputs"]) for body in batches(account, "update")] == [100, 20, 1, 1]
    assert account.rows["contacts"]["1119"].properties["last_nps"] == "2"


def test_ids_that_are_none_are_data_only(account: Account) -> None:
    hostile = ["../../oauth", "101/archive", '"', "101?archived=true", "Ωmega", "' OR 1=1", " "]
    found = write(
        account, "contacts", *(Item(str(n), {"last_nps": 1}, h) for n, h in enumerate(hostile))
    )
    assert not any(each.ok for each in found)
    assert all(call.url.path.startswith(("/crm/v3/", "/account-info")) for call in account.calls)


def test_a_ticket_is_made_with_its_contact_and_stage(account: Account) -> None:
    item = Item("efm-1", {"subject": "A detractor", "content": "Call her"}, "101")
    found = write(account, "tickets of ours", item)
    assert (found[0].ok, found[0].created) == (True, True)
    row = account.rows["tickets"][str(found[0].remote_id)]
    assert row.properties["hs_pipeline_stage"] == "1", "the first by its order"
    assert row.properties["efm_id"] == "efm-1"
    assert account.links["tickets", row.id, "contacts"] == [("101", "")]


def test_a_ticket_of_ours_is_found_again_and_stays_where_people_put_it(account: Account) -> None:
    first = write(account, "tickets of ours", Item("efm-1", {"subject": "A detractor"}, "101"))[0]
    account.put("tickets", str(first.remote_id), hs_pipeline_stage="2")
    again = write(account, "tickets of ours", Item("efm-1", {"subject": "Still one"}, "101"))[0]
    assert (again.ok, again.created, again.remote_id) == (True, False, first.remote_id)
    row = account.rows["tickets"][str(first.remote_id)]
    assert (row.properties["subject"], row.properties["hs_pipeline_stage"]) == ("Still one", "2")
    assert len(account.rows["tickets"]) == 1


def test_a_ticket_begins_in_the_pipeline_it_is_for(account: Account) -> None:
    stages = [{"id": "9", "label": "Later", "displayOrder": 1},
              {"id": "8", "label": "First", "displayOrder": 0}]  # fmt: skip
    account.pipelines["tickets"].append(
        {"id": "7", "label": "Other", "displayOrder": 1, "stages": stages}
    )
    values = {"subject": "x", "hs_pipeline": "7"}
    made = write(account, "tickets of ours", Item("efm-1", values, "101"))[0]
    row = account.rows["tickets"][str(made.remote_id)]
    assert row.properties["hs_pipeline_stage"] == "8"


def test_new_and_known_records_go_together(account: Account) -> None:
    write(account, "notes of ours", Item("k1", {"hs_note_body": "one"}, "101"))
    items = [
        Item("k0", {"hs_note_body": "zero"}, "102"),
        Item("k1", {"hs_note_body": "one more"}, "101"),
        Item("k2", {"hs_note_body": "two"}, "999"),
        Item("k3", {"hs_note_body": ""}, "102"),
        Item("k4", {"hs_note_body": "four"}, ""),
        Item("k4", {"hs_note_body": "four again"}, ""),
    ]
    found = write(account, "notes of ours", *items)
    assert [each.key for each in found] == ["k0", "k1", "k2", "k3", "k4", "k4"]
    assert [each.ok for each in found] == [True, True, False, False, True, True]
    assert [each.created for each in found] == [True, False, False, False, True, False]
    assert "not valid" in found[2].message
    assert "needed" in found[3].message
    bodies = sorted(row.properties["hs_note_body"] for row in account.rows["notes"].values())
    assert bodies == ["four again", "one more", "zero"]
    assert all(row.properties["hs_timestamp"] for row in account.rows["notes"].values())


def test_somebody_else_was_quicker(account: Account) -> None:
    account.add("notes", efm_id="k1", hs_note_body="there", hs_timestamp="1")
    connector = connect(account)
    target = connector.target("notes of ours")
    account.fail(207, {"status": "COMPLETE", "results": [], "errors": []})
    found = list(connector.write(target, [Item("k1", {"hs_note_body": "mine"}, "101")]))
    assert (found[0].ok, found[0].retry) == (False, True)
    assert "already exists" in found[0].message
    assert len(account.rows["notes"]) == 1


def test_limits_and_dead_tokens_are_raised(account: Account) -> None:
    item = Item("1", {"last_nps": 9}, "101")
    for status, body, kind in (
        (429, limited("DAILY"), Throttled),
        (401, problem("no", "INVALID_AUTHENTICATION"), ConfigError),
        (502, b"<html>bad gateway</html>", Transient),
    ):
        connector = connect(account)
        target = connector.target("contacts")
        connector.targets()
        account.fail(status, body, times=4)
        # The target is looked at anew from what is known, so the fault meets the batch itself.
        with pytest.raises(kind):
            list(connector.write(target, [item]))
        account.faults.clear()
    assert "last_nps" not in account.rows["contacts"]["101"].properties


@pytest.mark.parametrize(
    "answer",
    [{}, {"results": None, "errors": None}, {"results": [None, {"id": []}], "errors": [5]},
     {"results": [{"id": "999", "properties": {}}]}, {"errors": [{"context": {"ids": "101"}}]},
     {"errors": [{"context": []}]}],
)  # fmt: skip
def test_an_answer_that_says_nothing_is_asked_again(account: Account, answer: Any) -> None:
    connector = connect(account)
    target = connector.target("contacts")
    account.fail(207, answer)
    found = list(connector.write(target, [Item("1", {"last_nps": 9}, "101")]))
    assert [each.ok for each in found] == [False]
    assert found[0].message


def test_nothing_to_write_is_no_call(account: Account) -> None:
    connector = connect(account)
    target = connector.target("contacts")
    before = len(account.calls)
    assert list(connector.write(target, [])) == []
    assert len(account.calls) == before


@pytest.mark.parametrize(
    ("value", "kind", "wanted"),
    [
        (None, "text", ""), (True, "boolean", "true"), (False, "boolean", "false"),
        (9, "decimal", "9"), (Decimal("9.50"), "decimal", "9.50"), (Decimal("9.00"), "decimal", "9"),
        (Decimal("1E+3"), "decimal", "1000"), (0.1, "decimal", "0.1"), (-0.0, "decimal", "0"),
        ("Zoë 👩‍👩‍👧", "text", "Zoë 👩‍👩‍👧"),
        (date(2026, 11, 2), "date", "2026-11-02"),
        (datetime(2026, 11, 2, 10, tzinfo=UTC), "datetime", "1793613600000"),
        (datetime(2026, 11, 2, 10), "datetime", "1793613600000"),  # noqa: DTZ001
        (datetime(2026, 11, 2, 10, tzinfo=UTC), "date", "2026-11-02"),
    ],
)  # fmt: skip
def test_values_as_they_are_sent(value: Any, kind: str, wanted: str) -> None:
    assert sendable("x", value, kind) == wanted


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [], {}, b"x", "x" * 70_000])
def test_values_that_cannot_be_sent(value: Any) -> None:
    with pytest.raises(ValueError, match="The property x"):
        sendable("x", value, "text")
