"""Writes fields of entities back with PATCH (OData protocol 4.01, section 11.5.3)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx

from connectors.errors import ConfigError
from connectors.records import Item, Outcome, Target, plain
from connectors.systems.odata.literals import key_predicate, literal
from connectors.systems.odata.metadata import EntitySet, Property
from connectors.systems.odata.service import Service

_JUDGED = (400, 403, 404, 405, 409, 410, 412, 413, 415, 422, 428, 501)


def targets(lines: Sequence[str], sets: Mapping[str, EntitySet]) -> list[Target]:
    """One target per line of the setting. Raises ConfigError for what cannot be written."""
    made: dict[str, dict[str, str]] = {}
    for line in lines:
        name, _, fields = line.partition(":")
        found = sets.get(name.strip())
        if found is None:
            raise _wrong(f"The service has no entity set “{name.strip()}” that can be read.")
        for field in (each.strip() for each in fields.split(",")):
            if field not in found.properties or field in found.key:
                raise _wrong(f"“{field}” is no field of {found.name} that can be written.")
            kind = found.properties[field].type
            if kind == "json":
                raise _wrong(f"“{field}” of {found.name} is no single value.")
            made.setdefault(found.name, {})[field] = kind
    return [
        Target(f"fields of {name}", f"Fields of {name}", "update", name, fields, batch=100)
        for name, fields in made.items()
    ]


def write(
    service: Service, found: EntitySet, target: Target, items: Sequence[Item]
) -> Iterator[Outcome]:
    """One outcome per item, in order. Raises what concerns them all."""
    csrf: dict[str, str] = {}
    for item in items:
        try:
            path = found.name + key_predicate(_key(found, item.remote_id))
            body = _body(found, target, item)
        except ValueError as error:
            yield Outcome(item.key, False, message=f"{error}.")
            continue
        response = _send(service, path, body, csrf)
        if response.status_code < 300:
            yield Outcome(item.key, True, item.remote_id)
        else:
            yield _refused(service, item, response)


def _send(
    service: Service, path: str, body: Mapping[str, Any], csrf: dict[str, str]
) -> httpx.Response:
    headers = {
        "Content-Type": "application/json;IEEE754Compatible=true",
        # Only an entity that is there: without it some services make a missing one.
        "If-Match": "*",
    }
    content = json.dumps(body).encode()
    for is_last in (False, True):
        response = service.far.call(
            "PATCH", path, _JUDGED, content=content, headers={**headers, **csrf},
            params=dict(service.far.params) or None, is_repeatable=True,
        )  # fmt: skip
        wants = response.headers.get("x-csrf-token", "").lower() == "required"
        if response.status_code != 403 or not wants or is_last:
            return response
        # SAP Gateway hands out a token (and its cookie) on reading, and wants it with each change.
        given = service.far.call("GET", "", (403, 404), headers={"X-CSRF-Token": "Fetch"})
        csrf["X-CSRF-Token"] = given.headers.get("x-csrf-token", "")
    raise AssertionError("unreachable: the last attempt returns")


def _key(found: EntitySet, remote_id: str) -> list[tuple[str, str, Any]]:
    parts = [remote_id] if len(found.key) == 1 else remote_id.split("|")
    if len(parts) != len(found.key) or not all(parts):
        raise ValueError("It does not say which entity it is about")
    return [
        (name, found.properties[name].kind, part)
        for name, part in zip(found.key, parts, strict=True)
    ]


def _body(found: EntitySet, target: Target, item: Item) -> dict[str, Any]:
    stranger = sorted(set(item.values) - set(target.fields))
    if stranger:
        raise ValueError(f"The field {', '.join(stranger)} cannot be written")
    return {name: _value(name, found.properties[name], v) for name, v in item.values.items()}


def _value(name: str, declared: Property, value: Any) -> Any:
    """The value as JSON of its Edm type. Raises ValueError when it is none."""
    if value is None:
        return None
    kind = declared.kind
    if kind == "Edm.String":
        return str(plain({"v": value})["v"])
    if kind == "Edm.DateTimeOffset" and isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        value = moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    elif isinstance(value, (datetime, date)):
        value = value.isoformat()[:10] if kind == "Edm.Date" else value.isoformat()
    if kind == "Edm.Boolean" and isinstance(value, bool):
        return value
    try:
        text = literal(kind, format(value, "f") if isinstance(value, Decimal) else value, declared.is_enum)  # fmt: skip
    except ValueError as error:
        raise ValueError(f"“{name}”: {error}") from error
    if kind == "Edm.Boolean":
        return text == "true"
    if kind in ("Edm.Double", "Edm.Single"):
        return float(text)
    if kind in ("Edm.Int32", "Edm.Int16", "Edm.Byte", "Edm.SByte"):
        return int(text)
    # Exact numbers go as text, which IEEE754Compatible announces.
    return str(value) if declared.is_enum or kind == "Edm.Duration" else text


def _refused(service: Service, item: Item, response: httpx.Response) -> Outcome:
    status = response.status_code
    if status in (404, 410):
        return Outcome(item.key, False, message="There is no such record.")
    said = f"{service.far.host} refuses it ({status}): {service.far.said(response)}"
    return Outcome(item.key, False, message=said, retry=status in (409, 412))


def _wrong(said: str) -> ConfigError:
    return ConfigError(said, {"writable": [said]})
