"""Writing back: columns of customers, records of ours, what is refused and what a batch may answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import httpx
import pytest

from connectors.errors import ConfigError, ConnectorError, NotSupported, Throttled, Transient
from connectors.records import Item, Target
from connectors.systems.dataverse import batches
from connectors.systems.dataverse.batches import Operation
from connectors.systems.dataverse.literals import among, guid, guid_in, name, ours, record
from connectors.systems.dataverse.writing import sendable
from tests.connectors.dataverse.environment import id_of
from tests.connectors.dataverse.reply import Reply, lacking, limited
from tests.connectors.dataverse.simulator import Simulator
from tests.connectors.dataverse.sources import connect

PERSON = id_of("ann")


@pytest.fixture
def person(simulator: Simulator) -> str:
    return simulator.env.put("contact", PERSON, lastname="Ann")


def write(simulator: Simulator, target: str, *items: Item) -> list[Any]:
    connector = connect(simulator)
    return list(connector.write(connector.target(target), items))


def batched(simulator: Simulator) -> int:
    return sum(1 for _, url in simulator.calls if url.endswith("/$batch"))


def test_targets(simulator: Simulator) -> None:
    found = {each.name: each for each in connect(simulator).targets()}
    assert list(found) == [
        "contact", "account", "task of ours", "annotation of ours", "incident of ours",
    ]  # fmt: skip
    assert found["contact"].fields["efm_day"] == "date"
    assert found["contact"].fields["efm_lastresponse"] == "datetime"
    assert found["contact"].fields["efm_band"] == "integer"
    assert not {"lastname", "emailaddress1", "msa_managingpartnerid", "contactid"} & set(
        found["contact"].fields
    )
    assert "msdyn_gdproptout" not in found["account"].fields
    assert found["task of ours"].appears_in == "task"
    assert found["annotation of ours"].appears_in == ""
    assert {each.stream for each in found.values() if each.op == "upsert"} == {"contact"}


def test_targets_fit_what_the_environment_has(simulator: Simulator) -> None:
    del simulator.env.tables["incident"]
    spec = simulator.env.tables["account"]
    spec.columns = {n: t for n, t in spec.columns.items() if not n.startswith("efm_")}
    found = {each.name for each in connect(simulator).targets()}
    assert found == {"contact", "task of ours", "annotation of ours"}
    with pytest.raises(NotSupported):
        connect(simulator).target("account")
    with pytest.raises(NotSupported):
        write(simulator, "incident of ours", Item("r1", {"title": "x"}))
    gone = Target("account", "Accounts", "update", "account", {"efm_nps": "integer"})
    with pytest.raises(NotSupported):
        list(connect(simulator).write(gone, [Item("r1", {"efm_nps": 1}, PERSON)]))


def test_columns_of_contacts(simulator: Simulator, person: str) -> None:
    at = datetime(2026, 3, 4, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    values = {
        "efm_nps": 9, "efm_score": Decimal("8.25"), "efm_lastresponse": at, "efm_day": at,
        "efm_ispromoter": True, "efm_band": 3, "efm_remarks": 'Zoë\r\n--batch "x"\r\n',
    }  # fmt: skip
    (outcome,) = write(simulator, "contact", Item("r1", values, person.upper()))
    assert (outcome.ok, outcome.created, outcome.remote_id) == (True, False, person.upper())
    row = simulator.env.rows["contact"][person]
    assert (row["efm_nps"], row["efm_score"], row["efm_ispromoter"]) == (9, 8.25, True)
    assert (row["efm_lastresponse"], row["efm_day"]) == ("2026-03-05T04:30:00Z", "2026-03-05")
    assert row["efm_remarks"] == 'Zoë\r\n--batch "x"\r\n'
    assert row["lastname"] == "Ann"
    (outcome,) = write(simulator, "contact", Item("r2", {"efm_nps": None}, person))
    assert outcome.ok
    assert simulator.env.rows["contact"][person]["efm_nps"] is None


def test_one_refusal_stops_nobody_else(simulator: Simulator, person: str) -> None:
    missing = id_of("nobody")
    outcomes = write(
        simulator, "contact",
        Item("r0", {"efm_nps": 1}, missing),
        Item("r1", {"efm_nps": 2}, person),
        Item("r2", {"lastname": "Eve"}, person),
        Item("r3", {"efm_nps": "nine"}, person),
        Item("r4", {"efm_nps": 4}, "1) or (1 eq 1"),
        Item("r5", {"efm_nps": 5}, ""),
        Item("r6", {"efm_nps": 6}, person),
    )  # fmt: skip
    assert [each.key for each in outcomes] == [f"r{n}" for n in range(7)]
    assert [each.ok for each in outcomes] == [False, True, False, False, False, False, True]
    assert all(each.message for each in outcomes if not each.ok)
    assert not any(each.retry for each in outcomes)
    assert missing not in simulator.env.rows["contact"]
    assert simulator.env.rows["contact"][person]["efm_nps"] == 6
    assert batched(simulator) == 2  # the same record twice needs a second call


def test_what_dataverse_refuses_is_told(simulator: Simulator, person: str) -> None:
    simulator.env.tables["contact"].columns["efm_code"] = "String"
    refused, fine = write(
        simulator, "contact",
        Item("r1", {"efm_code": "x" * 5000}, person),
        Item("r2", {"efm_code": "x"}, simulator.env.put("contact", lastname="b")),
    )  # fmt: skip
    assert not refused.ok
    assert "length" in refused.message
    assert "0x80044331" in refused.message
    assert fine.ok


def test_batches_take_a_hundred(simulator: Simulator) -> None:
    keys = [simulator.env.put("contact", lastname=f"n{n}") for n in range(230)]
    items = [Item(f"r{n}", {"efm_nps": n % 11}, key) for n, key in enumerate(keys)]
    outcomes = write(simulator, "contact", *items)
    assert [each.key for each in outcomes] == [each.key for each in items]
    assert all(each.ok for each in outcomes)
    assert batched(simulator) == 3
    assert write(simulator, "contact") == []
    assert batched(simulator) == 3


@pytest.mark.parametrize(
    ("target", "table", "text", "lookup"),
    [
        ("task of ours", "task", "subject", "regardingobjectid"),
        ("annotation of ours", "annotation", "notetext", "objectid"),
        ("incident of ours", "incident", "title", "customerid"),
    ],
)
def test_records_of_ours_are_made_once(
    simulator: Simulator, person: str, target: str, table: str, text: str, lookup: str
) -> None:
    (first,) = write(simulator, target, Item("O'Brien; 1", {text: "made"}, person))
    assert (first.ok, first.created) == (True, True), first.message
    row = simulator.env.rows[table][first.remote_id]
    assert row[lookup] == ("contact", person)
    row[lookup] = ("contact", id_of("moved on"))
    (again,) = write(simulator, target, Item("O'Brien; 1", {text: "changed"}, person))
    assert (again.ok, again.created, again.remote_id) == (True, False, first.remote_id)
    assert simulator.env.rows[table][first.remote_id][text] == "changed"
    assert row[lookup] == ("contact", id_of("moved on"))
    (other,) = write(simulator, target, Item("2", {text: "made"}, person))
    assert other.remote_id != first.remote_id


def test_new_and_known_records_of_ours_keep_their_order(simulator: Simulator, person: str) -> None:
    write(simulator, "task of ours", Item("b", {"subject": "x"}, person))
    items = [Item(k, {"subject": k, "description": None}, person) for k in "abc"]
    nobody = Item("d", {"subject": "d"}, id_of("nobody"))
    wrong = [Item("e", {"description": "no subject"}, person), Item("", {"subject": "x"}, person),
             Item("g", {"subject": "x"}, "not an id")]  # fmt: skip
    outcomes = write(simulator, "task of ours", *items, nobody, *wrong)
    assert [each.key for each in outcomes] == ["a", "b", "c", "d", "e", "", "g"]
    assert [each.ok for each in outcomes] == [True, True, True, False, False, False, False]
    assert [each.created for each in outcomes][:3] == [True, False, True]
    assert all(each.message for each in outcomes[3:])
    assert sorted(row["subject"] for row in simulator.env.rows["task"].values()) == ["a", "b", "c"]


def test_a_case_needs_its_customer(simulator: Simulator) -> None:
    (outcome,) = write(simulator, "incident of ours", Item("r1", {"title": "x"}))
    assert not outcome.ok
    assert "contact or account" in outcome.message


def test_a_task_needs_none(simulator: Simulator) -> None:
    (outcome,) = write(simulator, "task of ours", Item("r1", {"subject": "x"}))
    assert outcome.ok
    assert simulator.env.rows["task"][outcome.remote_id]["regardingobjectid"] is None


def test_an_answer_that_was_lost_makes_no_second_record(simulator: Simulator, person: str) -> None:
    connector = connect(simulator)
    target = connector.target("task of ours")
    simulator.faults += [Reply(502, None), Reply(503, None)]
    (outcome,) = connector.write(target, [Item("r1", {"subject": "x"}, person)])
    assert outcome.ok
    assert len(simulator.env.rows["task"]) == 1


def test_a_missing_privilege_is_told_for_each(simulator: Simulator, person: str) -> None:
    simulator.refused["contacts("] = lacking("prvWriteContact")
    (outcome,) = write(simulator, "contact", Item("r1", {"efm_nps": 1}, person))
    assert "prvWriteContact" in outcome.message
    assert not outcome.retry


def test_throttling_within_a_batch_is_throttling(simulator: Simulator, person: str) -> None:
    simulator.refused["contacts("] = limited(77)
    with pytest.raises(Throttled) as caught:
        write(simulator, "contact", Item("r1", {"efm_nps": 1}, person))
    assert caught.value.until == 77


def test_what_may_go_well_later_is_said(simulator: Simulator, person: str) -> None:
    busy = b'{"error": {"code": "0x80072322", "message": "slow down"}}'
    parts = [
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 5\r\n\r\n" + busy,
        b"HTTP/1.1 500 Internal Server Error\r\n\r\n<html>",
        b"HTTP/1.1 412 Precondition Failed\r\n\r\n",
    ]
    body = b"".join(b"--x\r\nContent-Type: application/http\r\n\r\n" + p + b"\r\n" for p in parts)
    kind = {"Content-Type": "multipart/mixed; boundary=x"}
    simulator.refused["$batch"] = Reply(200, body + b"--x--\r\n", **kind)
    items = [Item(f"r{n}", {"efm_nps": n}, id_of(f"p{n}")) for n in range(4)]
    outcomes = write(simulator, "contact", *items)
    assert [each.ok for each in outcomes] == [True, False, False, False]
    assert [each.retry for each in outcomes] == [False, True, True, True]
    assert all(each.message and "<" not in each.message for each in outcomes[1:])


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (limited(), Throttled),
        (Reply(200, {"value": []}), Transient),
        (Reply(200, "<html>x</html>"), Transient),
        (Reply(200, b"", Content_Type="multipart/mixed; boundary=x"), Transient),
        (Reply(200, b"--x\r\n\r\nnonsense\r\n--x--", Content_Type="multipart/mixed; boundary=x"), Transient),
        (Reply(200, b"--x\r\n\r\nHTTP/1.1 204 No Content\r\n--x\r\n\r\nHTTP/1.1 204 OK\r\n--x--", Content_Type="multipart/mixed; boundary=x"), Transient),
        (Reply(200, b"--x", Content_Type="multipart/mixed"), Transient),
        (Reply(403, {"error": {"code": "0x80040220", "message": "missing prvWriteX"}}), ConfigError),
        (Reply(400, {"error": {"code": "0x80060888", "message": "malformed"}}), ConfigError),
    ],
)  # fmt: skip
def test_strange_answers_to_a_batch_are_named(
    simulator: Simulator, person: str, fault: Reply, error: type[ConnectorError]
) -> None:
    connector = connect(simulator)
    target = connector.target("contact")
    simulator.refused["$batch"] = fault
    with pytest.raises(error):
        list(connector.write(target, [Item("r1", {"efm_nps": 1}, person)]))


def test_a_batch_is_what_the_guide_says() -> None:
    content, headers = batches.compose(
        [Operation("contacts(1)", {"If-Match": "*"}, {"a": "é\r\n--x", "b": None})]
    )
    boundary = headers["Content-Type"].partition('boundary="')[2].removesuffix('"')
    lines = content.decode("ascii").split("\r\n")
    assert lines == [
        f"--{boundary}", "Content-Type: application/http", "Content-Transfer-Encoding: binary", "",
        "PATCH /api/data/v9.2/contacts(1) HTTP/1.1", "Content-Type: application/json; type=entry",
        "If-Match: *", "", json.dumps({"a": "é\r\n--x", "b": None}), f"--{boundary}--", "",
    ]  # fmt: skip
    assert headers["Prefer"] == "odata.continue-on-error"


def test_answers_are_read_with_their_bodies() -> None:
    body = (
        "--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        'HTTP/1.1 429 Too Many Requests\r\nRetry-After: 9\r\nX: é\r\n\r\n{"error": "é"}\r\n'
        "--b\nContent-Type: application/http\n\nHTTP/1.1 204 No Content\nOData-Version: 4.0\n\n\n--b--"
    )
    said = httpx.Response(
        200, content=body.encode(), headers={"Content-Type": "multipart/mixed; boundary=b"}
    )
    first, second = batches.read(said, 2)
    assert (first.status, first.headers["retry-after"], first.is_ok) == (429, "9", False)
    assert json.loads(first.content) == {"error": "é"}
    assert (second.status, second.content, second.is_ok) == (204, b"", True)


@pytest.mark.parametrize(
    ("value", "kind", "wanted"),
    [
        (None, "text", None), ("x", "text", "x"), (5, "text", "5"), (Decimal("1.50"), "text", "1.50"),
        (date(2026, 1, 2), "text", "2026-01-02"), (True, "boolean", True), (9, "integer", 9),
        (9.0, "integer", 9), (Decimal("8.5"), "decimal", 8.5), (8, "float", 8),
        (datetime.fromisoformat("2026-01-02T03:00"), "datetime", "2026-01-02T03:00:00Z"),
        (date(2026, 1, 2), "datetime", "2026-01-02T00:00:00Z"),
        (date(2026, 1, 2), "date", "2026-01-02"), ("2026-01-02", "date", "2026-01-02"),
        ("2026-01-02T03:04:05+02:00", "datetime", "2026-01-02T01:04:05Z"),
        (datetime(2026, 1, 2, tzinfo=UTC), "date", "2026-01-02"),
    ],
)  # fmt: skip
def test_values_that_are_sent(value: Any, kind: str, wanted: Any) -> None:
    assert sendable("c", value, kind) == wanted


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (True, "integer"), (8.5, "integer"), ("9", "integer"), (float("nan"), "float"),
        (Decimal("Infinity"), "decimal"), ("yes", "boolean"), (1, "boolean"), (["x"], "text"),
        ("soon", "date"), (5, "datetime"), ("x" * 1_048_577, "text"), (True, "text"), ("x", "json"),
    ],
)  # fmt: skip
def test_values_that_are_not(value: Any, kind: str) -> None:
    with pytest.raises(ValueError, match="The column c"):
        sendable("c", value, kind)


HOSTILE = ["", "a'b", "a b", "a)", "a/b", "1a", "a\n", "ä", "a" * 129, "a,b", "a%20"]


@pytest.mark.parametrize("text", HOSTILE)
def test_only_names_get_into_addresses(text: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        name(text)
    with pytest.raises(ValueError, match="record"):
        record("contacts", text)
    assert guid(text) == ""


def test_only_ids_get_into_filters() -> None:
    key = id_of("a")
    hostile = [f'{key}"]) or (1 eq 1', "x", key.upper(), f"{key}\n", "０" + key[1:]]
    wanted = f"Microsoft.Dynamics.CRM.In(PropertyName='contactid',PropertyValues=[\"{key}\"])"
    assert among("contactid", [key, *hostile]) == wanted
    assert guid_in(f"https://x/api/data/v9.2/contacts({key.upper()})") == key
    odd: Mapping[str, Any] = {"a": 5}
    assert guid(odd) == guid_in(odd) == guid_in("nothing") == ""


def test_our_ids_never_change() -> None:
    assert ours("task", "r1") == "f6e19682-9c83-5c89-bf2e-4585654dfa33"
    assert len({ours("task", "r1"), ours("task", "r2"), ours("incident", "r1")}) == 3
