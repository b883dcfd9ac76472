"""Answers to parts of questions, how a response ended, how many each quota has.

Revision: b4e0000000e4, after b3d0000000d3

Counts are of quotas by their key and of randomized blocks by ``randomizer.block``. Keys of parts are
longer (``matrix.row``). A response that was screened out has arrived but counts in
no figure. Going back removes what the older tables cannot hold: answers to parts whose key is too
long, responses that were screened out, endings and the counts of quotas.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "b4e0000000e4"
down_revision = "b3d0000000d3"
branch_labels = None
depends_on = None

KEYED = ("answers", "scores", "score_days", "score_sums")


def upgrade() -> None:
    for table in KEYED:
        op.alter_column(table, "question_key", type_=sa.String(200), existing_nullable=False)
    op.add_column("responses", sa.Column("ending", sa.String(60)))
    op.add_column("responses", sa.Column("quota", sa.String(60)))
    _states("state IN ('partial', 'complete', 'screened')", "(state <> 'partial')")
    op.create_table(
        "quota_counts",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column("quota_key", sa.String(100), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "organization_id", "survey_id", "quota_key", name=op.f("pk_quota_counts")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "survey_id"],
            ["surveys.organization_id", "surveys.id"],
            name=op.f("fk_quota_counts_organization_id_survey_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_quota_counts_organization_id"),
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("n >= 0", name=op.f("ck_quota_counts_n")),
    )
    app = _app()
    op.execute("ALTER TABLE quota_counts ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE quota_counts FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_organization ON quota_counts TO {app}"
        " USING (organization_id = (SELECT efm_current_organization()))"
        " WITH CHECK (organization_id = (SELECT efm_current_organization()))"
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON quota_counts TO {app}")


def downgrade() -> None:
    op.drop_table("quota_counts")
    _unbound("responses", "DELETE FROM responses WHERE state = 'screened'")
    _states("state IN ('partial', 'complete')", "(state = 'complete')")
    op.drop_column("responses", "quota")
    op.drop_column("responses", "ending")
    for table in KEYED:
        _unbound(table, f"DELETE FROM {table} WHERE length(question_key) > 40")
        op.alter_column(table, "question_key", type_=sa.String(40), existing_nullable=False)


def _states(known: str, has_time: str) -> None:
    op.drop_constraint(op.f("ck_responses_state"), "responses")
    op.drop_constraint(op.f("ck_responses_complete_has_time"), "responses")
    op.create_check_constraint(op.f("ck_responses_state"), "responses", known)
    op.create_check_constraint(
        op.f("ck_responses_complete_has_time"),
        "responses",
        f"{has_time} = (submitted_at IS NOT NULL)",
    )


def _unbound(table: str, statement: str) -> None:
    """The owner is bound by the policies too, and none lets it change rows of organizations."""
    op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(statement)
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def _app() -> str:
    name = str(context.config.attributes.get("app_role") or "efm_app")
    return '"' + name.replace('"', '""') + '"'
