"""The settings of the inbound webhook connector, as its form shows them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, pre_load, validate, validates_schema

from connectors.records import ENTITIES
from connectors.signatures import GITHUB_SIGNATURE, is_standard_secret, several

STANDARD, GITHUB, SHARED = "standard", "github", "shared"
DEFAULT_HEADERS = {GITHUB: GITHUB_SIGNATURE, SHARED: "X-Webhook-Secret"}
LONGEST_SAMPLE = 100_000
_NAME = r"[A-Za-z0-9][A-Za-z0-9._ /-]{0,99}"
_PATH = re.compile(r"([^.\s]{1,100}(\.[^.\s]{1,100}){0,9})?").fullmatch
_STREAM = re.compile(rf"({_NAME}?)\s*(?::\s*([a-z_]+))?").fullmatch


def _is_path(text: str) -> None:
    if not _PATH(text):
        raise ValidationError("Names joined by dots, such as data.reviews; no spaces.")


def stream_line(line: str) -> tuple[str, str]:
    """A line of the streams: (name, entity or nothing). Raises ValidationError for another."""
    found = _STREAM(line.strip())
    if found is None:
        raise ValidationError("A name, or a name and what it holds: review.created: interaction.")
    name, entity = found[1].strip(), found[2] or ""
    if entity and entity not in ENTITIES:
        raise ValidationError(f"“{entity}” is none of {', '.join(ENTITIES)}.")
    return name, entity


def _is_stream(line: str) -> None:
    stream_line(line)


class Config(Schema):
    """Settings of the inbound webhook connector."""

    scheme = fields.String(
        load_default=STANDARD,
        validate=validate.OneOf([STANDARD, GITHUB, SHARED]),
        metadata={
            "label": "Signed by",
            "help": "How the sender shows that it is the sender.",
            "choices": {
                STANDARD: "Standard Webhooks",
                GITHUB: "HMAC of the body, as GitHub sends it",
                SHARED: "A secret in a header (weakest)",
            },
            "order": 1,
        },
    )
    secret = fields.String(
        required=True,
        validate=validate.Length(min=16, max=1000),
        metadata={
            "label": "Signing secret",
            "help": "As the sender shows it, 16 characters or more. Two, separated by a space, "
            "while one replaces the other.",
            "secret": True,
            "order": 2,
        },
    )
    streams = fields.List(
        fields.String(validate=[validate.Length(min=1, max=150), _is_stream]),
        load_default=lambda: ["events"],
        validate=validate.Length(min=1, max=100),
        metadata={
            "label": "Kinds of delivery",
            "help": "One a line, as the sender calls them, such as review.created. "
            "What differs from the choice below is named after a colon: invoice.paid: invoice.",
            "order": 3,
        },
    )
    entity = fields.String(
        load_default="interaction",
        validate=validate.OneOf(list(ENTITIES)),
        metadata={
            "label": "They hold",
            "choices": {name: each.label for name, each in ENTITIES.items()},
            "order": 4,
        },
    )
    sample = fields.String(
        load_default="",
        validate=validate.Length(max=LONGEST_SAMPLE),
        metadata={
            "label": "Example of a delivery",
            "help": "The JSON of one body; field names and a mapping are proposed from it.",
            "widget": "lines",
            "order": 5,
        },
    )
    records = fields.String(
        load_default="data",
        validate=_is_path,
        metadata={
            "label": "Where the records are",
            "help": "Names joined by dots, such as data.reviews: one record or a list of them. "
            "Empty: the whole body.",
            "order": 6,
        },
    )
    stream_field = fields.String(
        load_default="type",
        validate=_is_path,
        metadata={
            "label": "Field with the kind",
            "help": "In the body, such as type; kinds that are not listed above are ignored. "
            "Empty: all deliveries are of the first kind.",
            "order": 7,
        },
    )
    key = fields.String(
        load_default="",
        validate=validate.Length(max=100),
        metadata={
            "label": "Field with the record's id",
            "help": "In the record, such as id, for things that change. "
            "Empty: each delivery is something new.",
            "order": 8,
        },
    )
    time = fields.String(
        load_default="timestamp",
        validate=_is_path,
        metadata={
            "label": "Field with the time",
            "help": "In the record or in the body: when it happened, or changed. An older "
            "delivery that comes late then does not undo a newer one.",
            "order": 9,
        },
    )
    header = fields.String(
        load_default="",
        validate=validate.Regexp(r"\A([A-Za-z0-9-]{1,100})?\Z", error="The name of a header."),
        metadata={
            "label": "Header of the signature",
            "help": "Empty: X-Hub-Signature-256, or X-Webhook-Secret for a secret in a header. "
            "Standard Webhooks has its own.",
            "order": 10,
        },
    )

    @pre_load
    def _trim(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """Spaces around what was pasted are never meant."""
        return {n: v.strip() if isinstance(v, str) else v for n, v in data.items()}

    @validates_schema(skip_on_field_errors=True)
    def _fits(self, data: Mapping[str, Any], **_: Any) -> None:
        secrets = several(data["secret"])
        if data["scheme"] == STANDARD and not all(map(is_standard_secret, secrets)):
            text = "One of Standard Webhooks begins with “whsec_” and holds 24 to 64 bytes."
            raise ValidationError({"secret": [text]})
        if not secrets or min(map(len, secrets)) < 16:
            raise ValidationError({"secret": ["Too short: 16 characters are the least."]})
        names = [stream_line(each)[0] for each in data["streams"]]
        if len(set(names)) < len(names):
            raise ValidationError({"streams": ["The same kind is listed twice."]})
