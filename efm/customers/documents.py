"""Customers' records as plain values, as programs read them; a page in a statement or two."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.money import EXPONENTS
from efm.models import Account, Connection, Contact, Identity, Interaction, Measurement

Document = dict[str, Any]


def _external_ids(
    session: Session, column: Any, ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, list[Document]]:
    """Who customers are elsewhere, in one statement for all."""
    found: dict[uuid.UUID, list[Document]] = {each: [] for each in ids}
    if not ids:
        return found
    rows = session.execute(
        select(column, Connection.name, Identity.external_id)
        .join(Connection, Connection.id == Identity.connection_id)
        .where(column.in_(ids))
        .order_by(Connection.name, Identity.external_id)
    )
    for customer_id, source, external_id in rows:
        found[customer_id].append({"source": source, "external_id": external_id})
    return found


def _contacts(session: Session, found: Sequence[Contact]) -> list[Document]:
    known = _external_ids(session, Identity.contact_id, [each.id for each in found])
    return [
        {
            "id": each.id,
            "external_ids": known[each.id],
            "account_id": each.account_id,
            "name": each.name,
            "email": each.email,
            "phone": each.phone,
            "language": each.language,
            "attributes": each.attributes,
            "created_at": each.created_at,
            "updated_at": each.updated_at,
        }
        for each in found
    ]


def _accounts(session: Session, found: Sequence[Account]) -> list[Document]:
    known = _external_ids(session, Identity.account_id, [each.id for each in found])
    return [
        {
            "id": each.id,
            "external_ids": known[each.id],
            "name": each.name,
            "domain": each.domain,
            "attributes": each.attributes,
            "created_at": each.created_at,
            "updated_at": each.updated_at,
        }
        for each in found
    ]


def _sources(session: Session, ids: set[uuid.UUID | None]) -> dict[uuid.UUID | None, str]:
    wanted = [each for each in ids if each is not None]
    if not wanted:
        return {}
    rows = session.execute(
        select(Connection.id, Connection.name).where(Connection.id.in_(wanted))
    ).all()
    return {row.id: row.name for row in rows}


def _belongs(each: Interaction | Measurement, names: Mapping[Any, str]) -> Document:
    return {
        "id": each.id,
        "source": names.get(each.connection_id),
        "external_id": each.external_id,
        "contact_id": each.contact_id,
        "account_id": each.account_id,
    }


def _money(each: Interaction | Measurement) -> Document:
    """An amount in the smallest unit, and as text with the currency's own digits."""
    if each.amount_minor is None or each.currency is None:
        return {"amount": None, "amount_minor": None, "currency": None}
    digits = EXPONENTS.get(each.currency, 2)
    whole = f"{abs(each.amount_minor):0{digits + 1}d}"
    amount = f"{whole[:-digits]}.{whole[-digits:]}" if digits else whole
    sign = "-" if each.amount_minor < 0 else ""
    return {
        "amount": sign + amount,
        "amount_minor": each.amount_minor,
        "currency": each.currency,
    }


def _interactions(session: Session, found: Sequence[Interaction]) -> list[Document]:
    names = _sources(session, {each.connection_id for each in found})
    return [
        _belongs(each, names)
        | {
            "kind": each.kind,
            "channel": each.channel,
            "touchpoint": each.touchpoint,
            "subject": each.subject,
            "outcome": each.outcome,
            "occurred_at": each.occurred_at,
            "duration_seconds": each.duration_seconds,
            **_money(each),
            "attributes": each.attributes,
            "created_at": each.created_at,
        }
        for each in found
    ]


def _measurements(session: Session, found: Sequence[Measurement]) -> list[Document]:
    names = _sources(session, {each.connection_id for each in found})
    return [
        _belongs(each, names)
        | {
            "metric": each.metric,
            "value": None if each.value is None else format(each.value.normalize(), "f"),
            **_money(each),
            "measured_on": each.measured_on,
            "attributes": each.attributes,
            "created_at": each.created_at,
        }
        for each in found
    ]


DOCUMENTS: Mapping[str, Callable[[Session, Sequence[Any]], list[Document]]] = {
    "contact": _contacts,
    "account": _accounts,
    "interaction": _interactions,
    "measurement": _measurements,
}
