"""The proposed mappings on records as Odoo tells them, read over the simulated server."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.errors import RecordError
from connectors.mapping import Mapping
from connectors.records import ENTITIES
from connectors.systems.odoo.tables import TABLES
from tests.connectors.odoo.simulator import Simulator
from tests.connectors.odoo.sources import connect, mapped, pages, records
from tests.connectors.odoo.store import Database


@pytest.fixture
def database(server: Simulator) -> Database:
    """One protocol is enough here; that both tell the same is tested with reading."""
    server.databases["acme"] = found = Database("19.0")
    return found


def test_all_mappings_are_whole(server: Simulator, database: Database) -> None:
    offered = connect(server).streams()
    assert len(offered) == len(TABLES) - 1, "subscriptions are of one kind or the other"
    for stream in offered:
        mapping = stream.default_mapping
        assert mapping is not None
        assert mapping.problems() == {}, stream.name
        assert Mapping.from_document(mapping.document()).document() == mapping.document()
        assert mapping.entity == stream.entity in ENTITIES
        sources = {each.source for each in mapping.fields if each.source}
        assert sources <= set(stream.fields), stream.name


def test_a_company(server: Simulator, database: Database) -> None:
    parent = database.put("res.partner", name="Group", is_company=True)
    land, tag = database.put("res.country", name="Germany"), []
    tag = [database.put("res.partner.category", name=each) for each in ("Gold", "B2B")]
    found = mapped(
        server, database, "res.partner.company", name="Łukasz AG", is_company=True,
        website="https://www.Lukasz.example/shop", parent_id=parent, country_id=land,
        category_id=tag,
    )  # fmt: skip
    assert (found.name, found.domain, found.parent_external_id) == (
        "Łukasz AG", "lukasz.example", str(parent)
    )  # fmt: skip
    assert found.attributes["country"] == "Germany"
    assert found.attributes["tags"] == "Gold, B2B"


@pytest.mark.parametrize("website", [None, "ask us", "http://[", "localhost", "//", "x" * 300])
def test_a_company_without_a_domain(
    server: Simulator, database: Database, website: str | None
) -> None:
    found = mapped(
        server, database, "res.partner.company", name="X", is_company=True, website=website
    )
    assert found.domain is None


def test_a_person(server: Simulator, database: Database, customer: dict[str, int]) -> None:
    found = mapped(
        server, database, "res.partner", name="Ana", email=" Ana@Example.com ", lang="pt_BR",
        phone="030 901820", phone_sanitized="+4930901820", parent_id=customer["acme"],
        function="Buyer", x_nps=9,
    )  # fmt: skip
    assert (found.name, found.email, found.phone) == ("Ana", "ana@example.com", "+4930901820")
    assert (found.language, found.account_external_id) == ("pt-BR", str(customer["acme"]))
    assert (found.attributes["function"], found.attributes["x_nps"]) == ("Buyer", 9)
    assert found.modified_at == database.now.replace(microsecond=0)


def test_a_person_with_little_and_wrong(server: Simulator, database: Database) -> None:
    found = mapped(server, database, "res.partner", name="X", email="no address", phone="ask her")
    assert (found.email, found.phone, found.language) == (None, None, None)
    assert found.attributes["_phone"] == "ask her"


def test_phones_without_a_country_are_of_the_one_set(server: Simulator, database: Database) -> None:
    database.put("res.partner", name="X", phone="030 901820")
    connector = connect(server, region="de")
    stream = connector.stream("res.partner")
    (raw,) = (each for page in connector.read(stream, {}) for each in page.records)
    assert stream.default_mapping is not None
    assert stream.default_mapping.apply(raw).phone == "+4930901820"


@pytest.mark.parametrize(
    ("values", "state", "closes"),
    [
        ({"won_status": "won", "date_closed": "2026-11-03 09:00:00"}, "won", date(2026, 11, 3)),
        ({"won_status": "lost", "active": False, "probability": 0.0}, "lost", date(2026, 12, 1)),
        ({"won_status": "pending", "probability": 100.0}, "open", date(2026, 12, 1)),
        ({"won_status": None, "active": False, "probability": 0.0}, "lost", date(2026, 12, 1)),
        ({"won_status": None, "probability": 100.0}, "won", date(2026, 12, 1)),
        ({"won_status": None, "probability": 40.0}, "open", date(2026, 12, 1)),
    ],
)  # fmt: skip
def test_the_state_of_a_lead(
    server: Simulator, database: Database, customer: dict[str, int], values: dict[str, Any],
    state: str, closes: date,
) -> None:  # fmt: skip
    found = mapped(server, database, "crm.lead", name="Big", partner_id=customer["ada"],
                   date_deadline="2026-12-01", expected_revenue=1200.505, **values)  # fmt: skip
    assert (found.state, found.closes_on) == (state, closes)
    assert (found.amount_minor, found.currency) == (120051, "EUR")
    assert (found.contact_external_id, found.account_external_id) == (
        str(customer["ada"]), str(customer["acme"])
    )  # fmt: skip


def test_a_lead_of_nobody_known(server: Simulator, database: Database) -> None:
    values = {"name": "Windows", "email_from": "Tom@Example.com", "contact_name": "Tom"}
    lead = mapped(server, database, "crm.lead", **values)
    contact = records(pages(server, "crm.lead.person"))
    mapping = connect(server).stream("crm.lead.person").default_mapping
    assert mapping is not None
    person = mapping.apply(contact[0])
    assert lead.contact_external_id == person.external_id == f"crm.lead,{lead.external_id}"
    assert (person.name, person.email) == ("Tom", "tom@example.com")
    assert mapped(server, database, "crm.lead", name="Nobody at all") is None


def test_an_order_and_its_lines(
    server: Simulator, database: Database, customer: dict[str, int]
) -> None:
    order = mapped(
        server, database, "sale.order", name="S00001", state="sale", partner_id=customer["door"],
        date_order="2026-11-02 09:30:00", amount_total=119.0, currency_id=1,
    )  # fmt: skip
    assert (order.number, order.state) == ("S00001", "sale")
    assert (order.amount_minor, order.currency) == (11900, "EUR")
    assert order.ordered_at == datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
    assert (order.contact_external_id, order.account_external_id) == (None, str(customer["acme"]))
    desk = database.put("product.product", name="Desk")
    line = mapped(
        server, database, "sale.order.line", order_id=int(order.external_id), product_id=desk,
        name="Desk\nwith drawers", product_uom_qty=2.0, price_subtotal=100.0, currency_id=1,
        state="sale",
    )  # fmt: skip
    assert (line.order_external_id, line.product_external_id) == (order.external_id, str(desk))
    assert (line.name, line.quantity, line.amount_minor) == ("Desk with drawers", Decimal(2), 10000)


PAID = {"content": [{"date": "2026-11-05"}, {"date": "2026-11-09"}, {"date": False}, 5]}


@pytest.mark.parametrize(
    ("values", "state", "amount", "paid"),
    [
        ({"payment_state": "not_paid"}, "open", 11900, None),
        ({"payment_state": "partial", "invoice_payments_widget": PAID}, "open", 11900, None),
        ({"payment_state": "paid", "invoice_payments_widget": PAID}, "paid", 11900,
         date(2026, 11, 9)),
        ({"payment_state": "in_payment", "invoice_payments_widget": '{"content": 5}'}, "paid",
         11900, None),
        ({"payment_state": "reversed", "invoice_payments_widget": PAID}, "paid", 11900, None),
        ({"state": "cancel", "posted_before": True}, "void", 11900, None),
        ({"state": "draft", "posted_before": True}, "draft", 11900, None),
        ({"move_type": "out_refund"}, "open", -11900, None),
    ],
)  # fmt: skip
def test_an_invoice(
    server: Simulator, database: Database, customer: dict[str, int], values: dict[str, Any],
    state: str, amount: int, paid: date | None,
) -> None:  # fmt: skip
    usual = {"state": "posted", "move_type": "out_invoice", "payment_state": "not_paid"}
    found = mapped(
        server, database, "account.move", **{
            "name": "INV/1", "partner_id": customer["eve"], "invoice_date": "2026-11-01",
            "invoice_date_due": "2026-12-01", "amount_total": 119.0, "currency_id": 1,
            **usual, **values,
        },
    )  # fmt: skip
    assert (found.number, found.state, found.amount_minor) == ("INV/1", state, amount)
    assert (found.issued_on, found.due_on) == (date(2026, 11, 1), date(2026, 12, 1))
    assert (found.paid_on, found.contact_external_id) == (paid, str(customer["eve"]))


@pytest.mark.parametrize(
    "values",
    [{"state": "draft", "name": "/"}, {"state": "posted", "move_type": "in_invoice"},
     {"state": "posted", "move_type": "entry"}],
)  # fmt: skip
def test_what_is_no_customer_invoice(
    server: Simulator, database: Database, values: dict[str, Any]
) -> None:
    usual = {"move_type": "out_invoice", "amount_total": 1.0, "invoice_date": "2026-11-01"}
    assert mapped(server, database, "account.move", **{**usual, **values}) is None


def test_an_invoice_without_a_currency_is_refused(
    server: Simulator, database: Database, customer: dict[str, int]
) -> None:
    with pytest.raises(RecordError, match="has no currency"):
        mapped(server, database, "account.move", name="INV/1", state="posted", amount_total=1.0,
               move_type="out_invoice", invoice_date="2026-11-01",
               partner_id=customer["eve"])  # fmt: skip


@pytest.mark.parametrize(("way", "amount"), [("inbound", 5000), ("outbound", -5000)])
def test_a_payment(
    server: Simulator, database: Database, customer: dict[str, int], way: str, amount: int
) -> None:
    bank, inv = database.put("account.journal", name="Bank"), database.put("account.move", name="I")
    found = mapped(
        server, database, "account.payment", state="paid", payment_type=way, currency_id=1,
        partner_type="customer", partner_id=customer["ada"], date="2026-11-05", amount=50.0,
        journal_id=bank, reconciled_invoice_ids=[inv],
    )  # fmt: skip
    assert (found.amount_minor, found.currency, found.method) == (amount, "EUR", "bank")
    assert found.invoice_external_id == str(inv)
    assert found.paid_at == datetime(2026, 11, 5, tzinfo=UTC)
    draft = {"payment_type": way, "partner_type": "customer", "state": "draft"}
    assert mapped(server, database, "account.payment", **draft) is None


def test_a_product(server: Simulator, database: Database) -> None:
    category = database.put("product.category", name="Furniture")
    found = mapped(server, database, "product.product", name="Desk", default_code="D-1",
                   categ_id=category)  # fmt: skip
    assert (found.name, found.number, found.category) == ("Desk", "D-1", "Furniture")
