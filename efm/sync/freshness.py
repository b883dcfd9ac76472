"""How far behind its source a stream is: when it was read, how old its newest record was then, how many."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

# Counting a million takes a second, so what is large is not counted again after each small run.
_COUNT = text(
    "UPDATE checkpoints SET counted_at = :now, (records, newest_at) = ("
    " SELECT count(*), max(modified_at) FROM raw_records"
    " WHERE connection_id = :connection AND stream = :stream AND deleted_at IS NULL)"
    " WHERE connection_id = :connection AND stream = :stream"
    " AND (coalesce(records, 0) < 100000 OR counted_at < :now - interval '15 minutes')"
)
_READ = text(
    "SELECT s.stream, c.records, c.newest_at, c.counted_at, well.finished_at AS read_at"
    " FROM stream_settings s"
    " LEFT JOIN checkpoints c ON c.connection_id = s.connection_id AND c.stream = s.stream"
    " LEFT JOIN LATERAL (SELECT r.finished_at FROM sync_runs r"
    "  WHERE r.connection_id = s.connection_id AND r.stream = s.stream AND r.state = 'succeeded'"
    "  ORDER BY r.created_at DESC LIMIT 1) well ON true"
    " WHERE s.connection_id = :connection"
)


@dataclass(frozen=True)
class Freshness:
    """When a stream was last read to its end, and what we held at `counted_at`.

    `newest_at` is when the source last changed any of these records, as far as it says.
    """

    read_at: datetime | None = None
    records: int | None = None
    newest_at: datetime | None = None
    counted_at: datetime | None = None

    @property
    def lag(self) -> timedelta | None:
        """How old the newest record was when the stream was last read; None where nobody can tell."""
        if self.read_at is None or self.newest_at is None:
            return None
        return max(timedelta(0), self.read_at - self.newest_at)

    @property
    def lag_words(self) -> str:
        """The lag for people, or why there is none."""
        if self.read_at is None or self.records is None:
            return ""
        if self.records == 0:
            return "there was nothing to read"
        if self.lag is None:
            return "the source gives no time of change"
        return f"newest record {said_age(self.lag)} old then"


def said_age(age: timedelta) -> str:
    """An age in its largest sensible unit: 3 minutes."""
    seconds = age.total_seconds()
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= (2 * size if unit != "minute" else size):
            n = int(seconds // size)
            return f"{n:,} {unit}" if n == 1 else f"{n:,} {unit}s"
    return "under a minute"


NOTHING = Freshness()


def count(session: Session, connection_id: uuid.UUID, stream: str, now: datetime) -> None:
    """Count what we hold of a stream; done when a run ends, for pages look too often."""
    session.execute(_COUNT, {"connection": connection_id, "stream": stream, "now": now})


def of_streams(session: Session, connection_id: uuid.UUID) -> Mapping[str, Freshness]:
    """The freshness of each stream of a connection."""
    rows = session.execute(_READ, {"connection": connection_id})
    return {
        row.stream: Freshness(row.read_at, row.records, row.newest_at, row.counted_at)
        for row in rows
    }
