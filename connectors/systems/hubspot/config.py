"""The settings of the HubSpot connector, and the hosts its token may go to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from marshmallow import Schema, ValidationError, fields, pre_load, validate

from connectors.errors import ConfigError
from connectors.guard import Guard
from connectors.systems.hubspot.kinds import KINDS

HOME = "https://api.hubapi.com"
USUAL = ("contacts", "companies", "deals", "tickets")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,3}hubapi\.com").fullmatch
_LISTED = re.compile(r"https?://[a-z0-9.-]+(?::\d{1,5})?(?:/[a-z0-9._-]+)*/?").fullmatch
_CUSTOM = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,79}|2-\d{1,18}", re.ASCII).fullmatch


def _is_token(text: str) -> None:
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValidationError("A token is one line without spaces; copy all of it from HubSpot.")


def _is_object(text: str) -> None:
    if not _CUSTOM(text):
        raise ValidationError(
            "An object is one of those listed, or the name of a custom object such as pets."
        )


class Config(Schema):
    """Settings of the HubSpot connector."""

    access_token = fields.String(
        required=True,
        validate=[validate.Length(min=8, max=1000), _is_token],
        metadata={
            "label": "Access token",
            "help": "Of a private app or a service key (Settings, Integrations), with read access "
            "to the objects below and, to have scores written back, write access to contacts.",
            "secret": True,
            "order": 1,
        },
    )
    objects = fields.List(
        fields.String(validate=_is_object),
        load_default=lambda: list(USUAL),
        validate=validate.Length(min=1, max=60),
        metadata={
            "label": "Objects",
            "help": f"What to read, one a line: {', '.join(KINDS)}; custom objects by their name.",
            "is_shown": True,
            "order": 2,
        },
    )
    client_secret = fields.String(
        load_default="",
        validate=[validate.Length(max=1000)],
        metadata={
            "label": "Client secret",
            "help": "Only for changes within seconds: the app's client secret, which signs its "
            "webhooks. Two, separated by a space, while one replaces the other.",
            "secret": True,
            "order": 3,
        },
    )
    plan = fields.String(
        load_default="100",
        validate=validate.OneOf(["100", "190", "250"]),
        metadata={
            "label": "Calls in ten seconds",
            "help": "As HubSpot allows the app; four fifths of it are used.",
            "choices": {
                "100": "100 (Free, Starter)",
                "190": "190 (Professional, Enterprise)",
                "250": "250 (with the limit increase)",
            },
            "order": 4,
        },
    )
    quota_percent = fields.Integer(
        load_default=80,
        validate=validate.Range(min=1, max=100),
        metadata={
            "label": "Share of the daily calls to use up, in percent",
            "help": "Reading pauses when all apps of the account together have made so many.",
            "order": 5,
        },
    )
    deletions_minutes = fields.Integer(
        load_default=30,
        validate=validate.Range(min=0, max=1440),
        metadata={
            "label": "Look for deletions every, in minutes",
            "help": "HubSpot lists deleted records only as a whole, which takes calls.",
            "order": 6,
        },
    )
    lag_seconds = fields.Integer(
        load_default=60,
        validate=validate.Range(min=0, max=3600),
        metadata={
            "label": "Stay behind by, in seconds",
            "help": "HubSpot's search knows of changes some seconds late.",
            "order": 7,
        },
    )
    page_size = fields.Integer(
        load_default=200,
        validate=validate.Range(min=1, max=200),
        metadata={"label": "Records a page", "order": 8},
    )
    base_url = fields.String(
        load_default=HOME,
        validate=validate.Length(min=1, max=200),
        metadata={
            "label": "Address",
            "help": "Only where HubSpot gave the account another than api.hubapi.com.",
            "order": 9,
        },
    )

    @pre_load
    def _trim(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """Spaces around what was pasted are never meant."""
        return {n: v.strip() if isinstance(v, str) else v for n, v in data.items()}


def home(address: str, guard: Guard) -> str:
    """The base address the token is sent to.

    Only names under hubapi.com are taken, or a host that the operator listed. Raises ConfigError
    otherwise.
    """
    # Letters beyond ASCII may become ASCII ones when lowered, so they are refused before.
    text = address.lower() if address.isascii() else ""
    host = text.removeprefix("https://").removesuffix("/")
    if _HOST(host):
        return f"https://{host}"
    if _LISTED(text) and guard.is_listed(urlsplit(text).hostname or ""):
        return text.removesuffix("/")
    message = "That is not an address of HubSpot's; leave https://api.hubapi.com."
    raise ConfigError(message, {"base_url": [message]})
