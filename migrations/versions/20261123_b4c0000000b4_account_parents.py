"""An account knows its parent: a column and no longer only a word of its source.

Revision: b4c0000000b4, after b3c0000000b3
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "b4c0000000b4"
down_revision = "b3c0000000b3"
branch_labels = None
depends_on = None

# Only pairs of which neither is the other's parent as well; longer circles are cut where they are read.
PARENTS = """
WITH known AS (
    SELECT i.organization_id, i.account_id AS id, min(p.account_id::text)::uuid AS parent_id
    FROM identities i JOIN identities p ON p.organization_id = i.organization_id
        AND p.connection_id = i.connection_id AND p.entity = 'account'
        AND p.external_id = i.said->>'parent'
    WHERE i.entity = 'account' AND p.account_id <> i.account_id GROUP BY 1, 2)
UPDATE accounts a SET parent_account_id = k.parent_id FROM known k
WHERE a.organization_id = k.organization_id AND a.id = k.id AND NOT EXISTS (
    SELECT 1 FROM known r WHERE r.organization_id = k.organization_id AND r.id = k.parent_id
    AND r.parent_id = k.id)
"""


def upgrade() -> None:
    op.add_column("accounts", sa.Column("parent_account_id", sa.Uuid()))
    op.create_foreign_key(
        "fk_accounts_organization_id_parent_account_id", "accounts", "accounts",
        ["organization_id", "parent_account_id"], ["organization_id", "id"],
        ondelete="SET NULL (parent_account_id)",
    )  # fmt: skip
    op.create_check_constraint(
        op.f("ck_accounts_not_its_own_parent"), "accounts", "parent_account_id <> id"
    )
    op.create_index(
        "ix_accounts_parent", "accounts", ["organization_id", "parent_account_id"],
        postgresql_where=sa.text("parent_account_id IS NOT NULL"),
    )  # fmt: skip
    for table in ("identities", "accounts"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(PARENTS)
    for table in ("identities", "accounts"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.drop_column("accounts", "parent_account_id")
