"""Files of past responses: the survey they go into.

Revision: e7b0000000b7, after d6a0000000a6
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "e7b0000000b7"
down_revision = "d6a0000000a6"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("data_imports", sa.Column("survey_id", sa.Uuid()))
    op.create_foreign_key(
        op.f("fk_data_imports_organization_id_survey_id"),
        "data_imports",
        "surveys",
        ["organization_id", "survey_id"],
        ["organization_id", "id"],
        ondelete="CASCADE",
    )
    op.create_check_constraint(
        op.f("ck_data_imports_responses_stay_here"),
        "data_imports",
        "survey_id IS NULL OR target = 'here'",
    )
    op.create_index(
        "ix_data_imports_survey",
        "data_imports",
        ["organization_id", "survey_id", "created_at"],
        postgresql_where=sa.text("survey_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_data_imports_survey", "data_imports")
    op.drop_constraint(op.f("ck_data_imports_responses_stay_here"), "data_imports")
    op.drop_constraint(op.f("fk_data_imports_organization_id_survey_id"), "data_imports")
    op.drop_column("data_imports", "survey_id")
