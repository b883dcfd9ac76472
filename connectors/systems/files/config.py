"""The settings of the file connector, as its form shows them."""

from __future__ import annotations

from marshmallow import Schema, ValidationError, fields, validate

from connectors import dates
from connectors.money import EXPONENTS
from connectors.records import ENTITIES

ANY = ["*.csv", "*.tsv", "*.xlsx", "*.parquet"]


def _is_zone(name: str) -> None:
    try:
        dates.zone(name or "UTC")
    except ValueError as error:
        raise ValidationError(f"{error}.") from error


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
        load_default=1000,
        validate=validate.Range(min=1, max=10_000),
        metadata={"label": "Rows a page", "order": 14},
    )
