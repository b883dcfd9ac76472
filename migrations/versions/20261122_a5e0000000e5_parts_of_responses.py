"""Responses, answers and scores name their organization through their parent, which already does.

Revision: a5e0000000e5, after f4d0000000d4

Ten of the 23 foreign key checks that each response took asked the same thing again: the composite
key of the parent holds the organization, and the parent points to it.
"""

from __future__ import annotations

from alembic import op

revision = "a5e0000000e5"
down_revision = "f4d0000000d4"
branch_labels = None
depends_on = None

TABLES = ("responses", "answers", "scores")


def upgrade() -> None:
    for table in TABLES:
        op.drop_constraint(f"fk_{table}_organization_id", table, type_="foreignkey")


def downgrade() -> None:
    for table in TABLES:
        op.create_foreign_key(
            f"fk_{table}_organization_id",
            table,
            "organizations",
            ["organization_id"],
            ["id"],
            ondelete="CASCADE",
        )
