"""The canonical records every source is mapped to; their fields are declared in `connectors.entities`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A company or household, as one source names it."""

    external_id: str
    name: str | None = None
    domain: str | None = None
    parent_external_id: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person. Phone is E.164, e-mail normalised, language a BCP 47 tag."""

    external_id: str
    account_external_id: str | None = None
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    language: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """One event in a customer's history. `kind` is an open word: order, support_contact, call...

    `occurred_at` is aware UTC; money is `amount_minor` of `currency` (ISO 4217).
    """

    external_id: str
    contact_external_id: str | None = None
    account_external_id: str | None = None
    kind: str
    channel: str | None = None
    touchpoint: str | None = None
    subject: str | None = None
    outcome: str | None = None
    occurred_at: datetime
    duration_seconds: int | None = None
    amount_minor: int | None = None
    currency: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A named quantity for a customer: revenue, cost, renewal, churn...

    Either `value`, or `amount_minor` with `currency`. `measured_on` is None for undated data, and
    stays None: nothing here ever invents a date.
    """

    external_id: str
    contact_external_id: str | None = None
    account_external_id: str | None = None
    metric: str
    value: Decimal | None = None
    amount_minor: int | None = None
    currency: str | None = None
    measured_on: date | None = None
    attributes: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opportunity:
    """A deal that may be won. `state` is open, won or lost; the amount is what it may bring."""

    external_id: str
    contact_external_id: str | None = None
    account_external_id: str | None = None
    name: str | None = None
    stage: str | None = None
    state: str = "open"
    opened_at: datetime | None = None
    closes_on: date | None = None
    amount_minor: int | None = None
    currency: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a customer ordered; `state` is the source's own word (placed, shipped, cancelled)."""

    external_id: str
    contact_external_id: str | None = None
    account_external_id: str | None = None
    number: str | None = None
    state: str | None = None
    channel: str | None = None
    ordered_at: datetime
    amount_minor: int | None = None
    currency: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One line of an order: how much of which product, for how much in all."""

    external_id: str
    order_external_id: str
    product_external_id: str | None = None
    name: str | None = None
    quantity: Decimal | None = None
    amount_minor: int | None = None
    currency: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """What a customer owes. A credit note is an invoice whose amount is negative.

    `state` is draft, open, paid or void; `paid_on` is the day it was settled in full.
    """

    external_id: str
    contact_external_id: str | None = None
    account_external_id: str | None = None
    number: str | None = None
    state: str = "open"
    issued_on: date
    due_on: date | None = None
    paid_on: date | None = None
    amount_minor: int
    currency: str
    attributes: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money that came in; what went back (a refund, a chargeback) is negative."""

    external_id: str
    contact_external_id: str | None = None
    account_external_id: str | None = None
    invoice_external_id: str | None = None
    method: str | None = None
    paid_at: datetime
    amount_minor: int
    currency: str
    attributes: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A subscription or contract. `amount_minor` is due each `interval`.

    `state` is trial, active, paused or ended; `renews_on` is the end of the term it is in,
    `ended_on` the last day it was in force.
    """

    external_id: str
    contact_external_id: str | None = None
    account_external_id: str | None = None
    name: str | None = None
    state: str = "active"
    started_on: date
    renews_on: date | None = None
    ended_on: date | None = None
    interval: str | None = None
    amount_minor: int | None = None
    currency: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """Something that is sold."""

    external_id: str
    name: str | None = None
    number: str | None = None
    category: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StockEvent:
    """A change of a product's stock: `quantity` came in, or went out when negative."""

    external_id: str
    product_external_id: str
    kind: str
    quantity: Decimal
    occurred_at: datetime
    attributes: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    modified_at: datetime | None = None


Record = (
    Account
    | Contact
    | Interaction
    | Measurement
    | Opportunity
    | Order
    | OrderLine
    | Invoice
    | Payment
    | Subscription
    | Product
    | StockEvent
)
