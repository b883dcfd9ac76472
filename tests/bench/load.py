"""The load: wrk for services, pgbench for the database's own ceiling, in interleaved rounds."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from efm.errors import Unready
from tests.bench.processor import seconds_of
from tests.bench.stage import HERE, Served, Stage

CONNECTIONS = 16
WORKLOAD = HERE / "workload"


@dataclass(frozen=True)
class Figure:
    """What one round measured: what was done a second, latencies in milliseconds, errors.

    `service_us` and `database_us` are the processor time of each for one thing done.
    """

    rate: float
    p50: float = 0.0
    p99: float = 0.0
    errors: int = 0
    service_us: float = 0.0
    database_us: float = 0.0


@dataclass(frozen=True)
class Load:
    """What wrk does to a service: a script, so many threads, requests for one thing done."""

    script: str
    path: str
    threads: int
    requests: int = 1


def wrk(stage: Stage, served: Served, load: Load, seconds: float, *arguments: str) -> Figure:
    """One round of wrk; raises Unready when it is not installed or fails."""
    program = shutil.which("wrk")
    if program is None:
        raise Unready("wrk is not installed; `apt-get install wrk` brings it.")
    before = seconds_of(served.pid), seconds_of(stage.database_pid)
    done = subprocess.run(
        [
            *(program, "-t", str(load.threads), "-c", str(CONNECTIONS), "-d", f"{seconds:g}s"),
            *("--timeout", "10s", "--latency", "-s", str(WORKLOAD / f"{load.script}.lua")),
            served.address + load.path,
            *("--", *arguments),
        ],
        env=os.environ | {"LUA_PATH": f"{WORKLOAD}/?.lua;;"},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        raise Unready(f"wrk failed: {done.stderr or done.stdout}")
    after = seconds_of(served.pid), seconds_of(stage.database_pid)
    said = json.loads(lines[-1])
    things = max(1.0, said["requests"] / load.requests)
    return Figure(
        things / said["microseconds"] * 1e6,
        said["p50"] / 1000,
        said["p99"] / 1000,
        said["errors"],
        (after[0] - before[0]) / things * 1e6,
        (after[1] - before[1]) / things * 1e6,
    )


def pgbench(stage: Stage, seconds: float) -> Figure:
    """The same rows, inserted by prepared statements and nothing else: the database's ceiling."""
    script = WORKLOAD / "rows.sql"
    before = seconds_of(stage.database_pid)
    folder = tempfile.TemporaryDirectory(prefix="efm-pgbench-")
    done = subprocess.run(
        [
            *(stage.database.program("pgbench"), "-n", "-M", "prepared", "-f", script),
            *("--log", "--log-prefix", f"{folder.name}/log"),
            *("-c", str(CONNECTIONS), "-j", "2", "-T", str(max(1, round(seconds)))),
            *("-D", f"organization={stage.organization_id}", "-D", f"survey={stage.survey_id}"),
            *("-D", f"version={stage.version_id}", "-D", f"link={stage.link_id}"),
        ],
        env=os.environ | stage.database.psql_env("efm_app"),
        capture_output=True,
        text=True,
        check=False,
    )
    found = [line for line in done.stdout.splitlines() if line.startswith("tps = ")]
    if done.returncode or not found:
        raise Unready(f"pgbench failed: {done.stderr or done.stdout}")
    rate = float(found[0].split()[2])
    used = seconds_of(stage.database_pid) - before
    with folder:
        # One line a transaction; its third figure is the latency in microseconds.
        lines = [line for each in Path(folder.name).iterdir() for line in each.open()]
    taken = sorted(int(line.split()[2]) / 1000 for line in lines)
    p50, p99 = (taken[int(len(taken) * share)] for share in (0.5, 0.99))
    return Figure(rate, p50, p99, database_us=used / (rate * seconds) * 1e6)


def interleaved(
    measures: Mapping[str, Callable[[], Figure]], rounds: int
) -> dict[str, list[Figure]]:
    """Each measure once a round, so that what disturbs the machine disturbs all alike."""
    found: dict[str, list[Figure]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            found[name].append(measure())
    return found


def middle(figures: list[Figure]) -> Figure:
    """The median of each quantity; errors are added up."""
    names = ("rate", "p50", "p99", "service_us", "database_us")
    medians = {name: statistics.median(getattr(f, name) for f in figures) for name in names}
    return Figure(errors=sum(each.errors for each in figures), **medians)
