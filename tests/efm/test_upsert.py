"""Canonical records become customers once, whatever the order and however often they come."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from sqlalchemy import func, select

from connectors.canonical import Account, Contact, Interaction, Measurement
from efm import clock
from efm.customers import sources
from efm.customers.upsert import upsert
from efm.models import Account as AccountRow
from efm.models import Connection, Identity
from efm.models import Contact as ContactRow
from efm.models import Interaction as InteractionRow
from efm.models import Measurement as MeasurementRow
from tests.factories import House

THEN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _order(external_id: str, who: str, amount: int = 2500) -> Interaction:
    return Interaction(
        external_id=external_id, contact_external_id=who, kind="order", occurred_at=THEN,
        amount_minor=amount, currency="EUR",
    )  # fmt: skip


def test_a_page_of_everything_is_stored_once(house: House) -> None:
    page = [
        Account(external_id="a1", name="Acme", domain="acme.example"),
        Contact(external_id="c1", account_external_id="a1", name="Dora", email="dora@acme.example"),
        _order("o1", "c1"),
        Measurement(
            external_id="m1", account_external_id="a1", metric="churn", value=Decimal(0),
            measured_on=date(2026, 4, 1),
        ),
    ]  # fmt: skip
    with house.unit() as session:
        source = sources.own_connection(session, sources.API)
        first = upsert(session, source.id, page, clock.now())
        again = upsert(session, source.id, page, clock.now())
        interaction = session.scalars(select(InteractionRow)).one()
        account = session.scalars(select(AccountRow)).one()
    assert (first.created, first.updated, first.unchanged) == (4, 0, 0)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 4)
    assert interaction.account_id == account.id


def test_history_before_its_customer_makes_the_customer_and_its_record_fills_it(
    house: House,
) -> None:
    with house.unit() as session:
        source = sources.own_connection(session, sources.API)
        upsert(session, source.id, [_order("o1", "c9")], clock.now())
        upsert(session, source.id, [Contact(external_id="c9", name="Emil")], clock.now())
        contact = session.scalars(select(ContactRow)).one()
    assert contact.name == "Emil"


def test_two_systems_meet_by_mail_then_by_phone_and_never_on_conflict(house: House) -> None:
    with house.unit() as session:
        crm = sources.own_connection(session, "crm").id
        shop = sources.own_connection(session, "shop").id
        upsert(
            session,
            crm,
            [
                Contact(external_id="1", name="Dora", email="dora@x.example", phone="+49301234567"),
                Contact(external_id="2", name="Emil", email="emil@x.example", phone="+49307654321"),
            ],
            clock.now(),
        )
        upsert(
            session,
            shop,
            [
                Contact(external_id="s1", email="dora@x.example"),
                Contact(external_id="s2", phone="+49307654321"),
                Contact(external_id="s3", email="other@x.example", phone="+49307654321"),
            ],
            clock.now(),
        )
        rows = session.execute(
            select(Identity.external_id, Identity.matched_by, ContactRow.name)
            .join(ContactRow, ContactRow.id == Identity.contact_id)
            .join(Connection, Connection.id == Identity.connection_id)
            .where(Connection.name == "shop")
        ).all()
    assert {tuple(row) for row in rows} == {
        ("s1", "email", "Dora"),
        ("s2", "phone", "Emil"),
        ("s3", "external_id", ""),
    }


def test_one_page_with_the_same_person_twice_makes_one_contact(house: House) -> None:
    with house.unit() as session:
        source = sources.own_connection(session, sources.API)
        upsert(
            session,
            source.id,
            [
                Contact(external_id="1", email="dora@x.example"),
                Contact(external_id="2", email="dora@x.example", name="Dora"),
                Contact(external_id="3", email="dora@x.example", phone="+49301234567"),
            ],
            clock.now(),
        )
        contact = session.scalars(select(ContactRow)).one()
        assert session.scalar(select(func.count()).select_from(Identity)) == 3
        session.refresh(contact)
    assert (contact.name, contact.phone) == ("Dora", "+49301234567")


def test_money_and_numbers_stay_exact(house: House) -> None:
    with house.unit() as session:
        source = sources.own_connection(session, sources.API)
        upsert(
            session,
            source.id,
            [
                Measurement(external_id="m", contact_external_id="c", metric="rate", value=Decimal("0.1")),
                Measurement(
                    external_id="n", contact_external_id="c", metric="revenue",
                    amount_minor=9007199254740993, currency="EUR",
                ),
            ],
            clock.now(),
        )  # fmt: skip
        found = {m.external_id: m for m in session.scalars(select(MeasurementRow))}
    assert found["m"].value == Decimal("0.100000")
    assert found["m"].measured_on is None
    assert found["n"].amount_minor == 9007199254740993


def test_a_strangers_customers_never_match(house: House, stranger: House) -> None:
    for each in (house, stranger):
        with each.unit() as session:
            source = sources.own_connection(session, sources.API)
            upsert(session, source.id, [Contact(external_id="1", email="d@x.example")], clock.now())
            assert session.scalar(select(func.count()).select_from(ContactRow)) == 1


def test_attributes_may_hold_numbers_of_any_size(house: House) -> None:
    with house.unit() as session:
        source = sources.own_connection(session, sources.API)
        record = Contact(external_id="1", attributes={"serial": 2**90})
        upsert(session, source.id, [record], clock.now())
        assert upsert(session, source.id, [record], clock.now()).unchanged == 1
