"""Answers to parts of questions have longer keys (``matrix.row``), and a response keeps its ending.

Revision: b4e0000000e4, after b3d0000000d3

Going back removes what the older tables cannot hold: answers to parts whose key is too long, and
which ending was shown.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "b4e0000000e4"
down_revision = "b3d0000000d3"
branch_labels = None
depends_on = None

KEYED = ("answers", "scores", "score_days", "score_sums")


def upgrade() -> None:
    for table in KEYED:
        op.alter_column(table, "question_key", type_=sa.String(200), existing_nullable=False)
    op.add_column("responses", sa.Column("ending", sa.String(60)))


def downgrade() -> None:
    op.drop_column("responses", "ending")
    for table in KEYED:
        op.execute(f"DELETE FROM {table} WHERE length(question_key) > 40")
        op.alter_column(table, "question_key", type_=sa.String(40), existing_nullable=False)
