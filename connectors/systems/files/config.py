"""The settings of the file connector, as its form shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, pre_load, validate, validates_schema

from connectors import dates
from connectors.money import EXPONENTS
from connectors.records import ENTITIES
from connectors.systems.files import sftp

ANY = ["*.csv", "*.tsv", "*.xlsx", "*.parquet"]


def _is_zone(name: str) -> None:
    try:
        dates.zone(name or "UTC")
    except ValueError as error:
        raise ValidationError(f"{error}.") from error


def _is_location(text: str) -> None:
    try:
        sftp.location(text) if text else None
    except ValueError as error:
        raise ValidationError(str(error)) from error


def _is_host_key(text: str) -> None:
    try:
        sftp.fingerprints(text)
    except ValueError as error:
        raise ValidationError(str(error)) from error


class Config(Schema):
    """Settings of the file connector."""

    folder = fields.String(
        required=True,
        validate=validate.Length(min=1, max=1000),
        metadata={
            "label": "Folder",
            "help": "Full path of the folder on the server. Nothing outside it is ever read.",
            "order": 1,
        },
    )
    patterns = fields.List(
        fields.String(validate=validate.Length(min=1, max=200)),
        load_default=lambda: list(ANY),
        validate=validate.Length(max=50),
        metadata={
            "label": "Files",
            "help": "Names or patterns, one a line, such as orders-*.csv. ** means any depth.",
            "order": 2,
        },
    )
    is_grouped = fields.Boolean(
        load_default=False,
        metadata={
            "label": "All files of a pattern belong together",
            "help": "One stream per pattern, for daily files of one kind.",
            "order": 3,
        },
    )
    entity = fields.String(
        load_default="auto",
        validate=validate.OneOf(["auto", *ENTITIES]),
        metadata={
            "label": "They hold",
            "choices": {
                "auto": "Find out from names and columns",
                **{name: each.label for name, each in ENTITIES.items()},
            },
            "order": 4,
        },
    )
    key = fields.List(
        fields.String(validate=validate.Length(min=1, max=200)),
        load_default=list,
        metadata={
            "label": "Key columns",
            "help": "Columns that identify a row, one a line; “row” means the row's number. "
            "Empty: an id column with different values, or else the row's number.",
            "order": 5,
        },
    )
    delimiter = fields.String(
        load_default="auto",
        validate=validate.OneOf(["auto", ",", ";", "\t", "|"]),
        metadata={
            "label": "CSV delimiter",
            "choices": {
                "auto": "Find out", ",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Bar",
            },
            "order": 6,
        },
    )  # fmt: skip
    encoding = fields.String(
        load_default="auto",
        validate=validate.OneOf(["auto", "utf-8", "cp1252", "latin-1", "utf-16"]),
        metadata={
            "label": "CSV encoding",
            "choices": {
                "auto": "Find out",
                "utf-8": "UTF-8",
                "cp1252": "Windows (cp1252)",
                "latin-1": "Latin 1",
                "utf-16": "UTF-16",
            },
            "order": 7,
        },
    )
    sheet = fields.String(
        load_default="",
        metadata={"label": "Excel sheet", "help": "Empty: the first sheet.", "order": 8},
    )
    currency = fields.String(
        load_default="",
        validate=validate.OneOf(["", *EXPONENTS]),
        metadata={
            "label": "Currency",
            "help": "Of amounts that name none, such as EUR.",
            "widget": "text",
            "order": 9,
        },
    )
    zone = fields.String(
        load_default="",
        validate=_is_zone,
        metadata={
            "label": "Time zone",
            "help": "Of times that name none, such as Europe/Berlin. Empty: UTC.",
            "order": 10,
        },
    )
    region = fields.String(
        load_default="",
        validate=validate.Regexp(
            r"^([A-Za-z]{2})?$", error="A country of two letters, such as GB."
        ),
        metadata={
            "label": "Country of phone numbers",
            "help": "For numbers without a country code, such as GB.",
            "order": 11,
        },
    )
    is_snapshot = fields.Boolean(
        load_default=False,
        metadata={
            "label": "The files are always complete",
            "help": "Rows that are no longer in any of the files count as deleted.",
            "order": 12,
        },
    )
    settle_seconds = fields.Integer(
        load_default=60,
        validate=validate.Range(min=0, max=86_400),
        metadata={
            "label": "Wait before reading, in seconds",
            "help": "A file is read once it has not changed for so long, or a file of the same "
            "name with .done is beside it.",
            "order": 13,
        },
    )
    page_size = fields.Integer(
        load_default=2000,
        validate=validate.Range(min=1, max=10_000),
        metadata={"label": "Rows a page", "order": 14},
    )
    location = fields.String(
        load_default="",
        validate=[validate.Length(max=1000), _is_location],
        metadata={
            "label": "SFTP folder",
            "help": "Instead of a folder of this server: sftp://user@host:22/folder. After /~/ the "
            "path begins in the user's home.",
            "order": 15,
        },
    )
    password = fields.String(
        load_default="",
        validate=validate.Length(max=1000),
        metadata={
            "label": "Password",
            "help": "For SFTP, where there is no private key.",
            "secret": True,
            "is_shown": False,
            "order": 16,
        },
    )
    private_key = fields.String(
        load_default="",
        validate=validate.Length(max=20_000),
        metadata={
            "label": "Private key",
            "help": "For SFTP: the whole text, from BEGIN to END.",
            "secret": True,
            "is_shown": False,
            "widget": "lines",
            "order": 17,
        },
    )
    passphrase = fields.String(
        load_default="",
        validate=validate.Length(max=1000),
        metadata={
            "label": "Passphrase of the private key",
            "secret": True,
            "is_shown": False,
            "order": 18,
        },
    )
    host_key = fields.String(
        load_default="",
        validate=[validate.Length(max=5000), _is_host_key],
        metadata={
            "label": "Host key of the SFTP server",
            "help": "Its fingerprint, such as SHA256:…, from the server's operator. Left empty, the "
            "check shows the one it sees, to be compared.",
            "order": 19,
        },
    )

    @pre_load
    def _placed(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """A folder of an SFTP server takes the place of one of this server."""
        given = dict(data)
        if given.get("location") and not given.get("folder"):
            given["folder"] = given["location"]
        return given

    @validates_schema(skip_on_field_errors=True)
    def _proven(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["location"] and not (data["password"] or data["private_key"]):
            raise ValidationError({"password": ["Enter the password, or a private key."]})
