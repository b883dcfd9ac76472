"""The whole service as a person starts it: `python -m efm serve`, its words, its family, its end."""

from __future__ import annotations

import http.client
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[1]
SIGN_IN = re.compile(
    r"^  (\S+@\S+) +(owner|designer|analyst|agent|crm admin) +(\S+)$", re.MULTILINE
)
SURVEY_LINK = re.compile(r"^  (http\S+/s/\S+)$", re.MULTILINE)


@contextmanager
def data_folder() -> Iterator[Path]:
    """A new data folder with a space in its path, which the account for PostgreSQL can reach."""
    outer = Path(tempfile.mkdtemp(prefix="efm flow "))
    outer.chmod(0o711)
    try:
        yield outer / "var"
    finally:
        shutil.rmtree(outer)


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as trial:
        return int(trial.getsockname()[1])


def gone(pid: int, seconds: float = 30) -> bool:
    """Whether a process ends within the time; waits on the process, not on the clock."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)


def descendants(pid: int) -> list[int]:
    """The processes a process started, and theirs."""
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in path.read_text(encoding="ascii").split():
            found += [int(child), *descendants(int(child))]
    return found


class Server:
    """One service on a data folder of its own, with the embedded database.

    `environ` are EFM_* settings; those of the surroundings are not passed on.
    """

    def __init__(self, folder: Path, *, port: int | None = None, **environ: str) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.words = folder.parent / f"words-{self.port}.txt"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("EFM_")}
        self.environ = {**kept, "EFM_DATA_FOLDER": os.fspath(folder), **environ}
        self.process: subprocess.Popen[bytes] | None = None
        self.family: list[int] = []
        self.sockets = folder

    def start(self) -> Server:
        """Start it in a process group of its own, as a terminal does."""
        with self.words.open("wb") as words:
            self.process = self._popen(
                ["serve", "--port", str(self.port)], stdout=words, stderr=subprocess.STDOUT
            )
        return self

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another command of the product on the same data folder to its end."""
        return subprocess.run(
            [sys.executable, "-m", "efm", *arguments],
            cwd=ROOT,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def wait_ready(self, seconds: float = 120) -> float:
        """Ask /readyz until it says yes and the greeting is printed; the seconds that took.

        Raises AssertionError with everything the service said when it ends or takes too long.
        """
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            assert self.process is not None, "start it first"
            assert self.process.poll() is None, f"it ended:\n{self.said()}"
            if self.status("/readyz") == 200 and "Press Ctrl-C" in self.said():
                self.family = [self.process.pid, *descendants(self.process.pid)]
                # The fifth line of PostgreSQL's own file names the folder of its socket.
                lines = (
                    (self.folder / "postgres" / "data" / "postmaster.pid").read_text().splitlines()
                )
                self.sockets = Path(lines[4])
                return time.monotonic() - began
            select.select([], [], [], 0.05)
        raise AssertionError(f"not ready after {seconds} seconds:\n{self.said()}")

    def said(self) -> str:
        """What it printed since its last start."""
        return self.words.read_text(encoding="utf-8", errors="replace")

    def sign_ins(self) -> dict[str, tuple[str, str]]:
        """Address and password of each printed role."""
        return {role: (email, word) for email, role, word in SIGN_IN.findall(self.said())}

    def survey_link(self) -> str:
        """The printed link of an open survey."""
        found = SURVEY_LINK.search(self.said())
        assert found is not None, f"no survey link in:\n{self.said()}"
        return found[1]

    def status(self, path: str) -> int:
        """The status of a GET; 0 when nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def memory_mb(self) -> float:
        """Resident memory of the whole family, each shared page counted in its share, in MB."""
        total = 0
        for pid in self.family:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
            total += int(re.findall(r"^Pss: +(\d+)", rollup, re.MULTILINE)[0])
        return total / 1024

    def interrupt(self, seconds: float = 60) -> int:
        """Ctrl-C, which a terminal gives to the whole process group; the exit code."""
        assert self.process is not None, "start it first"
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(seconds)

    def kill(self) -> None:
        """kill -9 of the process a person sees; the others must notice by themselves."""
        assert self.process is not None, "start it first"
        self.process.kill()
        self.process.wait(30)

    def lingering(self) -> list[str]:
        """What is left of it: processes, listening sockets, the database's files of a running one."""
        left = [f"process {pid}" for pid in self.family if not gone(pid)]
        with socket.socket() as trial:
            trial.settimeout(5)
            if trial.connect_ex(("127.0.0.1", self.port)) == 0:
                left.append(f"port {self.port}")
        files = [*self.folder.rglob("postmaster.pid"), *self.sockets.glob(".s.PGSQL.*")]
        left += [f"file {path}" for path in files]
        return left

    def close(self) -> None:
        """Make sure that nothing is left when a test has failed half-way."""
        if self.process is None or self.process.poll() is not None:
            return
        self.family = [self.process.pid, *descendants(self.process.pid)]
        try:
            self.interrupt()
        except subprocess.TimeoutExpired:
            self.kill()

    def _popen(
        self, arguments: list[str], *, stdout: IO[bytes], stderr: int
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "efm", *arguments],
            cwd=ROOT,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )


@contextmanager
def served(folder: Path, **environ: str) -> Iterator[Server]:
    """A started and ready service; what a failed test leaves of it is ended."""
    server = Server(folder, **environ).start()
    try:
        server.wait_ready()
        yield server
    finally:
        server.close()
