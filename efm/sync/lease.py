"""The statements of a sync run: each changes it only while the lease is held."""

from __future__ import annotations

from sqlalchemy import text

CLAIM = text(
    "UPDATE sync_runs SET state = 'running', started_at = coalesce(started_at, :now),"
    " heartbeat_at = :now, lease_token = :lease, locked_until = :until, error = NULL"
    " WHERE id = :run AND (state = 'queued'"
    " OR (state = 'running' AND (locked_until IS NULL OR locked_until <= :now)))"
    " RETURNING connection_id, stream, is_using_rest"
)
ADVANCE = text(
    "UPDATE sync_runs SET heartbeat_at = :now, locked_until = :until, total = coalesce(:total, total),"
    " read = read + :read, created = created + :created, updated = updated + :updated,"
    " unchanged = unchanged + :unchanged, deleted = deleted + :deleted, rejected = rejected + :rejected"
    " WHERE id = :run AND lease_token = :lease AND state = 'running' RETURNING id"
)
CHECKPOINT = text(
    "INSERT INTO checkpoints (organization_id, connection_id, stream, state, generation,"
    " full_pass_rejected, updated_at)"
    " VALUES (efm_current_organization(), :connection, :stream, CAST(:state AS jsonb), :generation,"
    " :full_pass_rejected, :now)"
    " ON CONFLICT (organization_id, connection_id, stream) DO UPDATE SET state = excluded.state,"
    " generation = excluded.generation, full_pass_rejected = excluded.full_pass_rejected,"
    " updated_at = excluded.updated_at"
)
END = text(
    "UPDATE sync_runs SET state = :state, finished_at = :now, error = :error, error_kind = :kind,"
    " lease_token = NULL, locked_until = NULL WHERE id = :run AND lease_token = :lease AND state = 'running'"
    " RETURNING read, created, updated, deleted, rejected"
)
YIELD = text(
    "UPDATE sync_runs SET locked_until = :now, lease_token = NULL, error = :error"
    " WHERE id = :run AND lease_token = :lease AND state = 'running'"
)
