"""Sync runs: what is read is committed page by page, once, whatever happens in between."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text

from connectors.errors import CursorExpired, Throttled, Transient
from connectors.systems.memory.connector import forget, store
from efm import clock
from efm.config import Config
from efm.errors import Conflict, Invalid, NotFound
from efm.models import Contact, Interaction, RawRecord, RejectedRecord, SyncRun
from efm.sync import connections
from efm.sync.intake import Intake
from efm.sync.runner import Runner, cancel
from efm.vault import Vault
from tests.factories import House


def _orders(path: Path, n: int, *, bad: frozenset[int] = frozenset()) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["order_id", "customer_id", "order_date", "amount", "kind"])
        for i in range(n):
            day = "not a day" if i in bad else f"2026-01-{i % 28 + 1:02d}"
            writer.writerow([f"o{i}", f"c{i % 50}", day, f"{i}.50", "order"])


def _connect(house: House, config: Config, *, page_size: int = 100, **more: Any) -> dict[str, Any]:
    """A files connection over the organization's folder, its stream mapped as proposed."""
    folder = connections.folder_of(config, house.id)
    vault = Vault(config.secret_key)
    with house.unit() as session:
        given = {
            "folder": str(folder), "patterns": ["orders.csv"], "currency": "EUR",
            "settle_seconds": 0, "page_size": page_size, **more,
        }  # fmt: skip
        made = connections.create(session, vault, "files", "Orders", given, clock.now())
        connector = connections.open_connector(config, vault, made)
        (stream,) = connector.streams()
        connections.enable(
            session, made, stream.name, connections.proposed(stream), now=clock.now()
        )
        run = connections.request_run(session, made.id, stream.name, clock.now())
    return {"connection": made.id, "stream": stream.name, "run": run.id}


def _again(house: House, made: dict[str, Any]) -> Any:
    with house.unit() as session:
        return connections.request_run(session, made["connection"], made["stream"], clock.now()).id


def _count(house: House, table: Any) -> int:
    with house.unit() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def _run(house: House, config: Config, run_id: Any, **more: Any) -> Any:
    return Runner(house.engine, config, house.id, run_id, **more).run()


def _state(house: House, run_id: Any) -> SyncRun:
    with house.unit() as session:
        return session.scalars(select(SyncRun).where(SyncRun.id == run_id)).one()


def test_a_file_is_read_once_and_a_second_run_writes_nothing(house: House, config: Config) -> None:
    _orders(connections.folder_of(config, house.id) / "orders.csv", 250, bad=frozenset({7}))
    made = _connect(house, config)
    _run(house, config, made["run"])
    run = _state(house, made["run"])
    assert (run.state, run.read, run.rejected) == ("succeeded", 250, 1), run.error
    assert (_count(house, Interaction), _count(house, Contact)) == (249, 50)
    second = _again(house, made)
    _run(house, config, second)
    assert (_state(house, second).state, _state(house, second).read) == ("succeeded", 0)


def test_a_changed_file_writes_only_what_changed(house: House, config: Config) -> None:
    path = connections.folder_of(config, house.id) / "orders.csv"
    _orders(path, 100, bad=frozenset({3}))
    made = _connect(house, config)
    _run(house, config, made["run"])
    _orders(path, 101)
    second = _again(house, made)
    _run(house, config, second)
    run = _state(house, second)
    assert (run.read, run.unchanged, run.rejected) == (101, 99, 0)
    with house.unit() as session:
        rejected = session.scalars(select(RejectedRecord)).one()
    assert rejected.resolved_at is not None
    assert _count(house, Interaction) == 101


KILLED = """
import os, signal, sys, uuid
from efm import config as configuration
from efm.db.engine import make_engine
from efm.sync import runner
config = configuration.load()
commits = int(sys.argv[3])
original = runner.Runner._commit
def commit(self, work, page):
    global commits
    taken = original(self, work, page)
    commits -= 1
    if commits == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return taken
runner.Runner._commit = commit
engine = make_engine(config.database_url)
runner.Runner(engine, config, uuid.UUID(sys.argv[1]), uuid.UUID(sys.argv[2])).run()
"""


@pytest.mark.parametrize("after_pages", [1, 3])
def test_killed_after_a_page_the_next_run_goes_on_there(
    house: House, config: Config, after_pages: int
) -> None:
    _orders(connections.folder_of(config, house.id) / "orders.csv", 500)
    made = _connect(house, config)
    environment = {
        **os.environ,
        "EFM_DATABASE_URL": config.database_url or "",
        "EFM_DATA_FOLDER": str(config.data_folder),
    }
    command = [sys.executable, "-c", KILLED, str(house.id), str(made["run"]), str(after_pages)]
    killed = subprocess.run(command, env=environment, check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert _count(house, RawRecord) == after_pages * 100
    assert _run(house, config, made["run"]) is None, "the lease of the dead worker still holds"
    assert _state(house, made["run"]).state == "running"
    later = clock.now() + timedelta(minutes=5)
    _run(house, config, made["run"], now=lambda: later)
    run = _state(house, made["run"])
    assert (run.state, run.read, run.created) == ("succeeded", 500, 500)
    assert _count(house, Interaction) == 500


def test_a_fault_between_records_and_checkpoint_keeps_neither(
    house: House, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    _orders(connections.folder_of(config, house.id) / "orders.csv", 300)
    made = _connect(house, config)
    original = Runner._checkpoint
    calls = []

    def broken(self: Runner, session: Any, work: Any) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise Transient("the line was cut")
        original(self, session, work)

    monkeypatch.setattr(Runner, "_checkpoint", broken)
    _run(house, config, made["run"])
    assert (_state(house, made["run"]).state, _count(house, Interaction)) == ("failed", 100)
    second = _again(house, made)
    _run(house, config, second)
    assert (_state(house, second).read, _count(house, Interaction)) == (200, 300)


@pytest.mark.parametrize(
    ("error", "ends"),
    [
        (Throttled(60), "running"),
        (Transient("timeout"), "failed"),
        (CursorExpired("old"), "failed"),
    ],
)
def test_every_error_says_what_happened(
    house: House, config: Config, monkeypatch: pytest.MonkeyPatch, error: Exception, ends: str
) -> None:
    _orders(connections.folder_of(config, house.id) / "orders.csv", 10)
    made = _connect(house, config)

    def read(*_: Any) -> Any:
        raise error

    monkeypatch.setattr("connectors.systems.files.connector.Files.read", read)
    again = _run(house, config, made["run"])
    run = _state(house, made["run"])
    assert run.state == ends
    assert run.error
    assert (again is not None) == (ends == "running")


def test_a_cancelled_run_stops_at_its_next_page(
    house: House, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    _orders(connections.folder_of(config, house.id) / "orders.csv", 500)
    made = _connect(house, config)
    original = Intake.store
    pages = []

    def store(self: Intake, page: Any) -> Any:
        pages.append(1)
        if len(pages) == 3:
            with house.unit() as other:
                cancel(other, other.get(SyncRun, (house.id, made["run"])), clock.now())
        return original(self, page)

    monkeypatch.setattr(Intake, "store", store)
    _run(house, config, made["run"])
    assert (_state(house, made["run"]).state, _count(house, Interaction)) == ("cancelled", 200)


def test_a_snapshot_sweeps_what_is_gone(house: House, config: Config) -> None:
    path = connections.folder_of(config, house.id) / "orders.csv"
    _orders(path, 30)
    made = _connect(house, config, is_snapshot=True)
    _run(house, config, made["run"])
    _orders(path, 20)
    second = _again(house, made)
    _run(house, config, second)
    run = _state(house, second)
    assert (run.state, run.deleted) == ("succeeded", 10), run.error
    assert _count(house, Interaction) == 20


def test_one_run_at_a_time_and_a_waiting_one_is_given_again(house: House, config: Config) -> None:
    _orders(connections.folder_of(config, house.id) / "orders.csv", 10)
    made = _connect(house, config)
    assert _again(house, made) == made["run"]


def test_files_of_another_organization_are_out_of_reach(
    house: House, stranger: House, config: Config
) -> None:
    _orders(connections.folder_of(config, stranger.id) / "orders.csv", 10)
    vault = Vault(config.secret_key)
    with house.unit() as session:
        given = {"folder": str(connections.folder_of(config, stranger.id))}
        made = connections.create(session, vault, "files", "Theirs", given, clock.now())
        result = connections.check(config, vault, made, clock.now())
    assert not result.ok
    assert "outside" in (made.check_message or "")


def test_settings_are_refused_with_a_message_per_setting(house: House, config: Config) -> None:
    vault = Vault(config.secret_key)
    with house.unit() as session:
        with pytest.raises(Invalid) as refused:
            connections.create(session, vault, "files", "Files", {}, clock.now())
        assert "folder" in refused.value.problems
        with pytest.raises(Invalid, match="not available"):
            connections.create(session, vault, "nothing", "x", {}, clock.now())
        connections.create(session, vault, "files", "Files", {"folder": "/tmp"}, clock.now())
        with pytest.raises(Conflict):
            connections.create(session, vault, "files", "Files", {"folder": "/tmp"}, clock.now())


def test_a_strangers_connection_is_not_found(house: House, stranger: House, config: Config) -> None:
    vault = Vault(config.secret_key)
    with stranger.unit() as session:
        made = connections.create(session, vault, "files", "Files", {"folder": "/tmp"}, clock.now())
    with house.unit() as session, pytest.raises(NotFound):
        connections.get(session, made.id)


def test_nul_and_lone_surrogates_in_a_record_are_stored_or_refused_never_fatal(
    house: House, config: Config
) -> None:
    _orders(connections.folder_of(config, house.id) / "orders.csv", 3)
    made = _connect(house, config)
    with house.unit() as session:
        vault = Vault(config.secret_key)
        connection = connections.get(session, made["connection"])
        stream = connections.open_connector(config, vault, connection).stream(made["stream"])
        setting = connections.setting_of(session, made["connection"], made["stream"])
        assert setting is not None
        from connectors.records import Page

        page = Page(
            [
                {"order_id": "x\x00y", "customer_id": "c\ud800", "order_date": "2026-01-01", "amount": "1", "kind": "order"},
                {"order_id": "z", "customer_id": "c", "order_date": "2026-01-01", "amount": "1", "kind": "or\x00der", "big": 2**90},
            ],
            {},
        )  # fmt: skip
        taken = Intake(
            session, connection.id, stream, connections.mappings_of(setting), 1, clock.now()
        ).take(page)
        session.execute(text("SELECT 1"))
    assert taken.read == 2


def test_a_pass_that_refused_rows_sweeps_nothing(house: House, config: Config) -> None:
    """The refused row may be the very one that would be missing."""
    path = connections.folder_of(config, house.id) / "orders.csv"
    _orders(path, 30)
    made = _connect(house, config, is_snapshot=True)
    _run(house, config, made["run"])
    _orders(path, 20, bad=frozenset({3}))
    second = _again(house, made)
    _run(house, config, second)
    run = _state(house, second)
    assert (run.state, run.rejected, run.deleted) == ("succeeded", 1, 0)
    third = _again(house, made)
    _run(house, config, third)
    assert _state(house, third).deleted == 0, (
        "a pass over no change names nothing, so sweeps nothing"
    )
    assert _count(house, Interaction) == 30
    _orders(path, 20)
    fourth = _again(house, made)
    _run(house, config, fourth)
    assert (_state(house, fourth).deleted, _count(house, Interaction)) == (10, 20)
    with house.unit() as session:
        open_ones = session.scalars(
            select(RejectedRecord).where(RejectedRecord.resolved_at.is_(None))
        ).all()
    assert open_ones == []


def test_a_full_pass_cut_in_the_middle_still_sweeps_at_its_end(
    house: House, config: Config
) -> None:
    path = connections.folder_of(config, house.id) / "orders.csv"
    _orders(path, 500)
    made = _connect(house, config, is_snapshot=True)
    _run(house, config, made["run"])
    _orders(path, 450)
    second = _again(house, made)
    cut = _run(house, config, second, time_slice=timedelta(0))
    assert cut is not None
    assert _count(house, Interaction) == 500
    while cut is not None:
        cut = _run(house, config, second, time_slice=timedelta(0))
    run = _state(house, second)
    assert (run.state, run.read, run.deleted) == ("succeeded", 450, 50)
    assert _count(house, Interaction) == 450


def test_a_full_pass_that_failed_and_goes_on_in_another_run_remembers_what_it_refused(
    house: House, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = connections.folder_of(config, house.id) / "orders.csv"
    _orders(path, 300)
    made = _connect(house, config, is_snapshot=True)
    _run(house, config, made["run"])
    _orders(path, 250, bad=frozenset({5}))
    second = _again(house, made)
    original = Runner._checkpoint
    calls = []

    def broken(self: Runner, session: Any, work: Any) -> None:
        calls.append(1)
        if len(calls) == 3:
            raise Transient("the line was cut")
        original(self, session, work)

    monkeypatch.setattr(Runner, "_checkpoint", broken)
    _run(house, config, second)
    assert (_state(house, second).state, _state(house, second).rejected) == ("failed", 1)
    third = _again(house, made)
    _run(house, config, third)
    run = _state(house, third)
    assert (run.state, run.rejected, run.deleted) == ("succeeded", 0, 0)
    assert _count(house, Interaction) == 300


def _memory(house: House, config: Config, **rows: int) -> dict[str, Any]:
    """A connection to the in-memory system, its contacts mapped as proposed."""
    name = str(house.id)
    for i in range(rows.get("contacts", 0)):
        store(name).put("contacts", f"p{i}", email=f"p{i}@example.org")
    with house.unit() as session:
        vault = Vault(config.secret_key)
        given = {"store": name, "page_size": 10}
        made = connections.create(session, vault, "memory", "CRM", given, clock.now())
        stream = connections.open_connector(config, vault, made).stream("contacts")
        connections.enable(session, made, "contacts", connections.proposed(stream), now=clock.now())
        run = connections.request_run(session, made.id, "contacts", clock.now())
    return {"connection": made.id, "stream": "contacts", "run": run.id}


def test_a_source_that_repeats_a_page_for_ever_is_stopped(house: House, config: Config) -> None:
    made = _memory(house, config, contacts=5)
    store(str(house.id)).loop()
    _run(house, config, made["run"])
    run = _state(house, made["run"])
    assert run.state == "failed"
    assert "the same page again and again" in (run.error or "")
    forget(str(house.id))


def test_a_deleted_record_is_no_longer_open_among_the_rejected(
    house: House, config: Config
) -> None:
    made = _memory(house, config, contacts=3)
    store(str(house.id)).put("contacts", "p1", email="not an address")
    _run(house, config, made["run"])
    assert _state(house, made["run"]).rejected == 1
    store(str(house.id)).delete("contacts", "p1")
    _run(house, config, _again(house, made))
    with house.unit() as session:
        assert session.scalars(select(RejectedRecord)).one().resolved_at is not None
    forget(str(house.id))


def test_a_connector_that_breaks_ends_the_run_without_its_words(
    house: House, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = _memory(house, config, contacts=3)

    def broken(*_: Any) -> Any:
        raise ValueError("https://user:secret@crm.example")

    monkeypatch.setattr("connectors.systems.memory.connector.Memory.read", broken)
    assert _run(house, config, made["run"]) is None
    run = _state(house, made["run"])
    assert run.state == "failed"
    assert "ValueError" in (run.error or "")
    assert "secret" not in (run.error or "")
    forget(str(house.id))


def test_a_worker_that_ends_gives_the_run_back_at_the_next_page(
    house: House, config: Config
) -> None:
    _orders(connections.folder_of(config, house.id) / "orders.csv", 300)
    made = _connect(house, config)
    again = _run(house, config, made["run"], is_stopping=lambda: True)
    assert again is not None
    assert (_state(house, made["run"]).state, _count(house, Interaction)) == ("running", 100)
    _run(house, config, made["run"])
    assert (_state(house, made["run"]).state, _count(house, Interaction)) == ("succeeded", 300)
