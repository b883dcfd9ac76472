"""The mappings proposed for Stripe's objects onto the canonical records."""

from __future__ import annotations

from typing import Any

from connectors.fields import FieldMapping
from connectors.mapping import Mapping as FieldMap

_EPOCH = {"formats": ["epoch"]}
_MONEY = {"currency_from": "currency"}
_ROUNDED = {"currency_from": "_currency", "rounding": "half_even"}


def _map(entity: str, *lines: tuple[Any, ...], is_whole: bool = False) -> FieldMap:
    """Lines of (source, target), (source, target, options) or (..., converter, options)."""
    fields = []
    for source, target, *more in lines:
        converter = more[0] if len(more) == 2 else None
        fields.append(FieldMapping(source, target, converter, more[-1] if more else {}))
    return FieldMap(entity, tuple(fields), keep_unmapped=is_whole)


CONTACT = _map(
    "contact",
    ("id", "external_id"),
    ("name", "name"),
    ("email", "email", {"on_error": "attribute"}),
    ("phone", "phone", {"on_error": "attribute"}),
    ("_language", "language", {"on_error": "attribute"}),
    ("_account", "account_external_id"),
    ("_country", "attributes.country"),
    ("created", "attributes.customer_since", "date", _EPOCH),
    is_whole=True,
)
ACCOUNT = _map(
    "account",
    ("_account", "external_id"),
    ("_company", "name"),
    ("_country", "attributes.country"),
    ("created", "attributes.customer_since", "date", _EPOCH),
)
PRODUCT = _map(
    "product",
    ("id", "external_id"),
    ("name", "name", {"on_error": "attribute"}),
    ("_category", "category"),
    is_whole=True,
)
STATES = {
    "trialing": "trial",
    "active": "active",
    "past_due": "active",
    "unpaid": "paused",
    "paused": "paused",
    "incomplete": "paused",
    "incomplete_expired": "ended",
    "canceled": "ended",
}
"""A subscription in arrears is in force; one that is unpaid or not yet paid gives nothing."""

SUBSCRIPTION = _map(
    "subscription",
    ("id", "external_id"),
    ("_customer", "contact_external_id"),
    ("_name", "name"),
    ("status", "state", "enum", {"map": STATES}),
    ("start_date", "started_on", _EPOCH),
    ("_renews_at", "renews_on", _EPOCH),
    ("ended_at", "ended_on", _EPOCH),
    ("_interval", "interval"),
    ("_amount", "amount_minor", _ROUNDED),
    ("status", "attributes.status"),
    ("_every", "attributes.every"),
    ("_products", "attributes.products"),
    ("cancel_at_period_end", "attributes.cancel_at_period_end", "boolean", {}),
    ("canceled_at", "attributes.canceled_at", "datetime", _EPOCH),
    ("trial_end", "attributes.trial_end", "datetime", _EPOCH),
)
_INVOICE_STATES = {
    "draft": "draft", "open": "open", "paid": "paid", "uncollectible": "open", "void": "void",
}  # fmt: skip
INVOICE = _map(
    "invoice",
    ("id", "external_id"),
    ("_customer", "contact_external_id"),
    ("number", "number"),
    ("status", "state", "enum", {"map": _INVOICE_STATES}),
    ("_issued_at", "issued_on", _EPOCH),
    ("due_date", "due_on", _EPOCH),
    ("_paid_at", "paid_on", _EPOCH),
    ("_amount", "amount_minor", _MONEY),
    ("status", "attributes.status"),
    ("_subscription", "attributes.subscription"),
    ("billing_reason", "attributes.billing_reason"),
    ("attempt_count", "attributes.attempt_count", "integer", {}),
)
_MONEY_MOVED = (
    ("id", "external_id"),
    ("_customer", "contact_external_id"),
    ("_invoice", "invoice_external_id"),
    ("_method", "method"),
    ("created", "paid_at", _EPOCH),
    ("_amount", "amount_minor", _MONEY),
)
PAYMENT = _map("payment", *_MONEY_MOVED, ("description", "attributes.description"))
REFUND = _map(
    "payment",
    *_MONEY_MOVED,
    ("charge", "attributes.refund_of"),
    ("reason", "attributes.reason"),
)
DISPUTE = _map(
    "interaction",
    ("id", "external_id"),
    ("_customer", "contact_external_id"),
    ("", "kind", "constant", {"value": "dispute"}),
    ("reason", "subject"),
    ("status", "outcome"),
    ("created", "occurred_at", _EPOCH),
    ("_amount", "amount_minor", _MONEY),
    ("charge", "attributes.charge"),
)
CREDIT_NOTE = _map(
    "invoice",
    ("id", "external_id"),
    ("_customer", "contact_external_id"),
    ("number", "number"),
    ("status", "state", "enum", {"map": {"issued": "paid", "void": "void"}}),
    ("_issued_at", "issued_on", _EPOCH),
    ("_paid_at", "paid_on", _EPOCH),
    ("_amount", "amount_minor", _MONEY),
    ("invoice", "attributes.credits"),
    ("reason", "attributes.reason"),
)
