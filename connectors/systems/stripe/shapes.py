"""What is added to Stripe's objects for mapping: names that begin with `_`, made from their depths.

Each function takes an object of any shape and returns the added values; what is not as documented
is left out, never an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeGuard

from connectors.systems.stripe.amounts import amount, decimals, exact

Object = Mapping[str, Any]

_TERMS = ("day", "week", "month", "year")


def customer(raw: Object, company_key: str = "") -> dict[str, Any]:
    """Language, country, and the company the customer is, if it is one."""
    locales = raw.get("preferred_locales")
    company = _text(raw.get("business_name")) or _text(_in(raw, "metadata").get(company_key))
    return {
        "_language": _text(locales[0]) if isinstance(locales, list) and locales else None,
        "_country": _text(_in(raw, "address").get("country")),
        "_company": company,
        "_account": raw.get("id") if company else None,
    }


def product(raw: Object) -> dict[str, Any]:
    """The category, which only metadata can hold."""
    return {"_category": _text(_in(raw, "metadata").get("category"))}


def subscription(raw: Object) -> dict[str, Any]:
    """Its term, and what is due each time, summed over its items."""
    items = _rows(raw.get("items"))
    prices = [_in(each, "price") or _in(each, "plan") for each in items]
    ends = [raw.get("current_period_end"), *(each.get("current_period_end") for each in items)]
    names = [_text(each.get("nickname")) or id_of(each.get("product")) for each in prices]
    every = {_every(each) for each in prices}
    one = every.pop() if len(every) == 1 else None
    return {
        "_customer": id_of(raw.get("customer")),
        "_name": _text(raw.get("description")) or ", ".join(n for n in names if n) or None,
        "_renews_at": max(filter(_is_whole, ends), default=None),
        "_interval": _interval(one),
        "_every": f"{one[1]} {one[0]}{'s' if one[1] > 1 else ''}" if one else None,
        "_amount": _due(items, prices, raw.get("currency")) if one else None,
        "_currency": raw.get("currency") or next((p.get("currency") for p in prices), None),
        "_products": ", ".join(n for n in (id_of(p.get("product")) for p in prices) if n) or None,
    }


def invoice(raw: Object) -> dict[str, Any]:
    """The total, and the days it was issued and paid."""
    times = _in(raw, "status_transitions")
    parent = _in(_in(raw, "parent"), "subscription_details")
    is_paid = raw.get("status") == "paid"
    return {
        "_customer": id_of(raw.get("customer")),
        "_amount": amount(raw.get("total"), raw.get("currency")),
        "_issued_at": raw.get("effective_at") or times.get("finalized_at") or raw.get("created"),
        "_paid_at": times.get("paid_at") if is_paid else None,
        "_subscription": id_of(raw.get("subscription")) or id_of(parent.get("subscription")),
    }


def charge(raw: Object) -> dict[str, Any]:
    """What was taken, how, and for which invoice."""
    taken = raw.get("amount_captured")
    how = _in(raw, "payment_method_details")
    return {
        "_customer": id_of(raw.get("customer")),
        "_amount": amount(raw.get("amount") if taken is None else taken, raw.get("currency")),
        "_invoice": id_of(raw.get("invoice")),
        "_method": _text(how.get("type")),
    }


def refund(raw: Object) -> dict[str, Any]:
    """What went back, and of whose charge; the charge itself is a record of its own."""
    return {**_of_charge(raw), "_amount": negative(raw.get("amount"), raw.get("currency"))}


def dispute(raw: Object) -> dict[str, Any]:
    """What is disputed, and of whose charge."""
    return {**_of_charge(raw), "_amount": amount(raw.get("amount"), raw.get("currency"))}


def credit_note(raw: Object) -> dict[str, Any]:
    """What is credited, as a negative invoice."""
    is_void = raw.get("status") == "void"
    return {
        "_customer": id_of(raw.get("customer")),
        "_amount": negative(raw.get("total"), raw.get("currency")),
        "_issued_at": raw.get("effective_at") or raw.get("created"),
        "_paid_at": None if is_void else raw.get("created"),
    }


def id_of(value: Any) -> str | None:
    """The id of a reference, whether it was expanded or not."""
    if isinstance(value, Mapping):
        value = value.get("id")
    return value if isinstance(value, str) and value else None


def negative(units: Any, currency: Any) -> str | None:
    """The amount with its sign turned."""
    number = exact(units)
    return None if number is None else format(-number.scaleb(-decimals(currency)), "f")


def _of_charge(raw: Object) -> dict[str, Any]:
    whole = _in(raw, "charge")
    return {
        "charge": id_of(raw.get("charge")),
        "_customer": id_of(whole.get("customer")),
        "_invoice": id_of(whole.get("invoice")),
        "_method": _text(_in(whole, "payment_method_details").get("type")),
    }


def _every(price: Object) -> tuple[str, int] | None:
    recurring = _in(price, "recurring") or price
    unit, count = recurring.get("interval"), recurring.get("interval_count", 1)
    return (unit, count) if unit in _TERMS and _is_whole(count) and count > 0 else None


def _interval(every: tuple[str, int] | None) -> str | None:
    """The canonical interval; None for others, such as every two weeks."""
    if every is None:
        return None
    unit, count = every
    months = {"month": 1, "year": 12}.get(unit, 0) * count
    named = {1: "month", 3: "quarter", 12: "year"}.get(months)
    return named or {("week", 1): "week", ("day", 1): "day", ("day", 7): "week"}.get(every)


def _due(items: list[Object], prices: list[Object], currency: Any) -> str | None:
    """What the items cost together; None when one depends on use or on tiers."""
    total = Decimal(0)
    for item, price in zip(items, prices, strict=True):
        one = next((n for n in map(exact, _unit_amounts(price)) if n is not None), None)
        quantity = item.get("quantity", 1)
        if one is None or not _is_whole(quantity):
            return None
        total += one * _units(quantity, _in(price, "transform_quantity"))
        currency = currency or price.get("currency")
    return format(total.scaleb(-decimals(currency)), "f")


def _unit_amounts(price: Object) -> list[Any]:
    """Where a price (or an older plan) says what one costs, the most exact first."""
    names = ("unit_amount_decimal", "unit_amount", "amount_decimal", "amount")
    is_metered = _in(price, "recurring").get("usage_type", price.get("usage_type")) == "metered"
    is_tiered = price.get("billing_scheme") == "tiered"
    return [] if is_metered or is_tiered else [price.get(name) for name in names]


def _units(quantity: int, transform: Object) -> int:
    """How many times the price is due: packages, where it is a price per package."""
    size = transform.get("divide_by")
    if not _is_whole(size) or size < 1:
        return quantity
    return -(-quantity // size) if transform.get("round") == "up" else quantity // size


def _in(raw: Object, name: str) -> Object:
    found = raw.get(name)
    return found if isinstance(found, Mapping) else {}


def _rows(listing: Any) -> list[Object]:
    data = listing.get("data") if isinstance(listing, Mapping) else None
    return [each for each in data if isinstance(each, Mapping)] if isinstance(data, list) else []


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _is_whole(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
