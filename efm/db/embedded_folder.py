"""What lies in the embedded database's folder: passwords, settings, locks, the socket's place."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import secrets
import stat
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from efm.db.embedded_errors import EmbeddedError
from efm.db.embedded_programs import Account

PORT = 5432
# A socket's path has room for 107 bytes; the name PostgreSQL adds takes 16 of them.
LONGEST = 107 - len(f"/.s.PGSQL.{PORT}.lock")
LOG_BYTES = 5_000_000
ROLES = ("postgres", "efm_owner", "efm_app")

SETTINGS = """\
# Written by the service at each start; your own settings belong in postgresql.conf.
listen_addresses = ''
port = {port}
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = 128MB
huge_pages = off
effective_cache_size = 1GB
work_mem = 8MB
maintenance_work_mem = 64MB
max_worker_processes = 4
max_parallel_workers = 2
max_parallel_workers_per_gather = 1
max_parallel_maintenance_workers = 1
autovacuum_max_workers = 2
jit = off
random_page_cost = 1.1
max_wal_size = 1GB
checkpoint_timeout = 15min
# A client that is gone must not leave its query running.
client_connection_check_interval = 10s
idle_in_transaction_session_timeout = 5min
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
# Statements and error details carry personal data, so neither is logged.
logging_collector = off
log_line_prefix = '%m [%p] %u@%d '
log_statement = none
log_min_messages = warning
log_min_error_statement = panic
log_error_verbosity = terse
log_checkpoints = off
log_autovacuum_min_duration = -1
"""

# For tests only: a crash of the machine loses the cluster, and nobody minds.
HASTY = """\
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
max_connections = 100
max_wal_size = 4GB
"""

OWN_SETTINGS = """\
# Your own settings for the embedded database go below the include; they win over it.
include 'efm.conf'
"""


@dataclass(frozen=True)
class Layout:
    """The places in `root`, the folder `postgres` inside the data folder."""

    root: Path

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def complete(self) -> Path:
        """Exists once roles and database were made; until then a start finishes the work."""
        return self.root / "complete"

    @property
    def pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    @property
    def log(self) -> Path:
        return self.root / "postgresql.log"

    def trim_log(self) -> None:
        """Keep the log small: past 5 MB its last part moves aside and it begins anew.

        The server appends to the file it was given, so it may be cut while the server runs.
        """
        if not self.log.exists() or self.log.stat().st_size < LOG_BYTES:
            return
        with self.log.open("r+b") as log:
            log.seek(-LOG_BYTES // 5, os.SEEK_END)
            aside = log.read()
            log.truncate(0)
        old = self.log.with_suffix(".old.log")
        old.touch(mode=0o600)
        old.write_bytes(aside)

    def give(self, account: Account, *paths: Path) -> None:
        """Make the account own these paths, so that root and it can both start from here."""
        if account.drops:
            for path in paths:
                os.chown(path, account.uid, account.gid, follow_symlinks=False)

    def write(self, account: Account, path: Path, text: str) -> None:
        """Write a private file whole or not at all."""
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600, exist_ok=False)
        fresh.write_text(text, encoding="utf-8")
        self.give(account, fresh)
        fresh.replace(path)

    def passwords(self, account: Account) -> dict[str, str]:
        """The password of each role, made at random the first time."""
        path = self.root / "passwords.json"
        if not path.exists() and not self.data.exists():
            made = {role: secrets.token_hex(24) for role in ROLES}
            self.write(account, path, json.dumps(made, indent=1))
        try:
            found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
            return {role: found[role] for role in ROLES}
        except (FileNotFoundError, ValueError, KeyError) as error:
            raise EmbeddedError(
                f"{path} is missing or damaged, and without it nobody can sign in to the database "
                f"in {self.root}. Put the file back from a copy, or move {self.root} away and "
                "restore a backup."
            ) from error

    def settings(self, account: Account, sockets: Path, *, durable: bool) -> None:
        """Write the settings of this version and where the socket goes."""
        text = SETTINGS.format(port=PORT, sockets=sockets)
        self.write(account, self.data / "efm.conf", text if durable else text + HASTY)

    def socket_folder(self, account: Account) -> Path:
        """A private folder for the socket: inside the root, or a short one outside when needed.

        A folder outside is taken only when it is ours alone; a name that someone else has taken
        is left to them.
        """
        inside = self.root / "run"
        if fits(inside):
            if not _is_private(inside, account):
                inside.mkdir(mode=0o700, exist_ok=True)
                self.give(account, inside)
                inside.chmod(0o700)
            return inside
        note = self.root / "socket-folder"
        if note.exists():
            noted, _, owner = note.read_text(encoding="utf-8").partition("\n")
            # A copied data folder brings its note along, and must not take the other's socket.
            if owner == os.fspath(self.root) and _is_private(Path(noted), account):
                return Path(noted)
        chosen = self._outside(account)
        self.write(account, note, f"{chosen}\n{self.root}")
        return chosen

    def _outside(self, account: Account) -> Path:
        base = Path("/tmp")  # noqa: S108 - the folder made in it is private and checked
        own = os.environ.get("XDG_RUNTIME_DIR", "")
        if own and not account.drops and fits(Path(own) / "efm-123456789012"):
            base = Path(own) if _is_private(Path(own), account) else base
        key = hashlib.sha256(os.fsencode(self.root) + str(account.uid).encode()).hexdigest()
        named = base / f"efm-{key[:12]}"
        try:
            named.mkdir(mode=0o700)
        except FileExistsError:
            if _is_private(named, account):
                return named
            named = Path(tempfile.mkdtemp(prefix="efm-", dir=base))
        except OSError as error:
            raise EmbeddedError(
                f"No folder for the database's socket could be made in {base}: {error.strerror}. "
                "Make it writable, or set EFM_DATA_FOLDER to a short path without spaces."
            ) from error
        self.give(account, named)
        return named

    def forget_sockets(self, sockets: Path) -> None:
        """Remove the socket's folder once the server has gone."""
        with contextlib.suppress(OSError):
            sockets.rmdir()

    @contextlib.contextmanager
    def one_at_a_time(self, account: Account, seconds: float = 90) -> Iterator[None]:
        """Starting and stopping are done by one process at a time.

        Raises EmbeddedError when another has been at it for `seconds`.
        """
        until = time.monotonic() + seconds
        while (held := self.lock("start.lock", account)) is None:
            if time.monotonic() > until:
                raise EmbeddedError(
                    f"Another process has been starting or stopping the database in {self.root} "
                    f"for {seconds:.0f} seconds. End it, then start again."
                )
            time.sleep(0.05)
        try:
            yield
        finally:
            os.close(held)

    def lock(self, name: str, account: Account) -> int | None:
        """Take a lock that ends with this process, however it ends; None when it is taken."""
        path = self.root / name
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self.give(account, path)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor


def fits(folder: Path) -> bool:
    """Whether a socket folder is short and plain enough for PostgreSQL, libpq and URLs alike."""
    text = os.fspath(folder)
    return len(text) <= LONGEST and re.fullmatch(r"[A-Za-z0-9/._-]+", text) is not None


def _is_private(folder: Path, account: Account) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == account.uid and not found.st_mode & 0o077
