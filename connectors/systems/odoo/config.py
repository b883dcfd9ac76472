"""The settings of the Odoo connector, and what address and database a typed text means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from marshmallow import Schema, fields, pre_load, validate

from connectors.errors import ConfigError

HOSTED = ".odoo.com"


class Config(Schema):
    """Settings of the Odoo connector."""

    address = fields.String(
        required=True,
        validate=validate.Length(min=1, max=500),
        metadata={
            "label": "Address",
            "help": "Where people open Odoo, such as https://acme.odoo.com.",
            "order": 1,
        },
    )
    key = fields.String(
        required=True,
        validate=[
            validate.Length(min=1, max=500),
            validate.Regexp(r"\A[!-~]+\Z", error="The key is one line without spaces; copy all."),
        ],
        metadata={
            "label": "API key",
            "secret": True,
            "help": "Of a user who may read sales and invoices (Preferences, Security or Account "
            "Security, Add API Key). Odoo Online needs the Custom plan for it.",
            "order": 2,
        },
    )
    database = fields.String(
        load_default="",
        validate=validate.Regexp(
            r"\A([A-Za-z0-9_][A-Za-z0-9_.-]{0,99})?\Z",
            error="A database's name has letters, digits, dots, dashes and underscores.",
        ),
        metadata={
            "label": "Database",
            "help": "Empty for addresses under odoo.com, and where the address has only one "
            "database and is Odoo 19 or later.",
            "is_shown": True,
            "order": 3,
        },
    )
    login = fields.String(
        load_default="",
        validate=validate.Length(max=200),
        metadata={
            "label": "User name",
            "help": "What the key's user signs in with. Needed up to Odoo 18 only.",
            "is_shown": True,
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
    deletions_hours = fields.Integer(
        load_default=24,
        validate=validate.Range(min=0, max=720),
        metadata={
            "label": "Look for deletions every, in hours",
            "help": "Odoo leaves no trace of deleted records, so all ids are compared.",
            "order": 6,
        },
    )
    lag_seconds = fields.Integer(
        load_default=300,
        validate=validate.Range(min=0, max=7200),
        metadata={
            "label": "Read again, in seconds",
            "help": "Long imports become visible late, so each read reaches back so far.",
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


def home(address: str) -> str:
    """The base address: Odoo is always at the root of its host, whatever page was pasted.

    Raises ConfigError for a text that is no web address.
    """
    try:
        parts = urlsplit(address if "://" in address else f"https://{address}")
        if parts.hostname:
            return f"{parts.scheme}://{parts.netloc}"
    except ValueError:
        pass
    text = "The address is not a web address, such as https://acme.odoo.com."
    raise ConfigError(text, {"address": [text]})


def database(config: Mapping[str, Any]) -> str:
    """The database's name; with Odoo's own hosting the first part of the host's. May be empty."""
    host = urlsplit(home(config["address"])).hostname or ""
    if not config["database"] and host.endswith(HOSTED):
        return host.removesuffix(HOSTED).partition(".")[0]
    return str(config["database"])
