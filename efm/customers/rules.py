"""How an organization tells its customers apart: declared rules, with a default for what is not said."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from efm.errors import Invalid

# Mailboxes of a function, not of a person: RFC 2142 and what companies use beside it.
_MAILBOXES = (
    "abuse accounts accounting admin administrator billing buchhaltung contact contacto einkauf"
    " enquiries finance hello help hostmaster hr info inquiries invoices it jobs kontakt kundenservice"
    " mail marketing no-reply noreply office orders post postmaster purchasing reception rechnung"
    " sales security service shop support team vertrieb verwaltung webmaster welcome"
)
ROLE_MAILBOXES = frozenset(_MAILBOXES.split())
# Domains that give mailboxes to anybody: sharing one says nothing of the company.
_DOMAINS = (
    "aol.com arcor.de bluewin.ch btinternet.com comcast.net email.com fastmail.com free.fr freenet.de"
    " gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.net googlemail.com hey.com hotmail.co.uk hotmail.com"
    " hotmail.de hotmail.fr icloud.com inbox.com laposte.net libero.it live.com mac.com mail.com"
    " mail.de mail.ru mailbox.org me.com msn.com naver.com orange.fr outlook.com outlook.de posteo.de"
    " proton.me protonmail.com qq.com rocketmail.com sbcglobal.net sfr.fr t-online.de tutanota.com"
    " verizon.net wanadoo.fr web.de yahoo.co.uk yahoo.com yahoo.de yahoo.fr yandex.ru ymail.com"
    " zoho.com 126.com 163.com"
)
FREE_MAIL = frozenset(_DOMAINS.split())
# Under which attributes sources keep what tells people and companies apart.
ATTRIBUTES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "birth_date": ("birth_date", "date_of_birth", "birthdate", "birthday", "dob"),
        "postal_code": ("postal_code", "postcode", "zip", "zip_code", "plz"),
        "street": ("street", "address", "address_1", "street_address", "mailing_street"),
        "city": ("city", "town", "suburb", "mailing_city"),
        "tax_id": ("tax_id", "vat_id", "vat", "vat_number", "tax_number", "duns"),
        "person_id": ("person_id", "national_id", "soc_sec_id", "passport_number"),
    }
)
FIELDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "contact": ("name", "email", "phone", "language", "account", "attributes"),
        "account": ("name", "domain", "parent", "attributes"),
    }
)
"""What a source may say of a customer; each is derived by its own order of sources."""


@dataclass(frozen=True)
class Rules:
    """`priorities` has, by entity and field, the connections whose word goes first, in order.

    Joined without asking is what is at least `automatic` likely; people are asked from `review` on. An
    e-mail or phone more than `shared_by` customers hold is nobody's own.
    """

    priorities: Mapping[str, Mapping[str, tuple[uuid.UUID, ...]]] = field(default_factory=dict)
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: ATTRIBUTES)
    role_mailboxes: frozenset[str] = ROLE_MAILBOXES
    free_mail: frozenset[str] = FREE_MAIL
    shared_by: int = 3
    automatic: float = 0.9999
    review: float = 0.1

    def is_role(self, email: str) -> bool:
        """Whether a mailbox belongs to a function, such as info@."""
        return email.partition("@")[0] in self.role_mailboxes

    def priority(self, entity: str, name: str) -> list[uuid.UUID]:
        """The connections whose word on a field goes first."""
        return list(self.priorities.get(entity, {}).get(name, ()))

    def attribute(self, name: str, given: Mapping[str, Any] | None) -> str | None:
        """What a record's attributes say of one of ATTRIBUTES."""
        for each in self.attributes[name] if given else ():
            value = (given or {}).get(each)
            if value not in (None, ""):
                return str(value)
        return None


DEFAULT = Rules()
_OWN = text("SELECT document FROM identity_rules")
_SAVE = text(
    "INSERT INTO identity_rules (organization_id, document, updated_at)"
    " VALUES (efm_current_organization(), CAST(:document AS jsonb), :now)"
    " ON CONFLICT (organization_id) DO UPDATE SET document = excluded.document, updated_at = :now"
)


def of(session: Session) -> Rules:
    """The rules of the session's organization."""
    document = session.execute(_OWN).scalar()
    return read(document) if document else DEFAULT


def document(rules: Rules) -> dict[str, Any]:
    """Rules as they are kept: what `read` reads."""
    return {
        "priorities": {
            entity: {name: [str(each) for each in ids] for name, ids in named.items()}
            for entity, named in rules.priorities.items()
        },
        "attributes": {name: list(each) for name, each in rules.attributes.items()},
        "role_mailboxes": sorted(rules.role_mailboxes),
        "free_mail": sorted(rules.free_mail),
        "shared_by": rules.shared_by,
        "automatic": rules.automatic,
        "review": rules.review,
    }


def save(session: Session, document: Mapping[str, Any], now: datetime) -> Rules:
    """Keep rules; raises Invalid when they cannot be read. They count from the next record on."""
    rules = read(document)
    session.execute(_SAVE, {"document": json.dumps(document), "now": now})
    return rules


def read(document: Mapping[str, Any]) -> Rules:
    """Rules from their document; raises Invalid with what is wrong."""
    unknown = sorted(set(document) - set(Rules.__dataclass_fields__))
    if unknown:
        raise Invalid(f"Rules have no {unknown[0]!r}.", problems={unknown[0]: "Leave it out."})
    try:
        made = Rules(
            priorities={
                entity: {
                    name: tuple(uuid.UUID(each) for each in ids) for name, ids in named.items()
                }
                for entity, named in document.get("priorities", {}).items()
            },
            attributes=dict(ATTRIBUTES)
            | {name: tuple(each) for name, each in document.get("attributes", {}).items()},
            role_mailboxes=frozenset(document.get("role_mailboxes", ROLE_MAILBOXES)),
            free_mail=frozenset(document.get("free_mail", FREE_MAIL)),
            shared_by=int(document.get("shared_by", DEFAULT.shared_by)),
            automatic=float(document.get("automatic", DEFAULT.automatic)),
            review=float(document.get("review", DEFAULT.review)),
        )
    except (AttributeError, TypeError, ValueError) as error:
        raise Invalid(f"The rules cannot be read: {error}.") from error
    if not 0 < made.review <= made.automatic <= 1:
        problem = "Say 0 < review <= automatic <= 1."
        raise Invalid(problem, problems={"automatic": problem})
    return made
