"""Recordings of real orgs as judges: of how we read them, and of how the simulator answers."""

from __future__ import annotations

import json
from typing import Any, cast

import httpx
import pytest

from connectors.cursor import Window
from connectors.records import Item, Target
from connectors.systems.salesforce import described, org, refusals, streams
from connectors.systems.salesforce.described import Described
from connectors.systems.salesforce.soql import Question
from connectors.systems.salesforce.writing import Writing, updated
from tests.connectors.salesforce.recordings import Recorded, all_calls, one
from tests.connectors.salesforce.simulator import Org
from tests.connectors.salesforce.sources import connect
from tests.connectors.salesforce.tables import FIRST

NAMES = ["Account", "Contact", "Case", "Lead", "Opportunity", "Event", "OpportunityContactRole"]


def real(name: str) -> Described:
    return described.read(one(f"GET_sobjects_{name}_describe").body)


@pytest.mark.parametrize("name", NAMES)
def test_real_descriptions_are_read(name: str) -> None:
    found, said = real(name), one(f"GET_sobjects_{name}_describe").body
    assert (found.name, found.is_queryable, found.is_replicated) == (name, True, True)
    assert found.modified == "SystemModstamp"
    assert "Id" in found.fields
    assert found.fields["IsDeleted"] == "boolean"
    compounds = {each["name"] for each in said["fields"] if each["type"] in ("address", "location")}
    assert not compounds & set(found.fields)
    assert set(found.fields) | compounds == {each["name"] for each in said["fields"]}
    assert bool(compounds) == (name in ("Account", "Contact", "Lead"))
    whole = Question(name, tuple(found.fields), found.modified, True).whole(Window(None, FIRST))
    assert whole.count(",") == len(found.fields) - 1


@pytest.mark.parametrize("name", [each for each in NAMES if each in streams.ENTITY_OF])
def test_real_descriptions_have_a_working_mapping(name: str) -> None:
    stream = streams.make(real(name), "EUR", "GB")
    assert stream.deletes == "tombstones"
    assert stream.default_mapping is not None
    assert stream.default_mapping.problems() == {}
    fields = {line.source for line in stream.default_mapping.fields}
    assert {each for each in fields if not each.startswith("_")} <= set(stream.fields)


def test_the_real_list_of_objects_is_read() -> None:
    found = described.all_of(one("GET_sobjects_Global_describe").body)
    assert {"Account", "Contact", "Case", "Lead", "Opportunity", "Event"} <= set(found)
    assert found["Contact"].is_queryable
    assert any(not each.is_queryable for each in found.values())


def test_standard_fields_of_a_real_contact_are_left_alone() -> None:
    assert updated(real("Contact")) is None


def _calls(part: str, method: str = "GET") -> list[Recorded]:
    found = [each for each in all_calls() if part in each.path and each.method == method]
    assert found, part
    return found


def test_real_answers_to_questions_are_read() -> None:
    read = 0
    for call in _calls("/query"):
        if call.status != 200:
            continue
        answer = org._answer(org.parsed(httpx.Response(200, json=call.body)))
        assert answer.total == call.body["totalSize"]
        assert answer.is_done
        assert all("attributes" in row for row in answer.rows)
        read += len(answer.rows)
    assert read > 20


def test_real_errors_are_named() -> None:
    found = {}
    for call in _calls("/composite", "POST"):
        for reply in (call.body if isinstance(call.body, dict) else {}).get(
            "compositeResponse", ()
        ):
            if reply["httpStatusCode"] >= 400:
                named = refusals.named(reply["body"], reply["httpStatusCode"])
                found[reply["body"][0]["errorCode"]] = type(named)
    assert found == {"NOT_FOUND": refusals.Absent, "INVALID_TYPE": refusals.Absent}


def test_real_results_of_collections_are_outcomes() -> None:
    target = Target("Contact", "Contacts", "update", "Contact", {"Remarks__c": "text"})
    upsert = Target("Task of ours", "Tasks", "upsert", "Contact", {"Subject": "text"})
    created = 0
    for call in [*_calls("/composite/sobjects", "PATCH"), *_calls("/composite/sobjects", "POST")]:
        for result in call.body:
            outcome = Writing(cast(Any, None), upsert)._outcome(Item("k", {}, "r"), result)
            assert (outcome.ok, outcome.remote_id) == (True, result["id"])
            assert outcome.created == result.get("created", False)
            created += outcome.created
            assert Writing(cast(Any, None), target)._outcome(Item("k", {}, "r"), result).ok
    assert created > 10


# --- the simulator answers like them ---------------------------------------------------------


def ask(simulated: Org, method: str, path: str, body: Any = None) -> Any:
    connector = connect(simulated)
    return connector._org.json(method, path, **({} if body is None else {"json": body}))


def test_simulated_descriptions_have_the_keys_of_real_ones(org: Org) -> None:
    real_one, real_all = (
        one("GET_sobjects_Case_describe").body,
        one("GET_sobjects_Global_describe").body,
    )
    simulated = ask(org, "GET", "sobjects/Case/describe")
    later = {"associateEntityType", "associateParentEntity", "implementedBy"}
    assert set(real_one) - later - {"sobjectDescribeOption"} <= set(simulated)
    assert set(real_one["fields"][0]) == set(simulated["fields"][0])
    kinds = {key: type(value) for key, value in real_one["fields"][0].items() if value is not None}
    assert {k: type(simulated["fields"][0][k]) for k in kinds} == kinds
    listed = ask(org, "GET", "sobjects")
    assert set(listed) == set(real_all)
    assert set(real_all["sobjects"][0]) - later == set(listed["sobjects"][0])
    assert {"sobject", "describe", "rowTemplate"} == set(listed["sobjects"][0]["urls"])
    assert {"sobject", "describe", "rowTemplate"} <= set(real_all["sobjects"][0]["urls"])


def test_simulated_rows_have_the_shape_of_real_ones(org: Org) -> None:
    recorded = next(
        call.body
        for call in _calls("/query")
        if call.status == 200 and any("url" in row["attributes"] for row in call.body["records"])
    )
    key = org.data.put("Account", Name="Smith Corp.")
    simulated = ask(org, "GET", "query/?q=SELECT+Id,Name+FROM+Account")
    assert set(recorded) == set(simulated)
    assert set(recorded["records"][0]["attributes"]) == set(simulated["records"][0]["attributes"])
    assert simulated["records"][0]["attributes"]["url"].endswith(f"/sobjects/Account/{key}")
    assert len(key) == len(recorded["records"][0]["attributes"]["url"].rpartition("/")[2])


def _shape(value: Any) -> Any:
    """The keys of a document, however deep, without its values."""
    if isinstance(value, dict):
        return {
            key: _shape(each)
            for key, each in value.items()
            if key not in ("httpHeaders", "records")
        }
    return [_shape(each) for each in value[:1]] if isinstance(value, list) else type(value).__name__


def test_the_simulator_plays_the_recorded_composites(org: Org) -> None:
    played = 0
    for call in _calls("/composite", "POST"):
        try:
            requests = json.loads(call.sent).get("compositeRequest", ())
        except ValueError:
            continue  # one was edited by hand
        is_known = all("query" in r["url"] or "Foo" in r["url"] for r in requests)
        if not requests or call.status != 200 or not is_known:
            continue
        for each in requests:
            each["url"] = each["url"].replace("vxx.0", "v62.0")
        said = ask(org, "POST", "composite", {"compositeRequest": requests})
        pairs = zip(said["compositeResponse"], call.body["compositeResponse"], strict=True)
        for ours, theirs in pairs:
            assert ours["referenceId"] == theirs["referenceId"]
            assert ours["httpStatusCode"] == theirs["httpStatusCode"]
            assert _shape(ours) == _shape(theirs)
            if theirs["httpStatusCode"] >= 400:
                assert ours["body"][0]["errorCode"] == theirs["body"][0]["errorCode"]
            played += 1
    assert played >= 8


def test_the_simulator_plays_the_recorded_collections(org: Org) -> None:
    played = 0
    external = org.data.tables["Contact"].fields["Email"]
    external["idLookup"] = True
    for call in _calls("/composite/sobjects", "PATCH"):
        asked = json.loads(call.sent)
        by_id = not call.path.endswith(("/sobjects/Contact/Email",))
        if by_id or call.status != 200:
            continue
        said = ask(org, "PATCH", call.path.partition("v62.0/")[2], asked)
        assert [_shape(each) for each in said] == [_shape(each) for each in call.body]
        assert [each["success"] for each in said] == [each["success"] for each in call.body]
        played += 1
    assert played >= 1
