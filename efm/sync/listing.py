"""Connections as their pages show them: streams, how fresh they are, runs, rejected records."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Select, func, select, text, tuple_
from sqlalchemy.orm import Session

from connectors import registry
from efm.models import Connection, RejectedRecord, StreamSetting, SyncRun
from efm.sync import connections, freshness, quotas
from efm.sync.freshness import NOTHING, Freshness
from efm.sync.schedules import Schedule

PAGE = 50
# What a filter of the history may say, and in which words.
STATES = {
    "succeeded": "Succeeded", "failed": "Failed", "cancelled": "Stopped", "open": "Not done yet",
    "trouble": "Failed or with rejected records",
}  # fmt: skip
STARTERS = {"person": "Started by a person", "clock": "Started by the schedule or a command"}
_NEWEST = text(
    "SELECT newest.id FROM stream_settings s CROSS JOIN LATERAL ("
    " SELECT r.id FROM sync_runs r WHERE r.connection_id = s.connection_id AND r.stream = s.stream"
    " ORDER BY r.created_at DESC, r.id DESC LIMIT 1) newest WHERE s.connection_id = :connection"
)


@dataclass
class StreamLine:
    """One chosen stream: its setting, its newest run, how fresh it is, what is refused."""

    setting: StreamSetting
    last_run: SyncRun | None = None
    fresh: Freshness = NOTHING
    rejected: int = 0
    held_until: datetime | None = None

    @property
    def name(self) -> str:
        """The stream."""
        return self.setting.stream

    @property
    def schedule(self) -> Schedule:
        """When it is read by itself."""
        return Schedule.of(self.setting)

    @property
    def is_read(self) -> bool:
        """Whether it is chosen and not paused."""
        return self.setting.is_enabled and not self.setting.is_paused

    def is_late(self, now: datetime) -> bool:
        """Whether three turns of its schedule have passed since it last ended well."""
        known = self.fresh.read_at or self.setting.created_at
        return self.is_read and self.schedule.is_late(known, now)

    @property
    def next_at(self) -> datetime | None:
        """When it is read next by itself: not before there are calls for it."""
        at = self.setting.next_run_at if self.is_read else None
        return max(at, self.held_until) if at is not None and self.held_until else at

    @property
    def is_at_work(self) -> bool:
        """Whether a run waits or works."""
        return self.last_run is not None and self.last_run.state in ("queued", "running")


@dataclass
class Line:
    """One connection in the list."""

    connection: Connection
    label: str
    is_installed: bool
    streams: list[StreamLine] = field(default_factory=list)

    @property
    def can_be_written(self) -> bool:
        """Whether its system can be told something."""
        return connections.can_write(self.connection.connector)

    @property
    def chosen(self) -> list[StreamLine]:
        """Streams that are read."""
        return [each for each in self.streams if each.setting.is_enabled]

    @property
    def last_run(self) -> SyncRun | None:
        """The newest run of any stream."""
        runs = [each.last_run for each in self.streams if each.last_run]
        return max(runs, key=lambda run: (run.created_at, run.id)) if runs else None

    @property
    def failed(self) -> list[StreamLine]:
        """Streams whose newest run failed."""
        return [s for s in self.chosen if s.last_run and s.last_run.state == "failed"]

    @property
    def rejected(self) -> int:
        """Open rejected records."""
        return sum(each.rejected for each in self.streams)

    @property
    def schedule_words(self) -> str:
        """The schedule of all streams in words, or that each has its own."""
        said = {each.schedule.words() for each in self.chosen if each.is_read}
        return said.pop() if len(said) == 1 else "different schedules" if said else ""

    def condition(self, now: datetime) -> tuple[str, str]:
        """How it stands: kind of band and the word."""
        if self.connection.state == "deleting":
            return "pending", "Being deleted"
        if not self.is_installed:
            return "negative", "Connector missing"
        if self.connection.state == "draft":
            return "draft", "Set-up not finished"
        if self.connection.state == "paused":
            return "unscored", "Paused"
        if any(each.is_at_work for each in self.chosen):
            return "running", "Running"
        if self.failed:
            return "failed", "Failed"
        if quotas.held_until(self.connection, now) is not None:
            return "mixed", "Waiting for new calls"
        if self.chosen and not any(each.is_read for each in self.chosen):
            return "unscored", "All streams paused"
        if any(each.is_late(now) for each in self.chosen):
            return "mixed", "Late"
        return ("positive", "Working") if self.last_run else ("neutral", "Not run yet")


def overview(session: Session) -> list[Line]:
    """Every connection with its streams."""
    return [line(session, each) for each in connections.everything(session)]


def line(session: Session, connection: Connection) -> Line:
    """One connection with its streams."""
    label, is_installed = label_of(connection.connector)
    streams = stream_lines(session, connection.id)
    for each in streams:
        each.held_until = connection.quota_renews_at
    return Line(connection, label, is_installed, streams)


def label_of(connector: str) -> tuple[str, bool]:
    """How the connector is called, and whether it is installed."""
    found = registry.catalog().available.get(connector)
    return (found.label, True) if found else (connector, False)


def stream_lines(session: Session, connection_id: uuid.UUID) -> list[StreamLine]:
    """The streams of a connection by name."""
    settings = session.scalars(
        select(StreamSetting)
        .where(StreamSetting.connection_id == connection_id)
        .order_by(StreamSetting.stream)
    ).all()
    fresh = freshness.of_streams(session, connection_id)
    found = {
        each.stream: StreamLine(each, fresh=fresh.get(each.stream, NOTHING)) for each in settings
    }
    newest = session.execute(_NEWEST, {"connection": connection_id}).scalars().all()
    for run in session.scalars(select(SyncRun).where(SyncRun.id.in_(newest))):
        found[run.stream].last_run = run
    for stream, n in rejected_counts(session, connection_id).items():
        if stream in found:
            found[stream].rejected = n
    return list(found.values())


def rejected_counts(session: Session, connection_id: uuid.UUID) -> Mapping[str, int]:
    """Open rejected records by stream."""
    rows = session.execute(
        select(RejectedRecord.stream, func.count())
        .where(RejectedRecord.connection_id == connection_id)
        .where(RejectedRecord.resolved_at.is_(None))
        .group_by(RejectedRecord.stream)
        .order_by(RejectedRecord.stream)
    )
    return {row.stream: row[1] for row in rows}


@dataclass
class RunPage:
    """Some runs, newest first, and where the next page begins."""

    runs: list[SyncRun]
    next_cursor: str | None


@dataclass(frozen=True)
class RunFilters:
    """Which runs: of one stream, in a state of STATES, begun by one of STARTERS; empty for all."""

    stream: str = ""
    state: str = ""
    starter: str = ""

    @classmethod
    def read(cls, said: Mapping[str, str]) -> RunFilters:
        """The filters of an address; what it names wrongly counts as not named."""
        state, starter = said.get("state", ""), said.get("by", "")
        return cls(
            said.get("stream", "").replace("\0", "")[:255],
            state if state in STATES else "",
            starter if starter in STARTERS else "",
        )

    def query(self) -> dict[str, str]:
        """The filters as they are in the address."""
        given = {"stream": self.stream, "state": self.state, "by": self.starter}
        return {name: value for name, value in given.items() if value}

    def narrow(self, wanted: Select[SyncRun]) -> Select[SyncRun]:
        """Only the runs that pass."""
        if self.stream:
            wanted = wanted.where(SyncRun.stream == self.stream)
        if self.state == "open":
            wanted = wanted.where(SyncRun.state.in_(("queued", "running")))
        elif self.state == "trouble":
            wanted = wanted.where((SyncRun.state == "failed") | (SyncRun.rejected > 0))
        elif self.state:
            wanted = wanted.where(SyncRun.state == self.state)
        if self.starter:
            by_person = SyncRun.requested_by_id.is_not(None)
            wanted = wanted.where(by_person if self.starter == "person" else ~by_person)
        return wanted


def runs(
    session: Session,
    connection_id: uuid.UUID,
    after: str = "",
    most: int = PAGE,
    filters: RunFilters = RunFilters(),
) -> RunPage:
    """The history of a connection's runs."""
    wanted = filters.narrow(
        select(SyncRun)
        .where(SyncRun.connection_id == connection_id)
        .order_by(SyncRun.created_at.desc(), SyncRun.id.desc())
        .limit(most + 1)
    )
    cursor = _read_cursor(after)
    if cursor is not None:
        wanted = wanted.where(tuple_(SyncRun.created_at, SyncRun.id) < cursor)
    found = list(session.scalars(wanted))
    more = found[:most][-1] if len(found) > most else None
    return RunPage(found[:most], f"{more.created_at.isoformat()}_{more.id}" if more else None)


def run_of(session: Session, connection_id: uuid.UUID, run_id: uuid.UUID) -> SyncRun | None:
    """One run of the connection, if it is one of its."""
    found = session.get(SyncRun, (session.info["organization_id"], run_id))
    return found if found is not None and found.connection_id == connection_id else None


def _read_cursor(text: str) -> tuple[datetime, uuid.UUID] | None:
    moment, _, key = text.rpartition("_")
    try:
        at = datetime.fromisoformat(moment)
        return (at, uuid.UUID(key)) if at.tzinfo else None
    except ValueError:
        return None


@dataclass
class RejectedPage:
    """Some rejected records and where the next page begins."""

    records: list[RejectedRecord]
    next_cursor: str | None


def rejected(
    session: Session, connection_id: uuid.UUID, *, stream: str = "", resolved: bool = False,
    after: str = "",
) -> RejectedPage:  # fmt: skip
    """Rejected records of a connection: those still open, or those that were resolved."""
    is_open = RejectedRecord.resolved_at.is_(None)
    wanted = (
        select(RejectedRecord)
        .where(RejectedRecord.connection_id == connection_id)
        .where(~is_open if resolved else is_open)
        .order_by(RejectedRecord.id)
        .limit(PAGE + 1)
    )
    if stream:
        wanted = wanted.where(RejectedRecord.stream == stream)
    # What the address names wrongly counts as not named.
    with contextlib.suppress(ValueError):
        wanted = wanted.where(RejectedRecord.id > uuid.UUID(after)) if after else wanted
    found = list(session.scalars(wanted))
    return RejectedPage(found[:PAGE], str(found[PAGE - 1].id) if len(found) > PAGE else None)


def reasons(session: Session, connection_id: uuid.UUID, stream: str = "") -> list[tuple[str, int]]:
    """The most frequent reasons of open rejected records."""
    wanted = (
        select(RejectedRecord.reason, func.count().label("n"))
        .where(RejectedRecord.connection_id == connection_id)
        .where(RejectedRecord.resolved_at.is_(None))
        .group_by(RejectedRecord.reason)
        .order_by(func.count().desc(), RejectedRecord.reason)
        .limit(5)
    )
    if stream:
        wanted = wanted.where(RejectedRecord.stream == stream)
    return [(reason, n) for reason, n in session.execute(wanted)]
