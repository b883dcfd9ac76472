"""The customer's whole history: each kind of record stored once, told on the time line, deleted again."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from connectors.canonical import (
    Account,
    Contact,
    Invoice,
    Opportunity,
    Order,
    OrderLine,
    Payment,
    Product,
    Record,
    StockEvent,
    Subscription,
)
from connectors.entities import ENTITIES
from connectors.mapping import suggest
from connectors.records import Page, Stream
from efm import clock, models
from efm.customers import identity, sources
from efm.customers.facts import FACTS
from efm.customers.upsert import upsert
from efm.sync import control
from efm.sync.intake import Intake
from tests.efm.connected import words
from tests.factories import House

THEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
EUR: dict[str, Any] = {"currency": "EUR"}
WHO = {"contact_external_id": "c1", "account_external_id": "a1"}
KINDS: tuple[Any, ...] = (
    Opportunity(
        external_id="d1", **WHO, name="New line", stage="Signed", state="won", opened_at=THEN,
        closes_on=date(2026, 3, 9), amount_minor=250_000, **EUR,
    ),
    Order(
        external_id="o1", **WHO, number="SO-1", state="shipped", channel="web", ordered_at=THEN,
        amount_minor=9_900, **EUR,
    ),
    OrderLine(
        external_id="l1", order_external_id="o1", product_external_id="p1", name="Router",
        quantity=Decimal("2.5"), amount_minor=9_900, **EUR,
    ),
    Invoice(
        external_id="i1", **WHO, number="RE-1", issued_on=date(2026, 3, 2), due_on=date(2026, 3, 16),
        amount_minor=9_900, **EUR,
    ),
    Payment(
        external_id="b1", **WHO, invoice_external_id="i1", method="card",
        paid_at=THEN + timedelta(days=3), amount_minor=9_900, **EUR,
    ),
    Subscription(
        external_id="s1", **WHO, name="Fibre 250", state="active", started_on=date(2026, 3, 3),
        renews_on=date(2027, 3, 3), interval="month", amount_minor=3_990, **EUR,
    ),
    Product(external_id="p1", name="Router", number="R-2", category="Devices"),
    StockEvent(
        external_id="t1", product_external_id="p1", kind="sale", quantity=Decimal(-2),
        occurred_at=THEN,
    ),
)  # fmt: skip
PEOPLE: tuple[Record, ...] = (
    Account(external_id="a1", name="Acme"),
    Contact(external_id="c1", account_external_id="a1", name="Dora", email="dora@acme.example"),
)
IDS = [type(each).__name__ for each in KINDS]


def _store(house: House, *records: Record) -> tuple[int, int, int]:
    with house.unit() as session:
        source = sources.own_connection(session, "CRM")
        found = upsert(session, source.id, records, clock.now())
        return found.created, found.updated, found.unchanged


def _row(house: House, kind: str) -> Any:
    table = next(f.table for f in FACTS.values() if f.record.__name__ == kind)
    model = next(
        each for each in vars(models).values() if getattr(each, "__tablename__", None) == table
    )
    with house.unit() as session:
        return session.scalars(select(model)).one()


def test_every_entity_has_a_table_for_all_of_its_fields() -> None:
    assert set(FACTS) == set(ENTITIES) - {"account", "contact"}
    keys = {"external_id", "contact_external_id", "account_external_id", "modified_at"}
    for name, fact in FACTS.items():
        assert set(fact.columns) == {each.name for each in ENTITIES[name].fields} - keys, name
        assert fact.record is ENTITIES[name].record


@pytest.mark.parametrize("record", KINDS, ids=IDS)
def test_a_record_is_stored_once_and_changed_when_it_differs(house: House, record: Any) -> None:
    assert _store(house, *PEOPLE, record) == (3, 0, 0)
    assert _store(house, record) == (0, 0, 1)
    changed = replace(record, attributes={"note": "new"})
    assert _store(house, changed) == (0, 1, 0)
    row = _row(house, type(record).__name__)
    assert row.attributes == {"note": "new"}
    fact = next(each for each in FACTS.values() if each.record is type(record))
    for name in fact.columns:
        assert getattr(row, name) == getattr(record, name), name
    if fact.is_of_customer:
        assert row.contact_id
        assert row.account_id


def test_a_record_finds_its_account_through_its_contact(house: House) -> None:
    invoice = Invoice(
        external_id="i", contact_external_id="c1", issued_on=date(2026, 1, 1), amount_minor=1, **EUR
    )
    _store(house, *PEOPLE, invoice)
    assert _row(house, "Invoice").account_id is not None


def test_an_invoice_with_a_day_of_payment_is_paid(house: House) -> None:
    invoice = Invoice(
        external_id="i", **WHO, issued_on=date(2026, 1, 1), paid_on=date(2026, 1, 5),
        amount_minor=100, **EUR,
    )  # fmt: skip
    _store(house, invoice)
    assert _row(house, "Invoice").state == "paid"
    _store(house, replace(invoice, state="void"))
    assert _row(house, "Invoice").state == "void"


def _page(house: House, query: str = "", who: str = "contact") -> str:
    with house.unit() as session:
        source = sources.own_connection(session, "CRM")
        name = {"contact": "c1", "account": "a1"}[who]
        found: uuid.UUID = identity.known(session, source.id, who, [name])[name]
    place = "/customers/accounts/" if who == "account" else "/customers/"
    return words(house.login("analyst").get(f"{place}{found}{query}"))


@pytest.mark.parametrize("who", ["contact", "account"])
def test_the_time_line_tells_all_of_it_in_order(house: House, who: str) -> None:
    _store(house, *PEOPLE, *KINDS)
    page = _page(house, who=who)
    told = ["won", "Payment · ", "Fibre 250", "RE-1", "SO-1"]
    places = [page.index(each, page.index("What happened")) for each in told]
    assert places == sorted(places), "the newest first"
    assert "Router — web · shipped" in page
    assert "€2,500.00" in page
    assert "Active, €39.90 each month, since 3 Mar 2026, renews on 3 Mar 2027" in page
    assert re.search(r"Overdue\s+€99.00 in 1 entry", page)
    assert re.search(r"Deals won\s+€2,500.00 in 1 entry", page)
    assert "RE-1" not in _page(house, "?show=interaction", who)
    assert "RE-1" in _page(house, "?show=money", who)


def test_what_began_and_ended_the_same_day_is_told_twice(house: House) -> None:
    day = date(2026, 5, 5)
    _store(house, *PEOPLE, Subscription(
        external_id="s", **WHO, name="Trial plan", state="ended", started_on=day, ended_on=day,
    ))  # fmt: skip
    page = _page(house, "?show=money")
    assert page.index("ended") < page.index("started")


def test_a_long_story_is_paged_without_loss(house: House) -> None:
    moments = [THEN + timedelta(minutes=n // 3) for n in range(130)]
    _store(house, *PEOPLE, *(
        Order(external_id=f"o{n}", **WHO, number=f"Order-{n}-x", ordered_at=at)
        for n, at in enumerate(moments)
    ))  # fmt: skip
    client, seen = house.login("analyst"), []
    with house.unit() as session:
        source = sources.own_connection(session, "CRM")
        found = identity.known(session, source.id, "contact", ["c1"])["c1"]
    url = f"/customers/{found}?show=money"
    for _ in range(4):
        text = client.get(url).text
        seen += re.findall(r"Order-(\d+)-x", text)
        more = re.search(r'href="([^"]*after=[^"]+)"', text)
        if not more:
            break
        url = more.group(1).replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 130


STREAM = Stream(name="invoices", key=("id",), entity="invoice", deletes="tombstones")
RAW = {
    "id": "7", "customer": "c1", "invoice_date": "2026-03-01", "due_date": "2026-03-15",
    "total": "99.90", "currency": "EUR", "status": "open",
}  # fmt: skip


def test_invoices_of_a_source_are_mapped_stored_and_deleted_with_it(house: House) -> None:
    mapping = suggest("invoice", list(RAW), [RAW], ("id",))
    assert mapping.problems() == {}
    with house.unit() as session:
        source = sources.own_connection(session, "CRM")
        intake = Intake(session, source.id, STREAM, [mapping], 1, clock.now())
        taken = intake.take(Page([RAW, {**RAW, "id": "8", "status": "half"}], {}))
        assert (taken.counts.created, taken.rejected) == (1, 1)
        held = control.held(session, source.id)
        assert (held["invoices"], held["rejected_records"]) == (1, 1)
        row = session.scalars(select(models.Invoice)).one()
        assert (row.amount_minor, row.due_on, row.state) == (9_990, date(2026, 3, 15), "open")
        reason = session.scalars(select(models.RejectedRecord.reason)).one()
        assert "“half”, which is none of: draft, open, paid, void" in reason
        intake.take(Page([], {}, ["7"]))
        assert session.scalars(select(models.Invoice)).all() == []
        assert control.held(session, source.id)["invoices"] == 0


def test_a_connection_takes_its_history_along(house: House) -> None:
    _store(house, *PEOPLE, *KINDS)
    with house.unit() as session:
        source = sources.own_connection(session, "CRM")
        assert sum(control.held(session, source.id).values()) == len(KINDS) + 2
        assert "1 order line" in control.held_words(session, source.id)
        while control.remove_part(session, source.id, most=1):
            continue
        assert set(control.held(session, source.id).values()) == {0}
        assert session.scalars(select(models.Contact.name)).all() == ["Dora"]


def test_another_organization_sees_none_of_it(house: House, stranger: House) -> None:
    _store(house, *PEOPLE, *KINDS)
    with stranger.unit() as session:
        for fact in FACTS.values():
            model = next(m for m in vars(models).values()
                         if getattr(m, "__tablename__", None) == fact.table)  # fmt: skip
            assert session.scalars(select(model)).all() == []


def test_a_change_that_comes_late_does_not_undo_a_newer_one(house: House) -> None:
    fields = {**RAW, "updated_at": "2026-03-02T10:00:00Z"}
    mapping = suggest("invoice", list(fields), [fields], ("id",))
    newer = {**fields, "status": "paid", "updated_at": "2026-03-03T10:00:00Z"}
    with house.unit() as session:
        source = sources.own_connection(session, "CRM")
        intake = Intake(session, source.id, STREAM, [mapping], 1, clock.now())

        def state() -> str:
            return session.scalars(
                select(models.Invoice).execution_options(populate_existing=True)
            ).one().state  # fmt: skip

        intake.take(Page([newer], {}))
        taken = intake.take(Page([fields], {}))
        assert (taken.counts.updated, taken.counts.unchanged, state()) == (0, 1, "paid")
        same_time = {**newer, "status": "void"}
        assert intake.take(Page([same_time], {})).counts.updated == 1
        assert state() == "void"
        intake.take(Page([], {}, ["7"]))
        assert intake.take(Page([fields], {})).counts.created == 1, "it is there again"
