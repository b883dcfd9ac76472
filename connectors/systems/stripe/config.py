"""The settings of the Stripe connector, as its form shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, pre_load, validate

from connectors.signatures import several

API_VERSION = "2024-12-18.acacia"
"""The version asked for by name, so that an account's own default changes nothing here."""


def _is_key(text: str) -> None:
    if text.startswith(("pk_", "whsec_")):
        raise ValidationError(
            "This is a publishable key or a signing secret. Enter the one that begins with "
            "rk_ or sk_."
        )
    body = text[3:].replace("_", "")
    if not text.startswith(("rk_", "sk_")) or not (body.isascii() and body.isalnum()):
        raise ValidationError("The key begins with rk_ or sk_; copy all of it from Stripe.")


def _are_signing_secrets(text: str) -> None:
    if not all(each.startswith("whsec_") and each.isascii() for each in several(text)):
        raise ValidationError("A signing secret begins with whsec_; copy all of it from Stripe.")


class Config(Schema):
    """Settings of the Stripe connector."""

    api_key = fields.String(
        required=True,
        validate=[validate.Length(min=8, max=300), _is_key],
        metadata={
            "label": "Restricted or secret key",
            "help": "Best a restricted key (Developers, API keys) that may read Customers, "
            "Products, Subscriptions, Invoices, Charges and Refunds, Disputes, Credit notes and "
            "Events, and write Customers.",
            "secret": True,
            "order": 1,
        },
    )
    webhook_secret = fields.String(
        load_default="",
        validate=[validate.Length(max=1000), _are_signing_secrets],
        metadata={
            "label": "Signing secret of the webhook",
            "help": "Only for changes within seconds: the secret Stripe shows for the endpoint. "
            "Two, separated by a space, while one replaces the other.",
            "secret": True,
            "order": 2,
        },
    )
    company_key = fields.String(
        load_default="company",
        validate=validate.Length(max=40),
        metadata={
            "label": "Metadata key of a customer's company",
            "help": "Customers with this key, or with a business name, are companies too.",
            "order": 3,
        },
    )
    page_size = fields.Integer(
        load_default=100,
        validate=validate.Range(min=1, max=100),
        metadata={"label": "Records a page", "order": 4},
    )

    @pre_load
    def _trim(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """Spaces around what was pasted are never meant."""
        return {n: v.strip() if isinstance(v, str) else v for n, v in data.items()}
