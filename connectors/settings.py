"""Settings of connectors, declared once as a marshmallow schema; forms and masks are drawn from it.

    class Config(Schema):
        url = fields.Url(required=True, metadata={"label": "Address", "help": "...", "order": 1})
        token = fields.String(required=True, metadata={"label": "Token", "secret": True})

Metadata: `label`, `help`, `secret` (sealed, never shown again), `widget` (text, password, number,
checkbox, select, lines), `choices` (value to label), `order`, `is_shown` (beside what is required and
what is secret; other settings wait under “more”).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, missing
from marshmallow.validate import OneOf

from connectors.errors import ConfigError

MASK = "••••••••"
SchemaLike = Schema | type[Schema]


@dataclass(frozen=True, slots=True)
class SettingField:
    """One setting as a form draws it. `type`: text, integer, decimal, boolean, list."""

    name: str
    label: str
    help: str
    type: str
    required: bool
    secret: bool
    widget: str
    choices: tuple[tuple[str, str], ...]
    default: Any
    is_shown: bool = False


def _schema(schema: SchemaLike) -> Schema:
    return schema() if isinstance(schema, type) else schema


def _type(field: fields.Field[Any]) -> str:
    if isinstance(field, fields.Boolean):
        return "boolean"
    if isinstance(field, fields.Integer):
        return "integer"
    if isinstance(field, (fields.Decimal, fields.Float)):
        return "decimal"
    return "list" if isinstance(field, fields.List) else "text"


def _choices(field: fields.Field[Any]) -> tuple[tuple[str, str], ...]:
    declared = field.metadata.get("choices")
    if isinstance(declared, Mapping):
        return tuple((str(value), str(label)) for value, label in declared.items())
    for check in field.validators:
        if isinstance(check, OneOf):
            labels = list(check.labels) or [str(each) for each in check.choices]
            return tuple(
                (str(value), str(label))
                for value, label in zip(check.choices, labels, strict=False)
            )
    return ()


_WIDGETS = {"boolean": "checkbox", "integer": "number", "decimal": "number", "list": "lines"}


def form(schema: SchemaLike) -> list[SettingField]:
    """The settings in their order, ready for drawing a form."""
    found: list[tuple[int, SettingField]] = []
    for position, (name, field) in enumerate(_schema(schema).fields.items()):
        about, choices, kind = field.metadata, _choices(field), _type(field)
        secret = bool(about.get("secret"))
        usual = "password" if secret else "select" if choices else _WIDGETS.get(kind, "text")
        default = field.load_default
        if default is missing or secret:
            default = None
        found.append(
            (
                int(about.get("order", 1000 + position)),
                SettingField(
                    name=name,
                    label=str(about.get("label") or name.replace("_", " ").capitalize()),
                    help=str(about.get("help", "")),
                    type=kind,
                    required=bool(field.required),
                    secret=secret,
                    widget=str(about.get("widget", usual)),
                    choices=choices,
                    default=default() if callable(default) else default,
                    is_shown=bool(about.get("is_shown", secret or field.required)),
                ),
            )
        )
    return [each for _, each in sorted(found, key=lambda pair: pair[0])]


def secret_names(schema: SchemaLike) -> frozenset[str]:
    """Names of the settings that are sealed."""
    return frozenset(n for n, f in _schema(schema).fields.items() if f.metadata.get("secret"))


def load(schema: SchemaLike, given: Mapping[str, Any]) -> dict[str, Any]:
    """Checked settings with defaults filled in. Raises ConfigError with messages per setting."""
    made = _schema(schema)
    try:
        loaded: dict[str, Any] = made.load(dict(given), unknown=EXCLUDE)
    except ValidationError as error:
        messages = _messages(error.messages)
        named = {name: field.label for name, field in _labels(made).items()}
        text = " ".join(f"{named.get(n, n)}: {' '.join(m)}" for n, m in messages.items())
        raise ConfigError(f"The settings are not complete. {text}", messages) from None
    return loaded


def _labels(schema: Schema) -> dict[str, SettingField]:
    return {each.name: each for each in form(schema)}


def _messages(found: Any) -> dict[str, list[str]]:
    """marshmallow's messages, flat: a setting's name to sentences."""
    if not isinstance(found, Mapping):
        return {"": [str(each) for each in found]}
    flat: dict[str, list[str]] = {}
    for name, said in found.items():
        if isinstance(said, Mapping):
            said = [text for texts in _messages(said).values() for text in texts]
        flat["" if name == "_schema" else str(name)] = [str(each) for each in said]
    return flat


def read_form(schema: SchemaLike, posted: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as a form posted them: lists one a line, absent checkboxes false, blanks left out."""
    answer: dict[str, Any] = {}
    for each in form(schema):
        value = posted.get(each.name)
        if each.type == "boolean":
            answer[each.name] = value is not None and str(value).lower() not in ("", "0", "false")
        elif each.type == "list" and isinstance(value, str):
            answer[each.name] = [line.strip() for line in value.splitlines() if line.strip()]
        elif value is not None and value != "":
            answer[each.name] = (
                value.strip() if isinstance(value, str) and not each.secret else value
            )
    return answer


def mask(schema: SchemaLike, given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings for showing: every secret that is set becomes `MASK`."""
    secrets = secret_names(schema)
    return {n: MASK if n in secrets and v not in (None, "") else v for n, v in given.items()}


def restore(
    schema: SchemaLike, given: Mapping[str, Any], stored: Mapping[str, Any]
) -> dict[str, Any]:
    """The settings as given, where a masked or blank secret means the stored one."""
    answer = dict(given)
    for name in secret_names(schema):
        if answer.get(name) in (None, "", MASK):
            if stored.get(name) in (None, ""):
                answer.pop(name, None)
            else:
                answer[name] = stored[name]
    return answer


def split(schema: SchemaLike, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(plain, secrets): what may be stored as it is and what must be sealed."""
    secrets = secret_names(schema)
    plain = {name: value for name, value in given.items() if name not in secrets}
    return plain, {name: value for name, value in given.items() if name in secrets}


def redact(schema: SchemaLike, given: Mapping[str, Any]) -> str:
    """The settings for a log line: secrets masked, long values cut."""
    shown = [f"{n}={_short(v)}" for n, v in sorted(mask(schema, given).items())]
    return ", ".join(shown)


def _short(value: Any) -> str:
    text = (
        repr(list(value))
        if isinstance(value, Sequence) and not isinstance(value, str)
        else repr(value)
    )
    text = re.sub(r"//[^/@\s]+@", "//…@", text)  # a password written into an address
    return text if len(text) <= 80 else text[:77] + "..."
