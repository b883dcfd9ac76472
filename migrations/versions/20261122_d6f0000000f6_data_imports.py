"""Data imports through the pages; full passes of a stream; connections that are being deleted.

Revision: d6f0000000f6, after a5e0000000e5
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "d6f0000000f6"
down_revision = "a5e0000000e5"
branch_labels = None
depends_on = None

STATES = "('planned', 'queued', 'running', 'succeeded', 'failed', 'cancelled')"


def _app() -> str:
    role = str(context.config.attributes.get("app_role") or "efm_app")
    return '"' + role.replace('"', '""') + '"'


def upgrade() -> None:
    op.create_table(
        "data_imports",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("target", sa.String(4), server_default="own", nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("plan", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.String(10), server_default="planned", nullable=False),
        sa.Column("phase", sa.String(20), server_default="", nullable=False),
        sa.Column("done", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("total", sa.Integer()),
        sa.Column(
            "loaded", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("error", sa.Text()),
        sa.Column("requested_by_id", sa.Uuid()),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_data_imports"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_data_imports_organization_id",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint(f"state IN {STATES}", name=op.f("ck_data_imports_state")),
        sa.CheckConstraint("target IN ('own', 'here')", name=op.f("ck_data_imports_target")),
        sa.CheckConstraint(
            "(state IN ('planned', 'queued', 'running')) = (finished_at IS NULL)",
            name=op.f("ck_data_imports_ended_has_finish"),
        ),
        sa.CheckConstraint(
            "state <> 'running' OR started_at IS NOT NULL",
            name=op.f("ck_data_imports_running_has_start"),
        ),
    )
    op.create_index("ix_data_imports_created", "data_imports", ["organization_id", "created_at"])
    app = _app()
    op.execute("ALTER TABLE data_imports ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE data_imports FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_organization ON data_imports TO {app}"
        " USING (organization_id = (SELECT efm_current_organization()))"
        " WITH CHECK (organization_id = (SELECT efm_current_organization()))"
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON data_imports TO {app}")
    op.add_column("checkpoints", sa.Column("full_pass_rejected", sa.Integer()))
    op.drop_constraint(op.f("ck_connections_state"), "connections")
    op.create_check_constraint(
        op.f("ck_connections_state"),
        "connections",
        "state IN ('draft', 'active', 'paused', 'deleting')",
    )


def downgrade() -> None:
    # The owner is bound by the policies too, and none lets it change connections.
    op.execute("ALTER TABLE connections NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE connections SET state = 'paused' WHERE state = 'deleting'")
    op.execute("ALTER TABLE connections FORCE ROW LEVEL SECURITY")
    op.drop_constraint(op.f("ck_connections_state"), "connections")
    op.create_check_constraint(
        op.f("ck_connections_state"), "connections", "state IN ('draft', 'active', 'paused')"
    )
    op.drop_column("checkpoints", "full_pass_rejected")
    op.drop_table("data_imports")
