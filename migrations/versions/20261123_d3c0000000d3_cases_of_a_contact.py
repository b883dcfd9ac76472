"""The cases of a contact by index: a customer's page reads them, and a contact that goes clears them.

Revision: d3c0000000d3, after d2a0000000d2
"""

from __future__ import annotations

from alembic import op

revision = "d3c0000000d3"
down_revision = "d2a0000000d2"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_cases_contact", "cases", ["organization_id", "contact_id", "opened_at"])


def downgrade() -> None:
    op.drop_index("ix_cases_contact", "cases")
