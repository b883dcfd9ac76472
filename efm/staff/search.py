"""Searching over what the staff work with: customers and surveys, by any part of their names."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from efm.models import Account, Contact, Survey

MOST = 10
SHORTEST = 2
LONGEST = 200


@dataclass(frozen=True)
class Hit:
    """One thing found: where it leads is the page's to say."""

    kind: str
    id: uuid.UUID
    name: str
    about: str


@dataclass(frozen=True)
class Found:
    """One kind of thing, and whether there is more than is shown."""

    kind: str
    hits: tuple[Hit, ...]
    has_more: bool


def cleaned(typed: str) -> str:
    """What is searched for: one line, not too long."""
    return " ".join(typed.replace("\0", "").split())[:LONGEST]


def search(session: Session, typed: str, permissions: frozenset[str]) -> list[Found]:
    """Everything that contains what was typed, as far as the permissions go, ten of each kind."""
    words = cleaned(typed)
    if len(words) < SHORTEST:
        return []
    found = []
    if "customers.view" in permissions:
        found += [_contacts(session, words), _accounts(session, words)]
    if "surveys.view" in permissions:
        found.append(_surveys(session, words))
    return [group for group in found if group.hits]


def _group(kind: str, hits: list[Hit]) -> Found:
    return Found(kind, tuple(hits[:MOST]), len(hits) > MOST)


def _contacts(session: Session, words: str) -> Found:
    rows = session.execute(
        select(Contact.id, Contact.name, Contact.email)
        .where(
            or_(
                Contact.name.icontains(words, autoescape=True),
                Contact.email.icontains(words, autoescape=True),
            )
        )
        .where(Contact.merged_into_id.is_(None))
        .order_by(Contact.name, Contact.id)
        .limit(MOST + 1)
    ).all()
    hits = [
        Hit("contact", r.id, r.name or r.email or "Without a name", r.email or "") for r in rows
    ]
    return _group("contact", hits)


def _accounts(session: Session, words: str) -> Found:
    rows = session.execute(
        select(Account.id, Account.name, Account.domain)
        .where(
            or_(
                Account.name.icontains(words, autoescape=True),
                Account.domain.icontains(words, autoescape=True),
            )
        )
        .where(Account.merged_into_id.is_(None))
        .order_by(Account.name, Account.id)
        .limit(MOST + 1)
    ).all()
    return _group("account", [Hit("account", r.id, r.name, r.domain or "") for r in rows])


def _surveys(session: Session, words: str) -> Found:
    rows = session.execute(
        select(Survey.id, Survey.name, Survey.state)
        .where(Survey.name.icontains(words, autoescape=True))
        .order_by(Survey.updated_at.desc(), Survey.id)
        .limit(MOST + 1)
    ).all()
    return _group("survey", [Hit("survey", r.id, r.name, r.state) for r in rows])
