"""Customers' records as programs give and read them: plain values, stored as the API's own source."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, select, text, tuple_
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from connectors.canonical import Record
from efm.customers import sources
from efm.customers.documents import DOCUMENTS, Document
from efm.customers.rows import Counts
from efm.customers.upsert import upsert
from efm.errors import NotFound
from efm.models import Account, Connection, Contact, Identity, Interaction, Measurement
from surveys.strings import is_storable

Position = tuple[datetime | None, uuid.UUID]
# A list no index helps with is stopped before it takes the database from others.
PATIENCE = text("SET LOCAL statement_timeout = '5s'")
_TABLES: Mapping[str, Any] = {
    "contact": Contact,
    "account": Account,
    "interaction": Interaction,
    "measurement": Measurement,
}


@dataclass(frozen=True)
class Wanted:
    """Which records: None means all. Times are from inclusive, to exclusive.

    `equal` names columns and their values; `updated_since` also changes the order, to the oldest
    change first.
    """

    equal: Mapping[str, Any] = field(default_factory=dict)
    external_id: str | None = None
    updated_since: datetime | None = None
    at_from: datetime | date | None = None
    at_to: datetime | date | None = None


@dataclass(frozen=True)
class Slice:
    """Some rows of a list, and the position after which it goes on (None: this was the end)."""

    rows: Sequence[Document]
    last: Position | None


@dataclass
class Stored:
    """What became of records that were given: the id of each, None where the database refused."""

    ids: list[uuid.UUID | None]
    counts: Counts


_AT: Mapping[str, Any] = {
    "interaction": Interaction.occurred_at,
    "measurement": Measurement.measured_on,
}


def listed(
    session: Session, entity: str, wanted: Wanted, after: Position | None, limit: int
) -> Slice:
    """Records of one kind, the newest first; with `updated_since` the oldest change first."""
    table = _TABLES[entity]
    session.execute(PATIENCE)
    query = _narrowed(select(table), entity, wanted)
    if wanted.updated_since is not None:
        query = query.where(table.updated_at >= wanted.updated_since)
        if after:
            query = query.where(tuple_(table.updated_at, table.id) > after)
        query = query.order_by(table.updated_at, table.id)
    else:
        if after:
            query = query.where(table.id < after[1])
        query = query.order_by(table.id.desc())
    found = session.scalars(query.limit(limit + 1)).all()
    rows = DOCUMENTS[entity](session, found[:limit])
    if len(found) <= limit:
        return Slice(rows, None)
    last = found[limit - 1]
    return Slice(rows, (last.updated_at if wanted.updated_since else None, last.id))


def _narrowed(query: Select[Any], entity: str, wanted: Wanted) -> Select[Any]:
    table = _TABLES[entity]
    if entity in ("contact", "account"):
        query = query.where(table.merged_into_id.is_(None))
    for name, value in wanted.equal.items():
        query = query.where(getattr(table, name) == value)
    if wanted.external_id is not None:
        # Sources are few, and with them named the unique index of external ids finds the row.
        each_source = select(Connection.id)
        if entity in ("contact", "account"):
            column = Identity.contact_id if entity == "contact" else Identity.account_id
            known = select(column).where(
                Identity.connection_id.in_(each_source),
                Identity.entity == entity,
                Identity.external_id == wanted.external_id,
            )
            query = query.where(table.id.in_(known))
        else:
            query = query.where(
                table.connection_id.in_(each_source), table.external_id == wanted.external_id
            )
    at = _AT.get(entity)
    if at is not None and wanted.at_from is not None:
        query = query.where(at >= wanted.at_from)
    if at is not None and wanted.at_to is not None:
        query = query.where(at < wanted.at_to)
    return query


def one(session: Session, entity: str, record_id: uuid.UUID) -> Document:
    """One record; raises NotFound for a missing one and for a stranger's alike.

    A customer that was merged is answered by the one that is left.
    """
    found = session.get(_TABLES[entity], (session.info["organization_id"], record_id))
    leads_to = getattr(found, "merged_into_id", None)
    if leads_to is not None:
        found = session.get(_TABLES[entity], (session.info["organization_id"], leads_to))
    if found is None:
        raise NotFound(f"There is no such {entity}.")
    return DOCUMENTS[entity](session, [found])[0]


def named(session: Session, entity: str, external_id: str) -> Document:
    """The record the API knows by this external id; raises NotFound."""
    connection_id = session.scalars(
        select(Connection.id).where(Connection.name == sources.API)
    ).one_or_none()
    found: dict[str, uuid.UUID] = {}
    if connection_id and is_storable(external_id):
        found = _ids(session, entity, connection_id, [external_id])
    if external_id not in found:
        raise NotFound(f"There is no {entity} with this external id.")
    return one(session, entity, found[external_id])


def store(session: Session, entity: str, records: Sequence[Record], now: datetime) -> Stored:
    """Store records of one kind as the API's; of several with one external id the last wins.

    A record the database cannot hold never fails its neighbours: its id is None.
    """
    connection_id = sources.own_connection(session, sources.API).id
    # In one order everywhere, so that two batches with the same records never wait for each other.
    ordered = sorted(records, key=lambda each: each.external_id)
    counts, refused = _upserted(session, connection_id, ordered, now)
    names = [each.external_id for each in records if each.external_id not in refused]
    ids = _ids(session, entity, connection_id, names)
    return Stored([ids.get(each.external_id) for each in records], counts)


def _upserted(
    session: Session, connection_id: uuid.UUID, records: Sequence[Record], now: datetime
) -> tuple[Counts, set[str]]:
    """What was stored, and the external ids the database refused: all at once, else one by one."""
    try:
        with session.begin_nested():
            return upsert(session, connection_id, records, now), set()
    except (DataError, IntegrityError):
        if len(records) <= 1:
            return Counts(), {each.external_id for each in records}
    counts, refused = Counts(), set()
    for each in records:
        stored, not_stored = _upserted(session, connection_id, [each], now)
        counts.add(stored)
        refused |= not_stored
    return counts, refused


def _ids(
    session: Session, entity: str, connection_id: uuid.UUID, external_ids: Sequence[str]
) -> dict[str, uuid.UUID]:
    """The records these external ids stand for."""
    if entity in ("contact", "account"):
        statement = (
            "SELECT external_id, coalesce(contact_id, account_id) AS id FROM identities"
            " WHERE connection_id = :connection AND entity = :entity AND external_id = ANY(:names)"
        )
    else:
        statement = (
            f"SELECT external_id, id FROM {_TABLES[entity].__tablename__}"
            " WHERE connection_id = :connection AND external_id = ANY(:names)"
        )
    values = {"connection": connection_id, "entity": entity, "names": list(set(external_ids))}
    if entity not in ("contact", "account"):
        del values["entity"]
    return {row.external_id: row.id for row in session.execute(text(statement), values)}
