"""Pairs that may be one customer wait for a person; rules and passes over all customers have a place.

Revision: b3c0000000b3, after b2c0000000b2
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "b3c0000000b3"
down_revision = "b2c0000000b2"
branch_labels = None
depends_on = None

COLUMNS = (
    ("contact", "contact_id"), ("contact", "other_contact_id"),
    ("account", "account_id"), ("account", "other_account_id"),
)  # fmt: skip


def points_to(table: str, other: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organization_id", column],
        [f"{other}.organization_id", f"{other}.id"],
        name=f"fk_{table}_organization_id_{column}",
        ondelete="CASCADE",
    )


def moment(name: str, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def document(name: str) -> sa.Column[Any]:
    default = sa.text("'{}'::jsonb")
    return sa.Column(name, postgresql.JSONB(), server_default=default, nullable=False)


def create(table: str, *parts: Any, has_id: bool = True) -> None:
    """A table of one organization behind the three walls."""
    stamp = sa.Column(
        "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
    )
    op.create_table(
        table,
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        *([sa.Column("id", sa.Uuid(), nullable=False), stamp] if has_id else []),
        *parts,
        sa.PrimaryKeyConstraint(
            "organization_id", *(["id"] if has_id else []), name=f"pk_{table}"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"],
            name=f"fk_{table}_organization_id", ondelete="CASCADE",
        ),
    )  # fmt: skip
    app = '"' + str(context.config.attributes.get("app_role") or "efm_app").replace('"', '""') + '"'
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_organization ON {table} TO {app}"
        " USING (organization_id = (SELECT efm_current_organization()))"
        " WITH CHECK (organization_id = (SELECT efm_current_organization()))"
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {app}")


def check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def matches() -> None:
    create(
        "matches",
        sa.Column("entity", sa.String(10), nullable=False),
        *(sa.Column(column, sa.Uuid()) for _, column in COLUMNS),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("likelihood", sa.Float(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.String(10), server_default="open", nullable=False),
        moment("found_at", nullable=False),
        moment("decided_at"),
        sa.Column("decided_by_id", sa.Uuid()),
        *(points_to("matches", f"{entity}s", column) for entity, column in COLUMNS),
        *(
            sa.UniqueConstraint(
                "organization_id", f"{entity}_id", f"other_{entity}_id",
                name=f"uq_matches_organization_id_{entity}_id_other_{entity}_id",
            )
            for entity in ("contact", "account")
        ),
        check("matches", "entity", "entity IN ('contact', 'account')"),
        check(
            "matches", "one_pair",
            " AND ".join(f"(entity = '{each}') = ({column} IS NOT NULL)" for each, column in COLUMNS),
        ),
        check(
            "matches", "in_order", "contact_id < other_contact_id OR account_id < other_account_id"
        ),
        check("matches", "kind", "kind IN ('likely', 'conflict')"),
        check("matches", "state", "state IN ('open', 'later', 'same', 'different')"),
        check("matches", "decided_has_time", "(state = 'open') = (decided_at IS NULL)"),
    )  # fmt: skip
    op.create_index("ix_matches_state", "matches", ["organization_id", "state", "likelihood"])
    for entity in ("contact", "account"):
        op.create_index(
            f"ix_matches_other_{entity}", "matches", ["organization_id", f"other_{entity}_id"]
        )


def resolutions() -> None:
    create(
        "resolutions",
        sa.Column("state", sa.String(10), server_default="running", nullable=False),
        sa.Column("phase", sa.String(40), server_default="", nullable=False),
        sa.Column("done", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("total", sa.Integer(), server_default=sa.text("0"), nullable=False),
        document("found"),
        moment("started_at", nullable=False),
        moment("heartbeat_at", nullable=False),
        moment("finished_at"),
        check("resolutions", "state", "state IN ('running', 'succeeded', 'failed')"),
        check("resolutions", "ended_has_finish", "(state = 'running') = (finished_at IS NULL)"),
    )
    op.create_index("ix_resolutions_started", "resolutions", ["organization_id", "started_at"])
    op.create_index(
        "uq_resolutions_one_at_a_time", "resolutions", ["organization_id"],
        unique=True, postgresql_where=sa.text("state = 'running'"),
    )  # fmt: skip


def upgrade() -> None:
    updated = sa.Column(
        "updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
    )
    create("identity_rules", document("document"), updated, has_id=False)
    matches()
    resolutions()


def downgrade() -> None:
    for table in ("resolutions", "matches", "identity_rules"):
        op.drop_table(table)
