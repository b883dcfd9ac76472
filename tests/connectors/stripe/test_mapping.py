"""What becomes of Stripe's objects: value tables for amounts, terms and the canonical records."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.conformance import matches
from connectors.errors import RecordError
from connectors.records import ENTITIES, plain
from connectors.systems.stripe import shapes
from connectors.systems.stripe.amounts import amount
from connectors.systems.stripe.mappings import STATES
from connectors.systems.stripe.streams import Kind, kinds
from tests.connectors.stripe.samples import (
    CHARGE,
    CREDIT_NOTE,
    CUSTOMER,
    DISPUTE,
    INVOICE,
    PRODUCT,
    REFUND,
    T,
    price,
    subscription,
)
from tests.drawing import many

KINDS = {each.stream.name: each for each in kinds("company")}
SAMPLES: dict[str, dict[str, Any]] = {
    "customers": CUSTOMER,
    "companies": {**CUSTOMER, "metadata": {"company": "Rosen GmbH"}},
    "products": PRODUCT,
    "subscriptions": subscription((price(), 2)),
    "invoices": INVOICE,
    "payments": CHARGE,
    "refunds": REFUND,
    "disputes": DISPUTE,
    "credit_notes": CREDIT_NOTE,
}
DAY = date(2026, 9, 21)


def shaped(name: str, raw: dict[str, Any]) -> dict[str, Any]:
    return {**raw, **KINDS[name].shape(raw)}


def mapped(name: str, raw: dict[str, Any]) -> Any:
    mapping = KINDS[name].stream.default_mapping
    assert mapping is not None
    return mapping.apply(shaped(name, raw))


@pytest.mark.parametrize("name", KINDS)
def test_the_proposed_mapping_is_complete_and_fits_the_sample(name: str) -> None:
    kind = KINDS[name]
    mapping = kind.stream.default_mapping
    assert mapping is not None
    assert mapping.problems() == {}
    assert mapping.entity == kind.stream.entity
    assert isinstance(mapped(name, SAMPLES[name]), ENTITIES[kind.stream.entity].record)
    assert kind.keeps(shaped(name, SAMPLES[name]))
    for field, value in shaped(name, SAMPLES[name]).items():
        if not field.startswith("_"):
            assert field in kind.stream.fields, field
            assert matches(kind.stream.fields[field], value), field


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda each: each.stream.name)
def test_events_can_be_asked_for_in_one_call(kind: Kind) -> None:
    assert 0 < len(kind.events) <= 20
    assert len(set(kind.events)) == len(kind.events)


@pytest.mark.parametrize(
    ("units", "currency", "text", "minor"),
    [
        (1999, "usd", "19.99", 1999),
        (0, "eur", "0.00", 0),
        (-500, "usd", "-5.00", -500),
        (500, "jpy", "500", 500),
        (500, "JPY", "500", 500),
        (500, "krw", "500", 500),
        (500, "mga", "500", 50_000),  # ISO counts two decimals, Stripe none
        (500, "ugx", "5.00", 5),  # Stripe still counts two, ISO none
        (500, "isk", "5.00", 5),
        (5120, "kwd", "5.120", 5120),
        (5120, "tnd", "5.120", 5120),
        (10_450, "huf", "104.50", 10_450),
        (10_450, "twd", "104.50", 10_450),
    ],
)
def test_amounts_are_exact_in_every_currency(
    units: int, currency: str, text: str, minor: int
) -> None:
    assert amount(units, currency) == text
    charge = {**CHARGE, "amount_captured": units, "currency": currency}
    found = mapped("payments", charge)
    assert (found.amount_minor, found.currency) == (minor, currency.upper())


@pytest.mark.parametrize("units", [None, True, [], {}, "", "x", "nan", "1e999999", "9" * 41])
def test_what_is_no_amount_is_none(units: Any) -> None:
    assert amount(units, "usd") is None
    assert shapes.negative(units, "usd") is None


def test_a_currency_stripe_alone_knows_is_refused_in_words() -> None:
    with pytest.raises(RecordError, match="currency"):
        mapped("payments", {**CHARGE, "currency": "usdc"})


def test_a_customer_is_a_contact() -> None:
    found = mapped("customers", CUSTOMER)
    assert found.external_id == "cus_NffrFeUfNV2Hib"
    assert (found.name, found.email) == ("Jenny Rosen", "jenny.rosen@example.com")
    assert (found.phone, found.language) == ("+14155552671", "de-AT")
    assert found.account_external_id is None
    assert found.attributes["country"] == "AT"
    assert found.attributes["customer_since"] == "2026-09-21"
    assert found.attributes["metadata"] == {"tier": "gold"}


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"business_name": " Rosen GmbH "}, "Rosen GmbH"),
        ({"metadata": {"company": "Rosen KG"}}, "Rosen KG"),
        ({"business_name": "", "metadata": {"company": "Rosen KG"}}, "Rosen KG"),
        ({"business_name": "Rosen GmbH", "metadata": {"company": "other"}}, "Rosen GmbH"),
    ],
)
def test_a_customer_with_a_business_name_is_a_company_too(
    change: dict[str, Any], name: str
) -> None:
    raw = {**CUSTOMER, **change}
    assert KINDS["companies"].keeps(shaped("companies", raw))
    found = mapped("companies", raw)
    assert (found.external_id, found.name) == (CUSTOMER["id"], name)
    assert mapped("customers", raw).account_external_id == CUSTOMER["id"]


@pytest.mark.parametrize("metadata", [{}, None, [], {"company": " "}, {"company": 7}])
def test_other_customers_are_people_only(metadata: Any) -> None:
    raw = {**CUSTOMER, "metadata": metadata}
    assert not KINDS["companies"].keeps(shaped("companies", raw))
    assert mapped("customers", raw).account_external_id is None


def test_what_a_customer_typed_wrongly_refuses_nobody() -> None:
    raw = {**CUSTOMER, "email": "none", "phone": "call me", "preferred_locales": ["?"]}
    found = mapped("customers", raw)
    assert (found.email, found.phone, found.language) == (None, None, None)
    assert found.attributes["email"] == "none"


@pytest.mark.parametrize("status", STATES)
def test_states_of_subscriptions(status: str) -> None:
    found = mapped("subscriptions", subscription((price(), 1), status=status))
    assert found.state == STATES[status]
    assert found.attributes["status"] == status


def test_an_unknown_state_is_refused_with_its_reason() -> None:
    with pytest.raises(RecordError, match="State"):
        mapped("subscriptions", subscription((price(), 1), status="hibernating"))


@pytest.mark.parametrize(
    ("every", "count", "interval", "said"),
    [
        ("day", 1, "day", "1 day"),
        ("day", 7, "week", "7 days"),
        ("week", 1, "week", "1 week"),
        ("week", 2, None, "2 weeks"),
        ("month", 1, "month", "1 month"),
        ("month", 3, "quarter", "3 months"),
        ("month", 6, None, "6 months"),
        ("month", 12, "year", "12 months"),
        ("year", 1, "year", "1 year"),
        ("year", 3, None, "3 years"),
        ("fortnight", 1, None, None),
        ("month", 0, None, None),
    ],
)
def test_terms_of_subscriptions(every: str, count: int, interval: str, said: str) -> None:
    found = mapped("subscriptions", subscription((price(4200, every, count), 1)))
    assert found.interval == interval
    assert found.attributes.get("every") == said


@pytest.mark.parametrize(
    ("items", "minor"),
    [
        ([(price(4200), 1)], 4200),
        ([(price(4200), 3)], 12_600),
        ([(price(4200), 2), (price(500), 1)], 8900),
        ([(price(0), 1)], 0),
        ([(price(None, unit_amount_decimal="0.5"), 1000)], 500),
        ([(price(None, unit_amount_decimal="0.05"), 1)], 0),
        ([(price(100, transform_quantity={"divide_by": 10, "round": "up"}), 21)], 300),
        ([(price(100, transform_quantity={"divide_by": 10, "round": "down"}), 29)], 200),
        ([(price(None, billing_scheme="tiered"), 1)], None),
        ([(price(100, recurring={"interval": "month", "usage_type": "metered"}), 1)], None),
        ([(price(4200), 1), (price(9900, "year"), 1)], None),
        ([(price(4200), None)], None),
        ([], None),
    ],
)
def test_what_a_subscription_brings_each_time(items: list[Any], minor: int | None) -> None:
    found = mapped("subscriptions", subscription(*items))
    assert found.amount_minor == minor
    assert found.currency == (None if minor is None else "USD")


def test_a_subscription_of_either_generation_of_the_interface() -> None:
    new = subscription((price(), 1))
    end = new.pop("current_period_end")
    new["items"]["data"][0]["current_period_end"] = end
    plan = {"id": "plan_1", "amount": 4200, "interval": "month", "interval_count": 1,
            "currency": "usd", "product": "prod_1", "nickname": None}  # fmt: skip
    old = subscription((None, 1))
    old["items"]["data"][0] |= {"plan": plan, "price": None}
    for raw in (new, old):
        found = mapped("subscriptions", raw)
        assert found.renews_on == date(2026, 10, 21)
        assert (found.amount_minor, found.interval) == (4200, "month")
    assert mapped("subscriptions", old).name == "prod_1"


def test_an_ended_subscription() -> None:
    raw = subscription((price(), 1), status="canceled", ended_at=T, canceled_at=T - 86_400)
    found = mapped("subscriptions", raw)
    assert (found.state, found.started_on, found.ended_on) == ("ended", DAY, DAY)
    assert found.contact_external_id == CUSTOMER["id"]
    assert found.name == "Gold"


@pytest.mark.parametrize(
    ("status", "state", "paid_on"),
    [
        ("draft", "draft", None),
        ("open", "open", None),
        ("paid", "paid", date(2026, 9, 23)),
        ("uncollectible", "open", None),
        ("void", "void", None),
    ],
)
def test_states_of_invoices(status: str, state: str, paid_on: date | None) -> None:
    found = mapped("invoices", {**INVOICE, "status": status})
    assert (found.state, found.paid_on) == (state, paid_on)
    assert (found.issued_on, found.due_on) == (date(2026, 9, 22), date(2026, 10, 5))
    assert (found.amount_minor, found.currency, found.number) == (4200, "USD", "0759376C-0001")
    assert found.attributes["status"] == status
    assert found.attributes["subscription"] == INVOICE["subscription"]


def test_a_draft_is_issued_when_it_was_made() -> None:
    found = mapped("invoices", {**INVOICE, "status": "draft", "status_transitions": None,
                                "number": None, "due_date": None})  # fmt: skip
    assert (found.issued_on, found.number, found.due_on) == (DAY, None, None)


def test_an_invoice_of_the_newer_interface_names_its_subscription() -> None:
    parent = {"subscription_details": {"subscription": "sub_2"}, "type": "subscription_details"}
    raw = {**INVOICE, "parent": parent}
    raw.pop("subscription")
    assert mapped("invoices", raw).attributes["subscription"] == "sub_2"


def test_a_charge_is_a_payment_of_what_was_captured() -> None:
    found = mapped("payments", CHARGE)
    assert (found.amount_minor, found.currency, found.method) == (4000, "USD", "card")
    assert found.paid_at == datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
    assert found.invoice_external_id == INVOICE["id"]
    assert found.contact_external_id == CUSTOMER["id"]


@pytest.mark.parametrize(
    ("name", "change", "is_kept"),
    [
        ("payments", {}, True),
        ("payments", {"status": "failed"}, False),
        ("payments", {"status": "pending"}, False),
        ("payments", {"captured": False}, False),
        ("payments", {"customer": None}, False),
        ("payments", {"customer": {"id": "cus_1", "object": "customer"}}, True),
        ("refunds", {}, True),
        ("refunds", {"status": "pending"}, False),
        ("refunds", {"status": "failed"}, False),
        ("refunds", {"status": "canceled"}, False),
        ("refunds", {"charge": None}, False),
        ("refunds", {"charge": {**CHARGE, "customer": None}}, False),
        ("disputes", {"charge": None}, False),
        ("invoices", {"customer": None}, False),
    ],
)
def test_only_money_that_moved_for_somebody_known_counts(
    name: str, change: dict[str, Any], is_kept: bool
) -> None:
    assert KINDS[name].keeps(shaped(name, {**SAMPLES[name], **change})) is is_kept


def test_a_refund_is_a_negative_payment_of_the_same_customer() -> None:
    found = mapped("refunds", REFUND)
    assert (found.amount_minor, found.currency) == (-1000, "USD")
    assert found.contact_external_id == CUSTOMER["id"]
    assert found.invoice_external_id == INVOICE["id"]
    assert found.attributes == {"refund_of": CHARGE["id"], "reason": "requested_by_customer"}
    assert shaped("refunds", REFUND)["charge"] == CHARGE["id"]


def test_a_dispute_is_an_interaction() -> None:
    found = mapped("disputes", DISPUTE)
    assert (found.kind, found.subject, found.outcome) == ("dispute", "fraudulent", "needs_response")
    assert found.occurred_at == datetime(2026, 9, 21, 14, 14, 50, tzinfo=UTC)
    assert (found.amount_minor, found.contact_external_id) == (4200, CUSTOMER["id"])


@pytest.mark.parametrize(("status", "paid_on"), [("issued", DAY), ("void", None)])
def test_a_credit_note_is_a_negative_invoice(status: str, paid_on: date | None) -> None:
    found = mapped("credit_notes", {**CREDIT_NOTE, "status": status})
    assert (found.amount_minor, found.paid_on) == (-1099, paid_on)
    assert found.state == {"issued": "paid", "void": "void"}[status]
    assert found.attributes["credits"] == INVOICE["id"]


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
NAMES = sorted({name for sample in SAMPLES.values() for name in sample} - {"id"})


@given(st.dictionaries(st.sampled_from(NAMES), JSON, max_size=8), st.sampled_from(sorted(KINDS)))
@settings(max_examples=many(600), deadline=None)
def test_no_shape_whatsoever_breaks_it(change: dict[str, Any], name: str) -> None:
    raw = {**SAMPLES[name], **change}
    record = shaped(name, raw)
    KINDS[name].keeps(record)
    assert plain(record)
    mapping = KINDS[name].stream.default_mapping
    assert mapping is not None
    with suppress(RecordError):
        assert mapping.apply(record).external_id


@given(JSON, JSON, JSON)
@settings(max_examples=many(300), deadline=None)
def test_no_item_whatsoever_breaks_a_subscription(item: Any, cost: Any, quantity: Any) -> None:
    inner = {**price(), "recurring": cost, "transform_quantity": item, "unit_amount": quantity}
    for items in ({"data": [item]}, {"data": [{"price": cost}]}, {"data": item}, item,
                  {"data": [{"price": inner, "quantity": quantity}]}):  # fmt: skip
        found = shapes.subscription({**subscription(), "items": items})
        due = found["_amount"]
        assert due is None or Decimal(due).is_finite()
