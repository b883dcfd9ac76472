"""The PostgreSQL server process itself: made, started, found again, stopped."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

from efm.db.embedded_errors import EmbeddedError, explain
from efm.db.embedded_folder import OWN_SETTINGS, Layout
from efm.db.embedded_programs import Account, version_of
from efm.process import follow

SIGNALS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
START_SECONDS = 300.0  # Replaying a long log after a crash takes its time.
STOP_SECONDS = 60.0
BUSY = "pre-existing shared memory block"


@dataclass(frozen=True)
class Found:
    """What postmaster.pid says: the process, its socket folder and its state."""

    pid: int
    sockets: Path
    state: str


class Server:
    """One cluster's server under one account. Methods raise EmbeddedError."""

    def __init__(self, layout: Layout, account: Account, bin_folder: Path) -> None:
        self.layout = layout
        self.account = account
        self.bin_folder = bin_folder
        self._child: subprocess.Popen[bytes] | None = None

    def make(self, password: str, *, durable: bool) -> None:
        """Run initdb into a fresh folder that gets its name only when it is complete."""
        fresh = self.layout.root / "data.partial"
        shutil.rmtree(fresh, ignore_errors=True)
        secret = self.layout.root / "initdb-password"
        self.layout.write(self.account, secret, password)
        if version_of(self.bin_folder) >= 17:
            locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        else:
            locale = ["--locale=C.UTF-8"]
        command = [
            os.fspath(self.bin_folder / "initdb"),
            f"--pgdata={fresh}",
            "--username=postgres",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--no-instructions",
            *locale,
        ]
        if not durable:
            command.append("--no-sync")
        try:
            done = self.account.run(
                command,
                cwd=self.layout.root,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                check=False,
            )
        finally:
            secret.unlink(missing_ok=True)
        if done.returncode:
            shutil.rmtree(fresh, ignore_errors=True)
            raise explain("The database could not be made", done.stdout, self.layout.root)
        self.layout.write(self.account, fresh / "postgresql.conf", OWN_SETTINGS)
        fresh.rename(self.layout.data)

    def check_version(self) -> None:
        """Refuse a cluster that another major version wrote."""
        written = (self.layout.data / "PG_VERSION").read_text(encoding="ascii").strip()
        ours = version_of(self.bin_folder)
        if written != str(ours):
            raise EmbeddedError(
                f"The database in {self.layout.root} was written by PostgreSQL {written}, and the "
                f"programs here are version {ours}. Set EFM_PG_BIN to the bin folder of PostgreSQL "
                f"{written}, take a backup with `efm db backup FILE`, move {self.layout.root} "
                "away, start without EFM_PG_BIN and run `efm db restore FILE`."
            )

    def start(self) -> Found:
        """Start the server and wait until it takes connections."""
        self._clear_stale()
        until = time.monotonic() + START_SECONDS
        while True:
            found, output = self._attempt(until)
            if found is not None:
                return found
            # Sessions of a killed server take a moment to notice and let go of its memory.
            if BUSY not in output or time.monotonic() > until - START_SECONDS + 15:
                raise explain("The database could not start", output, self.layout.root)
            time.sleep(0.2)

    def _attempt(self, until: float) -> tuple[Found | None, str]:
        path = self.layout.log
        self.layout.trim_log()
        path.touch(mode=0o600)
        self.layout.give(self.account, path)
        begin = path.stat().st_size
        with path.open("ab") as log, warnings.catch_warnings():
            # The child makes one system call between fork and exec, which threads cannot disturb.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = subprocess.Popen(  # type: ignore[call-overload]  # noqa: S603
                [os.fspath(self.bin_folder / "postgres"), "-D", os.fspath(self.layout.data)],
                cwd=self.layout.root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C reaches the terminal's group; the database must outlive the service.
                start_new_session=True,
                preexec_fn=follow(signal.SIGINT),
                **self.account.options(),
            )
        self._child = child
        while child.poll() is None:
            found = self.found()
            if found is not None and found.pid == child.pid and found.state == "ready":
                return found, ""
            if time.monotonic() > until:
                self.stop("immediate")
                raise EmbeddedError(
                    f"The database in {self.layout.root} was not ready after {START_SECONDS:.0f} "
                    "seconds. Its log is postgresql.log there."
                )
            time.sleep(0.01)
        self._child = None
        return None, path.read_bytes()[begin:].decode(errors="replace")

    def found(self) -> Found | None:
        """The running server of this cluster, whoever started it; None when there is none."""
        if self._child is not None and self._child.poll() is not None:
            self._child = None
        lines = self._pid_lines()
        if len(lines) < 5 or not lines[0].isdigit() or not self._is_ours(int(lines[0])):
            return None
        state = lines[7].strip() if len(lines) > 7 else "starting"
        return Found(int(lines[0]), Path(lines[4]), state)

    def settle(self) -> Found | None:
        """Wait while a running server starts or stops; then it, or None when it has gone."""
        until = time.monotonic() + STOP_SECONDS
        while (found := self.found()) is not None and found.state != "ready":
            if time.monotonic() > until:
                return found
            time.sleep(0.02)
        return found

    def stop(self, mode: str = "fast") -> None:
        """Stop the server and wait for it; what does not end in a minute is stopped harder."""
        for step in [mode, "immediate"]:
            lines = self._pid_lines()
            child = self._child
            pid = child.pid if child is not None else int(lines[0]) if lines else 0
            if pid == 0 or not self._alive(pid):
                break
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, SIGNALS[step])
            until = time.monotonic() + STOP_SECONDS
            while self._alive(pid) and time.monotonic() < until:
                time.sleep(0.01)
        self._child = None

    def _alive(self, pid: int) -> bool:
        if self._child is not None and self._child.pid == pid:
            return self._child.poll() is None
        return self._is_ours(pid)

    def _pid_lines(self) -> list[str]:
        try:
            return self.layout.pid_file.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []

    def _is_ours(self, pid: int) -> bool:
        """Whether a process lives and is a server of this very folder, not a later namesake."""
        try:
            os.kill(pid, 0)
            if sys.platform != "linux":
                return True
            # Anyone may read the command line; in a container even root may not see the folder
            # that another account's process works in.
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            return b"-D" in words and os.path.samefile(
                words[words.index(b"-D") + 1], self.layout.data
            )
        except OSError:
            return False

    def _clear_stale(self) -> None:
        """Remove the pid file of a dead server when its number now belongs to another process.

        PostgreSQL does this itself, except when the number is in use again, as it often is after
        a container restarts. It stays while any session of the dead server may still be alive.
        """
        lines = self._pid_lines()
        if sys.platform != "linux" or not lines or self.found() is not None:
            return
        if not any(self._may_work_here(process) for process in Path("/proc").glob("[0-9]*")):
            self.layout.pid_file.unlink(missing_ok=True)

    def _may_work_here(self, process: Path) -> bool:
        try:
            if not (process / "cmdline").read_bytes().startswith(b"postgres:"):
                return False
            return os.readlink(process / "cwd") == os.path.realpath(self.layout.data)
        except PermissionError:
            return process.stat().st_uid == self.account.uid
        except OSError:
            return False
