"""Drains the outbox: claims events in batches, hands them to their handlers, finishes them.

One transaction a batch. Each group (organization, kind) has a savepoint; when a group fails its
events are handed over one by one, so that one poisoned event never holds up its neighbours.
"""

from __future__ import annotations

import logging
import random
import threading
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter

from sqlalchemy import Connection, Engine, text, update
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from efm import clock, log
from efm.db.engine import TenantSession
from efm.events.registry import GiveUp, Handler, OutboxEvent, Registry
from efm.models import Event

logger = log.get("outbox")

BATCH = 1000
ATTEMPTS = 8
BASE_SECONDS = 2.0
LONGEST_SECONDS = 1800.0
BUSY_PAUSE = 0.05
IDLE_PAUSE = 0.25
FAILURE_PAUSE = 2.0

_CLAIM = text(
    "SELECT organization_id, id, kind, subject_id, payload, occurred_at, attempts"
    " FROM efm_claim_events(:limit, :now)"
)
_FINISH = text("SELECT efm_finish_events(:ids, :now)")
_POSTPONE = text("SELECT efm_postpone_event(:id, :error, :not_before)")


def drain_batch(engine: Engine, registry: Registry, now: datetime, limit: int = BATCH) -> int:
    """Handle up to `limit` waiting events, oldest first; returns how many were claimed.

    Claimed rows are locked and skipped by others, so no event is handled twice at one time; when
    this process dies nothing of the batch is committed and another one takes it again.
    """
    with engine.connect() as connection:
        events = [
            OutboxEvent(*row) for row in connection.execute(_CLAIM, {"limit": limit, "now": now})
        ]
        if events:
            done = [event.id for event in events if event.kind not in registry.handlers]
            wanted = [event for event in events if event.kind in registry.handlers]
            key = attrgetter("organization_id", "kind")
            for (_, kind), group in groupby(sorted(wanted, key=key), key=key):
                done += _hand_over(connection, list(group), registry.handlers[kind], now)
            connection.execute(_FINISH, {"ids": done, "now": now})
            connection.commit()
    return len(events)


def _hand_over(
    connection: Connection,
    events: Sequence[OutboxEvent],
    handlers: Sequence[Handler],
    now: datetime,
) -> list[uuid.UUID]:
    """Hand a group over; returns the ids of the events that are finished."""
    try:
        _run(connection, events, handlers, now)
    except Exception as error:
        _raise_if_lost(connection, error)
        if len(events) == 1:
            return _fail(connection, events[0], error, now)
        done = []
        for event in events:
            done += _hand_over(connection, [event], handlers, now)
        return done
    return [event.id for event in events]


def _run(
    connection: Connection,
    events: Sequence[OutboxEvent],
    handlers: Sequence[Handler],
    now: datetime,
) -> None:
    """Call the handlers inside a savepoint, in a session of the events' organization."""
    session = TenantSession(
        connection, events[0].organization_id, join_transaction_mode="create_savepoint"
    )
    with session:
        for handler in handlers:
            handler(session, events, now)
        session.commit()


def _raise_if_lost(connection: Connection, error: Exception) -> None:
    """A connection that is gone is nobody's event's fault: the whole batch waits for a new one."""
    if connection.invalidated or (isinstance(error, DBAPIError) and error.connection_invalidated):
        raise error


def _fail(
    connection: Connection, event: OutboxEvent, error: Exception, now: datetime
) -> list[uuid.UUID]:
    """Put the event off, or after its last attempt finish it with its error kept."""
    attempt = event.attempts + 1
    is_final = attempt >= ATTEMPTS or isinstance(error, GiveUp)
    logger.log(
        logging.ERROR if is_final else logging.WARNING,
        "event.failed",
        kind=event.kind,
        event_id=str(event.id),
        organization_id=str(event.organization_id),
        attempt=attempt,
        is_final=is_final,
        exc_info=error,
    )
    said = log.scrub_text(f"{type(error).__name__}: {error}")[:2000].replace("\0", "")
    if not is_final:
        longest = min(LONGEST_SECONDS, BASE_SECONDS * 2.0**attempt)
        wait = random.uniform(0.0, longest)  # noqa: S311 - it spreads retries and keeps no secret
        again = now + timedelta(seconds=wait)
        connection.execute(_POSTPONE, {"id": event.id, "error": said, "not_before": again})
        return []
    with TenantSession(
        connection, event.organization_id, join_transaction_mode="create_savepoint"
    ) as session:
        session.execute(
            update(Event)
            .where(Event.id == event.id)
            .values(handled_at=now, attempts=attempt, error=said)
        )
        session.commit()
    return []


class Drain(threading.Thread):
    """Drains until stopped: without pause while there is more, then ever more slowly."""

    def __init__(self, engine: Engine, registry: Registry) -> None:
        super().__init__(name="drain", daemon=True)
        self.engine = engine
        self.registry = registry
        self._stop_asked = threading.Event()

    def stop(self) -> None:
        """Ask it to end after the batch in hand; `join` waits for that."""
        self._stop_asked.set()

    def run(self) -> None:
        """Drain until stopped; a failure is logged and tried again after a pause."""
        pause = BUSY_PAUSE
        while not self._stop_asked.is_set():
            try:
                claimed = drain_batch(self.engine, self.registry, clock.now())
            except SQLAlchemyError as error:
                logger.warning("outbox.unreachable", error=type(error).__name__, exc_info=error)
                claimed, pause = 0, FAILURE_PAUSE
            except Exception as error:
                # A fault of ours must not end the draining of everybody else's events.
                logger.error("outbox.failed", exc_info=error)
                claimed, pause = 0, FAILURE_PAUSE
            else:
                pause = BUSY_PAUSE if claimed else min(IDLE_PAUSE, pause * 1.5)
            if claimed < BATCH:
                self._stop_asked.wait(pause)
