"""The simulated search: filters, sorts, the wall of 10,000 results, an index that lags behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from connectors.systems.hubspot.shapes import moment
from tests.connectors.hubspot.refusal import Refusal, problem

if TYPE_CHECKING:
    from tests.connectors.hubspot.simulator import Account

WALL = 10_000
OPERATORS = ("EQ", "NEQ", "LT", "LTE", "GT", "GTE", "HAS_PROPERTY", "NOT_HAS_PROPERTY", "IN")


def search(account: Account, kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a search of a kind."""
    limit, start = int(body.get("limit", 10)), int(body.get("after") or 0)
    groups, sorts = body.get("filterGroups") or [], body.get("sorts") or []
    if not 0 < limit <= 200:
        raise Refusal(400, problem("The limit must be between 1 and 200."))
    if len(groups) > 5 or any(len(group["filters"]) > 6 for group in groups) or len(sorts) > 1:
        raise Refusal(400, problem("There was a problem with the request."))
    if start + limit > account.wall:
        raise Refusal(400, problem("There was a problem with the request: too many results."))
    found = []
    for row in account.rows[kind].values():
        properties = row.at(account.now - account.index_lag)
        if properties is not None and _fits(account, kind, groups, properties):
            found.append((row, properties))
    name = sorts[0]["propertyName"] if sorts else "hs_object_id"
    if not account.is_unordered:
        found.sort(
            key=lambda pair: _sized(account, kind, name, pair[1].get(name, "")),
            reverse=bool(sorts) and sorts[0].get("direction") == "DESCENDING",
        )
    else:
        found.sort(key=lambda pair: pair[0].updated, reverse=True)
    names = list(body.get("properties") or [])
    page = found[start : start + limit]
    said: dict[str, Any] = {
        "total": len(found),
        "results": [account.shown(kind, row, names, properties) for row, properties in page],
    }
    if len(found) > start + limit:
        after = str(start + limit)
        said["paging"] = {"next": {"after": after, "link": f"?after={after}"}}
    return said


def _fits(
    account: Account, kind: str, groups: list[Mapping[str, Any]], properties: Mapping[str, str]
) -> bool:
    return not groups or any(
        all(_matches(account, kind, each, properties) for each in group["filters"])
        for group in groups
    )


def _matches(
    account: Account, kind: str, rule: Mapping[str, Any], properties: Mapping[str, str]
) -> bool:
    name, operator = rule["propertyName"], rule["operator"]
    if operator not in OPERATORS:
        raise Refusal(
            400,
            problem(f"Invalid input JSON: Enum type must be one of: [{', '.join(OPERATORS)}]"),
        )
    if name not in account.properties[kind]:
        raise Refusal(400, problem(f"There was a problem with the request: {name}"))
    if name == "hs_object_id" and account.is_deaf_to_ids:
        return True
    value = properties.get(name)
    if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return (value is not None) is (operator == "HAS_PROPERTY")
    if operator == "IN":
        return value in rule["values"]
    if value is None:
        return operator == "NEQ"
    mine = _sized(account, kind, name, value)
    theirs = _sized(account, kind, name, rule["value"])
    tests = {
        "EQ": mine == theirs, "NEQ": mine != theirs, "LT": mine < theirs, "LTE": mine <= theirs,
        "GT": mine > theirs, "GTE": mine >= theirs,
    }  # fmt: skip
    return tests[operator]


def _sized(account: Account, kind: str, name: str, value: Any) -> tuple[float, str]:
    """By what values of a property are compared."""
    type_ = account.properties[kind].get(name, {}).get("type")
    if not isinstance(value, str):
        raise Refusal(400, problem("Invalid input JSON: value must be a string"))
    if type_ in ("date", "datetime") and value:
        at = moment(value)
        if at is None:
            raise Refusal(400, problem(f"{value} was not a valid long."))
        return at.timestamp(), ""
    if name == "hs_object_id":
        return len(value), value
    return (float(value), "") if type_ == "number" and value else (0.0, value.lower())
