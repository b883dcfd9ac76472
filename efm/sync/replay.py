"""Rejected records tried again, with the mapping as it is now and the document as it was read."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.records import Stream
from efm.errors import Conflict, NotFound
from efm.models import Checkpoint, RejectedRecord
from efm.sync import connections
from efm.sync.intake import Intake

BATCH = 500


def get(session: Session, connection_id: uuid.UUID, record_id: uuid.UUID) -> RejectedRecord:
    """The rejected record of this connection; NotFound for a missing one and a stranger's alike."""
    found = session.get(RejectedRecord, (session.info["organization_id"], record_id))
    if found is None or found.connection_id != connection_id:
        raise NotFound("There is no such rejected record.")
    return found


def is_readable(record: RejectedRecord) -> bool:
    """Whether mapping it again can help: the source named it, so only our mapping refused it."""
    return not (record.external_id.startswith("(") and record.external_id.endswith(")"))


def replay(session: Session, records: Sequence[RejectedRecord], now: datetime) -> int:
    """Map rejected records of one stream again; how many are resolved now.

    The others count an attempt more and keep the reason of today. Raises Conflict when the stream
    has no mapping in use.
    """
    usable = [each for each in records if is_readable(each) and each.resolved_at is None]
    if not usable:
        return 0
    first = usable[0]
    setting = connections.setting_of(session, first.connection_id, first.stream)
    mappings = connections.mappings_of(setting) if setting else []
    if not mappings:
        raise Conflict("The fields of this stream are not mapped; map them first.")
    generation = session.scalar(
        select(Checkpoint.generation)
        .where(Checkpoint.connection_id == first.connection_id)
        .where(Checkpoint.stream == first.stream)
    )
    # The documents name themselves already, so the stream's key and fields are not needed.
    stream = Stream(first.stream, (), mappings[0].entity)
    intake = Intake(session, first.connection_id, stream, mappings, generation or 1, now)
    good, _ = intake.replay({each.external_id: each.document for each in usable})
    session.expire_all()
    return good


def open_ones(
    session: Session, connection_id: uuid.UUID, stream: str, after: uuid.UUID | None = None
) -> list[RejectedRecord]:
    """The next batch of open rejected records of a stream, by id."""
    wanted = (
        select(RejectedRecord)
        .where(RejectedRecord.connection_id == connection_id)
        .where(RejectedRecord.stream == stream)
        .where(RejectedRecord.resolved_at.is_(None))
        .order_by(RejectedRecord.id)
        .limit(BATCH)
    )
    if after is not None:
        wanted = wanted.where(RejectedRecord.id > after)
    return list(session.scalars(wanted))
