"""The streams of a Siebel server, and the mappings they propose."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from connectors.entities import ENTITIES
from connectors.fields import FieldMapping
from connectors.mapping import Mapping
from connectors.records import Raw, Stream
from connectors.systems.siebel.described import MODIFIED, Described
from connectors.systems.siebel.kinds import ACTIONS, GENERIC, KINDS, Kind
from connectors.systems.siebel.times import Times

_OWN: MappingOf[str, tuple[str, ...]] = {
    "_domain": ("Home Page", "URL"), "_name": ("Last Name", "First Name"),
    "_state": ("Sales Stage", "Status"), "_at": ("Created",), "_kind": ("Type",),
    "_started": ("Install Date", "Start Date", "Registered Date", "Purchase Date", "Created"),
}  # fmt: skip
"""Fields that follow from others (see `complete`), and what at least one of is needed for them."""


def make(
    name: str, found: Described, times: Times, config: MappingOf[str, Any], entity: str = ""
) -> Stream:
    """The stream of a component. `entity` is that of one an admin declared."""
    kind = KINDS.get(name)
    mapping = _mapping(kind, name, found, times, config, kind.entity if kind else entity)
    return Stream(
        name=name,
        key=("Id",),
        entity=mapping.entity,
        cursor=MODIFIED,
        deletes="sweep" if config["reread_days"] else "tombstones" if config["gone"] else "none",
        fields=dict(found.fields),
        label=kind.label if kind else name,
        default_mapping=None if mapping.problems() or not _names_somebody(mapping) else mapping,
    )


def complete(name: str, record: dict[str, Any], times: Times) -> Raw:
    """The record with what follows from several of its fields, under names of our own."""
    if name == "Account":
        record["_domain"] = _domain(record.get("Home Page") or record.get("URL"))
    elif name == "Contact":
        parts = [record.get(each) for each in ("First Name", "Middle Name", "Last Name")]
        record["_name"] = " ".join(str(p).strip() for p in parts if p and str(p).strip()) or None
    elif name == "Opportunity":
        words = f"{record.get('Status') or ''} {record.get('Sales Stage') or ''}".lower()
        record["_state"] = "won" if "won" in words else "lost" if "lost" in words else "open"
    elif name == "Activity":
        record["_at"] = _first_past(record, ("Done", "Started", "Planned"), times)
        word = str(record.get("Type") or "").strip()
        record["_kind"] = ACTIONS.get(word, word.lower()[:60]) or "activity"
    elif name == "Asset":
        dated = (record.get(each) for each in _OWN["_started"])
        record["_started"] = next((each for each in dated if each), None)
    return record


def _first_past(record: Raw, names: Sequence[str], times: Times) -> Any:
    """When it happened: the first of the times that is not after its last change, else when it
    was made. What is planned has not happened."""
    changed = times.read(record.get(MODIFIED))
    for name in names:
        at: datetime | None = times.read(record.get(name))
        if at is not None and (changed is None or at <= changed):
            return record[name]
    return record.get("Created")


def _domain(address: Any) -> str | None:
    text = str(address or "").strip().lower()
    if not text:
        return None
    try:
        host = urlsplit(text if "//" in text else f"//{text}").hostname or ""
    except ValueError:
        return None
    host = host.removeprefix("www.")
    return host if "." in host and " " not in host and len(host) <= 253 else None


def _mapping(
    kind: Kind | None, name: str, found: Described, times: Times, config: MappingOf[str, Any],
    entity: str,
) -> Mapping:  # fmt: skip
    candidates = kind.fields if kind else GENERIC
    lines = [FieldMapping("Id", "external_id")]
    for each in ENTITIES[entity].fields:
        source = _source(found, candidates.get(each.name, ()))
        if kind is None and each.choices:
            continue  # states in words of their own only people can map
        if source:
            lines.append(_line(kind, source, each.name, each.type, times, config))
    constants = dict(kind.constants) if kind else {}
    if entity == "interaction" and "kind" not in {each.target for each in lines}:
        constants.setdefault("kind", name.rpartition("/")[2].lower()[:60])
    lines += [
        FieldMapping("Id", target, "constant", {"value": value})
        for target, value in constants.items()
    ]
    if MODIFIED in found.fields:
        lines.append(FieldMapping(MODIFIED, "modified_at", None, times.options()))
    is_needed = any(e.name == "amount_minor" and e.required for e in ENTITIES[entity].fields)
    return Mapping(entity, tuple(_with_currency(lines, config["currency"], is_needed)))


def _source(found: Described, candidates: Sequence[str]) -> str:
    for each in candidates:
        if each in found.fields or (each == "_parent_id" and found.component.child):
            return each
        if found.first(*_OWN.get(each, ())):
            return each
    return ""


def _line(
    kind: Kind | None, source: str, target: str, type_: str, times: Times,
    config: MappingOf[str, Any],
) -> FieldMapping:  # fmt: skip
    converter, options = (kind.options if kind else {}).get(target, (None, {}))
    made = dict(options)
    if type_ in ("date", "datetime"):
        made |= times.options()
    if type_ == "e164" and config["region"]:
        made["region"] = config["region"]
    return FieldMapping(source, target, converter, made)


def _with_currency(
    lines: Sequence[FieldMapping], currency: str, is_needed: bool
) -> list[FieldMapping]:
    """Amounts with the field that names their currency, or the connection's; without both, left out."""
    named = next((each.source for each in lines if each.target == "currency"), "")
    made = []
    for each in lines:
        if each.target == "currency":
            continue  # the amount's converter takes it along
        if each.target == "amount_minor":
            if not named and not currency:
                continue
            options = {"rounding": "half_up", "currency_from": named, "currency": currency}
            options = {n: value for n, value in options.items() if value}
            if not is_needed:
                options["on_error"] = "attribute"
            made.append(FieldMapping(each.source, each.target, each.converter, options))
        else:
            made.append(each)
    return made


def _names_somebody(mapping: Mapping) -> bool:
    """A customer, or something of one; a mapping that names none rejects every record."""
    targets = {each.target for each in mapping.fields}
    return all(targets.intersection(group) for group in ENTITIES[mapping.entity].one_of)
