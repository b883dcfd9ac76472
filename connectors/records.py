"""What travels between a connector and the one who runs it: streams, pages, checks, writes.

The canonical records themselves are in `connectors.canonical` and are offered here too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from connectors.canonical import NOTHING, Account, Contact, Interaction, Measurement, Record
from connectors.entities import ENTITIES, Entity, EntityField
from connectors.errors import RecordError
from connectors.mapping import Mapping

__all__ = [
    "DELETES",
    "ENTITIES",
    "FIELD_TYPES",
    "OPS",
    "Account",
    "Check",
    "Contact",
    "Delivery",
    "Entity",
    "EntityField",
    "Interaction",
    "Item",
    "Measurement",
    "Outcome",
    "Page",
    "Raw",
    "Record",
    "Rejected",
    "Stream",
    "Target",
    "content_hash",
    "plain",
    "plain_value",
]

Raw = MappingOf[str, Any]
"""A record as the source said it. Names that begin with `_` are the connector's own."""

FIELD_TYPES = ("text", "integer", "decimal", "float", "boolean", "date", "datetime", "json", "any")
OPS = ("update", "upsert")
DELETES = ("none", "soft", "tombstones", "sweep")


@dataclass(frozen=True, slots=True)
class Stream:
    """One kind of record in a source.

    `deletes`: `none` (never seen), `soft` (a flag on the record), `tombstones` (`Page.deleted`),
    `sweep` (each pass that starts from an empty state is complete: what it did not name is gone;
    a runner had better not sweep after a pass that rejected rows, which may be the missing ones).
    `default_mapping` is a proposal; `more_mappings` are further records each raw record also holds
    (a churn table holds accounts and measurements).
    """

    name: str
    key: tuple[str, ...]
    entity: str
    cursor: str | None = None
    deletes: str = "none"
    fields: MappingOf[str, str] = field(default_factory=lambda: NOTHING)
    label: str = ""
    default_mapping: Mapping | None = None
    more_mappings: tuple[Mapping, ...] = ()

    def external_id(self, raw: Raw) -> str:
        """The record's key as text, parts joined by `|`. Raises RecordError when a part is empty."""
        parts = []
        for name in self.key:
            value = raw.get(name)
            text = "" if value is None else str(value).strip()
            if not text:
                raise RecordError(
                    None, f"The key “{name}” is empty, so the record has no identity."
                )
            parts.append(text)
        return "|".join(parts)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row the source could not turn into a record: where it was, why, and what it said."""

    external_id: str | None
    row: int | None
    reason: str
    document: MappingOf[str, Any] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Page:
    """Records with the state from which reading resumes exactly after them.

    `state` is JSON and opaque to the runner, which commits it with the records in one transaction.
    `total` is the number of records expected in this read, if the source can tell (for progress).
    """

    records: Sequence[Raw]
    state: MappingOf[str, Any]
    deleted: Sequence[str] = ()
    total: int | None = None
    rejected: Sequence[Rejected] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """The answer to “does this connection work”: who we are there and what we may do."""

    ok: bool
    who: str = ""
    may: Sequence[str] = ()
    notes: Sequence[str] = ()
    quota_left: int | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Something that may be written back.

    `op` is `update` (fields of a record they have, which `Item.remote_id` names) or `upsert` (a
    record of ours with them, such as a note or a task, which `Item.key` tells from others and
    which is about the record `Item.remote_id`). `stream` is the stream of those records of theirs.
    `fields` are the names and types that may be written, and nothing else is; `batch` is the most
    items one call of `write` takes. `appears_in` is the stream in which records of ours come back
    when they are read, so that they are not taken for something the customer did.
    """

    name: str
    label: str
    op: str
    stream: str
    fields: MappingOf[str, str]
    required: frozenset[str] = frozenset()
    batch: int = 100
    help: str = ""
    appears_in: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to write: `key` is our own unique id for it, `remote_id` the record of theirs.

    A value of None empties the field.
    """

    key: str
    values: MappingOf[str, Any]
    remote_id: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one item, in the order the items were given.

    `remote_id` is the record that was changed or made; `retry` says that it may go well later.
    """

    key: str
    ok: bool
    remote_id: str | None = None
    created: bool = False
    message: str = ""
    retry: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """One call of a webhook, as it came; nothing in it is to be believed before it is verified.

    `url` is the whole address the sender called, as seen from outside. `headers` are all of them
    in their order, so that one given twice shows. `received_at` is aware.
    """

    method: str
    url: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    received_at: datetime

    def given(self, name: str) -> list[str]:
        """The values of that header, whatever the case of its name."""
        wanted = name.lower()
        return [value for each, value in self.headers if each.lower() == wanted]


def plain_value(value: Any) -> Any:
    """What stands in JSON for a value that JSON has no type for."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).hex()
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=str)
    if isinstance(value, MappingOf):
        return dict(value)
    return str(value)


def plain(document: MappingOf[str, Any]) -> dict[str, Any]:
    """The same document in JSON's types: Decimal and times become text, bytes become hex."""
    answer: dict[str, Any] = json.loads(json.dumps(document, default=plain_value))
    return answer


def content_hash(document: MappingOf[str, Any]) -> bytes:
    """SHA-256 of the document, equal for equal content whatever the order of its names."""
    text = json.dumps(
        document, default=plain_value, sort_keys=True, separators=(",", ":"), ensure_ascii=True
    )
    return hashlib.sha256(text.encode("ascii")).digest()
