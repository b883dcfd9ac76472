"""Measurements derived from facts: settings, progress, and marks of the customers whose facts changed.

Statements that write facts mark whose they are, whichever way they come: intake, the API, merging,
undoing it, deleting. A mark is a row of its own, so writers never wait for one another.

Revision: d2a0000000d2, after d1a0000000d1
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "d2a0000000d2"
down_revision = "d1a0000000d1"
branch_labels = None
depends_on = None

FACTS = ("interactions", "orders", "invoices", "payments", "subscriptions")
EVENTS = {
    "insert": "NEW TABLE AS new_rows",
    "update": "OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "delete": "OLD TABLE AS old_rows",
}
TABLES = ("measure_settings", "measure_states", "measure_marks")
# An organization that goes takes its rows with it, and nothing may point to it any more.
MARK = """
    INSERT INTO measure_marks (organization_id, id, contacts, accounts)
    SELECT f.organization_id, gen_random_uuid(),
        coalesce(array_agg(DISTINCT f.contact_id) FILTER (WHERE f.contact_id IS NOT NULL), '{{}}'),
        coalesce(array_agg(DISTINCT f.account_id) FILTER (WHERE f.account_id IS NOT NULL), '{{}}')
    FROM ({rows}) f
    WHERE EXISTS (SELECT FROM organizations o WHERE o.id = f.organization_id)
    GROUP BY f.organization_id;
"""
OWNERS = "SELECT organization_id, contact_id, account_id FROM {}"
ORDERED = """
    SELECT o.organization_id, o.contact_id, o.account_id FROM {} l JOIN orders o
    ON o.organization_id = l.organization_id AND o.connection_id = l.connection_id
    AND o.external_id = l.order_external_id
"""


def marking(name: str, rows: str) -> str:
    """A trigger's function that marks whose the rows are that a statement wrote."""
    old, new = rows.format("old_rows"), rows.format("new_rows")
    return f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN {MARK.format(rows=new)}
            ELSIF TG_OP = 'DELETE' THEN {MARK.format(rows=old)}
            ELSE {MARK.format(rows=f"{old} UNION ALL {new}")}
            END IF;
            RETURN NULL;
        END $$
    """


# A contact that moves takes what it alone is named for to another account; an account that moves takes
# all it has to others above it.
MOVED = """
    CREATE FUNCTION efm_mark_moved_customer() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'contacts' THEN
            INSERT INTO measure_marks (organization_id, id, accounts)
            SELECT o.id, gen_random_uuid(), ARRAY[OLD.account_id]
            FROM organizations o WHERE o.id = OLD.organization_id;
        ELSIF TG_TABLE_NAME = 'contacts' THEN
            INSERT INTO measure_marks (organization_id, id, contacts, accounts)
            VALUES (NEW.organization_id, gen_random_uuid(),
                array_remove(ARRAY[NEW.id, OLD.merged_into_id, NEW.merged_into_id], NULL),
                array_remove(ARRAY[OLD.account_id, NEW.account_id], NULL));
        ELSIF TG_OP = 'DELETE' THEN
            INSERT INTO measure_marks (organization_id, id, accounts)
            SELECT o.id, gen_random_uuid(), ARRAY[OLD.parent_account_id]
            FROM organizations o WHERE o.id = OLD.organization_id;
        ELSE
            INSERT INTO measure_marks (organization_id, id, accounts)
            VALUES (NEW.organization_id, gen_random_uuid(), array_remove(ARRAY[NEW.id,
                OLD.merged_into_id, NEW.merged_into_id, OLD.parent_account_id,
                NEW.parent_account_id], NULL));
        END IF;
        RETURN NULL;
    END $$
"""


def moment(name: str, nullable: bool = True, **more: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, **more)


def whose(name: str) -> sa.Column[Any]:
    return sa.Column(
        name, postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'::uuid[]"), nullable=False
    )


def create(table: str, key: tuple[str, ...], *parts: Any) -> None:
    """A table of one organization behind the three walls."""
    op.create_table(
        table,
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        *parts,
        sa.PrimaryKeyConstraint("organization_id", *key, name=f"pk_{table}"),
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


def create_tables() -> None:
    create(
        "measure_settings",
        ("name",),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column(
            "parameters", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        moment("updated_at", nullable=False),
    )
    create(
        "measure_states",
        ("name", "entity"),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("entity", sa.String(10), nullable=False),
        sa.Column("signature", sa.String(64), nullable=False),
        sa.Column("resume_after", sa.Uuid()),
        sa.Column("derived_on", sa.Date()),
        moment("derived_at"),
        *(sa.Column(n, sa.BigInteger()) for n in ("customers", "known", "valued")),
        moment("counted_at"),
        sa.CheckConstraint(
            "entity IN ('contact', 'account')", name=op.f("ck_measure_states_entity")
        ),
        sa.CheckConstraint(
            "(counted_at IS NULL) = (num_nulls(customers, known, valued) = 3)",
            name=op.f("ck_measure_states_counted_has_time"),
        ),
    )
    create(
        "measure_marks",
        ("id",),
        sa.Column("id", sa.Uuid(), nullable=False),
        whose("contacts"),
        whose("accounts"),
        moment("marked_at", nullable=False, server_default=sa.func.now()),
    )
    op.create_index("ix_measure_marks_marked", "measure_marks", ["organization_id", "marked_at"])


def lighten(*, is_partial: bool) -> None:
    """A derived value is one customer's, so one of the two indexes need not know it."""
    for owner in ("contact", "account"):
        op.drop_index(f"ix_measurements_{owner}", "measurements")
        op.create_index(
            f"ix_measurements_{owner}",
            "measurements",
            ["organization_id", f"{owner}_id", "metric", "measured_on"],
            postgresql_where=sa.text(f"{owner}_id IS NOT NULL") if is_partial else None,
        )


def upgrade() -> None:
    create_tables()
    # The composite key to the customer leads to the organization; a second check told nothing new.
    op.drop_constraint("fk_measurements_organization_id", "measurements")
    lighten(is_partial=True)
    # What the owner's own functions change is marked too; it may add marks and see none.
    op.execute(
        "CREATE POLICY add_marks ON measure_marks FOR INSERT TO CURRENT_USER WITH CHECK (true)"
    )
    op.execute(marking("efm_mark_facts", OWNERS))
    op.execute(marking("efm_mark_order_lines", ORDERED))
    op.execute(MOVED)
    for table in (*FACTS, "order_lines"):
        function = "efm_mark_order_lines" if table == "order_lines" else "efm_mark_facts"
        for event, rows in EVENTS.items():
            op.execute(
                f"CREATE TRIGGER mark_measures_{event} AFTER {event.upper()} ON {table}"
                f" REFERENCING {rows} FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
            )
    for table, column in (("contacts", "account_id"), ("accounts", "parent_account_id")):
        op.execute(
            f"CREATE TRIGGER mark_measures_update AFTER UPDATE OF {column}, merged_into_id"
            f" ON {table} FOR EACH ROW WHEN ((OLD.{column}, OLD.merged_into_id)"
            f" IS DISTINCT FROM (NEW.{column}, NEW.merged_into_id))"
            " EXECUTE FUNCTION efm_mark_moved_customer()"
        )
        op.execute(
            f"CREATE TRIGGER mark_measures_delete AFTER DELETE ON {table} FOR EACH ROW"
            f" WHEN (OLD.{column} IS NOT NULL) EXECUTE FUNCTION efm_mark_moved_customer()"
        )


def downgrade() -> None:
    lighten(is_partial=False)
    op.create_foreign_key(
        "fk_measurements_organization_id",
        "measurements", "organizations", ["organization_id"], ["id"], ondelete="CASCADE",
    )  # fmt: skip
    for table in (*FACTS, "order_lines"):
        for event in EVENTS:
            op.execute(f"DROP TRIGGER mark_measures_{event} ON {table}")
    for table in ("accounts", "contacts"):
        for event in ("update", "delete"):
            op.execute(f"DROP TRIGGER mark_measures_{event} ON {table}")
    for function in ("efm_mark_moved_customer", "efm_mark_order_lines", "efm_mark_facts"):
        op.execute(f"DROP FUNCTION {function}()")
    for table in reversed(TABLES):
        op.drop_table(table)
