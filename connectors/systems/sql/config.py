"""The settings of the SQL connector, as its form shows them, and the lines people write in them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, ValidationError, fields, pre_load, validate

from connectors import dates
from connectors.errors import ConfigError
from connectors.money import EXPONENTS

_PLAIN = re.compile(
    r"""'(?:[^'\\]|'')*'|"(?:[^"\\]|"")*"|`[^`\\]*`|\[[^\]'"\\;()]*\]|[^'"`;\\]""", re.DOTALL
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_ -]{0,99}")
_LINE = validate.Length(min=1, max=500)


def _is_zone(name: str) -> None:
    try:
        dates.zone(name or "UTC")
    except ValueError as error:
        raise ValidationError(f"{error}.") from error


@dataclass(frozen=True, slots=True)
class Query:
    """A question an admin wrote, by the name of its stream."""

    name: str
    text: str


def query_of(line: str) -> Query:
    """The query of a line `name: SELECT ...`. Raises ValueError with the reason.

    Only what stays one SELECT when it is put in parentheses is taken: no second statement, no
    comment, no parenthesis that closes ours.
    """
    name, colon, text = line.partition(":")
    name, text = name.strip(), text.strip().removesuffix(";").rstrip()
    if not colon or not _NAME.fullmatch(name):
        raise ValueError("Write “name: SELECT ...”; the name has letters, digits and _.")
    if not re.match(r"(select|with)\b", text, re.IGNORECASE):
        raise ValueError(f"“{name}” does not begin with SELECT; only reading is possible.")
    depth, at = 0, 0
    while at < len(text):
        found = _PLAIN.match(text, at)
        if found is None or text.startswith(("--", "/*", "$$"), at) or "\0" in found[0]:
            raise ValueError(
                f"“{name}” must be one SELECT without comments, semicolons and backslashes."
            )
        depth += (found[0] == "(") - (found[0] == ")")
        if depth < 0:
            break
        at = found.end()
    if depth:
        raise ValueError(f"“{name}”: the parentheses do not match.")
    return Query(name, text)


def _is_query(line: str) -> None:
    try:
        query_of(line)
    except ValueError as error:
        raise ValidationError(str(error)) from error


def queries_of(lines: Sequence[str]) -> dict[str, Query]:
    """The queries by name. Raises ConfigError when two share one."""
    found: dict[str, Query] = {}
    for line in lines:
        query = query_of(line)
        if query.name in found:
            said = f"Two queries are called “{query.name}”; give each a name of its own."
            raise ConfigError(said, {"queries": [said]})
        found[query.name] = query
    return found


def columns_of(lines: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Table to columns, of lines such as `orders: id, line`."""
    found: dict[str, tuple[str, ...]] = {}
    for line in lines:
        table, _, columns = line.rpartition(":")
        found[table.strip()] = tuple(each.strip() for each in columns.split(",") if each.strip())
    return found


_PAIR = validate.Regexp(r"\A\s*\S[^\n]*:\s*\S[^\n]*\Z", error="Write “table: column”.")


class Config(Schema):
    """Settings of the SQL connector."""

    address = fields.String(
        required=True,
        validate=validate.Length(min=1, max=1000),
        metadata={
            "label": "Address",
            "help": "Such as postgresql://reader@db.example.com:5432/erp, without the password. "
            "Also mysql://, mariadb://, mssql://, oracle:// and sqlite:////FILE.",
            "order": 1,
        },
    )
    password = fields.String(
        load_default="",
        validate=validate.Length(max=1000),
        metadata={
            "label": "Password",
            "secret": True,
            "help": "Of a role that may only read.",
            "order": 2,
        },
    )
    tables = fields.List(
        fields.String(validate=_LINE),
        load_default=list,
        validate=validate.Length(max=500),
        metadata={
            "label": "Tables and views",
            "help": "One a line, table or schema.table. Empty: all that the role may read.",
            "order": 3,
        },
    )
    currency = fields.String(
        load_default="",
        validate=validate.OneOf(["", *EXPONENTS]),
        metadata={
            "label": "Currency",
            "help": "Of amounts that name none, such as EUR.",
            "widget": "text",
            "order": 4,
        },
    )
    zone = fields.String(
        load_default="",
        validate=_is_zone,
        metadata={
            "label": "Time zone",
            "help": "Of times that name none, such as Europe/Berlin. Empty: UTC, and each read "
            "reaches half a day further back, in case that is wrong.",
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
    schema = fields.String(
        load_default="",
        validate=validate.Length(max=200),
        metadata={
            "label": "Schema",
            "help": "Only this one. Empty: all in PostgreSQL, elsewhere the role's own.",
            "order": 7,
        },
    )
    keys = fields.List(
        fields.String(validate=[_LINE, _PAIR]),
        load_default=list,
        validate=validate.Length(max=500),
        metadata={
            "label": "Key columns",
            "help": "For views, queries and tables without a primary key, such as "
            "“sales: shop, number”, one table a line.",
            "order": 8,
        },
    )
    cursors = fields.List(
        fields.String(validate=[_LINE, _PAIR]),
        load_default=list,
        validate=validate.Length(max=500),
        metadata={
            "label": "Columns that tell the last change",
            "help": "Where they are not found by their names, such as “sales: stamp”; "
            "“sales: none” reads the table whole each time.",
            "order": 9,
        },
    )
    queries = fields.List(
        fields.String(validate=[validate.Length(min=1, max=20_000), _is_query]),
        load_default=list,
        validate=validate.Length(max=100),
        metadata={
            "label": "Queries of your own",
            "help": "“name: SELECT ...”, one a line. They are only ever read.",
            "order": 10,
        },
    )
    page_size = fields.Integer(
        load_default=1000,
        validate=validate.Range(min=1, max=10_000),
        metadata={"label": "Rows a page", "order": 11},
    )
    lag_seconds = fields.Integer(
        load_default=60,
        validate=validate.Range(min=0, max=86_400),
        metadata={
            "label": "Read again, in seconds",
            "help": "Changes can become visible late, so each read reaches back so far.",
            "order": 12,
        },
    )
    statement_timeout = fields.Integer(
        load_default=60,
        validate=validate.Range(min=1, max=3600),
        metadata={
            "label": "Longest question, in seconds",
            "help": "The database is asked to give up after so long.",
            "order": 13,
        },
    )

    @pre_load
    def _trim(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """Spaces around what was pasted are never meant."""
        secret = "password"  # noqa: S105 - the name of a setting
        return {n: v.strip() if isinstance(v, str) and n != secret else v for n, v in data.items()}
