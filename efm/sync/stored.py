"""The statements that store raw and rejected records, a page at a time."""

from __future__ import annotations

from sqlalchemy import text

from efm.customers.rows import any_of

_IDS = any_of("ids")

KNOWN = text(
    "SELECT external_id, hash, modified_at, deleted_at FROM raw_records"
    f" WHERE connection_id = :connection AND stream = :stream AND external_id = {_IDS}"
)
STORE = text(
    "INSERT INTO raw_records (organization_id, connection_id, stream, external_id, hash, document,"
    " generation, modified_at, seen_at)"
    " SELECT efm_current_organization(), :connection, :stream, external_id, decode(hash, 'hex'),"
    " document, :generation, modified_at, :now FROM jsonb_to_recordset(CAST(:rows AS jsonb))"
    " AS r(external_id text, hash text, document jsonb, modified_at timestamptz)"
    " ON CONFLICT (organization_id, connection_id, stream, external_id) DO UPDATE SET"
    " hash = excluded.hash, document = excluded.document, generation = excluded.generation,"
    " modified_at = excluded.modified_at, seen_at = excluded.seen_at, deleted_at = NULL"
)
SEEN = text(
    "UPDATE raw_records SET generation = :generation"
    f" WHERE connection_id = :connection AND stream = :stream AND external_id = {_IDS}"
)
REJECT = text(
    "INSERT INTO rejected_records AS r (organization_id, id, connection_id, stream, sync_run_id,"
    " external_id, document, field, reason)"
    " SELECT efm_current_organization(), id, :connection, :stream, :run, external_id, document, field,"
    " reason FROM jsonb_to_recordset(CAST(:rows AS jsonb))"
    " AS n(id uuid, external_id text, document jsonb, field text, reason text)"
    " ON CONFLICT (organization_id, connection_id, stream, external_id) DO UPDATE SET"
    " document = excluded.document, field = excluded.field, reason = excluded.reason,"
    " sync_run_id = excluded.sync_run_id, attempts = r.attempts + 1, resolved_at = NULL"
)
RESOLVE = text(
    "UPDATE rejected_records SET resolved_at = :now WHERE connection_id = :connection"
    f" AND stream = :stream AND external_id = {_IDS} AND resolved_at IS NULL"
)
FORGET_REJECTED = text(
    "UPDATE rejected_records SET resolved_at = :now WHERE connection_id = :connection"
    " AND stream = :stream AND resolved_at IS NULL"
)
DELETE = text(
    "UPDATE raw_records SET deleted_at = :now WHERE connection_id = :connection AND stream = :stream"
    f" AND external_id = {_IDS} AND deleted_at IS NULL RETURNING document"
)
# Records of ours there, written back by a rule whose records are read again in this stream.
OURS = text(
    "SELECT i.made_id FROM write_items i JOIN write_backs b ON b.id = i.write_back_id"
    f" WHERE i.connection_id = :connection AND b.appears_in = :stream AND i.made_id = {_IDS}"
)
ANY_OURS = text(
    "SELECT EXISTS (SELECT FROM write_backs WHERE connection_id = :connection"
    " AND appears_in = :stream)"
)
ANY_REJECTED = text(
    "SELECT EXISTS (SELECT FROM rejected_records WHERE connection_id = :connection"
    " AND stream = :stream AND resolved_at IS NULL)"
)
SWEEP = text(
    "SELECT external_id FROM raw_records WHERE connection_id = :connection AND stream = :stream"
    " AND generation < :generation AND deleted_at IS NULL ORDER BY external_id LIMIT 1000"
)
