"""What a description says of an object, as far as we use it; whatever else it says is let be.

Source: REST API Developer Guide, “sObject Describe”.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from connectors.errors import Transient

TYPES: Mapping[str, str] = MappingProxyType(
    {
        "boolean": "boolean",
        "int": "integer",
        "long": "integer",
        "double": "decimal",
        "currency": "decimal",
        "percent": "decimal",
        "date": "date",
        "datetime": "datetime",
    }
)
"""Salesforce's field types to the kit's; all others are text."""
LEFT_OUT = frozenset(("address", "location", "base64", "complexvalue", "json"))
"""Compounds, whose parts are fields of their own, and files: neither fits into a bulk query."""
MODIFIED = ("SystemModstamp", "LastModifiedDate", "CreatedDate", "LoginTime")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}").fullmatch


@dataclass(frozen=True, slots=True)
class Described:
    """One object of the org, with the fields this user may see.

    `fields` are names and the kit's types; `writable` those of `fields` that may be changed,
    `external_ids` those that records can be found again by, `points_to` lookups and their objects.
    """

    name: str
    label: str
    is_queryable: bool = False
    is_replicated: bool = False
    is_createable: bool = False
    is_updateable: bool = False
    fields: Mapping[str, str] = field(default_factory=dict)
    writable: frozenset[str] = frozenset()
    createable: frozenset[str] = frozenset()
    external_ids: frozenset[str] = frozenset()
    points_to: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def modified(self) -> str:
        """The field that tells when a record last changed; "" when there is none."""
        return next((each for each in MODIFIED if self.fields.get(each) == "datetime"), "")

    def first(self, *names: str) -> str:
        """The first of these fields that exists, "" if none does."""
        return next((each for each in names if each in self.fields), "")


def read(said: Any) -> Described:
    """An object from its description, or from its line in the list of all. Raises Transient for
    one that cannot be read."""
    if not isinstance(said, Mapping) or not _is_name(said.get("name")):
        raise Transient("Salesforce's description of an object cannot be read.")
    given = said.get("fields")
    each = [one for one in given if _is_usable(one)] if isinstance(given, list) else []
    return Described(
        name=said["name"],
        label=str(said.get("labelPlural") or said.get("label") or said["name"])[:200],
        is_queryable=said.get("queryable") is True,
        is_replicated=said.get("replicateable") is True,
        is_createable=said.get("createable") is True,
        is_updateable=said.get("updateable") is True,
        fields={one["name"]: TYPES.get(one["type"], "text") for one in each},
        writable=_having(each, "updateable"),
        createable=_having(each, "createable"),
        external_ids=_having(each, "externalId"),
        points_to={
            one["name"]: tuple(to for to in one["referenceTo"] if isinstance(to, str))
            for one in each
            if one["type"] == "reference" and isinstance(one.get("referenceTo"), list)
        },
    )


def all_of(said: Any) -> dict[str, Described]:
    """The objects of the list of all, by name, without their fields."""
    listed = said.get("sobjects") if isinstance(said, Mapping) else None
    if not isinstance(listed, list):
        raise Transient("Salesforce's list of objects cannot be read.")
    found = [read(one) for one in listed if isinstance(one, Mapping) and _is_name(one.get("name"))]
    return {each.name: each for each in found}


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and _NAME(value) is not None


def _is_usable(one: Any) -> bool:
    return (
        isinstance(one, Mapping)
        and _is_name(one.get("name"))
        and isinstance(one.get("type"), str)
        and one["type"] not in LEFT_OUT
        and one.get("deprecatedAndHidden") is not True
    )


def _having(each: list[Any], flag: str) -> frozenset[str]:
    return frozenset(one["name"] for one in each if one.get(flag) is True)
