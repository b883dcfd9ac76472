"""Reading a simulated Odoo: what belongs to a stream, what leaves it, what is gone, and resuming."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.errors import ConfigError, CursorExpired, NotSupported
from connectors.systems.odoo import reading
from tests.connectors.odoo.simulator import Simulator, failing
from tests.connectors.odoo.sources import connect, gone, ids, pages, records
from tests.connectors.odoo.store import Database


def after(server: Simulator, stream: str, state: Any = None, **more: Any) -> dict[str, Any]:
    """The state after reading the stream to its end."""
    return dict(pages(server, stream, state, **more)[-1].state)


def test_each_version_is_called_its_own_way(server: Simulator, database: Database) -> None:
    connect(server).check()
    paths = {each.path for each in server.asked}
    is_new = database.version == "19.0"
    assert ("/json/2/res.users/context_get" in paths) is is_new
    assert ("/xmlrpc/2/object" in paths) is not is_new
    assert "/web/version" in paths
    for each in server.asked:
        assert ("authorization" in each.headers) is each.path.startswith("/json/2")


@pytest.mark.parametrize("version", ["saas~19.2", "22.0", "19.0", "20.1"])
def test_later_versions_are_called_by_json(server: Simulator, version: str) -> None:
    server.databases["acme"] = Database("19.0")
    body = {"version": version, "version_info": [version]}

    def told(asked: Any, answer: Any) -> Any:
        return failing(200, body) if asked.path == "/web/version" else None

    server.fault = told
    assert f"Odoo {version} by JSON-2" in connect(server, login="").check().who


@pytest.mark.parametrize("version", ["saas~18.3", "17.0", "16.0+e", "18.0"])
def test_earlier_versions_are_called_by_xml(server: Simulator, version: str) -> None:
    server.databases["acme"] = Database("18.0")
    connector = connect(server)
    connector._server.__dict__["version"] = version
    assert f"Odoo {version} by XML-RPC" in connector.check().who


def test_both_ways_tell_the_same(server: Simulator) -> None:
    database = server.databases["acme"] = Database("19.0")
    acme = database.put("res.partner", name="Łukasz & <Söhne>", is_company=True, x_remark="a\nb")
    ada = database.put("res.partner", name="Ada", parent_id=acme, x_nps=9, x_score=0.1)
    order = database.put("sale.order", name="S1", partner_id=ada, amount_total=33.33,
                         currency_id=1, state="sale")  # fmt: skip
    database.put("sale.order.line", name="Desk", order_id=order, state="sale")
    database.put("crm.lead", name="Big", partner_id=acme, active=False, probability=0.0)
    database.put("account.move", name="INV/1", partner_id=ada, move_type="out_refund",
                 state="posted", payment_state="paid", amount_total=1e9 / 3,
                 invoice_payments_widget={"content": [{"date": "2026-11-05"}]})  # fmt: skip
    found = []
    for version in ("19.0", "17.0"):
        database.version = version
        names = [each.name for each in connect(server).streams()]
        found.append({name: records(pages(server, name)) for name in names})
    assert found[0] == found[1]
    assert sum(len(each) for each in found[0].values()) == 6


def test_companies_and_people_are_told_apart(server: Simulator, database: Database) -> None:
    acme = database.put("res.partner", name="Acme", is_company=True)
    ada = database.put("res.partner", name="Ada", parent_id=acme)
    database.put("res.partner", name="Acme, back door", parent_id=acme, type="delivery")
    bob = database.put("res.partner", name="Bob", active=False)
    branch = database.put("res.partner", name="Acme East", is_company=True, parent_id=acme)
    companies, people = (
        records(pages(server, name)) for name in ("res.partner.company", "res.partner")
    )
    assert [(each["id"], each.get("_parent")) for each in companies] == [
        (acme, None),
        (branch, acme),
    ]
    assert [(each["id"], each.get("_account")) for each in people] == [(ada, acme), (bob, None)]
    assert [each["active"] for each in people] == [True, False], "what is archived is read too"


def test_who_turns_into_a_company_leaves_the_people(server: Simulator, database: Database) -> None:
    made = database.put("res.partner", name="Ada & Co")
    people, companies = after(server, "res.partner"), after(server, "res.partner.company")
    database.put("res.partner", made, is_company=True)
    found = pages(server, "res.partner", people, deletions_hours=720)
    assert (ids(found), gone(found)) == ([], [str(made)])
    assert ids(pages(server, "res.partner.company", companies)) == [made]


def test_only_orders_that_were_placed_are_orders(server: Simulator, database: Database) -> None:
    who = database.put("res.partner", name="Ada")
    quote = database.put("sale.order", name="S1", state="sent", partner_id=who, currency_id=1)
    state = after(server, "sale.order", deletions_hours=720)
    database.put("sale.order", quote, state="sale")
    found = pages(server, "sale.order", state, deletions_hours=720)
    assert (ids(found), gone(found)) == ([quote], [])
    database.put("sale.order", quote, state="cancel")
    found = pages(server, "sale.order", found[-1].state, deletions_hours=720)
    assert (ids(found), gone(found)) == ([], [str(quote)])


def test_lines_are_read_again_with_their_order(server: Simulator, database: Database) -> None:
    order = database.put("sale.order", name="S1", state="sale")
    line = database.put("sale.order.line", name="Desk", order_id=order, state="sale")
    database.put("sale.order.line", name="A section", order_id=order, state="sale",
                 display_type="line_section")  # fmt: skip
    database.tick(600)
    found = pages(server, "sale.order.line")
    assert ids(found) == [line]
    database.put("sale.order", order, name="S1b")
    assert ids(pages(server, "sale.order.line", found[-1].state)) == [line]


def test_what_has_no_time_of_change_is_read(server: Simulator, database: Database) -> None:
    state = after(server, "res.partner")
    made = database.put("res.partner", name="by hand")
    database.rows["res.partner"][made]["write_date"] = None
    assert ids(pages(server, "res.partner", state)) == [made]


def test_a_read_reaches_back(server: Simulator, database: Database) -> None:
    database.put("res.partner", name="early")
    database.tick(200)
    state = after(server, "res.partner")
    late = database.put("res.partner", name="seen late", write_date="2026-11-01 08:01:00.000000")
    assert ids(pages(server, "res.partner", state, lag_seconds=0)) == []
    assert late in ids(pages(server, "res.partner", state, lag_seconds=300))


# --- what is gone ----------------------------------------------------------------------------


@pytest.fixture
def blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small blocks, so that a few records fill several."""
    monkeypatch.setattr(reading, "BLOCK", 4)
    monkeypatch.setattr(reading, "IDS", 8)


def fill(database: Database, count: int) -> list[int]:
    """That many people."""
    return [database.put("res.partner", name=f"n{number}") for number in range(count)]


@pytest.mark.usefixtures("blocks")
def test_deletions_are_found_over_many_blocks(server: Simulator, database: Database) -> None:
    fill(database, 30)
    database.put("res.partner", name="Acme", is_company=True)
    fill(database, 10)
    state = after(server, "res.partner")
    for number in (1, 7, 8, 9, 10, 11, 25, 41):
        database.drop("res.partner", number)
    database.tick(60)
    found = pages(server, "res.partner", state)
    assert ids(found) == []
    assert set(gone(found)) >= {"1", "7", "8", "9", "10", "11", "25", "41"}
    alive = {str(number) for number in database.rows["res.partner"]} - {"31"}
    assert not alive & set(gone(found))
    again = pages(server, "res.partner", found[-1].state)
    assert gone(again) == [], "what was told is told once"


@pytest.mark.usefixtures("blocks")
def test_what_came_and_went_between_two_walks_is_gone(
    server: Simulator, database: Database
) -> None:
    fill(database, 3)
    state = after(server, "res.partner")
    fill(database, 20)
    state = after(server, "res.partner", state, deletions_hours=720)
    for number in (21, 22, 23):
        database.drop("res.partner", number)
    assert set(gone(pages(server, "res.partner", state))) >= {"21", "22", "23"}


@pytest.mark.usefixtures("blocks")
def test_what_goes_during_the_first_pass_is_gone(server: Simulator, database: Database) -> None:
    fill(database, 12)
    connector = connect(server)
    found = []
    for number, page in enumerate(connector.read(connector.stream("res.partner"), {})):
        found.append(page)
        if number == 4:
            database.drop("res.partner", 2)
    assert 2 in ids(found), "it was read before"
    assert "2" in gone(pages(server, "res.partner", found[-1].state))


@pytest.mark.usefixtures("blocks")
def test_a_walk_that_is_cut_goes_on(server: Simulator, database: Database) -> None:
    fill(database, 40)
    state = after(server, "res.partner")
    for number in (3, 20, 39):
        database.drop("res.partner", number)
    database.tick(60)
    told: set[str] = set()
    while True:
        found = pages(server, "res.partner", state)[:1]
        told |= set(gone(found))
        state = json.loads(json.dumps(found[0].state))
        if "until" not in state:
            break
    assert told >= {"3", "20", "39"}
    assert not told & {str(number) for number in database.rows["res.partner"]}


def test_ids_are_walked_now_and_then_only(server: Simulator, database: Database) -> None:
    fill(database, 5)
    state = after(server, "res.partner", deletions_hours=24)
    database.drop("res.partner", 4)
    database.tick(3600)
    found = pages(server, "res.partner", state, deletions_hours=24)
    assert gone(found) == []
    database.tick(24 * 3600)
    assert gone(pages(server, "res.partner", found[-1].state, deletions_hours=24)) == ["4"]


def test_the_state_stays_small(server: Simulator, database: Database) -> None:
    found = reading._compared(range(1, 1_000_001), 0, None, {}, False)
    assert len(json.dumps(found[1])) < 25_000
    told, _ = reading._compared([1], 0, None, {"blocks": {}, "top": 10**15}, True)
    assert len(told) == reading.BLOCK - 2, "a leap of the ids tells no more than its block"


@pytest.mark.parametrize(
    "state",
    [
        {"since": "x"}, {"since": 5}, {"until": [], "after": 1}, {"until": "2026-11-01", "after": "x"},
        {"since": "2026-11-01", "blocks": []}, {"since": "2026-11-01", "blocks": {"a": 1}},
        {"since": "2026-11-01", "blocks": {"1": "x"}}, {"since": "2026-11-01", "top": "9"},
        {"since": "2026-11-01", "walked": 5}, {"since": "2026-11-01", "fresh": {"1": None}},
    ],
)  # fmt: skip
def test_a_damaged_state_starts_anew(
    server: Simulator, database: Database, state: dict[str, Any]
) -> None:
    with pytest.raises(CursorExpired):
        pages(server, "res.partner", state)


# --- what is offered -------------------------------------------------------------------------


def test_what_is_not_installed_is_not_offered(server: Simulator, database: Database) -> None:
    database.without("helpdesk.ticket", "stock.move", "account.payment")
    del database.models["sale.order"]["is_subscription"]
    names = {each.name for each in connect(server).streams()}
    assert {"res.partner", "sale.order", "account.move"} <= names
    for name in ("helpdesk.ticket", "stock.move", "account.payment", "sale.subscription"):
        assert name not in names
        with pytest.raises(NotSupported):
            connect(server).stream(name)
    check = connect(server).check()
    assert check.ok
    assert not any("helpdesk" in note for note in check.notes)


def test_what_the_user_may_not_read_is_said(server: Simulator, database: Database) -> None:
    database.denied |= {("account.move", "read"), ("account.payment", "read")}
    check = connect(server).check()
    assert any("customer invoices, customer payments" in each for each in check.notes)
    with pytest.raises(NotSupported):
        connect(server).stream("account.move")


def test_a_user_who_may_read_nothing_is_refused(server: Simulator, database: Database) -> None:
    database.denied |= {(model, "read") for model in database.models}
    with pytest.raises(ConfigError, match="may read nothing"):
        connect(server).check()


def test_a_stream_that_went_away_is_told(server: Simulator, database: Database) -> None:
    connector = connect(server)
    stream = connector.stream("helpdesk.ticket")
    database.without("helpdesk.ticket")
    with pytest.raises(NotSupported, match="helpdesk tickets"):
        list(connect(server).read(stream, {}))


def test_secrets_and_pictures_are_not_read(server: Simulator, database: Database) -> None:
    fields = connect(server).stream("res.partner").fields
    assert {"x_remark", "x_secret", "x_nps"} <= set(fields), "fields of their own are read"
    assert "image_1920" not in fields
    assert not any("token" in name for name in fields)


def test_an_old_odoo_needs_a_user_name(server: Simulator) -> None:
    server.databases["acme"] = Database("17.0")
    with pytest.raises(ConfigError) as caught:
        connect(server, login="").check()
    assert set(caught.value.errors) == {"login"}
    with pytest.raises(ConfigError) as caught:
        connect(server, "", login="").check()
    assert set(caught.value.errors) == {"database", "login"}


def test_a_key_of_nobody_is_refused(server: Simulator, database: Database) -> None:
    with pytest.raises(ConfigError) as caught:
        connect(server, key="wrong").check()
    assert "key" in caught.value.errors
    with pytest.raises(ConfigError) as caught:
        connect(server, "nope").check()
    assert "database" in caught.value.errors
