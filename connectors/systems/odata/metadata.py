"""What a service offers, read from its $metadata (OData CSDL XML 4.0 and 4.01)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connectors.errors import ConfigError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_TRACKING = ("ChangeTracking", "Org.OData.Capabilities.V1.ChangeTracking")
_LEFT_OUT = ("Edm.Stream", "Edm.Binary")
_TYPES = {
    "Edm.Boolean": "boolean", "Edm.Byte": "integer", "Edm.SByte": "integer",
    "Edm.Int16": "integer", "Edm.Int32": "integer", "Edm.Int64": "integer",
    "Edm.Decimal": "decimal", "Edm.Single": "float", "Edm.Double": "float",
    "Edm.Date": "date", "Edm.DateTimeOffset": "datetime", "Edm.String": "text",
    "Edm.Guid": "text", "Edm.Duration": "text", "Edm.TimeOfDay": "text",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Property:
    """A structural property; `kind` is the Edm type, or the qualified name of an own one."""

    kind: str
    is_nullable: bool = True
    is_collection: bool = False
    is_enum: bool = False

    @property
    def type(self) -> str:
        """Our name of the type."""
        if self.is_collection:
            return "json"
        return "text" if self.is_enum else _TYPES.get(self.kind, "json")


@dataclass(frozen=True, slots=True)
class EntitySet:
    """A set of entities: its key and its structural properties in the order of the metadata.

    `has_more` says that properties were left out (media and binary ones).
    """

    name: str
    key: tuple[str, ...]
    properties: Mapping[str, Property]
    is_tracked: bool = False
    has_more: bool = False


@dataclass
class _Types:
    """The types of all schemas by qualified name, with the aliases of their namespaces."""

    elements: dict[str, Element] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)

    def full(self, name: str) -> str:
        """The qualified name with its namespace written out."""
        namespace, _, last = name.rpartition(".")
        return f"{self.aliases.get(namespace, namespace)}.{last}"

    def kind(self, name: str, depth: int = 0) -> tuple[str, bool]:
        """The type behind a name, and whether it is an enumeration."""
        if name.startswith("Edm."):
            return name, False
        element = self.elements.get(self.full(name))
        if element is not None and _local(element) == "TypeDefinition" and depth < 9:
            return self.kind(element.get("UnderlyingType", ""), depth + 1)
        return self.full(name), element is not None and _local(element) == "EnumType"


def read_metadata(document: bytes) -> dict[str, EntitySet]:
    """The entity sets by name. Raises ConfigError for what is no OData v4 metadata."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        root = fromstring(document, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise ConfigError(
            "The address answers without OData metadata; enter the service's root, the address "
            "that ends before the name of an entity set."
        ) from error
    version = root.get("Version", "")
    if _local(root) != "Edmx" or not version.startswith("4"):
        said = f" It speaks version {version[:10]}." if _local(root) == "Edmx" and version else ""
        raise ConfigError(
            f"The service does not speak OData v4.{said} Enter the address of its v4 service."
        )
    types, containers, tracked = _Types(), list[tuple[str, "Element"]](), set[str]()
    for schema in (each for each in root.iter() if _local(each) == "Schema"):
        namespace = schema.get("Namespace", "")
        if schema.get("Alias"):
            types.aliases[schema.get("Alias", "")] = namespace
        for child in schema:
            if child.get("Name") and _local(child) != "EntityContainer":
                types.elements[f"{namespace}.{child.get('Name')}"] = child
            elif _local(child) == "EntityContainer":
                containers.append((f"{namespace}.{child.get('Name')}", child))
            elif _local(child) == "Annotations" and _tells_tracking(child):
                tracked.add(child.get("Target", ""))
    return _sets(types, containers, {types.full(t.partition("/")[0]) + "/" + t.partition("/")[2] for t in tracked})  # fmt: skip


def _sets(
    types: _Types, containers: list[tuple[str, Element]], tracked: set[str]
) -> dict[str, EntitySet]:
    found: dict[str, EntitySet] = {}
    for container, element in containers:
        all_tracked = f"{container}/" in tracked or _tells_tracking(element)
        for each in element:
            name = each.get("Name", "")
            if _local(each) != "EntitySet" or not name:
                continue
            is_tracked = all_tracked or f"{container}/{name}" in tracked or _tells_tracking(each)
            made = _entity_set(types, name, each.get("EntityType", ""), is_tracked)
            if made is not None:
                found[name] = made
    return found


def _entity_set(types: _Types, name: str, kind: str, is_tracked: bool) -> EntitySet | None:
    """The set with what its type inherits; None without a usable key."""
    key: tuple[str, ...] = ()
    properties: dict[str, Property] = {}
    has_more = False
    line, seen = types.elements.get(types.full(kind)), list["Element"]()
    while line is not None and line not in seen and len(seen) < 30:
        seen.append(line)
        base = line.get("BaseType")
        line = types.elements.get(types.full(base)) if base else None
    for element in reversed(seen):
        for child in element:
            if _local(child) == "Key":
                key = tuple(ref.get("Name", "") for ref in child if _local(ref) == "PropertyRef")
            elif _local(child) == "Property" and child.get("Name"):
                made = _property(types, child)
                has_more = has_more or made is None
                if made is not None:
                    properties[child.get("Name", "")] = made
    if not key or any(each not in properties for each in key):
        return None
    return EntitySet(name, key, properties, is_tracked, has_more)


def _property(types: _Types, element: Element) -> Property | None:
    given = element.get("Type", "Edm.String")
    inner = given.removeprefix("Collection(").removesuffix(")")
    kind, is_enum = types.kind(inner)
    if kind in _LEFT_OUT:
        return None
    return Property(kind, element.get("Nullable") != "false", inner != given, is_enum)


def _tells_tracking(element: Element) -> bool:
    """Whether annotations inside say that changes are tracked (Capabilities.ChangeTracking)."""
    for each in element:
        term = each.get("Term", "")
        if _local(each) == "Annotation" and term.rpartition(".")[2] == _TRACKING[0]:
            values = [v for v in each.iter() if v.get("Property") == "Supported"]
            return all(v.get("Bool", "true") == "true" for v in values)
    return False


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
