"""Writing to the simulated account: fields by jobs, tickets of ours, internal notes."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import httpx
import pytest

from connectors.errors import ConfigError, NotSupported, Throttled, Transient
from connectors.records import Item, Outcome
from tests.connectors.zendesk.refusal import TOO_MANY_JOBS, invalid
from tests.connectors.zendesk.simulator import Account
from tests.connectors.zendesk.sources import connect

NPS = "user_fields.last_nps"


@pytest.fixture
def scored(account: Account) -> Account:
    account.define("user_fields", "last_nps", "integer")
    account.define(
        "user_fields", "band", "tagger",
        custom_field_options=[{"name": "Promoter", "value": "promoter"},
                              {"name": "Detractor", "value": "detractor"}],
    )  # fmt: skip
    account.define("organization_fields", "nps_mean", "decimal")
    account.define("ticket_fields", "27642", "integer")
    account.put("organizations", "500", name="Contoso")
    account.put("tickets", "900", subject="Broken", requester_id=101)
    return account


def write(account: Account, target: str, *items: Item, **settings: Any) -> list[Outcome]:
    """The outcomes of one call."""
    connector = connect(account, **settings)
    return list(connector.write(connector.target(target), items))


def sent(account: Account, method: str, part: str) -> list[Any]:
    """The bodies of such calls."""
    return [
        json.loads(call.content)
        for call in account.calls
        if call.method == method and call.url.path.endswith(part)
    ]


# --- fields ----------------------------------------------------------------------------


def test_scores_are_written_to_users_and_organizations(scored: Account) -> None:
    outcomes = write(
        scored, "users",
        Item("a", {NPS: 9, "user_fields.band": "promoter"}, "101"), Item("b", {NPS: None}, "102"),
    )  # fmt: skip
    assert [(each.ok, each.remote_id, each.created) for each in outcomes] == [
        (True, "101", False), (True, "102", False),
    ]  # fmt: skip
    (body,) = sent(scored, "PUT", "users/update_many")
    assert body == {"users": [
        {"id": 101, "user_fields": {"last_nps": 9, "band": "promoter"}},
        {"id": 102, "user_fields": {"last_nps": None}},
    ]}  # fmt: skip
    mean = Item("c", {"organization_fields.nps_mean": Decimal("8.5")}, "500")
    (outcome,) = write(scored, "organizations", mean)
    assert outcome.ok
    assert scored.rows["organizations"]["500"]["organization_fields"] == {"nps_mean": 8.5}


def test_only_fields_people_made_may_be_written(scored: Account) -> None:
    targets = {each.name: each for each in connect(scored).targets()}
    assert set(targets) == {"users", "organizations", "tickets of ours", "notes on tickets"}
    assert dict(targets["users"].fields) == {NPS: "integer", "user_fields.band": "text"}
    assert "ticket_field_27642" in targets["tickets of ours"].fields
    (outcome,) = write(scored, "users", Item("a", {"name": "x"}, "101"))
    assert not outcome.ok
    assert "name cannot be written" in outcome.message
    assert not sent(scored, "PUT", "users/update_many")


def test_without_fields_of_theirs_there_is_nothing_to_update(account: Account) -> None:
    connector = connect(account)
    assert [each.op for each in connector.targets()] == ["upsert", "upsert"]
    assert any("create fields" in note for note in connector.check().notes)
    with pytest.raises(NotSupported):
        connector.target("users")


def test_refusals_are_told_of_their_own_records(scored: Account) -> None:
    outcomes = write(
        scored, "users",
        Item("a", {NPS: 1}, "101"), Item("b", {NPS: 1}, "999"), Item("c", {NPS: 1}, ""),
        Item("d", {NPS: "nine"}, "102"), Item("e", {"user_fields.band": "passive"}, "103"),
        Item("f", {NPS: 2}, "101"), Item("g", {NPS: 3}, "'; --/%\u2603"),
    )  # fmt: skip
    assert [each.key for each in outcomes] == list("abcdefg")
    assert [each.ok for each in outcomes] == [True, False, False, False, False, True, False]
    assert "no such record" in outcomes[1].message
    assert "which record" in outcomes[2].message
    assert "number" in outcomes[3].message
    assert "promoter, detractor" in outcomes[4].message
    assert not any(each.retry for each in outcomes)
    assert scored.rows["users"]["101"]["user_fields"]["last_nps"] == 2
    assert len(sent(scored, "PUT", "users/update_many")) == 2, "one job takes a record once"


def test_what_zendesk_says_of_a_value_is_shown(scored: Account) -> None:
    scored.fields["user_fields"][0]["type"] = "text"
    connector = connect(scored)
    target = connector.target("users")
    scored.fields["user_fields"][0]["type"] = "integer"
    (outcome,) = connector.write(target, [Item("a", {NPS: "nine"}, "101")])
    assert (outcome.ok, outcome.message) == (False, "Last nps: is not a number")


def test_many_are_sent_by_hundreds(scored: Account) -> None:
    for number in range(2000, 2150):
        scored.put("users", str(number), name="x")
    items = [Item(f"k{n}", {NPS: 5}, str(n)) for n in range(2000, 2150)]
    outcomes = write(scored, "users", *items)
    assert all(each.ok for each in outcomes)
    assert [each.key for each in outcomes] == [each.key for each in items]
    assert [len(body["users"]) for body in sent(scored, "PUT", "users/update_many")] == [100, 50]


def test_a_batch_that_is_refused_as_a_whole_is_sent_in_halves(scored: Account) -> None:
    handle = scored.handle

    def strict(request: Any) -> Any:
        if request.method == "PUT" and b"103" in request.content:
            return httpx.Response(422, json=invalid("users", "Users: 103 is special"))
        return handle(request)

    scored.handle = strict  # type: ignore[method-assign]
    outcomes = write(scored, "users", *(Item(f"k{n}", {NPS: 5}, str(n)) for n in range(101, 108)))
    assert [each.ok for each in outcomes] == [True, True, False, True, True, True, True]
    assert "103 is special" in outcomes[2].message


def test_a_job_that_fails_is_tried_again_later(scored: Account) -> None:
    scored.broken_jobs = True
    (outcome,) = write(scored, "users", Item("a", {NPS: 1}, "101"))
    assert (outcome.ok, outcome.retry, outcome.message) == (False, True, "Something went wrong.")


def test_a_job_without_an_end_frees_the_worker(scored: Account) -> None:
    connector = connect(scored)
    waits: list[float] = []
    connector.sleep = waits.append
    target = connector.target("users")
    scored.job = lambda name: {"job_status": {"id": name, "status": "working"}}  # type: ignore[method-assign]
    with pytest.raises(Throttled):
        list(connector.write(target, [Item("a", {NPS: 1}, "101")]))
    assert 60 <= sum(waits) < 80


def test_too_many_jobs_are_waited_for(scored: Account) -> None:
    connector = connect(scored)
    target = connector.target("users")
    scored.fail(429, TOO_MANY_JOBS, times=4, Retry_After="30")
    with pytest.raises(Throttled, match="as many jobs"):
        list(connector.write(target, [Item("a", {NPS: 1}, "101")]))


RESULTS: list[tuple[Any, tuple[bool, bool]]] = [
    (None, (False, True)), ([], (False, True)), ([None, 5, {}], (False, True)),
    ([{"id": 101, "status": "Updated", "success": True}], (True, False)),
    ([{"index": 0, "status": "Updated"}], (True, False)),
    ([{"id": "101"}], (True, False)),
    ([{"id": 101, "status": "Failed", "success": False, "errors": "No."}], (False, False)),
    ([{"id": 101, "error": "DatabaseConflict", "details": "busy"}], (False, True)),
    ([{"index": 7, "error": "x"}], (False, True)), ([{"index": True, "id": None}], (False, True)),
    ({"0": "x"}, (False, True)),
]  # fmt: skip


@pytest.mark.parametrize(("results", "wanted"), RESULTS)
def test_whatever_a_job_says(scored: Account, results: Any, wanted: tuple[bool, bool]) -> None:
    done = {"job_status": {"id": "j", "status": "completed", "results": results}}
    scored.job = lambda name: done  # type: ignore[method-assign]
    (outcome,) = write(scored, "users", Item("a", {NPS: 1}, "101"))
    assert (outcome.ok, outcome.retry) == wanted
    assert outcome.ok or outcome.message


@pytest.mark.parametrize("said", [{}, {"job_status": None}, {"job_status": {"id": None}}, []])
def test_what_is_no_job_passes(scored: Account, said: Any) -> None:
    connector = connect(scored)
    target = connector.target("users")
    scored.fail(200, said if said else b"{}" if said == {} else b"[]")
    with pytest.raises(Transient):
        list(connector.write(target, [Item("a", {NPS: 1}, "101")]))


def test_nothing_to_write_calls_nobody(scored: Account) -> None:
    for target in ("users", "tickets of ours", "notes on tickets"):
        assert write(scored, target) == []
    assert not [call for call in scored.calls if call.method != "GET"]


# --- tickets of ours -------------------------------------------------------------------


def test_a_ticket_is_made_once_and_then_changed(scored: Account) -> None:
    values = {
        "subject": "Detractor", "description": "Scored 2", "priority": "high",
        "tags": ["efm"], "status": "open", "ticket_field_27642": 2,
    }  # fmt: skip
    (made,) = write(scored, "tickets of ours", Item("efm-1", values, "101"))
    assert (made.ok, made.created) == (True, True)
    assert made.remote_id is not None
    row = scored.rows["tickets"][made.remote_id]
    assert (row["external_id"], row["requester_id"], row["tags"]) == ("efm-1", 101, ["efm"])
    assert row["custom_fields"] == [{"id": 27642, "value": 2}]
    assert [each["public"] for each in scored.comments(made.remote_id)] == [False]
    # An agent moved it on; what we say later leaves that alone.
    scored.put("tickets", made.remote_id, status="pending", tags=["efm", "called"])
    again = {**values, "subject": "Detractor, again"}
    (same,) = write(scored, "tickets of ours", Item("efm-1", again, "101"))
    assert (same.ok, same.created, same.remote_id) == (True, False, made.remote_id)
    row = scored.rows["tickets"][made.remote_id]
    assert (row["subject"], row["status"], row["tags"]) == (
        "Detractor, again", "pending", ["efm", "called"],
    )  # fmt: skip
    assert len(scored.comments(made.remote_id)) == 1, "the same was not said again"


def test_what_is_said_differently_is_said_once_more(scored: Account) -> None:
    first = Item("efm-1", {"subject": "s", "description": "one  \n two"}, "101")
    other = Item("efm-1", {"subject": "s", "description": "three"}, "101")
    (made, *_) = write(scored, "tickets of ours", first, first, other, other, first)
    texts = [each["body"] for each in scored.comments(str(made.remote_id))]
    assert texts == ["one  \n two", "three"]


def test_an_answer_that_was_lost_makes_no_second_ticket(scored: Account) -> None:
    connector = connect(scored)
    target = connector.target("tickets of ours")
    handle, lost = scored.handle, []

    def losing(request: Any) -> Any:
        response = handle(request)
        if request.method == "POST" and not lost:
            lost.append(request)
            raise httpx.ReadTimeout("lost", request=request)
        return response

    connector.outside.transport.handler = losing  # type: ignore[union-attr]
    (made,) = connector.write(target, [Item("efm-1", {"subject": "s"}, "101")])
    assert lost
    assert made.ok
    ours = [row for row in scored.live("tickets").values() if row["external_id"] == "efm-1"]
    assert len(ours) == 1


def test_a_server_that_does_not_look_up_external_ids(scored: Account) -> None:
    """Any tickets it lists instead are not taken for ours."""
    handle = scored.handle
    scored.put("tickets", "901", subject="x", external_id="another", requester_id=1)

    def deaf(request: Any) -> Any:
        request.url = request.url.copy_remove_param("external_id")
        return handle(request)

    scored.handle = deaf  # type: ignore[method-assign]
    (made,) = write(scored, "tickets of ours", Item("efm-1", {"subject": "s"}, "101"))
    assert made.created
    assert scored.rows["tickets"]["901"]["subject"] == "x"


def test_tickets_that_are_refused_stop_nobody(scored: Account) -> None:
    outcomes = write(
        scored, "tickets of ours",
        Item("a", {}, "101"), Item("", {"subject": "s"}, "101"),
        Item("b", {"subject": "s", "priority": "now"}, "101"),
        Item("c", {"subject": "s", "colour": "red"}, "101"), Item("k" * 256, {"subject": "s"}, "1"),
        Item("d", {"subject": "s", "tags": "vip"}, "101"),
        Item("e", {"subject": "s", "ticket_field_27642": "two"}, "101"),
        Item("f", {"subject": "s", "group_id": 5}, ""),
    )  # fmt: skip
    assert [each.ok for each in outcomes] == [False] * 7 + [True]
    assert all(each.message for each in outcomes[:7])
    assert "low, normal" in outcomes[2].message
    assert "requester_id" not in sent(scored, "POST", "tickets")[0]["ticket"]


def test_a_closed_ticket_says_why(scored: Account) -> None:
    item = Item("efm-1", {"subject": "s"}, "101")
    (made,) = write(scored, "tickets of ours", item)
    scored.put("tickets", str(made.remote_id), status="closed")
    (again,) = write(scored, "tickets of ours", item)
    assert (again.ok, again.message) == (False, "Status: closed prevents ticket update")


def test_a_credential_that_may_not_write_stops_all(scored: Account) -> None:
    connector = connect(scored)
    target = connector.target("tickets of ours")
    writing = connector.write(target, [Item("efm-1", {"subject": "s"}, "101")] * 2)
    assert next(writing).ok
    scored.fail(403, {"error": "Forbidden", "description": "Missing the scope: write"})
    with pytest.raises(ConfigError, match="Missing the scope"):
        next(writing)


# --- notes -----------------------------------------------------------------------------


def test_a_note_is_written_once_and_only_agents_see_it(scored: Account) -> None:
    item = Item("efm-1", {"body": "The customer scored 2"}, "900")
    made, same = write(scored, "notes on tickets", item, item)
    assert (made.ok, made.created, same.created) == (True, True, False)
    assert made.remote_id == same.remote_id
    (comment,) = scored.comments("900")
    assert (comment["body"], comment["public"]) == ("The customer scored 2", False)
    assert made.remote_id == str(comment["id"])
    # Another response may say the same; one that says something else is noted once more.
    (other,) = write(
        scored, "notes on tickets", Item("efm-2", {"body": item.values["body"]}, "900")
    )
    (changed,) = write(scored, "notes on tickets", Item("efm-1", {"body": "No, 9"}, "900"))
    assert (other.created, changed.created) == (True, False)
    assert len(scored.comments("900")) == 3


def test_notes_find_their_mark_among_many(scored: Account) -> None:
    for number in range(230):
        scored._audit("900", {"body": f"b{number}"}, {"efm_key": f"k{number}"})
    (same,) = write(scored, "notes on tickets", Item("k229", {"body": "b229"}, "900"))
    assert (same.ok, same.created) == (True, False)
    assert len(scored.comments("900")) == 230


def test_notes_that_are_refused_stop_nobody(scored: Account) -> None:
    scored.put("tickets", "901", subject="x", requester_id=1, status="closed")
    scored.put("tickets", "902", subject="x", requester_id=1)
    scored.delete("tickets", "902")
    body = {"body": "note"}
    outcomes = write(
        scored, "notes on tickets",
        Item("a", body, "999"), Item("b", body, "901"), Item("c", body, "902"), Item("d", body, ""),
        Item("e", {"body": ""}, "900"), Item("f", body, "../users/101"), Item("g", body, "900"),
    )  # fmt: skip
    assert [each.ok for each in outcomes] == [False] * 6 + [True]
    assert "closed prevents" in outcomes[1].message
    assert all(each.message for each in outcomes[:6])
    assert not [call for call in scored.calls if ".." in call.url.raw_path.decode()]
