"""Simulations: made-up people who walked through a draft or a version, and what they met.

Revision: f8c0000000c8, after f2c0000000f2
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "f8c0000000c8"
down_revision = "f2c0000000f2"
branch_labels = None
depends_on = None

STATES = "('queued', 'running', 'succeeded', 'failed', 'cancelled')"


def upgrade() -> None:
    op.create_table(
        "simulations",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid()),
        sa.Column("draft_revision", sa.Integer()),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(10), server_default="queued", nullable=False),
        sa.Column("done", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("met", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("requested_by_id", sa.Uuid()),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_simulations"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_simulations_organization_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "survey_id"],
            ["surveys.organization_id", "surveys.id"],
            name="fk_simulations_organization_id_survey_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "version_id"],
            ["survey_versions.organization_id", "survey_versions.id"],
            name="fk_simulations_organization_id_version_id",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint(f"state IN {STATES}", name=op.f("ck_simulations_state")),
        sa.CheckConstraint(
            "(version_id IS NULL) <> (draft_revision IS NULL)", name=op.f("ck_simulations_of_one")
        ),
        sa.CheckConstraint("n >= 1", name=op.f("ck_simulations_n")),
        sa.CheckConstraint("done >= 0 AND done <= n", name=op.f("ck_simulations_done")),
        sa.CheckConstraint(
            "(state IN ('queued', 'running')) = (finished_at IS NULL)",
            name=op.f("ck_simulations_ended_has_finish"),
        ),
        sa.CheckConstraint(
            "state <> 'running' OR started_at IS NOT NULL",
            name=op.f("ck_simulations_running_has_start"),
        ),
    )
    op.create_index(
        "ix_simulations_survey", "simulations", ["organization_id", "survey_id", "created_at"]
    )
    app = '"' + str(context.config.attributes.get("app_role") or "efm_app").replace('"', '""') + '"'
    op.execute("ALTER TABLE simulations ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE simulations FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_organization ON simulations TO {app}"
        " USING (organization_id = (SELECT efm_current_organization()))"
        " WITH CHECK (organization_id = (SELECT efm_current_organization()))"
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON simulations TO {app}")


def downgrade() -> None:
    op.drop_table("simulations")
