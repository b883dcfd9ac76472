"""Keeps child processes running until a signal, then lets them drain and end."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from efm.process import follow

STEADY_SECONDS = 60.0
LONGEST_WAIT = 30.0
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class Child:
    """A process to keep running.

    After an unexpected end it is started again, each time later, up to half a minute; one that
    may fail only `chances` times in a row gives up the whole service. One that `waits` is started
    when the others are ready, so that it does not slow them down. One that was started with `hold`
    reads a line `go` from its standard input before it begins, and ends when there is none.
    """

    name: str
    command: list[str]
    environ: Mapping[str, str]
    chances: int | None = None
    waits: bool = False
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    failures: int = field(default=0, init=False)
    started: float = field(default=0.0, init=False)
    again: float = field(default=0.0, init=False)

    def start(self, *, hold: bool = False) -> None:
        """Start it in a session of its own: Ctrl-C reaches the supervisor only."""
        with warnings.catch_warnings():
            # The child makes one system call between fork and exec, which threads cannot disturb.
            warnings.simplefilter("ignore", DeprecationWarning)
            self.process = subprocess.Popen(  # noqa: S603
                self.command,
                env={**self.environ, "EFM_HOLD": "1"} if hold else dict(self.environ),
                stdin=subprocess.PIPE if hold else subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=follow(signal.SIGTERM),
            )
        self.started = time.monotonic()

    def release(self, word: bytes = b"go\n") -> None:
        """Let one that was held begin; without the word it ends."""
        if self.process is not None and self.process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.write(word)
                self.process.stdin.close()
            self.process.stdin = None

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """Tell the child; on SIGKILL its own children too."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if number is signal.SIGKILL:
                os.killpg(self.process.pid, number)
            elif self.is_running:
                self.process.send_signal(number)

    def end(self) -> None:
        """Make sure that it and what it started have gone."""
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()


class Supervisor:
    """Runs children; `tick` is called about once a second, `ready` once when all are up."""

    def __init__(
        self,
        children: list[Child],
        *,
        tick: Callable[[], None] = lambda: None,
        drain_seconds: float = 20.0,
    ) -> None:
        self.children = children
        self.tick = tick
        self.drain_seconds = drain_seconds
        self._asked = 0
        self._wake_in, self._wake_out = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def run(
        self,
        *,
        is_ready: Callable[[], bool] = lambda: True,
        when_ready: Callable[[], None] = lambda: None,
        ready_seconds: float = 180.0,
    ) -> int:
        """Run until a signal asks to end; the exit code is 0 when all went well."""
        before = {number: signal.signal(number, self._on_signal) for number in ENDINGS}
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        wakeup = signal.set_wakeup_fd(self._wake_out, warn_on_full_buffer=False)
        try:
            for child in self.children:
                if child.process is not None:
                    child.release()
                elif not child.waits:
                    child.start()
            if not self._await(is_ready, ready_seconds):
                return 1 if not self._asked else 0
            when_ready()
            for child in self.children:
                if child.waits and not self._asked:
                    child.start()
            while not self._asked:
                self._wait(1.0)
                if not self._look_after():
                    return 1
                self.tick()
            return 0
        finally:
            self._end()
            signal.set_wakeup_fd(wakeup)
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(self._wake_in)
            os.close(self._wake_out)

    def _on_signal(self, _number: int, _frame: object) -> None:
        self._asked += 1

    def _wait(self, seconds: float) -> None:
        """Wait for the time or the next signal, whichever comes first."""
        if select.select([self._wake_in], [], [], seconds)[0]:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake_in, 4096)

    def _await(self, is_ready: Callable[[], bool], seconds: float) -> bool:
        """Wait until the children serve; a child with few chances that ends now is fatal."""
        until = time.monotonic() + seconds
        while not self._asked:
            for child in self.children:
                if child.chances is not None and not child.is_running:
                    say(f"The {child.name} could not start; its own words are above.")
                    return False
            if is_ready():
                return True
            if time.monotonic() > until:
                say(f"The service did not answer within {seconds:.0f} seconds.")
                return False
            self._wait(0.05)
        return False

    def _look_after(self) -> bool:
        """Start again what has ended; False when a child has used its chances."""
        now = time.monotonic()
        for child in self.children:
            if child.is_running:
                if child.failures and now - child.started > STEADY_SECONDS:
                    child.failures = 0
            elif child.process is not None and not self._asked:
                # Processes of its own that it left behind would hold the port.
                child.signal(signal.SIGKILL)
                child.failures += 1
                if child.chances is not None and child.failures > child.chances:
                    say(f"The {child.name} ended {child.failures} times in a row; giving up.")
                    return False
                wait = min(LONGEST_WAIT, 2.0 ** (child.failures - 1) - 1)
                code = child.process.returncode
                say(f"The {child.name} ended unexpectedly ({_ending(code)}); starting it again.")
                child.process = None
                child.again = now + wait
            if child.process is None and now >= child.again and not self._asked:
                child.start()
        return True

    def _end(self) -> None:
        """Let all drain together; at the second signal, or when time is up, kill what is left."""
        for child in self.children:
            child.signal(signal.SIGTERM)
        until = time.monotonic() + self.drain_seconds
        already = self._asked
        while any(child.is_running for child in self.children):
            left = until - time.monotonic()
            if left <= 0 or self._asked > max(1, already):
                break
            self._wait(min(left, 0.5))
        for child in self.children:
            child.end()


def say(line: str) -> None:
    """Write one line for the person at the terminal."""
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr, flush=True)


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"
