"""Writing back beyond the contract: what is offered, batches, partial failures, values."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.errors import NotSupported, Throttled, Transient
from connectors.records import Item, Outcome
from connectors.systems.salesforce.connector import Salesforce
from tests.connectors.salesforce.simulator import Org, Reply
from tests.connectors.salesforce.sources import USED_UP, connect

TASK = "Task of ours"


def write(connector: Salesforce, name: str, *items: Item) -> list[Outcome]:
    return list(connector.write(connector.target(name), items))


def seed(org: Org, count: int) -> list[str]:
    return [org.data.put("Contact", LastName=f"n{number}") for number in range(count)]


def test_only_custom_fields_that_may_be_written_are_offered(org: Org) -> None:
    found = {target.name: target for target in connect(org).targets()}
    assert list(found) == ["Contact", "Account", TASK, "Case of ours"]
    assert found["Contact"].fields == {
        "Remarks__c": "text", "EFM_Score__c": "decimal", "EFM_At__c": "datetime",
        "EFM_On__c": "date", "EFM_Is_Promoter__c": "boolean",
    }  # fmt: skip
    assert found["Contact"].batch == 200
    assert set(found[TASK].fields) == {
        "Subject",
        "Description",
        "Status",
        "Priority",
        "ActivityDate",
    }
    assert found[TASK].required == {"Subject"}
    assert found[TASK].stream == "Contact"


def test_without_an_external_id_nothing_is_made(org: Org) -> None:
    del org.data.tables["Task"].fields["EFM_Id__c"]
    org.data.tables["Case"].fields["EFM_Id__c"]["externalId"] = False
    org.data.tables["Contact"].flags = {"updateable": False}
    connector = connect(org)
    assert [target.name for target in connector.targets()] == ["Account"]
    for name in (TASK, "Case of ours", "Contact", "User", ""):
        with pytest.raises(NotSupported):
            connector.target(name)


def test_nothing_is_made_about_contacts_nobody_sees(org: Org) -> None:
    del org.data.tables["Contact"]
    connector = connect(org)
    assert [target.name for target in connector.targets()] == ["Account"]
    with pytest.raises(NotSupported):
        connector.target(TASK)


def test_five_hundred_items_are_three_calls(org: Org) -> None:
    keys = seed(org, 500)
    items = [Item(f"e{n}", {"EFM_Score__c": n}, key) for n, key in enumerate(keys)]
    connector = connect(org)
    target = connector.target("Contact")
    org.calls.clear()
    outcomes = list(connector.write(target, items))
    assert [each.key for each in outcomes] == [item.key for item in items]
    assert all(each.ok for each in outcomes)
    assert [method for method, _ in org.calls] == ["PATCH"] * 3
    assert org.data.live("Contact")[keys[499]]["EFM_Score__c"] == 499


def test_each_refusal_finds_its_item(org: Org) -> None:
    first, second, locked, gone = seed(org, 4)
    org.records.locked.add(locked)
    org.data.delete("Contact", gone)
    outcomes = write(
        connect(org), "Contact",
        Item("1", {"Remarks__c": "fine"}, first),
        Item("2", {"LastName": "not ours"}, second),
        Item("3", {"Remarks__c": "x"}, locked),
        Item("4", {"Remarks__c": "x"}, gone),
        Item("5", {"Remarks__c": "x"}, "003000000009999AAA"),
        Item("6", {"Remarks__c": "x"}, "' OR Id != '"),
        Item("7", {"Remarks__c": "x"}),
        Item("8", {"Remarks__c": "x" * 131_073}, second),
        Item("9", {"EFM_Score__c": float("nan")}, second),
        Item("10", {"EFM_Score__c": [1]}, second),
        Item("11", {"Remarks__c": "fine too"}, second),
    )  # fmt: skip
    assert [(each.key, each.ok, each.retry) for each in outcomes] == [
        ("1", True, False), ("2", False, False), ("3", False, True), ("4", False, False),
        ("5", False, False), ("6", False, False), ("7", False, False), ("8", False, False),
        ("9", False, False), ("10", False, False), ("11", True, False),
    ]  # fmt: skip
    said = {each.key: each.message for each in outcomes}
    assert "LastName cannot be written" in said["2"]
    assert "UNABLE_TO_LOCK_ROW" in said["3"]
    assert "entity is deleted (ENTITY_IS_DELETED)" in said["4"]
    assert "too large" in said["8"]
    live = org.data.live("Contact")
    assert [live[key]["Remarks__c"] for key in (first, second, locked)] == [
        "fine",
        "fine too",
        None,
    ]


def test_values_travel_in_salesforces_types(org: Org) -> None:
    (key,) = seed(org, 1)
    org.data.put("Contact", key, Remarks__c="to be emptied")
    moment = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    (outcome,) = write(
        connect(org), "Contact",
        Item("1", {"Remarks__c": None, "EFM_Score__c": Decimal("9.5"), "EFM_At__c": moment,
                   "EFM_On__c": date(2026, 3, 1), "EFM_Is_Promoter__c": True}, key),
    )  # fmt: skip
    assert outcome.ok, outcome.message
    row = org.data.live("Contact")[key]
    assert row["Remarks__c"] is None
    assert row["EFM_Score__c"] == 9.5
    assert row["EFM_At__c"] == "2026-03-01T12:30:00.000+0000"
    assert (row["EFM_On__c"], row["EFM_Is_Promoter__c"]) == ("2026-03-01", True)


def test_a_task_is_made_about_its_contact_and_found_again(org: Org) -> None:
    (about,) = seed(org, 1)
    connector = connect(org)
    item = Item("response'1", {"Subject": "Survey response", "Status": "Completed"}, about)
    (made,) = write(connector, TASK, item)
    (again,) = write(connector, TASK, Item(item.key, {"Subject": "Changed"}, about))
    assert (made.ok, made.created, again.created) == (True, True, False)
    assert made.remote_id == again.remote_id
    ((key, row),) = org.data.live("Task").items()
    assert key == made.remote_id
    assert (row["Subject"], row["Status"]) == ("Changed", "Completed")
    assert (row["WhoId"], row["EFM_Id__c"]) == (about, "response'1")


def test_a_case_is_made_about_its_contact(org: Org) -> None:
    (about,) = seed(org, 1)
    outcomes = write(
        connect(org), "Case of ours", Item("c1", {"Subject": "Call back"}, about),
        Item("c2", {"Status": "New"}, about), Item("", {"Subject": "x"}, about),
    )  # fmt: skip
    assert [each.ok for each in outcomes] == [True, False, False]
    assert "Subject" in outcomes[1].message
    (row,) = org.data.live("Case").values()
    assert (row["ContactId"], row["EFM_Id__c"]) == (about, "c1")


def test_throttling_leaves_what_was_answered(org: Org) -> None:
    keys = seed(org, 201)
    connector = connect(org)
    items = [Item(key, {"Remarks__c": "x"}, key) for key in keys]
    writing = iter(connector.write(connector.target("Contact"), items))
    outcomes = [next(writing) for _ in range(200)]
    org.faults = [Reply(403, USED_UP)]
    with pytest.raises(Throttled):
        next(writing)
    assert all(each.ok for each in outcomes)


def test_a_passing_fault_is_repeated_because_nothing_doubles(org: Org) -> None:
    (about,) = seed(org, 1)
    connector = connect(org)
    target = connector.target(TASK)
    org.faults = [Reply(503)]
    (outcome,) = connector.write(target, [Item("r1", {"Subject": "x"}, about)])
    assert outcome.ok
    assert len(org.data.live("Task")) == 1


@pytest.mark.parametrize("said", [[], {}, None, "x", [{}, {}], "<html>"])
def test_answers_that_do_not_match_are_no_outcomes(org: Org, said: Any) -> None:
    (key,) = seed(org, 1)
    connector = connect(org)
    target = connector.target("Contact")
    org.faults = [Reply(200, said)]
    with pytest.raises(Exception, match="Salesforce") as caught:
        list(connector.write(target, [Item("1", {"Remarks__c": "x"}, key)]))
    assert isinstance(caught.value, Transient) or said == "<html>"


@pytest.mark.parametrize("said", [[{}], [None], [{"success": "true"}], [{"success": False}]])
def test_an_odd_result_is_a_refusal(org: Org, said: Any) -> None:
    (key,) = seed(org, 1)
    connector = connect(org)
    target = connector.target("Contact")
    org.faults = [Reply(200, said)]
    (outcome,) = connector.write(target, [Item("1", {"Remarks__c": "x"}, key)])
    assert (outcome.ok, outcome.retry) == (False, False)
    assert outcome.message


def test_nothing_to_write_is_no_call(org: Org) -> None:
    connector = connect(org)
    target = connector.target("Contact")
    org.calls.clear()
    assert list(connector.write(target, [])) == []
    (outcome,) = connector.write(target, [Item("1", {"Id": "x"}, "y")])
    assert not outcome.ok
    assert org.calls == []
