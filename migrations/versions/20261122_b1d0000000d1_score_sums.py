"""Closed days added up further, so that a dashboard over years reads few rows.

Revision: b1d0000000d1, after d6f0000000f6

What is rolled up has no sums yet, so all of it is thrown away; the next roll-up counts anew, and
until then dashboards count from the rows.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "b1d0000000d1"
down_revision = "d6f0000000f6"
branch_labels = None
depends_on = None


def _app() -> str:
    role = str(context.config.attributes.get("app_role") or "efm_app")
    return '"' + role.replace('"', '""') + '"'


def upgrade() -> None:
    op.create_table(
        "score_sums",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column("grain", sa.String(10), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("metric", sa.String(20), nullable=False),
        sa.Column("question_key", sa.String(40), nullable=False),
        sa.Column("touchpoint", sa.String(200), nullable=False),
        sa.Column("bucket", sa.String(40), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("total", sa.Float(), nullable=False),
        sa.Column("total_of_squares", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint(
            "organization_id",
            "survey_id",
            "grain",
            "on_day",
            "metric",
            "question_key",
            "touchpoint",
            "bucket",
            name=op.f("pk_score_sums"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_score_sums_organization_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "survey_id"],
            ["surveys.organization_id", "surveys.id"],
            name=op.f("fk_score_sums_organization_id_survey_id"),
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("grain IN ('day', 'month')", name=op.f("ck_score_sums_grain")),
        sa.CheckConstraint(
            "grain = 'day' OR on_day = date_trunc('month', on_day::timestamp)::date",
            name=op.f("ck_score_sums_month_begins"),
        ),
        sa.CheckConstraint("n > 0", name=op.f("ck_score_sums_n")),
    )
    app = _app()
    op.execute("ALTER TABLE score_sums ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE score_sums FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_organization ON score_sums TO {app}"
        " USING (organization_id = (SELECT efm_current_organization()))"
        " WITH CHECK (organization_id = (SELECT efm_current_organization()))"
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON score_sums TO {app}")
    _begin_anew()


def downgrade() -> None:
    op.drop_table("score_sums")
    _begin_anew()


def _begin_anew() -> None:
    """Roll up everything again: the two versions of the code keep different sums."""
    op.execute("TRUNCATE score_days, dirty_days")
    # The owner is bound by the policies too, and none lets it change surveys.
    op.execute("ALTER TABLE surveys NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE surveys SET rolled_through_on = NULL, rolled_time_zone = NULL")
    op.execute("ALTER TABLE surveys FORCE ROW LEVEL SECURITY")
