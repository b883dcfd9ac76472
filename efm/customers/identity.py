"""Who a new record is: external ids first, then exact e-mail and phone; never a merge on conflict."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.orm import Session

from connectors.canonical import Contact
from efm.customers.names import agreement
from efm.customers.rows import any_of, as_json
from efm.customers.rules import DEFAULT, Rules

_KNOWN = text(
    "SELECT external_id, coalesce(contact_id, account_id) AS id FROM identities"
    f" WHERE connection_id = :connection AND entity = :entity AND external_id = {any_of('ids')}"
)
_BY_KEYS = text(
    "SELECT i.contact_id AS id, i.connection_id, i.email, i.phone, i.said->>'name' AS name,"
    " i.said->'attributes' AS attributes, c.email AS own_email, c.name AS own_name"
    " FROM identities i JOIN contacts c ON c.id = i.contact_id"
    f" WHERE i.email = {any_of('emails')} OR i.phone = {any_of('phones')}"
)


def lock(session: Session, *, is_shared: bool = False) -> None:
    """One transaction at a time decides who is who in an organization.

    Those that share it must touch different customers; whoever does not share it waits for them.
    """
    kind = "_shared" if is_shared else ""
    session.execute(
        text(f"SELECT pg_advisory_xact_lock{kind}(hashtextextended(:key, 0))"),
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
        _KNOWN, {"connection": connection_id, "entity": entity, "ids": as_json(wanted)}
    ).all()
    return {row.external_id: row.id for row in rows}


@dataclass
class Person:
    """What is known of one contact where records of a page may meet it."""

    names: set[str] = field(default_factory=set)
    emails: set[str] = field(default_factory=set)
    births: set[str] = field(default_factory=set)
    sources: set[uuid.UUID] = field(default_factory=set)


@dataclass
class Keys:
    """The contacts that hold an e-mail or a phone, and what else is known of them."""

    rules: Rules = DEFAULT
    by_email: dict[str, set[uuid.UUID]] = field(default_factory=dict)
    by_phone: dict[str, set[uuid.UUID]] = field(default_factory=dict)
    people: dict[uuid.UUID, Person] = field(default_factory=dict)

    def add(self, contact_id: uuid.UUID, source: uuid.UUID, record: Contact) -> None:
        """Note what one record says of a contact."""
        person = self.people.setdefault(contact_id, Person())
        person.sources.add(source)
        if record.email:
            self.by_email.setdefault(record.email, set()).add(contact_id)
            person.emails.add(record.email)
        if record.phone:
            self.by_phone.setdefault(record.phone, set()).add(contact_id)
        if record.name:
            person.names.add(record.name)
        if born := self.rules.attribute("birth_date", record.attributes):
            person.births.add(born)

    def match(self, record: Contact, source: uuid.UUID) -> tuple[uuid.UUID, str] | None:
        """The one contact this record means, and by what; None when none or when it is not certain.

        Not certain is: a mailbox of a function or one that many share, without the same name; two
        contacts that both fit; another name on the same e-mail; a phone of somebody with another
        name or e-mail (a household, a switchboard) or of another record of the same source; other
        birthdays. Then a new contact is made; the pass over all customers asks people.
        """
        if record.email:
            found = [
                each for each in self.by_email.get(record.email, ()) if self._fits(each, record)
            ]
            if self.rules.is_role(record.email) or len(found) > 1:
                found = [each for each in found if self._names(each, record) in ("same", "alike")]
            if len(found) == 1 and self._names(found[0], record) not in ("family", "other"):
                return found[0], "email"
            if self.by_email.get(record.email):
                return None
        if record.phone:
            candidates = self.by_phone.get(record.phone, set())
            if len(candidates) == 1:
                candidate = next(iter(candidates))
                if self._fits_by_phone(candidate, record, source):
                    return candidate, "phone"
        return None

    def _names(self, contact_id: uuid.UUID, record: Contact) -> str:
        """The best agreement of the record's name with any the contact is known by."""
        order = ("same", "alike", "given", "unknown", "family", "other")
        found = [agreement(each, record.name) for each in self.people[contact_id].names]
        return min(found, key=order.index, default="unknown")

    def _fits(self, contact_id: uuid.UUID, record: Contact) -> bool:
        births = self.people[contact_id].births
        born = self.rules.attribute("birth_date", record.attributes)
        return not births or born is None or born in births

    def _fits_by_phone(self, contact_id: uuid.UUID, record: Contact, source: uuid.UUID) -> bool:
        person = self.people[contact_id]
        if record.email and person.emails and record.email not in person.emails:
            return False
        if source in person.sources or not self._fits(contact_id, record):
            return False
        return self._names(contact_id, record) in ("same", "alike", "unknown")


def repeated(records: Iterable[Contact]) -> frozenset[str]:
    """The e-mails and phones that more than one of the records holds."""
    counts = Counter(each for record in records for each in (record.email, record.phone) if each)
    return frozenset(each for each, n in counts.items() if n > 1)


def keys_of(session: Session, records: Sequence[Contact], rules: Rules = DEFAULT) -> Keys:
    """The contacts already there that share an e-mail or a phone with any of the records."""
    emails = sorted({record.email for record in records if record.email})
    phones = sorted({record.phone for record in records if record.phone})
    keys = Keys(rules)
    if not emails and not phones:
        return keys
    values = {"emails": as_json(emails), "phones": as_json(phones)}
    for row in session.execute(_BY_KEYS, values):
        said = Contact(
            external_id="", name=row.name, email=row.email, phone=row.phone,
            attributes=row.attributes or {},
        )  # fmt: skip
        keys.add(row.id, row.connection_id, said)
        if row.own_email:
            keys.people[row.id].emails.add(row.own_email)
        if row.own_name and row.name:
            keys.people[row.id].names.add(row.own_name)
    return keys
