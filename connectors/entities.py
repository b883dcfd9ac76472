"""The declaration of the canonical records' fields.

The mapping editor, the checks and the docs are drawn from `ENTITIES`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from connectors.canonical import (
    Account,
    Contact,
    Interaction,
    Invoice,
    Measurement,
    Opportunity,
    Order,
    OrderLine,
    Payment,
    Product,
    Record,
    StockEvent,
    Subscription,
)


@dataclass(frozen=True, slots=True)
class EntityField:
    """One canonical field: `type` picks the default converter, `max_length` is in characters.

    Of a field with `choices` nothing else is taken.
    """

    name: str
    type: str
    label: str
    required: bool = False
    help: str = ""
    max_length: int | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entity:
    """One kind of canonical record. Of each group in `one_of` at least one field must be set."""

    name: str
    label: str
    help: str
    record: type[Record]
    fields: tuple[EntityField, ...]
    one_of: tuple[tuple[str, ...], ...] = ()

    def field(self, name: str) -> EntityField:
        """The declaration of one field; KeyError when the entity has none of that name."""
        for each in self.fields:
            if each.name == name:
                return each
        raise KeyError(name)


_ID = EntityField(
    "external_id",
    "key",
    "External id",
    True,
    "What the source calls this record; never changes.",
    255,
)
_MODIFIED = EntityField(
    "modified_at", "datetime", "Changed at", False, "When the source last changed the record."
)
_CONTACT = EntityField(
    "contact_external_id", "key", "Contact", False, "External id of the person it belongs to.", 255
)
_ACCOUNT = EntityField(
    "account_external_id", "key", "Account", False, "External id of the company or household.", 255
)
_AMOUNT = EntityField(
    "amount_minor", "money", "Amount", False, "Money, kept in the currency's smallest unit."
)
_CURRENCY = EntityField(
    "currency", "currency", "Currency", False, "ISO 4217 code such as EUR; one column or constant."
)
_NUMBER = EntityField("number", "text", "Number", False, "What people call it by.", 100)
_CUSTOMER = (("contact_external_id", "account_external_id"),)

_ENTITIES = (
    Entity(
        "account",
        "Accounts",
        "Companies or households.",
        Account,
        (
            _ID,
            EntityField("name", "text", "Name", False, "Shown in lists.", 500),
            EntityField("domain", "lower", "Web domain", False, "Such as example.com.", 253),
            EntityField(
                "parent_external_id",
                "key",
                "Parent account",
                False,
                "External id of the parent.",
                255,
            ),
            _MODIFIED,
        ),
    ),
    Entity(
        "contact",
        "Contacts",
        "People.",
        Contact,
        (
            _ID,
            _ACCOUNT,
            EntityField("name", "text", "Name", False, "The person's full name.", 500),
            EntityField(
                "email", "email", "E-mail", False, "Used to match people across systems.", 320
            ),
            EntityField(
                "phone", "e164", "Phone", False, "Used to match people across systems.", 32
            ),
            EntityField("language", "language", "Language", False, "Such as en or pt-BR.", 35),
            _MODIFIED,
        ),
    ),
    Entity(
        "interaction",
        "Interactions",
        "Events in a customer's history: orders, calls, visits, support contacts.",
        Interaction,
        (
            _ID,
            _CONTACT,
            _ACCOUNT,
            EntityField("kind", "lower", "Kind", True, "Such as order, support_contact, call.", 60),
            EntityField("channel", "lower", "Channel", False, "Such as phone, web, shop.", 60),
            EntityField("touchpoint", "text", "Touchpoint", False, "Where in the journey.", 200),
            EntityField("subject", "text", "Subject", False, "One line about it.", 1000),
            EntityField("outcome", "text", "Outcome", False, "How it ended.", 1000),
            EntityField("occurred_at", "datetime", "Happened at", True, "When it happened."),
            EntityField("duration_seconds", "integer", "Duration", False, "In seconds."),
            _AMOUNT,
            _CURRENCY,
            _MODIFIED,
        ),
        _CUSTOMER,
    ),
    Entity(
        "measurement",
        "Measurements",
        "Named quantities for a customer: revenue, cost, renewal, churn.",
        Measurement,
        (
            _ID,
            _CONTACT,
            _ACCOUNT,
            EntityField("metric", "lower", "Metric", True, "Such as revenue, cost, churn.", 60),
            EntityField("value", "decimal", "Value", False, "A number without a currency."),
            _AMOUNT,
            _CURRENCY,
            EntityField(
                "measured_on",
                "date",
                "Measured on",
                False,
                "Leave empty for undated data; stays undated.",
            ),
            _MODIFIED,
        ),
        (("contact_external_id", "account_external_id"), ("value", "amount_minor")),
    ),
    Entity(
        "opportunity",
        "Opportunities",
        "Deals that may be won or lost.",
        Opportunity,
        (
            _ID,
            _CONTACT,
            _ACCOUNT,
            EntityField("name", "text", "Name", False, "What the deal is about.", 500),
            EntityField("stage", "text", "Stage", False, "The source's own word.", 100),
            EntityField(
                "state",
                "lower",
                "State",
                False,
                "Open, won or lost; empty means open.",
                choices=("open", "won", "lost"),
            ),
            EntityField("opened_at", "datetime", "Opened at", False, "When it began."),
            EntityField(
                "closes_on", "date", "Closes on", False, "The day it is decided, or should be."
            ),
            _AMOUNT,
            _CURRENCY,
            _MODIFIED,
        ),
        _CUSTOMER,
    ),
    Entity(
        "order",
        "Orders",
        "What customers ordered.",
        Order,
        (
            _ID,
            _CONTACT,
            _ACCOUNT,
            _NUMBER,
            EntityField("state", "lower", "State", False, "Such as placed, shipped.", 60),
            EntityField("channel", "lower", "Channel", False, "Such as phone, web, shop.", 60),
            EntityField("ordered_at", "datetime", "Ordered at", True, "When it was placed."),
            _AMOUNT,
            _CURRENCY,
            _MODIFIED,
        ),
        _CUSTOMER,
    ),
    Entity(
        "order_line",
        "Order lines",
        "The products of orders.",
        OrderLine,
        (
            _ID,
            EntityField(
                "order_external_id", "key", "Order", True, "External id of its order.", 255
            ),
            EntityField(
                "product_external_id", "key", "Product", False, "External id of the product.", 255
            ),
            EntityField("name", "text", "Name", False, "What the line says.", 500),
            EntityField("quantity", "decimal", "Quantity", False, "How many, or how much."),
            _AMOUNT,
            _CURRENCY,
            _MODIFIED,
        ),
    ),
    Entity(
        "invoice",
        "Invoices",
        "What customers owe, credit notes as negative amounts.",
        Invoice,
        (
            _ID,
            _CONTACT,
            _ACCOUNT,
            _NUMBER,
            EntityField(
                "state",
                "lower",
                "State",
                False,
                "Draft, open, paid or void; empty means open.",
                choices=("draft", "open", "paid", "void"),
            ),
            EntityField("issued_on", "date", "Issued on", True, "The day on the invoice."),
            EntityField("due_on", "date", "Due on", False, "The last day to pay."),
            EntityField("paid_on", "date", "Paid on", False, "The day it was settled in full."),
            replace(_AMOUNT, required=True),
            _CURRENCY,
            _MODIFIED,
        ),
        _CUSTOMER,
    ),
    Entity(
        "payment",
        "Payments",
        "Money that came in, refunds as negative amounts.",
        Payment,
        (
            _ID,
            _CONTACT,
            _ACCOUNT,
            EntityField(
                "invoice_external_id", "key", "Invoice", False, "External id of its invoice.", 255
            ),
            EntityField("method", "lower", "Method", False, "Such as card, transfer.", 60),
            EntityField("paid_at", "datetime", "Paid at", True, "When it was paid."),
            replace(_AMOUNT, required=True),
            _CURRENCY,
            _MODIFIED,
        ),
        _CUSTOMER,
    ),
    Entity(
        "subscription",
        "Subscriptions",
        "Subscriptions and contracts, with their terms.",
        Subscription,
        (
            _ID,
            _CONTACT,
            _ACCOUNT,
            EntityField("name", "text", "Name", False, "The plan or contract.", 500),
            EntityField(
                "state",
                "lower",
                "State",
                False,
                "Trial, active, paused or ended; empty means active.",
                choices=("trial", "active", "paused", "ended"),
            ),
            EntityField("started_on", "date", "Started on", True, "The first day in force."),
            EntityField("renews_on", "date", "Renews on", False, "The end of the current term."),
            EntityField("ended_on", "date", "Ended on", False, "The last day in force."),
            EntityField(
                "interval",
                "lower",
                "Interval",
                False,
                "How often the amount is due.",
                choices=("day", "week", "month", "quarter", "year"),
            ),
            _AMOUNT,
            _CURRENCY,
            _MODIFIED,
        ),
        _CUSTOMER,
    ),
    Entity(
        "product",
        "Products",
        "What is sold.",
        Product,
        (
            _ID,
            EntityField("name", "text", "Name", False, "Shown in lists.", 500),
            _NUMBER,
            EntityField("category", "text", "Category", False, "What it belongs to.", 200),
            _MODIFIED,
        ),
    ),
    Entity(
        "stock_event",
        "Stock events",
        "Changes of a product's stock: deliveries, sales, shortages.",
        StockEvent,
        (
            _ID,
            EntityField(
                "product_external_id", "key", "Product", True, "External id of the product.", 255
            ),
            EntityField("kind", "lower", "Kind", True, "Such as delivery, sale, count.", 60),
            EntityField(
                "quantity", "decimal", "Quantity", True, "What came in; negative: what went out."
            ),
            EntityField("occurred_at", "datetime", "Happened at", True, "When it happened."),
            _MODIFIED,
        ),
    ),
)

ENTITIES: Mapping[str, Entity] = MappingProxyType({each.name: each for each in _ENTITIES})
