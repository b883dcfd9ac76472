"""Guesses from names: what an entity set holds, and which property tells of its last change."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from connectors.entities import ENTITIES
from connectors.fields import FieldMapping
from connectors.mapping import Mapping as FieldMap
from connectors.mapping import suggest
from connectors.systems.odata.metadata import EntitySet

_ENTITIES = (
    ("order_line", r"(order|quotation).*(item|line|position)"),
    ("opportunity", r"opportunit|deal|lead"),
    ("invoice", r"invoice|billingdoc|creditmemo"),
    ("payment", r"payment|receipt"),
    ("subscription", r"subscription|contract"),
    ("interaction", r"ticket|incident|case|complaint|servicerequest|interaction|activit|call|visit|review|feedback|appointment"),
    ("order", r"order|purchase"),
    ("product", r"product|article|material"),
    ("stock_event", r"stock|inventory|goodsmovement"),
    ("measurement", r"measure|metric|kpi"),
    ("contact", r"contact|person|people|individual|member|user|employee"),
    ("account", r"account|compan|organi[sz]ation|customer|partner|household|debtor"),
)  # fmt: skip
_CHANGED = (
    "modifiedat modifiedon changedat changedon lastchangedatetime lastchangedat lastchangedon "
    "lastmodifiedat lastmodifiedon lastmodifieddatetime lastmodifieddate lastmodified updatedat "
    "updatedon lastupdated lastupdatedat lastupdateddatetime systemmodstamp entitylastchangedon "
    "changedatetime changeddatetime changetimestamp modificationdatetime systemmodifiedat "
    "lastchangedate changedate modifieddate modificationdate"
)
_CREATED = (
    "createdat createdon creationdatetime createddatetime createddate entitycreationon "
    "creationtimestamp systemcreatedat creationdate recordcreatedon"
)
_MOMENTS = ("Edm.DateTimeOffset", "Edm.Date")
_OWNER = r"(?:[_ ]?(?:uu|gu)?id|key|number|code)?"
_TARGETS = {
    "contact_external_id": rf"(contact|person|individual|author|reporter|requester){_OWNER}|customer{_OWNER}",
    "account_external_id": rf"(account|company|organi[sz]ation|soldtoparty|businesspartner|partner|customer|debtor){_OWNER}",
    "order_external_id": rf"((sales)?order|parent){_OWNER}",
    "product_external_id": rf"(product|material|article){_OWNER}",
    "currency": r"(transaction)?currency(code|_code)?",
    "occurred_at": _CREATED.replace(" ", "|"),
    "opened_at": _CREATED.replace(" ", "|"),
    "ordered_at": "orderdate|orderedat|" + _CREATED.replace(" ", "|"),
    "subject": r"title|subject|description|summary",
    "outcome": r"status(_?code)?|resolution|state",
}


def entity_of(name: str) -> str:
    """The canonical entity an entity set most likely holds."""
    plain = re.sub(r"[^a-z]", "", name.lower())
    return next((entity for entity, pattern in _ENTITIES if re.search(pattern, plain)), "account")


def changed_of(found: EntitySet, wanted: str = "") -> str | None:
    """The property that tells when an entity was last changed, the wanted one where it is there."""
    if wanted in found.properties and found.properties[wanted].kind in _MOMENTS:
        return wanted
    return _moment(found, _CHANGED)


def created_of(found: EntitySet) -> str | None:
    """The property that tells when an entity was made."""
    return _moment(found, _CREATED)


def _moment(found: EntitySet, names: str) -> str | None:
    for kind in _MOMENTS:
        named = {
            _plain(name): name
            for name, each in found.properties.items()
            if each.kind == kind and not each.is_collection
        }
        for each in names.split():
            if each in named:
                return named[each]
    return None


def propose(found: EntitySet, changed: str | None) -> FieldMap:
    """A mapping from the names of the properties; it may be incomplete."""
    entity = entity_of(found.name)
    mapping = suggest(entity, tuple(found.properties), (), found.key)
    lines = {each.target: each for each in mapping.fields}
    if changed:
        lines["modified_at"] = FieldMapping(changed, "modified_at")
    used = {each.source for each in lines.values()}
    for target in (each.name for each in ENTITIES[entity].fields):
        pattern = _TARGETS.get(target)
        if target in lines or not pattern:
            continue
        source = _first(found.properties, pattern, used)
        if source is not None:
            lines[target] = FieldMapping(source, target)
            used.add(source)
    if entity == "interaction" and "kind" not in lines:
        kind = re.sub(r"s$", "", found.name.lower())[:60]
        lines["kind"] = FieldMapping("", "kind", "constant", {"value": kind})
    for each in ENTITIES[entity].fields:
        # Amounts without a currency and states in words of their own only people can map.
        is_open = bool(each.choices) or (each.type == "money" and "currency" not in lines)
        if is_open and not each.required:
            lines.pop(each.name, None)
    return replace(mapping, fields=tuple(lines.values()))


def _first(properties: Mapping[str, object], pattern: str, used: set[str]) -> str | None:
    match = re.compile(pattern).fullmatch
    return next((n for n in properties if n not in used and match(_plain(n))), None)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
