"""The simulated account judged by a client of others, and the connector reading what it made."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.guard import Guard
from connectors.records import Item
from connectors.systems.zendesk.connector import Zendesk
from tests.connectors.zendesk.server import serving
from tests.connectors.zendesk.simulator import EMAIL, OAUTH, TOKEN, Account
from tests.connectors.zendesk.sources import Quick
from tests.foreign import python_of

JUDGE = Path(__file__).with_name("judge.py")
LOOPBACK = Guard(["127.0.0.1", "localhost"])


class Judge:
    """The other client in its process, the account it works with, and what it found."""

    def __init__(self, process: subprocess.Popen[str], account: Account, address: str) -> None:
        self._process, self.account, self.address = process, account, address
        self.filled: dict[str, Any] = {}

    def said(self, phase: str) -> dict[str, Any]:
        """What a phase finds."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(phase + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the client gave up in the phase {phase}"
        found: dict[str, Any] = json.loads(line)
        return found

    def connect(self, **settings: Any) -> Zendesk:
        """Our connector to the same address, over the network of this machine."""
        config = {"subdomain": self.address, "email": EMAIL, "token": TOKEN, **settings}
        made = Zendesk(config, Quick(LOOPBACK))
        made.sleep = lambda seconds: None
        return made


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    python = python_of("zendesk")
    account = Account()
    account.now = 1_700_000_000  # the client asks for nothing of the last five minutes
    account.define("user_fields", "last_nps", "integer")
    account.define("ticket_fields", "27642", "tagger")
    with serving(account) as address:
        process = subprocess.Popen(
            [python, str(JUDGE), address, EMAIL, TOKEN, OAUTH],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            made = Judge(process, account, address)
            made.filled = made.said("fill")
            yield made
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(20)
            assert process.stdout is not None
            process.stdout.close()


@pytest.fixture(scope="module")
def asked(judge: Judge) -> dict[str, Any]:
    ticket = str(judge.filled["ticket"])
    judge.account.metrics[ticket] = {"id": 5, "ticket_id": int(ticket), "replies": 3}
    for number, score in enumerate(("good", "bad", "offered")):
        judge.account.put(
            "satisfaction_ratings", str(62_001 + number), score=score, comment=f"c{number}",
            requester_id=judge.filled["ann"], ticket_id=int(ticket),
        )  # fmt: skip
    return judge.said(f"ask {ticket}")


def test_the_client_makes_and_changes_records(judge: Judge) -> None:
    said, people = judge.filled, judge.filled["people"]
    assert said["me"] == [EMAIL, "admin"]
    assert [status for _, status in said["made"]] == ["Created"] * 5
    assert said["fields"] == 9
    assert sorted(said["updated"]) == [[people[0], "Updated"], [people[1], "Updated"]]
    assert said["audit"] == ["Broken", "It is broken"]
    rows = judge.account.rows
    assert rows["users"][str(people[0])]["user_fields"] == {"last_nps": 1}
    assert not rows["users"][str(people[4])]["active"]
    assert rows["tickets"][str(said["tickets"][3])]["status"] == "deleted"


def test_the_client_walks_exports_and_lists(judge: Judge, asked: dict[str, Any]) -> None:
    said = judge.filled
    told = dict(asked["tickets"])
    assert set(told) == {said["ticket"], *said["tickets"]}
    assert told[said["tickets"][3]] == "deleted"
    assert asked["again"] == []
    people = dict(asked["users"])
    assert set(people) == {said["ann"], *said["people"]}
    assert people[said["people"][4]] is False
    assert asked["firms"] == ["Contoso"]
    assert asked["end_time"] == judge.account.stamps["organizations", str(said["firm"])]
    assert sorted(asked["listed"]) == sorted([said["ann"], *said["people"][:4]])
    assert asked["some"] == asked["listed"][:2]
    assert asked["ratings"] == [["good", "c0"], ["bad", "c1"]]


def test_the_client_understands_what_belongs_to_tickets(asked: dict[str, Any]) -> None:
    assert asked["metrics"] == [3]
    assert asked["user_fields"] == [["last_nps", "integer"]]
    assert "tagger" in asked["ticket_fields"]
    assert asked["comments"] == [["It is broken", False], ["A note", False]]
    assert asked["audits"] == [{}, {}]


def test_the_client_knows_the_refusals(judge: Judge, asked: dict[str, Any]) -> None:
    judge.account.denied.add("satisfaction_ratings")
    handle = judge.account.handle

    def limited(request: Any) -> Any:
        judge.account.exports_left = 0 if "incremental/users" in request.url.path else 10**6
        return handle(request)

    judge.account.handle = limited  # type: ignore[method-assign]
    said = judge.said("refused")
    judge.account.handle = handle  # type: ignore[method-assign]
    judge.account.denied.clear()
    judge.account.exports_left = 10**6
    assert said["missing"] == ["RecordNotFoundException", 404, "RecordNotFound"]
    assert said["many"] == ["TooManyValuesException", 400, "TooManyValues"]
    assert said["blank"] == ["APIException", 422, "RecordInvalid"]
    assert said["cursor"][:2] == ["APIException", 400]
    assert said["recent"][:2] == ["APIException", 422]
    assert said["stranger"] == ["APIException", 401, "Couldn't authenticate you"]
    assert said["bearer"] == EMAIL
    assert said["denied"][:2] == ["APIException", 403]
    assert said["limited"] == ["RatelimitBudgetExceeded"]


def test_the_connector_reads_what_the_client_made(judge: Judge, asked: dict[str, Any]) -> None:
    connector = judge.connect(page_size=2)
    assert connector.check().who == f"Ann of {judge.address}"
    users = list(connector.read(connector.stream("users"), {}))
    found = {record["id"]: record for page in users for record in page.records}
    assert set(found) == {judge.filled["ann"], *judge.filled["people"][:4]}
    assert found[judge.filled["ann"]]["user_fields.last_nps"] == 9
    assert [each for page in users for each in page.deleted] == [str(judge.filled["people"][4])]
    tickets = list(connector.read(connector.stream("tickets"), {}))
    mine = next(r for p in tickets for r in p.records if r["id"] == judge.filled["ticket"])
    mapping = connector.stream("tickets").default_mapping
    assert mapping is not None
    made = mapping.apply(mine)
    assert made.contact_external_id == str(judge.filled["ann"])  # type: ignore[union-attr]
    assert made.kind == "complaint"  # type: ignore[union-attr]
    (firm,) = (r for p in connector.read(connector.stream("organizations"), {}) for r in p.records)
    assert firm["_domain"] == "contoso.com"


def test_the_client_sees_what_the_connector_wrote(judge: Judge, asked: dict[str, Any]) -> None:
    connector = judge.connect()
    ann, ticket = str(judge.filled["ann"]), str(judge.filled["ticket"])
    fields = Item("r1", {"user_fields.last_nps": 4}, ann)
    (outcome,) = connector.write(connector.target("users"), [fields])
    assert outcome.ok, outcome.message
    note = Item("r1", {"body": "A detractor wrote"}, ticket)
    (noted,) = connector.write(connector.target("notes on tickets"), [note])
    assert noted.created, noted.message
    case = Item("efm-1", {"subject": "Broken, and angry", "description": "Call back"}, ann)
    (known,) = connector.write(connector.target("tickets of ours"), [case])
    assert (known.ok, known.created, known.remote_id) == (True, False, ticket)
    said = judge.said(f"ask {ticket}")
    assert judge.account.rows["users"][ann]["user_fields"]["last_nps"] == 4
    texts = [body for body, _ in said["comments"]]
    assert texts == ["It is broken", "A note", "A detractor wrote", "Call back"]
    assert {"efm_key": "r1"} in said["audits"]
    assert not any(public for _, public in said["comments"])
