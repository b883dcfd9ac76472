"""What each source said of a customer is kept with its identity, and whom it named with each record.

Until now sources wrote over one another, so what there is counts as said by every one of them.

Revision: b1c0000000b1, after a2c0000000a2
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "b1c0000000b1"
down_revision = "a2c0000000a2"
branch_labels = None
depends_on = None

OF_CUSTOMERS = (
    "interactions", "measurements", "opportunities", "orders", "invoices", "payments",
    "subscriptions",
)  # fmt: skip
NAMED = ("contact_external_id", "account_external_id")
KEYS = {"email": 320, "phone": 32}
CONTACTS = """
UPDATE identities i SET email = c.email, phone = c.phone, said_at = c.updated_at,
    said = jsonb_strip_nulls(jsonb_build_object('name', nullif(c.name, ''), 'email', c.email,
        'phone', c.phone, 'language', c.language, 'account', (
            SELECT a.external_id FROM identities a WHERE a.organization_id = i.organization_id
            AND a.account_id = c.account_id AND a.connection_id = i.connection_id
            ORDER BY a.id LIMIT 1)))
    || CASE c.attributes WHEN '{}' THEN '{}' ELSE jsonb_build_object('attributes', c.attributes) END
FROM contacts c WHERE c.organization_id = i.organization_id AND c.id = i.contact_id
"""
ACCOUNTS = """
UPDATE identities i SET said_at = c.updated_at, said = jsonb_strip_nulls(jsonb_build_object(
        'name', c.name, 'domain', c.domain, 'parent', c.attributes->>'parent_external_id'))
    || CASE c.attributes WHEN '{}' THEN '{}' ELSE jsonb_build_object('attributes', c.attributes) END
FROM accounts c WHERE c.organization_id = i.organization_id AND c.id = i.account_id
"""


def upgrade() -> None:
    nothing = sa.text("'{}'::jsonb")
    for column in (
        sa.Column("said", postgresql.JSONB(), server_default=nothing, nullable=False),
        *(sa.Column(name, sa.String(length)) for name, length in KEYS.items()),
        sa.Column("modified_at", sa.DateTime(timezone=True)),
        sa.Column("said_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    ):  # fmt: skip
        op.add_column("identities", column)
    for table in OF_CUSTOMERS:
        for name in NAMED:
            op.add_column(table, sa.Column(name, sa.String(255)))
    for table in ("identities", "contacts", "accounts"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(CONTACTS)
    op.execute(ACCOUNTS)
    for table in ("identities", "contacts", "accounts"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    for name in KEYS:
        op.create_index(
            f"ix_identities_{name}",
            "identities",
            ["organization_id", name],
            postgresql_where=sa.text(f"{name} IS NOT NULL"),
        )


def downgrade() -> None:
    for name in KEYS:
        op.drop_index(f"ix_identities_{name}", "identities")
    for table in OF_CUSTOMERS:
        for name in NAMED:
            op.drop_column(table, name)
    for name in ("said_at", "modified_at", *KEYS, "said"):
        op.drop_column("identities", name)
