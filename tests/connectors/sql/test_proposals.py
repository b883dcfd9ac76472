"""What tables are taken for, and the mappings they propose, judged by the records these make."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.records import Stream
from connectors.systems.sql.guessing import guess, kind_of
from tests.connectors.sql.test_sqlite import Shop


@pytest.mark.parametrize(
    ("name", "columns", "entity"),
    [
        ("orders", "", "order"), ("sale_order", "", "order"), ("SalesOrderHeader", "", "order"),
        ("tbl_Orders", "", "order"), ("sales", "", "order"), ("shop.Purchases", "", "order"),
        ("order_line", "", "order_line"), ("OrderDetails", "", "order_line"), ("sale_order_items", "", "order_line"),
        ("account_invoice", "", "invoice"), ("billing_invoices", "", "invoice"), ("ar", "", "invoice"),
        ("account_payment", "", "payment"), ("refunds", "", "payment"), ("contracts", "", "subscription"),
        ("subscriptions", "", "subscription"), ("opportunities_opportunity", "", "opportunity"), ("crm_lead", "", "opportunity"),
        ("products", "", "product"), ("item_master", "", "product"), ("stock_move", "", "stock_event"),
        ("inventory_transactions", "", "stock_event"), ("tickets_ticket", "", "interaction"), ("complaints", "", "interaction"),
        ("companies", "", "account"), ("customers", "first_name last_name", "contact"), ("customers", "company_name vat", "account"),
        ("persons_contact", "", "contact"), ("people", "", "contact"), ("stats", "metric value", "measurement"),
        ("unnamed", "first_name last_name email", "contact"),
    ],
)  # fmt: skip
def test_a_table_is_taken_for_what_its_last_word_says(name: str, columns: str, entity: str) -> None:
    assert guess(name, columns.split()) == (entity, True)


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("payment_terms", ""), ("order_status", ""), ("invoice_line", ""), ("customer_address", ""),
        ("account", "id accno description"), ("person_to_company", ""), ("file_order", ""), ("border", ""),
        ("product_category", ""), ("cart_items", ""), ("x", ""), ("", ""), ("123", "a b c"),
    ],
)  # fmt: skip
def test_what_only_sounds_alike_is_not_clear(name: str, columns: str) -> None:
    assert guess(name, columns.split())[1] is False


def test_the_kind_of_an_interaction_is_its_tables() -> None:
    assert [kind_of(n) for n in ("support_tickets", "calls", "Complaints", "things")] == [
        "ticket", "call", "support_contact", "event",
    ]  # fmt: skip


SHOP = (
    "CREATE TABLE companies (id INTEGER PRIMARY KEY, company_name TEXT, website TEXT, updated_at DATETIME)",
    "CREATE TABLE people (id INTEGER PRIMARY KEY, first_name TEXT, last_name TEXT, email TEXT, phone TEXT, employer INTEGER REFERENCES companies (id), mrr NUMERIC)",
    "CREATE TABLE items (sku TEXT PRIMARY KEY, name TEXT, category TEXT)",
    "CREATE TABLE sales_orders (id INTEGER PRIMARY KEY, buyer INTEGER REFERENCES people (id), created_by INTEGER REFERENCES people (id), order_date DATETIME, total NUMERIC, currency TEXT, status TEXT)",
    "CREATE TABLE sales_order_lines (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES sales_orders (id), item TEXT REFERENCES items (sku), qty INTEGER, price NUMERIC)",
    "CREATE TABLE invoices (id INTEGER PRIMARY KEY, company_id INTEGER, invoice_date DATE, due_date DATE, total NUMERIC, status TEXT)",
    "CREATE TABLE payments (id INTEGER PRIMARY KEY, invoice_id INTEGER, company_id INTEGER, payment_date DATETIME, amount NUMERIC, method TEXT)",
    "CREATE TABLE contracts (id INTEGER PRIMARY KEY, company_id INTEGER, start_date DATE, end_date DATE, status TEXT, fee NUMERIC)",
    "CREATE TABLE deals (id INTEGER PRIMARY KEY, company_id INTEGER, title TEXT, stage TEXT, status TEXT, amount NUMERIC, close_date DATE)",
    "CREATE TABLE tickets (id INTEGER PRIMARY KEY, person_id INTEGER REFERENCES people (id), subject TEXT, status TEXT, created_at DATETIME)",
    "CREATE TABLE stock_movements (id INTEGER PRIMARY KEY, item TEXT REFERENCES items (sku), kind TEXT, qty NUMERIC, moved_at DATETIME)",
    "INSERT INTO companies VALUES (7, 'Zoë Ltd', 'zoe.example', '2026-01-02 03:04:05')",
    "INSERT INTO people VALUES (1, 'Ana', 'Ünal', 'Ana@Example.com', '020 7946 0000', 7, 49.5), (2, 'Bo', 'Ek', 'none', 'ask', 7, NULL)",
    "INSERT INTO items VALUES ('A-1', 'Anvil', 'Iron')",
    "INSERT INTO sales_orders VALUES (10, 1, 2, '2026-07-01 12:00:00', 99.9, 'USD', 'Shipped')",
    "INSERT INTO sales_order_lines VALUES (100, 10, 'A-1', 3, 33.3)",
    "INSERT INTO invoices VALUES (20, 7, '2026-01-05', 'someday', 99.9, 'Posted')",
    "INSERT INTO payments VALUES (30, 20, 7, '2026-01-06 00:00:00', 99.9, 'Card')",
    "INSERT INTO contracts VALUES (40, 7, '2026-01-01', '9999-99-99', 'Running', 5)",
    "INSERT INTO deals VALUES (50, 7, 'Big', 'Proposal', 'whatever', 1000, '2026-09-01')",
    "INSERT INTO tickets VALUES (60, 1, 'Broken', 'open', '2026-01-05 08:00:00')",
    "INSERT INTO stock_movements VALUES (70, 'A-1', 'Sale', -3, '2026-01-05 08:00:00')",
)  # fmt: skip

WANTED: dict[str, dict[str, Any]] = {
    "companies": {"external_id": "7", "name": "Zoë Ltd", "domain": "zoe.example", "modified_at": datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC)},
    "people": {"external_id": "1", "name": "Ana Ünal", "email": "ana@example.com", "phone": "+442079460000", "account_external_id": "7"},
    "items": {"external_id": "A-1", "name": "Anvil", "category": "Iron"},
    "sales_orders": {"contact_external_id": "1", "amount_minor": 9990, "currency": "USD", "state": "shipped", "ordered_at": datetime(2026, 7, 1, 10, tzinfo=UTC)},
    "sales_order_lines": {"order_external_id": "10", "product_external_id": "A-1", "quantity": 3, "amount_minor": 3330, "currency": "EUR"},
    "invoices": {"account_external_id": "7", "state": "open", "issued_on": date(2026, 1, 5), "due_on": None, "amount_minor": 9990, "currency": "EUR"},
    "payments": {"invoice_external_id": "20", "account_external_id": "7", "method": "card", "amount_minor": 9990},
    "contracts": {"state": "active", "started_on": date(2026, 1, 1), "ended_on": None, "amount_minor": 500},
    "deals": {"name": "Big", "stage": "Proposal", "state": "open", "amount_minor": 100000, "closes_on": date(2026, 9, 1)},
    "tickets": {"contact_external_id": "1", "kind": "ticket", "subject": "Broken", "outcome": "open"},
    "stock_movements": {"product_external_id": "A-1", "kind": "sale", "quantity": -3},
}  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path, *SHOP)


SETTINGS = {"zone": "Europe/Berlin", "currency": "EUR", "region": "GB"}


def test_proposed_mappings_make_the_right_records(shop: Shop) -> None:
    streams = {each.name: each for each in shop.connect(**SETTINGS).streams()}
    assert set(streams) == set(WANTED)
    for name, wanted in WANTED.items():
        mapping = streams[name].default_mapping
        assert mapping is not None, name
        assert mapping.problems() == {}, name
        records, _ = shop.read(name, **SETTINGS)
        made = mapping.apply(records[0])
        assert {field: getattr(made, field) for field in wanted} == wanted, name


def test_an_odd_value_of_an_optional_field_is_kept_beside(shop: Shop) -> None:
    stream = shop.connect(**SETTINGS).stream("people")
    records, _ = shop.read("people", **SETTINGS)
    assert stream.default_mapping is not None
    made: Any = stream.default_mapping.apply(records[1])
    assert (made.email, made.phone, made.name) == (None, None, "Bo Ek")
    assert made.attributes["email"] == "none"


def test_a_measurement_is_proposed_beside_a_customer(shop: Shop) -> None:
    stream = shop.connect(**SETTINGS).stream("people")
    records, _ = shop.read("people", **SETTINGS)
    (more,) = stream.more_mappings
    made: Any = more.apply(records[0])
    assert (made.metric, str(made.value)) == ("monthly_charges", "49.5")
    assert made.contact_external_id == "1"


def test_an_amount_without_a_currency_is_all_that_is_left_open(shop: Shop) -> None:
    stream = shop.connect(zone="UTC").stream("invoices")
    assert stream.default_mapping is not None
    assert set(stream.default_mapping.problems()) == {"amount_minor"}


def test_one_stream_is_offered_as_among_all(shop: Shop) -> None:
    every: dict[str, Stream] = {each.name: each for each in shop.connect(**SETTINGS).streams()}
    for name, stream in every.items():
        assert shop.connect(**SETTINGS).stream(name) == stream


def test_a_flag_is_told_only_where_records_carry_it(tmp_path: Path) -> None:
    made = Shop(
        tmp_path,
        "CREATE TABLE a (id INTEGER PRIMARY KEY, updated_at DATETIME, is_deleted BOOLEAN)",
        "CREATE TABLE b (id INTEGER PRIMARY KEY, updated_at DATETIME)",
        "CREATE TABLE c (id INTEGER PRIMARY KEY, is_deleted BOOLEAN)",
    )
    assert {e.name: e.deletes for e in made.connect().streams()} == {
        "a": "soft",
        "b": "none",
        "c": "sweep",
    }


def test_what_others_refer_to_goes_before_a_key_of_several(tmp_path: Path) -> None:
    made = Shop(
        tmp_path,
        "CREATE TABLE company (id INTEGER NOT NULL UNIQUE, entity INTEGER, name TEXT, PRIMARY KEY (entity, name))",
        "CREATE TABLE invoices (id INTEGER PRIMARY KEY, party INTEGER REFERENCES company (id), total NUMERIC, invoice_date DATE)",
    )
    streams = {each.name: each for each in made.connect(currency="EUR").streams()}
    assert streams["company"].key == ("id",)
    mapping = streams["invoices"].default_mapping
    assert mapping is not None
    assert ("party", "account_external_id") in [(e.source, e.target) for e in mapping.fields]
