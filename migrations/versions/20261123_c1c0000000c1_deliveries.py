"""Deliveries: calls of webhooks, kept until their records are taken.

Revision: c1c0000000c1, after b4c0000000b4
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "c1c0000000c1"
down_revision = "b4c0000000b4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deliveries",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("call", sa.LargeBinary()),
        sa.Column("state", sa.String(10), server_default="waiting", nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("read", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("message", sa.Text()),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_deliveries"),
        sa.UniqueConstraint(
            "organization_id",
            "connection_id",
            "name",
            name="uq_deliveries_organization_id_connection_id_name",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_deliveries_organization_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "connection_id"],
            ["connections.organization_id", "connections.id"],
            name="fk_deliveries_organization_id_connection_id",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'taken', 'failed')", name=op.f("ck_deliveries_state")
        ),
        sa.CheckConstraint(
            "(state = 'waiting') = (finished_at IS NULL)",
            name=op.f("ck_deliveries_ended_has_finish"),
        ),
    )
    op.create_index(
        "ix_deliveries_received",
        "deliveries",
        ["organization_id", "connection_id", "received_at"],
    )
    app = '"' + str(context.config.attributes.get("app_role") or "efm_app").replace('"', '""') + '"'
    op.execute("ALTER TABLE deliveries ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE deliveries FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_organization ON deliveries TO {app}"
        " USING (organization_id = (SELECT efm_current_organization()))"
        " WITH CHECK (organization_id = (SELECT efm_current_organization()))"
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON deliveries TO {app}")


def downgrade() -> None:
    op.drop_table("deliveries")
