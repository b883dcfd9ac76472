"""What a table's definition says, as far as we use it; whatever else it says is let be.

Source: https://learn.microsoft.com/power-apps/developer/data-platform/webapi/query-metadata-web-api.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from connectors.errors import Transient
from connectors.systems.dataverse.literals import name as checked
from connectors.systems.dataverse.refusals import text_of
from connectors.systems.odata.literals import query

TYPES: Mapping[str, str] = MappingProxyType(
    {
        "String": "text", "Memo": "text", "Uniqueidentifier": "text",
        "Integer": "integer", "BigInt": "integer",
        "Decimal": "decimal", "Money": "decimal", "Double": "float",
        "Boolean": "boolean", "DateTime": "datetime",
        "Picklist": "integer", "State": "integer", "Status": "integer", "MultiSelect": "text",
        "Lookup": "text", "Customer": "text", "Owner": "text",
    }
)  # fmt: skip
"""Dataverse's column types to the kit's; columns of other types are left out."""
CHOICES = frozenset(("Picklist", "State", "Status", "MultiSelect"))
LOOKUPS = frozenset(("Lookup", "Customer", "Owner"))
NOISE = frozenset(
    (
        "versionnumber", "importsequencenumber", "timezoneruleversionnumber",
        "utcconversiontimezonecode", "traversedpath", "processid", "stageid",
    )
)  # fmt: skip
"""Columns of the platform's own housekeeping; the version alone makes every record look changed."""
LEFT_OUT: Mapping[str, frozenset[str]] = MappingProxyType(
    {"email": frozenset(("description", "safedescription"))}
)
"""The bodies of e-mails are long, and none of our business."""
_LOGICAL = re.compile(r"[a-z][a-z0-9_]{0,127}", re.ASCII).fullmatch
_ABOUT = (
    "LogicalName", "EntitySetName", "PrimaryIdAttribute", "PrimaryNameAttribute",
    "ChangeTrackingEnabled", "IsActivity", "IsCustomEntity", "DisplayCollectionName",
)  # fmt: skip
_OF_COLUMN = (
    "LogicalName,AttributeType,AttributeTypeName,AttributeOf,IsCustomAttribute,"
    "IsValidForRead,IsValidForCreate,IsValidForUpdate"
)
_LOOKED_UP = "ReferencingAttribute,ReferencedEntity"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its type of `TYPES`, and what may be done with it."""

    name: str
    kind: str
    is_custom: bool = False
    is_createable: bool = False
    is_updateable: bool = False

    @property
    def property(self) -> str:
        """Its name in addresses and answers, which is another one for lookups."""
        return f"_{self.name}_value" if self.kind in LOOKUPS else self.name


@dataclass(frozen=True)
class Table:
    """A table with the columns that can be read, by name; `points_to` are lookups and their tables."""

    name: str
    set_name: str
    key: str
    title: str
    label: str
    is_tracked: bool = False
    is_activity: bool = False
    columns: Mapping[str, Column] = field(default_factory=dict)
    points_to: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def modified(self) -> str:
        """The column that tells when a row last changed; empty when there is none."""
        found = self.columns.get("modifiedon")
        return "modifiedon" if found and found.kind == "DateTime" else ""

    @cached_property
    def selected(self) -> tuple[str, ...]:
        """The properties to ask for, in a fixed order."""
        return tuple(sorted(each.property for each in self.columns.values()))

    @cached_property
    def mark(self) -> str:
        """A short text that is another one when there are other columns."""
        return hashlib.sha256(",".join(self.selected).encode()).hexdigest()[:12]

    @cached_property
    def labelled(self) -> Mapping[str, str]:
        """Properties whose values have a label, and the name the label gets: `statuscodename`.

        Dataverse itself calls labels so, but gives them in annotations only.
        """
        return {
            each.property: f"{each.name}name"
            for each in self.columns.values()
            if each.kind in CHOICES | LOOKUPS and f"{each.name}name" not in self.columns
        }

    @cached_property
    def fields(self) -> Mapping[str, str]:
        """Names and types of all that a record of the table holds."""
        found = {each.property: TYPES[each.kind] for each in self.columns.values()}
        return {**found, **dict.fromkeys(self.labelled.values(), "text")}


def definition(table: str) -> str:
    """Where a table's definition is."""
    return f"EntityDefinitions(LogicalName='{checked(table)}')?" + query(
        {
            "$select": ",".join(_ABOUT),
            "$expand": f"Attributes($select={_OF_COLUMN}),"
            f"ManyToOneRelationships($select={_LOOKED_UP})",
        }
    )


def date_columns(table: str) -> tuple[str, dict[str, str]]:
    """Where it is said which columns of a table hold days: a path and query options."""
    path = f"EntityDefinitions(LogicalName='{checked(table)}')/Attributes"
    cast = "Microsoft.Dynamics.CRM.DateTimeAttributeMetadata"
    return f"{path}/{cast}", {"$select": "LogicalName,DateTimeBehavior"}


def read(said: Any) -> Table:
    """A table from its definition. Raises Transient for one that cannot be read."""
    found: Mapping[str, Any] = said if isinstance(said, Mapping) else {}
    name, key = text_of(found.get("LogicalName")), text_of(found.get("PrimaryIdAttribute"))
    set_name = text_of(found.get("EntitySetName"))
    columns = {each.name: each for each in map(_column, _listed(found, "Attributes")) if each}
    for each in LEFT_OUT.get(name, ()):
        columns.pop(each, None)
    try:
        checked(set_name)
    except ValueError:
        set_name = ""
    if not (_LOGICAL(name) and set_name and key in columns):
        raise Transient("Dataverse's definition of a table cannot be read.")
    to: dict[str, tuple[str, ...]] = {}
    for one in _listed(found, "ManyToOneRelationships"):
        lookup, target = one.get("ReferencingAttribute"), one.get("ReferencedEntity")
        if isinstance(lookup, str) and lookup in columns and isinstance(target, str):
            to[lookup] = tuple(dict.fromkeys((*to.get(lookup, ()), target)))
    title = text_of(found.get("PrimaryNameAttribute"))
    return Table(
        name, set_name, key, title if title in columns else "", _label(found) or name,
        found.get("ChangeTrackingEnabled") is True, found.get("IsActivity") is True, columns, to,
    )  # fmt: skip


def _listed(found: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    given = found.get(name)
    return [each for each in given if isinstance(each, Mapping)] if isinstance(given, list) else []


def _column(said: Mapping[str, Any]) -> Column | None:
    """A column, None for one that cannot be read or is only another one's shadow."""
    name, kind = text_of(said.get("LogicalName")), text_of(said.get("AttributeType"))
    more = said.get("AttributeTypeName")
    if isinstance(more, Mapping) and more.get("Value") == "MultiSelectPicklistType":
        kind = "MultiSelect"
    usable = said.get("IsValidForRead") is not False and not said.get("AttributeOf")
    if not (_LOGICAL(name) and kind in TYPES and usable) or name in NOISE:
        return None
    return Column(
        name,
        kind,
        said.get("IsCustomAttribute") is True,
        said.get("IsValidForCreate") is True,
        said.get("IsValidForUpdate") is True,
    )


def _label(found: Mapping[str, Any]) -> str:
    """The plural people see, in the language of the application user."""
    names = found.get("DisplayCollectionName")
    own = names.get("UserLocalizedLabel") if isinstance(names, Mapping) else None
    label = own.get("Label") if isinstance(own, Mapping) else None
    return label[:200] if isinstance(label, str) else ""
