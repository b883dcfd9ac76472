"""Whose facts changed since they were derived: marks taken, and the customers they concern.

The database marks in the transaction that writes a fact. Taking a mark and deriving are one
transaction too, and the facts are read after the mark, so nothing is missed and no clock is asked.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from efm.measures.relations import DEEPEST

# Marks have one customer or a page of them; this many customers or so are taken at once.
TAKEN_AT_ONCE = 10_000
_TAKE = text("""
    WITH few AS (
        SELECT id, sum(cardinality(contacts) + cardinality(accounts)) OVER (ORDER BY marked_at, id)
            - cardinality(contacts) - cardinality(accounts) AS before
        FROM (SELECT id, contacts, accounts, marked_at FROM measure_marks
            ORDER BY marked_at, id LIMIT 5000) oldest
    )
    DELETE FROM measure_marks WHERE id IN (SELECT id FROM few WHERE before < :most)
    RETURNING contacts, accounts
""")
_CONTACTS = text("""
    SELECT id, merged_into_id, account_id FROM contacts WHERE id = ANY(:ids)
    UNION
    SELECT w.id, NULL, w.account_id FROM contacts c JOIN contacts w ON w.id = c.merged_into_id
    WHERE c.id = ANY(:ids)
""")
_ACCOUNTS = text(f"""
    WITH RECURSIVE up AS (
        SELECT id, coalesce(merged_into_id, parent_account_id) AS next_id, 0 AS depth
        FROM accounts WHERE id = ANY(:ids)
        UNION
        SELECT a.id, coalesce(a.merged_into_id, a.parent_account_id), up.depth + 1
        FROM up JOIN accounts a ON a.id = up.next_id WHERE up.depth <= {DEEPEST}
    )
    SELECT DISTINCT id FROM up
""")
_FORGET = text("DELETE FROM measure_marks")
_ANY = text("SELECT EXISTS (SELECT FROM measure_marks)")


@dataclass(frozen=True)
class Concerned:
    """The contacts and accounts to derive anew; merged ones too, whose own values go."""

    contacts: tuple[uuid.UUID, ...]
    accounts: tuple[uuid.UUID, ...]

    def of(self, entity: str) -> tuple[uuid.UUID, ...]:
        """Those of one kind."""
        return self.contacts if entity == "contact" else self.accounts


def are_there(session: Session) -> bool:
    """Whether somebody's facts changed."""
    return bool(session.execute(_ANY).scalar_one())


def forget(session: Session) -> None:
    """Drop all marks there are: everybody is about to be derived."""
    session.execute(_FORGET)


def take(session: Session) -> Concerned | None:
    """The oldest marks, taken; None when there are none."""
    taken = session.execute(_TAKE, {"most": TAKEN_AT_ONCE}).all()
    if not taken:
        return None
    contacts = {each for row in taken for each in row.contacts}
    accounts = {each for row in taken for each in row.accounts}
    for row in session.execute(_CONTACTS, {"ids": list(contacts)}).all():
        contacts.add(row.id)
        if row.account_id is not None:
            accounts.add(row.account_id)
    found = session.execute(_ACCOUNTS, {"ids": list(accounts)}).scalars()
    return Concerned(tuple(sorted(contacts)), tuple(sorted(found)))
