"""From the members of `value` to records: no annotations, no related entities, refused ones apart."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from connectors.records import Page, Raw, Rejected
from connectors.systems.odata.metadata import EntitySet

_PART = re.compile(
    r"(?:(?P<name>\w+)=)?(?:[\w.]*'(?P<text>(?:[^']|'')*)'|(?P<bare>[^,'()]+))(?:,|$)"
)


@dataclass(slots=True)
class Rows:
    """The records of one page by key; the keys of deleted ones; what was refused."""

    records: dict[str, Raw] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    last: tuple[str, ...] | None = None

    def page(self, state: Mapping[str, Any], total: int | None = None) -> Page:
        """The same as a page that resumes at the state."""
        return Page(list(self.records.values()), state, self.deleted, total, self.rejected)


def rows_of(found: EntitySet, entries: Sequence[Any]) -> Rows:
    """The records of a page, in their order; `last` is the key of the last usable one."""
    rows = Rows()
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, Mapping):
            reason = "The entry is no entity; tell whoever runs the service."
            rows.rejected.append(Rejected(None, number, reason, {"entry": entry}))
        elif is_link(entry):
            continue
        elif is_removed(entry):
            gone = removed_key(found, entry)
            if gone is None:
                reason = "A deleted entity without a key that can be read; read everything again."
                rows.rejected.append(Rejected(None, number, reason, dict(entry)))
            else:
                rows.deleted.append(gone)
                rows.records.pop(gone, None)
        else:
            _take(found, entry, number, rows)
    return rows


def _take(found: EntitySet, entry: Mapping[str, Any], number: int, rows: Rows) -> None:
    record = record_of(found, entry)
    key = key_of(found, record)
    if key is None:
        reason = f"The key “{', '.join(found.key)}” is empty or no single value."
        rows.rejected.append(Rejected(None, number, reason, record))
        return
    text = "|".join(key)
    rows.records.pop(text, None)
    rows.records[text] = record
    if text in rows.deleted:
        rows.deleted.remove(text)  # deleted and made again; the order in a delta tells
    rows.last = key


def record_of(found: EntitySet, entry: Mapping[str, Any]) -> dict[str, Any]:
    """The structural properties; also those of open types that no metadata declares."""
    return {
        name: value
        for name, value in entry.items()
        if "@" not in name and (name in found.properties or not isinstance(value, (Mapping, list)))
    }


def key_of(found: EntitySet, record: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The parts of the key as `Stream.external_id` forms them, None when one cannot be used."""
    parts = []
    for name in found.key:
        value = record.get(name)
        if value is None or isinstance(value, (Mapping, list)) or not str(value).strip():
            return None
        parts.append(str(value).strip())
    return tuple(parts)


def is_removed(entry: Mapping[str, Any]) -> bool:
    """Whether a member of a delta says that an entity is gone (JSON format 4.01, 15.3; 4.0, 14.2)."""
    context = str(entry.get("@odata.context") or entry.get("@context") or "")
    return "@removed" in entry or "@odata.removed" in entry or context.endswith("/$deletedEntity")


def is_link(entry: Mapping[str, Any]) -> bool:
    """Whether a member of a delta is about a relation and not about an entity."""
    context = str(entry.get("@odata.context") or entry.get("@context") or "")
    return context.endswith(("/$link", "/$deletedLink"))


def removed_key(found: EntitySet, entry: Mapping[str, Any]) -> str | None:
    """The key of a deleted entity, from its properties or from its id."""
    key = key_of(found, entry)
    if key is not None:
        return "|".join(key)
    said = entry.get("@id") or entry.get("@odata.id") or entry.get("id")
    return None if not isinstance(said, str) else key_in(found, said)


def key_in(found: EntitySet, address: str) -> str | None:
    """The key in an entity's id: `Contacts('a')`, `Lines(a=1,b='x')`, `Contacts/a` or a bare value."""
    text = unquote(address).strip()
    if text.endswith(")") and "(" in text:
        opening = text.find("(", max(text.find(f"{found.name}("), 0))
        return _predicate(found, text[opening + 1 : -1])
    last = text.rstrip("/").rpartition("/")[2]
    return last if last and len(found.key) == 1 else None


def _predicate(found: EntitySet, inside: str) -> str | None:
    values: dict[str, str] = {}
    at = 0
    while at < len(inside):
        part = _PART.match(inside, at)
        if part is None or part.end() == at:
            return None
        text = part["bare"] if part["text"] is None else part["text"].replace("''", "'")
        values[part["name"] or found.key[0]] = text
        at = part.end()
    parts = [values.get(name, "").strip() for name in found.key]
    return "|".join(parts) if all(parts) and len(values) == len(found.key) else None
