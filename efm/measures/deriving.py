"""Derives measurements: all of a measure when it is new or set anew, else of those whose facts changed.

Each part of the customers is a transaction of its own that also says how far it is, so a derivation
that was cut goes on there. Doing a part twice changes nothing.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from efm import clock
from efm.db.engine import unit
from efm.errors import Conflict
from efm.measures import counting, marks, settings, writing
from efm.measures.declared import MEASURES
from efm.measures.relations import ENTITIES
from efm.measures.settings import Chosen
from efm.measures.writing import Written
from efm.models import MeasureState

PART = 10_000
LOOKED_AT_EVERY = timedelta(days=1)
FIRST = uuid.UUID(int=0)
_PATIENCE = text("SET LOCAL statement_timeout = '10min'")
_LOCK = text("SELECT pg_try_advisory_lock(hashtextextended(:key, 0))")
_UNLOCK = text("SELECT pg_advisory_unlock(hashtextextended(:key, 0))")
_PARTS = {
    entity: text(
        f"SELECT id FROM {entity}s WHERE merged_into_id IS NULL AND id > :after ORDER BY id LIMIT :n"
    )
    for entity in ("contact", "account")
}
# Plans made for a table that was empty are made anew when it has grown.
_REFRESH = text("SELECT efm_refresh_statistics()")
Tell = Callable[[str, int], None]


class Stopped(Exception):
    """It was asked to stop; what it did is kept, and the next one goes on."""


def _untold(_what: str, _done: int) -> None:
    pass


@dataclass(frozen=True)
class Task:
    """One measure of contacts or of accounts, and what its SQL is given."""

    chosen: Chosen
    entity: str
    given: Mapping[str, Any]

    @property
    def key(self) -> tuple[str, str]:
        """How its state is found."""
        return self.chosen.measure.name, self.entity

    @property
    def signature(self) -> str:
        """What its values follow from."""
        return self.chosen.signature(self.entity, self.given)


@dataclass
class Done:
    """What one derivation did."""

    walked: int = 0
    changed: int = 0
    values: Written = field(default_factory=Written)
    removed: int = 0
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """For the log and the command."""
        return {
            "customers_walked": self.walked, "customers_changed": self.changed,
            "values_written": self.values.written, "values_gone": self.values.gone + self.removed,
            "seconds": round(self.seconds, 1),
        }  # fmt: skip


@dataclass
class Deriver:
    """One derivation of one organization."""

    engine: Engine
    organization_id: uuid.UUID
    is_stopping: Callable[[], bool] = field(default=lambda: False)
    now: Callable[[], datetime] = field(default=clock.now)
    tell: Tell = _untold
    part: int = PART

    def run(self, *, anew: bool = False) -> Done:
        """Derive what is due; with `anew` everything.

        Raises Stopped, and Conflict while another worker is at it.
        """
        began = time.perf_counter()
        with self._alone():
            done = self._everything(anew)
        done.seconds = time.perf_counter() - began
        return done

    def is_due(self) -> bool:
        """Whether there is anything to do, as far as it can be told without reading facts.

        Where no facts changed, the connections bring what they brought, so they are not asked again;
        the whole is looked at once a day.
        """
        with self._unit() as session:
            if marks.are_there(session):
                return True
            as_of = self.now().astimezone(ZoneInfo(settings.time_zone(session))).date()
            chosen = {each.measure.name: each for each in settings.chosen(session)}
            states = _states(session)
            on = [each for each in chosen.values() if each.is_derived]
            wanted = {
                (each.measure.name, entity) for each in on for entity in each.measure.entities
            }
            if wanted != states.keys():
                return True
            changed = settings.changed_at(session)
            return any(
                state.resume_after is not None
                or state.derived_at is None
                or state.derived_at < changed.get(state.name, state.derived_at)
                or state.derived_at < self.now() - LOOKED_AT_EVERY
                or (chosen[state.name].is_daily and state.derived_on != as_of)
                for state in states.values()
            )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """The database's word that no other worker lives that is at it; lost with this process."""
        values = {"key": f"measures {self.organization_id}"}
        with self.engine.connect() as connection:
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            if not connection.execute(_LOCK, values).scalar_one():
                raise Conflict("Measurements are being derived already. Wait until that is done.")
            try:
                yield
            finally:
                connection.execute(_UNLOCK, values)

    @contextmanager
    def _unit(self) -> Iterator[Session]:
        with unit(self.engine, self.organization_id) as session:
            session.execute(_PATIENCE)
            yield session

    def _tasks(self, session: Session) -> tuple[list[Task], date]:
        """What is to be derived, and the organization's day."""
        zone, found = settings.time_zone(session), settings.sources(session)
        tasks = []
        for chosen in settings.chosen(session):
            if chosen.is_derived:
                given = chosen.bound(zone, found)
                tasks += [Task(chosen, entity, given) for entity in chosen.measure.entities]
        return tasks, self.now().astimezone(ZoneInfo(zone)).date()

    def _everything(self, anew: bool) -> Done:
        done = Done()
        with self._unit() as session:
            session.execute(_REFRESH)
        with self._unit() as session:
            connection_id = writing.source(session).id
            tasks, as_of = self._tasks(session)
            self._begin(session, tasks, as_of, anew)
        done.removed = self._remove_others(tasks, connection_id)
        self._walk_both(done, tasks, connection_id, as_of)
        self._follow_marks(done, tasks, connection_id, as_of)
        with self._unit() as session:
            counting.count(session, self.now(), is_needed=bool(done.walked))
            for state in _states(session).values():
                state.derived_at = self.now()
        return done

    def _begin(self, session: Session, tasks: Sequence[Task], as_of: date, anew: bool) -> None:
        """Say of what is due that it begins at the first customer."""
        states = _states(session)
        due = [task for task in tasks if anew or _is_due(task, states.get(task.key), as_of)]
        fresh = 0
        for task in due:
            state = states.get(task.key)
            if state is None:
                name, entity = task.key
                state = MeasureState(name=name, entity=entity, signature="")
                session.add(state)
            is_cut = state.resume_after is not None and (
                state.derived_on == as_of or not task.chosen.is_daily
            )
            if anew or not (is_cut and state.signature == task.signature):
                state.signature, state.derived_on = task.signature, as_of
                state.resume_after = FIRST
                fresh += 1
        if tasks and fresh == len(tasks):
            marks.forget(session)  # Everybody is read after this, so nobody need be remembered.

    def _walk_both(
        self, done: Done, tasks: Sequence[Task], connection_id: uuid.UUID, as_of: date
    ) -> None:
        """Contacts and accounts at the same time: they write nothing in common."""

        def walk(entity: str) -> Done:
            mine = Done()
            chosen = [task for task in tasks if task.entity == entity]
            self._walk(mine, chosen, connection_id, as_of)
            return mine

        with ThreadPoolExecutor(len(ENTITIES)) as pool:
            for each in pool.map(walk, ENTITIES):
                done.walked += each.walked
                done.values += each.values

    def _walk(
        self, done: Done, tasks: Sequence[Task], connection_id: uuid.UUID, as_of: date
    ) -> None:
        """All customers, a part at a time, for the measures that are at the same place."""
        while True:
            if self.is_stopping():
                raise Stopped
            with self._unit() as session:
                states = _states(session)
                at = {task.key: states[task.key].resume_after for task in tasks}
                places = [place for place in at.values() if place is not None]
                if not places:
                    return
                after = min(places)
                here = [task for task in tasks if at[task.key] == after]
                ids = self._write_part(session, done, here, after, connection_id, as_of)
                for task in here:
                    state = states[task.key]
                    state.resume_after = ids[-1] if len(ids) == self.part else None
                    state.derived_at = self.now()
            with self._unit() as session:
                session.execute(_REFRESH)
            done.walked += len(ids)
            self.tell(f"{here[0].entity}s derived", done.walked)

    def _write_part(
        self,
        session: Session,
        done: Done,
        tasks: Sequence[Task],
        after: uuid.UUID,
        connection_id: uuid.UUID,
        as_of: date,
    ) -> Sequence[uuid.UUID]:
        entity = tasks[0].entity
        ids = session.execute(_PARTS[entity], {"after": after, "n": self.part}).scalars().all()
        for task in tasks if ids else ():
            done.values += writing.write(
                session, task.chosen, entity, ids, task.given,
                connection_id=connection_id, as_of=as_of, now=self.now(),
            )  # fmt: skip
        return ids

    def _follow_marks(
        self, done: Done, tasks: Sequence[Task], connection_id: uuid.UUID, as_of: date
    ) -> None:
        """Those whose facts changed, the oldest change first."""
        while True:
            if self.is_stopping():
                raise Stopped
            with self._unit() as session:
                found = marks.take(session)
                if found is None:
                    return
                for task in tasks:
                    if ids := found.of(task.entity):
                        done.values += writing.write(
                            session, task.chosen, task.entity, ids, task.given,
                            connection_id=connection_id, as_of=as_of, now=self.now(),
                        )  # fmt: skip
            done.changed += len(found.contacts) + len(found.accounts)
            self.tell("customers derived whose facts changed", done.changed)

    def _remove_others(self, tasks: Sequence[Task], connection_id: uuid.UUID) -> int:
        """The values of measures that are off, or are declared no more."""
        on = {task.key for task in tasks}
        with self._unit() as session:
            off = [key for key in _states(session) if key not in on]
        total = 0
        for name, entity in off:
            n = -1
            while n:
                if self.is_stopping():
                    raise Stopped
                with self._unit() as session:
                    measure = MEASURES.get(name)
                    metric = measure.metric(entity) if measure else f"derived_{name}"
                    n = writing.remove(session, metric, connection_id)
                    total += n
                    if not n:
                        session.delete(_states(session)[name, entity])
        return total


def _states(session: Session) -> dict[tuple[str, str], MeasureState]:
    return {(row.name, row.entity): row for row in session.scalars(select(MeasureState))}


def _is_due(task: Task, state: MeasureState | None, as_of: date) -> bool:
    """Whether all values must be derived: never done, cut, set anew, or a day later."""
    if state is None or state.resume_after is not None or state.signature != task.signature:
        return True
    is_older = state.derived_on is None or state.derived_on < as_of
    return task.chosen.is_daily and is_older
