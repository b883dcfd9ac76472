"""What an admin does with a connection that works: schedule, pause, read anew, try again, delete."""

from __future__ import annotations

import shutil
import uuid
from datetime import datetime

from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from efm import queue
from efm.config import Config
from efm.errors import Conflict
from efm.models import (
    Checkpoint,
    Connection,
    StreamSetting,
    SyncRun,
)
from efm.sync import schedules, uploads
from efm.sync.runner import cancel

DELETED_AT_ONCE = 20_000


def pause(session: Session, connection: Connection, now: datetime) -> None:
    """Nothing is read until it is resumed; a run under way stops at its next page."""
    if connection.state != "active":
        raise Conflict("Only an active connection can be paused.")
    connection.state = "paused"
    stop_all(session, connection.id, now)


def resume(session: Session, connection: Connection, now: datetime) -> None:
    """Read again as scheduled; streams read at an interval are due at once."""
    if connection.state != "paused":
        raise Conflict("Only a paused connection can be resumed.")
    connection.state = "active"
    for setting in session.scalars(
        select(StreamSetting)
        .where(StreamSetting.connection_id == connection.id)
        .where(StreamSetting.is_enabled, ~StreamSetting.is_paused)
    ):
        schedules.go_on(setting, now)


def pause_stream(session: Session, setting: StreamSetting, now: datetime) -> None:
    """This stream is not read until it is resumed; a run under way stops at its next page."""
    if setting.is_paused or not setting.is_enabled:
        raise Conflict(f"“{setting.stream}” is not being read.")
    setting.is_paused = True
    setting.next_run_at = None
    stop_runs(session, setting.connection_id, setting.stream, now)


def resume_stream(setting: StreamSetting, now: datetime) -> None:
    """Read it again as scheduled; at an interval it is due at once."""
    if not setting.is_paused:
        raise Conflict(f"“{setting.stream}” is not paused.")
    setting.is_paused = False
    if setting.is_enabled:
        schedules.go_on(setting, now)


def _open_runs(session: Session, connection_id: uuid.UUID) -> list[SyncRun]:
    return list(
        session.scalars(
            select(SyncRun)
            .where(SyncRun.connection_id == connection_id)
            .where(SyncRun.state.in_(("queued", "running")))
        )
    )


def stop_runs(session: Session, connection_id: uuid.UUID, stream: str, now: datetime) -> None:
    """Cancel what waits or works on this stream."""
    for run in _open_runs(session, connection_id):
        if run.stream == stream:
            cancel(session, run, now)
    session.flush()


def stop_all(session: Session, connection_id: uuid.UUID, now: datetime) -> None:
    """Cancel what waits or works on any stream."""
    for run in _open_runs(session, connection_id):
        cancel(session, run, now)
    session.flush()


def restart(session: Session, connection_id: uuid.UUID, stream: str, now: datetime) -> None:
    """Forget how far the stream was read: the next run is a new, complete generation.

    A run under way is cancelled first, or it would write its place again.
    """
    stop_runs(session, connection_id, stream, now)
    session.execute(
        update(Checkpoint)
        .where(Checkpoint.connection_id == connection_id, Checkpoint.stream == stream)
        .values(
            state={}, generation=Checkpoint.generation + 1, full_pass_rejected=0, updated_at=now
        )
        .execution_options(synchronize_session=False)
    )


# What goes with a connection: tables, and what one row and several are called.
HELD: tuple[tuple[str, str, str], ...] = (
    ("interactions", "interaction", "interactions"),
    ("measurements", "measurement", "measurements"),
    ("opportunities", "opportunity", "opportunities"),
    ("orders", "order", "orders"),
    ("order_lines", "order line", "order lines"),
    ("invoices", "invoice", "invoices"),
    ("payments", "payment", "payments"),
    ("subscriptions", "subscription", "subscriptions"),
    ("products", "product", "products"),
    ("stock_events", "stock event", "stock events"),
    ("identities", "", ""),
    ("raw_records", "raw record", "raw records"),
    ("rejected_records", "rejected record", "rejected records"),
)


def held(session: Session, connection_id: uuid.UUID) -> dict[str, int]:
    """How many rows of each table go with the connection."""
    counts = " UNION ALL ".join(
        f"SELECT '{table}' AS name, count(*) AS n FROM {table} WHERE connection_id = :connection"
        for table, _, _ in HELD
    )
    return {row.name: row.n for row in session.execute(text(counts), {"connection": connection_id})}


def held_words(session: Session, connection_id: uuid.UUID) -> list[str]:
    """The same in words, without what people do not see: 3 orders."""
    found = held(session, connection_id)
    return [
        f"{found[table]:,} {one if found[table] == 1 else many}"
        for table, one, many in HELD
        if one and found[table]
    ]


def remove(session: Session, config: Config, connection: Connection, now: datetime) -> bool:
    """Delete the connection with what came from it; whether it is gone already, or a job does it.

    Contacts and accounts stay: answers and other systems may know them.
    """
    stop_all(session, connection.id, now)
    if sum(held(session, connection.id).values()) > DELETED_AT_ONCE:
        connection.state = "deleting"
        key = f"sync.delete {connection.id}"
        queue.enqueue(session, "sync.delete", lock=key, connection_id=connection.id)
        return False
    folder = uploads.folder_of(config, connection.organization_id, connection.id)
    session.delete(connection)
    session.flush()
    shutil.rmtree(folder, ignore_errors=True)
    return True


def remove_part(session: Session, connection_id: uuid.UUID, most: int = 5000) -> int:
    """Delete some of what came through a connection; how many rows went."""
    for name, _, _ in HELD:
        result = session.execute(
            text(
                f"DELETE FROM {name} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {name}"
                " WHERE connection_id = :connection LIMIT :most))"
            ),
            {"connection": connection_id, "most": most},
        )
        gone = int(getattr(result, "rowcount", 0))
        if gone:
            return gone
    return 0


def remove_rest(session: Session, config: Config, connection_id: uuid.UUID) -> None:
    """Delete the emptied connection itself and its uploaded files."""
    organization_id = session.info["organization_id"]
    session.execute(delete(Connection).where(Connection.id == connection_id))
    shutil.rmtree(uploads.folder_of(config, organization_id, connection_id), ignore_errors=True)


def request_replay(session: Session, connection_id: uuid.UUID, stream: str) -> None:
    """Queue another try of every open rejected record of the stream."""
    key = f"sync.replay {connection_id} {stream}"
    queue.enqueue(
        session, "sync.replay", lock=key, once=key, connection_id=connection_id, stream=stream
    )
