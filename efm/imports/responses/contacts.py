"""Who gave a response: contacts that are there already, by e-mail or external id; none is made."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from efm.imports.responses.rows import Taken
from efm.models import Contact, Identity


def find(session: Session, rows: Sequence[Taken]) -> list[uuid.UUID | None]:
    """The contact of each row; an external id counts before an e-mail, and two contacts are none."""
    emails = {_email(each) for each in rows} - {""}
    ids = {_external_id(each) for each in rows} - {""}
    by_email = _single(
        session, emails, select(Contact.email, Contact.id).where(Contact.email.in_(emails))
    )
    by_id = _single(
        session,
        ids,
        select(Identity.external_id, Identity.contact_id)
        .where(Identity.entity == "contact")
        .where(Identity.external_id.in_(ids)),
    )
    return [by_id.get(_external_id(each)) or by_email.get(_email(each)) for each in rows]


def is_named(row: Taken) -> bool:
    """Whether the row says who gave it."""
    return bool(_email(row) or _external_id(row))


def _email(row: Taken) -> str:
    return str(row.about.get("email") or "").lower().replace("\0", "")[:320]


def _external_id(row: Taken) -> str:
    return str(row.about.get("external_id") or "").replace("\0", "")[:255]


def _single(session: Session, wanted: set[str], query: Any) -> dict[str, uuid.UUID]:
    """The one customer of each name; nothing is asked where nobody is named."""
    found: dict[str, set[uuid.UUID]] = {}
    for name, contact_id in session.execute(query) if wanted else ():
        found.setdefault(name, set()).add(contact_id)
    return {name: next(iter(ids)) for name, ids in found.items() if len(ids) == 1}
