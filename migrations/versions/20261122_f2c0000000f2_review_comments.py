"""Comments of reviewers on the draft of a survey, in threads.

Revision: f2c0000000f2, after f1b0000000f1
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "f2c0000000f2"
down_revision = "f1b0000000f1"
branch_labels = None
depends_on = None

# A comment is written once; a thread is settled and opened again.
GRANTS = {"review_threads": "SELECT, INSERT, UPDATE, DELETE", "review_comments": "SELECT, INSERT"}


def _app() -> str:
    role = str(context.config.attributes.get("app_role") or "efm_app")
    return '"' + role.replace('"', '""') + '"'


def _tenant(table: str, parent: str, column: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(column, sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=f"fk_{table}_organization_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", column],
            [f"{parent}.organization_id", f"{parent}.id"],
            name=f"fk_{table}_organization_id_{column}",
            ondelete="CASCADE",
        ),
    )


def upgrade() -> None:
    op.create_table(
        "review_threads",
        *_tenant("review_threads", "surveys", "survey_id"),
        sa.Column("at", sa.String(100), nullable=False),
        sa.Column("label", sa.String(200), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True)),
        sa.Column("resolved_by_name", sa.String(200)),
        sa.CheckConstraint(
            "(resolved_at IS NULL) = (resolved_by_name IS NULL)",
            name=op.f("ck_review_threads_resolved_has_name"),
        ),
    )
    op.create_index(
        "ix_review_threads_survey", "review_threads", ["organization_id", "survey_id", "opened_at"]
    )
    op.create_table(
        "review_comments",
        *_tenant("review_comments", "review_threads", "thread_id"),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Uuid()),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index(
        "ix_review_comments_thread",
        "review_comments",
        ["organization_id", "thread_id", "written_at"],
    )
    app = _app()
    for table, rights in GRANTS.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY own_organization ON {table} TO {app}"
            " USING (organization_id = (SELECT efm_current_organization()))"
            " WITH CHECK (organization_id = (SELECT efm_current_organization()))"
        )
        op.execute(f"GRANT {rights} ON {table} TO {app}")


def downgrade() -> None:
    op.drop_table("review_comments")
    op.drop_table("review_threads")
