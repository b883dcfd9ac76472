"""Rejected records of a connection: why each was refused, and trying them again."""

from __future__ import annotations

import uuid

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from efm.errors import Conflict
from efm.sync import connections, control, listing, replay
from efm.web import unit
from efm.web.pages.connections import note
from efm.web.permissions import permission

pages = Blueprint("connection_records", __name__)


@pages.get("/connections/<uuid:connection_id>/rejected")
@permission("connections.view")
def index(connection_id: uuid.UUID) -> str:
    """The records that were refused, with reasons; or those resolved since."""
    session = unit.session()
    connection = connections.get(session, connection_id)
    stream = request.args.get("stream", "").replace("\0", "")[:255]
    resolved = request.args.get("state") == "resolved"
    after = request.args.get("after", "")[:40]
    return render_template(
        "connections/rejected.html", connection=connection, stream=stream, resolved=resolved,
        counts=listing.rejected_counts(session, connection_id),
        page=listing.rejected(session, connection_id, stream=stream, resolved=resolved, after=after),
        reasons=listing.reasons(session, connection_id, stream), is_readable=replay.is_readable,
    )  # fmt: skip


@pages.post("/connections/<uuid:connection_id>/rejected")
@permission("connections.edit")
def try_all(connection_id: uuid.UUID) -> BaseResponse:
    """Try every open one again, in the background."""
    session = unit.session()
    connections.get(session, connection_id)
    wanted = request.form.get("stream", "")
    counts = listing.rejected_counts(session, connection_id)
    names = [name for name in counts if not wanted or name == wanted]
    for name in names:
        control.request_replay(session, connection_id, name)
        note("rejected.replayed", connection_id, stream=name)
    total = sum(counts[name] for name in names)
    said = "1 rejected record is" if total == 1 else f"{total:,} rejected records are"
    flash(f"{said} tried again. Reload in a moment.", "info")
    return redirect(url_for(".index", connection_id=connection_id, stream=wanted or None))


@pages.post("/connections/<uuid:connection_id>/rejected/<uuid:record_id>")
@permission("connections.edit")
def try_one(connection_id: uuid.UUID, record_id: uuid.UUID) -> BaseResponse:
    """Try one again, now."""
    session = unit.session()
    connections.get(session, connection_id)
    record = replay.get(session, connection_id, record_id)
    if record.resolved_at is None and not replay.is_readable(record):
        raise Conflict(
            "The source itself could not give this record. Mend it there and read again."
        )
    name, stream = record.external_id, record.stream
    resolved = replay.replay(session, [record], unit.now())
    note("rejected.replayed", connection_id, stream=stream, resolved=resolved)
    if resolved:
        flash(f"Record {name} is stored now.", "success")
    else:
        flash(f"Record {name} is still refused; the reason is the one of today.", "warning")
    return redirect(url_for(".index", connection_id=connection_id))
