"""Sums keep their channel, so that one channel of years is read as quickly as all of them.

Revision: b3d0000000d3, after b2d0000000d2

Sums that were made do not know their channel, so everything is rolled up anew; until then
dashboards count from the rows.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "b3d0000000d3"
down_revision = "b2d0000000d2"
branch_labels = None
depends_on = None

OLD_KEY = ["organization_id", "survey_id", "grain", "on_day", "metric", "question_key",
           "touchpoint", "bucket"]  # fmt: skip
NEW_KEY = [*OLD_KEY[:6], "channel", *OLD_KEY[6:]]


def upgrade() -> None:
    _begin_anew()
    op.add_column("score_sums", sa.Column("channel", sa.String(60), nullable=False))
    _checks("grain IN ('day', 'channel', 'month')", "grain <> 'month'")
    op.drop_constraint("pk_score_sums", "score_sums")
    op.create_primary_key("pk_score_sums", "score_sums", NEW_KEY)


def downgrade() -> None:
    _begin_anew()
    op.drop_constraint("pk_score_sums", "score_sums")
    op.create_primary_key("pk_score_sums", "score_sums", OLD_KEY)
    _checks("grain IN ('day', 'month')", "grain = 'day'")
    op.drop_column("score_sums", "channel")


def _checks(grains: str, free: str) -> None:
    begins = f"{free} OR on_day = date_trunc('month', on_day::timestamp)::date"
    for name, condition in (("grain", grains), ("month_begins", begins)):
        op.drop_constraint(op.f(f"ck_score_sums_{name}"), "score_sums")
        op.create_check_constraint(op.f(f"ck_score_sums_{name}"), "score_sums", condition)


def _begin_anew() -> None:
    op.execute("TRUNCATE score_days, score_sums, dirty_days")
    # The owner is bound by the policies too, and none lets it change surveys.
    op.execute("ALTER TABLE surveys NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE surveys SET rolled_through_on = NULL, rolled_time_zone = NULL")
    op.execute("ALTER TABLE surveys FORCE ROW LEVEL SECURITY")
