"""Canonical records into the customer tables, a page at a time, each statement once a page.

A record's customer that is not known yet is made from its external id alone, so the order in which
streams arrive does not matter and nothing is lost; its own record fills it in later.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from connectors.canonical import Account, Contact, Record
from efm.clock import new_id
from efm.customers import facts, identity
from efm.customers.rows import Counts, as_json

_INSERT_ACCOUNTS = text(
    "INSERT INTO accounts (organization_id, id, name, domain, attributes)"
    " SELECT efm_current_organization(), id, coalesce(name, external_id), domain, attributes"
    " FROM jsonb_to_recordset(CAST(:rows AS jsonb))"
    " AS r(id uuid, external_id text, name text, domain text, attributes jsonb)"
)
_UPDATE_ACCOUNTS = text(
    "UPDATE accounts a SET name = coalesce(r.name, a.name), domain = coalesce(r.domain, a.domain),"
    " attributes = a.attributes || r.attributes, updated_at = :now"
    " FROM jsonb_to_recordset(CAST(:rows AS jsonb))"
    " AS r(id uuid, name text, domain text, attributes jsonb)"
    " WHERE a.id = r.id AND (coalesce(r.name, a.name), coalesce(r.domain, a.domain),"
    " a.attributes || r.attributes) IS DISTINCT FROM (a.name, a.domain, a.attributes)"
)
_INSERT_CONTACTS = text(
    "INSERT INTO contacts (organization_id, id, account_id, name, email, phone, language, attributes)"
    " SELECT efm_current_organization(), id, account_id, coalesce(name, ''), email, phone, language,"
    " attributes FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, account_id uuid,"
    " name text, email text, phone text, language text, attributes jsonb)"
)
_UPDATE_CONTACTS = text(
    "UPDATE contacts c SET account_id = coalesce(r.account_id, c.account_id),"
    " name = coalesce(r.name, c.name), email = coalesce(r.email, c.email),"
    " phone = coalesce(r.phone, c.phone), language = coalesce(r.language, c.language),"
    " attributes = c.attributes || r.attributes, updated_at = :now"
    " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, account_id uuid, name text,"
    " email text, phone text, language text, attributes jsonb)"
    " WHERE c.id = r.id AND (coalesce(r.account_id, c.account_id), coalesce(r.name, c.name),"
    " coalesce(r.email, c.email), coalesce(r.phone, c.phone), coalesce(r.language, c.language),"
    " c.attributes || r.attributes)"
    " IS DISTINCT FROM (c.account_id, c.name, c.email, c.phone, c.language, c.attributes)"
)
_INSERT_IDENTITIES = text(
    "INSERT INTO identities (organization_id, id, connection_id, entity, external_id, contact_id,"
    " account_id, matched_by)"
    " SELECT efm_current_organization(), id, :connection, entity, external_id, contact_id, account_id,"
    " matched_by FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, entity text,"
    " external_id text, contact_id uuid, account_id uuid, matched_by text)"
    " ON CONFLICT (organization_id, connection_id, entity, external_id) DO NOTHING"
)


def upsert(
    session: Session, connection_id: uuid.UUID, records: Sequence[Record], now: datetime
) -> Counts:
    """Store one page of records of any entities; the last of several with one external id wins.

    Runs in the caller's transaction. Accounts come first, so that contacts find them.
    """
    counts = Counts()
    by_kind: dict[type[Any], dict[str, Any]] = {}
    for each in records:
        by_kind.setdefault(type(each), {})[each.external_id] = each
    if chosen := by_kind.get(Account):
        counts.add(_accounts(session, connection_id, list(chosen.values()), now))
    if chosen := by_kind.get(Contact):
        counts.add(_contacts(session, connection_id, list(chosen.values()), now))
    for fact in facts.FACTS.values():
        if chosen := by_kind.get(fact.record):
            found = list(chosen.values())
            owner = _customers(session, connection_id, found) if fact.is_of_customer else _nobody
            counts.add(facts.store(session, connection_id, fact, found, owner))
    return counts


def _nobody(_record: Any) -> Mapping[str, Any]:
    return {}


def _identity_row(
    entity: str, external_id: str, customer_id: uuid.UUID, matched_by: str
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "entity": entity,
        "external_id": external_id,
        "contact_id": customer_id if entity == "contact" else None,
        "account_id": customer_id if entity == "account" else None,
        "matched_by": matched_by,
    }


def _accounts(
    session: Session, connection_id: uuid.UUID, records: Sequence[Account], now: datetime
) -> Counts:
    identity.lock(session)
    known = identity.known(session, connection_id, "account", (r.external_id for r in records))
    fresh: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    identities: list[dict[str, Any]] = []
    for record in records:
        attributes = dict(record.attributes)
        if record.parent_external_id:
            attributes["parent_external_id"] = record.parent_external_id
        row: dict[str, Any] = {
            "id": known.get(record.external_id) or new_id(),
            "external_id": record.external_id,
            "name": record.name,
            "domain": record.domain,
            "attributes": attributes,
        }
        if record.external_id in known:
            changed.append(row)
        else:
            fresh.append(row)
            identities.append(
                _identity_row("account", record.external_id, row["id"], "external_id")
            )
    if fresh:
        session.execute(_INSERT_ACCOUNTS, {"rows": as_json(fresh)})
    _store_identities(session, connection_id, identities)
    updated = _update(session, _UPDATE_ACCOUNTS, changed, now)
    return Counts(len(fresh), updated, len(changed) - updated)


def _contacts(
    session: Session, connection_id: uuid.UUID, records: Sequence[Contact], now: datetime
) -> Counts:
    identity.lock(session)
    accounts = _ensure(session, connection_id, "account", (r.account_external_id for r in records))
    known = identity.known(session, connection_id, "contact", (r.external_id for r in records))
    keys = identity.keys_of(session, records)
    fresh: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    identities: list[dict[str, Any]] = []
    for record in records:
        found = known.get(record.external_id)
        matched = None if found else keys.match(record)
        contact_id = found or (matched[0] if matched else new_id())
        row = {
            "id": contact_id,
            "account_id": accounts.get(record.account_external_id or ""),
            "name": record.name,
            "email": record.email,
            "phone": record.phone,
            "language": record.language,
            "attributes": dict(record.attributes),
        }
        (changed if found or matched else fresh).append(row)
        if not found:
            how = matched[1] if matched else "external_id"
            identities.append(_identity_row("contact", record.external_id, contact_id, how))
            keys.add(contact_id, record.email, record.phone)
    if fresh:
        session.execute(_INSERT_CONTACTS, {"rows": as_json(fresh)})
    _store_identities(session, connection_id, identities)
    updated = sum(_update(session, _UPDATE_CONTACTS, rows, now) for rows in _rounds(changed))
    return Counts(len(fresh), updated, len(changed) - updated)


def _rounds(rows: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Rows split so that one UPDATE never meets the same customer twice (it would apply only one)."""
    rounds: list[tuple[set[uuid.UUID], list[dict[str, Any]]]] = []
    for row in rows:
        for seen, chosen in rounds:
            if row["id"] not in seen:
                seen.add(row["id"])
                chosen.append(row)
                break
        else:
            rounds.append(({row["id"]}, [row]))
    return [chosen for _, chosen in rounds]


def _update(session: Session, statement: Any, rows: Sequence[dict[str, Any]], now: datetime) -> int:
    if not rows:
        return 0
    result: Any = session.execute(statement, {"rows": as_json(rows), "now": now})
    return int(result.rowcount)


def _store_identities(
    session: Session, connection_id: uuid.UUID, rows: Sequence[dict[str, Any]]
) -> None:
    if rows:
        session.execute(_INSERT_IDENTITIES, {"rows": as_json(rows), "connection": connection_id})


def _ensure(
    session: Session, connection_id: uuid.UUID, entity: str, external_ids: Iterable[str | None]
) -> dict[str, uuid.UUID]:
    """Customers for these external ids; those not known are made from the id alone."""
    wanted = {each for each in external_ids if each}
    known = identity.known(session, connection_id, entity, wanted)
    missing = sorted(wanted - known.keys())
    if not missing:
        return known
    identity.lock(session)
    known = identity.known(session, connection_id, entity, wanted)
    rows: list[dict[str, Any]] = [
        {"id": new_id(), "external_id": each, "name": each, "attributes": {}}
        for each in missing
        if each not in known
    ]
    insert = _INSERT_ACCOUNTS if entity == "account" else _INSERT_CONTACTS
    if rows:
        session.execute(insert, {"rows": as_json(rows)})
    _store_identities(
        session,
        connection_id,
        [_identity_row(entity, r["external_id"], r["id"], "external_id") for r in rows],
    )
    return known | {r["external_id"]: r["id"] for r in rows}


def _customers(session: Session, connection_id: uuid.UUID, records: Sequence[Any]) -> facts.Owner:
    """A function giving the contact and account of a record, the account also through the contact."""
    contacts = _ensure(session, connection_id, "contact", (r.contact_external_id for r in records))
    accounts = _ensure(session, connection_id, "account", (r.account_external_id for r in records))
    through: dict[uuid.UUID, uuid.UUID] = {}
    if contacts:
        rows = session.execute(
            text(
                "SELECT id, account_id FROM contacts"
                " WHERE id = ANY(:ids) AND account_id IS NOT NULL"
            ),
            {"ids": list(contacts.values())},
        )
        through = {row.id: row.account_id for row in rows}

    def of(record: Any) -> dict[str, Any]:
        contact_id = contacts.get(record.contact_external_id or "")
        account_id = accounts.get(record.account_external_id or "")
        return {
            "contact_id": contact_id,
            "account_id": account_id or (through.get(contact_id) if contact_id else None),
        }

    return of
