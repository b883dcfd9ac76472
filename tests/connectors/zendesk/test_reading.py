"""Reading the simulated account: exports and their cursors, crowds of one second, ratings, deletions."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from connectors.errors import CursorExpired, NotSupported
from connectors.records import Page, Stream
from tests.connectors.zendesk.account import START
from tests.connectors.zendesk.simulator import Account
from tests.connectors.zendesk.sources import asked, connect, gone, ids, pages

ALL = [str(number) for number in range(101, 108)]


def test_an_export_is_paged_by_its_cursor(account: Account) -> None:
    found = pages(account, "users")
    assert [len(page.records) for page in found] == [3, 3, 1]
    assert ids(found) == ALL
    assert [page.total for page in found] == [7, 7, 7]
    first, second, third = asked(account, "incremental/users/cursor")
    assert first == {"start_time": "0", "per_page": "3"}
    assert second == {"cursor": found[0].state["cursor"], "per_page": "3"}
    assert third["cursor"] == found[1].state["cursor"]
    assert asked(account, "users/count") == [{}]


def test_the_cursor_is_kept_for_ever(account: Account) -> None:
    state = pages(account, "users")[-1].state
    account.tick(3 * 365 * 86_400)
    assert pages(account, "users", state) == []
    account.put("users", "103", name="changed")
    later = pages(account, "users", state)
    assert ids(later) == ["103"]
    assert later[0].total is None
    assert asked(account, "users/count") == [{}], "a count is for a first pass alone"


def test_the_last_minute_is_held_back(account: Account) -> None:
    account.tick(100)
    account.held = True
    account.put("users", "200", name="just now")
    found = pages(account, "users")
    assert ids(found) == ALL
    account.held = False
    assert ids(pages(account, "users", found[-1].state)) == ["200"]


def test_an_empty_account_has_no_position(account: Account) -> None:
    assert pages(Account(), "users") == []
    assert pages(Account(), "tickets") == []
    assert pages(Account(), "organizations") == []
    (only,) = pages(Account(), "satisfaction_ratings")
    assert only.records == []


def test_agents_and_deleted_users_are_no_contacts(account: Account) -> None:
    account.put("users", "102", role="agent")
    account.delete("users", "103")
    account.put("users", "104", suspended=True)
    found = pages(account, "users")
    assert set(ids(found)) == set(ALL) - {"102", "103"}
    assert gone(found) == ["102", "103"]
    everybody = pages(account, "users", takes_agents=True)
    assert set(ids(everybody)) == set(ALL) - {"103"}


def test_a_deleted_ticket_is_told_and_one_restored_comes_back(account: Account) -> None:
    for key in ("1", "2", "3"):
        account.put("tickets", key, subject=key, requester_id=101)
    found = pages(account, "tickets")
    account.delete("tickets", "2")
    later = pages(account, "tickets", found[-1].state)
    assert (ids(later), gone(later)) == ([], ["2"])
    account.put("tickets", "2", subject="back")
    assert ids(pages(account, "tickets", later[-1].state)) == ["2"]


def test_metrics_come_with_the_tickets_or_beside_them(account: Account) -> None:
    account.put("tickets", "1", subject="x", status="solved", requester_id=101)
    account.metrics["1"] = {
        "id": 9, "ticket_id": 1, "reopens": 2, "replies": 1,
        "reply_time_in_minutes": {"calendar": 12, "business": 0},
        "full_resolution_time_in_minutes": {"calendar": 90, "business": 30},
    }  # fmt: skip
    for inside in (True, False):
        account.knows_metrics_inside = inside
        (page,) = pages(account, "tickets")
        (ticket,) = page.records
        assert ticket["_duration"] == 5400
        assert (ticket["_first_reply_minutes"], ticket["_reopens"]) == (12, 2)
    assert asked(account, "tickets/cursor")[0]["include"] == "metric_sets"


def test_tickets_know_the_names_of_agents(account: Account) -> None:
    account.put("users", "9", name="Grace", role="agent")
    account.put("users", "8", name="Root", role="admin")
    for key, owner in (("1", 9), ("2", 8), ("3", None), ("4", 404)):
        account.put("tickets", key, subject=key, requester_id=101, assignee_id=owner)
    found = pages(account, "tickets", page_size=1)
    owners = [page.records[0].get("_owner") for page in found]
    assert owners == ["Grace", "Root", None, None]
    assert len([c for c in account.calls if "role" in str(c.url)]) == 1
    account.denied.add("users")
    assert "_owner" not in pages(account, "tickets")[0].records[0]


def test_reading_may_begin_on_a_day(account: Account) -> None:
    account.put("tickets", "1", subject="old", requester_id=101)
    account.put("satisfaction_ratings", "51", comment="old", requester_id=101)
    account.put("organizations", "61", name="old")
    account.tick(86_400 * 3)
    account.put("tickets", "2", subject="new", requester_id=101)
    account.put("satisfaction_ratings", "52", comment="new", requester_id=101)
    day = datetime.fromtimestamp(START, UTC).date() + timedelta(days=2)
    assert ids(pages(account, "tickets", begins_on=day.isoformat())) == ["2"]
    assert ids(pages(account, "satisfaction_ratings", begins_on=day.isoformat())) == ["52"]
    assert ids(pages(account, "organizations", begins_on=day.isoformat())) == ["61"]
    assert len(ids(pages(account, "users", begins_on=day.isoformat()))) == 7


# --- ratings ---------------------------------------------------------------------------


def test_only_ratings_that_were_given_are_read(account: Account) -> None:
    for number, score in enumerate(("good", "bad", "offered", "unoffered")):
        account.put("satisfaction_ratings", str(50 + number), score=score, requester_id=101)
    found = pages(account, "satisfaction_ratings")
    assert ids(found) == ["50", "51"]
    (call,) = asked(account, "v2/satisfaction_ratings")
    assert call["score"] == "received"
    assert call["page[size]"] == "3"
    assert "start_time" not in call
    assert int(call["end_time"]) == account.here - 60


def test_a_server_that_does_not_filter_ratings_is_filtered_here(account: Account) -> None:
    account.put("satisfaction_ratings", "50", score="offered", requester_id=101)
    account.put("satisfaction_ratings", "51", score="good", requester_id=101)
    account._is_asked = lambda row, query: True  # type: ignore[method-assign]
    assert ids(pages(account, "satisfaction_ratings")) == ["51"]


def test_ratings_are_read_in_closed_windows(account: Account) -> None:
    for number in range(5):
        account.put("satisfaction_ratings", str(50 + number), requester_id=101)
    account.tick(100)
    found = pages(account, "satisfaction_ratings")
    assert [len(page.records) for page in found] == [3, 2]
    until = datetime.fromisoformat(found[-1].state["since"])
    assert found[0].state["until"] == found[-1].state["since"]
    account.tick(500)
    account.put("satisfaction_ratings", "60", requester_id=101)
    # A run that was cut goes on in its own window, and the next one reads what came since.
    rest = pages(account, "satisfaction_ratings", found[0].state)
    assert ids(rest) == ["53", "54"]
    later = pages(account, "satisfaction_ratings", found[-1].state)
    assert ids(later) == ["60"]
    last = asked(account, "v2/satisfaction_ratings")[-1]
    assert int(last["start_time"]) == int(until.timestamp()) - 60


# --- shapes ----------------------------------------------------------------------------


def test_what_people_made_stands_beside_the_rest(account: Account) -> None:
    account.define("user_fields", "last_nps", "integer")
    account.define("user_fields", "put_away", active=False)
    account.define("user_fields", "zendesks_own", system=True)
    account.define("ticket_fields", "27642", "tagger", title="Product area")
    account.put("users", "101", user_fields={"last_nps": 9, "put_away": "x", "none": None})
    account.put(
        "tickets", "1", subject="s", requester_id=101, surprise={"a": 1},
        custom_fields=[{"id": 27642, "value": "billing"}, {"id": 5, "value": None}],
    )  # fmt: skip
    user = next(r for p in pages(account, "users") for r in p.records if r["id"] == 101)
    assert user["user_fields.last_nps"] == 9
    assert user["_more"] == {"user_fields.put_away": "x"}
    connector = connect(account)
    stream = connector.stream("tickets")
    (ticket,) = (r for p in connector.read(stream, {}) for r in p.records)
    assert ticket["ticket_field_27642"] == "billing"
    assert stream.fields["ticket_field_27642"] == "text"
    assert ticket["_more"] == {"surprise": {"a": 1}}
    assert not {"custom_fields", "fields", "generated_timestamp", "priority"} & set(ticket)
    users = connector.stream("users").fields
    assert users["user_fields.last_nps"] == "integer"
    assert "user_fields.put_away" not in users
    assert "user_fields.zendesks_own" not in users


def test_without_the_right_to_see_fields_their_values_are_kept(account: Account) -> None:
    account.define("user_fields", "last_nps", "integer")
    account.put("users", "101", user_fields={"last_nps": 9})
    account.denied.add("user_fields")
    found = pages(account, "users")
    user = next(r for page in found for r in page.records if r["id"] == 101)
    assert user["_more"] == {"user_fields.last_nps": 9}


def test_entries_that_are_none_are_rejected_and_harm_nobody(account: Account) -> None:
    connector = connect(account)
    stream = connector.stream("users")
    odd: list[Any] = [None, 5, "x", [], {}, {"id": None}, {"id": True}, {"id": " "}, {"id": 7}]
    body = {"users": [*odd, {"id": 7, "name": "later"}], "after_cursor": "c", "end_of_stream": True}
    account.fail(200, {"count": {"value": "many"}})
    account.fail(200, body)
    (page,) = connector.read(stream, {})
    assert [dict(each) for each in page.records] == [{"id": 7, "name": "later"}]
    assert len(page.rejected) == 8
    assert all(each.reason for each in page.rejected)
    assert json.dumps(page.state) == '{"cursor": "c"}'


def test_long_numbers_and_texts_as_ids(account: Account) -> None:
    account.put("users", "6130869168922", name="x", organization_id=6130869157658)
    stream = connect(account).stream("users")
    found = [r for p in pages(account, "users") for r in p.records]
    assert stream.external_id(found[-1]) == "6130869168922"


# --- positions -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stream", "state"),
    [
        ("users", {"cursor": 5}), ("users", {"cursor": ""}), ("users", {"cursor": "nonsense"}),
        ("organizations", {"start": "x"}), ("organizations", {"start": -1}),
        ("organizations", {"start": True}), ("organizations", {"start": 1, "part": "list", "after": 7}),
        ("satisfaction_ratings", {"since": "x"}), ("satisfaction_ratings", {"until": 5}),
        ("satisfaction_ratings", {"until": "2026-09-01T00:00:00+00:00", "after": "???"}),
    ],
)  # fmt: skip
def test_a_damaged_position_starts_anew(account: Account, stream: str, state: Any) -> None:
    with pytest.raises(CursorExpired):
        pages(account, stream, state)


def test_marks_that_are_damaged_only_tell_more(account: Account) -> None:
    account.put("organizations", "500", name="x")
    for seen in (None, 5, ["500"], {"500": None}):
        found = pages(account, "organizations", {"start": START, "seen": seen})
        assert ids(found) == ["500"]


def test_an_unknown_stream_is_not_offered(account: Account) -> None:
    connector = connect(account)
    with pytest.raises(NotSupported, match="users, organizations, tickets"):
        list(connector.read(Stream("calls", ("id",), "interaction"), {}))


def test_links_elsewhere_are_never_followed(account: Account) -> None:
    stream = connect(account).stream("users")
    handle = account.handle

    def astray(request: httpx.Request) -> httpx.Response:
        response = handle(request)
        text = response.text.replace("acme.zendesk.com", "evil.example")
        return httpx.Response(response.status_code, text=text)

    account.handle = astray  # type: ignore[method-assign]
    found: list[Page] = list(connect(account).read(stream, {}))
    assert ids(found) == ALL
    assert {call.url.host for call in account.calls} == {"acme.zendesk.com"}
