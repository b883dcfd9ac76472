"""What writing back reacts to, and the job that does it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from efm import queue
from efm.db.engine import TenantSession
from efm.events.registry import JobContext, OutboxEvent, Registry
from efm.models import SyncRun, WriteBack
from efm.writing import planning, rules
from efm.writing.sending import Run

# By the kind of event: the sources of the rules that may have something new to tell.
CONCERNS = {
    "response.submitted": ("customer", "response"),
    "response.scored": ("customer", "response"),
    "case.opened": ("customer", "case"),
    "case.answered": ("customer", "case"),
    "case.closed": ("customer", "case"),
    "case.reopened": ("customer", "case"),
}


def run(
    context: JobContext,
    *,
    rule_id: str,
    scope: str = "due",
    approved: bool = False,
    most: int | None = None,
) -> None:
    """Run a rule; what is left is queued for when it may go on."""
    assert context.organization_id is not None, "a rule belongs to an organization"
    identity = uuid.UUID(rule_id)
    again = Run(
        context.engine, context.config, context.organization_id, identity, context.now,
        context.is_stopping,
    ).run(scope=scope, approved=approved, most=most)  # fmt: skip
    if again is None:
        return
    with context.unit() as session:
        rule = session.get(WriteBack, (context.organization_id, identity))
        if rule is not None:
            queue.enqueue(
                session, "write_back.run", lock=f"write {rule.connection_id}", at=again.at,
                rule_id=identity, scope="due", approved=approved, most=most,
            )  # fmt: skip


def react(session: TenantSession, events: Sequence[OutboxEvent], now: datetime) -> None:
    """Queue the rules that what happened concerns; most organizations have none."""
    live = session.scalars(select(WriteBack).where(WriteBack.state == "on")).all()
    if not live:
        return
    for rule in live:
        marked = 0
        for of in ("response", "case"):
            ids = [
                event.subject_id for event in events
                if event.subject_id is not None and event.kind.startswith(f"{of}.")
                and rule.source in CONCERNS.get(event.kind, ())
            ]  # fmt: skip
            marked += planning.mark(session, rule, of, ids, now) if ids else 0
        if marked:
            rules.ask(session, rule)


def react_to_sync(session: TenantSession, events: Sequence[OutboxEvent], _now: datetime) -> None:
    """After a connection was read, people may be known there who were not before."""
    runs = [event.subject_id for event in events if event.subject_id is not None]
    query = (
        select(WriteBack)
        .join(SyncRun, SyncRun.connection_id == WriteBack.connection_id)
        .where(WriteBack.state == "on", SyncRun.id.in_(runs))
        .distinct()
    )
    for rule in session.scalars(query):
        rules.ask(session, rule, scope="new")


def register(registry: Registry) -> None:
    """Declare the job and what it reacts to."""
    registry.job("write_back.run", run)
    for kind in CONCERNS:
        registry.on(kind, react)
    registry.on("sync_run.succeeded", react_to_sync)
