"""What people see of who is who: pairs side by side with their reasons, merges that can be undone."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session, aliased

from efm.customers.matches import ids_of
from efm.models import Account, Connection, Contact, Identity, Match, Merge, User

PAGE = 10
VIEWS: Mapping[str, str] = {"open": "To decide", "later": "Later", "different": "Not the same"}
_FIELDS = {
    "contact": (
        ("Name", "name"),
        ("E-mail", "email"),
        ("Phone", "phone"),
        ("Language", "language"),
    ),
    "account": (("Name", "name"), ("Web domain", "domain")),
}
MOST_ATTRIBUTES = 6


@dataclass(frozen=True)
class Line:
    """One field of two customers beside each other."""

    label: str
    one: str
    other: str

    @property
    def is_same(self) -> bool:
        """Whether both say the same."""
        return bool(self.one) and self.one.casefold() == self.other.casefold()


@dataclass(frozen=True)
class Side:
    """One of the two: the customer, and as whom sources know it."""

    customer: Any
    known_as: Sequence[tuple[str, str]]
    account: str = ""


@dataclass(frozen=True)
class Shown:
    """A pair as the page has it."""

    match: Match
    one: Side
    other: Side
    lines: Sequence[Line]


@dataclass(frozen=True)
class Page:
    """Some pairs, and after which the next page begins."""

    rows: Sequence[Shown]
    next_cursor: str | None


def _standing(state: str) -> Any:
    """Pairs of which neither is part of another customer by now."""
    query = select(Match).where(Match.state == state)
    for table, column in (
        (Contact, Match.contact_id), (Contact, Match.other_contact_id),
        (Account, Match.account_id), (Account, Match.other_account_id),
    ):  # fmt: skip
        known: Any = aliased(table)
        query = query.outerjoin(known, known.id == column).where(known.merged_into_id.is_(None))
    return query


def counts(session: Session) -> dict[str, int]:
    """How many pairs of each view there are; no more than 10,001 are counted."""
    found = {}
    for state in VIEWS:
        some = _standing(state).with_only_columns(Match.id).limit(10_001).subquery()
        found[state] = session.scalar(select(func.count()).select_from(some)) or 0
    return found


def page(session: Session, state: str, after: str) -> Page:
    """Pairs with what they agree in, the likeliest first."""
    query = _standing(state).order_by(Match.likelihood.desc(), Match.id.desc()).limit(PAGE + 1)
    if cursor := _read(after):
        query = query.where(tuple_(Match.likelihood, Match.id) < cursor)
    found = session.scalars(query).all()
    chosen = found[:PAGE]
    sides = _sides(session, chosen)
    rows = [_shown(each, sides) for each in chosen]
    last = chosen[-1] if len(found) > PAGE else None
    return Page(rows, f"{last.likelihood!r}~{last.id}" if last else None)


def _read(after: str) -> tuple[float, uuid.UUID] | None:
    likelihood, _, identity = after.partition("~")
    try:
        return float(likelihood), uuid.UUID(identity)
    except ValueError:
        return None


def _sides(session: Session, found: Sequence[Match]) -> dict[uuid.UUID, Side]:
    """The customers of some pairs, in a few statements for all."""
    sides: dict[uuid.UUID, Side] = {}
    for entity, table, column in (
        ("contact", Contact, Identity.contact_id),
        ("account", Account, Identity.account_id),
    ):
        ids = [each for match in found if match.entity == entity for each in ids_of(match)]
        if not ids:
            continue
        known: dict[uuid.UUID, list[tuple[str, str]]] = {each: [] for each in ids}
        rows: Any = session.execute(
            select(column, Connection.name, Identity.external_id)
            .join(Connection, Connection.id == Identity.connection_id)
            .where(column.in_(ids))
            .order_by(Connection.name, Identity.external_id)
        )
        for owner, source, external_id in rows:
            known[owner].append((source, external_id))
        customers: Sequence[Any] = session.scalars(
            select(table).where(getattr(table, "id").in_(ids))  # noqa: B009 - one of two tables
        ).all()
        names = _account_names(session, customers) if entity == "contact" else {}
        for each in customers:
            account = names.get(getattr(each, "account_id", None), "")
            sides[each.id] = Side(each, known[each.id], account)
    return sides


def _account_names(session: Session, contacts: Sequence[Any]) -> dict[uuid.UUID | None, str]:
    ids = [each.account_id for each in contacts if each.account_id]
    rows = session.execute(select(Account.id, Account.name).where(Account.id.in_(ids)))
    return {row.id: row.name for row in rows}


def _shown(match: Match, sides: Mapping[uuid.UUID, Side]) -> Shown:
    one, other = (sides[each] for each in ids_of(match))
    lines = [
        Line(label, getattr(one.customer, name) or "", getattr(other.customer, name) or "")
        for label, name in _FIELDS[match.entity]
    ]
    if match.entity == "contact":
        lines.append(Line("Account", one.account, other.account))
    mine, theirs = one.customer.attributes, other.customer.attributes
    both = sorted(set(mine) & set(theirs)) + sorted(set(mine) ^ set(theirs))
    lines += [
        Line(
            name.replace("_", " ").capitalize(), str(mine.get(name, "")), str(theirs.get(name, ""))
        )
        for name in both[:MOST_ATTRIBUTES]
    ]
    return Shown(match, one, other, [each for each in lines if each.one or each.other])


@dataclass(frozen=True)
class Past:
    """A merge as the history tells it."""

    merge: Merge
    winner: Any
    loser: Any
    by: str


def merges(session: Session, after: str) -> tuple[Sequence[Past], str | None]:
    """Merges, the newest first, and after which the next page begins."""
    query = select(Merge).order_by(Merge.merged_at.desc(), Merge.id.desc()).limit(PAGE + 1)
    at, _, identity = after.partition("~")
    try:
        cursor = datetime.fromisoformat(at), uuid.UUID(identity)
    except ValueError:
        cursor = None
    if cursor and cursor[0].tzinfo:
        query = query.where(tuple_(Merge.merged_at, Merge.id) < cursor)
    found = session.scalars(query).all()
    chosen = found[:PAGE]
    people = _people(session, chosen)
    users = {each.merged_by_id for each in chosen if each.merged_by_id}
    named = {row.id: row.name for row in session.scalars(select(User).where(User.id.in_(users)))}
    rows = [
        Past(
            each,
            people[each.winner_contact_id or each.winner_account_id],
            people[each.loser_contact_id or each.loser_account_id],
            named.get(each.merged_by_id, "") if each.merged_by_id else "",
        )
        for each in chosen
    ]
    last = chosen[-1] if len(found) > PAGE else None
    return rows, f"{last.merged_at.isoformat()}~{last.id}" if last else None


def _people(session: Session, found: Sequence[Merge]) -> dict[uuid.UUID | None, Any]:
    contacts = [x for each in found for x in (each.winner_contact_id, each.loser_contact_id) if x]
    accounts = [x for each in found for x in (each.winner_account_id, each.loser_account_id) if x]
    known: dict[uuid.UUID | None, Any] = {}
    known |= {
        row.id: row for row in session.scalars(select(Contact).where(Contact.id.in_(contacts)))
    }
    known |= {
        row.id: row for row in session.scalars(select(Account).where(Account.id.in_(accounts)))
    }
    return known
