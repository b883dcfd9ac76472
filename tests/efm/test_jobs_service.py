"""The worker process: starts, works, ends gently when asked, and loses nothing when killed."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from efm.config import Config
from efm.events import outbox
from efm.jobs.measure import measure_drain, measure_latency
from efm.models import Mail
from tests.factories import House

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True, scope="module")
def nothing_waits(engine: Engine) -> None:
    """What other tests left to do would be done first."""
    with engine.begin() as connection:
        claimed = connection.execute(
            text("SELECT array_agg(id) FROM efm_claim_events(1000000, now() + interval '1 year')")
        ).scalar_one()
        connection.execute(text("SELECT efm_finish_events(:ids, now())"), {"ids": claimed or []})
        connection.execute(text("DELETE FROM procrastinate_jobs WHERE status = 'todo'"))


@contextmanager
def worker(config: Config, folder: Path, **more: str) -> Iterator[subprocess.Popen[str]]:
    """A worker process that logs in JSON and writes mails to `folder`."""
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("EFM_")},
        "EFM_DATABASE_URL": config.database_url or "",
        "EFM_SECRET_KEY": secrets.token_urlsafe(48),
        "EFM_DATA_FOLDER": str(folder),
        "EFM_MAIL_URL": f"folder://{folder}/mail",
        "EFM_LOG_FORMAT": "json",
        "EFM_LOG_LEVEL": "info",
        **more,
    }
    process = subprocess.Popen(
        [sys.executable, "-c", "from efm.cli.worker import work; work(None)"],
        cwd=ROOT,
        env=environ,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def await_line(process: subprocess.Popen[str], words: str) -> str:
    """Read the log until a line has the words; the end of the log is a failure."""
    assert process.stderr is not None
    read = []
    for line in process.stderr:
        read.append(line)
        if words in line:
            return line
    raise AssertionError("The worker ended:\n" + "".join(read))


def is_sent(house: House, process: subprocess.Popen[str], mail_id: uuid.UUID | None = None) -> bool:
    """Whether a mail (a new one, unless given) gets sent; the worker must go on meanwhile."""
    if mail_id is None:
        with house.unit() as session:
            mail_id = outbox.post(session, "anna@example.org", "Hello", "x")
    for _ in range(1200):
        with house.unit(read_only=True) as session:
            if session.get_one(Mail, (house.id, mail_id)).state == "sent":
                return True
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.05)
    return False


def test_the_worker_works_and_ends_when_asked(house: House, config: Config, tmp_path: Path) -> None:
    with worker(config, tmp_path) as process:
        await_line(process, "worker.started")
        assert is_sent(house, process)
        process.send_signal(signal.SIGTERM)
        await_line(process, "worker.stopped")
        assert process.wait(20) == 0
    assert len(list((tmp_path / "mail").glob("*.eml"))) >= 1


def test_the_worker_goes_on_after_the_database_dropped_it(
    house: House, config: Config, engine: Engine, tmp_path: Path
) -> None:
    with worker(config, tmp_path) as process:
        await_line(process, "worker.started")
        assert is_sent(house, process)
        with engine.connect() as connection:
            dropped = connection.execute(
                text(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND application_name LIKE 'efm worker%'"
                )
            ).scalar_one()
        assert dropped >= 3
        assert is_sent(house, process)
        process.send_signal(signal.SIGTERM)
        await_line(process, "worker.stopped")
        assert process.wait(20) == 0


def test_the_measures_measure(house: House, config: Config, engine: Engine) -> None:
    drained = measure_drain(config, engine, house.id, 500)
    assert drained.events == 500
    latency = measure_latency(config, engine, house.id, 5)
    assert 0 <= latency.p50_ms <= latency.p99_ms <= latency.longest_ms


def test_a_job_of_a_killed_worker_is_done_by_another(
    house: House, config: Config, engine: Engine, tmp_path: Path
) -> None:
    with house.unit() as session:
        mail_id = outbox.post(session, "anna@example.org", "Hello", "x")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"smtp://127.0.0.1:{silent.getsockname()[1]}?starttls=no"
        with worker(config, tmp_path, EFM_MAIL_URL=url) as process:
            silent.settimeout(30)
            held, _ = silent.accept()  # The job is now in the middle of its work.
            with held:
                process.kill()
                process.wait(10)
    with engine.begin() as connection:
        ours = {"id": str(mail_id)}
        flying = text("SELECT status::text FROM procrastinate_jobs WHERE args->>'mail_id' = :id")
        assert connection.execute(flying, ours).scalar_one() == "doing"
        connection.execute(text("UPDATE procrastinate_workers SET last_heartbeat = '2026-01-01'"))
    with worker(config, tmp_path) as process:
        assert is_sent(house, process, mail_id)
    assert (tmp_path / "mail" / f"{mail_id}.eml").is_file()


def test_an_idle_worker_carries_no_heavy_library() -> None:
    """Statistics, tables and charts are loaded by the jobs that need them, not by the process."""
    code = (
        "import sys; from efm.jobs import service; from efm.jobs.load import load_registry;"
        " from efm import config; load_registry(config.load({'EFM_DATA_FOLDER': sys.argv[1]}));"
        " print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "/nonexistent"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    heavy = {"numpy", "scipy", "statsmodels", "sklearn", "pyarrow", "altair", "openpyxl", "flask"}
    assert "efm.jobs.worker" in done.stdout.split(), done.stderr
    assert heavy.isdisjoint(done.stdout.split())


@pytest.mark.full
def test_a_job_that_will_not_end_does_not_keep_the_worker(
    house: House, config: Config, engine: Engine, tmp_path: Path
) -> None:
    with house.unit() as session:
        outbox.post(session, "anna@example.org", "Hello", "x")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"smtp://127.0.0.1:{silent.getsockname()[1]}?starttls=no"
        with worker(config, tmp_path, EFM_MAIL_URL=url) as process:
            silent.settimeout(30)
            held, _ = silent.accept()
            with held:
                process.send_signal(signal.SIGTERM)
                assert process.wait(30) == 1
