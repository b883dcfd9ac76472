"""The settings of the Tryton connector, as its form shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, pre_load, validate

from connectors.money import EXPONENTS


class Config(Schema):
    """Settings of the Tryton connector."""

    address = fields.String(
        required=True,
        validate=validate.Length(min=1, max=500),
        metadata={
            "label": "Address",
            "help": "Where Tryton is reached, such as https://tryton.example.com.",
            "order": 1,
        },
    )
    database = fields.String(
        required=True,
        validate=validate.Regexp(
            r"\A[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}\Z",
            error="A database's name has letters, digits, dots, dashes and underscores.",
        ),
        metadata={
            "label": "Database",
            "help": "The name that people choose when they sign in to Tryton.",
            "order": 2,
        },
    )
    key = fields.String(
        required=True,
        validate=[
            validate.Length(min=1, max=500),
            validate.Regexp(r"\A[!-~]+\Z", error="The key has letters and digits only."),
        ],
        metadata={
            "label": "Key",
            "secret": True,
            "help": "Of an application of the kind “REST API”, validated, whose user may read "
            "parties, sales and invoices (Administration, Users, the user, Applications).",
            "order": 3,
        },
    )
    currency = fields.String(
        load_default="",
        validate=validate.OneOf(["", *EXPONENTS]),
        metadata={
            "label": "Currency",
            "help": "Of amounts whose currency this user may not see, such as EUR.",
            "widget": "text",
            "order": 4,
        },
    )
    region = fields.String(
        load_default="",
        validate=validate.Regexp(r"\A([A-Za-z]{2})?\Z", error="A country of two letters: GB."),
        metadata={
            "label": "Country of phone numbers",
            "help": "For numbers without a country code, such as GB.",
            "order": 5,
        },
    )
    complaint_type = fields.String(
        load_default="",
        validate=validate.Length(max=200),
        metadata={
            "label": "Type of complaints of ours",
            "help": "Its name in Tryton; empty means the first one there is.",
            "order": 6,
        },
    )
    lag_seconds = fields.Integer(
        load_default=60,
        validate=validate.Range(min=0, max=3600),
        metadata={
            "label": "Read again, in seconds",
            "help": "Changes can become visible late, so each read reaches back so far.",
            "order": 7,
        },
    )
    page_size = fields.Integer(
        load_default=500,
        validate=validate.Range(min=1, max=5000),
        metadata={"label": "Records a page", "order": 8},
    )

    @pre_load
    def _trim(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """Spaces around what was pasted are never meant."""
        return {n: v.strip() if isinstance(v, str) else v for n, v in data.items()}
