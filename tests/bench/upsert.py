"""Contacts of a file taken in: mapped, validated, hashed, matched and stored, raw and canonical."""

from __future__ import annotations

import csv
import random
import resource
import sys
import tempfile
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
from tests.bench import beside_dlt
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


def _drop(made: Stage) -> None:
    url = made.database.superuser_url().replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS by_dlt, by_dlt_staging CASCADE")


def _there(made: Stage) -> tuple[int, int]:
    """Contacts of the organization, and different external ids among them."""
    url = made.database.superuser_url().replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT count(*), count(DISTINCT i.external_id) FROM contacts c JOIN identities i"
            " ON i.organization_id = c.organization_id AND i.contact_id = c.id"
            " WHERE c.organization_id = %s", (made.organization_id,),
        ).fetchone()  # fmt: skip
        assert found is not None
        return int(found[0]), int(found[1])


def crash(made: Stage, n: int) -> dict[str, Any]:
    """A first pass killed when half of it is stored, then taken up: contacts after each."""
    connection_id = connect(made.environ, made.organization_id, n)
    spawn = get_context("spawn")
    # The lease of the dead worker is waited for, as another worker would.
    process = spawn.Process(
        target=take, args=(made.environ, made.organization_id, connection_id, False)
    )
    process.start()
    while (killed := _there(made))[0] < n // 2 and process.is_alive():
        time.sleep(0.05)
    process.kill()
    process.join()
    url = made.database.superuser_url().replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("UPDATE sync_runs SET locked_until = now() WHERE state = 'running'")
    killed = _there(made)
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        arguments = (made.environ, made.organization_id, connection_id, False)
        pool.submit(take, *arguments).result()
    return {"killed": killed, "again": _there(made)}


def _passes(options: Options) -> dict[str, Any]:
    """A first pass over the file, one that finds nothing changed, and the file by dlt."""
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
        if beside_dlt.is_there():
            file = connections.folder_of(load(made.environ), made.organization_id) / FILE
            with tempfile.TemporaryDirectory() as folder:
                found["dlt"] = beside_dlt.measure(made, file, Path(folder))
        return found


def _killed(n: int) -> dict[str, Any]:
    """Both killed in the middle and run again."""
    with stage() as made:
        found = {"contacts": n, "ours": crash(made, n)}
        if beside_dlt.is_there():
            file = connections.folder_of(load(made.environ), made.organization_id) / FILE
            with tempfile.TemporaryDirectory() as folder:
                whole = beside_dlt.measure(made, file, Path(folder) / "whole")["seconds"]
                _drop(made)
                after = 0.8 * whole  # It writes to its table in the last part of its time.
                found["dlt"] = beside_dlt.crash(made, file, Path(folder) / "cut", after)
        return found


def measure(options: Options) -> dict[str, Any]:
    """How fast, beside dlt, and what a kill in the middle leaves."""
    found = _passes(options)
    found["crash"] = _killed(max(1, options.contacts // 10))
    return found


def _of_both(first: dict[str, Any], dlt: dict[str, Any] | None) -> str:
    if dlt is None:
        return beside_dlt.MISSING
    return (
        f"dlt 1.31, merging the same file into one table: {dlt['records'] / dlt['seconds']:,.0f} a "
        f"second, peak memory {dlt['peak_mb']:,.0f} MB; ours is "
        f"{dlt['seconds'] / first['seconds']:.2f} times as fast (at least 1)."
    )


def _after(name: str, n: int, found: dict[str, Any]) -> str:
    (there, _), (total, different) = found["killed"], found["again"]
    verdict = "nothing lost or doubled" if total == different == n else "not the same set"
    if "failed" in found:
        verdict = "it failed when it was run again"
    return (
        f"{name}, killed in the middle: {there:,} of {n:,} there; run again {total:,} with "
        f"{different:,} keys: {verdict}."
    )


def said(found: dict[str, Any]) -> list[str]:
    """What was found, in words."""
    first, again, crashed = found["first"], found["again"], found["crash"]
    share = again["written_mb"] / first["written_mb"]
    n = crashed["contacts"]
    return [
        f"{first['records']:,} records at {first['records'] / first['seconds']:,.0f} a second (at "
        f"least 12,000), {first['rejected']:,} refused; peak memory {first['peak_mb']:,.0f} MB (at "
        f"most 300).",
        f"Processor time {first['service_seconds']:.0f} s in the service, "
        f"{first['database_seconds']:.0f} s in the database.",
        f"Read again without a change: {again['records'] / again['seconds']:,.0f} a second, "
        f"{share:.2%} of the first pass's writes (under 1 %).",
        _of_both(first, found.get("dlt")),
        _after("Ours", n, crashed["ours"]),
        *([_after("dlt", n, crashed["dlt"])] if "dlt" in crashed else []),
    ]
