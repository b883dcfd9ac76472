"""What is read of a real Tryton: the streams of a small company, late changes, and refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.errors import (
    ConfigError,
    ConnectorError,
    CursorExpired,
    EndlessCursor,
    NotSupported,
    Transient,
)
from connectors.guard import Guard
from connectors.outside import Outside
from connectors.records import Raw, Record
from connectors.systems.tryton.connector import Tryton
from tests.connectors.tryton import company
from tests.connectors.tryton.server import NOBODY, System, tryton
from tests.connectors.tryton.sources import Faulty, connected, emptied

# A real server of somebody else, which takes a minute to found: the full part waits for it.
pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The small company, which these tests only read."""
    with tryton(tmp_path_factory.mktemp("small"), "company") as system:
        yield system


def read(connector: Tryton, name: str, state: dict[str, Any] | None = None) -> list[Raw]:
    """All records of a stream, after checking that none was rejected."""
    pages = list(connector.read(connector.stream(name), state or {}))
    assert not [each for page in pages for each in page.rejected]
    return [each for page in pages for each in page.records]


def mapped(connector: Tryton, name: str, which: int = 0) -> dict[str, Any]:
    """The canonical records of a stream by their external ids."""
    stream = connector.stream(name)
    mapping = (stream.default_mapping, *stream.more_mappings)[which]
    assert mapping is not None
    found: list[Record] = [mapping.apply(each) for each in read(connector, name)]
    return {each.external_id: each for each in found}


def after(connector: Tryton, name: str) -> dict[str, Any]:
    """The state after all of a stream was read."""
    *_, last = connector.read(connector.stream(name), {})
    return dict(last.state)


def test_all_proposed_mappings_are_complete(small: System) -> None:
    streams = connected(small).streams()
    assert [each.name for each in streams] == [
        "party", "sale_opportunity", "sale", "sale_line", "product", "sale_complaint",
        "account_invoice", "payment", "sale_subscription", "dunning",
    ]  # fmt: skip
    for stream in streams:
        assert stream.label
        for mapping in (stream.default_mapping, *stream.more_mappings):
            assert mapping is not None
            assert mapping.problems() == {}
            assert {each.source for each in mapping.fields} - {""} <= set(stream.fields)


def test_a_party_is_an_account_and_a_contact(small: System) -> None:
    accounts = mapped(connected(small), "party")
    contacts = mapped(connected(small, region="gb"), "party", 1)
    (key,) = (key for key, each in contacts.items() if each.email == "customer1@example.com")
    assert contacts[key].name == accounts[key].name == "Zoë Łukasz"
    assert contacts[key].account_external_id == key
    assert contacts[key].phone == "+442079460001"
    assert accounts[key].attributes["city"] == "York"
    assert len(accounts) == len(contacts) >= 12


def test_opportunities_are_open_won_or_lost(small: System) -> None:
    found = mapped(connected(small), "sale_opportunity")
    assert [each.stage for each in found.values()] == [
        "lead", "lead", "opportunity", "lost", "cancelled", "lead"
    ]  # fmt: skip
    assert [each.state for each in found.values()] == ["open"] * 3 + ["lost"] * 2 + ["open"]
    first = found["1"]
    assert (first.name, first.currency) == ("Renewal", "EUR")
    assert first.amount_minor == 100_050 + 100 * int(first.account_external_id)
    assert first.opened_at == datetime(2026, 1, 15, tzinfo=UTC)


def test_invoices_are_open_or_paid(small: System) -> None:
    found = mapped(connected(small), "account_invoice")
    assert [each.state for each in found.values()] == ["paid"] * 3 + ["open"] * 5
    assert [each.paid_on is not None for each in found.values()] == [True] * 3 + [False] * 5
    assert [each.amount_minor for each in found.values()] == [10_000 + 100 * n for n in range(8)]
    assert all(each.due_on == each.issued_on for each in found.values())
    days = [each.issued_on for each in found.values()]
    assert days == sorted(days)


def test_payments_lead_to_their_invoices(small: System) -> None:
    found = mapped(connected(small), "payment")
    paid = {each.invoice_external_id: each.amount_minor for each in found.values()}
    assert paid == {"1": 10_000, "2": 10_100, "3": 10_200, "4": 4_000}
    assert {each.method for each in found.values()} == {"cash"}
    bills = mapped(connected(small), "account_invoice")
    for each in found.values():
        assert each.account_external_id == bills[each.invoice_external_id].account_external_id


def test_sales_have_lines_of_products(small: System) -> None:
    sales, lines = mapped(connected(small), "sale"), mapped(connected(small), "sale_line")
    products = mapped(connected(small), "product")
    assert {each.amount_minor for each in sales.values()} == {9_980}
    assert {each.order_external_id for each in lines.values()} == set(sales)
    for line in lines.values():
        assert products[line.product_external_id].name == line.name == "Support plan"
        assert (line.quantity, line.amount_minor) == (2, 9_980)


def test_a_draft_becomes_an_order_when_it_is_dated(server: System) -> None:
    number = company.sale(server, company.party(server, "Radia"), 1.0, None)
    server.age("sale.sale", "sale.line")
    sales, lines = after(connected(server), "sale"), after(connected(server), "sale_line")
    assert str(number) not in mapped(connected(server), "sale")
    server.write("sale.sale", number, {"sale_date": date(2026, 11, 1)})
    assert [each["id"] for each in read(connected(server), "sale", sales)] == [number]
    # The line itself was not touched, but its sale was.
    assert [each["sale"] for each in read(connected(server), "sale_line", lines)] == [number]


def test_interactions_of_two_models_do_not_mix(small: System) -> None:
    complaints = mapped(connected(small), "sale_complaint")
    dunnings = mapped(connected(small), "dunning")
    assert set(complaints) >= {f"sale.complaint,{number}" for number in range(1, 6)}
    assert set(dunnings) == {"account.dunning,1"}
    first, dunned = complaints["sale.complaint,1"], dunnings["account.dunning,1"]
    assert (first.kind, first.subject, first.outcome) == ("complaint", "Delivery", "waiting")
    assert (dunned.kind, dunned.subject, dunned.amount_minor) == ("dunning", "Reminders", 10_500)


def test_a_subscription_has_its_price_by_the_month(small: System) -> None:
    (found,) = mapped(connected(small), "sale_subscription").values()
    assert (found.name, found.state, found.interval) == ("Support", "active", "month")
    assert (found.amount_minor, found.currency) == (9_980, "EUR")


def test_a_credit_note_is_negative_and_a_cancelled_invoice_void(server: System) -> None:
    customer, today = company.party(server, "Hedy"), datetime.now(UTC).date()
    note = company.invoice(server, customer, "10.00", today, -2.0)
    gone = company.invoice(server, customer, "10.00", today, action="cancel")
    draft = company.invoice(server, customer, "10.00", today, action="validate_invoice")
    found = mapped(connected(server), "account_invoice")
    assert (found[str(note)].amount_minor, found[str(note)].state) == (-2_000, "open")
    assert (found[str(gone)].amount_minor, found[str(gone)].state) == (1_000, "void")
    assert str(draft) not in found
    assert read(connected(server), "payment") == []


def test_a_changed_address_is_a_change_of_the_party(server: System) -> None:
    emptied(server)
    number = company.party(server, "Ada", "ada@example.com")
    company.party(server, "Grace", "grace@example.com")
    server.age("party.party", "party.contact_mechanism", "party.address")
    state = after(connected(server), "party")
    assert read(connected(server), "party", state) == []
    mechanism = server.one("party.contact_mechanism", ["party", "=", number])
    server.write("party.contact_mechanism", mechanism, {"value": "lovelace@example.com"})
    (found,) = read(connected(server), "party", state)
    assert (found["id"], found["email"]) == (number, "lovelace@example.com")
    server.write("party.contact_mechanism", mechanism, {"active": False})
    (found,) = read(connected(server), "party", state)
    assert (found["id"], found["email"]) == (number, None)


def test_a_party_put_aside_is_read_with_its_flag(server: System) -> None:
    emptied(server)
    number = company.party(server, "Ada", "ada@example.com")
    server.write("party.party", number, {"active": False})
    found = {each["id"]: each["active"] for each in read(connected(server), "party")}
    assert found[number] is False
    assert connected(server).stream("party").deletes == "soft"


def test_pages_know_their_total_and_a_full_last_page_ends(server: System) -> None:
    emptied(server)
    own = len(server.find("party.party"))
    server.create_many("party.party", [{"name": f"n{each}"} for each in range(6 - own)])
    connector = connected(server)
    pages = list(connector.read(connector.stream("party"), {}))
    assert [len(page.records) for page in pages] == [3, 3, 0]
    assert {page.total for page in pages} == {6}
    assert set(pages[-1].state) == {"since"}


def test_a_check_tells_who_and_what(small: System) -> None:
    found = connected(small).check()
    assert found.ok
    assert found.who == "EFM integration of Example Ltd in the database “company”, Tryton 8.2"
    assert list(found.may)[1:] == ["write complaints of parties", "write notes on parties"]
    assert list(found.notes) == []


def test_a_missing_module_is_no_stream(server: System) -> None:
    connector = connected(server.of("bare"))
    assert [each.name for each in connector.streams()] == ["party"]
    found = connector.check()
    assert found.ok
    assert "not activated" in found.notes[0]
    assert "customer invoices" in found.notes[0]
    with pytest.raises(NotSupported, match="offers no stream"):
        connector.stream("sale")
    invoices = connected(server).stream("account_invoice")
    with pytest.raises(NotSupported, match="module is not activated"):
        list(connector.read(invoices, {}))


def test_a_stranger_is_told_what_is_kept_from_them(server: System) -> None:
    connector = connected(server, key=NOBODY)
    with pytest.raises(ConfigError, match="does not let the key’s user"):
        connector._server.count("sale.sale", [])
    assert {each.name for each in connector.streams()} == {"party", "product"}
    assert any("may not read" in each and "sales" in each for each in connector.check().notes)
    sales = connected(server).stream("sale")
    with pytest.raises(ConfigError, match="You are not allowed to access"):
        list(connector.read(sales, {}))


@pytest.mark.parametrize(
    ("settings", "setting"),
    [({"key": "canary-key"}, "key"), ({"database": "nowhere"}, "database"),
     ({"address": "http://127.0.0.2:1"}, "address")],
)  # fmt: skip
def test_wrong_settings_are_shown_at_their_field(
    server: System, settings: dict[str, str], setting: str
) -> None:
    connector = connected(server, **settings)
    with pytest.raises(ConfigError) as refused:
        connector.check()
    assert setting in refused.value.errors
    assert "canary" not in refused.value.message


def test_the_key_goes_nowhere_else(server: System) -> None:
    moved = httpx.Response(302, headers={"Location": "http://127.0.0.1:1/"})
    transport = Faulty(lambda request: moved)
    with pytest.raises(ConfigError, match="redirects"):
        connected(server, transport).check()
    assert len(transport.asked) == 1


ROWS = "/rest/model/party.party"
PLAIN = {"id": 5, "__name__": "party.party", "name": "x"}


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b'[{"id": 3, "na', Transient), (b"null", Transient), (b"{}", Transient),
        (b"[1]", Transient), (b'[{"name": "no id"}]', Transient), (b'[{"id": "5"}]', Transient),
        (b'[{"id": true}]', Transient), (b"<!doctype html><p>Hello", ConfigError),
        (json.dumps([PLAIN, PLAIN]).encode(), EndlessCursor),
        (json.dumps([{**PLAIN, "id": 9}, PLAIN]).encode(), EndlessCursor),
        (b"[" * 100_000, Transient),
    ],
)  # fmt: skip
def test_strange_answers_end_in_a_named_error(
    server: System, body: bytes, error: type[ConnectorError]
) -> None:
    def fault(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(200, content=body) if request.url.path.endswith(ROWS) else None

    connector = connected(server, Faulty(fault))
    with pytest.raises(error):
        list(connector.read(connector.stream("party"), {}))


@pytest.mark.parametrize("body", [b"null", b"[]", b'"x"', b"5", b"{}", b"[null]", b"[[]]"])
def test_strange_answers_to_any_question_are_survived(server: System, body: bytes) -> None:
    connector = connected(server, Faulty(lambda request: httpx.Response(200, content=body)))
    calls: tuple[Callable[[], Any], ...] = (
        connector.check, connector.streams, connector.targets,
        lambda: list(connector.read(connected(server).stream("party"), {})),
    )  # fmt: skip
    for call in calls:
        try:
            call()
        except ConnectorError as error:
            assert error.message  # noqa: PT017 - any named error will do, and none too


def test_one_damaged_record_is_rejected_alone(server: System) -> None:
    rows = [PLAIN, {**PLAIN, "id": 6, "name": {"__class__": "Decimal", "decimal": "x"}}]

    def fault(request: httpx.Request) -> httpx.Response | None:
        is_page = request.url.path.endswith(ROWS)
        return httpx.Response(200, json=rows) if is_page else None

    connector = connected(server, Faulty(fault))
    (page,) = connector.read(connector.stream("party"), {})
    assert [each["id"] for each in page.records] == [5]
    assert [each.external_id for each in page.rejected] == ["6"]


@pytest.mark.parametrize(
    "state", [{"since": "x"}, {"until": 5}, {"until": "2026-01-01", "after": "x"}]
)
def test_a_damaged_position_starts_anew(server: System, state: dict[str, Any]) -> None:
    connector = connected(server)
    with pytest.raises(CursorExpired):
        list(connector.read(connector.stream("party"), state))


def test_each_read_reaches_back_by_the_lag(server: System) -> None:
    before = datetime.now(UTC)
    state = after(connected(server, lag_seconds=600), "sale_complaint")
    since = datetime.fromisoformat(state["since"])
    assert timedelta(seconds=595) < before - since < timedelta(seconds=640)


def test_a_server_that_stops_is_a_passing_fault(tmp_path: Path) -> None:
    with tryton(tmp_path, "bare") as system:
        system.create_many("party.party", [{"name": f"n{each}"} for each in range(9)])
        outside = Outside(Guard(["127.0.0.1"]))  # the network itself, as in production
        connector = Tryton(system.config(page_size=3), outside)
        connector._server.http._sleep = lambda seconds: None
        pages = connector.read(connector.stream("party"), {})
        first = next(pages)
        assert len(first.records) == 3
    with pytest.raises(Transient, match=r"cannot be reached|broke the connection"):
        next(pages)
