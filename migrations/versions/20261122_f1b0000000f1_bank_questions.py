"""Questions kept in the organization's bank, to be asked in several surveys.

Revision: f1b0000000f1, after e7b0000000b7
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "f1b0000000f1"
down_revision = "e7b0000000b7"
branch_labels = None
depends_on = None


def _app() -> str:
    role = str(context.config.attributes.get("app_role") or "efm_app")
    return '"' + role.replace('"', '""') + '"'


def _moment(name: str, *, is_told: bool = True) -> sa.Column[sa.DateTime]:
    default = sa.func.now() if is_told else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=not is_told)


def upgrade() -> None:
    op.create_table(
        "bank_questions",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("topic", sa.String(100), server_default="", nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("definition", postgresql.JSONB(), nullable=False),
        sa.Column("created_by_id", sa.Uuid()),
        _moment("updated_at"),
        _moment("retired_at", is_told=False),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_bank_questions"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_bank_questions_organization_id",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint(
            "organization_id", "name", name=op.f("uq_bank_questions_organization_id_name")
        ),
    )
    app = _app()
    op.execute("ALTER TABLE bank_questions ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE bank_questions FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_organization ON bank_questions TO {app}"
        " USING (organization_id = (SELECT efm_current_organization()))"
        " WITH CHECK (organization_id = (SELECT efm_current_organization()))"
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON bank_questions TO {app}")


def downgrade() -> None:
    op.drop_table("bank_questions")
