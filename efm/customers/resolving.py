"""A pass over all customers: read, compare, join what is certain, put the rest before people.

Each part is committed by itself. A pass that was cut goes on where it was: what is joined is one
customer when it is read again, so nothing is done twice.
"""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, text

from efm import clock
from efm.customers import companies, matches, merging, passes, rules
from efm.customers.comparable import Gathering, People, Said
from efm.customers.deciding import Decided, decide
from efm.customers.rules import Rules
from efm.db.engine import unit
from efm.errors import Conflict
from efm.models import Resolution

READ_AT_ONCE = 50_000
MERGED_AT_ONCE = 2_000
JOINING_AT_ONCE = 2
ASKED_AT_ONCE = 5_000
Tell = Callable[[str, int, int], None]


class Stopped(Exception):
    """The pass was asked to stop; what it did is kept, and the next one goes on."""


def _untold(_phase: str, _done: int, _total: int) -> None:
    pass


@dataclass
class Resolver:
    """One pass over one organization's customers."""

    engine: Engine
    organization_id: uuid.UUID
    tell: Tell = _untold
    is_stopping: Callable[[], bool] = field(default=lambda: False)
    now: Callable[[], datetime] = field(default=clock.now)

    def run(self) -> dict[str, Any]:
        """Resolve everybody; what was found, in numbers.

        Raises Stopped, and Conflict while another worker is at it.
        """
        with self._alone():
            return self._pass()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """The database's word that no other worker lives that is at it; lost with this process."""
        values = {"key": f"resolution {self.organization_id}"}
        with self.engine.connect() as connection:
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            if not connection.execute(_LOCK, values).scalar_one():
                raise Conflict(
                    "Somebody looks through all customers already. Wait until that is done."
                )
            try:
                yield
            finally:
                connection.execute(_UNLOCK, values)

    def _pass(self) -> dict[str, Any]:
        began, started = time.perf_counter(), self.now()
        with unit(self.engine, self.organization_id) as session:
            run_id = passes.begin(session, started)
        try:
            found = self._everybody(run_id, started)
        except Stopped:
            raise  # It stays open, and the next worker goes on with it.
        except BaseException:
            self._end(run_id, "failed", {})
            raise
        found["seconds"] = round(time.perf_counter() - began, 1)
        self._end(run_id, "succeeded", found)
        return found

    def _everybody(self, run_id: uuid.UUID, started: datetime) -> dict[str, Any]:
        with unit(self.engine, self.organization_id) as session:
            declared = rules.of(session)
            brought = sum(merging.bring_after(session, each) for each in merging.ENTITIES)
        accounts = self._companies(run_id, declared)
        people = self._read(run_id, declared)
        self._report(run_id, "comparing contacts", 0, len(people))
        decided = decide(people, declared, self._apart(people))
        joined = self._join(run_id, people, decided, declared)
        self._ask(run_id, people, decided)
        with unit(self.engine, self.organization_id) as session:
            result: Any = session.execute(_NO_LONGER_FOUND, {"started": started})
        return {
            "records": len(people),
            "contacts": len(people.ids),
            "compared": decided.compared,
            "passed_over": decided.passed_over,
            "joined": joined,
            "asked": sum(1 for _, is_conflict in decided.asked if not is_conflict),
            "conflicts": sum(1 for _, is_conflict in decided.asked if is_conflict),
            "accounts": accounts,
            "brought_after": brought,
            "no_longer_found": result.rowcount,
        }

    def _report(self, run_id: uuid.UUID, phase: str, done: int, total: int) -> None:
        """Say how far it is, and hear whether to stop."""
        self.tell(phase, done, total)
        with unit(self.engine, self.organization_id) as session:
            values = {"id": run_id, "phase": phase, "done": done, "total": total, "now": self.now()}
            session.execute(_PROGRESS, values)
        if self.is_stopping():
            raise Stopped

    def _read(self, run_id: uuid.UUID, declared: Rules) -> People:
        gathering, done = Gathering(), 0
        with unit(self.engine, self.organization_id, read_only=True) as session:
            total = session.execute(_HOW_MANY).scalar_one()
        for part in said_of_contacts(self.engine, self.organization_id, declared):
            for each in part:
                gathering.add(each)
            done += len(part)
            self._report(run_id, "reading contacts", done, total)
        return gathering.people()

    def _apart(self, people: People) -> frozenset[tuple[int, int]]:
        with unit(self.engine, self.organization_id, read_only=True) as session:
            pairs = matches.different(session, "contact")
        if not pairs:
            return frozenset()
        wanted = {each for pair in pairs for each in pair}
        at = {each: number for number, each in enumerate(people.ids) if each in wanted}
        return frozenset(
            (min(at[one], at[other]), max(at[one], at[other]))
            for one, other in pairs
            if one in at and other in at
        )

    def _join(
        self, run_id: uuid.UUID, people: People, decided: Decided, declared: Rules
    ) -> dict[str, int]:
        pairs = [
            merging.Pair(people.ids[head], people.ids[member], edge.rule, edge.reasons)
            for member, head, edge in sorted(decided.members, key=lambda each: each[1::-1])
        ]

        def merge(part: Sequence[merging.Pair]) -> int:
            with unit(self.engine, self.organization_id) as session:
                merging.merge_many(
                    session, "contact", part, self.now(), declared=declared, is_shared=True
                )
            return len(part)

        done = 0
        with ThreadPoolExecutor(JOINING_AT_ONCE) as pool:
            for parts in _batches(_parts(pairs), 2 * JOINING_AT_ONCE):
                self._report(run_id, "joining contacts", done, len(pairs))
                done += sum(pool.map(merge, parts))
        return dict(Counter(each.rule for each in pairs))

    def _ask(self, run_id: uuid.UUID, people: People, decided: Decided) -> None:
        found = [
            matches.Found(
                people.ids[decided.head_of(edge.one)], people.ids[decided.head_of(edge.other)],
                "conflict" if is_conflict else "likely", edge.likelihood, edge.reasons,
            )
            for edge, is_conflict in decided.asked
        ]  # fmt: skip
        self._propose(run_id, "contact", found)

    def _propose(self, run_id: uuid.UUID, entity: str, found: Sequence[matches.Found]) -> None:
        """The surest reason of each pair goes into the queue."""
        best: dict[tuple[uuid.UUID, uuid.UUID], matches.Found] = {}
        for each in found:
            key = (min(each.one, each.other), max(each.one, each.other))
            if key not in best or best[key].likelihood < each.likelihood:
                best[key] = each
        chosen = list(best.values())
        for start in range(0, len(chosen), ASKED_AT_ONCE):
            self._report(run_id, f"asking about {entity}s", start, len(chosen))
            with unit(self.engine, self.organization_id) as session:
                part = chosen[start : start + ASKED_AT_ONCE]
                matches.propose(session, entity, part, self.now())

    def _companies(self, run_id: uuid.UUID, declared: Rules) -> dict[str, int]:
        self._report(run_id, "comparing accounts", 0, 0)
        with unit(self.engine, self.organization_id, read_only=True) as session:
            known = companies.read(session, declared)
            apart = matches.different(session, "account")
        pairs, asked = companies.decide(known, apart)
        counts: dict[str, int] = {}
        for start in range(0, len(pairs), MERGED_AT_ONCE):
            part = pairs[start : start + MERGED_AT_ONCE]
            self._report(run_id, "joining accounts", start, len(pairs))
            with unit(self.engine, self.organization_id) as session:
                merging.merge_many(session, "account", part, self.now(), declared=declared)
            for each in part:
                counts[each.rule] = counts.get(each.rule, 0) + 1
        self._propose(run_id, "account", asked)
        return {**counts, "asked": len(asked)}

    def _end(self, run_id: uuid.UUID, state: str, found: dict[str, Any]) -> None:
        with unit(self.engine, self.organization_id) as session:
            run = session.get_one(Resolution, (self.organization_id, run_id))
            run.state, run.found, run.phase = state, found, ""
            run.finished_at = run.heartbeat_at = self.now()


_LOCK = text("SELECT pg_try_advisory_lock(hashtextextended(:key, 0))")
_UNLOCK = text("SELECT pg_advisory_unlock(hashtextextended(:key, 0))")
_HOW_MANY = text("SELECT count(*) FROM identities WHERE entity = 'contact'")
_PROGRESS = text(
    "UPDATE resolutions SET phase = :phase, done = :done, total = :total, heartbeat_at = :now"
    " WHERE id = :id"
)
# What waits and was not found again is no question any more: somebody changed or joined it.
_NO_LONGER_FOUND = text("DELETE FROM matches WHERE state = 'open' AND found_at < :started")


def _parts(pairs: Sequence[merging.Pair]) -> list[Sequence[merging.Pair]]:
    """Pairs cut so that all of one winner are together: two parts never touch the same customer."""
    found, start = [], 0
    while start < len(pairs):
        end = min(start + MERGED_AT_ONCE, len(pairs))
        while end < len(pairs) and pairs[end].winner == pairs[end - 1].winner:
            end += 1
        found.append(pairs[start:end])
        start = end
    return found


def _batches(parts: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [parts[start : start + size] for start in range(0, len(parts), size)]


def said_of_contacts(
    engine: Engine, organization_id: uuid.UUID, declared: Rules
) -> Iterator[list[Said]]:
    """What all sources said of contacts, those known longest first, a part at a time."""
    names = ("birth_date", "postal_code", "street", "city", "person_id")
    values: dict[str, Any] = {"size": READ_AT_ONCE}
    columns = []
    for name in names:
        asked = []
        for number, each in enumerate(declared.attributes[name]):
            values[f"{name}_{number}"] = each
            asked.append(f"said->'attributes'->>:{name}_{number}")
        columns.append(f"CASE WHEN said ? 'attributes' THEN coalesce({', '.join(asked)}, NULL) END")
    statement = text(
        f"SELECT id, contact_id, connection_id, said->>'name', email, phone, {', '.join(columns)}"
        " FROM identities WHERE entity = 'contact'"
        " AND (contact_id, id) > (CAST(:after AS uuid), CAST(:after_id AS uuid))"
        " ORDER BY contact_id, id LIMIT :size"
    )
    values["after"] = values["after_id"] = uuid.UUID(int=0)
    while True:
        with unit(engine, organization_id, read_only=True) as session:
            rows = session.execute(statement, values).all()
        if not rows:
            return
        yield [Said(*row[1:]) for row in rows]
        values["after"], values["after_id"] = rows[-1][1], rows[-1][0]
