"""What a Siebel server says of a business component, by its describe resource (OpenAPI).

Source: Siebel REST API Guide, “Using the Describe Parameter to Return Business Component Metadata”.
The id is no field of that description, although every record has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from connectors.canonical import NOTHING
from connectors.systems.siebel.config import Component

TYPES: Mapping[str, str] = MappingProxyType(
    {
        "DTYPE_INTEGER": "integer", "DTYPE_NUMBER": "decimal", "DTYPE_CURRENCY": "decimal",
        "DTYPE_BOOL": "boolean", "DTYPE_DATE": "date", "DTYPE_DATETIME": "datetime",
        "DTYPE_UTCDATETIME": "datetime",
    }
)  # fmt: skip
"""All other types are text; values of all types come as texts."""
MODIFIED = "Updated"


@dataclass(frozen=True, slots=True)
class Described:
    """A component with its fields: name to type, length in characters, and which may be written.

    `is_sampled` says that they were taken from a record, for want of a description.
    """

    component: Component
    fields: Mapping[str, str]
    lengths: Mapping[str, int] = field(default_factory=lambda: NOTHING)
    read_only: frozenset[str] = frozenset()
    is_sampled: bool = False

    def first(self, *names: str) -> str:
        """The first of the names that is a field; empty when none is."""
        return next((each for each in names if each in self.fields), "")


def read(component: Component, said: Any) -> Described | None:
    """The description of a component out of an OpenAPI document; None when it holds none."""
    found = _schema(component, said)
    if found is None:
        return None
    types, lengths, read_only = {"Id": "text"}, {}, {"Id"}
    for name, each in found.items():
        if not _is_field(name, each):
            continue
        kind = each.get("x-siebel-datatype")
        types[name] = TYPES.get(kind, "text") if isinstance(kind, str) else "text"
        longest = each.get("x-maxLength", each.get("maxLength"))
        if isinstance(longest, (int, str)) and re.fullmatch(r"\d{1,9}", str(longest)):
            lengths[name] = int(longest)
        if str(each.get("x-siebel-readOnly", each.get("readOnly", ""))).lower() == "true":
            read_only.add(name)
    return Described(component, types, lengths, frozenset(read_only)) if len(types) > 1 else None


def sampled(component: Component, record: Mapping[str, Any]) -> Described:
    """A component as one of its records shows it: all fields are texts."""
    times = (MODIFIED, "Created")
    types = {name: "datetime" if name in times else "text" for name in record}
    return Described(component, {"Id": "text", **types}, is_sampled=True)


def _is_field(name: Any, value: Any) -> bool:
    if not isinstance(name, str) or not isinstance(value, Mapping) or name in ("Id", "Link"):
        return False
    return value.get("type", "string") not in ("object", "array") and "$ref" not in value


def _schema(component: Component, said: Any) -> Mapping[str, Any] | None:
    """The properties of a record of the component itself, not of its parents or children."""
    schemas = dict(_schemas(said))
    steps = [component.bo, component.bc, *([component.child] if component.child else [])]
    wanted = _plain("data" + "".join(steps))
    for ending in ("", "getoneresponse"):
        for name, properties in schemas.items():
            if _plain(re.sub(r"\{[^}]*\}", "", name)) == wanted + ending and properties:
                return properties
    typed = (p for p in schemas.values() if any(_is_typed(each) for each in p.values()))
    return next(typed, None)


def _schemas(said: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The schemas of OpenAPI 3, or the definitions of OpenAPI 2, with their properties."""
    document: Mapping[str, Any] = said if isinstance(said, Mapping) else {}
    inner = document.get("components")
    found = inner.get("schemas") if isinstance(inner, Mapping) else document.get("definitions")
    for name, each in found.items() if isinstance(found, Mapping) else ():
        properties = each.get("properties") if isinstance(each, Mapping) else None
        if isinstance(properties, Mapping):
            yield str(name), properties


def _is_typed(value: Any) -> bool:
    return isinstance(value, Mapping) and "x-siebel-datatype" in value


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
