"""The settings of the Dataverse connector, and the hosts its credential may go to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from marshmallow import Schema, fields, pre_load, validate

from connectors.errors import ConfigError
from connectors.guard import Guard

API = "api/data/v9.2/"
_HOST = re.compile(
    r"([a-z0-9][a-z0-9-]{0,62})(?:\.api)?\.(crm\d{0,2}\.dynamics\.com|crm\.dynamics\.cn"
    r"|crm\.microsoftdynamics\.us|crm\.appsplatform\.us)"
).fullmatch
_LOGINS = {
    "com": "https://login.microsoftonline.com",
    "us": "https://login.microsoftonline.us",
    "cn": "https://login.partner.microsoftonline.cn",
}
"""Entra ID of the public cloud and of the national ones, by the end of the environment's name."""


class Config(Schema):
    """Settings of the Dataverse connector."""

    url = fields.String(
        required=True,
        validate=validate.Length(min=1, max=500),
        metadata={
            "label": "Environment address",
            "help": "Such as https://acme.crm4.dynamics.com, as the browser shows it in Dynamics.",
            "order": 1,
        },
    )
    tenant = fields.String(
        required=True,
        validate=validate.Regexp(
            r"\A[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?\Z",
            error="The directory's id, or its domain such as acme.onmicrosoft.com.",
        ),
        metadata={
            "label": "Directory (tenant) id",
            "help": "Of the app registration (Entra admin center, App registrations, Overview).",
            "order": 2,
        },
    )
    client_id = fields.String(
        required=True,
        validate=validate.Length(min=1, max=200),
        metadata={
            "label": "Application (client) id",
            "help": "The same app must be an application user of the environment, with a security "
            "role (Power Platform admin center, Environments, Settings, Application users).",
            "order": 3,
        },
    )
    client_secret = fields.String(
        required=True,
        validate=validate.Length(min=1, max=500),
        metadata={
            "label": "Client secret",
            "help": "Its value, not its id (Certificates and secrets).",
            "secret": True,
            "order": 4,
        },
    )
    tables = fields.List(
        fields.String(
            validate=validate.Regexp(
                r"\A[a-z][a-z0-9_]{0,127}\Z", error="A table's logical name, such as acme_visit."
            )
        ),
        load_default=list,
        validate=validate.Length(max=100),
        metadata={
            "label": "More tables",
            "help": "Logical names of other tables to read too, one a line, such as acme_visit.",
            "order": 5,
        },
    )
    region = fields.String(
        load_default="",
        validate=validate.Regexp(r"\A([A-Za-z]{2})?\Z", error="A country of two letters: GB."),
        metadata={
            "label": "Country of phone numbers",
            "help": "For numbers without a country code, such as GB.",
            "order": 6,
        },
    )
    lag_seconds = fields.Integer(
        load_default=120,
        validate=validate.Range(min=0, max=3600),
        metadata={
            "label": "Read again, in seconds",
            "help": "Tables without change tracking are read from so long before the last reading, "
            "for changes saved late.",
            "order": 7,
        },
    )
    page_size = fields.Integer(
        load_default=1000,
        validate=validate.Range(min=1, max=5000),
        metadata={"label": "Records a page", "order": 8},
    )
    login_url = fields.String(
        load_default="",
        validate=validate.Length(max=200),
        metadata={
            "label": "Sign-in service",
            "help": "Empty: the one that belongs to the environment's cloud.",
            "order": 9,
        },
    )

    @pre_load
    def _trim(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """Spaces around what was pasted are never meant."""
        return {n: v.strip() if isinstance(v, str) else v for n, v in data.items()}


@dataclass(frozen=True, slots=True)
class Home:
    """Where an environment lives (`https://acme.crm4.dynamics.com`), and where one signs in."""

    url: str
    login: str


def home(config: Mapping[str, Any], guard: Guard) -> Home:
    """The environment the settings mean, whatever page of it was pasted.

    Only Microsoft's own names are taken, for the credential goes there; or hosts that the operator
    listed. Raises ConfigError otherwise.
    """
    parts = _parts(config["url"])
    found = _HOST(parts.hostname or "")
    if found and parts.scheme == "https" and parts.port in (None, 443) and not parts.username:
        url = f"https://{found[1]}.{found[2]}"
    elif _is_listed(parts, guard):
        url = f"{parts.scheme}://{parts.netloc}"
    else:
        said = "That is no Dataverse environment; enter one such as https://acme.crm4.dynamics.com."
        raise ConfigError(said, {"url": [said]})
    return Home(url, _login(config["login_url"], url, guard))


def _login(given: str, url: str, guard: Guard) -> str:
    own = _LOGINS.get(url.rpartition(".")[2], _LOGINS["com"])
    parts = _parts(given)
    if not given:
        return own
    if given.removesuffix("/") in _LOGINS.values():
        return given.removesuffix("/")
    if _is_listed(parts, guard):
        return f"{parts.scheme}://{parts.netloc}"
    said = f"That is no sign-in service of Microsoft's; leave it empty, or enter {own}."
    raise ConfigError(said, {"login_url": [said]})


def _parts(text: str) -> SplitResult:
    """The parts of an address; of a bare name as if https:// stood before it."""
    # Letters beyond ASCII may become ASCII ones when lowered, so they are refused before.
    clean = text.lower() if text.isascii() and text.isprintable() else ""
    try:
        parts = urlsplit(clean if "://" in clean else f"https://{clean}")
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError:
        return urlsplit("")
    return parts


def _is_listed(parts: SplitResult, guard: Guard) -> bool:
    """Whether this is the bare address of a host that the operator listed."""
    is_plain = re.fullmatch(r"[a-z0-9.-]+(?::\d{1,5})?", parts.netloc) is not None
    has_scheme = parts.scheme in ("http", "https")
    return is_plain and has_scheme and guard.is_listed(parts.hostname or "")
