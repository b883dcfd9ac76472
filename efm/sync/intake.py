"""One page into the database, in the caller's transaction: raw, canonical, rejected, deleted, how far."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import TextClause
from sqlalchemy.orm import Session

from connectors.errors import RecordError
from connectors.mapping import Mapping as FieldMap
from connectors.records import Page, Record, Stream
from efm.clock import new_id
from efm.customers.facts import FACTS, forget
from efm.customers.rows import Counts
from efm.customers.upsert import upsert
from efm.sync import stored
from efm.sync.ready import Preparing, Ready, Refused, clean, storable


@dataclass
class Taken:
    """What one page did, in records of the source."""

    read: int = 0
    counts: Counts = field(default_factory=Counts)
    rejected: int = 0
    deleted: int = 0
    refused: Sequence[Refused] = ()


def _modified_at(records: Sequence[Record]) -> datetime | None:
    """When the source last changed the record, as far as it says."""
    return max((each.modified_at for each in records if each.modified_at), default=None)


def _is_older(records: Sequence[Record], known: datetime | None) -> bool:
    """Whether what came is older than what we have: deliveries may come in any order."""
    given = _modified_at(records)
    return known is not None and given is not None and given < known


def _ids(given: Collection[str]) -> dict[str, str]:
    return {"ids": orjson.dumps(list(given)).decode()}


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
        return self.store(Preparing.of(self.stream, self.mappings).ready(page))

    def store(self, ready: Ready) -> Taken:
        """Store a page that was made ready under these very mappings."""
        changed, seen, known_at = self._changed(ready.hashes)
        ours = self._ours(changed)
        good, more = self._map(ready, [each for each in changed if each not in ours])
        refused = [*ready.refused, *more]
        # What we wrote there ourselves is nothing the customer did.
        good |= {each: [] for each in ours}
        for external_id in [each for each in good if _is_older(good[each], known_at.get(each))]:
            del good[external_id]
            seen.append(external_id)
        records = [record for found in good.values() for record in found]
        counts = upsert(self.session, self.connection_id, records, self.now)
        self._store_raw(good, ready)
        if self.stream.deletes == "sweep" and seen:
            self.session.execute(
                stored.SEEN, {**self._where(), **_ids(seen), "generation": self.generation}
            )
        self._reject(refused)
        self._resolve(good)
        deleted = self.delete(ready.page.deleted)
        read = len(ready.page.records) + len(ready.page.rejected) + len(ready.page.deleted)
        counts.unchanged += len(seen)
        return Taken(read, counts, len(refused), deleted, refused)

    def _changed(
        self, hashes: Mapping[str, bytes]
    ) -> tuple[list[str], list[str], dict[str, datetime]]:
        """External ids that are new, changed or back; those we already have as they are; and when
        the source last changed those it has not deleted since, as far as it said."""
        if not hashes:
            return [], [], {}
        rows = self.session.execute(stored.KNOWN, {**self._where(), **_ids(hashes)}).all()
        known = {row.external_id: row for row in rows}
        changed: list[str] = []
        seen: list[str] = []
        for external_id, digest in hashes.items():
            row = known.get(external_id)
            same = row is not None and bytes(row.hash) == digest and row.deleted_at is None
            (seen if same else changed).append(external_id)
        at = {name: row.modified_at for name, row in known.items() if row.deleted_at is None}
        return changed, seen, {name: moment for name, moment in at.items() if moment is not None}

    def _ours(self, ids: Collection[str]) -> set[str]:
        """Which of these records were made there by our own writing back."""
        if not ids or not self._is_any(stored.ANY_OURS):
            return set()
        return set(self.session.execute(stored.OURS, {**self._where(), **_ids(ids)}).scalars())

    def _is_any(self, question: TextClause) -> bool:
        return bool(self.session.execute(question, self._where()).scalar_one())

    def _map(
        self, ready: Ready, ids: Sequence[str]
    ) -> tuple[dict[str, list[Record]], list[Refused]]:
        """Canonical records of raw ones, and what was refused."""
        good: dict[str, list[Record]] = {}
        refused: list[Refused] = []
        preparing = Preparing(self.stream, self.mappings, b"")
        for external_id in ids:
            found = ready.mapped.get(external_id)
            if found is None:
                found = preparing.map(external_id, ready.raws[external_id])
            if isinstance(found, Refused):
                refused.append(found)
            else:
                good[external_id] = found
        return good, refused

    def _store_raw(self, good: Mapping[str, Sequence[Record]], ready: Ready) -> None:
        rows = [
            {
                "external_id": each, "hash": ready.hashes[each].hex(),
                "document": orjson.Fragment(ready.documents[each]),
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
                    "rows": orjson.dumps(rows).decode(),
                },
            )

    def _reject(self, refused: Sequence[Refused]) -> None:
        unique = {each.external_id[:255]: each for each in refused}
        if unique:
            rows = [
                {
                    "id": str(new_id()),
                    "external_id": clean(external_id),
                    "document": storable(each.document),
                    "field": each.field,
                    "reason": clean(each.reason)[:2000],
                }
                for external_id, each in unique.items()
            ]
            self.session.execute(
                stored.REJECT,
                {**self._where(), "run": self.run_id, "rows": json.dumps(rows)},
            )

    def _resolve(self, ids: Collection[str]) -> None:
        if ids and self._is_any(stored.ANY_REJECTED):
            self.session.execute(stored.RESOLVE, {**self._where(), **_ids(ids), "now": self.now})

    def delete(self, external_ids: Sequence[str]) -> int:
        """Records the source no longer has: history and measurements go, people stay known."""
        if not external_ids:
            return 0
        self._resolve(external_ids)
        documents = (
            self.session.execute(
                stored.DELETE, {**self._where(), **_ids(external_ids), "now": self.now}
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
        ready = Preparing.of(self.stream, self.mappings).named(documents)
        good, refused = self._map(ready, list(ready.raws))
        records = [record for found in good.values() for record in found]
        upsert(self.session, self.connection_id, records, self.now)
        self._store_raw(good, ready)
        self._resolve(good)
        self._reject(refused)
        return len(good), refused
