"""One page into the database, in the caller's transaction: raw, canonical, rejected, deleted, how far."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy.orm import Session

from connectors.errors import RecordError
from connectors.mapping import Mapping as FieldMap
from connectors.records import Page, Record, Stream, content_hash, plain
from efm.clock import new_id
from efm.customers.facts import FACTS, forget
from efm.customers.rows import Counts, plan_afresh
from efm.customers.upsert import upsert
from efm.sync import stored


@dataclass(frozen=True)
class Refused:
    """A raw record that could not be used."""

    external_id: str
    document: Mapping[str, Any]
    reason: str
    field: str | None = None


@dataclass
class Taken:
    """What one page did, in records of the source."""

    read: int = 0
    counts: Counts = field(default_factory=Counts)
    rejected: int = 0
    deleted: int = 0
    refused: Sequence[Refused] = ()


NOTHING_SAID = frozenset(("", "na", "n/a", "nan", "null", "none", "-"))


def fingerprint(mappings: Sequence[FieldMap]) -> bytes:
    """Changes with the mappings, so that a new mapping makes every record new."""
    return hashlib.sha256(orjson.dumps([m.document() for m in mappings])).digest()


def is_silent(mapping: FieldMap, raw: Mapping[str, Any], beside: Sequence[FieldMap]) -> bool:
    """Whether a record says nothing of one of the things it may hold (no total charges yet)."""
    if mapping.entity != "measurement" or len(beside) == 1:
        return False
    told = [raw.get(f.source) for f in mapping.fields if f.target in ("value", "amount_minor")]
    return all(value is None or str(value).strip().lower() in NOTHING_SAID for value in told)


def _nameless(document: Mapping[str, Any]) -> str:
    """What stands for the id of a record that has none; the same record is counted once."""
    return f"without id {hashlib.sha256(content_hash(document)).hexdigest()[:16]}"


def storable(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document as JSON that PostgreSQL can hold."""
    return {_clean(str(k)): _clean(v) for k, v in plain(document).items()}


def _clean(value: Any) -> Any:
    """The value as PostgreSQL can hold it: NUL and lone surrogates become U+FFFD."""
    if isinstance(value, str):
        if "\0" in value or not value.isascii():
            return (
                value.replace("\0", "\ufffd")
                .encode("utf-16", "surrogatepass")
                .decode("utf-16", "replace")
            )
        return value
    if isinstance(value, dict):
        return {_clean(str(k)): _clean(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_clean(v) for v in value]
    return value


def _modified_at(records: Sequence[Record]) -> datetime | None:
    """When the source last changed the record, as far as it says."""
    return max((each.modified_at for each in records if each.modified_at), default=None)


def _is_older(records: Sequence[Record], known: datetime | None) -> bool:
    """Whether what came is older than what we have: deliveries may come in any order."""
    given = _modified_at(records)
    return known is not None and given is not None and given < known


@dataclass
class Intake:
    """Takes the pages of one stream of one connection."""

    session: Session
    connection_id: uuid.UUID
    stream: Stream
    mappings: Sequence[FieldMap]
    generation: int
    now: datetime
    run_id: uuid.UUID | None = None

    def _where(self) -> dict[str, Any]:
        return {"connection": self.connection_id, "stream": self.stream.name}

    def take(self, page: Page) -> Taken:
        """Store a page: only what is new or changed is written."""
        plan_afresh(self.session)
        refused = [
            Refused(
                r.external_id or f"({'row ' + str(r.row) if r.row else _nameless(r.document)})",
                r.document, r.reason,
            )
            for r in page.rejected
        ]  # fmt: skip
        by_id: dict[str, Mapping[str, Any]] = {}
        for given in page.records:
            raw = {_clean(name): _clean(value) for name, value in given.items()}
            try:
                by_id[self.stream.external_id(raw)[:255]] = raw
            except RecordError as error:
                refused.append(Refused(f"({_nameless(raw)})", raw, error.message))
        mark = fingerprint(self.mappings)
        hashes = {
            external_id: hashlib.sha256(content_hash(raw) + mark).digest()
            for external_id, raw in by_id.items()
        }
        changed, seen, known_at = self._changed(hashes)
        ours = self._ours(changed)
        good, more = self._map({each: by_id[each] for each in changed if each not in ours})
        refused += more
        # What we wrote there ourselves is nothing the customer did.
        good |= {each: [] for each in ours}
        for external_id in [each for each in good if _is_older(good[each], known_at.get(each))]:
            del good[external_id]
            seen.append(external_id)
        records = [record for found in good.values() for record in found]
        counts = upsert(self.session, self.connection_id, records, self.now)
        self._store_raw(good, by_id, hashes)
        if self.stream.deletes == "sweep" and seen:
            self.session.execute(
                stored.SEEN, {**self._where(), "ids": seen, "generation": self.generation}
            )
        self._reject(refused)
        self._resolve(list(good))
        deleted = self.delete(page.deleted)
        read = len(page.records) + len(page.rejected) + len(page.deleted)
        counts.unchanged += len(seen)
        return Taken(read, counts, len(refused), deleted, refused)

    def _changed(
        self, hashes: Mapping[str, bytes]
    ) -> tuple[list[str], list[str], dict[str, datetime]]:
        """External ids that are new, changed or back; those we already have as they are; and when
        the source last changed those it has not deleted since, as far as it said."""
        if not hashes:
            return [], [], {}
        rows = self.session.execute(stored.KNOWN, {**self._where(), "ids": list(hashes)}).all()
        known = {row.external_id: row for row in rows}
        changed: list[str] = []
        seen: list[str] = []
        for external_id, digest in hashes.items():
            row = known.get(external_id)
            same = row is not None and bytes(row.hash) == digest and row.deleted_at is None
            (seen if same else changed).append(external_id)
        at = {name: row.modified_at for name, row in known.items() if row.deleted_at is None}
        return changed, seen, {name: moment for name, moment in at.items() if moment is not None}

    def _ours(self, ids: Sequence[str]) -> set[str]:
        """Which of these records were made there by our own writing back."""
        if not ids:
            return set()
        return set(self.session.execute(stored.OURS, {**self._where(), "ids": list(ids)}).scalars())

    def _map(
        self, raws: Mapping[str, Mapping[str, Any]]
    ) -> tuple[dict[str, list[Record]], list[Refused]]:
        """Canonical records of raw ones; a raw record is taken whole or refused whole."""
        good: dict[str, list[Record]] = {}
        refused: list[Refused] = []
        for external_id, raw in raws.items():
            try:
                good[external_id] = [
                    mapping.apply(raw)
                    for mapping in self.mappings
                    if not is_silent(mapping, raw, self.mappings)
                ]
            except RecordError as error:
                refused.append(Refused(external_id, raw, error.message, error.field))
        return good, refused

    def _store_raw(
        self,
        good: Mapping[str, Sequence[Record]],
        raws: Mapping[str, Mapping[str, Any]],
        hashes: Mapping[str, bytes],
    ) -> None:
        rows = [
            {
                "external_id": each, "hash": hashes[each].hex(), "document": storable(raws[each]),
                "modified_at": _modified_at(found),
            }
            for each, found in good.items()
        ]  # fmt: skip
        if rows:
            self.session.execute(
                stored.STORE,
                {
                    **self._where(),
                    "generation": self.generation,
                    "now": self.now,
                    "rows": json.dumps(rows, default=str),
                },
            )

    def _reject(self, refused: Sequence[Refused]) -> None:
        unique = {each.external_id[:255]: each for each in refused}
        if unique:
            rows = [
                {
                    "id": str(new_id()),
                    "external_id": _clean(external_id),
                    "document": storable(each.document),
                    "field": each.field,
                    "reason": _clean(each.reason)[:2000],
                }
                for external_id, each in unique.items()
            ]
            self.session.execute(
                stored.REJECT,
                {**self._where(), "run": self.run_id, "rows": json.dumps(rows)},
            )

    def _resolve(self, ids: Sequence[str]) -> None:
        if ids:
            self.session.execute(
                stored.RESOLVE, {**self._where(), "ids": list(ids), "now": self.now}
            )

    def delete(self, external_ids: Sequence[str]) -> int:
        """Records the source no longer has: history and measurements go, people stay known."""
        if not external_ids:
            return 0
        self._resolve(external_ids)
        documents = (
            self.session.execute(
                stored.DELETE, {**self._where(), "ids": list(external_ids), "now": self.now}
            )
            .scalars()
            .all()
        )
        for mapping in self.mappings:
            fact = FACTS.get(mapping.entity)
            if fact is None:
                continue
            applied = (self._applied(mapping, document) for document in documents)
            gone = [each.external_id for each in applied if each is not None]
            forget(self.session, self.connection_id, fact, gone)
        return len(documents)

    @staticmethod
    def _applied(mapping: FieldMap, document: Mapping[str, Any]) -> Record | None:
        try:
            return mapping.apply(document)
        except RecordError:
            return None  # It was refused then too, so there is nothing of it to delete.

    def sweep(self) -> int:
        """After a complete pass: what it did not name is gone."""
        total = 0
        while True:
            ids = (
                self.session.execute(stored.SWEEP, {**self._where(), "generation": self.generation})
                .scalars()
                .all()
            )
            if not ids:
                return total
            total += self.delete(ids)

    def forget_rejected(self) -> None:
        """After a complete pass that refused nothing: what was refused before is gone or mended."""
        self.session.execute(stored.FORGET_REJECTED, {**self._where(), "now": self.now})

    def replay(self, documents: Mapping[str, Mapping[str, Any]]) -> tuple[int, list[Refused]]:
        """Map records that were refused again as they were stored: how many are good now, and the rest.

        Those taken are stored as if the source had sent them; the others count one attempt more.
        """
        good, refused = self._map(documents)
        records = [record for found in good.values() for record in found]
        upsert(self.session, self.connection_id, records, self.now)
        mark = fingerprint(self.mappings)
        hashes = {
            each: hashlib.sha256(content_hash(documents[each]) + mark).digest() for each in good
        }
        self._store_raw(good, documents, hashes)
        self._resolve(list(good))
        self._reject(refused)
        return len(good), refused
