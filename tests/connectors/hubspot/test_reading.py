"""Reading over the simulated account: windows, walls, deletions, merges, limits, strange answers."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from connectors.cursor import guarded
from connectors.errors import (
    CursorExpired,
)
from connectors.systems.hubspot.refusals import MissingScopes
from tests.connectors.hubspot.refusal import problem
from tests.connectors.hubspot.simulator import Account
from tests.connectors.hubspot.sources import connect, gone, ids, pages

ALL = [str(number) for number in range(101, 108)]


def searches(account: Account) -> list[dict[str, Any]]:
    """The bodies of the searches that were asked."""
    return [json.loads(c.content) for c in account.calls if c.url.path.endswith("/search")]


def test_the_first_pass_is_by_list_and_tells_how_many(account: Account) -> None:
    account.archive("contacts", "103")
    found = pages(account, "contacts")
    assert ids(found) == [key for key in ALL if key != "103"]
    assert gone(found) == ["103"], "a runner that knew it from before hears of it"
    assert found[0].total == 6
    assert all("after" not in body for body in searches(account))


def test_numbers_of_more_digits_come_later(account: Account) -> None:
    for key in ("9", "99999999999999999999999", "1000"):
        account.put("contacts", key)
    state = pages(account, "contacts")[-1].state
    account.tick()
    for key in ("9", "99999999999999999999999", "1000"):
        account.put("contacts", key, firstname="changed")
    assert ids(pages(account, "contacts", state, page_size=1)) == [
        "9", "1000", "99999999999999999999999"
    ]  # fmt: skip


def test_changes_are_searched_by_time_and_paged_by_id(account: Account) -> None:
    state = pages(account, "contacts")[-1].state
    account.calls.clear()
    for key in ("107", "105", "101", "102"):
        account.put("contacts", key, firstname="changed")
    found = pages(account, "contacts", state)
    assert ids(found) == ["101", "102", "105", "107"]
    assert [page.total for page in found][:2] == [4, 4]
    first, second = searches(account)
    names = [each["propertyName"] for each in first["filterGroups"][0]["filters"]]
    assert names == ["lastmodifieddate", "lastmodifieddate"]
    assert first["sorts"] == [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
    assert second["filterGroups"][0]["filters"][2] == {
        "propertyName": "hs_object_id", "operator": "GT", "value": "105",
    }  # fmt: skip
    assert all(
        each["value"].isdigit() and isinstance(each["value"], str)
        for each in first["filterGroups"][0]["filters"]
    )


def test_other_kinds_are_searched_by_their_own_time(account: Account) -> None:
    account.put("deals", "201", dealname="one")
    state = pages(account, "deals")[-1].state
    account.calls.clear()
    account.put("deals", "201", dealname="two")
    assert ids(pages(account, "deals", state)) == ["201"]
    assert searches(account)[0]["filterGroups"][0]["filters"][0]["propertyName"] == (
        "hs_lastmodifieddate"
    )


def test_the_wall_of_results_is_never_met(account: Account) -> None:
    state = pages(account, "contacts")[-1].state
    account.wall = 5
    account.frozen = True
    for number in range(300, 340):
        account.put("contacts", str(number))
    account.frozen = False
    account.tick()
    found = pages(account, "contacts", state, page_size=5)
    assert ids(found) == ["107", *(str(number) for number in range(300, 340))]


@pytest.mark.parametrize("fault", ["is_unordered", "is_deaf_to_ids"])
def test_a_search_that_ignores_what_was_asked_is_not_trusted(account: Account, fault: str) -> None:
    state = pages(account, "contacts")[-1].state
    for key in reversed(ALL):
        account.put("contacts", key, firstname="changed")
    setattr(account, fault, True)
    found = pages(account, "contacts", state)
    assert set(ids(found)) == set(ALL)
    assert found[-1].state.keys() == {"since", "gone"}
    again = pages(account, "contacts", found[-1].state)
    assert set(ids(again)) <= {"101"}, "the list is kept to the window too"


def test_an_index_that_lags_loses_nothing(account: Account) -> None:
    account.index_lag = timedelta(seconds=20)
    state = pages(account, "contacts", lag_seconds=60)[-1].state
    account.tick(300)
    state = pages(account, "contacts", state, lag_seconds=60)[-1].state
    account.put("contacts", "104", firstname="changed")
    early = pages(account, "contacts", state, lag_seconds=60)
    assert ids(early) == []
    account.tick(61)
    late = pages(account, "contacts", early[-1].state, lag_seconds=60)
    assert [r["firstname"] for page in late for r in page.records] == ["changed"]


def test_properties_too_many_for_an_address_are_read_in_a_body(account: Account) -> None:
    for number in range(400):
        account.define("contacts", f"a_property_with_a_rather_long_name_{number:04d}")
    name = "a_property_with_a_rather_long_name_0399"
    account.put("contacts", "101", **{name: "told"})
    found = pages(account, "contacts")
    assert sorted(ids(found)) == ALL
    assert {r["id"]: r.get(name) for page in found for r in page.records}["101"] == "told"
    assert max(len(call.url.raw_path) for call in account.calls) < 8_000


def test_properties_hidden_from_people_are_left_out(account: Account) -> None:
    account.define("contacts", "hs_internal", hidden=True)
    account.define("contacts", "id")
    stream = connect(account).stream("contacts")
    assert "hs_internal" not in stream.fields
    assert "hs_merged_object_ids" in stream.fields
    assert stream.fields["id"] == "text"
    assert stream.fields["lastmodifieddate"] == "datetime"


# --- deletions ---------------------------------------------------------------------------------


def test_deletions_are_looked_for_now_and_then(account: Account) -> None:
    state = pages(account, "contacts", deletions_minutes=30)[-1].state
    account.archive("contacts", "102")
    found = pages(account, "contacts", state, deletions_minutes=30)
    assert gone(found) == []
    account.tick(1800)
    account.archive("contacts", "105")
    account.tick()
    later = pages(account, "contacts", found[-1].state, deletions_minutes=30)
    assert gone(later) == ["102", "105"]
    account.tick(1801)
    assert gone(pages(account, "contacts", later[-1].state, deletions_minutes=30)) == []


def test_a_deletion_during_the_first_pass_is_told_afterwards(account: Account) -> None:
    connector = connect(account)
    reading = connector.read(connector.stream("contacts"), {})
    first = next(reading)
    account.archive("contacts", "101")
    rest = list(reading)
    told = gone(rest) + gone(pages(account, "contacts", rest[-1].state))
    assert "101" in {str(each["id"]) for each in first.records}
    assert "101" in told


def test_what_was_restored_comes_back(account: Account) -> None:
    account.archive("contacts", "104")
    state = pages(account, "contacts")[-1].state
    account.put("contacts", "104", firstname="restored")
    found = pages(account, "contacts", state)
    assert (ids(found), gone(found)) == (["104"], [])


def test_deletions_resume_after_each_page(account: Account) -> None:
    state = pages(account, "contacts")[-1].state
    for key in ALL:
        account.archive("contacts", key)
    found = pages(account, "contacts", state)
    assert gone(found) == ALL
    cut = next(page for page in found if page.deleted)
    assert cut.deleted == ALL[:3]
    rest = pages(account, "contacts", cut.state, deletions_minutes=1440)
    assert gone(rest) == ALL[3:], "begun is finished, whatever the settings say by now"


def test_very_many_old_deletions_are_no_endless_list(account: Account) -> None:
    for number in range(2000, 3100):
        account.put("contacts", str(number))
        account.archive("contacts", str(number))
    state = pages(account, "contacts", page_size=100)[-1].state
    account.tick(10)
    account.archive("contacts", "107")
    connector = connect(account, page_size=1)
    found = list(guarded(connector.read(connector.stream("contacts"), state)))
    assert gone(found) == ["107", "3099"], "the window begins at the very moment of the last one"
    assert len(found) < 40


def test_deletions_of_too_long_ago_start_anew(account: Account) -> None:
    state = pages(account, "contacts")[-1].state
    account.tick(90 * 86_400)
    with pytest.raises(CursorExpired, match="90 days"):
        pages(account, "contacts", state)


def test_kinds_whose_deletions_are_not_told_say_so(account: Account) -> None:
    account.put("meetings", "301", hs_timestamp="2026-11-01T08:00:00Z")
    connector = connect(account, objects=["meetings"])
    assert connector.stream("meetings").deletes == "none"
    assert ids(list(connector.read(connector.stream("meetings"), {}))) == ["301"]
    assert not [c for c in account.calls if c.url.params.get("archived") == "true"]


def test_a_kind_that_turns_out_not_to_tell_deletions_is_read_all_the_same(account: Account) -> None:
    account.put("calls", "301", hs_timestamp="2026-11-01T08:00:00Z")
    connector = connect(account, objects=["calls"])
    reading = connector.read(connector.stream("calls"), {})
    found = [next(reading)]
    text = "Paging through deleted objects is not yet supported for object type 0-48 (CALL)"
    account.fail(400, problem(text))
    found += list(reading)
    assert ids(found) == ["301"]
    assert "since" in found[-1].state


def test_a_merged_contact_is_gone(account: Account) -> None:
    state = pages(account, "contacts")[-1].state
    account.merge("contacts", "102", "106")
    account.merge("contacts", "102", "107")
    found = pages(account, "contacts", state)
    assert ids(found) == ["102"]
    assert gone(found) == ["106", "107"]


# --- associations and pipelines ----------------------------------------------------------------


def test_records_say_what_they_are_associated_to(account: Account) -> None:
    account.put("companies", "501", name="One")
    account.put("companies", "502", name="Two")
    account.put("tickets", "601", subject="Broken")
    account.put("tickets", "602", subject="Lost")
    account.link("tickets", "601", "companies", "501")
    account.link("tickets", "601", "companies", "502", "Primary Company")
    account.link("tickets", "601", "contacts", "107")
    account.link("tickets", "601", "contacts", "102")
    records = {r["id"]: r for page in pages(account, "tickets") for r in page.records}
    assert records["601"]["_company"] == "502"
    assert records["601"]["_contact"] == "102", "without a primary one, the oldest"
    assert "_contact" not in records["602"]
    asked = [c.url.path for c in account.calls if "associations" in c.url.path]
    assert len(asked) == 2, "one call a page for each kind, not one a record"


def test_customers_that_are_not_read_are_not_asked_for(account: Account) -> None:
    account.put("tickets", "601", subject="Broken")
    account.denied["companies"] = ["crm.objects.companies.read"]
    found = pages(account, "tickets", objects=["tickets", "contacts"])
    assert ids(found) == ["601"]


def test_a_lacking_scope_of_customers_stops_the_reading(account: Account) -> None:
    account.put("tickets", "601", subject="Broken")
    account.denied["companies"] = ["crm.objects.companies.read"]
    with pytest.raises(MissingScopes, match=r"crm\.objects\.companies\.read"):
        pages(account, "tickets")


def test_stages_are_called_as_people_call_them(account: Account) -> None:
    account.stage("tickets", "4", "Closed", ticketState="CLOSED", isClosed="true")
    account.put("tickets", "601", hs_pipeline_stage="4")
    account.put("tickets", "602", hs_pipeline_stage="77")
    records = [r for page in pages(account, "tickets") for r in page.records]
    assert [each["_stage"] for each in records] == ["Closed", "77"]


def test_line_items_without_an_order_are_none(account: Account) -> None:
    account.put("line_items", "701", name="of a deal")
    account.put("line_items", "702", name="of an order")
    account.put("orders", "801")
    account.link("line_items", "702", "orders", "801")
    found = pages(account, "line_items")
    assert [(r["id"], r["_order"]) for page in found for r in page.records] == [("702", "801")]


def test_custom_objects_are_read_by_their_name(account: Account) -> None:
    account.rows["pets"], account.properties["pets"] = {}, {}
    for name, type_ in (("pet_name", "text"), ("hs_createdate", "datetime"),
                        ("hs_lastmodifieddate", "datetime"), ("hs_object_id", "decimal")):  # fmt: skip
        account.define("pets", name, type_)
    account.schemas["pets"] = {
        "name": "pets", "labels": {"singular": "Pet", "plural": "Pets"},
        "objectTypeId": "2-3456", "primaryDisplayProperty": "pet_name",
    }  # fmt: skip
    account.put("pets", "1", pet_name="Rex")
    account.link("pets", "1", "contacts", "101")
    connector = connect(account, objects=["pets", "contacts"])
    stream = connector.stream("pets")
    assert (stream.label, stream.entity) == ("Pets", "interaction")
    record = next(iter(connector.read(stream, {}))).records[0]
    assert stream.default_mapping is not None
    mapped: Any = stream.default_mapping.apply(record)
    assert (mapped.kind, mapped.subject, mapped.contact_external_id) == ("pets", "Rex", "101")
