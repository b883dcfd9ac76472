"""The settings of the Zendesk connector, and the hosts its credential may go to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit

from marshmallow import Schema, ValidationError, fields, pre_load, validate, validates_schema

from connectors.errors import ConfigError
from connectors.guard import Guard

API_TOKEN, BEARER, CLIENT = "api_token", "bearer", "client"
_NEEDS = {
    API_TOKEN: ("email", "token"), BEARER: ("token",), CLIENT: ("client_id", "client_secret"),
}  # fmt: skip
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?").fullmatch
_LISTED = re.compile(r"https?://[a-z0-9.-]+(?::\d{1,5})?/?").fullmatch
_EMAIL = re.compile(r"[^@\s:/]+@[^@\s:/]+").fullmatch


def _is_line(text: str) -> None:
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValidationError("That is one line without spaces; copy all of it from Zendesk.")


def _is_email(text: str) -> None:
    if text and not _EMAIL(text):
        raise ValidationError("An e-mail address, such as ann@acme.com.")


def _is_past(text: str) -> None:
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        day = date.min
    is_past = day is None or 1990 <= day.year <= datetime.now(UTC).year
    if not is_past or (day is not None and day.isoformat() != text):
        raise ValidationError("A day in the past, such as 2024-01-01.")


class Config(Schema):
    """Settings of the Zendesk connector."""

    subdomain = fields.String(
        required=True,
        validate=validate.Length(min=1, max=200),
        metadata={
            "label": "Subdomain",
            "help": "Such as acme.zendesk.com, or acme alone.",
            "order": 1,
        },
    )
    email = fields.String(
        load_default="",
        validate=[validate.Length(max=254), _is_email],
        metadata={
            "label": "E-mail address of an administrator",
            "help": "Only administrators may export; the API token speaks for this one.",
            "is_shown": True,
            "order": 2,
        },
    )
    token = fields.String(
        load_default="",
        validate=[validate.Length(max=1000), _is_line],
        metadata={
            "label": "API token",
            "help": "Made in the Admin Center (Apps and integrations, Zendesk API, Settings). Or an "
            "OAuth access token, with “Sign in by” set to it.",
            "secret": True,
            "order": 3,
        },
    )
    sign_in = fields.String(
        load_default=API_TOKEN,
        validate=validate.OneOf([API_TOKEN, BEARER, CLIENT]),
        metadata={
            "label": "Sign in by",
            "choices": {
                API_TOKEN: "API token",
                BEARER: "OAuth access token",
                CLIENT: "OAuth client (client credentials)",
            },
            "order": 4,
        },
    )
    client_id = fields.String(
        load_default="",
        validate=[validate.Length(max=200), _is_line],
        metadata={
            "label": "OAuth client",
            "help": "Its identifier, to sign in by an OAuth client (Admin Center, OAuth clients).",
            "order": 5,
        },
    )
    client_secret = fields.String(
        load_default="",
        validate=[validate.Length(max=500), _is_line],
        metadata={
            "label": "OAuth client’s secret",
            "secret": True,
            "is_shown": False,
            "order": 6,
        },
    )
    webhook_secret = fields.String(
        load_default="",
        validate=validate.Length(max=1000),
        metadata={
            "label": "Signing secret of the webhook",
            "help": "Only for changes within seconds: shown with the webhook in the Admin Center. "
            "Several, separated by spaces, if there are several webhooks.",
            "secret": True,
            "is_shown": False,
            "order": 7,
        },
    )
    begins_on = fields.String(
        load_default="",
        validate=[validate.Length(max=10), _is_past],
        metadata={
            "label": "Read tickets and ratings since",
            "help": "A day such as 2024-01-01. Empty: all there are.",
            "order": 8,
        },
    )
    takes_agents = fields.Boolean(
        load_default=False,
        metadata={
            "label": "Agents are customers too",
            "help": "For a help desk of your own staff: agents and administrators become contacts.",
            "order": 9,
        },
    )
    exports_a_minute = fields.String(
        load_default="10",
        validate=validate.OneOf(["10", "30"]),
        metadata={
            "label": "Exports a minute",
            "help": "As Zendesk allows the account, for all who export from it.",
            "choices": {"10": "10 (all plans)", "30": "30 (High Volume API)"},
            "order": 10,
        },
    )
    page_size = fields.Integer(
        load_default=1000,
        validate=validate.Range(min=1, max=1000),
        metadata={"label": "Records a page", "order": 11},
    )

    @pre_load
    def _trim(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """Spaces around what was pasted are never meant."""
        return {n: v.strip() if isinstance(v, str) else v for n, v in data.items()}

    @validates_schema(skip_on_field_errors=True)
    def _complete(self, data: Mapping[str, Any], **_: Any) -> None:
        absent = [name for name in _NEEDS[data["sign_in"]] if not data[name]]
        if absent:
            raise ValidationError({n: ["Needed for this way to sign in."] for n in absent})


def home(subdomain: str, guard: Guard) -> str:
    """The base address of a typed subdomain.

    Only names under zendesk.com are taken, for the credential is sent there; or the full address
    of a host that the operator listed. Raises ConfigError otherwise.
    """
    # Letters beyond ASCII may become ASCII ones when lowered, so they are refused before.
    text = subdomain.strip().lower() if subdomain.isascii() else ""
    name = text.removeprefix("https://").removesuffix("/").removesuffix(".zendesk.com")
    if _NAME(name) and name != "www":
        return f"https://{name}.zendesk.com"
    if _LISTED(text) and guard.is_listed(urlsplit(text).hostname or ""):
        return text.removesuffix("/")
    message = "That is no subdomain of Zendesk’s; enter yours, such as acme.zendesk.com."
    raise ConfigError(message, {"subdomain": [message]})
