"""Dry runs that people ask for on a page: done by a job, watched while it works, shown, forgotten."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Engine, delete, select, text
from sqlalchemy.orm import Session

from connectors.errors import ConnectorError
from efm import clock, queue
from efm.config import Config
from efm.db.engine import unit
from efm.errors import Conflict, EfmError, NotFound
from efm.events.registry import Interrupted
from efm.models import Connection, DryRun
from efm.sync import connections, setup
from efm.sync.rehearsal import Rehearsal, rehearse

KEPT = timedelta(days=1)
# The longest a dry run can be silent is one answer of a slow source, and then it tells.
SILENT = timedelta(minutes=8)
LONGEST_VALUE = 200
REASONS = 10

_CLAIM = text(
    "UPDATE dry_runs SET state = 'running', heartbeat_at = :now, read = 0"
    " WHERE id = :id AND state IN ('queued', 'running') RETURNING connection_id, stream, is_anew"
)
_TELL = text(
    "UPDATE dry_runs SET read = :read, heartbeat_at = :now WHERE id = :id AND state = 'running'"
    " RETURNING id"
)
_END = text(
    "UPDATE dry_runs SET state = :state, finished_at = :now, error = :error, read = :read,"
    " found = CAST(:found AS jsonb) WHERE id = :id AND state = 'running'"
)


class _Stopped(Exception):
    """Somebody stopped it."""


def request(
    session: Session,
    connection: Connection,
    stream: str,
    now: datetime,
    *,
    is_anew: bool = False,
    user_id: uuid.UUID | None = None,
) -> DryRun:
    """Queue a dry run of one stream; one that already waits or works in the same way is given instead.

    Raises Conflict when the fields of the stream are not mapped, NotFound when it is not chosen.
    """
    setting = setup.setting(session, connection.id, stream)
    if not setting.mapping.get("mappings"):
        raise Conflict(f"The fields of “{stream}” are not in use yet; finish the set-up first.")
    for each in session.scalars(
        select(DryRun)
        .where(DryRun.connection_id == connection.id, DryRun.stream == setting.stream)
        .where(DryRun.state.in_(("queued", "running")), DryRun.is_anew == is_anew)
    ):
        if not is_silent(each, now):
            return each
    made = DryRun(
        id=clock.new_id(), connection_id=connection.id, stream=setting.stream, is_anew=is_anew,
        state="queued", created_at=now, requested_by_id=user_id, read=0, found={},
    )  # fmt: skip
    session.add(made)
    session.flush()
    queue.enqueue(session, "sync.rehearse", lock=f"rehearse {connection.id}", dry_run_id=made.id)
    return made


def get(session: Session, connection_id: uuid.UUID, dry_run_id: uuid.UUID) -> DryRun:
    """The dry run of this connection; NotFound for a missing one and a stranger's alike."""
    found = session.get(DryRun, (session.info["organization_id"], dry_run_id))
    if found is None or found.connection_id != connection_id:
        raise NotFound("There is no such dry run. They are forgotten after a day.")
    return found


def is_silent(found: DryRun, now: datetime) -> bool:
    """Whether one that should be working has shown no sign of life for long."""
    is_open = found.state in ("queued", "running")
    return is_open and now - (found.heartbeat_at or found.created_at) > SILENT


def cancel(session: Session, found: DryRun, now: datetime) -> None:
    """Stop it; it notices at its next page."""
    if found.state in ("queued", "running"):
        found.state, found.finished_at = "cancelled", now
        session.flush()


def forget(session: Session, now: datetime) -> None:
    """Forget what was found out after a day: it holds records as the source has them."""
    session.execute(
        delete(DryRun)
        .where(DryRun.created_at < now - KEPT)
        .execution_options(synchronize_session=False)
    )


def run(
    engine: Engine,
    config: Config,
    organization_id: uuid.UUID,
    dry_run_id: uuid.UUID,
    *,
    now: Callable[[], datetime] = clock.now,
    is_stopping: Callable[[], bool] = lambda: False,
) -> None:
    """Find out, and keep what was found with the dry run.

    Raises Interrupted when the worker ends; it begins again then. Whatever else goes wrong ends it.
    """
    with unit(engine, organization_id) as session:
        row = session.execute(_CLAIM, {"id": dry_run_id, "now": now()}).one_or_none()
    if row is None:
        return

    def watch(read: int) -> None:
        if is_stopping():
            raise Interrupted
        with unit(engine, organization_id) as session:
            told = {"id": dry_run_id, "now": now(), "read": read}
            if session.execute(_TELL, told).one_or_none() is None:
                raise _Stopped

    state, error, found = "succeeded", None, Rehearsal()
    try:
        found = rehearse(
            engine, config, organization_id, row.connection_id, row.stream,
            is_anew=row.is_anew, watch=watch,
        )  # fmt: skip
    except _Stopped:
        return
    except Interrupted:
        raise
    except (ConnectorError, EfmError) as failure:
        state, error = "failed", getattr(failure, "message", str(failure))
    except Exception as failure:
        # A source may say anything; its words may hold a secret, so only their kind is told.
        state, error = "failed", connections.broke(failure)
    with unit(engine, organization_id) as session:
        given = {"id": dry_run_id, "now": now(), "state": state, "error": error}
        document = orjson.dumps(document_of(found)).decode()
        session.execute(_END, {**given, "read": found.read, "found": document})


def document_of(found: Rehearsal) -> dict[str, Any]:
    """What was found as JSON: counts, reasons with how often, examples with long values cut."""
    counts = found.counts
    return {
        "created": counts.created, "updated": counts.updated, "unchanged": counts.unchanged,
        "deleted": found.deleted, "rejected": found.rejected, "is_whole": found.is_whole,
        "reasons": [[_short(why), n] for why, n in found.reasons.most_common(REASONS)],
        "new": [_short(each) for each in found.new],
        "changes": [
            [_short(key), [[_short(name), _short(old), _short(new)] for name, old, new in fields]]
            for key, fields in found.changes
        ],
    }  # fmt: skip


def _short(value: Any) -> str | None:
    """A value in a line; None for none."""
    if value is None:
        return None
    if isinstance(value, (Mapping, list)):
        value = orjson.dumps(value).decode()
    said = str(value).replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    return said if len(said) <= LONGEST_VALUE else said[: LONGEST_VALUE - 1] + "…"
