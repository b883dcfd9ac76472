"""Every saved change of a draft is kept as a revision, and surveys lie in folders.

Revision: c5f0000000f5, after b4e0000000e4
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "c5f0000000f5"
down_revision = "b4e0000000e4"
branch_labels = None
depends_on = None


def _app() -> str:
    role = str(context.config.attributes.get("app_role") or "efm_app")
    return '"' + role.replace('"', '""') + '"'


def upgrade() -> None:
    op.create_table(
        "draft_revisions",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("restores", sa.Integer(), nullable=False),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        sa.Column("what", sa.String(300), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_by_id", sa.Uuid()),
        sa.PrimaryKeyConstraint(
            "organization_id", "survey_id", "revision", name="pk_draft_revisions"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "survey_id"],
            ["surveys.organization_id", "surveys.id"],
            name="fk_draft_revisions_organization_id_survey_id",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint(
            "restores >= 1 AND restores <= revision", name=op.f("ck_draft_revisions_restores")
        ),
    )
    app = _app()
    op.execute("ALTER TABLE draft_revisions ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE draft_revisions FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_organization ON draft_revisions TO {app}"
        " USING (organization_id = (SELECT efm_current_organization()))"
        " WITH CHECK (organization_id = (SELECT efm_current_organization()))"
    )
    # A revision is written once; old ones go, none is changed.
    op.execute(f"GRANT SELECT, INSERT, DELETE ON draft_revisions TO {app}")
    op.add_column("surveys", sa.Column("folder", sa.String(100), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("surveys", "folder")
    op.drop_table("draft_revisions")
