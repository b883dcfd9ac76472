"""Objects as Stripe's reference shows them, shortened where nothing reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

T = 1_790_000_000  # 2026-09-21T14:13:20Z

CUSTOMER: dict[str, Any] = {
    "id": "cus_NffrFeUfNV2Hib", "object": "customer", "created": T, "livemode": True,
    "name": "Jenny Rosen", "email": "Jenny.Rosen@Example.com", "phone": "+1 415 555 2671",
    "description": None, "currency": "usd", "balance": -250, "delinquent": False,
    "address": {"city": "Wien", "country": "AT", "line1": "Ring 1", "postal_code": "1010"},
    "discount": None, "invoice_prefix": "0759376C", "next_invoice_sequence": 3,
    "invoice_settings": {"custom_fields": None, "default_payment_method": None},
    "metadata": {"tier": "gold"}, "preferred_locales": ["de-AT", "en"], "shipping": None,
    "tax_exempt": "none", "test_clock": None,
}  # fmt: skip
PRODUCT: dict[str, Any] = {
    "id": "prod_NWjs8kKbJWmuuc", "object": "product", "active": True, "created": T,
    "default_price": "price_1", "description": "All of it", "images": [], "livemode": True,
    "marketing_features": [], "metadata": {"category": "Plans"}, "name": "Gold Plan",
    "package_dimensions": None, "shippable": None, "statement_descriptor": None,
    "tax_code": None, "type": "service", "unit_label": None, "updated": T, "url": None,
}  # fmt: skip


def price(units: int | None = 4200, every: str = "month", count: int = 1, **more: Any) -> Any:
    """A recurring price."""
    recurring = {"interval": every, "interval_count": count, "usage_type": "licensed"}
    return {
        "id": "price_1", "object": "price", "active": True, "billing_scheme": "per_unit",
        "created": T, "currency": "usd", "nickname": "Gold", "product": "prod_NWjs8kKbJWmuuc",
        "recurring": recurring, "transform_quantity": None, "type": "recurring",
        "unit_amount": units, "unit_amount_decimal": None if units is None else str(units), **more,
    }  # fmt: skip


def subscription(*items: tuple[Any, Any], **more: Any) -> dict[str, Any]:
    """A subscription to (price, quantity) pairs."""
    rows = [
        {"id": f"si_{n}", "object": "subscription_item", "price": cost, "quantity": quantity}
        for n, (cost, quantity) in enumerate(items)
    ]
    return {
        "id": "sub_1MowQVLkdIwHu7ixeRlqHVzs", "object": "subscription", "status": "active",
        "created": T, "start_date": T, "currency": "usd", "customer": "cus_NffrFeUfNV2Hib",
        "cancel_at_period_end": False, "canceled_at": None, "ended_at": None, "description": None,
        "current_period_start": T, "current_period_end": T + 30 * 86_400, "livemode": True,
        "items": {"object": "list", "data": rows, "has_more": False, "url": "/v1/..."},
        "metadata": {}, "pause_collection": None, "trial_end": None, "trial_start": None, **more,
    }  # fmt: skip


INVOICE: dict[str, Any] = {
    "id": "in_1MtHbELkdIwHu7ixl4OzzPMv", "object": "invoice", "status": "paid", "created": T,
    "number": "0759376C-0001", "currency": "usd", "customer": "cus_NffrFeUfNV2Hib",
    "total": 4200, "subtotal": 3500, "amount_due": 4200, "amount_paid": 4200,
    "amount_remaining": 0, "attempt_count": 1, "attempted": True, "billing_reason": "manual",
    "due_date": T + 14 * 86_400, "effective_at": None, "charge": "ch_1", "livemode": True,
    "status_transitions": {
        "finalized_at": T + 86_400, "paid_at": T + 2 * 86_400, "voided_at": None,
        "marked_uncollectible_at": None,
    },
    "subscription": "sub_1MowQVLkdIwHu7ixeRlqHVzs", "metadata": {},
    "lines": {"object": "list", "data": [], "has_more": False, "total_count": 0, "url": "/v1/..."},
}  # fmt: skip
CHARGE: dict[str, Any] = {
    "id": "ch_3MmlLrLkdIwHu7ix0snN0B15", "object": "charge", "amount": 4200, "created": T,
    "amount_captured": 4000, "amount_refunded": 0, "captured": True, "paid": True,
    "refunded": False, "disputed": False, "currency": "usd", "customer": "cus_NffrFeUfNV2Hib",
    "description": "Order 7", "invoice": "in_1MtHbELkdIwHu7ixl4OzzPMv", "livemode": True,
    "status": "succeeded", "failure_code": None, "failure_message": None, "metadata": {},
    "payment_method": "pm_1", "payment_method_details": {"card": {"brand": "visa"}, "type": "card"},
}  # fmt: skip
REFUND: dict[str, Any] = {
    "id": "re_1Nispe2eZvKYlo2Cd31jOCgZ", "object": "refund", "amount": 1000, "charge": CHARGE,
    "created": T + 60, "currency": "usd", "metadata": {}, "payment_intent": "pi_1",
    "reason": "requested_by_customer", "receipt_number": None, "status": "succeeded",
    "destination_details": {"type": "card"},
}  # fmt: skip
DISPUTE: dict[str, Any] = {
    "id": "du_1MtJUT2eZvKYlo2CNaw2HvEv", "object": "dispute", "amount": 4200, "charge": CHARGE,
    "created": T + 90, "currency": "usd", "evidence": {}, "evidence_details": {"due_by": T},
    "is_charge_refundable": False, "livemode": True, "metadata": {}, "reason": "fraudulent",
    "status": "needs_response", "balance_transactions": [], "payment_intent": "pi_1",
}  # fmt: skip
CREDIT_NOTE: dict[str, Any] = {
    "id": "cn_1MxvRqLkdIwHu7ixY0xbUcxk", "object": "credit_note", "amount": 1099, "total": 1099,
    "subtotal": 1099, "created": T, "effective_at": T, "currency": "usd", "livemode": True,
    "customer": "cus_NffrFeUfNV2Hib", "invoice": "in_1MtHbELkdIwHu7ixl4OzzPMv", "memo": None,
    "number": "C9E0C52C-0036-CN-01", "reason": "duplicate", "status": "issued", "metadata": {},
    "lines": {"object": "list", "data": [], "has_more": False, "url": "/v1/..."}, "type": "pre_payment",
}  # fmt: skip


def rest(sample: Mapping[str, Any]) -> dict[str, Any]:
    """A sample's values beside those the account gives itself."""
    return {n: v for n, v in sample.items() if n not in ("id", "object", "created", "livemode")}
