"""Customers by name, and what is known of one: money, subscriptions, the accounts around it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, func, select, text
from sqlalchemy.orm import Session

from efm.models import Account, Contact

PAGE = 50
_UNDATED = text(
    "SELECT metric, value, amount_minor, currency, NULL::date AS as_of FROM measurements"
    " WHERE measured_on IS NULL AND (contact_id = :id OR account_id = :id) UNION ALL"
    " (SELECT DISTINCT ON (metric) metric, value, amount_minor, currency, measured_on"
    " FROM measurements WHERE attributes ? 'derived' AND amount_minor IS NULL"
    " AND (contact_id = :id OR account_id = :id) ORDER BY metric, measured_on DESC)"
    " ORDER BY metric"
)
# Each kind has a sum of its own: an order is invoiced and paid, and that is one money three times.
_MONEY = text(
    "SELECT metric, currency, sum(amount) AS total, count(*) AS n, max(day) AS last_on FROM ("
    " SELECT metric, currency, amount_minor AS amount, measured_on AS day FROM measurements"
    " WHERE amount_minor IS NOT NULL AND (contact_id = :id OR account_id = :id) UNION ALL"
    " SELECT kind, currency, amount_minor, (occurred_at AT TIME ZONE :zone)::date FROM interactions"
    " WHERE amount_minor IS NOT NULL AND (contact_id = :id OR account_id = :id) UNION ALL"
    " SELECT 'ordered', currency, amount_minor, (ordered_at AT TIME ZONE :zone)::date FROM orders"
    " WHERE amount_minor IS NOT NULL AND (contact_id = :id OR account_id = :id) UNION ALL"
    " SELECT 'invoiced', currency, amount_minor, issued_on FROM invoices"
    " WHERE state IN ('open', 'paid') AND (contact_id = :id OR account_id = :id) UNION ALL"
    " SELECT 'overdue', currency, amount_minor, due_on FROM invoices WHERE state = 'open'"
    " AND due_on < :today AND (contact_id = :id OR account_id = :id) UNION ALL"
    " SELECT 'paid', currency, amount_minor, (paid_at AT TIME ZONE :zone)::date FROM payments"
    " WHERE contact_id = :id OR account_id = :id UNION ALL"
    " SELECT 'deals won', currency, amount_minor, closes_on FROM opportunities WHERE state = 'won'"
    " AND amount_minor IS NOT NULL AND (contact_id = :id OR account_id = :id) UNION ALL"
    " SELECT 'open deals', currency, amount_minor, closes_on FROM opportunities"
    " WHERE state = 'open' AND amount_minor IS NOT NULL AND (contact_id = :id OR account_id = :id)"
    ") m GROUP BY 1, 2 ORDER BY 1, 2"
)
_SUBSCRIPTIONS = text(
    'SELECT name, external_id, state, started_on, renews_on, ended_on, "interval" AS every,'
    " amount_minor, currency FROM subscriptions WHERE contact_id = :id OR account_id = :id"
    " ORDER BY state = 'ended', started_on DESC, id LIMIT 20"
)


def money(
    session: Session, customer_id: uuid.UUID, time_zone: str, today: date
) -> Sequence[Row[Any]]:
    """What a customer brought or cost, by kind and currency."""
    values = {"id": customer_id, "zone": time_zone, "today": today}
    return session.execute(_MONEY, values).all()


def subscriptions(session: Session, customer_id: uuid.UUID) -> Sequence[Row[Any]]:
    """What a customer has subscribed to, those in force first."""
    return session.execute(_SUBSCRIPTIONS, {"id": customer_id}).all()


def undated(session: Session, customer_id: uuid.UUID) -> Sequence[Row[Any]]:
    """Measurements without a date, and the latest of those derived that are no money (`as_of`)."""
    return session.execute(_UNDATED, {"id": customer_id}).all()


_ABOVE = text(
    "WITH RECURSIVE up AS (SELECT id, name, parent_account_id, 1 AS step FROM accounts WHERE id = :id"
    " UNION ALL SELECT a.id, a.name, a.parent_account_id, up.step + 1 FROM up JOIN accounts a"
    " ON a.id = up.parent_account_id WHERE up.step < 10)"
    " SELECT id, name FROM up WHERE step > 1 ORDER BY step DESC"
)


def above(session: Session, account: Account) -> Sequence[Row[Any]]:
    """The accounts an account is part of, the topmost first."""
    return session.execute(_ABOVE, {"id": account.id}).all() if account.parent_account_id else []


def below(session: Session, account_id: uuid.UUID) -> Sequence[Account]:
    """The accounts right under an account."""
    return session.scalars(
        select(Account)
        .where(Account.parent_account_id == account_id, Account.merged_into_id.is_(None))
        .order_by(Account.name, Account.id)
        .limit(200)
    ).all()


@dataclass(frozen=True)
class Customers:
    """One page of the list."""

    rows: Sequence[Mapping[str, Any]]
    next_cursor: str | None
    total: int


def contacts(session: Session, search: str, after: str) -> Customers:
    """Contacts by name, a page after a cursor (`name~id`)."""
    query = select(Contact, Account.name.label("account")).outerjoin(
        Account, Account.id == Contact.account_id
    )
    query = query.where(Contact.merged_into_id.is_(None))
    if search:
        like = [
            Contact.name.icontains(search, autoescape=True),
            Contact.email.icontains(search, autoescape=True),
            Contact.phone.icontains(search, autoescape=True),
        ]
        query = query.where(like[0] | like[1] | like[2])
    total = session.scalar(
        select(func.count()).select_from(
            query.with_only_columns(Contact.id).limit(10_001).subquery()
        )
    )
    name, _, identity = after.rpartition("~")
    if identity and _is_uuid(identity):
        query = query.where(
            (Contact.name > name) | ((Contact.name == name) & (Contact.id > uuid.UUID(identity)))
        )
    found = session.execute(query.order_by(Contact.name, Contact.id).limit(PAGE + 1)).all()
    rows: list[dict[str, Any]] = [{"contact": row[0], "account": row[1]} for row in found[:PAGE]]
    last = rows[-1]["contact"] if len(found) > PAGE else None
    return Customers(rows, f"{last.name}~{last.id}" if last else None, total or 0)


def accounts(session: Session, search: str, after: str) -> Customers:
    """Accounts by name, a page after a cursor (`name~id`)."""
    query = select(Account).where(Account.merged_into_id.is_(None))
    if search:
        query = query.where(
            Account.name.icontains(search, autoescape=True)
            | Account.domain.icontains(search, autoescape=True)
        )
    total = session.scalar(
        select(func.count()).select_from(
            query.with_only_columns(Account.id).limit(10_001).subquery()
        )
    )
    name, _, identity = after.rpartition("~")
    if identity and _is_uuid(identity):
        query = query.where(
            (Account.name > name) | ((Account.name == name) & (Account.id > uuid.UUID(identity)))
        )
    found = session.scalars(query.order_by(Account.name, Account.id).limit(PAGE + 1)).all()
    rows: list[dict[str, Any]] = [{"account": each} for each in found[:PAGE]]
    last = rows[-1]["account"] if len(found) > PAGE else None
    return Customers(rows, f"{last.name}~{last.id}" if last else None, total or 0)


def _is_uuid(value: str) -> bool:
    try:
        uuid.UUID(value)
    except ValueError:
        return False
    return True
