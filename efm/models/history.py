"""What customers ordered, owed, paid and agreed to; what is sold and what is in stock."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Numeric,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from efm.db.base import Base, Created, Tenant, belongs_to


class FromSource:
    """A record of one connection, told from others by the source's own id."""

    # The connection's foreign key leads to the organization.
    is_part: ClassVar[bool] = True

    connection_id: Mapped[uuid.UUID]
    external_id: Mapped[str] = mapped_column(String(255))
    attributes: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))


class OfCustomer(FromSource):
    """A record of one contact, one account, or both; and by which ids the source named them."""

    contact_id: Mapped[uuid.UUID | None]
    account_id: Mapped[uuid.UUID | None]
    contact_external_id: Mapped[str | None] = mapped_column(String(255))
    account_external_id: Mapped[str | None] = mapped_column(String(255))


class Money:
    """An amount in the currency's smallest unit."""

    amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(String(3))


def _source() -> tuple[UniqueConstraint | ForeignKeyConstraint, ...]:
    return (
        UniqueConstraint("organization_id", "connection_id", "external_id"),
        belongs_to("connections", "connection_id"),
    )


def _money() -> CheckConstraint:
    return CheckConstraint(
        "(amount_minor IS NULL) = (currency IS NULL)", name="amount_has_currency"
    )


def _customer(table: str, at: str) -> tuple[Any, ...]:
    return (
        *_source(),
        belongs_to("contacts", "contact_id"),
        belongs_to("accounts", "account_id"),
        CheckConstraint("num_nonnulls(contact_id, account_id) >= 1", name="has_customer"),
        Index(f"ix_{table}_contact", "organization_id", "contact_id", at),
        Index(f"ix_{table}_account", "organization_id", "account_id", at),
    )


class Opportunity(OfCustomer, Money, Tenant, Created, Base):
    """A deal that may be won."""

    __tablename__ = "opportunities"
    extra_args = (
        *_customer("opportunities", "closes_on"),
        _money(),
        CheckConstraint("state IN ('open', 'won', 'lost')", name="state"),
    )

    name: Mapped[str | None] = mapped_column(String(500))
    stage: Mapped[str | None] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(10))
    opened_at: Mapped[datetime | None]
    closes_on: Mapped[date | None]


class Order(OfCustomer, Money, Tenant, Created, Base):
    """What a customer ordered."""

    __tablename__ = "orders"
    extra_args = (*_customer("orders", "ordered_at"), _money())

    number: Mapped[str | None] = mapped_column(String(100))
    state: Mapped[str | None] = mapped_column(String(60))
    channel: Mapped[str | None] = mapped_column(String(60))
    ordered_at: Mapped[datetime]


class OrderLine(FromSource, Money, Tenant, Created, Base):
    """One line of an order, which may come before the order does."""

    __tablename__ = "order_lines"
    extra_args = (
        *_source(),
        _money(),
        Index("ix_order_lines_order", "organization_id", "connection_id", "order_external_id"),
    )

    order_external_id: Mapped[str] = mapped_column(String(255))
    product_external_id: Mapped[str | None] = mapped_column(String(255))
    name: Mapped[str | None] = mapped_column(String(500))
    quantity: Mapped[Decimal | None] = mapped_column(Numeric(24, 6))


class Invoice(OfCustomer, Tenant, Created, Base):
    """What a customer owes."""

    __tablename__ = "invoices"
    extra_args = (
        *_customer("invoices", "issued_on"),
        CheckConstraint("state IN ('draft', 'open', 'paid', 'void')", name="state"),
    )

    number: Mapped[str | None] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(10))
    issued_on: Mapped[date]
    due_on: Mapped[date | None]
    paid_on: Mapped[date | None]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))


class Payment(OfCustomer, Tenant, Created, Base):
    """Money that came in, or went back."""

    __tablename__ = "payments"
    extra_args = _customer("payments", "paid_at")

    invoice_external_id: Mapped[str | None] = mapped_column(String(255))
    method: Mapped[str | None] = mapped_column(String(60))
    paid_at: Mapped[datetime]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))


class Subscription(OfCustomer, Money, Tenant, Created, Base):
    """A subscription or contract; the amount is due each interval."""

    __tablename__ = "subscriptions"
    extra_args = (
        *_customer("subscriptions", "started_on"),
        _money(),
        CheckConstraint("state IN ('trial', 'active', 'paused', 'ended')", name="state"),
        CheckConstraint(
            "\"interval\" IN ('day', 'week', 'month', 'quarter', 'year')", name="interval"
        ),
    )

    name: Mapped[str | None] = mapped_column(String(500))
    state: Mapped[str] = mapped_column(String(10))
    started_on: Mapped[date]
    renews_on: Mapped[date | None]
    ended_on: Mapped[date | None]
    interval: Mapped[str | None] = mapped_column(String(10))


class Product(FromSource, Tenant, Created, Base):
    """Something that is sold."""

    __tablename__ = "products"
    extra_args = _source()

    name: Mapped[str | None] = mapped_column(String(500))
    number: Mapped[str | None] = mapped_column(String(100))
    category: Mapped[str | None] = mapped_column(String(200))


class StockEvent(FromSource, Tenant, Created, Base):
    """A change of a product's stock."""

    __tablename__ = "stock_events"
    extra_args = (
        *_source(),
        Index(
            "ix_stock_events_product",
            "organization_id", "connection_id", "product_external_id", "occurred_at",
        ),
    )  # fmt: skip

    product_external_id: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(60))
    quantity: Mapped[Decimal] = mapped_column(Numeric(24, 6))
    occurred_at: Mapped[datetime]
