"""The simulated batches: reading, updating and creating up to 100 records, with partial answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tests.connectors.hubspot.refusal import Refusal, problem

if TYPE_CHECKING:
    from tests.connectors.hubspot.simulator import Account, Row

Answer = tuple[int, dict[str, Any]]
_TO = {202: "contacts", 204: "contacts", 16: "contacts"}


def read(account: Account, kind: str, body: Mapping[str, Any], params: Any) -> Answer:
    """Records by id, or by a unique property."""
    inputs, name = _inputs(body), body.get("idProperty")
    found, errors = [], []
    for each in inputs:
        row = _by(account, kind, name, each["id"]) if name else account.rows[kind].get(each["id"])
        if row is None or row.archived is not None:
            errors.append(_absent(kind, {"ids": [each["id"]]}))
        else:
            found.append(account.shown(kind, row, list(body.get("properties") or [])))
    return _told(found, errors)


def update(account: Account, kind: str, body: Mapping[str, Any], params: Any) -> Answer:
    """Changes by id. A value that is not valid refuses the whole batch."""
    inputs = _inputs(body)
    if len({each["id"] for each in inputs}) < len(inputs):
        raise Refusal(400, problem("Duplicate IDs found in batch input: [id]"))
    for each in inputs:
        _require_valid(account, kind, each["properties"])
    found, errors = [], []
    for each in inputs:
        row = account.rows[kind].get(each["id"])
        if row is None or row.archived is not None:
            errors.append(_absent(kind, {"ids": [each["id"]]}))
        else:
            account.put(kind, row.id, **each["properties"])
            found.append(_traced(account.shown(kind, row, list(each["properties"])), each))
    return _told(found[::-1], errors)  # the order of an answer means nothing


def create(account: Account, kind: str, body: Mapping[str, Any], params: Any) -> Answer:
    """New records with their associations; partial answers where each input has its own trace."""
    inputs = _inputs(body)
    is_partial = all(each.get("objectWriteTraceId") for each in inputs)
    found, errors = [], []
    for each in inputs:
        try:
            row = _create(account, kind, each)
        except Refusal as refusal:
            if not is_partial or not isinstance(refusal.said, dict):
                raise
            context = {"objectWriteTraceId": [each["objectWriteTraceId"]]}
            errors.append({**refusal.said, "context": context})
        else:
            found.append(_traced(account.shown(kind, row, list(each["properties"])), each))
    status, said = _told(found[::-1], errors)
    return (201 if status == 200 else status), said


VERBS: Mapping[str, Callable[..., Answer]] = MappingProxyType(
    {"read": read, "update": update, "create": create}
)


def _create(account: Account, kind: str, each: Mapping[str, Any]) -> Row:
    given = each["properties"]
    _require_valid(account, kind, given)
    needs = {"notes": "hs_timestamp", "tasks": "hs_timestamp", "tickets": "hs_pipeline_stage"}
    if kind in needs and not given.get(needs[kind]):
        text = f"Error creating {kind}. Some required properties were not set."
        raise Refusal(400, problem(text, errors=[{"context": {"properties": [needs[kind]]}}]))
    for name, value in given.items():
        if account.properties[kind][name]["hasUniqueValue"] and _by(account, kind, name, value):
            raise Refusal(409, problem(f"{name} {value} already exists.", "CONFLICT"))
    for link in each.get("associations") or ():
        to = _TO.get(link["types"][0]["associationTypeId"], "")
        if link["to"]["id"] not in account.rows.get(to, {}):
            raise Refusal(400, problem(f"One or more associations are not valid: {link['to']}"))
    row = account.add(kind, **given)
    for link in each.get("associations") or ():
        account.link(kind, row.id, "contacts", link["to"]["id"])
    return row


def _inputs(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or not 0 < len(inputs) <= 100:
        raise Refusal(400, problem("The number of inputs must be between 1 and 100."))
    return inputs


def _require_valid(account: Account, kind: str, properties: Mapping[str, Any]) -> None:
    wrong = []
    for name, value in properties.items():
        known = account.properties[kind].get(name)
        text = ""
        if known is None:
            text = f'Property "{name}" does not exist'
        elif known["modificationMetadata"]["readOnlyValue"]:
            text = f'"{name}" is a read only property; its value cannot be set'
        elif known["type"] == "number" and value and not _is_number(value):
            text = f"{value} was not a valid number."
        if text:
            wrong.append({"isValid": False, "message": text, "error": "INVALID", "name": name})
    if wrong:
        shown = str(wrong).replace("'", '"').replace("False", "false")
        raise Refusal(400, problem(f"Property values were not valid: {shown}"))


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def _by(account: Account, kind: str, name: str, value: str) -> Row | None:
    if not account.properties[kind].get(name, {}).get("hasUniqueValue"):
        raise Refusal(400, problem(f"The property {name} is not a unique property."))
    rows = [row for row in account.rows[kind].values() if row.properties.get(name) == value]
    return rows[0] if rows else None


def _absent(kind: str, context: Mapping[str, Any]) -> dict[str, Any]:
    text = f"Could not get some {kind}. Some of the ids provided were not found."
    return problem(text, "OBJECT_NOT_FOUND", context=dict(context))


def _traced(said: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    trace = given.get("objectWriteTraceId")
    return {**said, "objectWriteTraceId": trace} if trace else said


def _told(found: list[Any], errors: list[Any]) -> Answer:
    times = {"startedAt": "2026-11-01T08:00:00.000Z", "completedAt": "2026-11-01T08:00:00.100Z"}
    said = {"status": "COMPLETE", "results": found, **times}
    if not errors:
        return 200, said
    return 207, {**said, "numErrors": len(errors), "errors": errors}
