"""How rows of the simulated environment are made, changed and deleted: one by one, many, in batches."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping
from email import policy
from email.parser import BytesParser
from typing import Any

from tests.connectors.dataverse.environment import Environment
from tests.connectors.dataverse.reply import Reply, refusal
from tests.connectors.dataverse.schema import LOOKUPS, Spec

_KEY = re.compile(r"(?P<name>\w+)='(?P<value>(?:[^']|'')*)'").fullmatch
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}").fullmatch
_BOUND = re.compile(r"/?(?:[\w/.:]+/)?(\w+)\(([^)]+)\)").fullmatch
NUMBERS = ("Integer", "BigInt", "Decimal", "Money", "Double", "Picklist", "State", "Status")
Headers = Mapping[str, str]


def found_key(env: Environment, spec: Spec, predicate: str) -> tuple[str, dict[str, str]]:
    """(id, values to set when it is made) of `(id)` or `(alternate='x')`; id empty when absent."""
    if _GUID(predicate):
        key = predicate.lower()
        return (key if key in env.rows[spec.name] else ""), {spec.key: key}
    found = _KEY(predicate)
    if not found or found["name"] != spec.alternate:
        raise refusal(400, "0x80060888", f"Bad Request - Error in query syntax: {predicate}")
    value = found["value"].replace("''", "'")
    for key, row in env.rows[spec.name].items():
        if row.get(spec.alternate) == value:
            return key, {spec.alternate: value}
    return "", {spec.alternate: value}


def values_of(env: Environment, spec: Spec, said: Any) -> dict[str, Any]:
    """The columns that a body sets. Raises a refusal in Dataverse's words."""
    if not isinstance(said, dict):
        raise refusal(400, "0x80048d19", "Error identified in Payload provided by the user")
    values: dict[str, Any] = {}
    for name, value in said.items():
        if name.endswith("@odata.bind"):
            column, target = _bound(env, spec, name.removesuffix("@odata.bind"), value)
            values[column] = target
        elif name.startswith("@odata."):
            continue
        elif name not in spec.columns or spec.columns[name] in (*LOOKUPS, "Virtual"):
            text = f"Invalid property '{name}' was found in entity '{spec.name}'."
            raise refusal(400, "0x80048d19", f"Error identified in Payload: {text}")
        else:
            values[name] = _checked(spec, name, value)
    return values


def _checked(spec: Spec, name: str, value: Any) -> Any:
    kind = spec.columns[name]
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    fits = value is None or (
        is_number if kind in NUMBERS
        else isinstance(value, bool) if kind == "Boolean"
        else isinstance(value, str)
    )  # fmt: skip
    if not fits or (kind == "Integer" and isinstance(value, float)):
        text = f"Cannot convert the literal '{value}' to the expected type of '{name}'."
        raise refusal(400, "0x80048d19", text)
    if kind == "String" and isinstance(value, str) and len(value) > 4000:
        text = f"A validation error occurred. The length of the '{name}' attribute exceeded 4000."
        raise refusal(400, "0x80044331", text)
    return value


def _bound(env: Environment, spec: Spec, name: str, value: Any) -> tuple[str, Any]:
    """The lookup that a navigation property sets, and the row it points to."""
    lookup = spec.navigation().get(name)
    found = _BOUND(str(value))
    target = env.by_set(found[1]) if found else None
    if lookup is None or found is None or target is None or target.name != lookup[1]:
        text = f"An undeclared property '{name}' which only has property annotations was found."
        raise refusal(400, "0x80048d19", f"Error identified in Payload: {text}")
    key = found[2].lower()
    if key not in env.rows[target.name]:
        raise refusal(404, "0x80040217", f"{target.name} With Id = {key} Does Not Exist")
    return lookup[0], (target.name, key)


def create(env: Environment, spec: Spec, values: dict[str, Any]) -> str:
    """Makes a row and returns its id."""
    key = str(values.pop(spec.key, "") or uuid.uuid4()).lower()
    if key in env.rows[spec.name]:
        raise refusal(412, "0x80040237", "A record with matching key values already exists.")
    if spec.name == "incident" and not values.get("customerid"):
        raise refusal(400, "0x80040203", "You should specify a parent contact or account.")
    values.setdefault("ownerid", ("systemuser", str(uuid.uuid4())))
    return env.put(spec.name, key, **values)


def post(env: Environment, spec: Spec, body: Any, headers: Headers) -> Reply:
    """POST on a set."""
    key = create(env, spec, values_of(env, spec, body))
    return _made(env, spec, key, headers, 201)


def patch(env: Environment, spec: Spec, predicate: str, body: Any, headers: Headers) -> Reply:
    """PATCH on a row: changes it, or makes it unless the headers forbid that."""
    key, own = found_key(env, spec, predicate)
    if not key and headers.get("if-match"):
        text = f"{spec.name} With Id = {predicate} Does Not Exist"
        raise refusal(404, "0x80040217", text)
    if key and headers.get("if-none-match") == "*":
        raise refusal(412, "0x80040237", "A record with matching key values already exists.")
    values = values_of(env, spec, body)
    if key:
        values.pop(spec.key, None)
        env.put(spec.name, key, **values)
    else:
        key = create(env, spec, {**values, **own})
    return _made(env, spec, key, headers, 200)


def delete(env: Environment, spec: Spec, predicate: str) -> Reply:
    """DELETE on a row."""
    key, _ = found_key(env, spec, predicate)
    if not env.delete(spec.name, key):
        text = f"{spec.name} With Id = {predicate} Does Not Exist"
        raise refusal(404, "0x80040217", text)
    return Reply(204)


def _made(env: Environment, spec: Spec, key: str, headers: Headers, status: int) -> Reply:
    where = {"OData-EntityId": f"{{root}}{spec.set_name}({key})"}
    if "return=representation" in headers.get("prefer", ""):
        row = env.shown(spec, env.rows[spec.name][key], env.properties(spec), "")
        return Reply(status, row, **where)
    return Reply(204, **where)


def action(env: Environment, spec: Spec, name: str, said: Any) -> Reply:
    """CreateMultiple, UpdateMultiple or UpsertMultiple: all of it, or nothing."""
    targets = said.get("Targets") if isinstance(said, dict) else None
    if not isinstance(targets, list) or not all(
        each.get("@odata.type") == f"Microsoft.Dynamics.CRM.{spec.name}" for each in targets
    ):
        raise refusal(400, "0x80048d19", "Targets need an @odata.type each.")
    ready = [(each, values_of(env, spec, each)) for each in targets]
    if name == "CreateMultiple":
        ids = [create(env, spec, values) for _, values in ready]
        return Reply(200, {"Ids": ids})
    found = []
    for each, values in ready:
        address = str(each.get("@odata.id", ""))
        by_id = str(values.pop(spec.key, "") or "")
        key, own = found_key(env, spec, by_id or address.partition("(")[2].removesuffix(")"))
        if name == "UpdateMultiple" and not key:
            raise refusal(404, "0x80040217", f"{spec.name} With Id = {by_id} Does Not Exist")
        found.append((key, own, values))
    for key, own, values in found:
        if key:
            env.put(spec.name, key, **values)
        else:
            create(env, spec, {**values, **own})
    return Reply(204)


def bulk_delete(env: Environment, said: Any) -> Reply:
    """BulkDelete, done at once."""
    (query,) = said["QuerySet"]
    (condition,) = query["Criteria"]["Conditions"]
    for each in condition["Values"]:
        env.delete(query["EntityName"], each["Value"])
    return Reply(200, {"JobId": str(uuid.uuid4())})


def batch(kind: str, body: bytes, prefer: str, call: Callable[..., Reply]) -> Reply:
    """The answers to a batch; after an error only what was asked to go on goes on."""
    whole = b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body
    message = BytesParser(policy=policy.HTTP).parsebytes(whole)
    parts = message.get_payload() if message.is_multipart() else []
    if not parts or len(parts) > 1000:
        raise refusal(400, "0x80060888", "The batch request is malformed or too large.")
    boundary, answers = f"batchresponse_{uuid.uuid4()}", []
    for part in parts:
        assert not isinstance(part, str)
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        reply = _one(content, call)
        answers.append(_answer(reply, boundary))
        if reply.status >= 400 and "odata.continue-on-error" not in prefer:
            break
    text = b"".join(answers) + f"--{boundary}--\r\n".encode()
    return Reply(200, text, **{"Content-Type": f"multipart/mixed; boundary={boundary}"})


def _one(content: bytes, call: Callable[..., Reply]) -> Reply:
    head, _, body = content.replace(b"\r\n", b"\n").partition(b"\n\n")
    first, *lines = head.decode().splitlines()
    method, _, rest = first.partition(" ")
    target, _, version = rest.rpartition(" ")  # Microsoft's client leaves spaces in addresses
    assert version == "HTTP/1.1"
    headers = {name.strip().lower(): v.strip() for name, _, v in (x.partition(":") for x in lines)}
    path = re.sub(r"^https?://[^/]+", "", target)
    try:
        return call(method, path, headers, body.strip())
    except Reply as refused:
        return refused


def _answer(reply: Reply, boundary: str) -> bytes:
    names = {200: "OK", 201: "Created", 204: "No Content", 404: "Not Found"}
    body = b"" if reply.body is None else json.dumps(reply.body).encode()
    lines = [f"--{boundary}", "Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    lines += ["", f"HTTP/1.1 {reply.status} {names.get(reply.status, 'Bad Request')}"]
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    lines += ["Content-Type: application/json; odata.metadata=minimal"] if body else []
    return "\r\n".join([*lines, "OData-Version: 4.0", "", ""]).encode() + body + b"\r\n"
