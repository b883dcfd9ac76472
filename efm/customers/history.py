"""One customer's story: interactions, responses and money on one time line, newest first."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, text
from sqlalchemy.orm import Session

from efm.models import Account, Connection, Contact, Identity

PAGE = 50
KINDS = ("interaction", "response", "measurement", "case")

_TIMELINE = """
    SELECT * FROM (
        SELECT 'interaction' AS source, i.id, i.occurred_at AS at, i.kind AS what, i.subject AS words,
               i.channel, i.touchpoint, i.outcome, i.amount_minor, i.currency, NULL::numeric AS value,
               NULL::text AS band, i.contact_id
        FROM interactions i WHERE {who_i}
        UNION ALL
        SELECT 'response', r.id, r.submitted_at, v.name, coalesce((
                   SELECT a.text FROM answers a WHERE a.organization_id = r.organization_id
                   AND a.response_id = r.id AND a.text IS NOT NULL
                   ORDER BY length(a.text) DESC LIMIT 1), ''),
               r.channel, r.touchpoint, NULL, NULL, NULL, s.value::numeric, s.band, r.contact_id
        FROM responses r
        JOIN surveys v ON v.organization_id = r.organization_id AND v.id = r.survey_id
        LEFT JOIN LATERAL (
            SELECT x.value, x.band FROM scores x WHERE x.organization_id = r.organization_id
            AND x.response_id = r.id AND x.metric IN ('nps', 'csat', 'ces') AND x.state = 'scored'
            ORDER BY x.metric = 'nps' DESC, x.metric LIMIT 1) s ON true
        WHERE r.state = 'complete' AND {who_r}
        UNION ALL
        SELECT 'measurement', m.id, (m.measured_on::timestamp AT TIME ZONE :zone), m.metric, '',
               NULL, NULL, NULL, m.amount_minor, m.currency, m.value, NULL, m.contact_id
        FROM measurements m WHERE m.measured_on IS NOT NULL AND {who_m}
        UNION ALL
        SELECT 'case', c.id, c.opened_at, 'Case ' || c.number, c.reason, NULL, NULL, c.state,
               NULL, NULL, NULL, NULL, c.contact_id
        FROM cases c WHERE {who_c}
    ) t
    WHERE (CAST(:source AS text) IS NULL OR source = :source)
      AND (CAST(:at AS timestamptz) IS NULL OR (at, id) < (:at, CAST(:after AS uuid)))
    ORDER BY at DESC, id DESC LIMIT :size
"""
_CONTACT = text(
    _TIMELINE.format(
        who_i="i.contact_id = :id", who_r="r.contact_id = :id",
        who_m="m.contact_id = :id", who_c="c.contact_id = :id",
    )
)  # fmt: skip
_MEMBERS = "contact_id IN (SELECT id FROM contacts WHERE account_id = :id)"
_ACCOUNT = text(
    _TIMELINE.format(
        who_i="i.account_id = :id", who_r="r." + _MEMBERS, who_m="m.account_id = :id",
        who_c="c." + _MEMBERS,
    )
)  # fmt: skip

_UNDATED = text(
    "SELECT metric, value, amount_minor, currency FROM measurements WHERE measured_on IS NULL"
    " AND (contact_id = :id OR account_id = :id) ORDER BY metric"
)
_MONEY = text(
    "SELECT metric, currency, sum(amount) AS total, count(*) AS n, max(day) AS last_on FROM ("
    " SELECT metric, currency, amount_minor AS amount, measured_on AS day FROM measurements"
    " WHERE amount_minor IS NOT NULL AND (contact_id = :id OR account_id = :id) UNION ALL"
    " SELECT kind, currency, amount_minor, (occurred_at AT TIME ZONE :zone)::date FROM interactions"
    " WHERE amount_minor IS NOT NULL AND (contact_id = :id OR account_id = :id)"
    ") m GROUP BY 1, 2 ORDER BY 1, 2"
)


@dataclass(frozen=True)
class Timeline:
    """One page of a story, and where the next begins."""

    rows: Sequence[Row[Any]]
    next_cursor: str | None


def timeline(
    session: Session,
    customer_id: uuid.UUID,
    *,
    is_account: bool,
    time_zone: str,
    source: str | None = None,
    cursor: tuple[datetime, uuid.UUID] | None = None,
) -> Timeline:
    """What happened with a contact, or with an account and its people."""
    rows = session.execute(
        _ACCOUNT if is_account else _CONTACT,
        {
            "id": customer_id,
            "zone": time_zone,
            "source": source if source in KINDS else None,
            "at": cursor[0] if cursor else None,
            "after": cursor[1] if cursor else None,
            "size": PAGE + 1,
        },
    ).all()
    shown = rows[:PAGE]
    last = shown[-1] if len(rows) > PAGE else None
    return Timeline(shown, f"{last.at.isoformat()}~{last.id}" if last else None)


def money(session: Session, customer_id: uuid.UUID, time_zone: str) -> Sequence[Row[Any]]:
    """What a customer brought or cost, by kind and currency."""
    return session.execute(_MONEY, {"id": customer_id, "zone": time_zone}).all()


def undated(session: Session, customer_id: uuid.UUID) -> Sequence[Row[Any]]:
    """Measurements without a date: true of the customer, but nobody said when."""
    return session.execute(_UNDATED, {"id": customer_id}).all()


def identities(
    session: Session, customer_id: uuid.UUID, *, is_account: bool
) -> Sequence[Row[Identity, str]]:
    """Who the customer is in each connected system, and how that was found out."""
    column = Identity.account_id if is_account else Identity.contact_id
    return session.execute(
        select(Identity, Connection.name)
        .join(Connection, Connection.id == Identity.connection_id)
        .where(column == customer_id)
        .order_by(Connection.name, Identity.external_id)
        .limit(100)
    ).all()


def people(session: Session, account_id: uuid.UUID) -> Sequence[Contact]:
    """The people of an account."""
    return session.scalars(
        select(Contact)
        .where(Contact.account_id == account_id)
        .order_by(Contact.name, Contact.id)
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
    query = select(Account)
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


def read_cursor(token: str) -> tuple[datetime, uuid.UUID] | None:
    """A time line's cursor from an address; None for one that was not made here."""
    at, _, identity = token.partition("~")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    return (moment, uuid.UUID(identity)) if moment.tzinfo and _is_uuid(identity) else None
