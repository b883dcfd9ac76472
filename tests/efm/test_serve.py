"""One command starts everything, keeps it up, and leaves nothing behind."""

from __future__ import annotations

import http.client
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from efm.cli.serve import free_address, in_child
from efm.errors import Unready

ROOT = Path(__file__).resolve().parents[2]

# Supervises children given as Python programs; says "ready" when all are up.
SUPERVISOR = """
import os, sys
from efm.cli.supervisor import Child, Supervisor
chances = int(os.environ.get("CHANCES", "-1"))
children = [
    Child(f"child {n}", [sys.executable, "-c", program], os.environ,
          chances=None if chances < 0 else chances, waits=program.startswith("# waits"))
    for n, program in enumerate(sys.argv[1:])
]
supervisor = Supervisor(children, drain_seconds=float(os.environ.get("DRAIN", "20")))
sys.exit(supervisor.run(when_ready=lambda: print("ready", flush=True)))
"""
# Says its number, then ends politely at SIGTERM. Handlers write at once: print is not reentrant.
POLITE = """
import os, signal, sys
def end(*_):
    os.write(1, b"drained\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("up", os.getpid(), flush=True)
while True: signal.pause()
"""
STUBBORN = """
import os, signal
signal.signal(signal.SIGTERM, lambda *_: os.write(1, b"deaf\\n"))
print("up", os.getpid(), flush=True)
while True: signal.pause()
"""


def start(*programs: str, **environ: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, *programs],
        cwd=ROOT,
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def expect(stream: IO[str] | None, word: str) -> str:
    """The next line with the word in it; fails when the stream ends before."""
    assert stream is not None
    seen = []
    for line in stream:
        seen.append(line)
        if word in line:
            return line
    raise AssertionError(f"{word!r} did not come; there was: {''.join(seen)}")


def number(line: str) -> int:
    return int(line.split()[1])


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


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_lets_children_drain(how: signal.Signals) -> None:
    with start(POLITE) as supervisor:
        expect(supervisor.stdout, "up")
        supervisor.send_signal(how)
        expect(supervisor.stdout, "drained")
        assert supervisor.wait(30) == 0


def test_a_child_that_ends_is_started_again() -> None:
    with start(POLITE) as supervisor:
        first = number(expect(supervisor.stdout, "up"))
        os.kill(first, signal.SIGKILL)
        assert "signal SIGKILL" in expect(supervisor.stdout, "ended unexpectedly")
        assert number(expect(supervisor.stdout, "up")) != first
        supervisor.terminate()
        assert supervisor.wait(30) == 0


def test_a_child_that_keeps_failing_ends_the_service() -> None:
    program = "import sys; sys.exit(7)"
    with start(program, POLITE, CHANCES="1") as supervisor:
        assert supervisor.stdout is not None
        said = supervisor.stdout.read()
        assert supervisor.wait(30) == 1
    assert "could not start" in said or "ended 2 times in a row" in said
    started = any(line.startswith("up ") for line in said.splitlines())
    assert "drained" in said or not started


def test_a_second_signal_does_not_wait() -> None:
    with start(STUBBORN, DRAIN="300") as supervisor:
        child = number(expect(supervisor.stdout, "up"))
        supervisor.send_signal(signal.SIGINT)
        expect(supervisor.stdout, "deaf")
        supervisor.send_signal(signal.SIGINT)
        assert supervisor.wait(30) == 0
        assert gone(child)


def test_what_does_not_drain_in_time_is_killed() -> None:
    with start(STUBBORN, DRAIN="0.1") as supervisor:
        child = number(expect(supervisor.stdout, "up"))
        supervisor.terminate()
        assert supervisor.wait(30) == 0
        assert gone(child)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_children_end_with_a_killed_supervisor() -> None:
    with start(POLITE) as supervisor:
        child = number(expect(supervisor.stdout, "up"))
        supervisor.kill()
        assert gone(child)


def test_a_child_that_waits_is_started_when_the_others_are_ready() -> None:
    with start("# waits\n" + POLITE, POLITE) as supervisor:
        assert supervisor.stdout is not None
        lines = [expect(supervisor.stdout, word) for word in ("ready", "up")]
        assert len(lines) == 2
        supervisor.terminate()
        supervisor.communicate(timeout=30)


def test_a_worker_that_still_loads_ends_at_a_signal() -> None:
    """The handlers of the server it was forked from would lose it."""
    code = """
import os, signal
from efm.process import begin_as_worker
signal.signal(signal.SIGTERM, lambda *_: None)
os.register_at_fork(after_in_child=begin_as_worker)
child = os.fork()
if not child:
    signal.raise_signal(signal.SIGTERM)
    os._exit(3)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == f"{-signal.SIGTERM}", done.stderr


class TestFreeAddress:
    """The port is tried before anything is started."""

    def test_a_taken_port_is_named_with_the_remedy(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            with pytest.raises(Unready, match=rf"Port {port} .* in use .*PORT=\d+ make run"):
                free_address("127.0.0.1", port)

    def test_a_port_just_given_up_is_free(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as given_up:
            port = given_up.getsockname()[1]
        assert free_address("127.0.0.1", port) == ("127.0.0.1", port)

    def test_a_name_becomes_an_address(self) -> None:
        assert free_address("localhost", 0)[0] in ("127.0.0.1", "::1")

    @pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1"])
    def test_a_strange_address_is_refused(self, host: str) -> None:
        with pytest.raises(Unready, match=host.replace(".", r"\.")):
            free_address(host, 0)


class TestInChild:
    """Preparations are made in a process of their own."""

    def test_its_lines_come_back_and_its_memory_does_not(self) -> None:
        here = os.getpid()
        assert in_child(lambda: [f"{os.getpid() != here}", "Größe"]) == ["True", "Größe"]

    def test_a_refusal_is_said_and_gives_none(self, capfd: pytest.CaptureFixture[str]) -> None:
        def refuse() -> list[str]:
            raise Unready("The database is asleep.")

        assert in_child(refuse) is None
        assert "efm: The database is asleep." in capfd.readouterr().err

    def test_a_fault_gives_none(self, capfd: pytest.CaptureFixture[str]) -> None:
        def fail() -> list[str]:
            raise ZeroDivisionError

        assert in_child(fail) is None
        assert "ZeroDivisionError" in capfd.readouterr().err


@pytest.fixture
def house() -> Iterator[Path]:
    """A data folder with a space in its name that the account for PostgreSQL can reach."""
    path = Path(tempfile.mkdtemp(prefix="efm serve "))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as trial:
        return int(trial.getsockname()[1])


def serve(folder: Path, port: int) -> subprocess.Popen[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("EFM_")}
    environ |= {"EFM_DATA_FOLDER": os.fspath(folder / "var"), "EFM_LOG_LEVEL": "error"}
    return subprocess.Popen(
        [sys.executable, "-m", "efm", "serve", "--port", str(port), "--no-demo"],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def descendants(pid: int) -> list[int]:
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in path.read_text(encoding="ascii").split():
            found += [int(child), *descendants(int(child))]
    return found


def test_a_taken_port_stops_before_anything_is_made(house: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = serve(house, taken.getsockname()[1])
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "in use by another program" in said
    assert not (house / "var" / "postgres").exists()


@pytest.mark.flow
@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_it_starts_again_after_kill_and_stops_cleanly(house: Path) -> None:
    port = free_port()
    for how, code in ((signal.SIGKILL, -9), (signal.SIGINT, 0)):
        with serve(house, port) as process:
            expect(process.stdout, f"Serving on http://127.0.0.1:{port}")
            assert status(port, "/livez") == 200
            family = descendants(process.pid)
            assert len(family) > 4
            if how is signal.SIGINT:
                server = (house / "var" / "postgres" / "data" / "postmaster.pid").read_text()
                os.kill(int(server.split()[0]), signal.SIGKILL)
                expect(process.stdout, "The database ended unexpectedly; starting it again.")
            process.send_signal(how)
            assert process.wait(120) == code
            assert all(gone(pid) for pid in family)
    assert not (house / "var" / "postgres" / "data" / "postmaster.pid").exists()


def status(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()
