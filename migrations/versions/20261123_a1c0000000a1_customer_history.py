"""The customer's history: opportunities, orders, invoices, payments, subscriptions, products, stock.

Revision: a1c0000000a1, after f8c0000000c8
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "a1c0000000a1"
down_revision = "f8c0000000c8"
branch_labels = None
depends_on = None

MONEY = "(amount_minor IS NULL) = (currency IS NULL)"


def text(name: str, length: int, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def day(name: str, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.Date(), nullable=nullable)


def moment(name: str, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def money(nullable: bool = True) -> list[sa.Column[Any]]:
    return [
        sa.Column("amount_minor", sa.BigInteger(), nullable=nullable),
        sa.Column("currency", sa.String(3), nullable=nullable),
    ]


def points_to(table: str, other: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organization_id", column],
        [f"{other}.organization_id", f"{other}.id"],
        name=f"fk_{table}_organization_id_{column}",
        ondelete="CASCADE",
    )


def create(
    table: str, *columns: sa.Column[Any], customer: str = "", checks: dict[str, str] | None = None
) -> None:
    """A table of records of one connection; with `customer`, of customers in the order of that."""
    checks = dict(checks or {})
    owners: list[Any] = []
    if customer:
        owners = [sa.Column("contact_id", sa.Uuid()), sa.Column("account_id", sa.Uuid())]
        checks["has_customer"] = "num_nonnulls(contact_id, account_id) >= 1"
    op.create_table(
        table,
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(255), nullable=False),
        *owners,
        *columns,
        sa.Column(
            "attributes", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=f"pk_{table}"),
        sa.UniqueConstraint(
            "organization_id",
            "connection_id",
            "external_id",
            name=f"uq_{table}_organization_id_connection_id_external_id",
        ),
        points_to(table, "connections", "connection_id"),
        *([points_to(table, "contacts", "contact_id")] if customer else []),
        *([points_to(table, "accounts", "account_id")] if customer else []),
        *(
            sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))
            for name, rule in checks.items()
        ),
    )
    for owner in ("contact", "account") if customer else ():
        op.create_index(f"ix_{table}_{owner}", table, ["organization_id", f"{owner}_id", customer])
    app = '"' + str(context.config.attributes.get("app_role") or "efm_app").replace('"', '""') + '"'
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_organization ON {table} TO {app}"
        " USING (organization_id = (SELECT efm_current_organization()))"
        " WITH CHECK (organization_id = (SELECT efm_current_organization()))"
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {app}")


def upgrade() -> None:
    create(
        "opportunities",
        text("name", 500), text("stage", 100), text("state", 10, nullable=False),
        moment("opened_at"), day("closes_on"), *money(),
        customer="closes_on",
        checks={"amount_has_currency": MONEY, "state": "state IN ('open', 'won', 'lost')"},
    )  # fmt: skip
    create(
        "orders",
        text("number", 100), text("state", 60), text("channel", 60),
        moment("ordered_at", nullable=False), *money(),
        customer="ordered_at", checks={"amount_has_currency": MONEY},
    )  # fmt: skip
    create(
        "order_lines",
        text("order_external_id", 255, nullable=False), text("product_external_id", 255),
        text("name", 500), sa.Column("quantity", sa.Numeric(24, 6)), *money(),
        checks={"amount_has_currency": MONEY},
    )  # fmt: skip
    op.create_index(
        "ix_order_lines_order",
        "order_lines",
        ["organization_id", "connection_id", "order_external_id"],
    )
    create(
        "invoices",
        text("number", 100), text("state", 10, nullable=False), day("issued_on", nullable=False),
        day("due_on"), day("paid_on"), *money(nullable=False),
        customer="issued_on", checks={"state": "state IN ('draft', 'open', 'paid', 'void')"},
    )  # fmt: skip
    create(
        "payments",
        text("invoice_external_id", 255), text("method", 60), moment("paid_at", nullable=False),
        *money(nullable=False),
        customer="paid_at",
    )  # fmt: skip
    create(
        "subscriptions",
        text("name", 500), text("state", 10, nullable=False), day("started_on", nullable=False),
        day("renews_on"), day("ended_on"), text("interval", 10), *money(),
        customer="started_on",
        checks={
            "amount_has_currency": MONEY,
            "state": "state IN ('trial', 'active', 'paused', 'ended')",
            "interval": "\"interval\" IN ('day', 'week', 'month', 'quarter', 'year')",
        },
    )  # fmt: skip
    create("products", text("name", 500), text("number", 100), text("category", 200))
    create(
        "stock_events",
        text("product_external_id", 255, nullable=False), text("kind", 60, nullable=False),
        sa.Column("quantity", sa.Numeric(24, 6), nullable=False),
        moment("occurred_at", nullable=False),
    )  # fmt: skip
    op.create_index(
        "ix_stock_events_product",
        "stock_events",
        ["organization_id", "connection_id", "product_external_id", "occurred_at"],
    )


def downgrade() -> None:
    for table in (
        "stock_events", "products", "subscriptions", "payments", "invoices", "order_lines",
        "orders", "opportunities",
    ):  # fmt: skip
        op.drop_table(table)
