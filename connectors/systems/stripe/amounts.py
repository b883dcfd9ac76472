"""Stripe's amounts as decimals: its smallest units differ from ISO 4217's for a few currencies."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.money import EXPONENTS

# https://docs.stripe.com/currencies: MGA is given without decimals though ISO counts two; ISK and
# UGX, which have none, are still given as hundredths.
_OWN = {"MGA": 0, "ISK": 2, "UGX": 2}


def decimals(currency: Any) -> int:
    """How many of an amount's digits are behind the point, with Stripe, in that currency."""
    code = currency.upper() if isinstance(currency, str) else ""
    return _OWN.get(code, EXPONENTS.get(code, 2))


def amount(units: Any, currency: Any) -> str | None:
    """Whole units as decimal text, None for what is no amount: 1999, "usd" becomes "19.99"."""
    number = exact(units)
    if number is None:
        return None
    return format(number.scaleb(-decimals(currency)), "f")


def exact(units: Any) -> Decimal | None:
    """A count of units, which may have decimals as text (`unit_amount_decimal`)."""
    if isinstance(units, bool) or not isinstance(units, (int, str)):
        return None
    if isinstance(units, str) and len(units) > 40:
        return None
    try:
        number = Decimal(units)
    except (InvalidOperation, ValueError):
        return None
    return number if number.is_finite() and number.adjusted() < 30 else None
