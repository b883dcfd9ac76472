"""The settings of the Salesforce connector, and the hosts its credential may go to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from marshmallow import Schema, ValidationError, fields, pre_load, validate, validates_schema

from connectors.errors import ConfigError
from connectors.guard import Guard
from connectors.money import EXPONENTS

API_VERSION = "62.0"
MY_DOMAIN = re.compile(
    r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
    r"(?:\.(?:sandbox|develop|scratch|demo|patch|trailblaze|free))?\.my\.salesforce\.com"
).fullmatch
LOGIN = re.compile(r"(?:login|test)\.salesforce\.com").fullmatch
CREDENTIALS, SIGNED = "client_credentials", "jwt"


class Config(Schema):
    """Settings of the Salesforce connector."""

    domain = fields.String(
        required=True,
        validate=validate.Length(min=1, max=200),
        metadata={
            "label": "My Domain",
            "help": "Such as acme.my.salesforce.com, or acme alone (Setup, My Domain).",
            "order": 1,
        },
    )
    auth = fields.String(
        load_default=CREDENTIALS,
        validate=validate.OneOf([CREDENTIALS, SIGNED]),
        metadata={
            "label": "Sign in by",
            "help": "As the external client app is set up in Salesforce.",
            "choices": {CREDENTIALS: "Client credentials", SIGNED: "Signed token (JWT bearer)"},
            "order": 2,
            "is_shown": True,
        },
    )
    client_id = fields.String(
        required=True,
        validate=validate.Length(min=1, max=500),
        metadata={
            "label": "Consumer key",
            "help": "Of the external client app (Setup, External Client Apps).",
            "order": 3,
        },
    )
    client_secret = fields.String(
        load_default="",
        validate=validate.Length(max=500),
        metadata={
            "label": "Consumer secret",
            "help": "For client credentials.",
            "secret": True,
            "order": 4,
        },
    )
    username = fields.String(
        load_default="",
        validate=validate.Length(max=200),
        metadata={
            "label": "User name",
            "help": "For a signed token: the integration user it signs in.",
            "order": 5,
            "is_shown": True,
        },
    )
    private_key = fields.String(
        load_default="",
        validate=validate.Length(max=20_000),
        metadata={
            "label": "Private key",
            "help": "For a signed token: the PEM text whose certificate the app knows.",
            "secret": True,
            "widget": "lines",
            "order": 6,
        },
    )
    objects = fields.List(
        fields.String(
            validate=validate.Regexp(
                r"\A[A-Za-z][A-Za-z0-9_]{0,79}\Z", error="An object's API name, such as Visit__c."
            )
        ),
        load_default=list,
        validate=validate.Length(max=100),
        metadata={
            "label": "More objects",
            "help": "API names of custom objects to read too, one a line, such as Visit__c.",
            "order": 7,
        },
    )
    currency = fields.String(
        load_default="",
        validate=validate.OneOf(["", *EXPONENTS]),
        metadata={
            "label": "Currency",
            "help": "Of amounts, such as EUR. Orgs with several currencies say it themselves.",
            "widget": "text",
            "order": 8,
        },
    )
    region = fields.String(
        load_default="",
        validate=validate.Regexp(r"\A([A-Za-z]{2})?\Z", error="A country of two letters: GB."),
        metadata={
            "label": "Country of phone numbers",
            "help": "For numbers without a country code, such as GB.",
            "order": 9,
        },
    )
    quota_percent = fields.Integer(
        load_default=80,
        validate=validate.Range(min=1, max=100),
        metadata={
            "label": "Share of the daily calls to use up, in percent",
            "help": "Reading pauses when all users of the org together have made so many.",
            "order": 10,
        },
    )
    use_bulk_over = fields.Integer(
        load_default=20_000,
        validate=validate.Range(min=0),
        metadata={
            "label": "Read in bulk from this many records",
            "help": "The first pass over an object that is larger is one bulk job.",
            "order": 11,
        },
    )
    lag_seconds = fields.Integer(
        load_default=120,
        validate=validate.Range(min=0, max=3600),
        metadata={
            "label": "Stay behind by, in seconds",
            "help": "Changes can become visible late; they are read after so long.",
            "order": 12,
        },
    )
    page_size = fields.Integer(
        load_default=2000,
        validate=validate.Range(min=1, max=2000),
        metadata={"label": "Records a page", "order": 13},
    )
    api_version = fields.String(
        load_default=API_VERSION,
        validate=validate.Regexp(r"\A\d{2,3}\.0\Z", error="A version such as 62.0."),
        metadata={"label": "API version", "order": 14},
    )

    @pre_load
    def _trim(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """Spaces around what was pasted are never meant."""
        return {n: v.strip() if isinstance(v, str) else v for n, v in data.items()}

    @validates_schema(skip_on_field_errors=True)
    def _complete(self, data: Mapping[str, Any], **_: Any) -> None:
        need = ("client_secret",) if data["auth"] == CREDENTIALS else ("username", "private_key")
        absent = {name: ["Needed for this way to sign in."] for name in need if not data[name]}
        if absent:
            raise ValidationError(absent)


@dataclass(frozen=True, slots=True)
class Home:
    """Where an org lives: the base address, and its name with Salesforce (`acme.my`, `login`)."""

    url: str
    name: str
    audience: str

    @property
    def is_my_domain(self) -> bool:
        """Whether this is an org's own domain and not the sign-in for all."""
        return self.name not in ("login", "test")


def home(domain: str, guard: Guard) -> Home:
    """The org a typed domain means.

    Only names under salesforce.com are taken, for the credential is posted there; or the full
    address of a host that the operator listed. Raises ConfigError otherwise.
    """
    # Letters beyond ASCII may become ASCII ones when lowered, so they are refused before.
    text = domain.strip(" \t").lower() if domain.isascii() else ""
    host = text.removeprefix("https://").removesuffix("/")
    if re.fullmatch(r"[a-z0-9-]+(?:\.(?:sandbox|develop|scratch))?", host) and host not in (
        "login",
        "test",
    ):
        host += ".my.salesforce.com"
    elif host in ("login", "test"):
        host += ".salesforce.com"
    if MY_DOMAIN(host) or LOGIN(host):
        is_test = ".sandbox." in host or ".scratch." in host or host.startswith("test.s")
        name = host.removesuffix(".salesforce.com")
        return Home(f"https://{host}", name, "test" if is_test else "login")
    if listed(text, guard):
        return Home(text.removesuffix("/"), "listed.my", "login")
    message = (
        "That is not a Salesforce domain; enter your My Domain, such as acme.my.salesforce.com."
    )
    raise ConfigError(message, {"domain": [message]})


def instance(said: Any, guard: Guard) -> str:
    """The base address of the org that the sign-in named. Raises ConfigError for a strange one."""
    text = said.lower() if isinstance(said, str) and said.isascii() else ""
    host = text.removeprefix("https://").removesuffix("/")
    if MY_DOMAIN(host):
        return f"https://{host}"
    if listed(text, guard):
        return text.removesuffix("/")
    raise ConfigError(
        "The sign-in leads to an address that is not the org's My Domain; nothing was sent there. "
        "Enter the My Domain, such as acme.my.salesforce.com.",
        {"domain": ["Enter the org's My Domain."]},
    )


def listed(text: str, guard: Guard) -> bool:
    """Whether this is the bare address of a host that the operator listed by name or address."""
    if not re.fullmatch(r"https?://[a-z0-9.-]+(?::\d{1,5})?/?", text):
        return False
    return guard.is_listed(urlsplit(text).hostname or "")
