"""Who is who: external ids first, then exact e-mail and phone; never a merge on conflict."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.orm import Session

from connectors.canonical import Contact

_KNOWN = text(
    "SELECT external_id, coalesce(contact_id, account_id) AS id FROM identities"
    " WHERE connection_id = :connection AND entity = :entity AND external_id = ANY(:ids)"
)
_BY_KEYS = text(
    "SELECT id, email, phone FROM contacts WHERE email = ANY(:emails) OR phone = ANY(:phones)"
)


def lock(session: Session) -> None:
    """One transaction at a time decides who is who in an organization."""
    session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"),
        {"key": f"identity {session.info['organization_id']}"},
    )


def known(
    session: Session, connection_id: uuid.UUID, entity: str, external_ids: Iterable[str]
) -> dict[str, uuid.UUID]:
    """The customers these external ids already stand for in this connection."""
    wanted = sorted({each for each in external_ids if each})
    if not wanted:
        return {}
    rows = session.execute(
        _KNOWN, {"connection": connection_id, "entity": entity, "ids": wanted}
    ).all()
    return {row.external_id: row.id for row in rows}


@dataclass
class Keys:
    """The contacts that hold an e-mail or a phone, and which e-mail each contact has."""

    by_email: dict[str, set[uuid.UUID]] = field(default_factory=dict)
    by_phone: dict[str, set[uuid.UUID]] = field(default_factory=dict)
    email_of: dict[uuid.UUID, str | None] = field(default_factory=dict)

    def add(self, contact_id: uuid.UUID, email: str | None, phone: str | None) -> None:
        """Note one contact."""
        if email:
            self.by_email.setdefault(email, set()).add(contact_id)
        if phone:
            self.by_phone.setdefault(phone, set()).add(contact_id)
        self.email_of[contact_id] = email or self.email_of.get(contact_id)

    def match(self, record: Contact) -> tuple[uuid.UUID, str] | None:
        """The one contact this record means, and by what; None when none or when it is not certain.

        Two contacts with the same key, or a phone shared by people with different e-mails (a
        household, a switchboard), is not certain: a new contact is made and nothing is merged.
        """
        if record.email:
            found = self.by_email.get(record.email, set())
            if len(found) == 1:
                return next(iter(found)), "email"
            if found:
                return None
        if record.phone:
            found = self.by_phone.get(record.phone, set())
            if len(found) == 1:
                candidate = next(iter(found))
                other = self.email_of.get(candidate)
                if not (record.email and other and other != record.email):
                    return candidate, "phone"
        return None


def keys_of(session: Session, records: Sequence[Contact]) -> Keys:
    """The contacts already there that share an e-mail or a phone with any of the records."""
    emails = sorted({record.email for record in records if record.email})
    phones = sorted({record.phone for record in records if record.phone})
    keys = Keys()
    if emails or phones:
        for row in session.execute(_BY_KEYS, {"emails": emails, "phones": phones}):
            keys.add(row.id, row.email, row.phone)
    return keys
