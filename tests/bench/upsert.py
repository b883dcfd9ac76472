"""Contacts of a file taken in: mapped, validated, hashed, matched and stored, raw and canonical."""

from __future__ import annotations

import csv
import random
import resource
import sys
import time
import uuid
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psycopg

from efm import clock
from efm.config import load
from efm.db.engine import make_engine, unit
from efm.sync import connections, control
from efm.sync.runner import Runner
from efm.vault import Vault
from tests.bench.options import Options
from tests.bench.processor import seconds_of
from tests.bench.stage import Stage, stage

FILE = "contacts.csv"
WORDS = ("Ada", "Grace", "Joan", "Alan", "Edith", "Mary", "Hedy", "Radia", "Zoë", "Katherine")


def write(path: Path, n: int) -> None:
    """A table as a CRM exports it: eight columns, one contact in ten of a known company."""
    chance = random.Random(7)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(
            ("contact_id", "name", "email", "phone", "account_id", "city", "segment", "updated_at")
        )
        for number in range(n):
            name = f"{chance.choice(WORDS)} {chance.choice(WORDS)}son {number}"
            writer.writerow(
                (
                    f"C{number:08}", name, f"person{number}@example.org",
                    f"+4420{number:08}", f"A{number % max(1, n // 10):07}", chance.choice(WORDS),
                    chance.choice("ABC"), f"2026-01-{number % 28 + 1:02}T10:00:00Z",
                )
            )  # fmt: skip


def connect(environ: dict[str, str], organization_id: uuid.UUID, n: int) -> uuid.UUID:
    """The connection over the file, its one stream mapped as proposed."""
    config = load(environ)
    folder = connections.folder_of(config, organization_id)
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / FILE, n)
    engine, vault = make_engine(environ["EFM_DATABASE_URL"]), Vault(config.secret_key)
    given = {"folder": str(folder), "patterns": [FILE], "settle_seconds": 0, "entity": "contact"}
    with unit(engine, organization_id) as session:
        made = connections.create(session, vault, "files", "CRM", given, clock.now())
        (stream,) = connections.open_connector(config, vault, made).streams()
        mapping = connections.proposed(stream)[:1]
        connections.enable(session, made, stream.name, mapping, now=clock.now())
        found = made.id
    engine.dispose()
    return found


def take(
    environ: dict[str, str], organization_id: uuid.UUID, connection_id: uuid.UUID, is_anew: bool
) -> dict[str, Any]:
    """One run to its end, in a process of its own."""
    config, engine = load(environ), make_engine(environ["EFM_DATABASE_URL"])
    with unit(engine, organization_id) as session:
        if is_anew:
            control.restart(session, connection_id, FILE, clock.now())
        run = connections.request_run(session, connection_id, FILE, clock.now()).id
    read = rejected = 0
    began = time.perf_counter()
    while True:
        counted: list[int] = []
        refused: list[int] = []

        def note(taken: Any, counted: list[int] = counted, refused: list[int] = refused) -> None:
            counted.append(taken.read)
            refused.append(taken.rejected)

        again = Runner(engine, config, organization_id, run, on_page=note).run()
        read, rejected = read + sum(counted), rejected + sum(refused)
        if again is None:
            break
    seconds = time.perf_counter() - began
    engine.dispose()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "records": read, "rejected": rejected, "seconds": seconds,
        "service_seconds": usage.ru_utime + usage.ru_stime, "peak_mb": usage.ru_maxrss / 1024,
    }  # fmt: skip


def _written(made: Stage) -> int:
    """Bytes of the write-ahead log so far."""
    url = made.database.superuser_url().replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn").fetchone()
        assert row is not None
        return int(row[0])


def measure(options: Options) -> dict[str, Any]:
    """A first pass over the file, and a second one that finds nothing changed."""
    with stage() as made:
        connection_id = connect(made.environ, made.organization_id, options.contacts)
        found: dict[str, Any] = {"what": "contacts of a CSV file, two cores, fsync on"}
        for name in ("first", "again"):
            before, processor = _written(made), seconds_of(made.database_pid)
            arguments = (made.environ, made.organization_id, connection_id, name == "again")
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                taken = pool.submit(take, *arguments).result()
            taken["database_seconds"] = seconds_of(made.database_pid) - processor
            taken["written_mb"] = (_written(made) - before) / 2**20
            found[name] = taken
            print(f"{name}: {taken['records']:,} in {taken['seconds']:.0f} s", file=sys.stderr)
        return found


def said(found: dict[str, Any]) -> list[str]:
    """What was found, in words."""
    first, again = found["first"], found["again"]
    share = again["written_mb"] / first["written_mb"]
    return [
        f"{first['records']:,} records at {first['records'] / first['seconds']:,.0f} a second (at "
        f"least 12,000), {first['rejected']:,} refused; peak memory {first['peak_mb']:,.0f} MB (at "
        f"most 300).",
        f"Processor time {first['service_seconds']:.0f} s in the service, "
        f"{first['database_seconds']:.0f} s in the database.",
        f"Read again without a change: {again['records'] / again['seconds']:,.0f} a second, "
        f"{share:.2%} of the first pass's writes (under 1 %).",
    ]
