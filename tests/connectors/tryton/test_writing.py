"""What is written back to a real Tryton: complaints and notes of ours, and what it refuses."""

from __future__ import annotations

from datetime import date
from typing import Any

import httpx
import pytest

from connectors.errors import ConfigError, NotSupported, Transient
from connectors.records import Item, Outcome
from connectors.systems.tryton.connector import Tryton
from tests.connectors.tryton import company
from tests.connectors.tryton.server import ADMIN, KEY, NOBODY, System
from tests.connectors.tryton.sources import Faulty, connected, emptied

# A real server of somebody else, which takes a minute to found: the full part waits for it.
pytestmark = pytest.mark.full

HOSTILE = ["a]b", "x\n[EFM y", "%", "_", "’; DROP", "k 1", "k%201", "日本", "[EFM z]", "a" * 200]


@pytest.fixture
def party(server: System) -> str:
    """The id of a party, the only one beside the company's own."""
    return str(company.party(emptied(server), "Ada", "ada@example.com"))


def write(connector: Tryton, name: str, *items: Item) -> list[Outcome]:
    """The outcomes of writing these items to a target."""
    return list(connector.write(connector.target(name), items))


def complaints(system: System) -> list[dict[str, Any]]:
    """All complaints there are."""
    return system.find(
        "sale.complaint", [], "reference", "description", "customer", "type.name", "date", "state"
    )


def notes(system: System) -> list[str]:
    """The texts of all notes there are."""
    return [each["message"] for each in system.find("ir.note", [], "message")]


def test_a_complaint_is_made_and_changed(server: System, party: str) -> None:
    connector = connected(server)
    (made,) = write(connector, "complaint", Item("r1", {"description": "Late."}, party))
    assert (made.ok, made.created) == (True, True)
    values = {"description": "Very late.", "type": "billing", "date": "2026-11-20"}
    (changed,) = write(connector, "complaint", Item("r1", values, party))
    assert (changed.ok, changed.created, changed.remote_id) == (True, False, made.remote_id)
    (found,) = complaints(server)
    assert (found["reference"], found["description"]) == ("r1", "Very late.")
    assert (found["customer"], found["state"]) == (int(party), "draft")
    assert (found["type"]["name"], found["date"]) == ("Billing", date(2026, 11, 20))
    write(connector, "complaint", Item("r1", {"description": "Very late.", "date": None}, party))
    assert complaints(server)[0]["date"] is None
    (back,) = (
        each for page in connector.read(connector.stream("sale_complaint"), {})
        for each in page.records
    )  # fmt: skip
    assert connector.stream("sale_complaint").external_id(back) == made.remote_id
    assert connector.target("complaint").appears_in == "sale_complaint"


def test_each_item_has_its_own_outcome(server: System, party: str) -> None:
    said = {"description": "Late."}
    items = [
        Item("r1", said, party), Item("r2", said, "999999"), Item("r3", said, ""),
        Item("r4", said, "1 OR 1"), Item("r5", {}, party), Item("r6", {"description": ""}, party),
        Item("", said, party), Item("r7", {**said, "state": "done"}, party),
        Item("r8", {**said, "type": "No such"}, party), Item("r9", {**said, "date": "soon"}, party),
        Item("ra", {"description": "\x00"}, party), Item("two\nlines", said, party),
        Item(" rc", said, party), Item("rb", said, party),
    ]  # fmt: skip
    found = write(connected(server), "complaint", *items)
    assert [each.key for each in found] == [each.key for each in items]
    assert [each.key for each in found if each.ok] == ["r1", "rb"]
    assert all(each.message.endswith(".") and not each.retry for each in found if not each.ok)
    assert [each["reference"] for each in complaints(server)] == ["r1", "rb"]


def test_more_items_than_a_batch(server: System, party: str) -> None:
    server.create_many("sale.complaint", [
        {"reference": f"r{n}", "customer": int(party), "company": 1, "type": 1, "description": "x"}
        for n in range(55)
    ])  # fmt: skip
    items = [Item(f"r{number}", {"description": "y"}, party) for number in range(48, 55)]
    refused = [Item(f"n{number}", {}, party) for number in range(48)]
    found = write(connected(server), "complaint", *refused, *items)
    assert [each.ok for each in found] == [False] * 48 + [True] * 7
    assert not any(each.created for each in found)


def test_a_submitted_complaint_is_theirs(server: System, party: str) -> None:
    connector = connected(server)
    (made,) = write(connector, "complaint", Item("r1", {"description": "Late."}, party))
    server.act("sale.complaint", int(made.remote_id or 0), "wait")
    (found,) = write(connector, "complaint", Item("r1", {"description": "Later."}, party))
    assert (found.ok, found.retry) == (False, False)
    assert "not allowed to modify the field" in found.message
    assert complaints(server)[0]["description"] == "Late."


def test_the_type_of_complaints_is_a_setting(server: System, party: str) -> None:
    connector = connected(server, complaint_type="Billing")
    write(connector, "complaint", Item("r1", {"description": "Late."}, party))
    assert complaints(server)[0]["type"]["name"] == "Billing"
    with pytest.raises(ConfigError, match="there is: Delivery, Billing") as refused:
        connected(server, complaint_type="Nope").check()
    assert "complaint_type" in refused.value.errors


def test_a_user_without_a_company_is_told(server: System, party: str) -> None:
    preferences = {"name": "EFM", "company": None, "companies": [1, 2]}

    def fault(request: httpx.Request) -> httpx.Response | None:
        asked = request.url.path.endswith("get_preferences")
        return httpx.Response(200, json=preferences) if asked else None

    connector = connected(server, Faulty(fault))
    with pytest.raises(ConfigError, match="Choose a company"):
        write(connector, "complaint", Item("r1", {"description": "Late."}, party))
    assert complaints(server) == []


def test_notes_are_found_by_any_key(server: System, party: str) -> None:
    connector = connected(server)
    items = [Item(key, {"message": f"Score {key.strip()} \n"}, party) for key in HOSTILE]
    made, again = write(connector, "note", *items), write(connector, "note", *items)
    assert all(each.ok and each.created for each in made)
    assert all(each.ok and not each.created for each in again)
    assert [each.remote_id for each in again] == [each.remote_id for each in made]
    assert len({each.remote_id for each in made}) == len(notes(server)) == len(HOSTILE)


def test_complaints_are_found_by_any_key(server: System, party: str) -> None:
    connector = connected(server)
    items = [Item(key, {"description": "Late."}, party) for key in HOSTILE if "\n" not in key]
    made, again = write(connector, "complaint", *items), write(connector, "complaint", *items)
    assert [each.remote_id for each in again] == [each.remote_id for each in made]
    assert len({each.remote_id for each in made}) == len(complaints(server)) == len(items)


@pytest.mark.parametrize("key", [KEY, ADMIN])
def test_a_note_is_changed_by_nobody(server: System, party: str, key: str) -> None:
    connector = connected(server, key=key)
    (made,) = write(connector, "note", Item("r1", {"message": "Score 9"}, party))
    (changed,) = write(connector, "note", Item("r1", {"message": "Score 3"}, party))
    assert (changed.ok, changed.retry, changed.remote_id) == (False, False, made.remote_id)
    assert "lets nobody change a note" in changed.message
    with pytest.raises(AssertionError, match="not allowed to modify the field"):
        server.write("ir.note", int(made.remote_id or 0), {"message": "Score 3"})
    assert notes(server) == ["Score 9\n\n[EFM r1]"]


def test_an_old_or_strange_refusal_is_told_in_its_words(server: System, party: str) -> None:
    def fault(request: httpx.Request) -> httpx.Response | None:
        is_making = request.method == "POST" and request.url.path.endswith("/ir.note")
        words = {"message": f"No {server.key} for you"}
        return httpx.Response(400, json=words) if is_making else None

    connector = connected(server, Faulty(fault))
    (found,) = write(connector, "note", Item("r1", {"message": "Score 9"}, party))
    assert found.message == "Tryton refuses: No … for you"


def test_notes_of_others_are_left_alone(server: System, party: str) -> None:
    theirs = "as [EFM r1] said\n\nsigned"
    server.create("ir.note", {"resource": f"party.party,{party}", "message": theirs})
    write(connected(server, key=ADMIN), "note", Item("r1", {"message": "ours"}, party))
    assert sorted(notes(server)) == sorted([theirs, "ours\n\n[EFM r1]"])


def test_only_what_the_user_may_write_is_offered(server: System) -> None:
    stranger = connected(server, key=NOBODY)
    assert [each.name for each in stranger.targets()] == ["note"]
    with pytest.raises(NotSupported):
        stranger.target("complaint")
    assert [each.name for each in connected(server.of("bare")).targets()] == ["note"]


@pytest.mark.parametrize(
    ("answer", "retry"),
    [
        (httpx.Response(500, html="<p>invalid literal"), True),
        (httpx.Response(400, json={"status": 400, "message": "No canary here"}), False),
        (httpx.Response(400, json=[1]), True), (httpx.Response(404, text="gone"), True),
    ],
)  # fmt: skip
def test_a_fault_in_one_item_stops_no_other(
    server: System, party: str, answer: httpx.Response, retry: bool
) -> None:
    faults = [answer]

    def fault(request: httpx.Request) -> httpx.Response | None:
        is_making = request.method == "POST" and request.url.path.endswith("/sale.complaint")
        return faults.pop() if is_making and faults else None

    said = {"description": "Late."}
    connector = connected(server, Faulty(fault))
    found = write(connector, "complaint", Item("r1", said, party), Item("r2", said, party))
    assert [(each.ok, each.retry) for each in found] == [(False, retry), (True, False)]


def test_an_answer_that_was_lost_makes_no_second_record(server: System, party: str) -> None:
    lost: list[httpx.Response] = []

    def fault(request: httpx.Request) -> httpx.Response | None:
        if request.method != "POST" or not request.url.path.endswith("/sale.complaint") or lost:
            return None
        lost.append(server.client.send(httpx.Request(
            "POST", request.url, headers=request.headers, content=request.content
        )))  # fmt: skip
        raise httpx.ReadError("the connection broke")

    item, transport = Item("r1", {"description": "Late."}, party), Faulty(fault)
    with pytest.raises(Transient):
        write(connected(server, transport), "complaint", item)
    assert lost[0].status_code == 200
    (found,) = write(connected(server, transport), "complaint", item)
    assert (found.ok, found.created) == (True, False)
    assert len(complaints(server)) == 1
