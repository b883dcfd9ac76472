"""The settings of the Siebel connector, and the address they mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from marshmallow import Schema, ValidationError, fields, pre_load, validate, validates_schema

from connectors import dates
from connectors.entities import ENTITIES
from connectors.errors import ConfigError
from connectors.money import EXPONENTS
from connectors.systems.siebel.times import FORMATS

BASIC, OAUTH = "basic", "oauth2"
VIEWS = ("All", "Organization", "Sales Rep", "Manager", "Personal", "Group", "Catalog")
USUAL = (
    "Account", "Contact", "Service Request", "Opportunity", "Order", "Order line", "Activity",
)  # fmt: skip
MORE = ("Agreement", "Asset", "Invoice", "Product")
_NAME = r"[^\[\]/:=,;?#\x00-\x1f\x7f]{1,75}"
_COMPONENT = re.compile(rf"({_NAME})/({_NAME})(?:/({_NAME}))?(?:\s*:\s*([a-z_]+))?").fullmatch
_WRITABLE = r"\A[^:]{1,75}:[^:]{1,2000}\Z"
_GONE = r"\A[^:=]{1,75}:[^:=]{1,75}=.{1,500}\Z"
_NEEDS = {
    BASIC: {"user": "Enter the user name.", "password": "Enter the password."},
    OAUTH: {
        "user": "Enter the client id.",
        "password": "Enter the client secret.",
        "token_address": "Enter the address where tokens are fetched.",
    },
}


def _is_zone(name: str) -> None:
    try:
        dates.zone(name or "UTC")
    except ValueError as error:
        raise ValidationError(f"{error}.") from error


def _is_object(text: str) -> None:
    if text in (*USUAL, *MORE):
        return
    found = _COMPONENT(text)
    if found is None or (found[4] and found[4] not in ENTITIES):
        raise ValidationError(
            f"Write one of {', '.join((*USUAL, *MORE))}, or business object/business component: "
            f"kind, such as Vehicle/Vehicle: product. Kinds are {', '.join(ENTITIES)}."
        )


class Config(Schema):
    """Settings of the Siebel connector."""

    address = fields.String(
        required=True,
        validate=validate.Length(min=3, max=500),
        metadata={
            "label": "Address",
            "help": "Of the Siebel Application Interface, such as https://siebel.example.com:9001. "
            "Older ones end in /siebel-rest/v1.0.",
            "order": 1,
        },
    )
    auth = fields.String(
        load_default=BASIC,
        validate=validate.OneOf([BASIC, OAUTH]),
        metadata={
            "label": "Sign in by",
            "help": "As the Application Interface's profile says.",
            "choices": {BASIC: "User name and password", OAUTH: "OAuth 2.0 client credentials"},
            "order": 2,
            "is_shown": True,
        },
    )
    user = fields.String(
        load_default="",
        validate=validate.Length(max=200),
        metadata={
            "label": "User name",
            "help": "For OAuth 2.0: the client id.",
            "order": 3,
            "is_shown": True,
        },
    )
    password = fields.String(
        load_default="",
        validate=validate.Length(max=1000),
        metadata={
            "label": "Password",
            "help": "For OAuth 2.0: the client secret.",
            "secret": True,
            "order": 4,
        },
    )
    token_address = fields.String(
        load_default="",
        validate=validate.Length(max=1000),
        metadata={
            "label": "Token address",
            "help": "For OAuth 2.0, such as https://login.example.com/oauth2/token.",
            "order": 5,
        },
    )
    scope = fields.String(
        load_default="",
        validate=validate.Length(max=1000),
        metadata={"label": "Scope", "help": "For OAuth 2.0, if one is asked for.", "order": 6},
    )
    zone = fields.String(
        load_default="UTC",
        validate=_is_zone,
        metadata={
            "label": "Time zone",
            "help": "In which Siebel shows times to this user, such as Europe/Berlin.",
            "order": 7,
            "is_shown": True,
        },
    )
    date_format = fields.String(
        load_default="mm/dd/yyyy",
        validate=validate.OneOf(list(FORMATS)),
        metadata={
            "label": "Days are written like",
            "choices": {name: shown for name, (_, shown) in FORMATS.items()},
            "order": 8,
            "is_shown": True,
        },
    )
    objects = fields.List(
        fields.String(validate=_is_object),
        load_default=lambda: list(USUAL),
        validate=validate.Length(min=1, max=100),
        metadata={
            "label": "What to read",
            "help": f"One a line. Known: {', '.join((*USUAL, *MORE))}. Others as business "
            "object/business component: kind, such as Vehicle/Vehicle: product.",
            "order": 9,
        },
    )
    view_mode = fields.String(
        load_default="All",
        validate=validate.OneOf(VIEWS),
        metadata={
            "label": "View mode",
            "help": "Which records this user sees. Sales Rep shows only those of its positions.",
            "order": 10,
        },
    )
    writable = fields.List(
        fields.String(
            validate=validate.Regexp(_WRITABLE, error="Write it like Contact: NPS Score, NPS Band.")
        ),
        load_default=list,
        validate=validate.Length(max=20),
        metadata={
            "label": "Fields to write back",
            "help": "Such as Contact: NPS Score, NPS Band. Empty: the extension fields (X_…) of "
            "accounts and contacts. Nothing else of theirs is ever changed.",
            "order": 11,
        },
    )
    key_field = fields.String(
        load_default="",
        validate=validate.Regexp(rf"\A({_NAME})?\Z", error="The name of a field."),
        metadata={
            "label": "Field of our key",
            "help": "Of service requests and activities made for responses, by which they are "
            "found again. Empty: X_EFM_ID, or else Integration Id.",
            "order": 12,
        },
    )
    gone = fields.List(
        fields.String(
            validate=validate.Regexp(
                _GONE, error="Write it like Account: Account Status = Inactive, Closed."
            )
        ),
        load_default=list,
        validate=validate.Length(max=50),
        metadata={
            "label": "Statuses that mean deleted",
            "help": "One a line, such as Account: Account Status = Inactive, Closed.",
            "order": 13,
        },
    )
    reread_days = fields.Integer(
        load_default=7,
        validate=validate.Range(min=0, max=365),
        metadata={
            "label": "Read everything again after, in days",
            "help": "Siebel keeps no list of what was deleted; what is not found then is gone. "
            "0: never.",
            "order": 14,
        },
    )
    currency = fields.String(
        load_default="",
        validate=validate.OneOf(["", *EXPONENTS]),
        metadata={
            "label": "Currency",
            "help": "Of amounts that name none, such as EUR.",
            "widget": "text",
            "order": 15,
        },
    )
    region = fields.String(
        load_default="",
        validate=validate.Regexp(r"\A([A-Za-z]{2})?\Z", error="A country of two letters: GB."),
        metadata={
            "label": "Country of phone numbers",
            "help": "For numbers without a country code, such as GB.",
            "order": 16,
        },
    )
    lag_seconds = fields.Integer(
        load_default=120,
        validate=validate.Range(min=0, max=86_400),
        metadata={
            "label": "Stay behind by, in seconds",
            "help": "Changes can become visible late; they are read after so long.",
            "order": 17,
        },
    )
    page_size = fields.Integer(
        load_default=100,
        validate=validate.Range(min=2, max=100),
        metadata={"label": "Records a page", "order": 18},
    )
    calls_a_second = fields.Float(
        load_default=5.0,
        validate=validate.Range(min=0.1, max=100),
        metadata={"label": "Most calls a second", "order": 19},
    )

    @pre_load
    def _trim(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """Spaces around what was pasted are never meant; those of a password may be."""
        return {
            n: v.strip() if isinstance(v, str) and n != "password" else v for n, v in data.items()
        }

    @validates_schema(skip_on_field_errors=True)
    def _complete(self, data: Mapping[str, Any], **_: Any) -> None:
        absent = {n: [said] for n, said in _NEEDS[data["auth"]].items() if not data[n]}
        if absent:
            raise ValidationError(absent)
        for name in ("user", "password"):
            if re.search(r"[\x00-\x1f\x7f]", data[name]):
                raise ValidationError({name: ["It contains a line break; enter it again."]})
        if data["auth"] == BASIC and ":" in data["user"]:
            raise ValidationError({"user": ["A user name with a colon cannot be sent."]})


def base_of(address: str) -> str:
    """Where the interface begins: the address up to its version. Raises ConfigError."""
    text = address if "://" in address else f"https://{address}"
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        said = "This is not a web address, such as https://siebel.example.com:9001."
        raise ConfigError(said, {"address": [said]}) from error
    path = re.sub(r"(/v\d+\.\d+)(/.*)?$", r"\1", parts.path.rstrip("/")) or "/siebel/v1.0"
    return f"{parts.scheme}://{parts.netloc}{path}/"


@dataclass(frozen=True, slots=True)
class Component:
    """A business component as the interface names it: in its object, or as a child of another."""

    bo: str
    bc: str
    child: str = ""

    @property
    def name(self) -> str:
        """The component itself."""
        return self.child or self.bc

    @property
    def path(self) -> str:
        """The resource of the records, or of the parents of a child's."""
        return f"data/{quote(self.bo, safe='')}/{quote(self.bc, safe='')}"

    def record(self, key: str) -> str:
        """The resource of one record (of the parent, where it is a child)."""
        return f"{self.path}/{quote(key, safe='')}"

    def children(self, key: str) -> str:
        """The resource of one parent's children."""
        return f"{self.record(key)}/{quote(self.child, safe='')}"


def declared(line: str) -> tuple[Component, str] | None:
    """The component and kind a line of “What to read” names; None for a known name."""
    found = None if line in (*USUAL, *MORE) else _COMPONENT(line)
    if found is None:
        return None
    return Component(found[1].strip(), found[2].strip(), (found[3] or "").strip()), (
        found[4] or "interaction"
    )


def writable(lines: list[str]) -> dict[str, list[str]]:
    """Stream to the fields that may be written."""
    named: dict[str, list[str]] = {}
    for line in lines:
        name, _, listed = line.partition(":")
        named.setdefault(name.strip(), []).extend(f.strip() for f in listed.split(",") if f.strip())
    return named


def gone(lines: list[str]) -> dict[str, tuple[str, frozenset[str]]]:
    """Stream to the field and its values (in lower case) that mean a record is deleted."""
    named: dict[str, tuple[str, frozenset[str]]] = {}
    for line in lines:
        name, _, rest = line.partition(":")
        field, _, listed = rest.partition("=")
        values = frozenset(v.strip().casefold() for v in listed.split(",") if v.strip())
        named[name.strip()] = (field.strip(), values)
    return named
