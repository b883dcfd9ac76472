"""What happened with customers, what they owe and are worth: canonical records into their tables.

Each kind is declared once: its record, its table and its columns; the statement is drawn from that.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from connectors import canonical
from efm.clock import new_id
from efm.customers.rows import Counts, as_json

Owner = Callable[[Any], Mapping[str, Any]]
_MONEY = {"amount_minor": "bigint", "currency": "text"}
# Whose a record is, and by which ids the source said so: those lead the way when people are separated.
_OWNER = {
    "contact_id": "uuid",
    "account_id": "uuid",
    "contact_external_id": "text",
    "account_external_id": "text",
}


@dataclass(frozen=True)
class Fact:
    """A kind of record: `columns` are names and PostgreSQL types besides the keys and attributes.

    `mend` gives what the source left out, such as an invoice with a day of payment being paid.
    """

    record: type[Any]
    table: str
    columns: Mapping[str, str]
    is_of_customer: bool = True
    mend: Callable[[dict[str, Any]], None] | None = None

    @cached_property
    def _types(self) -> dict[str, str]:
        owner = _OWNER if self.is_of_customer else {}
        return {**owner, **self.columns, "attributes": "jsonb"}

    @cached_property
    def statement(self) -> TextClause:
        """Inserts rows, or changes those that differ; tells of each written row whether it is new."""
        names = [f'"{name}"' for name in self._types]
        listed = ", ".join(names)
        types = ", ".join(f'"{name}" {kind}' for name, kind in self._types.items())
        return text(
            f"INSERT INTO {self.table} AS t"
            f" (organization_id, id, connection_id, external_id, {listed})"
            f" SELECT efm_current_organization(), id, :connection, external_id, {listed}"
            f" FROM jsonb_to_recordset(CAST(:rows AS jsonb))"
            f" AS r(id uuid, external_id text, {types})"
            " ON CONFLICT (organization_id, connection_id, external_id) DO UPDATE SET "
            + ", ".join(f"{name} = excluded.{name}" for name in names)
            + f" WHERE ({', '.join('t.' + name for name in names)})"
            + f" IS DISTINCT FROM ({', '.join('excluded.' + name for name in names)})"
            + " RETURNING (xmax = 0) AS is_new"
        )

    def row(self, record: Any, owner: Mapping[str, Any]) -> dict[str, Any]:
        """The row of a record, with its customer."""
        made = {name: getattr(record, name) for name in self.columns}
        if self.mend is not None:
            self.mend(made)
        return {
            "id": new_id(), "external_id": record.external_id, **owner, **made,
            "attributes": dict(record.attributes),
        }  # fmt: skip


def _worded(row: dict[str, Any]) -> None:
    row["subject"] = row["subject"] or ""


def _settled(row: dict[str, Any]) -> None:
    if row["paid_on"] is not None and row["state"] == "open":
        row["state"] = "paid"


_FACTS = {
    "interaction": Fact(
        canonical.Interaction,
        "interactions",
        {
            "kind": "text", "channel": "text", "touchpoint": "text", "subject": "text",
            "outcome": "text", "occurred_at": "timestamptz", "duration_seconds": "integer",
            **_MONEY,
        },
        mend=_worded,
    ),
    "measurement": Fact(
        canonical.Measurement,
        "measurements",
        {"metric": "text", "value": "numeric", **_MONEY, "measured_on": "date"},
    ),
    "opportunity": Fact(
        canonical.Opportunity,
        "opportunities",
        {
            "name": "text", "stage": "text", "state": "text", "opened_at": "timestamptz",
            "closes_on": "date", **_MONEY,
        },
    ),
    "order": Fact(
        canonical.Order,
        "orders",
        {
            "number": "text", "state": "text", "channel": "text", "ordered_at": "timestamptz",
            **_MONEY,
        },
    ),
    "order_line": Fact(
        canonical.OrderLine,
        "order_lines",
        {
            "order_external_id": "text", "product_external_id": "text", "name": "text",
            "quantity": "numeric", **_MONEY,
        },
        is_of_customer=False,
    ),
    "invoice": Fact(
        canonical.Invoice,
        "invoices",
        {
            "number": "text", "state": "text", "issued_on": "date", "due_on": "date",
            "paid_on": "date", **_MONEY,
        },
        mend=_settled,
    ),
    "payment": Fact(
        canonical.Payment,
        "payments",
        {"invoice_external_id": "text", "method": "text", "paid_at": "timestamptz", **_MONEY},
    ),
    "subscription": Fact(
        canonical.Subscription,
        "subscriptions",
        {
            "name": "text", "state": "text", "started_on": "date", "renews_on": "date",
            "ended_on": "date", "interval": "text", **_MONEY,
        },
    ),
    "product": Fact(
        canonical.Product,
        "products",
        {"name": "text", "number": "text", "category": "text"},
        is_of_customer=False,
    ),
    "stock_event": Fact(
        canonical.StockEvent,
        "stock_events",
        {
            "product_external_id": "text", "kind": "text", "quantity": "numeric",
            "occurred_at": "timestamptz",
        },
        is_of_customer=False,
    ),
}  # fmt: skip
FACTS: Mapping[str, Fact] = MappingProxyType(_FACTS)
"""By the name of their entity, in the order they are stored."""


def store(
    session: Session, connection_id: uuid.UUID, fact: Fact, records: Iterable[Any], owner: Owner
) -> Counts:
    """Store records of one kind, told from others by their external ids."""
    rows = [fact.row(each, owner(each)) for each in records]
    flags = (
        session.execute(fact.statement, {"rows": as_json(rows), "connection": connection_id})
        .scalars()
        .all()
    )
    created = sum(1 for is_new in flags if is_new)
    return Counts(created, len(flags) - created, len(rows) - len(flags))


def forget(
    session: Session, connection_id: uuid.UUID, fact: Fact, external_ids: Sequence[str]
) -> None:
    """Delete the records of these ids."""
    session.execute(
        text(
            f"DELETE FROM {fact.table} WHERE connection_id = :connection"
            " AND external_id = ANY(:ids)"
        ),
        {"connection": connection_id, "ids": list(external_ids)},
    )
