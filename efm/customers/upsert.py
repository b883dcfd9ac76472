"""Canonical records into the customer tables, a page at a time, each statement once a page.

A record's customer that is not known yet is made from its external id alone, so the order in which
streams arrive does not matter and nothing is lost; its own record fills it in later. What a source
says of a customer stays with its identity; the customer's fields are derived from all of them.
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
from efm.customers import facts, identity, rules, survivorship
from efm.customers.rows import Counts, as_json

_INSERT_ACCOUNTS = text(
    "INSERT INTO accounts (organization_id, id, name, domain, attributes)"
    " SELECT efm_current_organization(), id, coalesce(name, external_id), domain,"
    " coalesce(attributes, '{}') FROM jsonb_to_recordset(CAST(:rows AS jsonb))"
    " AS r(id uuid, external_id text, name text, domain text, attributes jsonb)"
)
_INSERT_CONTACTS = text(
    "INSERT INTO contacts (organization_id, id, account_id, name, email, phone, language, attributes)"
    " SELECT efm_current_organization(), id, account_id, coalesce(name, ''), email, phone, language,"
    " coalesce(attributes, '{}') FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid,"
    " account_id uuid, name text, email text, phone text, language text, attributes jsonb)"
)
# A customer nobody knew and who it is there, out of one document: one reading of it, one journey.
# The first identity of a contact has the contact's id, which saves making another.
_INSERT_NEW_CONTACTS = text(
    "WITH new AS MATERIALIZED (SELECT id, external_id, account_id, said, modified_at"
    " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, external_id text,"
    " account_id uuid, said jsonb, modified_at timestamptz)), made AS ("
    " INSERT INTO contacts (organization_id, id, account_id, name, email, phone, language, attributes)"
    " SELECT efm_current_organization(), id, account_id, coalesce(said->>'name',"
    " CASE WHEN said = '{}' THEN external_id ELSE '' END), said->>'email', said->>'phone',"
    " said->>'language', coalesce(said->'attributes', '{}') FROM new)"
    " INSERT INTO identities (organization_id, id, connection_id, entity, external_id, contact_id,"
    " said, email, phone, modified_at, said_at)"
    " SELECT efm_current_organization(), id, :connection, 'contact', external_id, id, said,"
    " said->>'email', said->>'phone', modified_at, :now FROM new"
)
# What a source leaves open now does not take back what it said before.
_MERGED = (
    "i.said || excluded.said || CASE WHEN excluded.said ? 'attributes' THEN jsonb_build_object("
    "'attributes', coalesce(i.said->'attributes', '{}') || (excluded.said->'attributes'))"
    " ELSE '{}' END"
)
_STORE_IDENTITIES = text(
    "INSERT INTO identities AS i (organization_id, id, connection_id, entity, external_id, contact_id,"
    " account_id, matched_by, said, email, phone, modified_at, said_at)"
    " SELECT efm_current_organization(), id, :connection, entity, external_id, contact_id, account_id,"
    " matched_by, said, email, phone, modified_at, :now"
    " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, entity text, external_id text,"
    " contact_id uuid, account_id uuid, matched_by text, said jsonb, email text, phone text,"
    " modified_at timestamptz)"
    " ON CONFLICT (organization_id, connection_id, entity, external_id) DO UPDATE SET"
    f" said = {_MERGED}, email = coalesce(excluded.email, i.email),"
    " phone = coalesce(excluded.phone, i.phone),"
    " modified_at = coalesce(excluded.modified_at, i.modified_at), said_at = excluded.said_at"
    f" WHERE {_MERGED} <> i.said"
    " OR coalesce(excluded.modified_at, i.modified_at) IS DISTINCT FROM i.modified_at"
    " RETURNING coalesce(contact_id, account_id) AS customer_id"
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
            owner = (
                _customers(session, connection_id, found, now) if fact.is_of_customer else _nobody
            )
            counts.add(facts.store(session, connection_id, fact, found, owner))
    return counts


def _nobody(_record: Any) -> Mapping[str, Any]:
    return {}


def _identity_row(
    entity: str,
    external_id: str,
    customer_id: uuid.UUID,
    matched_by: str = "external_id",
    record: Account | Contact | None = None,
) -> dict[str, Any]:
    said = survivorship.said_by(record) if record else {}
    return {
        "id": new_id(),
        "entity": entity,
        "external_id": external_id,
        "contact_id": customer_id if entity == "contact" else None,
        "account_id": customer_id if entity == "account" else None,
        "matched_by": matched_by,
        "said": said,
        "email": said.get("email"),
        "phone": said.get("phone"),
        "modified_at": record.modified_at if record else None,
    }


def _accounts(
    session: Session, connection_id: uuid.UUID, records: Sequence[Account], now: datetime
) -> Counts:
    identity.lock(session)
    parents = {record.parent_external_id for record in records if record.parent_external_id}
    # A parent of this very page is made with it, with its own name.
    own = {record.external_id for record in records}
    _ensure(session, connection_id, "account", parents - own, now)
    known = identity.known(session, connection_id, "account", own)
    fresh: list[dict[str, Any]] = []
    identities: list[dict[str, Any]] = []
    touched: set[uuid.UUID] = set()
    for record in records:
        account_id = known.get(record.external_id) or new_id()
        row = _identity_row("account", record.external_id, account_id, record=record)
        identities.append(row)
        if record.external_id not in known:
            fresh.append({**row["said"], "id": account_id, "external_id": record.external_id})
        if record.external_id in known or record.parent_external_id:
            touched.add(account_id)
    if fresh:
        session.execute(_INSERT_ACCOUNTS, {"rows": as_json(fresh)})
    return _derived(session, connection_id, "account", identities, touched, fresh, now)


def _contacts(
    session: Session, connection_id: uuid.UUID, records: Sequence[Contact], now: datetime
) -> Counts:
    identity.lock(session)
    named = (r.account_external_id for r in records)
    accounts = _ensure(session, connection_id, "account", named, now)
    known = identity.known(session, connection_id, "contact", (r.external_id for r in records))
    unknown = [record for record in records if record.external_id not in known]
    keys = identity.keys_of(session, unknown, rules.of(session))
    repeated = identity.repeated(unknown)
    fresh: list[dict[str, Any]] = []
    identities: list[dict[str, Any]] = []
    touched: set[uuid.UUID] = set()
    for record in records:
        found, how = known.get(record.external_id), "external_id"
        matched = None if found else keys.match(record, connection_id)
        if matched:
            found, how = matched
        contact_id = found or new_id()
        if found:
            touched.add(found)
            identities.append(_identity_row("contact", record.external_id, found, how, record))
        else:
            fresh.append(
                {
                    "id": contact_id, "external_id": record.external_id,
                    "account_id": accounts.get(record.account_external_id or ""),
                    "said": survivorship.said_by(record), "modified_at": record.modified_at,
                }
            )  # fmt: skip
        # Whom nobody else on this page can mean need not be remembered.
        if matched or (not found and not repeated.isdisjoint((record.email, record.phone))):
            keys.add(contact_id, connection_id, record)
    if fresh:
        values = {"rows": as_json(fresh), "connection": connection_id, "now": now}
        session.execute(_INSERT_NEW_CONTACTS, values)
    counts = _derived(session, connection_id, "contact", identities, touched, (), now)
    counts.created += len(fresh)
    return counts


def _derived(
    session: Session,
    connection_id: uuid.UUID,
    entity: str,
    identities: Sequence[dict[str, Any]],
    touched: set[uuid.UUID],
    fresh: Sequence[Mapping[str, Any]],
    now: datetime,
) -> Counts:
    """Keep what was said, and bring those it changes to what all their sources say."""
    changed = _store_identities(session, connection_id, identities, now) & touched
    updated = 0
    if changed:
        declared = rules.of(session)
        updated = survivorship.derive(session, entity, changed, declared, now)
        updated -= len(changed & {row["id"] for row in fresh}) if entity == "account" else 0
    updated = max(updated, 0)
    return Counts(len(fresh), updated, max(len(identities) - len(fresh) - updated, 0))


def _store_identities(
    session: Session, connection_id: uuid.UUID, rows: Sequence[dict[str, Any]], now: datetime
) -> set[uuid.UUID]:
    """Keep what a source said; the customers of whom it said something new."""
    if not rows:
        return set()
    values = {"rows": as_json(rows), "connection": connection_id, "now": now}
    return set(session.execute(_STORE_IDENTITIES, values).scalars())


def _ensure(
    session: Session,
    connection_id: uuid.UUID,
    entity: str,
    external_ids: Iterable[str | None],
    now: datetime,
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
        [_identity_row(entity, r["external_id"], r["id"]) for r in rows],
        now,
    )
    return known | {r["external_id"]: r["id"] for r in rows}


def _customers(
    session: Session, connection_id: uuid.UUID, records: Sequence[Any], now: datetime
) -> facts.Owner:
    """A function giving the contact and account of a record, the account also through the contact."""
    people = (r.contact_external_id for r in records)
    contacts = _ensure(session, connection_id, "contact", people, now)
    companies = (r.account_external_id for r in records)
    accounts = _ensure(session, connection_id, "account", companies, now)
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
            "contact_external_id": record.contact_external_id,
            "account_external_id": record.account_external_id,
        }

    return of
