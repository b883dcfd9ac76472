"""What is written back to a simulated Odoo: fields, notes and records of ours, and refusals."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from connectors.errors import ConfigError, NotSupported, Throttled, Transient
from connectors.records import Item, Outcome
from connectors.systems.odoo.connector import Odoo
from tests.connectors.odoo.simulator import Asked, Simulator, failing
from tests.connectors.odoo.sources import connect
from tests.connectors.odoo.store import KEY, Database

HOSTILE = ["a.b", "a b", "a/b", "a%2Eb", "’; DROP", "日本", "<b>", '"', "%", "_", " a", "a" * 200]


@pytest.fixture
def ada(database: Database) -> str:
    """The id of a person, looked after by a colleague."""
    seller = database.put("res.users", name="Sally", login="sally")
    return str(database.put("res.partner", name="Ada", user_id=seller))


def write(connector: Odoo, name: str, *items: Item) -> list[Outcome]:
    """The outcomes of writing these items to a target."""
    return list(connector.write(connector.target(name), items))


def test_what_may_be_written(server: Simulator, database: Database) -> None:
    found = {each.name: each for each in connect(server).targets()}
    assert set(found) == {
        "res.partner", "res.partner.company", "note", "lead", "activity", "ticket"
    }  # fmt: skip
    assert set(found["res.partner"].fields) == {
        "x_remark", "x_nps", "x_score", "x_day", "x_when", "x_flag"
    }, "only fields of people's own making, and those not read-only"  # fmt: skip
    assert found["lead"].appears_in == "crm.lead"
    assert found["ticket"].appears_in == "helpdesk.ticket"


def test_only_what_the_user_may_write_is_offered(server: Simulator, database: Database) -> None:
    database.denied |= {("res.partner", "write"), ("crm.lead", "create")}
    database.without("helpdesk.ticket")
    connector = connect(server)
    assert [each.name for each in connector.targets()] == ["note", "activity"]
    for name in ("res.partner", "lead", "ticket"):
        with pytest.raises(NotSupported):
            connector.target(name)
    assert any("x_nps_score" in note for note in connector.check().notes)
    database.denied.add(("res.partner", "read"))
    assert list(connect(server).targets()) == []


def test_fields_are_written_and_emptied(server: Simulator, database: Database, ada: str) -> None:
    values: dict[str, Any] = {
        "x_remark": "wörld 👍 <b>\nx", "x_nps": 9, "x_score": "4.5", "x_flag": True,
        "x_day": "2026-11-22", "x_when": "2026-11-22T10:00:00+02:00",
    }  # fmt: skip
    connector = connect(server)
    assert write(connector, "res.partner", Item("r1", values, ada))[0].ok
    row = database.rows["res.partner"][int(ada)]
    assert (row["x_remark"], row["x_nps"], row["x_score"]) == ("wörld 👍 <b>\nx", 9, 4.5)
    assert (row["x_flag"], row["x_day"], row["x_when"]) == (
        True, "2026-11-22", "2026-11-22 08:00:00"
    )  # fmt: skip
    assert row["name"] == "Ada"
    assert write(connector, "res.partner", Item("r2", dict.fromkeys(values), ada))[0].ok
    assert (row["x_remark"], row["x_nps"], row["x_flag"]) == (None, None, False)


def test_each_item_has_its_own_outcome(server: Simulator, database: Database, ada: str) -> None:
    acme = str(database.put("res.partner", name="Acme", is_company=True))
    items = [
        Item("r1", {"x_nps": 1}, ada), Item("r2", {"x_nps": "many"}, ada),
        Item("r3", {"name": "x"}, ada), Item("r4", {"x_nps": 1}, "999999"),
        Item("r5", {"x_nps": 1}, ""), Item("r6", {"x_nps": 1}, "1 OR 1"),
        Item("r7", {"x_nps": 1}, acme), Item("r8", {"x_nps": 1}, "9" * 30), Item("", {}, ada),
        Item("r9", {"x_remark": "\x00"}, ada), Item("ra", {"x_remark": "x" * 70_000}, ada),
        Item("rb", {"x_secret": "x"}, ada), Item("rc", {"x_nps": 2}, ada), Item("rd", {}, ada),
        Item("re", {"x_nps": 1}, "-3"), Item("rf", {"x_nps": 1}, "²"), Item("rg", {"x_nps": 1}, "0"),
    ]  # fmt: skip
    found = write(connect(server), "res.partner", *items)
    assert [each.key for each in found] == [each.key for each in items]
    assert [each.key for each in found if each.ok] == ["r1", "rc", "rd"]
    assert all(each.message.endswith(".") and not each.retry for each in found if not each.ok)
    assert database.rows["res.partner"][int(ada)]["x_nps"] == 2
    (company,) = write(connect(server), "res.partner.company", Item("r7", {"x_nps": 5}, acme))
    assert company.ok


def test_more_items_than_a_batch(server: Simulator, database: Database, ada: str) -> None:
    items = [Item(f"r{n}", {"x_nps": n if n % 2 else "x"}, ada) for n in range(120)]
    found = write(connect(server), "res.partner", *items)
    assert [each.ok for each in found] == [bool(n % 2) for n in range(120)]
    assert list(connect(server).write(connect(server).target("note"), [])) == []


def test_notes_are_found_by_any_key(server: Simulator, database: Database, ada: str) -> None:
    connector = connect(server)
    items = [Item(key, {"body": f"Score <9>\n{key}"}, ada) for key in HOSTILE]
    made, again = write(connector, "note", *items), write(connector, "note", *items)
    assert all(each.ok and each.created for each in made)
    assert all(each.ok and not each.created for each in again)
    assert [each.remote_id for each in again] == [each.remote_id for each in made]
    rows = database.rows["mail.message"]
    assert len(rows) == len(HOSTILE)
    row = rows[int(made[0].remote_id or 0)]
    assert (row["body"], row["res_id"]) == ("<p>Score &lt;9&gt;<br>a.b</p>", int(ada))
    assert row["subtype_id"] == 2, "a note among colleagues, which the customer is not sent"


def test_a_note_of_another_customer_is_another(
    server: Simulator, database: Database, ada: str
) -> None:
    other, connector = str(database.put("res.partner", name="Eve")), connect(server)
    one, two = write(connector, "note", Item("r1", {"body": "x"}, ada),
                     Item("r1", {"body": "x"}, other))  # fmt: skip
    assert one.created
    assert two.created
    assert one.remote_id != two.remote_id


@pytest.mark.parametrize(
    ("name", "model", "values"),
    [
        ("lead", "crm.lead", {"name": "Call", "description": "a\n<b>", "priority": "2"}),
        ("activity", "mail.activity", {"summary": "Call", "note": "a\n<b>",
                                       "date_deadline": "2026-12-01"}),
        ("ticket", "helpdesk.ticket", {"name": "Late", "description": "a\n<b>"}),
    ],
)  # fmt: skip
def test_records_of_ours_are_made_once(
    server: Simulator, database: Database, ada: str, name: str, model: str, values: dict[str, Any]
) -> None:
    connector, rows = connect(server), database.rows[model]
    target = connector.target(name)
    items = [Item(key, values, ada) for key in HOSTILE]
    made, again = write(connector, name, *items), write(connector, name, *items)
    assert all(each.ok and each.created for each in made)
    assert all(each.ok and not each.created for each in again)
    assert [each.remote_id for each in again] == [each.remote_id for each in made]
    assert len(rows) == len(HOSTILE)
    row = rows[int(made[0].remote_id or 0)]
    partner = row["res_id"] if model == "mail.activity" else row["partner_id"]
    assert partner == int(ada)
    assert row["user_id"] == 3, "who looks after the customer looks after it"
    html = "note" if model == "mail.activity" else "description"
    assert row[html] == "<p>a<br>&lt;b&gt;</p>"
    (required,) = target.required
    (changed,) = write(connector, name, Item(HOSTILE[0], {required: "Changed"}, ada))
    assert changed.ok
    assert (row[required], row[html]) == ("Changed", "<p>a<br>&lt;b&gt;</p>")


def test_records_of_ours_that_are_refused(server: Simulator, database: Database, ada: str) -> None:
    items = [
        Item("r1", {"name": "x", "priority": "9"}, ada), Item("r2", {"name": ""}, ada),
        Item("r3", {"name": "x", "user_id": 999}, ada), Item("r4", {"name": "x"}, "999999"),
        Item("r5", {"name": "x", "date_deadline": "soon"}, ada),
        Item("r6", {"name": "x", "user_id": 2}, ada),
    ]  # fmt: skip
    found = write(connect(server), "lead", *items)
    assert [each.ok for each in found] == [False] * 5 + [True]
    assert "takes one of: 0, 1, 2, 3" in found[0].message
    assert "No matching record found" in found[2].message
    assert [row["user_id"] for row in database.rows["crm.lead"].values()] == [2]


def test_a_record_that_was_deleted_is_made_anew(
    server: Simulator, database: Database, ada: str
) -> None:
    connector = connect(server)
    (made,) = write(connector, "lead", Item("r1", {"name": "x"}, ada))
    database.drop("crm.lead", int(made.remote_id or 0))
    (again,) = write(connector, "lead", Item("r1", {"name": "x"}, ada))
    assert again.created
    assert again.remote_id != made.remote_id


def test_a_record_that_is_kept_from_us_is_told(
    server: Simulator, database: Database, ada: str
) -> None:
    connector = connect(server)
    write(connector, "activity", Item("r1", {"summary": "x"}, ada))
    database.denied.add(("mail.activity", "read"))
    (found,) = write(connect(server), "activity", Item("r1", {"summary": "y"}, ada))
    assert not found.ok
    assert "may not change it any more" in found.message


def test_an_answer_that_was_lost_makes_no_second_record(
    server: Simulator, database: Database, ada: str
) -> None:
    def losing(asked: Asked, answer: Any) -> Any:
        if b"load" not in asked.body and not asked.path.endswith("/load"):
            return None
        answer(asked)
        server.fault = None
        return failing(502, b"<html>Bad gateway</html>")

    connector, item = connect(server), Item("r1", {"name": "x"}, ada)
    target = connector.target("lead")
    server.fault = losing
    with pytest.raises(Transient):
        list(connector.write(target, [item]))
    (found,) = write(connector, "lead", item)
    assert (found.ok, found.created) == (True, False)
    assert len(database.rows["crm.lead"]) == 1


def test_what_concerns_all_items_is_raised(server: Simulator, database: Database, ada: str) -> None:
    connector = connect(server)
    target = connector.target("res.partner")
    writing = connector.write(target, [Item(f"r{n}", {"x_nps": n}, ada) for n in range(3)])
    assert next(iter(writing)).ok
    server.faults.append(failing(429, Retry_After="3600"))
    with pytest.raises(Throttled):
        next(iter(writing))


def test_an_odoo_that_went_away_is_no_refusal(
    server: Simulator, database: Database, ada: str
) -> None:
    connector = connect(server)
    target = connector.target("res.partner")
    server.fault = lambda asked, answer: failing(404, b"<html>Not Found</html>")
    with pytest.raises(ConfigError) as caught:
        list(connector.write(target, [Item("r1", {"x_nps": 1}, ada)]))
    assert set(caught.value.errors) == {"address", "database"}


def test_records_that_cannot_name_their_customer_are_not_offered(
    server: Simulator, database: Database
) -> None:
    del database.models["crm.lead"]["partner_id"], database.models["mail.activity"]["res_model_id"]
    del database.models["helpdesk.ticket"]["user_id"]
    found = {each.name: each for each in connect(server).targets()}
    assert {"note", "ticket"} <= set(found)
    assert not {"lead", "activity"} & set(found)
    eve = str(database.put("res.partner", name="Eve", user_id=2))
    (made,) = write(connect(server), "ticket", Item("r1", {"name": "Late"}, eve))
    assert made.created


def test_a_key_that_dies_on_the_way(server: Simulator, database: Database, ada: str) -> None:
    connector = connect(server)
    target = connector.target("res.partner")
    if database.version == "19.0":
        body = {"name": "werkzeug.exceptions.Unauthorized", "message": f"Invalid {KEY}"}
        server.faults += [failing(401, body)]
        with pytest.raises(ConfigError) as caught:
            list(connector.write(target, [Item("r1", {"x_nps": 1}, ada)]))
        assert "key" in caught.value.errors
        assert KEY not in caught.value.message


def test_a_refusal_never_shows_the_key(server: Simulator, database: Database, ada: str) -> None:
    def refusing(asked: Asked, answer: Any) -> Any:
        is_write = (
            asked.path.endswith("/write") or b"write</string></value>\n</param>" in asked.body
        )
        body = {"name": "odoo.exceptions.UserError", "message": f"Not with {KEY}"}
        if not is_write:
            return None
        if asked.path.startswith("/json"):
            return failing(422, body)
        fault = f"<int>2</int></value></member><member><name>faultString</name><value>{KEY}"
        text = (
            "<methodResponse><fault><value><struct><member><name>faultCode</name><value>"
            f"{fault}</value></member></struct></value></fault></methodResponse>"
        )
        return failing(200, text.encode())

    connector = connect(server)
    target = connector.target("res.partner")
    server.fault = refusing
    (found,) = connector.write(target, [Item("r1", {"x_nps": 1}, ada)])
    assert not found.ok
    assert "Odoo refuses" in found.message
    assert KEY not in found.message


def test_bodies_are_json_all_over(server: Simulator, database: Database, ada: str) -> None:
    write(connect(server), "note", Item("r1", {"body": "Łukasz"}, ada))
    for asked in server.asked:
        if asked.path.startswith("/json/2"):
            body = json.loads(asked.body)
            assert body["context"]["active_test"] is False
            assert httpx.URL(asked.path).path == asked.path
