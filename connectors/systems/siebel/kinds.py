"""The business components known here: where they may be found, and what their fields become.

Names are those of Siebel's own repository. An installation may have renamed or left out any of
them, so each canonical field has several candidates, of which the first that is there is taken.
Source: Siebel REST API Guide; Siebel Developer's Reference; Applications Administration Guide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from connectors.canonical import NOTHING
from connectors.systems.siebel.config import Component

Candidates = Mapping[str, tuple[str, ...]]

_CONTACT = ("Contact Id", "Primary Contact Id", "Bill To Contact Id", "Primary Contact Key")
_ACCOUNT = ("Account Id", "Primary Account Id", "Bill To Account Id", "Customer Id")
_CURRENCY = ("Currency Code", "Currency", "Primary Revenue Currency Code")


@dataclass(frozen=True, slots=True)
class Kind:
    """A known kind of record: its components in the order they are looked for, and its mapping.

    `fields` maps canonical fields to candidates; `constants` to fixed words; `options` to
    converters and their options.
    """

    name: str
    label: str
    entity: str
    components: tuple[Component, ...]
    fields: Candidates
    constants: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    options: Mapping[str, tuple[str, Mapping[str, Any]]] = field(default_factory=lambda: NOTHING)


_LANGUAGES = {
    "ENU": "en-US", "ENG": "en-GB", "DEU": "de", "FRA": "fr", "ESN": "es", "ITA": "it",
    "PTB": "pt-BR", "PTG": "pt-PT", "NLD": "nl", "JPN": "ja", "CHS": "zh-Hans", "CHT": "zh-Hant",
    "KOR": "ko", "SVE": "sv", "DAN": "da", "FIN": "fi", "NOR": "no", "PLK": "pl", "CSY": "cs",
    "RUS": "ru", "TRK": "tr", "THA": "th", "HEB": "he", "ARA": "ar",
}  # fmt: skip
_INVOICES = {
    "Draft": "draft", "New": "draft", "Pending": "draft", "Open": "open", "Sent": "open",
    "Unpaid": "open", "Partially Paid": "open", "Overdue": "open", "Paid": "paid", "Closed": "paid",
    "Void": "void", "Cancelled": "void", "Canceled": "void",
}  # fmt: skip
_TERMS = {
    "Active": "active", "Current": "active", "Production": "active", "Pending": "paused",
    "Suspended": "paused", "In Negotiation": "paused", "Trial": "trial", "Expired": "ended",
    "Terminated": "ended", "Inactive": "ended", "Cancelled": "ended", "Canceled": "ended",
    "Closed": "ended", "Retired": "ended",
}  # fmt: skip
ACTIONS: Mapping[str, str] = {
    "Call": "call", "Call - Inbound": "call", "Call - Outbound": "call", "Email": "email",
    "Email - Inbound": "email", "Email - Outbound": "email", "Appointment": "meeting",
    "Meeting": "meeting", "Field Repair": "visit", "To Do": "task", "Task": "task",
}  # fmt: skip
"""Types of activities whose kind has a word of its own; others keep theirs."""
_LENIENT: Mapping[str, Any] = MappingProxyType({"on_error": "attribute"})


def _word(pairs: Mapping[str, str], unknown: str, **more: Any) -> tuple[str, Mapping[str, Any]]:
    return "enum", {"map": dict(pairs), "unknown": unknown, **more}


_ORDERS = Component("Order Entry (Sales)", "Order Entry - Orders")
_PLAIN = Component("Order Entry - Orders", "Order Entry - Orders")
_LINES = "Order Entry - Line Items"
_KINDS = (
    Kind(
        "Account", "Accounts", "account", (Component("Account", "Account"),),
        {
            "name": ("Name",), "domain": ("_domain",),
            "parent_external_id": ("Parent Account Id", "Parent Id"),
        },
    ),
    Kind(
        "Contact", "Contacts", "contact", (Component("Contact", "Contact"),),
        {
            "name": ("_name",), "account_external_id": _ACCOUNT,
            "email": ("Email Address", "Primary Email", "Email"),
            "phone": ("Cellular Phone #", "Work Phone #", "Home Phone #", "Main Phone Number"),
            "language": ("Preferred Language Code", "Language Code"),
        },
        options={
            "email": ("email", _LENIENT), "phone": ("e164", _LENIENT),
            "language": _word(_LANGUAGES, "empty"),
        },
    ),
    Kind(
        "Service Request", "Service requests", "interaction",
        (Component("Service Request", "Service Request"),),
        {
            "contact_external_id": _CONTACT, "account_external_id": _ACCOUNT,
            "channel": ("Source", "SR Source"), "touchpoint": ("Area", "SR Area"),
            "subject": ("Abstract", "SR Abstract"), "outcome": ("Status", "SR Status"),
            "occurred_at": ("Created", "Opened Date"),
        },
        {"kind": "support_contact"},
    ),
    Kind(
        "Opportunity", "Opportunities", "opportunity",
        (Component("Opportunity", "Opportunity"),),
        {
            "contact_external_id": ("Key Contact Id", *_CONTACT),
            "account_external_id": _ACCOUNT, "name": ("Name",), "stage": ("Sales Stage",),
            "state": ("_state",), "opened_at": ("Created",),
            "closes_on": ("Primary Revenue Close Date", "Close Date"),
            "amount_minor": ("Primary Revenue Amount", "Revenue", "Deal Size"),
            "currency": _CURRENCY,
        },
    ),
    Kind(
        "Order", "Orders", "order", (_ORDERS, _PLAIN),
        {
            "contact_external_id": _CONTACT, "account_external_id": _ACCOUNT,
            "number": ("Order Number", "Order #"), "state": ("Status", "Order Status"),
            "channel": ("Source", "Channel"), "ordered_at": ("Order Date", "Created"),
            "amount_minor": ("Order Total", "Current Order Total", "Total Net Price"),
            "currency": _CURRENCY,
        },
    ),
    Kind(
        "Order line", "Order lines", "order_line",
        (Component(_LINES, _LINES), Component(_ORDERS.bo, _ORDERS.bc, _LINES),
         Component(_PLAIN.bo, _PLAIN.bc, _LINES)),
        {
            "order_external_id": ("_parent_id", "Order Header Id", "Order Entry Id"),
            "product_external_id": ("Product Id",), "name": ("Product", "Description"),
            "quantity": ("Quantity Requested", "Quantity"),
            "amount_minor": ("Extended Amount", "Item Extended Net Price", "Net Price"),
            "currency": _CURRENCY,
        },
    ),
    Kind(
        "Activity", "Activities", "interaction", (Component("Action", "Action"),),
        {
            "contact_external_id": ("Primary Contact Id", *_CONTACT),
            "account_external_id": _ACCOUNT, "kind": ("_kind",),
            "touchpoint": ("Category",), "subject": ("Description",), "outcome": ("Status",),
            "occurred_at": ("_at",),
        },
    ),
    Kind(
        "Agreement", "Agreements", "subscription",
        (Component("FS Agreement", "FS Agreement"),
         Component("Service Agreement", "Service Agreement")),
        {
            "contact_external_id": _CONTACT, "account_external_id": _ACCOUNT,
            "name": ("Name", "Agreement Name", "Agreement Number"),
            "state": ("Agreement Status", "Status"),
            "started_on": ("Agreement Start Date", "Effective From", "Start Date"),
            "renews_on": ("Agreement End Date", "Effective To", "End Date"),
            "amount_minor": ("Total", "Agreement Total"), "currency": _CURRENCY,
        },
        options={"state": _word(_TERMS, "empty")},
    ),
    Kind(
        "Asset", "Assets", "subscription",
        (Component("Asset Management", "Asset Mgmt - Asset"),
         Component("Asset Mgmt - Asset", "Asset Mgmt - Asset")),
        {
            "contact_external_id": _CONTACT, "account_external_id": _ACCOUNT,
            "name": ("Product Name", "Product", "Asset Number"), "state": ("Status",),
            "started_on": ("_started",), "ended_on": ("End Date",),
        },
        options={"state": _word(_TERMS, "empty")},
    ),
    Kind(
        "Invoice", "Invoices", "invoice",
        (Component("FS Invoice", "FS Invoice"), Component("Invoice", "Invoice")),
        {
            "contact_external_id": _CONTACT, "account_external_id": _ACCOUNT,
            "number": ("Invoice Number", "Invoice #"), "state": ("Status", "Invoice Status"),
            "issued_on": ("Invoice Date", "Bill Date", "Created"),
            "due_on": ("Due Date", "Payment Due Date"),
            "amount_minor": ("Total Amount", "Invoice Total", "Total Due", "Amount"),
            "currency": _CURRENCY,
        },
        options={"state": _word(_INVOICES, "empty")},
    ),
    Kind(
        "Product", "Products", "product",
        (Component("Internal Product", "Internal Product"),
         Component("Admin Internal Product", "Internal Product")),
        {
            "name": ("Name",), "number": ("Part #", "Part Number"),
            "category": ("Product Line", "Primary Product Line Name", "Type"),
        },
    ),
)  # fmt: skip


KINDS: Mapping[str, Kind] = MappingProxyType({each.name: each for each in _KINDS})

GENERIC: Candidates = MappingProxyType(
    {
        "contact_external_id": _CONTACT, "account_external_id": _ACCOUNT, "name": ("Name",),
        "subject": ("Abstract", "Description", "Name"), "outcome": ("Status",),
        "occurred_at": ("Created",), "ordered_at": ("Order Date", "Created"),
        "opened_at": ("Created",), "closes_on": ("Close Date",), "number": ("Number", "Part #"),
        "started_on": ("Start Date", "Effective From"), "renews_on": ("End Date",),
        "issued_on": ("Invoice Date", "Created"), "paid_at": ("Payment Date", "Created"),
        "amount_minor": ("Amount", "Total Amount", "Total", "Price"), "currency": _CURRENCY,
        "quantity": ("Quantity",), "product_external_id": ("Product Id",),
        "order_external_id": ("_parent_id", "Order Header Id", "Order Id"),
        "email": ("Email Address",), "metric": ("Metric", "Name"), "value": ("Value",),
        "measured_on": ("Date", "Created"), "category": ("Type",),
    }
)  # fmt: skip
"""Candidates for components an admin declares."""
