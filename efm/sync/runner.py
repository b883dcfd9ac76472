"""A sync run: pages until the source is exhausted, each committed with how far it got.

Killed at any moment, the next run goes on after the last committed page: records and checkpoint
commit together, so nothing is lost, and unique keys make a page read twice harmless.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from connectors.base import Connector
from connectors.cursor import guarded
from connectors.errors import (
    ConfigError,
    ConnectorError,
    CursorExpired,
    NotSupported,
    QuotaReached,
    Throttled,
    Transient,
)
from connectors.mapping import Mapping as FieldMap
from connectors.quota import Quota
from connectors.records import Page, Stream
from efm import clock, log
from efm.config import Config
from efm.db.engine import unit
from efm.errors import EfmError
from efm.events import outbox
from efm.models import SyncRun
from efm.sync import advice, connections, freshness, lease, quotas
from efm.sync.intake import Intake, Taken
from efm.sync.ready import Ahead, Preparing, Ready
from efm.vault import Vault

LEASE = timedelta(minutes=2)
SLICE = timedelta(minutes=5)
MAX_GENERATIONS = 3
# Plans made for a table that was empty are made anew when it has grown.
_REFRESH = text("SELECT efm_refresh_statistics()")
# A page that a crash of the machine takes back is taken back with its checkpoint and read again, so
# nobody waits for the disk but at the end of a run.
_UNWAITED = text("SET LOCAL synchronous_commit = off")
logger = log.get("sync")


class LeaseLost(EfmError):
    """Another worker took the run, or somebody cancelled it: this one stops without a word."""

    title = "The run is no longer ours"


@dataclass(frozen=True)
class Again:
    """The run is not done: go on at this time."""

    at: datetime
    reason: str


@dataclass
class Work:
    """What a run needs to know, read once.

    `full_pass_rejected` counts the refusals of a pass that began with nothing read, over all the
    runs it takes; None while only changes are read.
    """

    connector: Connector
    stream: Stream
    mappings: list[FieldMap]
    state: dict[str, Any]
    generation: int
    full_pass_rejected: int | None
    connection_id: uuid.UUID


class Runner:
    """Runs one sync run of one organization."""

    def __init__(
        self,
        engine: Engine,
        config: Config,
        organization_id: uuid.UUID,
        run_id: uuid.UUID,
        *,
        now: Callable[[], datetime] = clock.now,
        time_slice: timedelta = SLICE,
        on_page: Callable[[Taken], None] | None = None,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self.engine = engine
        self.config = config
        self.vault = Vault(config.secret_key)
        self.organization_id = organization_id
        self.run_id = run_id
        self.now = now
        self.time_slice = time_slice
        self.on_page = on_page
        self.is_stopping = is_stopping
        self.lease = clock.new_id()
        self.uses_rest = False
        self.quota: Quota | None = None
        self.connector: Connector | None = None

    def run(self, *, attempt: int = 0, last_attempt: bool = True) -> Again | None:
        """Read until done, or until it is time to let others; None when the run has ended.

        A passing fault gives Again unless this is the last attempt; the state is kept either way.
        """
        try:
            if not self._claim():
                return None
            return self._work()
        except LeaseLost:
            return None
        except QuotaReached as error:
            self._hold(error)
            return None
        except Throttled as error:
            return self._later(error.at(self.now()), error.message)
        except Transient as error:
            if last_attempt:
                self._end("failed", error.message, advice.PASSING)
                return None
            wait = random.uniform(1, min(300, 5 * 2**attempt))  # noqa: S311 - jitter, not a secret
            return self._later(self.now() + timedelta(seconds=wait), error.message)
        except (ConnectorError, EfmError) as error:
            self._end("failed", error.message, advice.kind_of(error))
            return None
        except SQLAlchemyError:
            raise  # The database is ours: the job is tried again, and the run goes on then.
        except Exception as error:
            # A connector may fail in any way. Its message may hold a secret, so only its kind is told.
            self._end("failed", connections.broke(error), advice.FAULT)
            return None

    def _unit(self) -> Any:
        return unit(self.engine, self.organization_id)

    def _claim(self) -> bool:
        now = self.now()
        with self._unit() as session:
            row = session.execute(
                lease.CLAIM,
                {"run": self.run_id, "now": now, "lease": self.lease, "until": now + LEASE},
            ).one_or_none()
        if row is None:
            return False
        self.connection_id, self.stream_name = row.connection_id, row.stream
        self.uses_rest = row.is_using_rest
        return True

    def _prepare(self) -> Work:
        with self._unit() as session:
            connection = connections.get(session, self.connection_id)
            setting = connections.setting_of(session, self.connection_id, self.stream_name)
            if setting is None or not setting.is_enabled:
                raise NotSupported(f"The stream “{self.stream_name}” is not chosen any more.")
            mappings = connections.mappings_of(setting)
            found = session.execute(
                text(
                    "SELECT state, generation, full_pass_rejected FROM checkpoints"
                    " WHERE connection_id = :connection AND stream = :stream"
                ),
                {"connection": self.connection_id, "stream": self.stream_name},
            ).one_or_none()
            if not self.uses_rest:
                quotas.require(connection, self.now())
            connector = self.connector = connections.open_connector(
                self.config, self.vault, connection, may_use_rest=self.uses_rest
            )
        stream = connector.stream(self.stream_name)
        state, generation = (found.state, found.generation) if found else ({}, 1)
        refused = found.full_pass_rejected if found and state else 0
        return Work(connector, stream, mappings, state, generation, refused, self.connection_id)

    def _work(self) -> Again | None:
        work = self._prepare()
        ends = self.now() + self.time_slice
        for _ in range(MAX_GENERATIONS):
            try:
                complete = self._read(work, ends)
                break
            except CursorExpired as error:
                logger.info("sync.generation_started", run_id=str(self.run_id), why=error.message)
                work.state, work.generation = {}, work.generation + 1
                work.full_pass_rejected = 0
                with self._unit() as session:
                    self._checkpoint(session, work)
        else:
            raise ConfigError("The source refuses every place to resume from; check its settings.")
        if not complete:
            return self._later(self.now(), None)
        self._complete(work)
        self._end("succeeded", None)
        return None

    def _complete(self, work: Work) -> None:
        """The source is exhausted: after a full pass that refused nothing, what it did not name is gone.

        A refused record may be one that would be missing, and a pass over changes names only these.
        """
        if work.full_pass_rejected is None:
            return
        swept = 0
        with self._unit() as session:
            if work.stream.deletes == "sweep" and work.full_pass_rejected == 0:
                intake = self._intake(session, work)
                swept = intake.sweep()
                intake.forget_rejected()
            work.full_pass_rejected = None
            self._checkpoint(session, work)
            self._advance(session, Taken(deleted=swept), None)

    def _intake(self, session: Session, work: Work) -> Intake:
        return Intake(
            session, work.connection_id, work.stream, work.mappings, work.generation,
            self.now(), self.run_id,
        )  # fmt: skip

    def _read(self, work: Work, ends: datetime) -> bool:
        """Take pages; whether the source was exhausted before the slice ended."""
        preparing = Preparing.of(work.stream, work.mappings)
        # Where most of a page was new, most of the next will be: it is mapped ahead too.
        is_new = not work.state
        ahead = Ahead(
            guarded(self._pages(work)),
            lambda page: preparing.ready(page, is_mapped=is_new),
        )
        try:
            for number, ready in enumerate(ahead, 1):
                taken = self._commit(work, ready)
                if number & (number - 1) == 0:  # The 1st, 2nd, 4th, 8th...
                    with self._unit() as session:
                        session.execute(_REFRESH)
                is_new = 2 * taken.counts.unchanged < taken.read
                self._heed(work)
                if self.now() >= ends or self.is_stopping():
                    return False
        finally:
            ahead.close()
        return True

    def _commit(self, work: Work, ready: Ready) -> Taken:
        """One page, one transaction: records, checkpoint and counts."""
        page = ready.page
        with self._unit() as session:
            session.execute(_UNWAITED)
            taken = self._intake(session, work).store(ready)
            work.state = dict(page.state)
            if work.full_pass_rejected is not None:
                work.full_pass_rejected += taken.rejected
            self._checkpoint(session, work)
            self._advance(session, taken, page.total)
        if self.on_page is not None:
            self.on_page(taken)
        return taken

    def _pages(self, work: Work) -> Iterator[Page]:
        pages = work.connector.read(work.stream, work.state)
        if self.uses_rest:
            return pages
        return quotas.within_share(pages, work.connector.quota, self.now)

    def _heed(self, work: Work) -> None:
        """Keep what the source tells of its calls of the day."""
        told = work.connector.quota()
        if told is not None and quotas.is_news(self.quota, told):
            self.quota = told
            with self._unit() as session:
                quotas.note(connections.get(session, self.connection_id), told, self.now())

    def _hold(self, error: QuotaReached) -> None:
        """End the run, so that nothing waits behind it; the stream is due when there are new calls."""
        now = self.now()
        with self._unit() as session:
            connection = connections.get(session, self.connection_id)
            quotas.note(connection, self.connector.quota() if self.connector else None, now)
            until = quotas.hold(connection, error, now)
            setting = connections.setting_of(session, self.connection_id, self.stream_name)
            if setting is not None and setting.is_enabled and not setting.is_paused:
                setting.next_run_at = until
        self._end("cancelled", error.message, advice.QUOTA)

    def _checkpoint(self, session: Session, work: Work) -> None:
        session.execute(
            lease.CHECKPOINT,
            {
                "connection": work.connection_id,
                "stream": work.stream.name,
                "state": orjson.dumps(work.state).decode(),
                "generation": work.generation,
                "full_pass_rejected": work.full_pass_rejected,
                "now": self.now(),
            },
        )

    def _advance(self, session: Session, taken: Taken, total: int | None) -> None:
        now = self.now()
        row = session.execute(
            lease.ADVANCE,
            {
                "run": self.run_id,
                "lease": self.lease,
                "now": now,
                "until": now + LEASE,
                "total": total,
                "read": taken.read,
                "created": taken.counts.created,
                "updated": taken.counts.updated,
                "unchanged": taken.counts.unchanged,
                "deleted": taken.deleted,
                "rejected": taken.rejected,
            },
        ).one_or_none()
        if row is None:
            session.rollback()
            raise LeaseLost

    def _later(self, at: datetime, reason: str | None) -> Again:
        with self._unit() as session:
            session.execute(
                lease.YIELD,
                {"run": self.run_id, "lease": self.lease, "now": self.now(), "error": reason},
            )
        return Again(at, reason or "time slice")

    def _end(self, state: str, error: str | None, kind: str | None = None) -> None:
        now = self.now()
        with self._unit() as session:
            row = session.execute(
                lease.END,
                {
                    "run": self.run_id,
                    "lease": self.lease,
                    "now": now,
                    "state": state,
                    "error": error,
                    "kind": kind,
                },
            ).one_or_none()
            if row is not None:
                outbox.append(
                    session, f"sync_run.{state}", now, self.run_id,
                    stream=self.stream_name, read=row.read, rejected=row.rejected,
                )  # fmt: skip
        if row is not None and (row.read or row.deleted):
            self._count(now)
        logger.info("sync.run_ended", run_id=str(self.run_id), state=state, why=error or "")

    def _count(self, now: datetime) -> None:
        """Count what we hold; the run is done, whether or not that can be said."""
        try:
            with self._unit() as session:
                freshness.count(session, self.connection_id, self.stream_name, now)
        except SQLAlchemyError as error:
            logger.warning("sync.not_counted", run_id=str(self.run_id), why=type(error).__name__)


def cancel(session: Session, run: SyncRun, now: datetime) -> None:
    """Stop a run: a working one notices at its next page, and what it committed stays."""
    if run.state in ("queued", "running"):
        run.started_at = run.started_at or now
        run.state = "cancelled"
        run.finished_at = now
        run.lease_token = None
        run.locked_until = None
