"""The canonical records every source is mapped to, and the declaration of their fields.

`ENTITIES` is what the mapping editor, the checks and the docs are drawn from.
"""

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


Record = Account | Contact | Interaction | Measurement


@dataclass(frozen=True, slots=True)
class EntityField:
    """One canonical field: `type` picks the default converter, `max_length` is in characters."""

    name: str
    type: str
    label: str
    required: bool = False
    help: str = ""
    max_length: int | None = None


@dataclass(frozen=True, slots=True)
class Entity:
    """One kind of canonical record. Of each group in `one_of` at least one field must be set."""

    name: str
    label: str
    help: str
    record: type[Account] | type[Contact] | type[Interaction] | type[Measurement]
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
        (("contact_external_id", "account_external_id"),),
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
)

ENTITIES: Mapping[str, Entity] = MappingProxyType({each.name: each for each in _ENTITIES})
