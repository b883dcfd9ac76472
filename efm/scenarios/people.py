"""Who works on cases: the people who may be given one, and who gets the next."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from efm.models import Case, Membership, Organization, User
from efm.scenarios.rules import OWNER_ROLES


@dataclass(frozen=True)
class Worker:
    """A person who may own cases."""

    id: uuid.UUID
    name: str
    email: str
    role: str


def workers(session: Session) -> Sequence[Worker]:
    """Everybody who may own a case now, by name."""
    rows = session.execute(
        select(User.id, User.name, User.email, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.is_active, User.is_active, Membership.role.in_(OWNER_ROLES))
        .order_by(func.lower(User.name), User.id)
    )
    return [Worker(*row) for row in rows]


def names(session: Session, ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID, str]:
    """The names of these people of the organization, also of those who left."""
    known = {each for each in ids if each is not None}
    if not known:
        return {}
    rows = session.execute(select(User.id, User.name).where(User.id.in_(known)))
    return {row.id: row.name for row in rows}


def zone_of(session: Session) -> ZoneInfo:
    """The organization's time zone."""
    return ZoneInfo(session.scalars(select(Organization.time_zone)).one())


def organization_name(session: Session) -> str:
    """The organization's name."""
    return session.scalars(select(Organization.name)).one()


@dataclass
class Rota:
    """Gives each new case to the person with the fewest unfinished ones, among the first role."""

    people: Sequence[Worker]
    load: Counter[uuid.UUID] = field(default_factory=Counter)

    @classmethod
    def of(cls, session: Session) -> Rota:
        """The rota as it stands, with the cases that are open or answered but not closed."""
        everybody = workers(session)
        people: Sequence[Worker] = []
        for role in OWNER_ROLES:
            people = people or [worker for worker in everybody if worker.role == role]
        counted = session.execute(
            select(Case.owner_id, func.count())
            .where(Case.state != "closed", Case.owner_id.in_([worker.id for worker in people]))
            .group_by(Case.owner_id)
        )
        load = {owner_id: n for owner_id, n in counted if owner_id is not None}
        return cls(people, Counter(load))

    def next(self) -> Worker | None:
        """Who gets the next case; None when nobody may have one."""
        if not self.people:
            return None
        chosen = min(self.people, key=lambda worker: (self.load[worker.id], worker.name, worker.id))
        self.load[chosen.id] += 1
        return chosen
