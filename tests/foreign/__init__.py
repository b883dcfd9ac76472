"""Systems nobody here wrote, installed by `make foreign` each into an environment of its own.

What is not installed is skipped with the reason; CI installs all of them and sets EFM_CI, under
which a missing one fails.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def python_of(name: str) -> Path:
    """The interpreter of the environment made from `tests/foreign/NAME.txt`."""
    home = ROOT / ".foreign" / name
    found, ends = (
        home / "bin" / "python",
        time.monotonic() + (240 if os.environ.get("EFM_CI") else 0),
    )
    # The list is copied once all of it is there; CI installs them beside the tests.
    while not (home / "installed").exists() and time.monotonic() < ends:
        time.sleep(0.5)
    if not (home / "installed").exists():
        said = f"{name} is not installed; make foreign installs it"
        if os.environ.get("EFM_CI"):
            pytest.fail(said)
        pytest.skip(said)
    return found


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on."""
    with closing(socket.socket()) as made:
        made.bind(("127.0.0.1", 0))
        port: int = made.getsockname()[1]
        return port


@contextmanager
def running(
    command: Sequence[str | Path],
    port: int,
    log: Path,
    *,
    cwd: Path | None = None,
    environ: Mapping[str, str] = {},
    seconds: float = 60,
) -> Iterator[None]:
    """A server that listens on the port while the block runs; its words go to `log`."""
    with log.open("ab") as words:
        process = subprocess.Popen(
            [str(each) for each in command], stdout=words, stderr=words, cwd=cwd,
            env={**os.environ, **environ},
        )  # fmt: skip
    try:
        ends = time.monotonic() + seconds
        while True:
            with closing(socket.socket()) as attempt:
                attempt.settimeout(1)
                if attempt.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None or time.monotonic() > ends:
                said = log.read_text(errors="replace")[-2000:]
                pytest.fail(f"{command[0]} did not come to listen on port {port}:\n{said}")
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
