"""Where customers' records come from when no connector brings them: the API, a list of people."""

from __future__ import annotations

import uuid

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from efm.errors import NotFound
from efm.models import Account, Connection, Contact

API = "API"
PEOPLE = "Lists of people"


def own_connection(session: Session, name: str) -> Connection:
    """The connection that stands for records given by hand or by program; made on first use."""
    found = session.scalars(select(Connection).where(Connection.name == name)).one_or_none()
    if found is not None:
        return found
    session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"),
        {"key": f"connection {session.info['organization_id']} {name}"},
    )
    found = session.scalars(select(Connection).where(Connection.name == name)).one_or_none()
    if found is None:
        found = Connection(name=name, connector="own", state="active")
        session.add(found)
        session.flush()
    return found


def contact(session: Session, contact_id: uuid.UUID) -> Contact:
    """The contact; raises NotFound for a missing one and for a stranger's alike."""
    found = session.get(Contact, (session.info["organization_id"], contact_id))
    if found is None:
        raise NotFound("There is no such contact.")
    return found


def account(session: Session, account_id: uuid.UUID) -> Account:
    """The account; raises NotFound for a missing one and for a stranger's alike."""
    found = session.get(Account, (session.info["organization_id"], account_id))
    if found is None:
        raise NotFound("There is no such account.")
    return found
