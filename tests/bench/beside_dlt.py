"""dlt on the same file and the same database: how fast, and what is there after a kill in the middle."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg

from tests.bench.processor import seconds_of
from tests.bench.stage import ROOT, Stage

PYTHON = ROOT / ".foreign" / "dlt" / "bin" / "python"
MISSING = (
    "dlt is left out: python3 -m venv .foreign/dlt"
    " && .foreign/dlt/bin/pip install -r tests/bench/dlt.txt"
)


def is_there() -> bool:
    """Whether dlt's own environment was made."""
    return PYTHON.exists()


def start(made: Stage, file: Path, folder: Path) -> subprocess.Popen[str]:
    """dlt at work; its state goes to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    url = made.database.superuser_url().replace("+psycopg", "")
    script = Path(__file__).with_name("dlt_load.py")
    return subprocess.Popen(
        [PYTHON, script, file, url, folder],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder,
        env={
            "PATH": os.environ["PATH"], "HOME": str(folder),
            "RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR",
        },
    )  # fmt: skip


def rows(made: Stage) -> tuple[int, int]:
    """Rows of its table, and different keys among them; nothing where there is no table."""
    url = made.database.superuser_url().replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        there = connection.execute("SELECT to_regclass('by_dlt.contacts')").fetchone()
        if there is None or there[0] is None:
            return 0, 0
        found = connection.execute(
            "SELECT count(*), count(DISTINCT contact_id) FROM by_dlt.contacts"
        ).fetchone()
        assert found is not None
        return int(found[0]), int(found[1])


def measure(made: Stage, file: Path, folder: Path) -> dict[str, Any]:
    """The whole file, to the end."""
    before = seconds_of(made.database_pid)
    process = start(made, file, folder)
    said, complaint = process.communicate()
    if process.returncode:
        sys.exit(f"dlt failed: {complaint[-2000:]}")
    seconds, peak = (float(each) for each in said.split())
    total, _ = rows(made)
    return {
        "records": total, "seconds": seconds, "peak_mb": peak,
        "database_seconds": seconds_of(made.database_pid) - before,
    }  # fmt: skip


def crash(made: Stage, file: Path, folder: Path, after: float) -> dict[str, Any]:
    """Killed after so many seconds, then run again: rows after each, and different keys."""
    process = start(made, file, folder)
    time.sleep(after)
    process.kill()
    process.communicate()
    killed = rows(made)
    process = start(made, file, folder)
    _, complaint = process.communicate()
    if process.returncode:
        return {"killed": killed, "again": rows(made), "failed": complaint[-300:]}
    return {"killed": killed, "again": rows(made)}
