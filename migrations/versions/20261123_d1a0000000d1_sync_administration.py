"""Schedules by interval or cron for connections and streams, the quota told by a source, dry runs.

Revision: d1a0000000d1, after e1c0000000e1
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "d1a0000000d1"
down_revision = "e1c0000000e1"
branch_labels = None
depends_on = None

DUE = """
    CREATE OR REPLACE FUNCTION efm_due_streams(_now timestamptz)
    RETURNS TABLE (organization_id uuid, connection_id uuid, stream text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
    AS $$ SELECT s.organization_id, s.connection_id, s.stream
          FROM stream_settings s JOIN connections c
            ON c.organization_id = s.organization_id AND c.id = s.connection_id
          WHERE c.state = 'active' AND s.is_enabled AND {} AND s.next_run_at <= _now $$
"""


def moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True))


def flag(name: str, default: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), server_default=sa.text(default), nullable=False)


def columns() -> dict[str, tuple[sa.Column[Any], ...]]:
    return {
        "connections": (
            sa.Column("every_minutes", sa.Integer()),
            sa.Column("cron", sa.String(100)),
            sa.Column("zone", sa.String(64)),
            sa.Column("quota_used", sa.BigInteger()),
            sa.Column("quota_most", sa.BigInteger()),
            sa.Column("quota_percent", sa.Integer()),
            moment("quota_told_at"),
            moment("quota_renews_at"),
        ),
        "stream_settings": (
            flag("is_paused", "false"),
            flag("has_own_schedule", "false"),
            sa.Column("cron", sa.String(100)),
            sa.Column("zone", sa.String(64)),
        ),
        "checkpoints": (
            sa.Column("records", sa.BigInteger()),
            moment("newest_at"),
            moment("counted_at"),
        ),
        "sync_runs": (
            sa.Column("error_kind", sa.String(10)),
            flag("is_using_rest", "false"),
        ),
    }


CHECKS = {
    "one_schedule": "every_minutes IS NULL OR cron IS NULL",
    "cron_has_zone": "(cron IS NULL) = (zone IS NULL)",
}


def upgrade() -> None:
    for table, added in columns().items():
        for column in added:
            op.add_column(table, column)
    for table in ("connections", "stream_settings"):
        for name, rule in CHECKS.items():
            op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, rule)
    op.create_check_constraint(
        op.f("ck_connections_every_minutes"),
        "connections",
        "every_minutes IS NULL OR every_minutes >= 1",
    )
    _adopt_schedules()
    op.create_index(
        "ix_stream_settings_due",
        "stream_settings",
        ["next_run_at"],
        postgresql_where=sa.text("next_run_at IS NOT NULL"),
    )
    op.create_index(
        "ix_sync_runs_stream",
        "sync_runs",
        ["organization_id", "connection_id", "stream", "created_at"],
    )
    op.execute(DUE.format("NOT s.is_paused"))
    _create_dry_runs()


def _adopt_schedules() -> None:
    """What all streams of a connection have in common becomes the connection's; the rest is their own."""
    # The owner of the tables has no organization, and looks at those of all for this moment.
    for table in ("connections", "stream_settings"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "UPDATE connections c SET every_minutes = s.every_minutes FROM ("
        " SELECT organization_id, connection_id, max(every_minutes) AS every_minutes"
        " FROM stream_settings WHERE is_enabled GROUP BY organization_id, connection_id"
        " HAVING count(every_minutes) = count(*) AND min(every_minutes) = max(every_minutes)) s"
        " WHERE s.organization_id = c.organization_id AND s.connection_id = c.id"
    )
    op.execute(
        "UPDATE stream_settings s SET has_own_schedule = true FROM connections c"
        " WHERE c.organization_id = s.organization_id AND c.id = s.connection_id"
        " AND s.is_enabled AND s.every_minutes IS DISTINCT FROM c.every_minutes"
    )
    for table in ("connections", "stream_settings"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def _create_dry_runs() -> None:
    table = "dry_runs"
    op.create_table(
        table,
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("stream", sa.String(255), nullable=False),
        flag("is_anew", "false"),
        sa.Column("state", sa.String(10), server_default="queued", nullable=False),
        moment("heartbeat_at"),
        moment("finished_at"),
        sa.Column("read", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "found", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("error", sa.Text()),
        sa.Column("requested_by_id", sa.Uuid()),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_dry_runs"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_dry_runs_organization_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "connection_id"],
            ["connections.organization_id", "connections.id"],
            name="fk_dry_runs_organization_id_connection_id",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')",
            name=op.f("ck_dry_runs_state"),
        ),
        sa.CheckConstraint(
            "(state IN ('queued', 'running')) = (finished_at IS NULL)",
            name=op.f("ck_dry_runs_ended_has_finish"),
        ),
    )
    op.create_index(
        "ix_dry_runs_connection", table, ["organization_id", "connection_id", "created_at"]
    )
    app = '"' + str(context.config.attributes.get("app_role") or "efm_app").replace('"', '""') + '"'
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_organization ON {table} TO {app}"
        " USING (organization_id = (SELECT efm_current_organization()))"
        " WITH CHECK (organization_id = (SELECT efm_current_organization()))"
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {app}")


def downgrade() -> None:
    op.drop_table("dry_runs")
    op.execute(DUE.format("s.every_minutes IS NOT NULL"))
    op.drop_index("ix_sync_runs_stream", "sync_runs")
    op.drop_index("ix_stream_settings_due", "stream_settings")
    op.drop_constraint(op.f("ck_connections_every_minutes"), "connections")
    for table in ("connections", "stream_settings"):
        for name in CHECKS:
            op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
    for table, added in columns().items():
        for column in added:
            op.drop_column(table, column.name)
