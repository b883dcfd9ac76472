"""Files that were handed over as answers, and pictures shown in surveys.

Revision: d6a0000000a6, after c5f0000000f5

A file of an answer is received before its response is stored, so no foreign key can bind them; files
without a response are forgotten after two days.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "d6a0000000a6"
down_revision = "c5f0000000f5"
branch_labels = None
depends_on = None

OPEN_PICTURE = """
CREATE FUNCTION efm_open_picture(_id uuid)
RETURNS TABLE (media_type text, content bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
AS $$
    SELECT f.media_type, f.content FROM files f WHERE f.id = _id AND f.purpose = 'picture'
$$
"""
FORGET = """
CREATE FUNCTION efm_forget_files(_before timestamptz)
RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public
AS $$
    WITH gone AS (
        DELETE FROM files f
        WHERE f.purpose = 'answer' AND f.created_at < _before AND NOT EXISTS (
            SELECT 1 FROM responses r
            WHERE r.organization_id = f.organization_id AND r.id = f.response_id)
        RETURNING 1)
    SELECT count(*) FROM gone
$$
"""


def upgrade() -> None:
    op.create_table(
        "files",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(10), nullable=False),
        sa.Column("response_id", sa.Uuid()),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_files")),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_files_organization_id"),
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("purpose IN ('answer', 'picture')", name=op.f("ck_files_purpose")),
        sa.CheckConstraint(
            "(purpose = 'answer') = (response_id IS NOT NULL)", name=op.f("ck_files_of_response")
        ),
        sa.CheckConstraint("size = length(content)", name=op.f("ck_files_size")),
    )
    op.create_index("ix_files_response", "files", ["organization_id", "response_id"])
    op.create_index("ix_files_id", "files", ["id"])
    role = str(context.config.attributes.get("app_role") or "efm_app")
    app = '"' + role.replace('"', '""') + '"'
    op.execute("ALTER TABLE files ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE files FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_organization ON files TO {app}"
        " USING (organization_id = (SELECT efm_current_organization()))"
        " WITH CHECK (organization_id = (SELECT efm_current_organization()))"
    )
    op.execute("CREATE POLICY look_up ON files FOR SELECT TO CURRENT_USER USING (true)")
    op.execute("CREATE POLICY house_keeping ON files FOR DELETE TO CURRENT_USER USING (true)")
    op.execute(f"GRANT SELECT, INSERT, DELETE ON files TO {app}")
    for function, named in (
        (OPEN_PICTURE, "efm_open_picture(uuid)"),
        (FORGET, "efm_forget_files(timestamptz)"),
    ):
        op.execute(function)
        op.execute(f"REVOKE ALL ON FUNCTION {named} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {named} TO {app}")


def downgrade() -> None:
    op.execute("DROP FUNCTION efm_forget_files(timestamptz)")
    op.execute("DROP FUNCTION efm_open_picture(uuid)")
    op.drop_table("files")
