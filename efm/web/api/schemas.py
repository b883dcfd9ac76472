"""The API's things as schemas: what is taken, strictly, and what is given, for the documentation."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from connectors.money import minor_units
from efm.web.api.fields import (
    Json,
    Strict,
    Value,
    attributes,
    converted,
    day,
    exact,
    moment,
    page_size,
    text,
    whole,
)

MOST, USUAL = 200, 50
BATCH = 1000
LARGEST_MINOR = 2**63 - 1


def given(json: Json, help: str = "", *, nullable: bool = False) -> Value:
    """A field we answer with; it is always there."""
    return Value(lambda value: value, json, help, required=True, allow_none=nullable)


def an_id(help: str, *, nullable: bool = False) -> Value:
    """An id we answer with."""
    return given({"type": "string", "format": "uuid"}, help, nullable=nullable)


def a_text(help: str = "", *, nullable: bool = False) -> Value:
    """A text we answer with."""
    return given({"type": "string"}, help, nullable=nullable)


def a_time(help: str, *, nullable: bool = False) -> Value:
    """A time we answer with, in UTC."""
    return given({"type": "string", "format": "date-time"}, help, nullable=nullable)


class Page(Strict):
    """How a list is asked for."""

    limit = page_size(MOST, USUAL)
    cursor = text(
        200, "Where the list goes on: next_cursor of the page before.", shortest=1,
        allow_none=False,
    )  # fmt: skip


class Listed(Schema):
    """What every list answers beside its rows."""

    next = a_text("The address of the next page; null at the end.", nullable=True)
    next_cursor = a_text("The cursor of the next page; null at the end.", nullable=True)


class Problem(Schema):
    """RFC 9457 problem details."""

    type = given({"type": "string"}, "Always about:blank; the status says what it is.")
    title = given({"type": "string"}, "What happened, in a few words.")
    status = given({"type": "integer"}, "The HTTP status.")
    detail = given({"type": "string"}, "What to do about it.")
    instance = given({"type": "string"}, "The address that was asked.")
    request_id = given({"type": "string"}, "Tell us this when you ask about the request.")
    errors = Value(
        lambda value: value,
        {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["detail"],
                "properties": {
                    "pointer": {
                        "type": "string",
                        "description": "Where in the body, as a JSON Pointer.",
                    },
                    "parameter": {"type": "string", "description": "Or which parameter."},
                    "detail": {"type": "string", "description": "What is wrong there."},
                },
            },
        },
        "Every problem that was found, each with its place.",
        allow_none=False,
    )


class OneProblem(Schema):
    """What is wrong with one row of a batch."""

    pointer = a_text("Where in the body, as a JSON Pointer.")
    detail = a_text("What is wrong there.")


class _Belonging(Strict):
    """What interactions and measurements share: whose they are, and money."""

    contact_external_id = text(255, "External id of the person. Made if not known yet.", shortest=1)
    account_external_id = text(
        255, "External id of the company or household. Made if not known yet.", shortest=1
    )
    amount = exact("Money as text in the currency's main unit, such as 129.90; with its currency.")
    amount_minor = whole(
        -LARGEST_MINOR, LARGEST_MINOR, "The same in the smallest unit; send one of the two."
    )
    currency = converted("currency", 3, "EUR", "ISO 4217 code.")
    attributes = attributes("Anything else worth keeping.")

    @validates_schema
    def _fits(self, data: Json, **_: Any) -> None:
        """The rules between fields; ValidationError names the field to look at."""
        if not data.get("contact_external_id") and not data.get("account_external_id"):
            words = "Name a contact or an account."
            raise ValidationError({"contact_external_id": [words]})
        has_amount, has_minor = data.get("amount") is not None, data.get("amount_minor") is not None
        if has_amount and has_minor:
            raise ValidationError({"amount": ["Send amount or amount_minor, not both."]})
        if (has_amount or has_minor) and not data.get("currency"):
            raise ValidationError({"currency": ["Money needs its currency."]})
        if data.get("currency") and not (has_amount or has_minor):
            raise ValidationError({"currency": ["A currency needs its amount."]})
        if has_amount:
            try:
                minor_units(data["amount"], data["currency"])
            except ValueError as error:
                words = f"This {str(error).partition(';')[0]}."
                raise ValidationError({"amount": [words]}) from error


class AccountBody(Strict):
    """A company or household. Fields left out or null keep the value they have."""

    name = text(500, "Shown in lists.")
    domain = converted("lower", 253, "example.com", "Web domain.")
    parent_external_id = text(255, "External id of the parent account.", shortest=1)
    attributes = attributes("Anything else worth keeping; added to what is there.")


class ContactBody(Strict):
    """A person. Fields left out or null keep the value they have."""

    account_external_id = text(
        255, "External id of the company or household. Made if not known yet.", shortest=1
    )
    name = text(500, "The person's full name.")
    email = converted("email", 320, "ana@example.com", "Kept in lower case; matches people.")
    phone = converted("e164", 60, "+44 20 7946 0000", "With its country code; kept as E.164.")
    language = converted("language", 35, "pt-BR", "Language tag.")
    attributes = attributes("Anything else worth keeping; added to what is there.")


class InteractionBody(_Belonging):
    """One event in a customer's history. It replaces what had the same external id."""

    kind = converted(
        "lower", 60, "order", "Such as order, support_contact, call.", required=True
    )  # fmt: skip
    occurred_at = moment("When it happened, with its zone.", required=True)
    channel = converted("lower", 60, "phone", "Such as phone, web, shop.")
    touchpoint = text(200, "Where in the journey.")
    subject = text(1000, "One line about it.")
    outcome = text(1000, "How it ended.")
    duration_seconds = whole(0, 2**31 - 1, "How long it took.")


class MeasurementBody(_Belonging):
    """A named quantity for a customer. It replaces what had the same external id."""

    metric = converted("lower", 60, "revenue", "Such as revenue, cost, churn.", required=True)
    value = exact("A number without a currency, as text; or send money.")
    measured_on = day("The day it stands for. Leave it out for undated data, which stays so.")

    @validates_schema
    def _has_one(self, data: Json, **_: Any) -> None:
        """A measurement is a number or money."""
        money = data.get("amount") is not None or data.get("amount_minor") is not None
        if money == (data.get("value") is not None):
            raise ValidationError({"value": ["Send a value or money, one of the two."]})


def _external_id() -> Value:
    return text(255, "What you call this record; it never changes.", shortest=1, required=True)


class AccountRow(AccountBody):
    """An account in a batch."""

    external_id = _external_id()


class ContactRow(ContactBody):
    """A contact in a batch."""

    external_id = _external_id()


class InteractionRow(InteractionBody):
    """An interaction in a batch."""

    external_id = _external_id()


class MeasurementRow(MeasurementBody):
    """A measurement in a batch."""

    external_id = _external_id()


def batch_of(row: type[Schema], name: str) -> type[Schema]:
    """The schema of a batch: an object that holds a list of rows."""
    rows = fields.List(
        fields.Nested(row),
        required=True,
        metadata={"minItems": 1, "maxItems": BATCH, "description": f"Up to {BATCH:,} of them."},
    )
    return type(f"{row.__name__.removesuffix('Row')}Batch", (Strict,), {name: rows})


class ExternalId(Schema):
    """Who a customer is in one source."""

    source = a_text("The connection's name; yours is API.")
    external_id = a_text("The id there.")
