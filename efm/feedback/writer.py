"""Group commit: responses in flight share one transaction, and are acknowledged only after it.

A caller that finds nobody writing for its organization writes at once. Those that come meanwhile
wait together and are written by one of them when the first is done: one statement, one commit, one
flush to disk for all. Organizations never share a transaction, and a row the database refuses is
told so alone, its neighbours being written again without it.
"""

from __future__ import annotations

import threading
import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from weakref import WeakKeyDictionary

import psycopg

from efm import clock, log
from efm.db.direct import Connection, Direct, begun
from efm.errors import EfmError, Unready
from efm.feedback.store import Outcome, Row, created_ids, explain, parameters, statement_for

LARGEST_BATCH = 64
WAIT_SECONDS = 45.0
# PostgreSQL plans its foreign key checks once a session. Plans made while the tables were empty
# walk the whole organization, so they are thrown away when this many rows have been written.
FORGET_PLANS_AT = (20, 200, 2000, 20000)

logger = log.get("writer")


class _Waiting:
    """One row on its way in, and the thread that waits for it."""

    __slots__ = ("error", "leads", "outcome", "row", "signal", "token_id")

    def __init__(self, row: Row, token_id: uuid.UUID | None) -> None:
        self.row = row
        self.token_id = token_id
        self.outcome: Outcome | None = None
        self.error: Exception | None = None
        self.leads = False
        self.signal = threading.Lock()
        self.signal.acquire()


class _Group:
    """What waits to be written for one organization and one token."""

    __slots__ = ("is_writing", "waiting")

    def __init__(self) -> None:
        self.waiting: list[_Waiting] = []
        self.is_writing = False


_Key = tuple[uuid.UUID, uuid.UUID | None]


class Writer:
    """The writer of one process. `most_waiting` rows may wait; more are refused as Unready."""

    def __init__(self, direct: Direct, *, most_waiting: int = 1000) -> None:
        self._direct = direct
        self._most_waiting = most_waiting
        self._lock = threading.Lock()
        self._groups: defaultdict[_Key, _Group] = defaultdict(_Group)
        self._count = 0
        self._written: WeakKeyDictionary[Connection, int] = WeakKeyDictionary()

    def store(
        self, organization_id: uuid.UUID, row: Row, *, token_id: uuid.UUID | None = None
    ) -> Outcome:
        """Store one response and return after its commit.

        Raises Unready when too many wait or the database is away: then it may or may not have been
        stored, and sending it again gives the first one.
        """
        mine = _Waiting(row, token_id)
        key = (organization_id, token_id)
        with self._lock:
            if self._count >= self._most_waiting:
                raise Unready("Too many answers are arriving at once. Send yours again shortly.")
            self._count += 1
            group = self._groups[key]
            group.waiting.append(mine)
            leads = not group.is_writing
            group.is_writing = True
        if leads or self._must_lead(group, mine):
            self._lead(key, group)
        if mine.error is not None:
            raise mine.error
        assert mine.outcome is not None, "a signalled row has an outcome or an error"
        return mine.outcome

    def _must_lead(self, group: _Group, mine: _Waiting) -> bool:
        """Wait to be written by another thread, or to be told to write; raises Unready after long."""
        if mine.signal.acquire(timeout=WAIT_SECONDS):
            return mine.leads
        with self._lock:
            if mine.leads:
                return True
            if mine in group.waiting:
                group.waiting.remove(mine)
                self._count -= 1
        raise Unready("The database is slow to answer. Send your answers again shortly.")

    def _lead(self, key: _Key, group: _Group) -> None:
        """Write what waits, then hand over to the first of those that came meanwhile."""
        with self._lock:
            batch = group.waiting[:LARGEST_BATCH]
            del group.waiting[:LARGEST_BATCH]
        try:
            self._write(key, batch)
        finally:
            with self._lock:
                self._count -= len(batch)
                if group.waiting:
                    group.waiting[0].leads = True
                    group.waiting[0].signal.release()
                else:
                    group.is_writing = False
                    del self._groups[key]
            for each in batch:
                if each.outcome is None and each.error is None:
                    each.error = Unready("The answers could not be stored. Send them again.")
                if not each.leads:
                    each.signal.release()

    def _write(self, key: _Key, batch: Sequence[_Waiting]) -> None:
        """Give each row of the batch its outcome or its error."""
        rows: dict[uuid.UUID, Row] = {}
        for each in batch:
            rows.setdefault(each.row.id, each.row)
        try:
            outcomes = self._stored(key, list(rows.values()))
        except (psycopg.DataError, psycopg.IntegrityError):
            outcomes = {}
            for row in rows.values():
                outcomes[row.id] = self._alone(key, row)
        except EfmError as error:
            for each in batch:
                each.error = error
            return
        except psycopg.Error as error:
            logger.warning("database.unreachable", error=type(error).__name__)
            for each in batch:
                each.error = Unready("The database cannot be reached right now. Try again shortly.")
            return
        for each in batch:
            each.outcome = outcomes[each.row.id]

    def _alone(self, key: _Key, row: Row) -> Outcome:
        try:
            return self._stored(key, [row])[row.id]
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            logger.warning("response.refused", sqlstate=error.sqlstate)
            return Outcome("refused", None, "invalid")

    def _stored(self, key: _Key, rows: Sequence[Row]) -> dict[uuid.UUID, Outcome]:
        """One transaction; tried again once when the connection was lost, which the keys allow."""
        now = clock.now()
        try:
            outcomes = self._transaction(key, rows, now)
        except psycopg.OperationalError:
            self._direct.close()
            outcomes = self._transaction(key, rows, now)
        return {row.id: outcome for row, outcome in zip(rows, outcomes, strict=True)}

    def _transaction(self, key: _Key, rows: Sequence[Row], now: datetime) -> list[Outcome]:
        organization_id, token_id = key
        values = parameters(rows, organization_id, now, token_id)
        with self._direct.connection() as connection:
            self._count_rows(connection, len(rows))
            stored = statement_for(rows).commit(connection, organization_id, values)
            if len(stored) == len(rows):
                return [
                    Outcome("created", row.id, None, row.submitted_at is not None) for row in rows
                ]
            created = created_ids(stored)
            with begun(connection, organization_id):
                return explain(connection, organization_id, rows, created, now, token_id)

    def _count_rows(self, connection: Connection, rows: int) -> None:
        """Throw plans away that were made for a smaller database."""
        before = self._written.get(connection, 0)
        after = self._written[connection] = before + rows
        if any(before < mark <= after for mark in FORGET_PLANS_AT):
            connection.execute("DISCARD PLANS", prepare=False)
