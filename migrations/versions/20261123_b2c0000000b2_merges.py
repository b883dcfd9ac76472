"""Customers that turn out to be one are merged, in a way that can be undone exactly.

An old personal link of a merged contact leads on to the one that is left, so its answer counts.

Revision: b2c0000000b2, after b1c0000000b1
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "b2c0000000b2"
down_revision = "b1c0000000b1"
branch_labels = None
depends_on = None

PAIR = ("winner", "loser")
IS_ACTIVE = sa.text("undone_at IS NULL")
OPEN_LINK = """
CREATE OR REPLACE FUNCTION efm_open_link(_hash bytea)
RETURNS TABLE (
    kind text, organization_id uuid, organization_name text, survey_id uuid, survey_state text,
    current_version_id uuid, distribution_id uuid, channel text, touchpoint text,
    closes_at timestamptz, closed_at timestamptz, invitation_id uuid, contact_id uuid,
    expires_at timestamptz, answered_at timestamptz, response_id uuid, response_state text,
    version_id uuid, page_index integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
AS $$
    WITH link AS (
        SELECT 'distribution' AS kind, d.organization_id, d.id AS distribution_id,
            NULL::uuid AS invitation_id, NULL::uuid AS response_id
        FROM distributions d WHERE d.token_hash = _hash
        UNION ALL
        SELECT 'invitation', i.organization_id, i.distribution_id, i.id, (
            SELECT r.id FROM responses r WHERE r.organization_id = i.organization_id
            AND r.submit_key = 'invitation:' || i.id)
        FROM invitations i WHERE i.token_hash = _hash
        UNION ALL
        SELECT 'response', r.organization_id, r.distribution_id, r.invitation_id, r.id
        FROM responses r WHERE r.resume_hash = _hash)
    SELECT l.kind, l.organization_id, o.name, s.id, s.state, s.current_version_id, d.id, d.channel,
        d.touchpoint, d.closes_at, d.closed_at, l.invitation_id, {contact}, i.expires_at,
        i.answered_at, r.id, r.state, r.version_id, r.page_index
    FROM link l
    JOIN organizations o ON o.id = l.organization_id
    JOIN distributions d ON d.organization_id = l.organization_id AND d.id = l.distribution_id
    JOIN surveys s ON s.organization_id = l.organization_id AND s.id = d.survey_id
    LEFT JOIN invitations i ON i.organization_id = l.organization_id AND i.id = l.invitation_id
    LEFT JOIN responses r ON r.organization_id = l.organization_id AND r.id = l.response_id{more}
$$
"""
LEADS_ON = """
    LEFT JOIN contacts c ON c.organization_id = l.organization_id AND c.id = i.contact_id"""


def points_to(table: str, other: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organization_id", column],
        [f"{other}.organization_id", f"{other}.id"],
        name=f"fk_{table}_organization_id_{column}",
        ondelete="CASCADE",
    )


def moment(name: str, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def add_way_on(table: str) -> None:
    """The column that leads from a merged customer to the one that is left."""
    op.add_column(table, sa.Column("merged_into_id", sa.Uuid()))
    op.create_foreign_key(
        f"fk_{table}_organization_id_merged_into_id", table, table,
        ["organization_id", "merged_into_id"], ["organization_id", "id"], ondelete="CASCADE",
    )  # fmt: skip
    op.create_check_constraint(
        op.f(f"ck_{table}_not_merged_into_itself"), table, "merged_into_id <> id"
    )
    op.create_index(
        f"ix_{table}_merged", table, ["organization_id", "merged_into_id"],
        postgresql_where=sa.text("merged_into_id IS NOT NULL"),
    )  # fmt: skip


def upgrade() -> None:
    for table in ("contacts", "accounts"):
        add_way_on(table)
    both = [(side, entity) for entity in ("contact", "account") for side in PAIR]
    op.create_table(
        "merges",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entity", sa.String(10), nullable=False),
        *(sa.Column(f"{side}_{entity}_id", sa.Uuid()) for side, entity in both),
        sa.Column("rule", sa.String(20), nullable=False),
        *(sa.Column(n, postgresql.JSONB(), nullable=False) for n in ("reasons", "moved", "kept")),
        moment("merged_at", nullable=False),
        sa.Column("merged_by_id", sa.Uuid()),
        moment("undone_at"),
        sa.Column("undone_by_id", sa.Uuid()),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_merges"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"],
            name="fk_merges_organization_id", ondelete="CASCADE",
        ),
        *(points_to("merges", f"{entity}s", f"{side}_{entity}_id") for side, entity in both),
        sa.CheckConstraint("entity IN ('contact', 'account')", name=op.f("ck_merges_entity")),
        sa.CheckConstraint(
            " AND ".join(
                f"(entity = '{entity}') = ({side}_{entity}_id IS NOT NULL)" for side, entity in both
            ),
            name=op.f("ck_merges_one_pair"),
        ),
        sa.CheckConstraint(
            "winner_contact_id <> loser_contact_id OR winner_account_id <> loser_account_id",
            name=op.f("ck_merges_two_customers"),
        ),
    )  # fmt: skip
    op.create_index("ix_merges_merged", "merges", ["organization_id", "merged_at"])
    for entity in ("contact", "account"):
        op.create_index(
            f"uq_merges_loser_{entity}", "merges", ["organization_id", f"loser_{entity}_id"],
            unique=True, postgresql_where=IS_ACTIVE,
        )  # fmt: skip
        op.create_index(
            f"ix_merges_winner_{entity}", "merges", ["organization_id", f"winner_{entity}_id"]
        )
    app = '"' + str(context.config.attributes.get("app_role") or "efm_app").replace('"', '""') + '"'
    op.execute("ALTER TABLE merges ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE merges FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_organization ON merges TO {app}"
        " USING (organization_id = (SELECT efm_current_organization()))"
        " WITH CHECK (organization_id = (SELECT efm_current_organization()))"
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON merges TO {app}")
    # The function looks with the owner's eyes, and of all contacts those see only merged ones.
    op.execute(
        "CREATE POLICY look_up ON contacts FOR SELECT TO CURRENT_USER"
        " USING (merged_into_id IS NOT NULL)"
    )
    op.execute(OPEN_LINK.format(contact="coalesce(c.merged_into_id, i.contact_id)", more=LEADS_ON))


def downgrade() -> None:
    op.execute(OPEN_LINK.format(contact="i.contact_id", more=""))
    op.execute("DROP POLICY look_up ON contacts")
    op.drop_table("merges")
    for table in ("accounts", "contacts"):
        op.drop_column(table, "merged_into_id")
