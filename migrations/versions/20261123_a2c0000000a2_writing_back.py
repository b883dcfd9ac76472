"""Writing back: rules that tell connected systems what customers said, and each thing written.

Revision: a2c0000000a2, after a1c0000000a1
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "a2c0000000a2"
down_revision = "a1c0000000a1"
branch_labels = None
depends_on = None


def document(name: str) -> sa.Column[Any]:
    default = sa.text("'{}'::jsonb")
    return sa.Column(name, postgresql.JSONB(), server_default=default, nullable=False)


def moment(name: str, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def part_of(table: str, other: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organization_id", column],
        [f"{other}.organization_id", f"{other}.id"],
        name=f"fk_{table}_organization_id_{column}",
        ondelete="CASCADE",
    )


def create(table: str, *columns: Any) -> None:
    op.create_table(
        table,
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        *columns,
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=f"fk_{table}_organization_id",
            ondelete="CASCADE",
        ),
        part_of(table, "connections", "connection_id"),
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


def check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def upgrade() -> None:
    table = "write_backs"
    create(
        table,
        sa.Column("target", sa.String(100), nullable=False),
        sa.Column("source", sa.String(10), nullable=False),
        sa.Column("appears_in", sa.String(255), server_default="", nullable=False),
        sa.Column("state", sa.String(10), server_default="draft", nullable=False),
        document("fields"),
        document("filters"),
        sa.Column("on_conflict", sa.String(10), server_default="ours", nullable=False),
        moment("starts_at", nullable=False),
        sa.Column("held_changes", sa.Integer()),
        sa.Column("message", sa.Text()),
        moment("ran_at"),
        sa.UniqueConstraint(
            "organization_id",
            "connection_id",
            "target",
            "source",
            name="uq_write_backs_organization_id_connection_id_target_source",
        ),
        check(table, "state", "state IN ('draft', 'on', 'paused', 'held')"),
        check(table, "source", "source IN ('customer', 'response', 'case')"),
        check(table, "on_conflict", "on_conflict IN ('ours', 'theirs')"),
        check(table, "held_has_count", "(state = 'held') = (held_changes IS NOT NULL)"),
    )
    table = "write_items"
    create(
        table,
        sa.Column("write_back_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(100), nullable=False),
        sa.Column("remote_id", sa.String(255), server_default="", nullable=False),
        sa.Column("made_id", sa.String(255)),
        sa.Column("state", sa.String(10), server_default="waiting", nullable=False),
        sa.Column("wanted", postgresql.JSONB(), nullable=False),
        sa.Column("accepted", postgresql.JSONB()),
        moment("accepted_at"),
        moment("changed_at", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("message", sa.Text()),
        sa.UniqueConstraint(
            "organization_id",
            "write_back_id",
            "key",
            name="uq_write_items_organization_id_write_back_id_key",
        ),
        part_of(table, "write_backs", "write_back_id"),
        check(table, "state", "state IN ('due', 'waiting', 'written', 'refused', 'conflict')"),
        check(table, "written_has_values", "state <> 'written' OR accepted IS NOT NULL"),
        check(table, "accepted_has_time", "(accepted IS NULL) = (accepted_at IS NULL)"),
    )
    op.create_index(
        "ix_write_items_state",
        table,
        ["organization_id", "write_back_id", "state", "changed_at"],
    )
    op.create_index(
        "ix_write_items_made",
        table,
        ["organization_id", "connection_id", "made_id"],
        postgresql_where=sa.text("made_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("write_items")
    op.drop_table("write_backs")
