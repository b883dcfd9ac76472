"""The job queue's own tables and functions, as the pinned library ships them.

Revision: d2b0000000b2, after c1a0000000a1
"""

from __future__ import annotations

from importlib.resources import files

from alembic import context, op

revision = "d2b0000000b2"
down_revision = "c1a0000000a1"
branch_labels = None
depends_on = None

# The queue is shared by all organizations: a job carries its organization and sets it before it works.
DROP = """
DO $$ DECLARE thing record; BEGIN
    FOR thing IN SELECT tablename AS name FROM pg_tables
        WHERE schemaname = 'public' AND tablename LIKE 'procrastinate\\_%' LOOP
        EXECUTE format('DROP TABLE IF EXISTS %I CASCADE', thing.name);
    END LOOP;
    FOR thing IN SELECT oid::regprocedure::text AS name FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'procrastinate\\_%' LOOP
        EXECUTE 'DROP FUNCTION IF EXISTS ' || thing.name || ' CASCADE';
    END LOOP;
    FOR thing IN SELECT typname AS name FROM pg_type
        WHERE typnamespace = 'public'::regnamespace AND typname LIKE 'procrastinate\\_%'
        AND typtype IN ('e', 'c') LOOP
        EXECUTE format('DROP TYPE IF EXISTS %I CASCADE', thing.name);
    END LOOP;
END $$
"""


def upgrade() -> None:
    schema = (files("procrastinate") / "sql" / "schema.sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(schema.replace("%", "%%"))
    app = '"' + str(context.config.attributes.get("app_role") or "efm_app").replace('"', '""') + '"'
    tables = "procrastinate_jobs, procrastinate_events, procrastinate_periodic_defers, procrastinate_workers"
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO {app}")
    op.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {app}")


def downgrade() -> None:
    op.execute(DROP)
