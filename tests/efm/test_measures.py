"""Measurements derived of facts: what counts, for whom, and that it follows when facts change."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select, text

from connectors.canonical import (
    Account,
    Contact,
    Interaction,
    Invoice,
    Order,
    OrderLine,
    Payment,
    Record,
    Subscription,
)
from connectors.canonical import (
    Measurement as BroughtRecord,
)
from efm import clock
from efm.__main__ import main
from efm.config import Config
from efm.customers import facts, merging, separating, sources, story
from efm.customers.upsert import upsert
from efm.events.registry import Interrupted, JobContext
from efm.insight import linkage
from efm.jobs.clock import TICKS
from efm.jobs.load import load_registry
from efm.mail import make_mailer
from efm.measures import jobs, marks, settings
from efm.measures.declared import MEASURES
from efm.measures.deriving import Deriver, Done, Stopped
from efm.measures.relations import prelude
from efm.models import Identity, MeasureMark, Measurement, MeasureState
from efm.vault import Vault
from tests.efm.connected import post, words
from tests.efm.test_linkage import THEN as SAID_AT
from tests.efm.test_linkage import _say, _stage
from tests.factories import House

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
MARCH = datetime(2026, 3, 1, 12, tzinfo=UTC)
C1 = {"contact_external_id": "c1"}
C2 = {"contact_external_id": "c2"}
A1 = {"account_external_id": "a1"}


def order(key: str, amount: int | None, who: dict[str, str] = C1, **more: Any) -> Order:
    currency = None if amount is None else "EUR"
    given = {"ordered_at": MARCH, "currency": currency, **more}
    return Order(external_id=key, amount_minor=amount, **who, **given)


def invoice(key: str, amount: int, who: dict[str, str] = C1, **more: Any) -> Invoice:
    given = {"issued_on": date(2026, 3, 2), "state": "open", "currency": "EUR", **more}
    return Invoice(external_id=key, amount_minor=amount, **who, **given)


def ticket(key: str, who: dict[str, str] = C1, **more: Any) -> Interaction:
    return Interaction(external_id=key, **who, **{"kind": "ticket", "occurred_at": MARCH, **more})


def load(house: House, *records: Record, source: str = "Shop") -> None:
    with house.unit() as session:
        upsert(session, sources.own_connection(session, source).id, records, clock.now())


def derive(house: House, *, now: datetime = NOW, **more: Any) -> Done:
    return Deriver(house.engine, house.id, now=lambda: now, **more).run()


def turn_on(house: House, name: str, *, is_on: bool = True, **values: Any) -> None:
    with house.unit() as session:
        settings.save(session, name, is_on, values, clock.now())


def known(house: House, key: str, entity: str = "contact", source: str = "Shop") -> uuid.UUID:
    with house.unit() as session:
        connection = sources.own_connection(session, source).id
        query = select(Identity.contact_id, Identity.account_id).where(
            Identity.connection_id == connection,
            Identity.entity == entity,
            Identity.external_id == key,
        )
        return next(each for each in session.execute(query).one() if each)


def values(
    house: House, name: str, key: str = "c1", entity: str = "contact", source: str = "Shop"
) -> dict[Any, Any]:
    """Values by period and, for money, its currency."""
    who = known(house, key, entity, source)
    owner = Measurement.contact_id if entity == "contact" else Measurement.account_id
    metric = MEASURES[name].metric(entity)
    with house.unit() as session:
        rows = session.scalars(
            select(Measurement).where(owner == who, Measurement.metric == metric)
        )
        return {
            (row.measured_on, row.currency) if row.currency else row.measured_on:
            int(row.value) if row.value is not None else row.amount_minor
            for row in rows
        }  # fmt: skip


def euros(house: House, name: str = "revenue", key: str = "c1", **more: Any) -> int | None:
    """The value of March in euro cents."""
    return values(house, name, key, **more).get((date(2026, 3, 1), "EUR"))


def test_orders_count_where_a_connection_has_no_invoices(house: House) -> None:
    load(
        house, order("o1", 9_900), order("o2", 100), order("o3", 5_000, state="Cancelled"),
        order("o4", None), order("o5", 700, currency="USD"), order("o6", -400, state="shipped"),
        order("o7", 50, ordered_at=datetime(2026, 2, 28, 23, tzinfo=UTC)),
    )  # fmt: skip
    derive(house)
    assert values(house, "revenue") == {
        (date(2026, 2, 1), "EUR"): 50,
        (date(2026, 3, 1), "EUR"): 9_600,
        (date(2026, 3, 1), "USD"): 700,
    }
    assert values(house, "orders") == {date(2026, 2, 1): 1, date(2026, 3, 1): 5}


def test_an_order_and_its_invoice_count_once(house: House) -> None:
    load(house, order("o1", 9_900), invoice("i1", 9_000), invoice("i2", -1_000, state="paid"),
         invoice("i3", 77, state="void"), invoice("i4", 77, state="draft"))  # fmt: skip
    load(house, order("s1", 300), source="Second shop")
    derive(house)
    assert euros(house) == 8_000
    assert euros(house, source="Second shop") == 300
    assert values(house, "orders") == {date(2026, 3, 1): 1}


def test_the_first_invoice_of_a_connection_changes_what_its_orders_mean(house: House) -> None:
    load(house, order("o1", 9_900), order("o2", 500, C2))
    derive(house)
    assert euros(house, key="c2") == 500
    load(house, invoice("i1", 9_000))
    derive(house)
    assert (euros(house), euros(house, key="c2")) == (9_000, None)


def test_refunds_are_taken_off_where_there_are_no_credit_notes(house: House) -> None:
    def paid(key: str, amount: int, of: str | None) -> Payment:
        return Payment(external_id=key, **C1, invoice_external_id=of, paid_at=MARCH,
                       amount_minor=amount, currency="EUR")  # fmt: skip

    load(house, invoice("i1", 9_000), invoice("i2", 1_000, state="void"), paid("p1", 9_000, "i1"),
         paid("p2", -2_000, "i1"), paid("p3", -1_000, "i2"), paid("p4", -1, None))  # fmt: skip
    derive(house)
    assert euros(house) == 7_000
    load(house, invoice("n1", -2_000))
    derive(house)
    assert euros(house) == 7_000, "the credit note counts, and the refund of it no more"


def test_orders_told_as_interactions_count_where_there_are_no_others(house: House) -> None:
    told = ticket("x1", kind="order", amount_minor=450, currency="EUR")
    lost = ticket("x2", kind="order", amount_minor=1, currency="EUR", outcome="cancelled")
    load(house, told, lost)
    derive(house)
    assert euros(house) == 450
    load(house, order("o1", 100))
    derive(house)
    assert euros(house) == 100


def test_a_connection_can_be_left_out(house: House) -> None:
    load(house, order("o1", 100))
    load(house, invoice("i1", 100), Contact(external_id="c1"), source="ERP")
    with house.unit() as session:
        shop = str(sources.own_connection(session, "Shop").id)
    turn_on(house, "revenue", without=[shop])
    derive(house)
    assert values(house, "revenue") == {}
    assert euros(house, source="ERP") == 100


def test_days_and_months_are_those_of_the_organization(app: Any, engine: Any) -> None:
    house = House.found(app, engine, time_zone="Europe/Berlin")
    load(house, order("o1", 100, ordered_at=datetime(2026, 2, 28, 23, 30, tzinfo=UTC)))
    derive(house)
    assert values(house, "revenue") == {(date(2026, 3, 1), "EUR"): 100}
    turn_on(house, "revenue", period="quarter")
    derive(house)
    assert values(house, "revenue") == {(date(2026, 1, 1), "EUR"): 100}
    turn_on(house, "revenue", period="none")
    derive(house)
    derive(house, now=NOW + timedelta(days=1))
    assert values(house, "revenue") == {(date(2026, 3, 16), "EUR"): 100}


def test_margin_by_percentage_and_by_what_lines_cost(house: House) -> None:
    def line(key: str, of: str, amount: int, **attributes: Any) -> OrderLine:
        return OrderLine(external_id=key, order_external_id=of, amount_minor=amount, currency="EUR",
                         quantity=Decimal(2), attributes=attributes)  # fmt: skip

    load(house, order("o1", 10_000), order("o2", 500), order("o3", 900))
    turn_on(house, "margin", percent="12.5")
    derive(house)
    assert euros(house, "margin") == 1_425
    turn_on(house, "margin", source="lines")
    derive(house)
    assert euros(house, "margin") is None
    load(house, line("l1", "o1", 6_000, cost="20.50"), line("l2", "o1", 4_000, cost=10),
         line("l3", "o2", 500), line("l4", "o3", 900, cost="'; DROP TABLE orders"))  # fmt: skip
    assert derive(house).changed >= 1
    assert euros(house, "margin") == 6_950
    turn_on(house, "margin", source="lines", cost_of="piece")
    derive(house)
    assert euros(house, "margin") == 3_900


def test_cost_to_serve_by_channel_and_minute(house: House) -> None:
    load(house, ticket("t1", channel="Phone", duration_seconds=600), ticket("t2"),
         ticket("t3", channel="email", duration_seconds=-5),
         ticket("t4", kind="visit", duration_seconds=900))  # fmt: skip
    turn_on(house, "cost_to_serve", currency="EUR", per_contact="2", per_minute="0.5",
            prices={"phone": "6.00"})  # fmt: skip
    derive(house)
    assert euros(house, "cost_to_serve") == 600 + 500 + 200 + 200
    assert values(house, "tickets") == {date(2026, 3, 1): 3}
    turn_on(house, "cost_to_serve", currency="JPY", per_contact="300")
    derive(house)
    assert values(house, "cost_to_serve") == {(date(2026, 3, 1), "JPY"): 900}


def contract(key: str, who: dict[str, str] = C1, **more: Any) -> Subscription:
    return Subscription(external_id=key, **who, **{"started_on": date(2024, 2, 10), **more})


@pytest.mark.parametrize(
    ("contracts", "expected"),
    [
        ([{}], {date(2025, 2, 1): 1, date(2026, 2, 1): 1}),
        ([{"renews_on": date(2026, 8, 1)}], {date(2024, 8, 1): 1, date(2025, 8, 1): 1}),
        ([{"state": "ended", "ended_on": date(2025, 2, 9)}], {date(2025, 2, 1): 0}),
        ([{"state": "ended", "ended_on": date(2026, 3, 10)}], {date(2025, 2, 1): 1, date(2026, 2, 1): None}),
        ([{"state": "trial"}], {}),
        (
            [{"state": "ended", "ended_on": date(2025, 2, 9)},
             {"started_on": date(2025, 2, 20), "renews_on": date(2027, 2, 20)}],
            {date(2025, 2, 1): 1, date(2026, 2, 1): 1},
        ),
        (
            [{"state": "ended", "ended_on": date(2025, 2, 9)}, {"started_on": date(2024, 2, 1)}],
            {date(2025, 2, 1): 0, date(2026, 2, 1): 1},
        ),
    ],
    ids=["goes on", "term known", "lost", "too early to say", "trial", "followed", "one of two"],
)  # fmt: skip
def test_renewal(house: House, contracts: list[dict[str, Any]], expected: dict[Any, Any]) -> None:
    load(house, Contact(external_id="c1"))
    load(house, *(contract(f"s{n}", **each) for n, each in enumerate(contracts)))
    derive(house)
    assert values(house, "renewal") == {k: v for k, v in expected.items() if v is not None}


def test_tenure_and_days_since_the_last_order_go_on_from_day_to_day(house: House) -> None:
    load(house, order("o1", 1, ordered_at=NOW - timedelta(days=100)), order("o2", 1, ordered_at=NOW),
         order("o0", 1, ordered_at=datetime(1, 1, 3, tzinfo=UTC)),
         order("o9", 1, ordered_at=NOW + timedelta(days=500)),
         contract("s1", C2, state="ended", ended_on=date(2025, 2, 10)))  # fmt: skip
    derive(house)
    assert values(house, "tenure_days") == {NOW.date(): 100}
    assert values(house, "days_since_last_order") == {NOW.date(): 0}
    assert values(house, "tenure_days", "c2") == {NOW.date(): 366}
    later = NOW + timedelta(days=3)
    assert Deriver(house.engine, house.id, now=lambda: later).is_due()
    derive(house, now=later)
    assert values(house, "tenure_days") == {later.date(): 103}
    assert values(house, "days_since_last_order") == {later.date(): 3}
    assert values(house, "tenure_days", "c2") == {later.date(): 366}


def test_money_rolls_up_to_accounts_and_those_above(house: House) -> None:
    load(
        house,
        Account(external_id="a0", name="Holding"),
        Account(external_id="a1", name="Acme", parent_external_id="a0"),
        Contact(external_id="c1", account_external_id="a1"),
        Contact(external_id="c2"),
    )
    load(house, order("o1", 100), order("o2", 20, A1), order("o3", 3, C2))
    derive(house)
    assert euros(house) == 100
    assert euros(house, key="a1", entity="account") == 120
    assert euros(house, key="a0", entity="account") == 120
    load(house, Contact(external_id="c2", account_external_id="a1"))
    assert derive(house).walked == 0
    assert euros(house, key="a0", entity="account") == 123
    with house.unit() as session:
        session.execute(text("UPDATE accounts SET parent_account_id = NULL"))
    derive(house)
    assert euros(house, key="a1", entity="account") == 123
    assert euros(house, key="a0", entity="account") is None
    turn_on(house, "revenue", with_below=False)
    derive(house)
    assert euros(house, key="a1", entity="account") == 123


def test_accounts_that_lead_to_one_another_in_a_circle_count_once(house: House) -> None:
    load(house, Account(external_id="a0"), Account(external_id="a1", parent_external_id="a0"))
    with house.unit() as session:
        session.execute(
            text("UPDATE accounts SET parent_account_id = :one WHERE id = :other"),
            {"one": known(house, "a1", "account"), "other": known(house, "a0", "account")},
        )
    load(house, order("o1", 100, A1))
    derive(house)
    assert euros(house, key="a0", entity="account") == 100
    assert euros(house, key="a1", entity="account") == 100


def test_only_those_whose_facts_changed_are_derived_again(house: House) -> None:
    load(house, order("o1", 100), order("o2", 200, C2))
    first = derive(house)
    assert (first.walked, first.changed) == (2, 0)
    assert not Deriver(house.engine, house.id, now=lambda: NOW).is_due()
    load(house, order("o1", 150), order("o2", 200, C2))
    second = derive(house)
    assert (second.walked, second.changed, second.values.written) == (0, 1, 1)
    with house.unit() as session:
        connection = sources.own_connection(session, "Shop").id
        facts.forget(session, connection, facts.FACTS["order"], ["o1"])
    assert derive(house).values.gone > 0
    assert values(house, "revenue") == values(house, "orders") == {}
    assert euros(house, key="c2") == 200
    third = derive(house)
    assert (third.changed, third.values.written, third.values.gone) == (0, 0, 0)
    again = Deriver(house.engine, house.id, now=lambda: NOW).run(anew=True)
    assert (again.values.written, again.values.gone) == (0, 0), "done twice, nothing changes"


def test_what_is_written_while_marks_are_taken_is_not_forgotten(house: House) -> None:
    load(house, order("o1", 100))
    derive(house)
    load(house, order("o1", 150))
    with house.unit() as session:
        taken = marks.take(session)
        assert taken is not None
        load(house, order("o1", 175))  # Another transaction, which waits for nobody.
    with house.unit() as session:
        assert session.scalar(select(func.count()).select_from(MeasureMark)) == 1
    derive(house)
    assert euros(house) == 175


def test_merged_customers_follow_the_winner_and_come_back(house: House) -> None:
    load(house, Contact(external_id="c1"), Contact(external_id="c2"))
    load(house, order("o1", 100), order("o2", 20, C2), ticket("t2", C2))
    derive(house)
    one, other = known(house, "c1"), known(house, "c2")
    with house.unit() as session:
        merge = merging.merge(session, "contact", (one, other), clock.now())
    derive(house)
    both = {(date(2026, 3, 1), "EUR"): 120}
    assert values(house, "revenue", "c1") == values(house, "revenue", "c2") == both
    with house.unit() as session:
        assert (
            session.scalar(
                select(func.count()).select_from(Measurement)
                .where(Measurement.metric == "derived_revenue")
            )
            == 1
        )  # fmt: skip
        separating.undo(session, merge, clock.now())
    derive(house)
    assert (euros(house), euros(house, key="c2")) == (100, 20)
    assert values(house, "tickets", "c2") == {date(2026, 3, 1): 1}
    assert values(house, "tickets", "c1") == {}


def test_a_derivation_that_was_cut_goes_on_where_it_was(house: House) -> None:
    load(house, *(order(f"o{n}", 100, {"contact_external_id": f"c{n}"}) for n in range(5)))
    looks: Iterator[bool] = iter([False, True])
    with pytest.raises(Stopped):
        derive(house, part=2, is_stopping=lambda: next(looks, True))
    with house.unit() as session:
        left = {row.resume_after for row in session.scalars(select(MeasureState))}
        n = session.scalar(select(func.count()).select_from(Measurement))
    assert n is not None
    assert left - {None, uuid.UUID(int=0)}
    load(house, order("o0", 111, {"contact_external_id": "c0"}))
    derive(house, part=2)
    assert [euros(house, key=f"c{n}") for n in range(5)] == [111, 100, 100, 100, 100]
    with house.unit() as session:
        assert {row.resume_after for row in session.scalars(select(MeasureState))} == {None}


def test_switched_off_its_values_go_and_come_back(house: House) -> None:
    load(house, order("o1", 100))
    derive(house)
    turn_on(house, "revenue", is_on=False)
    assert derive(house).removed == 1
    assert values(house, "revenue") == {}
    assert values(house, "orders") != {}
    turn_on(house, "revenue")
    derive(house)
    assert euros(house) == 100


def test_what_a_connection_brings_is_kept_beside(house: House) -> None:
    brought = BroughtRecord(
        external_id="m1", **C1, metric="revenue", amount_minor=7, currency="EUR",
        measured_on=date(2026, 3, 1),
    )  # fmt: skip
    load(house, order("o1", 100), brought)
    derive(house)
    turn_on(house, "revenue", is_on=False)
    derive(house)
    with house.unit() as session:
        left = session.scalars(select(Measurement).where(Measurement.amount_minor == 7)).one()
        assert left.metric == "revenue"
    page = words(house.login("analyst").get("/insight/measures/revenue"))
    assert "Shop (1); kept beside, never overwritten" in page


def test_linkage_joins_them_with_what_customers_said(house: House) -> None:
    with house.unit() as session:
        ids = _stage(session)
    who = [{"contact_external_id": f"c{n}"} for n in range(4)]
    after = SAID_AT + timedelta(days=40)
    late = SAID_AT + timedelta(days=400)
    for n, each in enumerate(who):
        load(house, order(f"o{n}", 100 * (n + 1), each, ordered_at=after),
             order(f"b{n}", 9_999, each, ordered_at=SAID_AT),
             order(f"l{n}", 1, each, ordered_at=late))  # fmt: skip
    with house.unit() as session:
        for n in range(4):
            _say(session, known(house, f"c{n}"), 2 if n < 2 else 10, SAID_AT, ids)
    derive(house)
    with house.unit() as session:
        labels = {each.key: each.label for each in linkage.outcome_choices(session)}
        found = linkage.link(session, "nps.nps", "derived_revenue.dated.EUR", time_zone="UTC")
        kinds = {each.metric: each.kind for each in linkage.outcome_choices(session)}
    assert labels["derived_revenue.dated.EUR"] == "Derived revenue (EUR)"
    assert kinds["derived_orders"] == "number", "one order a month is no share"
    assert found.timing == "point in time"
    assert {g.band: (g.estimate.n, g.estimate.value) for g in found.groups} == {
        "promoter": (2, 350.0), "passive": (0, None), "detractor": (2, 150.0),
    }  # fmt: skip


def test_the_customer_page_shows_them(house: House) -> None:
    load(house, order("o1", 12_300))
    derive(house)
    page = words(house.login("analyst").get(f"/customers/{known(house, 'c1')}"))
    assert "Derived revenue" in page
    assert "Derived tenure days" in page


def context(house: House, config: Config, **more: Any) -> JobContext:
    vault, mailer = Vault(config.secret_key), make_mailer(config.mail_url)
    return JobContext(house.engine, config, vault, mailer, organization_id=house.id, **more)


def test_the_job_derives_and_can_be_cut(house: House, config: Config) -> None:
    assert jobs.DERIVE in load_registry(config).jobs
    assert any(tick.arguments.get("job") == jobs.DERIVE for tick in TICKS)
    load(house, order("o1", 100))
    with pytest.raises(Interrupted):
        jobs.derive(context(house, config, is_stopping=lambda: True))
    jobs.derive(context(house, config))
    assert euros(house) == 100
    load(house, order("o1", 200))
    with Deriver(house.engine, house.id)._alone():
        jobs.derive(context(house, config))
    assert euros(house) == 100, "somebody else was at it"
    jobs.derive(context(house, config))
    assert euros(house) == 200


def test_nothing_of_a_stranger_is_derived_or_seen(house: House, stranger: House) -> None:
    load(house, order("o1", 100))
    load(stranger, order("o1", 999))
    turn_on(stranger, "orders", is_on=False)
    derive(house)
    with stranger.unit() as session:
        assert session.scalars(select(Measurement.metric)).all() == []
        assert session.scalars(select(MeasureState.name)).all() == []
        assert session.scalar(select(func.count()).select_from(MeasureMark)) == 1
    derive(stranger)
    assert (euros(house), euros(stranger)) == (100, 999)
    assert values(house, "orders")
    assert values(stranger, "orders") == {}


def test_customers_can_be_deleted_with_all_their_facts(house: House) -> None:
    load(house, Account(external_id="a1"), Contact(external_id="c1", account_external_id="a1"))
    load(house, order("o1", 100), ticket("t1"), invoice("i1", 3), contract("s1"))
    load(house, ticket("t2", A1), ticket("t3", C2))
    derive(house)
    with house.unit() as session:
        session.execute(text("DELETE FROM contacts"))
    derive(house)
    assert values(house, "revenue", "a1", "account") == {}
    assert values(house, "tickets", "a1", "account") == {date(2026, 3, 1): 1}
    with house.unit() as session:
        session.execute(text("DELETE FROM accounts"))
    derive(house)
    with house.unit() as session:
        assert session.scalar(select(func.count()).select_from(Measurement)) == 0


def test_values_too_large_are_left_out_and_stop_nobody(house: House) -> None:
    load(house, order("o1", 2**63 - 1), order("o2", 2**63 - 1), order("o3", 5, C2))
    derive(house)
    assert values(house, "revenue") == {}
    assert euros(house, key="c2") == 5


def test_pages_show_what_counts_who_lacks_it_and_the_sql(house: House) -> None:
    load(house, order("o1", 100), order("o2", 5, C2, state="cancelled"), Contact(external_id="c3"))
    derive(house)
    client = house.login("analyst")
    assert "1 of 3" in words(client.get("/insight/measures"))
    page = words(client.get("/insight/measures/revenue"))
    assert "1 with no order and no invoice" in page
    assert "1 with orders or invoices, but none that counts" in page
    assert "Orders count of Shop" in page
    assert "WITH RECURSIVE whose AS" in page
    assert client.get("/insight/measures/no_such").status_code == 404
    for role, status in (("owner", 200), ("designer", 200), ("crm_admin", 200), ("agent", 403)):
        assert house.login(role).get("/insight/measures").status_code == status
    reply = post(house.login("agent"), "/insight/measures/revenue", is_on="1")
    assert reply.status_code == 403


def test_settings_are_saved_checked_and_kept_as_typed(house: House) -> None:
    client = house.login("crm_admin")
    url = "/insight/measures/cost_to_serve"
    given = {"is_on": "1", "period": "month", "kinds": "Ticket, call", "with_below": "1"}
    reply = post(client, url, **given, currency="EURO", per_contact="x", prices="phone 6")
    assert reply.status_code == 422
    assert "“EURO” is not a currency code" in words(reply)
    assert "“phone 6” is not a line such as" in words(reply)
    assert 'value="EURO"' in reply.text
    reply = post(client, url, **given, currency="EUR")
    assert "Write a price of a contact" in words(reply)
    assert post(client, url, **given, currency="eur", per_contact="4,5").status_code == 302
    with house.unit() as session:
        chosen = settings.one(session, "cost_to_serve")
    assert chosen.is_derived
    assert (chosen.values["currency"], chosen.values["per_contact"]) == ("EUR", "4.5")
    assert chosen.values["kinds"] == ["ticket", "call"]
    load(house, ticket("t1"))
    derive(house)
    assert euros(house, "cost_to_serve") == 450
    assert post(client, "/insight/measures/revenue", period="week", is_on="1").status_code == 422
    hostile = "a'); DROP TABLE orders; --\x00<script>"
    reply = post(client, "/insight/measures/revenue", is_on="1", period="month", left_out=hostile,
                 without=hostile)  # fmt: skip
    assert reply.status_code == 422
    assert "<script>" not in reply.text.split("<h2>Settings</h2>")[1]
    assert post(client, "/insight/measures/derive").status_code == 302
    with house.unit() as session:
        queued = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'measures.derive' AND lock = :k"
        found = session.execute(text(queued), {"k": f"measures.derive:{house.id}"}).scalar_one()
    assert found == 1


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, config: Config) -> None:
    monkeypatch.setenv("EFM_DATABASE_URL", config.database_url or "")
    monkeypatch.setenv("EFM_OWNER_URL", config.owner_url or "")
    monkeypatch.setenv("EFM_DATA_FOLDER", str(config.data_folder))


def test_the_command_lists_derives_and_explains(
    house: House, command: None, capsys: pytest.CaptureFixture[str]
) -> None:
    load(house, order("o1", 100))
    own = ["--organization", house.slug]
    assert main(["measures", "derive", *own, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["facts"], said["customers_walked"]) == (1, 1)
    assert said["values_written"] > 3
    assert main(["measures", "list", *own]) == 0
    assert re.search(r"revenue +On +money.*: 1 of 1 contacts", capsys.readouterr().out)
    assert main(["measures", "explain", "revenue", *own]) == 0
    assert "WITH RECURSIVE" in capsys.readouterr().out
    who = str(known(house, "c1"))
    assert main(["measures", "explain", "revenue", "--customer", who, *own]) == 0
    assert "2026-03-01 derived_revenue: 100 EUR" in capsys.readouterr().out
    assert main(["measures", "explain", "no_such", *own]) == 1
    assert main(["measures", "explain", "revenue", "--customer", "x", *own]) == 1


@pytest.mark.parametrize("entity", ["contact", "account"])
@pytest.mark.parametrize("name", sorted(MEASURES))
def test_each_measure_is_declared_whole(name: str, entity: str) -> None:
    measure = MEASURES[name]
    whole = measure.whole_sql(entity)
    assert prelude(measure.sql, entity) in whole
    assert all(column in measure.sql for column in ("customer_id", "period_start", "facts"))
    for each in measure.parameters:
        assert f":{each.name}" in whole or (each.name, entity) in {("with_below", "contact")} or (
            each.name in ("currency",)
        ), f"{each.name} changes nothing"  # fmt: skip
    assert len(measure.metric(entity)) <= 60


def test_what_is_derived_is_no_event_of_the_customers_story(house: House) -> None:
    load(house, order("1", 5000), BroughtRecord(
        external_id="m", metric="seats", value=Decimal(3), measured_on=date(2026, 3, 4), **C1,
    ))  # fmt: skip
    derive(house)
    assert values(house, "revenue")
    with house.unit() as session:
        told = story.timeline(session, known(house, "c1"), is_account=False, time_zone="UTC")
        assert [(row.source, row.what) for row in told.rows] == [
            ("measurement", "seats"), ("order", "1"),
        ]  # fmt: skip
