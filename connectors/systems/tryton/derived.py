"""What follows from several fields of a Tryton record: names, moments, amounts, intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

Record = Mapping[str, Any]
_INTERVALS = {
    ("daily", 1): "day", ("weekly", 1): "week", ("monthly", 1): "month", ("monthly", 3): "quarter",
    ("yearly", 1): "year", ("monthly", 12): "year",
}  # fmt: skip


def many(value: Any) -> Iterator[Record]:
    """The related records of a list that are not put aside."""
    for each in value if isinstance(value, list) else ():
        if isinstance(each, Mapping) and each.get("active", True) not in (False, 0):
            yield each


def moment(day: Any, created: Any) -> datetime | None:
    """When something dated by its day happened: as it was entered, if that was on the day."""
    if not isinstance(day, date):
        return created if isinstance(created, datetime) else None
    if isinstance(created, datetime) and created.date() == day:
        return created
    return datetime.combine(day, time(), UTC)


def party(record: Record) -> dict[str, Any]:
    """The first mechanism of each kind, and where the party is."""
    first: dict[str, str] = {}
    for each in many(record.get("contact_mechanisms")):
        value = str(each.get("value") or "").strip()
        if value:
            first.setdefault(str(each.get("type")), value)
    places = list(many(record.get("addresses")))
    countries = (each.get("country") for each in places)
    return {
        **{name: first.get(name) for name in ("email", "phone", "mobile", "website")},
        "_phone": first.get("mobile") or first.get("phone"),
        "_domain": _host(first.get("website")),
        "_city": next((each["city"] for each in places if each.get("city")), None),
        "_country": next(
            (each["code"] for each in countries if isinstance(each, Mapping) and each.get("code")),
            None,
        ),
    }


def _host(address: str | None) -> str | None:
    """The host of a web address, without www."""
    text = (address or "").strip()
    try:
        host = urlsplit(text if "//" in text else f"//{text}").hostname or ""
    except ValueError:
        return None
    host = host.removeprefix("www.")
    return host if "." in host and len(host) <= 253 else None


def opportunity(record: Record) -> dict[str, Any]:
    """A name to show."""
    return {"_name": record.get("description") or record.get("number")}


def sale(record: Record) -> dict[str, Any]:
    """When it was ordered."""
    return {"_ordered_at": moment(record.get("sale_date"), record.get("create_date"))}


def line(record: Record) -> dict[str, Any]:
    """What the line says, in one line."""
    said = record.get("summary") or record.get("description") or record.get("product.rec_name")
    return {"_name": " ".join(str(said).split())[:500] if said else None}


def product(record: Record) -> dict[str, Any]:
    """The first category."""
    names = (each.get("name") for each in many(record.get("categories")))
    return {"_category": next((name for name in names if name), None)}


def complaint(record: Record) -> dict[str, Any]:
    """When it was made."""
    return {"_occurred_at": moment(record.get("date"), record.get("create_date"))}


def invoice(record: Record) -> dict[str, Any]:
    """The last day to pay, and the day it was paid; cancelling settles an invoice too."""
    days = [each.get("maturity_date") for each in many(record.get("lines_to_pay"))]
    found = [day for day in days if isinstance(day, date)]
    is_paid = record.get("state") == "paid"
    return {
        "_due_on": max(found, default=None),
        "_paid_on": record.get("reconciled") if is_paid else None,
    }


def payment(record: Record) -> dict[str, Any]:
    """Who paid which invoice, when and how much, in the currency that was paid in."""
    invoices = list(many(record.get("invoice_payments")))
    foreign = record.get("amount_second_currency")
    amount = _number(record.get("credit")) - _number(record.get("debit"))
    is_foreign = foreign is not None and bool(record.get("second_currency.code"))
    owners = (each.get("party") for each in invoices)
    return {
        "_invoice": invoices[0].get("id") if len(invoices) == 1 else None,
        "_party": record.get("party") or next(filter(None, owners), None),
        "_paid_at": moment(record.get("date"), record.get("create_date")),
        "_amount": -_number(foreign) if is_foreign else amount,
        "_currency": record.get("second_currency.code" if is_foreign else "company.currency.code"),
    }


def subscription(record: Record) -> dict[str, Any]:
    """Its term, and what it costs an interval if all its lines are charged by the same one.

    The next invoice is no end of a term: one that is late would look like a contract that ran out.
    """
    lines = list(many(record.get("lines")))
    charged = {_interval(_rules(each)) for each in lines}
    interval = charged.pop() if len(charged) == 1 else None
    amount = sum((_number(each.get("quantity")) * _number(each.get("unit_price")) for each in lines),
                 Decimal(0))  # fmt: skip
    ends, is_over = record.get("end_date"), record.get("state") in ("closed", "cancelled")
    names = (each.get("summary") for each in lines)
    return {
        "_name": record.get("description") or next(filter(None, names), None)
        or record.get("number"),
        "_interval": interval or _interval(record.get("invoice_recurrence.rules")),
        "_amount": amount if interval else None,
        "_renews_on": None if is_over else ends,
        "_ended_on": ends if is_over else None,
    }  # fmt: skip


def dunning(record: Record) -> dict[str, Any]:
    """When it reached its level."""
    return {"_occurred_at": moment(record.get("date"), record.get("write_date"))}


def _rules(line: Record) -> Any:
    recurrence = line.get("consumption_recurrence")
    return recurrence.get("rules") if isinstance(recurrence, Mapping) else None


def _interval(given: Any) -> str | None:
    """The interval that one rule of recurrence means, None for several or an unusual one."""
    rules = list(many(given))
    if len(rules) != 1:
        return None
    return _INTERVALS.get((str(rules[0].get("freq")), rules[0].get("interval") or 1))


def _number(value: Any) -> Decimal:
    if isinstance(value, (int, float)):
        value = Decimal(str(value))
    return value if isinstance(value, Decimal) and value.is_finite() else Decimal(0)
