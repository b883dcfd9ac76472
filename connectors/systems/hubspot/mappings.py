"""The mappings proposed for HubSpot's objects onto the canonical records."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from types import MappingProxyType
from typing import Any

from connectors.fields import FieldMapping
from connectors.mapping import Mapping
from connectors.systems.hubspot.kinds import Kind
from connectors.systems.hubspot.portal import Account

# Milliseconds first: some of them look like a compact date of ISO 8601 too.
_FORMATS = ["epoch_ms", "iso"]
_TIME = {"formats": _FORMATS}
_LENIENT = {"on_error": "attribute"}
Line = tuple[Any, ...]

SUBSCRIPTIONS = {
    "active": "active", "past_due": "active", "scheduled": "trial", "unpaid": "paused",
    "paused": "paused", "canceled": "ended", "cancelled": "ended", "expired": "ended",
}  # fmt: skip
"""A subscription in arrears is in force; one that is unpaid gives nothing."""
INVOICES = {
    "draft": "draft", "open": "open", "overdue": "open", "paid": "paid", "voided": "void",
}  # fmt: skip
INTERVALS = {
    "daily": "day", "weekly": "week", "monthly": "month", "quarterly": "quarter",
    "annually": "year",
}  # fmt: skip


def _kind(word: str) -> Line:
    return ("id", "kind", "constant", {"value": word})


_OFTEN = {"map": INTERVALS, "unknown": "empty"}
_CUSTOMER: tuple[Line, ...] = (
    ("_contact", "contact_external_id"),
    ("_company", "account_external_id"),
)
_HAPPENED = ("hs_timestamp", "occurred_at", _TIME)
_LINES: MappingOf[str, tuple[Line, ...]] = MappingProxyType(
    {
        "contacts": (
            ("_company", "account_external_id"),
            ("_name", "name"),
            ("email", "email", _LENIENT),
            ("_phone", "phone", _LENIENT),
            ("hs_language", "language", _LENIENT),
        ),
        "companies": (
            ("name", "name"),
            ("domain", "domain", _LENIENT),
            ("hs_parent_company_id", "parent_external_id"),
        ),
        "deals": (
            *_CUSTOMER,
            ("dealname", "name"),
            ("_stage", "stage"),
            ("_state", "state"),
            ("createdate", "opened_at", _TIME),
            ("closedate", "closes_on", _TIME),
            ("amount", "amount_minor", {"currency_from": "deal_currency_code", **_LENIENT}),
        ),
        "tickets": (
            *_CUSTOMER,
            _kind("support_contact"),
            ("source_type", "channel"),
            ("subject", "subject"),
            ("_stage", "outcome"),
            ("createdate", "occurred_at", _TIME),
        ),
        "calls": (
            *_CUSTOMER,
            _kind("call"),
            ("id", "channel", "constant", {"value": "phone"}),
            ("hs_call_title", "subject"),
            ("hs_call_status", "outcome"),
            _HAPPENED,
            ("_duration", "duration_seconds"),
        ),
        "meetings": (
            *_CUSTOMER,
            _kind("meeting"),
            ("hs_meeting_title", "subject"),
            ("hs_meeting_outcome", "outcome"),
            ("_at", "occurred_at", _TIME),
            ("_duration", "duration_seconds"),
        ),
        "emails": (
            *_CUSTOMER,
            _kind("email"),
            ("id", "channel", "constant", {"value": "email"}),
            ("hs_email_subject", "subject"),
            ("hs_email_status", "outcome"),
            _HAPPENED,
        ),
        "notes": (*_CUSTOMER, _kind("note"), ("_subject", "subject"), _HAPPENED),
        "tasks": (
            *_CUSTOMER,
            _kind("task"),
            ("hs_task_subject", "subject"),
            ("hs_task_status", "outcome"),
            _HAPPENED,
        ),
        "orders": (
            *_CUSTOMER,
            ("_number", "number"),
            ("_state", "state"),
            ("hs_source_store", "channel"),
            ("_at", "ordered_at", _TIME),
            ("hs_total_price", "amount_minor", {"currency_from": "hs_currency_code", **_LENIENT}),
        ),
        "invoices": (
            *_CUSTOMER,
            ("hs_number", "number"),
            ("hs_invoice_status", "state", "enum", {"map": INVOICES}),
            ("_on", "issued_on", _TIME),
            ("hs_due_date", "due_on", _TIME),
            ("_paid_on", "paid_on", _TIME),
            ("hs_amount_billed", "amount_minor", {"currency_from": "hs_currency"}),
        ),
        "subscriptions": (
            *_CUSTOMER,
            ("hs_name", "name"),
            ("hs_status", "state", "enum", {"map": SUBSCRIPTIONS}),
            ("hs_status", "attributes.status"),
            ("_started_on", "started_on", _TIME),
            ("hs_next_payment_due_date", "renews_on", _TIME),
            ("_ended_on", "ended_on", _TIME),
            ("hs_recurring_billing_frequency", "interval", "enum", _OFTEN),
            ("hs_recurring_billing_frequency", "attributes.frequency"),
            ("_amount", "amount_minor", {"currency_from": "hs_currency_code", **_LENIENT}),
        ),
        "products": (("name", "name"), ("hs_sku", "number"), ("hs_product_type", "category")),
        "line_items": (
            ("_order", "order_external_id"),
            ("hs_product_id", "product_external_id"),
            ("name", "name"),
            ("quantity", "quantity"),
            ("amount", "amount_minor", {"currency_from": "hs_line_item_currency_code", **_LENIENT}),
        ),
        "feedback_submissions": (
            ("_contact", "contact_external_id"),
            _kind("survey"),
            ("hs_survey_channel", "channel"),
            ("hs_survey_name", "subject"),
            ("hs_sentiment", "outcome"),
            ("_at", "occurred_at", _TIME),
        ),
    }
)


def of(kind: Kind, fields: MappingOf[str, str], account: Account) -> Mapping:
    """The mapping of a kind with the properties it has in this account."""
    lines = [FieldMapping("id", "external_id")]
    for source, target, *more in _LINES.get(kind.name) or _of_custom(kind):
        if source.startswith("_") or source == "id" or source in fields or target == "amount_minor":
            options = _suited(source, target, more[-1] if more else {}, fields, account)
            lines.append(FieldMapping(source, target, more[0] if len(more) == 2 else None, options))
    lines.append(FieldMapping("updatedAt", "modified_at", None, _TIME))
    return Mapping(kind.entity, tuple(lines))


def _of_custom(kind: Kind) -> tuple[Line, ...]:
    lines: list[Line] = [*_CUSTOMER, _kind(kind.name.lower()[:60])]
    if kind.title:
        lines.append((kind.title, "subject"))
    return (*lines, ("createdAt", "occurred_at", _TIME))


def _suited(
    source: str,
    target: str,
    options: MappingOf[str, Any],
    fields: MappingOf[str, str],
    account: Account,
) -> dict[str, Any]:
    """The options with what the account says: its zone for days, its currency for amounts.

    Properties that are days themselves are midnights in UTC, whatever the account's zone.
    """
    found = dict(options)
    if target.endswith("_on") and fields.get(source) == "datetime" and account.zone:
        found["zone"] = account.zone
    if target == "amount_minor":
        found["rounding"] = "half_even"
        if account.currency:
            found["currency"] = account.currency
    return found
