"""Accounts, contacts, who they are in other systems, and what happened with them."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Index,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from efm.db.base import Base, Created, Tenant, belongs_to

_SOURCE_UNIQUE = ("organization_id", "connection_id", "external_id")


def _index_where_set(name: str, column: str) -> Index:
    """An index of the rows that have a value: few of many."""
    return Index(name, "organization_id", column, postgresql_where=text(f"{column} IS NOT NULL"))


class Account(Tenant, Created, Base):
    """A company or household. One that was merged stays, and `merged_into_id` leads on."""

    __tablename__ = "accounts"
    extra_args = (
        belongs_to("accounts", "parent_account_id", on_delete="SET NULL"),
        belongs_to("accounts", "merged_into_id"),
        CheckConstraint("parent_account_id <> id", name="not_its_own_parent"),
        CheckConstraint("merged_into_id <> id", name="not_merged_into_itself"),
        Index("ix_accounts_name", "organization_id", "name"),
        Index("ix_accounts_domain", "organization_id", "domain"),
        _index_where_set("ix_accounts_parent", "parent_account_id"),
        _index_where_set("ix_accounts_merged", "merged_into_id"),
    )

    name: Mapped[str] = mapped_column(String(500))
    domain: Mapped[str | None] = mapped_column(String(255))
    parent_account_id: Mapped[uuid.UUID | None]
    merged_into_id: Mapped[uuid.UUID | None]
    attributes: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Contact(Tenant, Created, Base):
    """A person. E-mail and phone are stored normalised, so that equal means equal.

    One that was merged stays, and `merged_into_id` leads on to the one that is left.
    """

    __tablename__ = "contacts"
    extra_args = (
        belongs_to("accounts", "account_id", on_delete="SET NULL"),
        belongs_to("contacts", "merged_into_id"),
        CheckConstraint("email = lower(email)", name="email_is_lower"),
        CheckConstraint("merged_into_id <> id", name="not_merged_into_itself"),
        Index("ix_contacts_email", "organization_id", "email"),
        Index("ix_contacts_phone", "organization_id", "phone"),
        Index("ix_contacts_account", "organization_id", "account_id"),
        Index("ix_contacts_name", "organization_id", "name"),
        _index_where_set("ix_contacts_merged", "merged_into_id"),
    )

    account_id: Mapped[uuid.UUID | None]
    merged_into_id: Mapped[uuid.UUID | None]
    name: Mapped[str] = mapped_column(String(500), server_default="")
    email: Mapped[str | None] = mapped_column(String(320))
    phone: Mapped[str | None] = mapped_column(String(32))
    language: Mapped[str | None] = mapped_column(String(40))
    attributes: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Identity(Tenant, Created, Base):
    """Who a contact or account is in one connected system, and what that system said of them.

    The customer's own fields are derived from what all identities `said`. `email` and `phone` are of
    that too: the keys by which people are told apart.
    """

    __tablename__ = "identities"
    is_part = True
    extra_args = (
        UniqueConstraint("organization_id", "connection_id", "entity", "external_id"),
        belongs_to("connections", "connection_id"),
        belongs_to("contacts", "contact_id"),
        belongs_to("accounts", "account_id"),
        CheckConstraint("entity IN ('contact', 'account')", name="entity"),
        CheckConstraint("num_nonnulls(contact_id, account_id) = 1", name="one_customer"),
        CheckConstraint("(entity = 'contact') = (contact_id IS NOT NULL)", name="entity_matches"),
        _index_where_set("ix_identities_contact", "contact_id"),
        _index_where_set("ix_identities_account", "account_id"),
        _index_where_set("ix_identities_email", "email"),
        _index_where_set("ix_identities_phone", "phone"),
    )

    connection_id: Mapped[uuid.UUID]
    entity: Mapped[str] = mapped_column(String(10))
    external_id: Mapped[str] = mapped_column(String(255))
    contact_id: Mapped[uuid.UUID | None]
    account_id: Mapped[uuid.UUID | None]
    matched_by: Mapped[str] = mapped_column(String(20), server_default="external_id")
    said: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    email: Mapped[str | None] = mapped_column(String(320))
    phone: Mapped[str | None] = mapped_column(String(32))
    modified_at: Mapped[datetime | None]
    said_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Interaction(Tenant, Created, Base):
    """One event in the customer's history; an order carries its money."""

    __tablename__ = "interactions"
    extra_args = (
        UniqueConstraint(*_SOURCE_UNIQUE),
        belongs_to("connections", "connection_id"),
        belongs_to("contacts", "contact_id"),
        belongs_to("accounts", "account_id"),
        CheckConstraint("num_nonnulls(contact_id, account_id) >= 1", name="has_customer"),
        CheckConstraint("(amount_minor IS NULL) = (currency IS NULL)", name="amount_has_currency"),
        Index("ix_interactions_contact", "organization_id", "contact_id", "occurred_at"),
        Index("ix_interactions_account", "organization_id", "account_id", "occurred_at"),
    )

    connection_id: Mapped[uuid.UUID | None]
    external_id: Mapped[str | None] = mapped_column(String(255))
    contact_id: Mapped[uuid.UUID | None]
    account_id: Mapped[uuid.UUID | None]
    contact_external_id: Mapped[str | None] = mapped_column(String(255))
    account_external_id: Mapped[str | None] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(60))
    channel: Mapped[str | None] = mapped_column(String(60))
    touchpoint: Mapped[str | None] = mapped_column(String(200))
    subject: Mapped[str] = mapped_column(Text, server_default="")
    outcome: Mapped[str | None] = mapped_column(Text)
    occurred_at: Mapped[datetime]
    duration_seconds: Mapped[int | None]
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(String(3))
    attributes: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))


class Measurement(Tenant, Created, Base):
    """A metric's value for a customer: revenue, cost, renewal, churn. Undated stays undated."""

    __tablename__ = "measurements"
    extra_args = (
        UniqueConstraint(*_SOURCE_UNIQUE),
        belongs_to("connections", "connection_id"),
        belongs_to("contacts", "contact_id"),
        belongs_to("accounts", "account_id"),
        CheckConstraint("num_nonnulls(contact_id, account_id) >= 1", name="has_customer"),
        CheckConstraint("num_nonnulls(value, amount_minor) = 1", name="one_value"),
        CheckConstraint("(amount_minor IS NULL) = (currency IS NULL)", name="amount_has_currency"),
        Index(
            "ix_measurements_contact", "organization_id", "contact_id", "metric", "measured_on",
            postgresql_where=text("contact_id IS NOT NULL"),
        ),
        Index(
            "ix_measurements_account", "organization_id", "account_id", "metric", "measured_on",
            postgresql_where=text("account_id IS NOT NULL"),
        ),
        Index("ix_measurements_metric", "organization_id", "metric", "measured_on"),
    )  # fmt: skip
    # The customer's foreign keys lead to the organization.
    is_part = True

    connection_id: Mapped[uuid.UUID | None]
    external_id: Mapped[str | None] = mapped_column(String(255))
    contact_id: Mapped[uuid.UUID | None]
    account_id: Mapped[uuid.UUID | None]
    contact_external_id: Mapped[str | None] = mapped_column(String(255))
    account_external_id: Mapped[str | None] = mapped_column(String(255))
    metric: Mapped[str] = mapped_column(String(60))
    value: Mapped[Decimal | None] = mapped_column(Numeric(24, 6))
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(String(3))
    measured_on: Mapped[date | None]
    attributes: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
