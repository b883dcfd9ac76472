"""Who is who among contacts of three sources: seconds, memory, and how often it is right."""

from __future__ import annotations

import resource
import sys
import time
import uuid
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import orjson
import psycopg
from sqlalchemy import text

from efm.customers.resolving import Resolver
from efm.db.engine import make_engine, unit
from tests.bench.identity_people import SOURCES, records
from tests.bench.options import Options
from tests.bench.processor import seconds_of
from tests.bench.stage import Stage, stage

_CONTACTS = "COPY contacts (organization_id, id, name, email, phone, attributes) FROM STDIN"
_IDENTITIES = (
    "COPY identities (organization_id, id, connection_id, entity, external_id, contact_id, said, email,"
    " phone) FROM STDIN"
)


def _id(kind: int, number: int) -> uuid.UUID:
    return uuid.UUID(int=(0x0190 << 112) | (0x7 << 76) | (0x2 << 62) | (kind << 48) | number)


def fill(made: Stage, n: int) -> list[int]:
    """Each record as a contact of its own, as if nobody had compared anything; the persons."""
    persons: list[int] = []
    organization = made.organization_id
    url = made.database.superuser_url().replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        for number, name in enumerate(SOURCES):
            connection.execute(
                "INSERT INTO connections (organization_id, id, name, connector, state)"
                " VALUES (%s, %s, %s, 'own', 'active')",
                (organization, _id(1, number), name),
            )
        said: list[tuple[int, dict[str, Any]]] = []
        with connection.cursor().copy(_CONTACTS) as copy:
            for number, (person, source, each) in enumerate(records(n)):
                persons.append(person)
                said.append((source, each))
                more = orjson.dumps(each.get("attributes", {})).decode()
                copy.write_row(
                    (
                        organization,
                        _id(2, number),
                        each["name"],
                        each.get("email"),
                        each.get("phone"),
                        more,
                    )
                )
        with connection.cursor().copy(_IDENTITIES) as copy:
            for number, (source, each) in enumerate(said):
                copy.write_row(
                    (
                        organization, _id(3, number), _id(1, source), "contact", str(number),
                        _id(2, number), orjson.dumps(each).decode(), each.get("email"),
                        each.get("phone"),
                    )
                )  # fmt: skip
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
    return persons


def resolve(url: str, organization_id: uuid.UUID) -> dict[str, Any]:
    """The pass in a process of its own: what it found, its time and its memory."""
    engine = make_engine(url)
    phases: dict[str, float] = {}
    began = last = time.perf_counter()
    at = ""

    def tell(phase: str, _done: int, _total: int) -> None:
        nonlocal at, last
        if phase != at:
            now = time.perf_counter()
            phases[at or "starting"] = phases.get(at or "starting", 0.0) + now - last
            at, last = phase, now

    found = Resolver(engine, organization_id, tell=tell).run()
    phases[at] = phases.get(at, 0.0) + time.perf_counter() - last
    engine.dispose()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return found | {
        "seconds": time.perf_counter() - began,
        "service_seconds": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / 1024,
        "phases": phases,
    }


def _pairs(counts: Counter[Any]) -> int:
    return sum(n * (n - 1) // 2 for n in counts.values())


def judged(url: str, organization_id: uuid.UUID, persons: list[int]) -> dict[str, Any]:
    """Pairs of records: of one person, joined, joined rightly, and found with the queue."""
    engine = make_engine(url, pool_size=1)
    with unit(engine, organization_id, read_only=True) as session:
        rows = session.execute(
            text("SELECT id, coalesce(merged_into_id, id) AS head FROM contacts")
        )
        head = {row.id.int & 0xFFFFFFFF: row.head.int & 0xFFFFFFFF for row in rows}
        asked = session.execute(
            text("SELECT contact_id, other_contact_id FROM matches WHERE state = 'open'")
        ).all()
    engine.dispose()
    groups: dict[int, Counter[int]] = {}
    for number, person in enumerate(persons):
        groups.setdefault(head[number], Counter())[person] += 1
    true = _pairs(Counter(persons))
    joined = _pairs(Counter(head[number] for number in range(len(persons))))
    right = sum(_pairs(each) for each in groups.values())
    right_asked = useful = 0
    for one, other in asked:
        first, second = groups[one.int & 0xFFFFFFFF], groups[other.int & 0xFFFFFFFF]
        more = sum(n * second[person] for person, n in first.items())
        right_asked += more
        useful += more > 0
    return {
        "pairs": true,
        "joined_pairs": joined,
        "precision": right / joined if joined else None,
        "recall": right / true,
        "recall_with_queue": (right + right_asked) / true,
        "queue": len(asked),
        "queue_right": useful / len(asked) if asked else None,
    }


def measure(options: Options) -> dict[str, Any]:
    """Fill, resolve, judge."""
    with stage() as made:
        began = time.perf_counter()
        persons = fill(made, options.contacts)
        print(f"made {len(persons):,} in {time.perf_counter() - began:.0f} s", file=sys.stderr)
        before = seconds_of(made.database_pid)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            found = pool.submit(resolve, made.app_url, made.organization_id).result()
        found["database_seconds"] = seconds_of(made.database_pid) - before
        return (
            {"what": "contacts of three sources resolved, two cores, fsync on"}
            | found
            | judged(made.app_url, made.organization_id, persons)
        )


def said(found: dict[str, Any]) -> list[str]:
    """What was found, in words."""
    phases = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in found["phases"].items())
    rules = ", ".join(f"{n:,} by {name}" for name, n in found["joined"].items())
    return [
        f"{found['records']:,} records resolved in {found['seconds']:.0f} s (at most 300 on two free "
        f"cores): {phases}.",
        f"Peak memory {found['peak_mb']:,.0f} MB; processor time {found['service_seconds']:.0f} s in "
        f"the service, {found['database_seconds']:.0f} s in the database.",
        f"{found['compared']:,} pairs compared; joined {rules}; {found['asked']:,} asked, "
        f"{found['conflicts']:,} conflicts; {found['passed_over']:,} keys too common.",
        f"Precision of what is joined {found['precision']:.4f} (at least 0.99), recall "
        f"{found['recall']:.4f}, with the queue {found['recall_with_queue']:.4f} (at least 0.90).",
        f"{found['queue']:,} pairs wait for a person; {found['queue_right']:.0%} of them are one.",
    ]
