"""Tryton's JSON: typed values both ways, hostile ones, domains, and records made flat."""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from connectors.systems.tryton import derived
from connectors.systems.tryton.tables import TABLES, changed
from connectors.systems.tryton.wire import decoded, encoded, flat, packed

MOMENT = datetime(2026, 11, 22, 2, 11, 48, 7, UTC)
DAY = {"__class__": "date", "year": 2026, "month": 11, "day": 22}


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"__class__": "Decimal", "decimal": "10.50"}, Decimal("10.50")),
        (DAY, date(2026, 11, 22)),
        ({**DAY, "__class__": "datetime", "hour": 2, "minute": 11, "second": 48, "microsecond": 7},
         MOMENT),
        ({"__class__": "time", "hour": 9, "minute": 5, "second": 0, "microsecond": 0}, time(9, 5)),
        ({"__class__": "timedelta", "seconds": 90.5}, timedelta(seconds=90.5)),
        ({"__class__": "bytes", "base64": "aGk=\n"}, b"hi"),
        ([{"a": DAY}, None, True, "x"], [{"a": date(2026, 11, 22)}, None, True, "x"]),
    ],
)  # fmt: skip
def test_typed_values_are_read(said: Any, meant: Any) -> None:
    assert decoded(said) == meant


@pytest.mark.parametrize(
    "said",
    [
        {"__class__": "Decimal", "decimal": "many"}, {"__class__": "Decimal"},
        {"__class__": "Decimal", "decimal": "NaN"}, {"__class__": "date", "year": 2026},
        {"__class__": "date", "year": "x", "month": 1, "day": 1}, {"__class__": "Wizard"},
        {"__class__": ["date"]}, {"__class__": "date", "year": 10**30, "month": 1, "day": 1},
        {"__class__": "timedelta", "seconds": 1e300}, {"__class__": "bytes", "base64": "a"},
    ],
)  # fmt: skip
def test_damaged_values_are_refused(said: Any) -> None:
    with pytest.raises(ValueError, match="not understood"):
        decoded([{"deep": said}])


@pytest.mark.parametrize(
    "value", [None, True, 3, 1.5, "’];", Decimal("1.10"), MOMENT, [DAY["year"]]]
)
def test_values_survive_the_way_there_and_back(value: Any) -> None:
    assert decoded(json.loads(json.dumps(encoded(value)))) == value


def test_times_are_sent_in_utc() -> None:
    berlin = datetime(2026, 11, 22, 3, 11, 48, 7, timezone(timedelta(hours=1)))
    assert encoded(berlin) == encoded(MOMENT)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("NaN"), object(), b"x"])
def test_what_has_no_form_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="cannot hold"):
        encoded({"field": value})


@pytest.mark.parametrize("hostile", ['x"],["id","!=",0', "%' OR 1=1 --", "日本\n\\", "]" * 9])
def test_a_domain_takes_texts_as_they_are(hostile: str) -> None:
    found = json.loads(base64.urlsafe_b64decode(packed([["reference", "=", hostile]])))
    assert found == [["reference", "=", hostile]]


def test_a_change_is_a_write_or_an_untouched_creation() -> None:
    assert changed(MOMENT) == [
        "OR",
        ["write_date", ">=", MOMENT],
        [["write_date", "=", None], ["create_date", ">=", MOMENT]],
    ]


def test_records_are_made_flat() -> None:
    said = {
        "id": 3, "__name__": "sale.sale", "party": 7,
        "currency": {"id": 1, "__name__": "currency.currency", "code": "EUR"},
        "lines": [{"id": 9, "__name__": "sale.line", "unit": {"id": 2, "__name__": "u"}}],
    }  # fmt: skip
    names = ["id", "party", "currency", "currency.code", "lines", "absent", "absent.code"]
    assert flat(said, names) == {
        "id": 3, "party": 7, "currency": 1, "currency.code": "EUR",
        "lines": [{"id": 9, "unit": {"id": 2}}], "absent": None, "absent.code": None,
    }  # fmt: skip


MONTHLY = [{"freq": "monthly", "interval": 1}]


@pytest.mark.parametrize(
    ("rules", "interval"),
    [
        (MONTHLY, "month"), ([{"freq": "monthly", "interval": 3}], "quarter"),
        ([{"freq": "yearly", "interval": None}], "year"), ([{"freq": "weekly", "interval": 2}], None),
        (MONTHLY * 2, None), (None, None), ("no list", None), ([None], None),
    ],
)  # fmt: skip
def test_a_subscription_costs_by_its_one_interval(rules: Any, interval: str | None) -> None:
    line = {
        "quantity": 2.5,
        "unit_price": Decimal("10"),
        "consumption_recurrence": {"rules": rules},
    }
    found = derived.subscription({"lines": [line], "state": "running"})
    assert found["_interval"] == interval
    assert found["_amount"] == (Decimal("25.0") if interval else None)


def test_a_subscription_ends_when_it_is_closed() -> None:
    running = derived.subscription({"end_date": date(2026, 12, 31), "state": "running"})
    closed = derived.subscription({"end_date": date(2026, 12, 31), "state": "closed"})
    assert (running["_renews_on"], running["_ended_on"]) == (date(2026, 12, 31), None)
    assert (closed["_renews_on"], closed["_ended_on"]) == (None, date(2026, 12, 31))


def test_a_payment_in_another_currency_is_kept_in_it() -> None:
    line = {"credit": Decimal("50"), "debit": Decimal("0"), "company.currency.code": "EUR",
            "party": 4, "invoice_payments": [{"id": 8, "party": 4}]}  # fmt: skip
    foreign = {"amount_second_currency": Decimal("-55"), "second_currency.code": "USD"}
    assert derived.payment(line)["_amount"] == Decimal("50")
    found = derived.payment({**line, **foreign})
    assert (found["_amount"], found["_currency"], found["_invoice"]) == (Decimal("55"), "USD", 8)


@pytest.mark.parametrize(
    ("website", "domain"),
    [("https://www.example.com/shop", "example.com"), ("example.org", "example.org"),
     ("http://[bad", None), ("intranet", None), ("", None)],
)  # fmt: skip
def test_a_party_has_the_domain_of_its_website(website: str, domain: str | None) -> None:
    mechanisms = [{"type": "website", "value": website, "active": 1}]
    assert derived.party({"contact_mechanisms": mechanisms})["_domain"] == domain


def test_what_was_put_aside_is_not_used() -> None:
    found = derived.party({"contact_mechanisms": [
        {"type": "email", "value": "old@example.com", "active": 0},
        {"type": "email", "value": "new@example.com", "active": True},
    ]})  # fmt: skip
    assert found["email"] == "new@example.com"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_nothing_in_a_record_makes_the_working_out_fail(table: Any) -> None:
    for odd in (
        None,
        "text",
        5,
        float("inf"),
        [],
        {},
        [None],
        [{}],
        ["x"],
        date(2026, 1, 1),
        Decimal(1),
    ):
        found = table.complete(dict.fromkeys(table.fields, odd))
        assert set(found) == set(table.own)
