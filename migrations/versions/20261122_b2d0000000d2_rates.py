"""Response rates are found by index: responses left unfinished, invitations by when they were made.

Revision: b2d0000000d2, after b1d0000000d1
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "b2d0000000d2"
down_revision = "b1d0000000d1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_responses_partial",
        "responses",
        ["organization_id", "survey_id", "started_at"],
        postgresql_where=sa.text("state = 'partial'"),
    )
    op.create_index(
        "ix_invitations_created",
        "invitations",
        ["organization_id", "distribution_id", "created_at"],
    )


def downgrade() -> None:
    op.drop_index("ix_invitations_created", "invitations")
    op.drop_index("ix_responses_partial", "responses")
