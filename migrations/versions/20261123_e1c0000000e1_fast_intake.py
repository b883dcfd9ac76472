"""Taking in many records: checks made once, smaller indexes, statistics that keep up with growth.

Revision: e1c0000000e1, after c1c0000000c1
"""

from __future__ import annotations

from alembic import context, op

revision = "e1c0000000e1"
down_revision = "c1c0000000c1"
branch_labels = None
depends_on = None

# The composite key to the connection leads to the organization; a second check told nothing new.
PARTS = ("raw_records", "identities")

# A table that doubled since it was last looked at is looked at again. Autovacuum does so within a
# minute, in which a plan made for an empty table reads a full one a million times.
REFRESH = """
    CREATE FUNCTION efm_refresh_statistics() RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public
    AS $$
    DECLARE
        _table regclass;
        _refreshed integer := 0;
    BEGIN
        FOR _table IN
            SELECT oid::regclass FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
              AND pg_relation_size(oid) / current_setting('block_size')::int
                  > 2 * greatest(relpages, 0) + 20
        LOOP
            EXECUTE format('ANALYZE (SKIP_LOCKED) %s', _table);
            _refreshed := _refreshed + 1;
        END LOOP;
        RETURN _refreshed;
    END $$
"""


def _index(entity: str, *, is_partial: bool) -> None:
    op.drop_index(f"ix_identities_{entity}", "identities")
    op.create_index(
        f"ix_identities_{entity}",
        "identities",
        ["organization_id", f"{entity}_id"],
        postgresql_where=f"{entity}_id IS NOT NULL" if is_partial else None,
    )


def upgrade() -> None:
    for table in PARTS:
        op.drop_constraint(f"fk_{table}_organization_id", table)
    for entity in ("contact", "account"):
        _index(entity, is_partial=True)
    op.create_index(
        "ix_rejected_records_open",
        "rejected_records",
        ["organization_id", "connection_id", "stream"],
        postgresql_where="resolved_at IS NULL",
    )
    app = '"' + str(context.config.attributes.get("app_role") or "efm_app").replace('"', '""') + '"'
    op.execute(REFRESH)
    op.execute("REVOKE ALL ON FUNCTION efm_refresh_statistics() FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION efm_refresh_statistics() TO {app}")


def downgrade() -> None:
    op.execute("DROP FUNCTION efm_refresh_statistics()")
    op.drop_index("ix_rejected_records_open", "rejected_records")
    for entity in ("contact", "account"):
        _index(entity, is_partial=False)
    for table in PARTS:
        op.create_foreign_key(
            f"fk_{table}_organization_id",
            table, "organizations", ["organization_id"], ["id"], ondelete="CASCADE",
        )  # fmt: skip
